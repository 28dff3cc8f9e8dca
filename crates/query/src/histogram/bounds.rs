//! The bounds of buckets, and all buckets of a histogram in the order of their values.

use model::{Buckets, Histogram};

/// A bucket of a native histogram with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Where it begins.
    pub lower: f64,
    /// Where it ends.
    pub upper: f64,
    /// Whether a value at its beginning is in it.
    pub lower_inside: bool,
    /// Whether a value at its end is in it.
    pub upper_inside: bool,
    /// How much is in it alone.
    pub count: f64,
}

/// The upper bound of a bucket above zero.
pub(super) fn upper_bound(histogram: &Histogram, index: i32) -> f64 {
    if histogram.has_custom_bounds() {
        return match usize::try_from(index) {
            Ok(at) => histogram.bounds.get(at).copied().unwrap_or(f64::INFINITY),
            Err(_) => f64::NEG_INFINITY,
        };
    }
    exponential(i64::from(index), histogram.schema)
}

/// The upper bound of a bucket of a schema: `2^(index / 2^schema)`. The bound after the largest power of two is the
/// largest float, so that infinity alone lies beyond it.
pub(crate) fn exponential(index: i64, schema: i8) -> f64 {
    let (whole, part) = if schema <= 0 {
        (index << i64::from(-schema).min(8), 0.0)
    } else {
        let width = 1_i64 << schema.min(8);
        (index.div_euclid(width), index.rem_euclid(width) as f64 / width as f64)
    };
    if whole == 1024 && part == 0.0 {
        return f64::MAX;
    }
    let fraction = part.exp2();
    // In two steps, so that bounds near the smallest float do not vanish half-way.
    let half = whole.clamp(-4096, 4096) / 2;
    fraction * (half as f64).exp2() * ((whole.clamp(-4096, 4096) - half) as f64).exp2()
}

/// The index of the bucket of a wider schema that holds a bucket: bounds to the right are inside.
pub(super) fn widened(index: i32, from: i8, to: i8) -> i32 {
    let steps = u32::try_from(i32::from(from) - i32::from(to)).unwrap_or(0).min(31);
    (index.wrapping_sub(1) >> steps).wrapping_add(1)
}

fn with_bounds<'h>(
    histogram: &'h Histogram,
    side: &'h Buckets,
) -> impl Iterator<Item = (f64, f64, f64)> + 'h {
    side.iter().map(|(index, count)| {
        let (lower, upper) =
            (upper_bound(histogram, index.wrapping_sub(1)), upper_bound(histogram, index));
        (lower, upper, count)
    })
}

/// All buckets of a native histogram from the lowest to the highest, empty ones included; the bucket of zero only if
/// something is in it.
pub fn buckets(histogram: &Histogram) -> Vec<Bucket> {
    let mut all: Vec<Bucket> =
        Vec::with_capacity(histogram.negative.counts.len() + histogram.positive.counts.len() + 1);
    for (lower, upper, count) in with_bounds(histogram, &histogram.negative) {
        all.push(bucket(-upper, -lower, count));
    }
    all.reverse();
    if let Some(zero) = zero_bucket(histogram) {
        all.push(zero);
    }
    for (lower, upper, count) in with_bounds(histogram, &histogram.positive) {
        all.push(bucket(lower, upper, count));
    }
    all
}

fn bucket(lower: f64, upper: f64, count: f64) -> Bucket {
    Bucket { lower, upper, lower_inside: lower < 0.0, upper_inside: upper > 0.0, count }
}

fn zero_bucket(histogram: &Histogram) -> Option<Bucket> {
    let (threshold, count) = (histogram.zero_threshold, histogram.zero_count);
    (count != 0.0).then_some(Bucket {
        lower: -threshold,
        upper: threshold,
        lower_inside: true,
        upper_inside: true,
        count,
    })
}
