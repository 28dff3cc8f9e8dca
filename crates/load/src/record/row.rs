//! A row of a timeline as it is kept: an interval without the empty buckets of its histogram, in as few bytes as they
//! need. Unpacked, 600 of them take some megabytes more than at the beginning of a run; packed, some hundred kilobytes.

use stats::{Histogram, HistogramParts};

use super::Interval;

/// Bits of a number that one byte holds; the eighth says that more follow.
const BITS: u32 = 7;

/// An interval, packed. Nothing of it is lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    counts: [u64; 5],
    sum: u128,
    ends: Option<(u64, u64)>,
    /// The buckets that are not empty: how many places further each is than the one before, and how much is in it.
    buckets: Box<[u8]>,
}

impl Row {
    pub(super) fn of(interval: &Interval) -> Self {
        let Interval { sent, good, failed, response, in_flight, cpu_ns } = interval;
        let parts = response.parts();
        let mut buckets = Vec::new();
        let mut last = 0;
        for (place, count) in parts.places {
            add_number(&mut buckets, (place - last) as u64);
            add_number(&mut buckets, count);
            last = place;
        }
        Self {
            counts: [*sent, *good, *failed, *in_flight, *cpu_ns],
            sum: parts.sum,
            ends: (!response.is_empty()).then_some((parts.least, parts.greatest)),
            buckets: buckets.into_boxed_slice(),
        }
    }

    pub(super) fn interval(&self) -> Interval {
        let [sent, good, failed, in_flight, cpu_ns] = self.counts;
        let mut numbers = numbers(&self.buckets);
        let (mut places, mut last) = (Vec::new(), 0);
        while let (Some(further), Some(count)) = (numbers.next(), numbers.next()) {
            last += usize::try_from(further).unwrap_or(usize::MAX);
            places.push((last, count));
        }
        let (least, greatest) = self.ends.unwrap_or((u64::MAX, 0));
        let parts = HistogramParts { fine: false, places, sum: self.sum, least, greatest };
        // What was packed here is a histogram.
        let response = Histogram::from_parts(&parts).unwrap_or(Histogram::coarse());
        Interval { sent, good, failed, response, in_flight, cpu_ns }
    }
}

fn add_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >> BITS > 0 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= BITS;
    }
    bytes.push((number & 0x7f) as u8);
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.split_inclusive(|byte| byte & 0x80 == 0).map(|group| {
        group.iter().rev().fold(0, |number, byte| number << BITS | u64::from(byte & 0x7f))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_was_packed_and_takes_little_room() {
        let mut interval = Interval { sent: 9, good: 7, failed: 2, ..Interval::default() };
        (interval.in_flight, interval.cpu_ns) = (u64::MAX, 5);
        assert_eq!(Row::of(&interval).interval(), interval, "nothing ended");
        for value in [0, 1, 999, 1_000_000, 1_000_001, 77_777_777_777, u64::MAX] {
            (0..200).for_each(|_| interval.response.record(value));
        }
        let row = Row::of(&interval);
        assert_eq!(row.interval(), interval);
        assert!(row.buckets.len() < 40, "{}", row.buckets.len());
    }
}
