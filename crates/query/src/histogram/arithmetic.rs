//! Sum, difference, multiple and equality of two histograms.

use model::{Buckets, Histogram, ResetHint};

use super::{Mixed, Remarks, Tally};

/// The sum of two histograms, in the wider of their schemas.
pub(crate) fn add(left: &Histogram, right: &Histogram) -> Result<(Histogram, Remarks), Mixed> {
    let mut sum = Tally::of(left, false);
    let remarks = sum.add(right, 1.0)?;
    Ok((sum.to_histogram(), remarks))
}

/// The difference of two histograms, which is a gauge.
pub(crate) fn subtract(left: &Histogram, right: &Histogram) -> Result<(Histogram, Remarks), Mixed> {
    let mut difference = Tally::of(left, false);
    let remarks = difference.add(right, -1.0)?;
    let mut difference = difference.to_histogram();
    difference.reset = ResetHint::Gauge;
    Ok((difference, remarks))
}

/// A histogram with everything in it multiplied; what was counted and is negative now is a gauge.
pub(crate) fn scale(histogram: &Histogram, factor: f64) -> Histogram {
    each(histogram, factor < 0.0, |count| count * factor)
}

/// A histogram with everything in it divided. Divided by zero, no buckets are left.
pub(crate) fn shrink(histogram: &Histogram, divisor: f64) -> Histogram {
    let mut shrunk = each(histogram, divisor < 0.0, |count| count / divisor);
    if divisor == 0.0 {
        shrunk.positive = Buckets::default();
        shrunk.negative = Buckets::default();
    }
    shrunk
}

fn each(histogram: &Histogram, turned: bool, change: impl Fn(f64) -> f64) -> Histogram {
    let mut changed = histogram.clone();
    for count in [&mut changed.zero_count, &mut changed.count, &mut changed.sum] {
        *count = change(*count);
    }
    for count in changed.positive.counts.iter_mut().chain(&mut changed.negative.counts) {
        *count = change(*count);
    }
    if turned {
        changed.reset = ResetHint::Gauge;
    }
    changed
}

/// Whether two histograms are the same, whatever they say of resets and however their spans are cut.
pub(crate) fn equal(a: &Histogram, b: &Histogram) -> bool {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a == 0.0 && b == 0.0);
    let filled = |own: &Buckets| -> Vec<(i32, f64)> {
        own.iter().filter(|(_, count)| *count != 0.0).collect()
    };
    let same_side = |a: &Buckets, b: &Buckets| {
        let (a, b) = (filled(a), filled(b));
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
    };
    a.schema == b.schema
        && same(a.count, b.count)
        && same(a.sum, b.sum)
        && same(a.zero_threshold, b.zero_threshold)
        && same(a.zero_count, b.zero_count)
        && a.bounds == b.bounds
        && same_side(&a.positive, &b.positive)
        && same_side(&a.negative, &b.negative)
}
