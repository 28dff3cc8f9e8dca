//! Aggregates of overlapping windows without looking at a sample more than twice (van Herk, Gil and Werman).
//!
//! Time is cut into tiles as long as a window, at multiples of that length. A window then is the end of one tile and
//! the beginning of the next, and both are known for every sample: nothing is ever subtracted, so nothing cancels,
//! and not-a-numbers leave with their samples. As tiles lie still in time, what comes of a window depends on its
//! samples alone, wherever a query begins: the same bits in every run.

use model::is_stale;

use crate::run::{
    sums::{Sum, Variance},
    windows::{Track, Window},
};

/// Something that takes values one by one and can be joined with others of its kind.
pub(crate) trait Tally: Copy + Default {
    /// Adds a value.
    fn add(&mut self, value: f64);
    /// Adds what another has.
    fn join(&mut self, other: &Self);
}

impl Tally for Sum {
    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }

    fn join(&mut self, other: &Self) {
        Self::join(self, other);
    }
}

impl Tally for Variance {
    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }

    fn join(&mut self, other: &Self) {
        Self::join(self, other);
    }
}

/// The tiles of one series.
#[derive(Debug)]
pub(crate) struct Tiles<T> {
    length: i64,
    /// For each sample, its tile up to and with it.
    begins: Vec<T>,
    /// For each sample, its tile from it on.
    ends: Vec<T>,
}

impl<T: Tally> Tiles<T> {
    /// Tiles for windows of this length, in milliseconds.
    pub(crate) fn new(length: i64) -> Self {
        Self { length: length.max(1), begins: Vec::new(), ends: Vec::new() }
    }

    /// The tile of a time; tiles are open at their start, as windows are.
    fn tile(&self, time: i64) -> i64 {
        time.saturating_sub(1).div_euclid(self.length)
    }

    /// Lays the tiles of a series.
    pub(crate) fn lay(&mut self, track: &Track) {
        let (times, values) = (&track.times, &track.values);
        debug_assert!(values.iter().all(|value| !is_stale(*value)), "stale markers are gone");
        self.begins.clear();
        self.ends.clear();
        self.ends.resize(times.len(), T::default());
        let mut from = 0;
        while from < times.len() {
            let end = self.tile(times[from]).saturating_add(1).saturating_mul(self.length);
            let mut tally = T::default();
            let mut after = from;
            while after < times.len() && (times[after] <= end || after == from) {
                tally.add(values[after]);
                self.begins.push(tally);
                after += 1;
            }
            let mut tally = T::default();
            for at in (from..after).rev() {
                tally.add(values[at]);
                self.ends[at] = tally;
            }
            from = after;
        }
    }

    /// What all samples of a window come to.
    pub(crate) fn of(&self, window: &Window<'_>) -> T {
        let (first, last) = (window.first, window.first + window.times.len() - 1);
        let (oldest, newest) = (window.times[0], window.times[window.times.len() - 1]);
        let tile = self.tile(oldest);
        if tile != self.tile(newest) {
            let mut tally = self.ends[first];
            tally.join(&self.begins[last]);
            return tally;
        }
        // The window has the beginning of the tile, or its end.
        if window.start <= tile.saturating_mul(self.length) {
            self.begins[last]
        } else {
            self.ends[first]
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tally that knows what it was given.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Seen {
        count: u64,
        total: u64,
    }

    impl Tally for Seen {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small numbers"
        )]
        fn add(&mut self, value: f64) {
            self.count += 1;
            self.total += value as u64;
        }

        fn join(&mut self, other: &Self) {
            self.count += other.count;
            self.total += other.total;
        }
    }

    proptest! {
        #[test]
        fn a_window_is_all_its_samples_and_no_others(
            gaps in prop::collection::vec(1_i64..40, 1..80),
            length in 1_i64..100,
            begin in -500_i64..500,
            ends in prop::collection::vec(-600_i64..3000, 1..40),
        ) {
            let mut track = Track::default();
            let mut time = begin;
            for (at, gap) in gaps.iter().enumerate() {
                time += gap;
                track.times.push(time);
                track.values.push(at as f64);
            }
            let mut tiles = Tiles::<Seen>::new(length);
            tiles.lay(&track);
            for end in ends {
                let start = end - length;
                let first = track.times.partition_point(|time| *time <= start);
                let after = track.times.partition_point(|time| *time <= end);
                if first == after {
                    continue;
                }
                let (times, values) = (&track.times[first..after], &track.values[first..after]);
                let window = Window {
                    times, values, histograms: &[], first, number: 0, step: end, start, end,
                };
                let mut expected = Seen::default();
                for value in values {
                    expected.add(*value);
                }
                prop_assert_eq!(tiles.of(&window), expected);
            }
        }
    }
}
