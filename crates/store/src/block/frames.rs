//! Small numbers of either sign in frames that share one width: the low bits of each number packed
//! side by side, what is above them in unary (Rice, "Some practical universal noiseless coding
//! techniques", 1979). The few numbers far from the rest are told one by one.

use super::{
    bits::{self, BitWriter},
    bytes::{Reader, unzigzag, write_varint, write_zigzag, zigzag},
};

/// Numbers that share one width: few enough to follow what changes over an hour or two.
pub(super) const FRAME: usize = 128;

/// The head of a frame of nothing but zeros.
const ZEROS: u8 = 0x3f;
/// Which bits of a head are the width.
const WIDTH: u8 = 0x3f;
/// Set in a head if numbers are told as what they are above a base.
const HAS_BASE: u8 = 0x40;
/// Set in a head if some numbers are told one by one.
const HAS_OUTLIERS: u8 = 0x80;
/// Low bits at most: what an unaligned word holds at any bit of its first byte.
const LOW_BITS_MAX: u32 = 56;
/// A number whose high part is longer than this is told by itself: that is what telling it takes.
const HIGH_MAX: u64 = 40;

/// How the numbers of a frame become small and whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fold {
    /// Numbers are told as what they are above this; folded by sign without it.
    base: Option<i64>,
    low_bits: u32,
    cost: u64,
}

fn folded(numbers: &[i64], base: Option<i64>, into: &mut [u64; FRAME]) {
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

fn cost_at(folded: &[u64], low_bits: u32) -> u64 {
    let high: u64 = folded.iter().map(|number| (number >> low_bits).min(HIGH_MAX + 24)).sum();
    high + folded.len() as u64 * u64::from(low_bits + 1)
}

/// The width that costs least, and what it costs in bits.
fn width_of(folded: &[u64]) -> (u32, u64) {
    // Capped, so that one outlier does not make the search start from far above.
    let sum = folded.iter().fold(0u64, |sum, number| sum.saturating_add(*number));
    let mean = sum / folded.len().max(1) as u64;
    let mut low_bits = (64 - mean.leading_zeros()).min(LOW_BITS_MAX);
    let mut cost = cost_at(folded, low_bits);
    // Outliers raise the mean: the best is found going down, past a flat stretch.
    let mut misses = 0;
    for lower in (0..low_bits).rev() {
        let own = cost_at(folded, lower);
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

fn choose(numbers: &[i64]) -> Fold {
    let mut space = [0; FRAME];
    let count = numbers.len();
    folded(numbers, None, &mut space);
    let (low_bits, cost) = width_of(&space[..count]);
    let by_sign = Fold { base: None, low_bits, cost };
    let base = numbers.iter().copied().min().unwrap_or_default();
    // A base pays where numbers crowd at their least: counts of rare events, say.
    if low_bits > 4 || zigzag(base) > 1 << 20 {
        return by_sign;
    }
    folded(numbers, Some(base), &mut space);
    let (low_bits, cost) = width_of(&space[..count]);
    let above = Fold { base: Some(base), low_bits, cost: cost + 8 };
    if above.cost < by_sign.cost { above } else { by_sign }
}

/// About how many bits `encode` would write for numbers.
pub(super) fn cost(numbers: &[i64]) -> u64 {
    let mut space = [0; FRAME];
    let mut cost = 0;
    for frame in numbers.chunks(FRAME) {
        if frame.iter().all(|number| *number == 0) {
            cost += 8;
            continue;
        }
        folded(frame, None, &mut space);
        cost += width_of(&space[..frame.len()]).1 + 8;
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
    let fold = choose(frame);
    let mut space = [0; FRAME];
    folded(frame, fold.base, &mut space);
    let numbers = &mut space[..frame.len()];
    let mut outliers = Vec::new();
    for (at, number) in numbers.iter_mut().enumerate() {
        if *number >> fold.low_bits > HIGH_MAX {
            outliers.push((at, *number));
            *number = 0;
        }
    }
    let mut head = (fold.low_bits & 0x3f) as u8;
    if fold.base.is_some() {
        head |= HAS_BASE;
    }
    if !outliers.is_empty() {
        head |= HAS_OUTLIERS;
    }
    into.push(head);
    if let Some(base) = fold.base {
        write_zigzag(into, base);
    }
    if !outliers.is_empty() {
        into.push(short(outliers.len()));
        for (at, number) in &outliers {
            into.push(short(*at));
            write_varint(into, *number);
        }
    }
    let low_mask = bits::mask(fold.low_bits);
    if fold.low_bits > 0 {
        let mut low = BitWriter::new(into);
        for number in &*numbers {
            low.write(number & low_mask, fold.low_bits);
        }
        low.finish();
    }
    let mut high = BitWriter::new(into);
    for number in &*numbers {
        let ones_at = u32::try_from(number >> fold.low_bits).unwrap_or(u32::MAX).min(63);
        high.write(1 << ones_at, ones_at + 1);
    }
    high.finish();
}

/// A number within a frame.
fn short(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Reads the next frame of so many numbers, at most [`FRAME`].
pub(super) fn decode(reader: &mut Reader<'_>, into: &mut [i64]) -> Option<()> {
    let count = into.len();
    let head = reader.byte()?;
    if head == ZEROS {
        into.fill(0);
        return Some(());
    }
    let low_bits = u32::from(head & WIDTH);
    if low_bits > LOW_BITS_MAX || count > FRAME {
        return None;
    }
    let base = if head & HAS_BASE != 0 { Some(reader.zigzag()?) } else { None };
    let mut outliers = Reader::new(&[]);
    let mut outlier_count = 0;
    if head & HAS_OUTLIERS != 0 {
        outlier_count = reader.byte()?;
        outliers = reader.clone();
        for _ in 0..outlier_count {
            reader.byte()?;
            reader.varint()?;
        }
    }
    let mut numbers = [0u64; FRAME];
    let low = reader.take((low_bits as usize * count).div_ceil(8))?;
    bits::unpack(low, low_bits, &mut numbers[..count])?;
    add_high(reader, low_bits, &mut numbers[..count])?;
    for _ in 0..outlier_count {
        let at = usize::from(outliers.byte()?);
        *numbers.get_mut(at)? = outliers.varint()?;
    }
    match base {
        Some(base) => {
            for (to, number) in into.iter_mut().zip(&numbers) {
                *to = number.cast_signed().wrapping_add(base);
            }
        }
        None => {
            for (to, number) in into.iter_mut().zip(&numbers) {
                *to = unzigzag(*number);
            }
        }
    }
    Some(())
}

/// Reads the high parts: how many zeros there are before each one.
fn add_high(reader: &mut Reader<'_>, low_bits: u32, numbers: &mut [u64]) -> Option<()> {
    let mut rest = numbers.iter_mut();
    let mut waiting = rest.next()?;
    // Where the part that is read now starts, counted from the word's first bit.
    let mut start = 0i64;
    loop {
        let (mut word, bytes) = reader.peek_word();
        if bytes == 0 {
            return None;
        }
        while word != 0 {
            let at = i64::from(word.trailing_zeros());
            word &= word - 1;
            *waiting |= (at - start).cast_unsigned() << low_bits;
            start = at + 1;
            let Some(next) = rest.next() else {
                let used = usize::try_from(start).ok()?.div_ceil(8);
                return reader.take(used).map(drop);
            };
            waiting = next;
        }
        reader.take(bytes)?;
        start -= i64::try_from(bytes).ok()? * 8;
    }
}
