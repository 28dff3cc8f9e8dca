//! Floats as the XOR of neighbours, for those that are neither whole nor near each other (Pelkonen
//! and others, "Gorilla", 2015).

use super::{
    bits::{BitReader, BitWriter},
    bytes::Reader,
};

/// Appends a column with at least one value.
pub(super) fn encode(values: &[f64], into: &mut Vec<u8>) {
    let mut last = values.first().map_or(0, |value| value.to_bits());
    into.extend_from_slice(&last.to_le_bytes());
    let mut bits = BitWriter::new(into);
    // The window of bits that may differ: where it starts from below, and how wide it is.
    let (mut low, mut wide) = (0, 0);
    for value in values.iter().skip(1) {
        let differs = value.to_bits() ^ last;
        last = value.to_bits();
        if differs == 0 {
            bits.write(0, 1);
            continue;
        }
        let (zeros_below, zeros_above) = (differs.trailing_zeros(), differs.leading_zeros());
        let fits = zeros_below >= low && 64 - zeros_above <= low + wide;
        // A window far too wide is worth naming a tighter one.
        let tight = 64 - zeros_above - zeros_below;
        if fits && wide <= tight + 14 {
            bits.write(0b01, 2);
        } else {
            (low, wide) = (zeros_below, tight);
            bits.write(0b11, 2);
            bits.write(u64::from(low), 6);
            bits.write(u64::from(wide - 1), 6);
        }
        bits.write(differs >> low, wide);
    }
    bits.finish();
}

/// Reads so many values, at least one.
pub(super) fn decode(reader: &mut Reader<'_>, rows: usize, values: &mut Vec<f64>) -> Option<()> {
    let mut last = reader.u64()?;
    values.clear();
    values.push(f64::from_bits(last));
    let mut bits = BitReader::new(reader.rest());
    let (mut low, mut wide) = (0, 0);
    for _ in 1..rows {
        if bits.read(1)? == 1 {
            if bits.read(1)? == 1 {
                low = bits.read(6)?;
                wide = u32::try_from(bits.read(6)?).ok()? + 1;
            }
            last ^= bits.read(wide)? << low;
        }
        values.push(f64::from_bits(last));
    }
    reader.take(reader.len() - bits.bytes_left()).map(drop)
}
