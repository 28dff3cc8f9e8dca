//! Native histograms from exponential histograms, and from histograms with given bounds.
//!
//! Exponential histograms of OpenTelemetry have the same bases as native histograms, but count their buckets from another
//! end: bucket `i` there is `(base^i, base^(i+1)]`, here `(base^(i-1), base^i]`.

use model::{Buckets, CUSTOM_BUCKETS, Histogram, STALE, Span32};

/// The finest schema; finer scales are made coarser by merging buckets.
const SCHEMA_MAX: i32 = 8;
/// The widest schema.
const SCHEMA_MIN: i32 = -4;
/// How wide the bucket of zero is where the sender does not say so, as Prometheus has it.
const ZERO_THRESHOLD: f64 = 1e-128;
/// Empty buckets that are told rather than left out, because a span would take more room.
const GAP_MAX: i64 = 2;

/// One side of an exponential histogram.
#[derive(Debug, Default)]
pub(in crate::receive::otlp) struct Side {
    pub(in crate::receive::otlp) offset: i32,
    pub(in crate::receive::otlp) counts: Vec<u64>,
}

/// An exponential histogram at a time.
#[derive(Debug, Default)]
pub(in crate::receive::otlp) struct Exponential {
    pub(in crate::receive::otlp) scale: i32,
    pub(in crate::receive::otlp) zero_threshold: f64,
    pub(in crate::receive::otlp) zero_count: u64,
    pub(in crate::receive::otlp) count: u64,
    pub(in crate::receive::otlp) sum: f64,
    pub(in crate::receive::otlp) positive: Side,
    pub(in crate::receive::otlp) negative: Side,
}

/// The histogram that says that a series has ended.
pub(in crate::receive::otlp) fn stale() -> Histogram {
    Histogram { sum: STALE, ..Histogram::default() }
}

/// The native histogram of an exponential one.
pub(in crate::receive::otlp) fn native(from: &Exponential) -> Result<Histogram, String> {
    if from.scale < SCHEMA_MIN {
        return Err(format!("scale {} is wider than {SCHEMA_MIN}", from.scale));
    }
    let schema = from.scale.min(SCHEMA_MAX);
    let merged = u32::try_from(from.scale - schema).unwrap_or(0).min(31);
    let threshold = from.zero_threshold;
    let histogram = Histogram {
        schema: i8::try_from(schema).unwrap_or_default(),
        zero_threshold: if threshold > 0.0 { threshold } else { ZERO_THRESHOLD },
        zero_count: from.zero_count as f64,
        count: from.count as f64,
        sum: from.sum,
        positive: merge(&from.positive, merged),
        negative: merge(&from.negative, merged),
        ..Histogram::default()
    };
    let sides = [&from.positive, &from.negative];
    let counts = sides.into_iter().flat_map(|side| &side.counts).chain([&from.zero_count]);
    check(histogram, total(counts), from.count)
}

/// The native histogram with custom buckets of one with given bounds.
pub(in crate::receive::otlp) fn custom(
    bounds: &[f64],
    counts: &[u64],
    count: u64,
    sum: f64,
) -> Result<Histogram, String> {
    // A histogram without buckets is one with a single bucket that holds everything.
    let single = [count];
    let (bounds, counts) =
        if counts.is_empty() { (&[][..], &single[..]) } else { (bounds, counts) };
    let mut buckets = Sparse::for_counts(counts);
    for (at, own) in counts.iter().enumerate() {
        buckets.add(i64::try_from(at).unwrap_or(i64::MAX), *own as f64);
    }
    let histogram = Histogram {
        schema: CUSTOM_BUCKETS,
        count: count as f64,
        sum,
        positive: buckets.0,
        bounds: bounds.to_vec(),
        ..Histogram::default()
    };
    check(histogram, total(counts.iter()), count)
}

fn total<'c>(counts: impl Iterator<Item = &'c u64>) -> u128 {
    counts.map(|count| u128::from(*count)).sum()
}

/// Refuses what no histogram can be: one with more in its buckets than there is, or with less.
fn check(histogram: Histogram, in_buckets: u128, count: u64) -> Result<Histogram, String> {
    histogram.check().map_err(|error| error.to_string())?;
    let count = u128::from(count);
    // Not-a-numbers are counted and in no bucket.
    if in_buckets > count || (in_buckets < count && !histogram.sum.is_nan()) {
        return Err(format!("its buckets hold {in_buckets}, its count is {count}"));
    }
    Ok(histogram)
}

/// Merges `2^by` neighbours into one, and leaves out what is empty.
fn merge(side: &Side, by: u32) -> Buckets {
    let mut buckets = Sparse::for_counts(&side.counts);
    let mut open: Option<(i64, f64)> = None;
    for (at, count) in side.counts.iter().enumerate() {
        let index = i64::from(side.offset).saturating_add(i64::try_from(at).unwrap_or(i64::MAX));
        // An arithmetic shift rounds towards minus infinity, which is where merged buckets begin.
        let index = (index >> by) + 1;
        match &mut open {
            Some((own, sum)) if *own == index => *sum += *count as f64,
            _ => {
                if let Some((own, sum)) = open.replace((index, *count as f64)) {
                    buckets.add(own, sum);
                }
            }
        }
    }
    if let Some((own, sum)) = open {
        buckets.add(own, sum);
    }
    buckets.0
}

/// Buckets without the empty ones, but for small gaps.
struct Sparse(Buckets, i64);

impl Sparse {
    /// With about as much room as is needed, since stores may hold it for a while.
    fn for_counts(counts: &[u64]) -> Self {
        let buckets = counts.iter().filter(|own| **own > 0).count();
        Self(Buckets { spans: Vec::new(), counts: Vec::with_capacity(buckets) }, 0)
    }

    /// Adds the next bucket; indexes rise.
    fn add(&mut self, index: i64, count: f64) {
        if count == 0.0 {
            return;
        }
        let Self(buckets, next) = self;
        let gap = index - *next;
        *next = index + 1;
        match buckets.spans.last_mut() {
            Some(span) if gap <= GAP_MAX => {
                for _ in 0..gap {
                    buckets.counts.push(0.0);
                    span.length += 1;
                }
                span.length += 1;
            }
            _ => {
                // What does not fit is refused by `Histogram::check`.
                let offset = i32::try_from(gap).unwrap_or(i32::MAX);
                buckets.spans.push(Span32 { offset, length: 1 });
            }
        }
        buckets.counts.push(count);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Counts by bucket, without empty ones.
    fn told(buckets: &Buckets) -> Vec<(i32, f64)> {
        buckets.iter().filter(|(_, count)| *count > 0.0).collect()
    }

    proptest! {
        #[test]
        fn every_bucket_lies_within_the_one_that_counts_it(
            scale in SCHEMA_MIN..=20,
            offset in -2000..2000,
            counts in vec(0..3_u64, 0..200),
            zero_count in 0..3_u64,
        ) {
            let count = counts.iter().sum::<u64>() + zero_count;
            let positive = Side { offset, counts: counts.clone() };
            let negative = Side { offset, counts };
            let both = Exponential { scale, zero_count, count: 2 * count - zero_count, positive, negative, ..Exponential::default() };
            let made = native(&both).unwrap();
            prop_assert_eq!(made.check(), Ok(()));
            // The exponents of bounds, to the base of two: dyadic numbers, which floats hold exactly.
            let width = |schema: i32| 2_f64.powi(-schema);
            let (sent, kept) = (width(scale), width(i32::from(made.schema)));
            let mut wanted: Vec<(i32, f64)> = Vec::new();
            for (at, own) in both.positive.counts.iter().enumerate().filter(|(_, own)| **own > 0) {
                let lower = f64::from(offset + i32::try_from(at).unwrap()) * sent;
                let upper = lower + sent;
                let index = told(&made.positive).into_iter().map(|(index, _)| index).find(|index| {
                    let bound = f64::from(*index) * kept;
                    bound - kept <= lower && upper <= bound
                });
                let index = index.expect("a bucket that holds it");
                match wanted.last_mut() {
                    Some((last, sum)) if *last == index => *sum += *own as f64,
                    _ => wanted.push((index, *own as f64)),
                }
            }
            prop_assert_eq!(&told(&made.positive), &wanted);
            prop_assert_eq!(told(&made.negative), wanted);
        }
    }

    #[test]
    fn gaps_are_told_where_that_is_shorter() {
        let counts = vec![1, 0, 0, 1, 0, 0, 0, 1];
        let from = Exponential {
            count: 3,
            positive: Side { offset: -5, counts },
            ..Exponential::default()
        };
        let made = native(&from).unwrap();
        let spans = [Span32 { offset: -4, length: 4 }, Span32 { offset: 3, length: 1 }];
        assert_eq!(made.positive.spans, spans);
        assert_eq!(made.positive.counts, [1.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn buckets_out_of_all_bounds_are_refused() {
        for offset in [i32::MAX, i32::MIN] {
            let positive = Side { offset, counts: vec![1] };
            let from = Exponential { count: 1, positive, ..Exponential::default() };
            assert!(native(&from).unwrap_err().contains("bounds"));
        }
        let positive = Side { offset: i32::MAX, counts: vec![0; 3] };
        assert!(native(&Exponential { positive, ..Exponential::default() }).is_ok());
    }

    #[test]
    fn counts_that_do_not_add_up_are_refused_unless_there_are_not_a_numbers() {
        let counts = [u64::MAX, u64::MAX];
        assert!(custom(&[1.0], &counts, u64::MAX, 1.0).is_err());
        assert!(custom(&[1.0], &[1, 1], 3, 1.0).is_err());
        assert!(custom(&[1.0], &[1, 1], 3, f64::NAN).is_ok());
        assert!(custom(&[1.0], &[1, 1], 1, f64::NAN).is_err());
    }
}
