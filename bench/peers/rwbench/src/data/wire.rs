//! The few bytes of protobuf that remote write needs, written by hand because the load tool must cost little.

pub fn put_varint(o: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        o.push(v as u8 | 0x80);
        v >>= 7;
    }
    o.push(v as u8);
}
pub fn varint_len(mut v: u64) -> usize {
    let mut n = 1;
    while v >= 0x80 {
        v >>= 7;
        n += 1;
    }
    n
}
pub fn put_label(o: &mut Vec<u8>, k: &str, v: &str) {
    let inner = 1 + varint_len(k.len() as u64) + k.len() + 1 + varint_len(v.len() as u64) + v.len();
    o.push(0x0a); // TimeSeries.labels = 1
    put_varint(o, inner as u64);
    o.push(0x0a); // Label.name = 1
    put_varint(o, k.len() as u64);
    o.extend_from_slice(k.as_bytes());
    o.push(0x12); // Label.value = 2
    put_varint(o, v.len() as u64);
    o.extend_from_slice(v.as_bytes());
}
pub fn put_sample(o: &mut Vec<u8>, ts: i64, bits: u64) {
    o.push(0x12); // TimeSeries.samples = 2
    let zero = bits == 0; // proto3: a zero field is left out, as Prometheus does
    put_varint(o, (if zero { 0 } else { 9 } + 1 + varint_len(ts as u64)) as u64);
    if !zero {
        o.push(0x09); // Sample.value = 1, fixed64
        o.extend_from_slice(&bits.to_le_bytes());
    }
    o.push(0x10); // Sample.timestamp = 2, varint
    put_varint(o, ts as u64);
}
