//! What a histogram says of the values in it: quantiles, shares, variance.

use model::Histogram;

use super::{Bucket, buckets};

/// A quantile, and whether observations that are not numbers had a part in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quantile {
    /// The quantile.
    Value(f64),
    /// The same, but observations that are not numbers count as the largest.
    Skewed(f64),
    /// It falls among observations that are not numbers.
    NotANumber,
}

/// The bucket of zero, taken as one-sided if nothing lies on the other side.
fn one_sided(histogram: &Histogram, bucket: Bucket) -> Bucket {
    let (below, above) =
        (!histogram.negative.counts.is_empty(), !histogram.positive.counts.is_empty());
    match (below, above) {
        (false, true) => Bucket { lower: 0.0, ..bucket },
        (true, false) => Bucket { upper: 0.0, ..bucket },
        _ => bucket,
    }
}

/// The value below which a share of the observations lies. In exponential buckets values are taken to spread as the
/// bounds do, in custom buckets and in the bucket of zero evenly.
pub(crate) fn quantile(share: f64, histogram: &Histogram) -> Quantile {
    if share < 0.0 {
        return Quantile::Value(f64::NEG_INFINITY);
    }
    if share > 1.0 {
        return Quantile::Value(f64::INFINITY);
    }
    if histogram.count == 0.0 || share.is_nan() {
        return Quantile::Value(f64::NAN);
    }
    let mut all = buckets(histogram);
    let forward = histogram.sum.is_nan() || share < 0.5;
    let mut rank = if forward { share } else { 1.0 - share } * histogram.count;
    if !forward {
        all.reverse();
    }
    let mut seen = 0.0;
    let mut found =
        Bucket { lower: 0.0, upper: 0.0, lower_inside: true, upper_inside: true, count: 0.0 };
    for bucket in all.into_iter().filter(|bucket| bucket.count != 0.0) {
        found = bucket;
        seen += bucket.count;
        if seen >= rank {
            break;
        }
    }
    if histogram.has_custom_bounds() {
        if found.lower == f64::NEG_INFINITY {
            if found.upper <= 0.0 {
                return of(histogram, found.upper);
            }
            found.lower = 0.0;
        } else if found.upper == f64::INFINITY {
            return of(histogram, found.lower);
        }
    } else if found.lower < 0.0 && found.upper > 0.0 {
        found = one_sided(histogram, found);
    }
    seen = seen.min(histogram.count);
    if seen < rank {
        return if histogram.sum.is_nan() {
            Quantile::NotANumber
        } else {
            Quantile::Value(found.upper)
        };
    }
    rank = if forward { rank - (seen - found.count) } else { seen - rank };
    of(histogram, within(histogram, found, rank / found.count))
}

fn of(histogram: &Histogram, value: f64) -> Quantile {
    if histogram.sum.is_nan() { Quantile::Skewed(value) } else { Quantile::Value(value) }
}

/// The value at a part of the way through a bucket.
fn within(histogram: &Histogram, bucket: Bucket, part: f64) -> f64 {
    if histogram.has_custom_bounds() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        return bucket.lower + (bucket.upper - bucket.lower) * part;
    }
    let (lower, upper) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
    if bucket.lower > 0.0 {
        (lower + (upper - lower) * part).exp2()
    } else {
        -(upper + (lower - upper) * (1.0 - part)).exp2()
    }
}

/// Which part of a bucket lies below a value inside it.
pub(super) fn part_below(histogram: &Histogram, bucket: &Bucket, value: f64) -> f64 {
    if histogram.has_custom_bounds() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
        return (value - bucket.lower) / (bucket.upper - bucket.lower);
    }
    let (lower, upper) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
    let value_log = value.abs().log2();
    if value > 0.0 {
        (value_log - lower) / (upper - lower)
    } else {
        1.0 - (value_log - upper) / (lower - upper)
    }
}

/// A bucket as its values are taken to lie in it: the bucket of zero on one side if the other has none, the first
/// custom bucket from zero if it reaches beyond.
pub(super) fn believed(histogram: &Histogram, bucket: Bucket) -> Bucket {
    if histogram.has_custom_bounds() {
        if bucket.lower == f64::NEG_INFINITY && bucket.upper > 0.0 {
            return Bucket { lower: 0.0, ..bucket };
        }
        return bucket;
    }
    if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
        return one_sided(histogram, bucket);
    }
    bucket
}

/// The share of observations between two values. Observations that are not numbers are in no share.
pub(crate) fn fraction(lower: f64, upper: f64, histogram: &Histogram) -> f64 {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let all = buckets(histogram);
    let total = if histogram.sum.is_nan() {
        all.iter().map(|bucket| bucket.count).sum()
    } else {
        histogram.count
    };
    let rank = |value| rank_of(histogram, &all, value).unwrap_or(total).min(histogram.count);
    (rank(upper) - rank(lower)) / histogram.count
}

/// How many observations lie below a value; nothing if it is above all buckets.
fn rank_of(histogram: &Histogram, all: &[Bucket], value: f64) -> Option<f64> {
    let mut rank = 0.0;
    for bucket in all {
        let bucket = believed(histogram, *bucket);
        if bucket.lower >= value {
            return Some(rank);
        }
        if bucket.upper > value {
            if bucket.lower == f64::NEG_INFINITY {
                return Some(rank + bucket.count);
            }
            return Some(rank + bucket.count * part_below(histogram, &bucket, value));
        }
        rank += bucket.count;
    }
    None
}

/// The variance of the values, taking each as the middle of its bucket: the arithmetic mean of custom bounds, the
/// geometric mean of exponential ones.
pub(crate) fn variance(histogram: &Histogram) -> f64 {
    let mean = histogram.sum / histogram.count;
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for bucket in buckets(histogram).iter().filter(|bucket| bucket.count != 0.0) {
        let middle = if histogram.has_custom_bounds() {
            f64::midpoint(bucket.upper, bucket.lower)
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else {
            (bucket.upper * bucket.lower).sqrt().copysign(bucket.upper)
        };
        let square = bucket.count * (middle - mean) * (middle - mean);
        let next = total + square;
        lost += if next.is_infinite() {
            -lost
        } else if total.abs() >= square.abs() {
            (total - next) + square
        } else {
            (square - next) + total
        };
        total = next;
    }
    (total + lost) / histogram.count
}
