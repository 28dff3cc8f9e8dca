//! A column of floats, exact to the bit, in the cheapest of four forms: one constant, differences
//! of integers scaled by a power of ten, second differences of them, or the XOR of neighbours
//! (Pelkonen and others, "Gorilla", 2015).

use super::{
    bits::{self, BitReader, BitWriter},
    bytes::{Reader, write_varint, write_zigzag},
};

const CONSTANT: u8 = 0;
const DIFFERENCES: u8 = 1;
const SECOND_DIFFERENCES: u8 = 2;
const XOR: u8 = 3;

/// Powers of ten by which a value may be scaled; each is exact as a float.
const POWERS: [f64; 13] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
/// Whole numbers up to here are exact as floats.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Values looked at to find the scale.
const TRIALS: usize = 24;
/// One value in so many may fit no scale (a stale marker, say) before the form is given up.
const EXCEPTIONS_SHARE: usize = 32;

/// Appends a column with at least one value.
pub(super) fn encode(values: &[f64], into: &mut Vec<u8>) {
    let first = values.first().copied().unwrap_or_default();
    if values.iter().all(|value| value.to_bits() == first.to_bits()) {
        into.push(CONSTANT);
        into.extend_from_slice(&first.to_bits().to_le_bytes());
        return;
    }
    let start = into.len();
    if let Some(scaled) = scale(values) {
        scaled.encode(into);
        if into.len() - start <= values.len() * 4 {
            return;
        }
    }
    let scaled_bytes = into.len() - start;
    let middle = into.len();
    encode_xor(values, into);
    let xor_bytes = into.len() - middle;
    if scaled_bytes > 0 && scaled_bytes <= xor_bytes {
        into.truncate(middle);
    } else {
        into.drain(start..middle);
    }
}

/// Reads so many values.
pub(super) fn decode(reader: &mut Reader<'_>, rows: usize) -> Option<Vec<f64>> {
    match reader.byte()? {
        CONSTANT => Some(vec![reader.f64()?; rows]),
        DIFFERENCES => decode_scaled(reader, rows, false),
        SECOND_DIFFERENCES => decode_scaled(reader, rows, true),
        XOR => decode_xor(reader, rows),
        _ => None,
    }
}

/// Values as whole numbers times a power of ten, but for a few that are kept as they are.
struct Scaled {
    power: usize,
    numbers: Vec<i64>,
    exceptions: Vec<(usize, u64)>,
}

/// The whole number that, divided by the power of ten, gives exactly this value.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within 53 bits")]
fn whole(value: f64, power: usize) -> Option<i64> {
    let number = (value * POWERS[power]).round_ties_even();
    // False for not-a-numbers and infinities as well.
    let fits = number.abs() < WHOLE_MAX;
    (fits && back(number as i64, power).to_bits() == value.to_bits()).then_some(number as i64)
}

fn back(number: i64, power: usize) -> f64 {
    number as f64 / POWERS[power]
}

/// The least power of ten that makes a few values from all over the column whole.
fn find_power(values: &[f64]) -> Option<usize> {
    let stride = values.len().div_ceil(TRIALS);
    let mut power = 0;
    let mut misses = 0;
    for value in values.iter().step_by(stride) {
        match (power..POWERS.len()).find(|power| whole(*value, *power).is_some()) {
            Some(found) => power = found,
            None => misses += 1,
        }
        if misses > 2 {
            return None;
        }
    }
    Some(power)
}

fn scale(values: &[f64]) -> Option<Scaled> {
    let power = find_power(values)?;
    let mut numbers = Vec::with_capacity(values.len());
    let mut exceptions = Vec::new();
    let mut last = 0;
    for (at, value) in values.iter().enumerate() {
        match whole(*value, power) {
            Some(number) => last = number,
            None => exceptions.push((at, value.to_bits())),
        }
        if exceptions.len() > values.len() / EXCEPTIONS_SHARE + 1 {
            return None;
        }
        numbers.push(last);
    }
    Some(Scaled { power, numbers, exceptions })
}

fn differences(numbers: &[i64]) -> Vec<i64> {
    numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect()
}

impl Scaled {
    fn encode(&self, into: &mut Vec<u8>) {
        let first = self.numbers.first().copied().unwrap_or_default();
        let firsts = differences(&self.numbers);
        let seconds = differences(&firsts);
        let second_is_better = bits::packed_bytes(&seconds) < bits::packed_bytes(&firsts);
        into.push(if second_is_better { SECOND_DIFFERENCES } else { DIFFERENCES });
        into.extend(u8::try_from(self.power));
        write_zigzag(into, first);
        if second_is_better {
            write_zigzag(into, firsts.first().copied().unwrap_or_default());
            bits::pack(&seconds, into);
        } else {
            bits::pack(&firsts, into);
        }
        write_varint(into, self.exceptions.len() as u64);
        for (at, value) in &self.exceptions {
            write_varint(into, *at as u64);
            into.extend_from_slice(&value.to_le_bytes());
        }
    }
}

fn decode_scaled(reader: &mut Reader<'_>, rows: usize, second: bool) -> Option<Vec<f64>> {
    let power = usize::from(reader.byte()?);
    if power >= POWERS.len() || rows < 2 {
        return None;
    }
    let mut number = reader.zigzag()?;
    let mut values = Vec::with_capacity(rows);
    values.push(back(number, power));
    if second {
        let mut step = reader.zigzag()?;
        number = number.wrapping_add(step);
        values.push(back(number, power));
        bits::unpack(reader, rows - 2, |change| {
            step = step.wrapping_add(change);
            number = number.wrapping_add(step);
            values.push(back(number, power));
        })?;
    } else {
        bits::unpack(reader, rows - 1, |step| {
            number = number.wrapping_add(step);
            values.push(back(number, power));
        })?;
    }
    for _ in 0..reader.size()? {
        let at = reader.size()?;
        *values.get_mut(at)? = reader.f64()?;
    }
    Some(values)
}

fn encode_xor(values: &[f64], into: &mut Vec<u8>) {
    into.push(XOR);
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

fn decode_xor(reader: &mut Reader<'_>, rows: usize) -> Option<Vec<f64>> {
    let mut last = reader.u64()?;
    let mut values = Vec::with_capacity(rows);
    values.push(f64::from_bits(last));
    let mut bits = BitReader::new(reader.take(reader.len())?);
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
    Some(values)
}
