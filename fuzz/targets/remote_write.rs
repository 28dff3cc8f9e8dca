//! Remote write: any body is decoded or refused. The first byte says whether the rest is packed already.
#![no_main]

use collect::remote_write::{DecodeLimits, decode, encode};
use libfuzzer_sys::fuzz_target;

const LIMITS: DecodeLimits = DecodeLimits {
    body_bytes: 1 << 20,
    decoded_bytes: 1 << 20,
    series: 1000,
    samples: 10_000,
    labels: 10_000,
    labels_per_series: 64,
    label_bytes: 2048,
};

fuzz_target!(|input: &[u8]| {
    let Some((kind, body)) = input.split_first() else { return };
    let packed = if kind % 2 == 0 { body.to_vec() } else { pack(body) };
    if let Ok(decoded) = decode(&packed, Some("snappy"), &LIMITS) {
        // What was taken can be sent on.
        let again = encode(&decoded.series).expect("what was decoded can be encoded");
        let twice = decode(&again, Some("snappy"), &LIMITS).expect("what we encode we decode");
        assert_eq!(decoded.series.len(), twice.series.len());
    }
});

/// Literal snappy: the length, then one chunk as it is.
fn pack(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(body.len() + 16);
    let mut length = body.len();
    while length >= 0x80 {
        packed.push(length as u8 | 0x80);
        length >>= 7;
    }
    packed.push(length as u8);
    for chunk in body.chunks(60) {
        packed.push(((chunk.len() - 1) << 2) as u8);
        packed.extend_from_slice(chunk);
    }
    packed
}
