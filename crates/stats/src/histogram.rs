//! Counts of whole numbers in buckets whose width grows with the value, so that every quantile is right to a known
//! part of itself and two histograms merge exactly.
//!
//! The buckets are those of Gil Tene's `HdrHistogram`: each power of two is cut into the same number of equal parts.

/// Parts of a power of two, as a power of two, of [`Histogram::fine`].
const FINE_BITS: u32 = 8;
/// The same of [`Histogram::coarse`].
const COARSE_BITS: u32 = 5;

/// Whole numbers, such as nanoseconds, counted in buckets.
///
/// A quantile is off by at most half a bucket: 1/512 (0.2 %) of the value where it is fine, 1/64 (1.6 %) where it is
/// coarse. Count, sum, least and greatest are exact. It grows with the greatest value and not with the number of
/// values: at most 117 kB where it is fine, 16 kB where it is coarse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    bits: u32,
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    least: u64,
    greatest: u64,
}

/// One bucket that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The least value that falls in it.
    pub from: u64,
    /// The greatest value that falls in it.
    pub to: u64,
    /// How many did.
    pub count: u64,
}

/// All that a histogram is, so that it can be made again somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramParts {
    /// Whether its quantiles are right to 1/512 of themselves; else to 1/64.
    pub fine: bool,
    /// The buckets that are not empty, by their places, in rising order.
    pub places: Vec<(usize, u64)>,
    /// The sum of all values.
    pub sum: u128,
    /// The least value; the greatest number there is where there are none.
    pub least: u64,
    /// The greatest value; nought where there are none.
    pub greatest: u64,
}

impl Histogram {
    /// Quantiles to 1/512 of themselves.
    pub const fn fine() -> Self {
        Self::with_bits(FINE_BITS)
    }

    /// Quantiles to 1/64 of themselves, in an eighth of the room.
    pub const fn coarse() -> Self {
        Self::with_bits(COARSE_BITS)
    }

    const fn with_bits(bits: u32) -> Self {
        Self { bits, counts: Vec::new(), count: 0, sum: 0, least: u64::MAX, greatest: 0 }
    }

    /// Counts a value.
    pub fn record(&mut self, value: u64) {
        let index = index_of(value, self.bits);
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.count += 1;
        self.sum += u128::from(value);
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    /// Adds all of another's counts: the same as if its values had been recorded here. Where one of the two is coarse,
    /// the outcome is.
    pub fn merge(&mut self, other: &Self) {
        if other.bits < self.bits {
            let mut coarser = Self::with_bits(other.bits);
            coarser.take_counts(self);
            coarser.copy_figures(self);
            *self = coarser;
        }
        self.take_counts(other);
        self.count += other.count;
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    fn copy_figures(&mut self, other: &Self) {
        (self.count, self.sum) = (other.count, other.sum);
        (self.least, self.greatest) = (other.least, other.greatest);
    }

    /// Adds the buckets of one that is as fine or finer.
    fn take_counts(&mut self, other: &Self) {
        for (index, &count) in other.counts.iter().enumerate() {
            if count == 0 {
                continue;
            }
            let own = index_of(bucket_of(index, other.bits).0, self.bits);
            if self.counts.len() <= own {
                self.counts.resize(own + 1, 0);
            }
            self.counts[own] += count;
        }
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The least value; nothing where there are none.
    pub fn least(&self) -> Option<u64> {
        (self.count > 0).then_some(self.least)
    }

    /// The greatest value; nothing where there are none.
    pub fn greatest(&self) -> Option<u64> {
        (self.count > 0).then_some(self.greatest)
    }

    /// The mean; not-a-number where there are no values.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }

    /// The smallest value that a share `q` of all values does not exceed; nothing where there are no values or where
    /// `q` is no share.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank lies between nought and the count"
        )]
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        if rank == self.count {
            return Some(self.greatest);
        }
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                let (from, width) = bucket_of(index, self.bits);
                return Some((from + (width - 1) / 2).clamp(self.least, self.greatest));
            }
        }
        Some(self.greatest)
    }

    /// How many values lie above this one, or beside it in the upper half of its bucket.
    pub fn count_above(&self, value: u64) -> u64 {
        let index = index_of(value, self.bits);
        self.counts.iter().skip(index + 1).sum()
    }

    /// The buckets that are not empty in rising order, each by its place. The bucket at place `p` of a histogram with
    /// `2^b` parts begins at `p` while `p < 2^(b+1)`, else at `(p - (o << b)) << o` with `o = (p >> b) - 1`.
    pub fn places(&self) -> impl Iterator<Item = (usize, u64)> {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// A coarse histogram from places and counts; its sum and its greatest value are those of the middles of its
    /// buckets. Nothing for a place that there is not, and for more values than can be counted.
    pub fn coarse_from(places: impl Iterator<Item = (usize, u64)>) -> Option<Self> {
        let mut histogram = Self::coarse();
        for (place, count) in places.filter(|(_, count)| *count > 0) {
            if place > index_of(u64::MAX, COARSE_BITS) {
                return None;
            }
            let (from, width) = bucket_of(place, COARSE_BITS);
            let middle = from + (width - 1) / 2;
            if histogram.counts.len() <= place {
                histogram.counts.resize(place + 1, 0);
            }
            histogram.counts[place] = histogram.counts[place].checked_add(count)?;
            histogram.count = histogram.count.checked_add(count)?;
            histogram.sum = histogram.sum.checked_add(u128::from(middle) * u128::from(count))?;
            histogram.least = histogram.least.min(middle);
            histogram.greatest = histogram.greatest.max(middle);
        }
        Some(histogram)
    }

    /// All that it is.
    pub fn parts(&self) -> HistogramParts {
        HistogramParts {
            fine: self.bits == FINE_BITS,
            places: self.places().collect(),
            sum: self.sum,
            least: self.least,
            greatest: self.greatest,
        }
    }

    /// Made again from its parts, bit by bit. Nothing where they cannot be those of any: a place that there is not, an
    /// order that does not rise, ends that lie in other buckets than the first and the last.
    pub fn from_parts(parts: &HistogramParts) -> Option<Self> {
        let bits = if parts.fine { FINE_BITS } else { COARSE_BITS };
        let mut histogram = Self::with_bits(bits);
        let HistogramParts { places, sum, least, greatest, .. } = parts;
        let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) else {
            return (*sum == 0 && *least == u64::MAX && *greatest == 0).then_some(histogram);
        };
        let has_ends = index_of(*least, bits) == *first && index_of(*greatest, bits) == *last;
        let rises = places.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !has_ends || !rises || least > greatest || places.iter().any(|(_, count)| *count == 0) {
            return None;
        }
        histogram.counts.resize(last + 1, 0);
        for (place, count) in places {
            histogram.counts[*place] = *count;
            histogram.count = histogram.count.checked_add(*count)?;
        }
        (histogram.sum, histogram.least, histogram.greatest) = (*sum, *least, *greatest);
        Some(histogram)
    }

    /// The buckets that are not empty, in rising order.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(index, &count)| {
            let (from, width) = bucket_of(index, self.bits);
            Bucket { from, to: from + (width - 1), count }
        })
    }
}

/// Values below twice the number of parts have a bucket each; from there on each power of two has that many.
fn index_of(value: u64, bits: u32) -> usize {
    let order = (value | 1).ilog2().saturating_sub(bits);
    let index = (u64::from(order) << bits) + (value >> order);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The least value of a bucket, and how many whole numbers fall in it.
fn bucket_of(index: usize, bits: u32) -> (u64, u64) {
    let index = index as u64;
    let order = (index >> bits).saturating_sub(1);
    ((index - (order << bits)) << order, 1 << order)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::fine();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    #[test]
    fn small_values_are_exact() {
        let histogram = of(&(1..=100).collect::<Vec<_>>());
        assert_eq!(histogram.quantile(0.5), Some(50));
        assert_eq!(histogram.quantile(0.99), Some(99));
        assert_eq!((histogram.least(), histogram.greatest()), (Some(1), Some(100)));
        assert!((histogram.mean() - 50.5).abs() < 1e-9);
        assert_eq!(histogram.count_above(90), 10);
    }

    #[test]
    fn foreign_places_are_refused_where_they_cannot_be() {
        assert!(Histogram::coarse_from([(1_000_000, 1)].into_iter()).is_none());
        assert!(Histogram::coarse_from([(1, u64::MAX), (2, 1)].into_iter()).is_none());
        assert!(Histogram::coarse_from(std::iter::empty()).unwrap().is_empty());
    }

    #[test]
    fn nothing_recorded_answers_nothing() {
        let histogram = Histogram::fine();
        assert_eq!((histogram.quantile(0.5), histogram.greatest()), (None, None));
        assert!(histogram.mean().is_nan());
        assert_eq!(of(&[1]).quantile(f64::NAN), None);
    }

    #[test]
    fn the_greatest_number_there_is_has_a_bucket_and_the_room_is_bounded() {
        let histogram = of(&[0, u64::MAX]);
        assert_eq!(histogram.quantile(1.0), Some(u64::MAX));
        assert_eq!(histogram.counts.len(), 14_592);
        assert_eq!(histogram.buckets().last().map(|bucket| bucket.to), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn quantiles_are_right_to_their_bound(mut values in prop::collection::vec(any::<u64>().prop_map(|bits| bits >> (bits % 64)), 1..300), q in 0.0_f64..=1.0) {
            let mut coarse = Histogram::coarse();
            for value in &values {
                coarse.record(*value);
            }
            let fine = of(&values);
            values.sort_unstable();
            let rank = (1..=values.len()).find(|rank| *rank as f64 >= q * values.len() as f64);
            let truth = values[rank.unwrap_or(values.len()) - 1];
            for (histogram, bound) in [(fine, 512.0), (coarse, 64.0)] {
                let found = histogram.quantile(q).unwrap();
                prop_assert!(found.abs_diff(truth) as f64 <= truth as f64 / bound, "{found} {truth}");
            }
        }

        #[test]
        fn places_and_counts_are_enough_to_make_it_again(values in prop::collection::vec(any::<u64>().prop_map(|bits| bits >> (bits % 64)), 0..50)) {
            let mut coarse = Histogram::coarse();
            for value in &values {
                coarse.record(*value);
            }
            let again = Histogram::coarse_from(coarse.places()).unwrap();
            prop_assert_eq!(again.buckets().collect::<Vec<_>>(), coarse.buckets().collect::<Vec<_>>());
            prop_assert_eq!(again.count(), coarse.count());
        }

        #[test]
        fn a_histogram_made_again_from_its_parts_is_the_same(values in prop::collection::vec(any::<u64>().prop_map(|bits| bits >> (bits % 64)), 0..50), fine in any::<bool>()) {
            let mut histogram = if fine { Histogram::fine() } else { Histogram::coarse() };
            for value in &values {
                histogram.record(*value);
            }
            let mut parts = histogram.parts();
            prop_assert_eq!(Histogram::from_parts(&parts), Some(histogram));
            parts.places.push((usize::MAX, 1));
            prop_assert_eq!(Histogram::from_parts(&parts), None);
        }

        #[test]
        fn merging_is_as_good_as_recording_together(left in prop::collection::vec(any::<u64>(), 0..50), right in prop::collection::vec(0_u64..1_000_000, 0..50)) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            prop_assert_eq!(&merged, &of(&[left.clone(), right.clone()].concat()));
            let mut coarse = Histogram::coarse();
            left.iter().chain(&right).for_each(|value| coarse.record(*value));
            let mut into_coarse = Histogram::coarse();
            into_coarse.merge(&merged);
            prop_assert_eq!(&into_coarse, &coarse);
            let mut made_coarse = of(&left);
            let mut other = Histogram::coarse();
            for value in &right {
                other.record(*value);
            }
            made_coarse.merge(&other);
            prop_assert_eq!(&made_coarse, &coarse);
        }
    }
}
