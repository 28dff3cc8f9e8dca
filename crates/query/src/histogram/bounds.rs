//! The bounds of buckets, and all buckets of a histogram in the order of their values.

use std::sync::LazyLock;

use model::{Buckets, Histogram};

/// How much wider each bucket of schemas 1 to 8 is than the one before: `2^(2^-schema)`, as Prometheus has reckoned them
/// (`client_golang`, `prometheus/histogram.go`). The first is the float below the nearest one, and its bounds have that in
/// their last digit.
const FACTORS: [f64; 8] = [
    std::f64::consts::SQRT_2.next_down(),
    1.189_207_115_002_721,
    1.090_507_732_665_257_7,
    1.044_273_782_427_413_8,
    1.021_897_148_654_116_6,
    1.010_889_286_051_700_5,
    1.005_429_901_112_802_7,
    1.002_711_275_050_202_5,
];

/// The bounds from 0.5 to below 1 of schemas 0 to 8. Every other one is that of the schema before.
static FRACTIONS: LazyLock<Vec<Vec<f64>>> = LazyLock::new(|| {
    let mut all = vec![vec![0.5]];
    for factor in FACTORS {
        let wider = all.last().map(Vec::as_slice).unwrap_or_default();
        all.push(wider.iter().flat_map(|bound| [*bound, bound * factor]).collect());
    }
    all
});

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
        (index << i64::from(-schema).min(8), 0)
    } else {
        let width = 1_i64 << schema.min(8);
        (index.div_euclid(width), index.rem_euclid(width))
    };
    if whole == 1024 && part == 0 {
        return f64::MAX;
    }
    let fractions = &FRACTIONS[usize::try_from(schema).unwrap_or(0).min(FACTORS.len())];
    let fraction = usize::try_from(part).ok().and_then(|at| fractions.get(at)).unwrap_or(&0.5);
    // In two steps, so that bounds near the smallest float do not vanish half-way.
    let power = whole.clamp(-4096, 4096) + 1;
    let half = power / 2;
    fraction * (half as f64).exp2() * ((power - half) as f64).exp2()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_have_the_digits_that_prometheus_gives_them() {
        for (schema, index, wanted) in [
            (1, 1, "1.414213562373095"),
            (2, 3, "1.6817928305074288"),
            (3, 7, "1.8340080864093422"),
            (5, -1, "0.9785720620876999"),
            (8, -1, "0.9972960560854698"),
            (8, -255, "0.5013556375251013"),
            (0, 3, "8"),
            (-2, 1, "16"),
        ] {
            assert_eq!(
                exponential(index, schema).to_string(),
                wanted,
                "{index} of schema {schema}"
            );
        }
        assert_eq!(exponential(-1074, 0).to_bits(), 1);
        assert_eq!(exponential(1024, 0).to_bits(), f64::MAX.to_bits());
        assert!(exponential(256 * 1024 + 1, 8).is_infinite());
    }

    #[test]
    fn bounds_rise() {
        for schema in -4..=8 {
            let bounds: Vec<f64> = (-300..300).map(|index| exponential(index, schema)).collect();
            assert!(bounds.windows(2).all(|pair| pair[0] <= pair[1]), "{schema}");
        }
    }
}
