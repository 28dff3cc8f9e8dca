//! A native histogram: buckets whose bounds follow from a schema, sparse, of any shape from one time to the next.
//!
//! As remote write 2.0 and the Prometheus storage have it (`prompb/io/prometheus/write/v2/types.proto`, message
//! `Histogram`). Counts are floats here, as in PromQL; whole counts are exact up to 2^53.

use crate::is_stale;

/// The schema whose bounds are given one by one.
pub const CUSTOM_BUCKETS: i8 = -53;
/// The widest and the finest schema of exponential buckets.
const SCHEMAS: std::ops::RangeInclusive<i8> = -4..=8;
/// Buckets of one histogram at most; Prometheus' own instrumentation stays below 200.
const BUCKETS_MAX: usize = 65_536;

/// Whether counts may have started anew since the sample before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResetHint {
    /// Whoever wants to know has to compare.
    #[default]
    Unknown,
    /// They did.
    Reset,
    /// They did not.
    NotReset,
    /// They go up and down, and never reset.
    Gauge,
}

/// Neighbouring buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span32 {
    /// Buckets left out since the end of the span before; for the first span, the index of its first bucket.
    pub offset: i32,
    /// How many.
    pub length: u32,
}

/// The buckets of one side of zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Which buckets there are.
    pub spans: Vec<Span32>,
    /// How much is in each, not accumulated.
    pub counts: Vec<f64>,
}

/// A native histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How fine the buckets are: each power of two has `2^schema` of them; [`CUSTOM_BUCKETS`] for given bounds.
    pub schema: i8,
    /// How wide the bucket of zero is, to either side.
    pub zero_threshold: f64,
    /// How much is in the bucket of zero.
    pub zero_count: f64,
    /// How much is in all buckets, and not-a-numbers.
    pub count: f64,
    /// The sum of what was observed.
    pub sum: f64,
    /// Buckets above zero; with custom bounds, all of them.
    pub positive: Buckets,
    /// Buckets below zero.
    pub negative: Buckets,
    /// With custom bounds: the upper bounds, rising, without infinity.
    pub bounds: Vec<f64>,
    /// Whether it may have started anew.
    pub reset: ResetHint,
}

/// What is wrong with a histogram.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("native histogram: {what}")]
pub struct HistogramError {
    what: String,
}

impl Histogram {
    /// Whether it says that the series has ended.
    pub fn is_stale(&self) -> bool {
        is_stale(self.sum)
    }

    /// Whether its bounds are given one by one.
    pub fn has_custom_bounds(&self) -> bool {
        self.schema == CUSTOM_BUCKETS
    }

    /// Bytes it takes, about.
    pub fn heap_bytes(&self) -> usize {
        let side = |own: &Buckets| own.spans.len() * 8 + own.counts.len() * 8;
        size_of::<Self>() + side(&self.positive) + side(&self.negative) + self.bounds.len() * 8
    }

    /// Says what is wrong with it, if anything: all that arithmetic relies on.
    pub fn check(&self) -> Result<(), HistogramError> {
        let wrong = |what: String| Err(HistogramError { what });
        if self.is_stale() {
            return Ok(());
        }
        if self.has_custom_bounds() {
            if !self.negative.counts.is_empty() || self.zero_count != 0.0 {
                return wrong(
                    "custom buckets have nothing below zero and no bucket of zero".to_owned(),
                );
            }
            if self.bounds.windows(2).any(|pair| pair[0] >= pair[1])
                || self.bounds.iter().any(|bound| !bound.is_finite())
            {
                return wrong("custom bounds must be finite and rise".to_owned());
            }
            let last: i64 = self
                .positive
                .spans
                .iter()
                .map(|own| i64::from(own.offset) + i64::from(own.length))
                .sum();
            if last > i64::try_from(self.bounds.len()).unwrap_or(i64::MAX) + 1 {
                return wrong(format!("bucket {last} of {} bounds", self.bounds.len()));
            }
        } else if !SCHEMAS.contains(&self.schema) {
            return wrong(format!("schema {} is unknown; -4 to 8 and -53 are", self.schema));
        } else if !self.bounds.is_empty() {
            return wrong("only custom buckets have bounds".to_owned());
        }
        self.positive.check()?;
        self.negative.check()?;
        let seen = [self.count, self.zero_count];
        if seen.iter().any(|own| *own < 0.0) && self.reset != ResetHint::Gauge {
            return wrong("counts must not be negative".to_owned());
        }
        Ok(())
    }
}

impl Buckets {
    /// The index and count of each bucket, rising.
    pub fn iter(&self) -> impl Iterator<Item = (i32, f64)> + '_ {
        let mut next = 0i32;
        let indexes = self.spans.iter().flat_map(move |span| {
            let first = next.wrapping_add(span.offset);
            next = first.wrapping_add(i32::try_from(span.length).unwrap_or(i32::MAX));
            first..next
        });
        indexes.zip(self.counts.iter().copied())
    }

    fn check(&self) -> Result<(), HistogramError> {
        let wrong = |what: String| Err(HistogramError { what });
        let total: u64 = self.spans.iter().map(|span| u64::from(span.length)).sum();
        if total != self.counts.len() as u64 {
            return wrong(format!("spans name {total} buckets, {} are there", self.counts.len()));
        }
        if self.counts.len() > BUCKETS_MAX {
            return wrong(format!("{total} buckets, {BUCKETS_MAX} are the limit"));
        }
        if self.spans.iter().skip(1).any(|span| span.offset < 0) {
            return wrong("only the first span may start below zero".to_owned());
        }
        let mut end = 0i64;
        for span in &self.spans {
            end += i64::from(span.offset) + i64::from(span.length);
            if end.abs() > i64::from(i32::MAX) / 2 {
                return wrong("a bucket lies out of all bounds".to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram() -> Histogram {
        let spans = vec![Span32 { offset: -2, length: 2 }, Span32 { offset: 1, length: 1 }];
        let positive = Buckets { spans, counts: vec![1.0, 2.0, 3.0] };
        Histogram { count: 6.0, sum: 4.5, positive, ..Histogram::default() }
    }

    #[test]
    fn buckets_are_told_with_their_indexes() {
        let histogram = histogram();
        let told: Vec<_> = histogram.positive.iter().collect();
        assert_eq!(told, [(-2, 1.0), (-1, 2.0), (1, 3.0)]);
        assert_eq!(histogram.check(), Ok(()));
    }

    #[test]
    fn what_arithmetic_could_not_bear_is_refused() {
        let broken: [fn(&mut Histogram); 6] = [
            |own| own.schema = 9,
            |own| own.bounds = vec![1.0],
            |own| own.positive.counts.truncate(1),
            |own| own.positive.spans[1].offset = -1,
            |own| own.positive.spans[0].offset = i32::MAX,
            |own| own.count = -1.0,
        ];
        for break_it in broken {
            let mut histogram = histogram();
            break_it(&mut histogram);
            assert!(histogram.check().is_err(), "{histogram:?}");
        }
    }

    #[test]
    fn custom_bounds_must_rise_and_suffice() {
        let spans = vec![Span32 { offset: 0, length: 3 }];
        let positive = Buckets { spans, counts: vec![1.0; 3] };
        let mut histogram = Histogram {
            schema: CUSTOM_BUCKETS,
            count: 3.0,
            positive,
            bounds: vec![1.0, 2.0],
            ..Histogram::default()
        };
        assert_eq!(histogram.check(), Ok(()));
        histogram.bounds.pop();
        assert!(histogram.check().is_err());
        histogram.bounds = vec![2.0, 1.0];
        assert!(histogram.check().is_err());
    }
}
