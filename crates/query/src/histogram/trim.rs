//! Cutting off what lies above or below a value: the operators `</` and `>/`.

use model::{Buckets, Histogram};

use super::{
    Bucket,
    bounds::upper_bound,
    statistics::{believed, part_below},
    tally::side_of,
};

/// Which side of the value stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// What is less.
    Below,
    /// What is more.
    Above,
}

/// What is left of a bucket: how much, and where its middle is.
#[derive(Clone, Copy, Debug)]
struct Rest {
    count: f64,
    middle: f64,
}

/// A histogram without what lies on the other side of a value. If anything goes, the sum is estimated anew from the
/// middles of what stays.
pub(crate) fn trim(histogram: &Histogram, keep: Keep, value: f64) -> Histogram {
    let mut trimmed = histogram.clone();
    let mut cut = Cut { histogram, keep, value, count: 0.0, sum: 0.0, touched: false };
    trimmed.negative = cut.side(&histogram.negative, true);
    let threshold = histogram.zero_threshold;
    if histogram.zero_count != 0.0 {
        trimmed.zero_count = cut.bucket(-threshold, threshold, histogram.zero_count);
    }
    trimmed.positive = cut.side(&histogram.positive, false);
    if cut.touched {
        trimmed.count = cut.count;
        trimmed.sum = cut.sum;
    }
    trimmed
}

struct Cut<'h> {
    histogram: &'h Histogram,
    keep: Keep,
    value: f64,
    count: f64,
    sum: f64,
    touched: bool,
}

impl Cut<'_> {
    fn side(&mut self, side: &Buckets, mirrored: bool) -> Buckets {
        let mut kept = Vec::with_capacity(side.counts.len());
        for (index, count) in side.iter() {
            let lower = upper_bound(self.histogram, index.wrapping_sub(1));
            let upper = upper_bound(self.histogram, index);
            let (lower, upper) = if mirrored { (-upper, -lower) } else { (lower, upper) };
            kept.push((index, self.bucket(lower, upper, count)));
        }
        side_of(kept.into_iter())
    }

    /// How much of a bucket stays.
    fn bucket(&mut self, lower: f64, upper: f64, count: f64) -> f64 {
        if count == 0.0 {
            return 0.0;
        }
        let bucket = Bucket { lower, upper, lower_inside: true, upper_inside: true, count };
        let rest = self.rest(bucket);
        self.touched |= rest.count < count || rest.count.is_nan();
        self.count += rest.count;
        if rest.count != 0.0 {
            self.sum += rest.count * rest.middle;
        }
        rest.count
    }

    fn rest(&self, whole: Bucket) -> Rest {
        let nothing = Rest { count: 0.0, middle: 0.0 };
        let bucket = believed(self.histogram, whole);
        let (value, endless) = (self.value, whole.lower == f64::NEG_INFINITY);
        // A cut bucket of zero is as even as a whole one.
        let even = self.histogram.has_custom_bounds() || (whole.lower <= 0.0 && whole.upper >= 0.0);
        match self.keep {
            Keep::Below if bucket.upper <= value => all(bucket, even),
            // Nothing is known of how values spread in a bucket without an end.
            Keep::Below if bucket.upper == f64::INFINITY => nothing,
            Keep::Below if bucket.lower == f64::NEG_INFINITY && value > f64::NEG_INFINITY => {
                Rest { count: bucket.count, middle: value }
            }
            Keep::Below if bucket.lower < value => {
                all(Bucket { upper: value, count: self.part(&bucket), ..bucket }, even)
            }
            Keep::Above if endless && value == f64::NEG_INFINITY => all(bucket, even),
            Keep::Above if endless && (value < 0.0 || bucket.upper == f64::INFINITY) => nothing,
            Keep::Above if bucket.lower >= value => all(bucket, even),
            Keep::Above if bucket.upper == f64::INFINITY && value < f64::INFINITY => {
                Rest { count: bucket.count, middle: value }
            }
            Keep::Above if bucket.upper > value && bucket.lower > f64::NEG_INFINITY => {
                let count = bucket.count - self.part(&bucket);
                all(Bucket { lower: value, count, ..bucket }, even)
            }
            _ => nothing,
        }
    }

    fn part(&self, bucket: &Bucket) -> f64 {
        bucket.count * part_below(self.histogram, bucket, self.value)
    }
}

/// A bucket that stays, with its middle.
fn all(bucket: Bucket, even: bool) -> Rest {
    let Bucket { lower, upper, count, .. } = bucket;
    let middle = if lower == f64::NEG_INFINITY {
        upper
    } else if upper == f64::INFINITY {
        lower
    } else if even {
        f64::midpoint(lower, upper)
    } else {
        (lower * upper).sqrt().copysign(upper)
    };
    Rest { count, middle }
}
