//! Small numbers of either sign in frames that share one width.
//!
//! A number's low bits are packed side by side. What is above them is told in unary (Rice, "Some
//! practical universal noiseless coding techniques", 1979), or, for numbers that lie about a middle,
//! in two or three more packed bits whose greatest value says that the rest follows in unary: a
//! normal distribution then takes a thirtieth of a bit more than it must. The few numbers far from
//! the rest are told one by one.

use super::{
    bits::{self, BitWriter},
    bytes::{Reader, unzigzag, write_varint, write_zigzag, zigzag},
};

/// Numbers that share one width: few enough to follow what changes over an hour or two.
pub(super) const FRAME: usize = 128;

/// Heads up to here: so many low bits, all above them in unary.
const LOW_BITS_MAX: u32 = 52;
/// A head of the same kind, with a base that numbers are told above; the low bits are added to it.
const BASED: u8 = 56;
/// Low bits with a base: it pays where numbers crowd at their least, counts of rare events, say.
const BASED_BITS_MAX: u32 = 4;
/// The last head of that kind that could be.
const BASED_LAST: u8 = ZEROS - 1;
/// The head of a frame of nothing but zeros.
const ZEROS: u8 = 63;
/// Heads with two more packed bits; the low bits are added to it.
const TWO: u8 = 64;
/// Heads with three more packed bits; the low bits are added to it.
const THREE: u8 = 128;
/// Numbers told one by one follow, and the head after them.
const OUTLIERS: u8 = 192;
/// Which bits of a head are the low bits.
const LOW_BITS: u8 = 0x3f;
/// A number that would take more zeros in unary is told by itself: that is what telling it takes.
const HIGH_MAX: u64 = 40;

/// How a frame is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    /// Numbers are told as what they are above this; folded by sign without it.
    base: Option<i64>,
    low_bits: u32,
    /// Packed bits above the low ones.
    more: u32,
    cost: u64,
}

impl Form {
    /// The least high part of which something is told in unary.
    fn top(self) -> u64 {
        (1 << self.more) - 1
    }

    fn head(self) -> u8 {
        let start = match (self.more, self.base) {
            (2, _) => TWO,
            (3, _) => THREE,
            (_, Some(_)) => BASED,
            (_, None) => 0,
        };
        start + short(self.low_bits as usize)
    }
}

fn fold(numbers: &[i64], base: Option<i64>, into: &mut [u64; FRAME]) {
    match base {
        Some(base) => {
            for (to, number) in into.iter_mut().zip(numbers) {
                *to = number.wrapping_sub(base).cast_unsigned();
            }
        }
        None => {
            for (to, number) in into.iter_mut().zip(numbers) {
                *to = zigzag(*number);
            }
        }
    }
}

fn cost_at(folded: &[u64], low_bits: u32, more: u32) -> u64 {
    let below = (1u64 << more) - 1;
    let mut high = 0;
    for number in folded {
        // One bit more than it is above the packed ones, if it is.
        let above = (number >> low_bits).min(HIGH_MAX + 24) + 1;
        high += above.saturating_sub(below);
    }
    high + folded.len() as u64 * u64::from(low_bits + more)
}

/// The width that costs least if all above it is told in unary, and what it costs in bits.
fn width_of(folded: &[u64]) -> (u32, u64) {
    let sum = folded.iter().fold(0u64, |sum, number| sum.saturating_add(*number));
    let mean = sum / folded.len().max(1) as u64;
    let mut low_bits = (64 - mean.leading_zeros()).min(LOW_BITS_MAX);
    let mut cost = cost_at(folded, low_bits, 0);
    // Outliers raise the mean: the best is found going down, past a flat stretch.
    let mut misses = 0;
    for lower in (0..low_bits).rev() {
        let own = cost_at(folded, lower, 0);
        if own < cost {
            (low_bits, cost, misses) = (lower, own, 0);
        } else {
            misses += 1;
            if misses == 2 {
                break;
            }
        }
    }
    (low_bits, cost)
}

fn choose(numbers: &[i64]) -> Form {
    let mut space = [0; FRAME];
    fold(numbers, None, &mut space);
    let folded = &space[..numbers.len()];
    let (low_bits, cost) = width_of(folded);
    let mut best = Form { base: None, low_bits, more: 0, cost };
    for (more, less) in [(2, 1), (2, 2), (3, 2), (3, 1)] {
        if let Some(low_bits) = low_bits.checked_sub(less) {
            let cost = cost_at(folded, low_bits, more);
            if cost < best.cost {
                best = Form { base: None, low_bits, more, cost };
            }
        }
    }
    let base = numbers.iter().copied().min().unwrap_or_default();
    if low_bits <= BASED_BITS_MAX && zigzag(base) < 1 << 20 {
        fold(numbers, Some(base), &mut space);
        let (low_bits, cost) = width_of(&space[..numbers.len()]);
        if low_bits <= BASED_BITS_MAX && cost + 8 < best.cost {
            best = Form { base: Some(base), low_bits, more: 0, cost };
        }
    }
    best
}

/// About how many bits `encode` would write for numbers.
pub(super) fn cost(numbers: &[i64]) -> u64 {
    let mut space = [0; FRAME];
    let mut cost = 0;
    for frame in numbers.chunks(FRAME) {
        cost += 8;
        if frame.iter().any(|number| *number != 0) {
            fold(frame, None, &mut space);
            cost += width_of(&space[..frame.len()]).1;
        }
    }
    cost
}

/// Appends numbers.
pub(super) fn encode(numbers: &[i64], into: &mut Vec<u8>) {
    for frame in numbers.chunks(FRAME) {
        if frame.iter().all(|number| *number == 0) {
            into.push(ZEROS);
        } else {
            encode_frame(frame, into);
        }
    }
}

fn encode_frame(frame: &[i64], into: &mut Vec<u8>) {
    let form = choose(frame);
    let mut space = [0; FRAME];
    fold(frame, form.base, &mut space);
    let numbers = &mut space[..frame.len()];
    let top = form.top();
    encode_outliers(numbers, HIGH_MAX + top, form.low_bits, into);
    into.push(form.head());
    if let Some(base) = form.base {
        write_zigzag(into, base);
    }
    let low_mask = bits::mask(form.low_bits);
    let mut packed = BitWriter::new(into);
    for number in &*numbers {
        let high = (number >> form.low_bits).min(top);
        packed.write(high << form.low_bits | number & low_mask, form.low_bits + form.more);
    }
    packed.finish();
    let mut unary = BitWriter::new(into);
    for number in &*numbers {
        if let Some(zeros) = (number >> form.low_bits).checked_sub(top) {
            let zeros = u32::try_from(zeros).unwrap_or(u32::MAX).min(62);
            unary.write(1 << zeros, zeros + 1);
        }
    }
    unary.finish();
}

/// Appends those numbers that are too far off, and puts zeros in their places.
fn encode_outliers(numbers: &mut [u64], high_max: u64, low_bits: u32, into: &mut Vec<u8>) {
    let is_far = |number: &u64| *number >> low_bits > high_max;
    let count = numbers.iter().filter(|number| is_far(number)).count();
    if count == 0 {
        return;
    }
    into.push(OUTLIERS);
    into.push(short(count));
    for (at, number) in numbers.iter_mut().enumerate().filter(|(_, number)| is_far(number)) {
        into.push(short(at));
        write_varint(into, *number);
        *number = 0;
    }
}

/// A number within a frame.
fn short(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Reads the next frame of so many numbers, at most [`FRAME`].
pub(super) fn decode(reader: &mut Reader<'_>, into: &mut [i64]) -> Option<()> {
    let mut head = reader.byte()?;
    if head == ZEROS {
        into.fill(0);
        return Some(());
    }
    let mut outliers = Reader::new(&[]);
    let mut outlier_count = 0;
    if head == OUTLIERS {
        outlier_count = reader.byte()?;
        outliers = reader.clone();
        for _ in 0..outlier_count {
            reader.byte()?;
            reader.varint()?;
        }
        head = reader.byte()?;
    }
    let (more, low_bits, is_based) = match head {
        0..BASED => (0, u32::from(head), false),
        BASED..=BASED_LAST => (0, u32::from(head - BASED), true),
        TWO..THREE => (2, u32::from(head & LOW_BITS), false),
        THREE..OUTLIERS => (3, u32::from(head & LOW_BITS), false),
        _ => return None,
    };
    if low_bits > LOW_BITS_MAX || into.len() > FRAME {
        return None;
    }
    let base = if is_based { reader.zigzag()? } else { 0 };
    let width = low_bits + more;
    let packed = reader.take((width as usize * into.len()).div_ceil(8))?;
    bits::unpack(packed, width, into)?;
    if more == 0 {
        add_high(reader, low_bits, into)?;
    } else {
        add_rest(reader, low_bits, more, into)?;
    }
    for _ in 0..outlier_count {
        let at = usize::from(outliers.byte()?);
        *into.get_mut(at)? = outliers.varint()?.cast_signed();
    }
    if is_based {
        for number in into {
            *number = number.wrapping_add(base);
        }
    } else {
        for number in into {
            *number = unzigzag(number.cast_unsigned());
        }
    }
    Some(())
}

/// Reads the high parts: how many zeros there are before each one.
fn add_high(reader: &mut Reader<'_>, low_bits: u32, numbers: &mut [i64]) -> Option<()> {
    let mut rest = numbers;
    // Where what is read now starts, counted from the word's first bit.
    let mut start = 0i64;
    while !rest.is_empty() {
        let (mut word, bytes) = reader.peek_word();
        if bytes == 0 {
            return None;
        }
        let ones = word.count_ones() as usize;
        let (now, later) = rest.split_at_mut(ones.min(rest.len()));
        for number in now {
            let at = i64::from(word.trailing_zeros());
            word &= word.wrapping_sub(1);
            *number |= (at - start) << low_bits;
            start = at + 1;
        }
        rest = later;
        pass(reader, &mut start, bytes, rest.is_empty())?;
    }
    Some(())
}

/// Goes on to the next word, or to where the last one that was read ends.
fn pass(reader: &mut Reader<'_>, start: &mut i64, bytes: usize, is_last: bool) -> Option<()> {
    let used = if is_last { usize::try_from(*start).ok()?.div_ceil(8) } else { bytes };
    *start -= i64::try_from(used).ok()? * 8;
    reader.take(used).map(drop)
}

/// Reads the high parts of those numbers whose packed one is the greatest there is.
fn add_rest(reader: &mut Reader<'_>, low_bits: u32, more: u32, numbers: &mut [i64]) -> Option<()> {
    let top = ((1i64 << more) - 1) << low_bits;
    let mut places = [0u8; FRAME];
    let mut count = 0;
    for (at, number) in (0u8..).zip(&*numbers) {
        // Always written, and kept only if it counts: no branch to guess wrong.
        places[count] = at;
        count += usize::from(*number >= top);
    }
    let mut high = [0i64; FRAME];
    add_high(reader, low_bits, &mut high[..count])?;
    for (place, high) in places[..count].iter().zip(&high) {
        let number = numbers.get_mut(usize::from(*place))?;
        *number = number.wrapping_add(*high);
    }
    Some(())
}
