//! Floats as whole numbers and back, exact to the bit: as they are, times a power of ten, or their
//! bits in an order in which neighbours are near each other.

use super::bytes::{Reader, write_varint};

/// Powers of ten by which a value may be scaled; each is exact as a float.
const POWERS: [f64; 13] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
/// Whole numbers up to here are exact as floats.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Values looked at to find the scale.
const TRIALS: usize = 24;
/// One value in so many may fit no scale (a stale marker, say) before the scale is given up.
const EXCEPTIONS_SHARE: usize = 32;

/// What makes floats whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scale {
    /// A power of ten.
    Ten(u8),
    /// Nothing does: their bits are taken for numbers.
    #[default]
    Bits,
}

/// Values that fit no scale, with where they are.
pub(super) type Exceptions = Vec<(usize, u64)>;

/// The whole number that, divided by the power of ten, gives exactly this value.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within 53 bits")]
fn whole(value: f64, power: usize) -> Option<i64> {
    let number = if power == 0 { value } else { (value * POWERS[power]).round_ties_even() };
    // False for not-a-numbers and infinities as well.
    let fits = number.abs() < WHOLE_MAX;
    (fits && back(number as i64, power).to_bits() == value.to_bits()).then_some(number as i64)
}

fn back(number: i64, power: usize) -> f64 {
    number as f64 / POWERS[power]
}

/// The bits of a float as a number that rises with it.
fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

fn unordered(number: i64) -> f64 {
    let bits = if number < 0 { number ^ i64::MAX } else { number };
    f64::from_bits(bits.cast_unsigned())
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

/// Makes values whole; those that fit no scale are set aside, and the number before them stands in
/// their place.
pub(super) fn scale(values: &[f64], numbers: &mut Vec<i64>, exceptions: &mut Exceptions) -> Scale {
    if let Some(power) = find_power(values)
        && scale_by(values, power, numbers, exceptions)
    {
        return Scale::Ten(u8::try_from(power).unwrap_or_default());
    }
    numbers.clear();
    exceptions.clear();
    let finite = values.iter().find(|value| value.is_finite());
    let mut last = finite.map_or(0, |value| ordered(*value));
    for (at, value) in values.iter().enumerate() {
        if value.is_finite() {
            last = ordered(*value);
        } else {
            exceptions.push((at, value.to_bits()));
        }
        numbers.push(last);
    }
    Scale::Bits
}

fn scale_by(
    values: &[f64],
    power: usize,
    numbers: &mut Vec<i64>,
    exceptions: &mut Exceptions,
) -> bool {
    numbers.clear();
    exceptions.clear();
    let most = values.len() / EXCEPTIONS_SHARE + 1;
    let mut last = values.iter().find_map(|value| whole(*value, power)).unwrap_or_default();
    for (at, value) in values.iter().enumerate() {
        match whole(*value, power) {
            Some(number) => last = number,
            None if exceptions.len() == most => return false,
            None => exceptions.push((at, value.to_bits())),
        }
        numbers.push(last);
    }
    true
}

/// Makes floats of numbers again, but for the exceptions.
pub(super) fn restore(scale: Scale, numbers: &[i64], values: &mut Vec<f64>) -> Option<()> {
    values.clear();
    match scale {
        Scale::Ten(0) => values.extend(numbers.iter().map(|number| *number as f64)),
        Scale::Ten(power) => {
            let power = *POWERS.get(usize::from(power))?;
            values.extend(numbers.iter().map(|number| *number as f64 / power));
        }
        Scale::Bits => values.extend(numbers.iter().map(|number| unordered(*number))),
    }
    Some(())
}

/// Appends exceptions: how many, then for each how far it is from the one before, and its bits
/// unless it is a stale marker.
pub(super) fn write_exceptions(exceptions: &Exceptions, into: &mut Vec<u8>) {
    write_varint(into, exceptions.len() as u64);
    let mut last = 0;
    for (at, bits) in exceptions {
        let is_stale = *bits == model::STALE.to_bits();
        write_varint(into, ((at - last) as u64) << 1 | u64::from(is_stale));
        if !is_stale {
            into.extend_from_slice(&bits.to_le_bytes());
        }
        last = *at;
    }
}

/// Reads exceptions into their places.
pub(super) fn read_exceptions(reader: &mut Reader<'_>, values: &mut [f64]) -> Option<()> {
    let mut at = 0usize;
    for _ in 0..reader.size()? {
        let told = reader.size()?;
        at = at.checked_add(told >> 1)?;
        let value = if told & 1 == 1 { model::STALE } else { reader.f64()? };
        *values.get_mut(at)? = value;
    }
    Some(())
}
