//! Sums and means of histograms: each count with what it lost to rounding, if that is wanted.

use std::sync::Arc;

use model::{Buckets, Histogram, ResetHint, Span32};

use super::{
    Mixed, Remarks,
    bounds::{upper_bound, widened},
};

/// A count and what it lost (Kahan's summation in Neumaier's form).
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    value: f64,
    lost: f64,
}

impl Count {
    fn of(value: f64) -> Self {
        Self { value, lost: 0.0 }
    }

    fn add(&mut self, value: f64, compensated: bool) {
        let total = self.value + value;
        if compensated {
            if total.is_infinite() {
                self.lost = 0.0;
            } else if self.value.abs() >= value.abs() {
                self.lost += (self.value - total) + value;
            } else {
                self.lost += (value - total) + self.value;
            }
        }
        self.value = total;
    }

    fn scale(&mut self, factor: f64) {
        self.value *= factor;
        self.lost *= factor;
    }
}

/// Buckets of one side, by index.
type Side = Vec<(i32, Count)>;

/// A histogram that others are added to.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    compensated: bool,
    schema: i8,
    zero_threshold: f64,
    zero: Count,
    count: Count,
    sum: Count,
    positive: Side,
    negative: Side,
    bounds: Vec<f64>,
    reset: ResetHint,
}

impl Tally {
    /// Begins with a histogram. With compensation, sums keep what floating point would lose.
    pub(crate) fn of(histogram: &Histogram, compensated: bool) -> Self {
        let side = |own: &Buckets| own.iter().map(|(at, count)| (at, Count::of(count))).collect();
        Self {
            compensated,
            schema: histogram.schema,
            zero_threshold: histogram.zero_threshold,
            zero: Count::of(histogram.zero_count),
            count: Count::of(histogram.count),
            sum: Count::of(histogram.sum),
            positive: side(&histogram.positive),
            negative: side(&histogram.negative),
            bounds: histogram.bounds.clone(),
            reset: histogram.reset,
        }
    }

    /// Adds a histogram, multiplied with a weight: 1 to add, -1 to subtract.
    pub(crate) fn add(&mut self, other: &Histogram, weight: f64) -> Result<Remarks, Mixed> {
        let custom = self.schema == model::CUSTOM_BUCKETS;
        if custom != other.has_custom_bounds() {
            return Err(Mixed);
        }
        let mut remarks = Remarks { collision: self.join_hint(other.reset), reconciled: false };
        if custom {
            remarks.reconciled = self.add_custom(other, weight);
        } else {
            self.add_exponential(other, weight);
        }
        self.count.add(other.count * weight, self.compensated);
        self.sum.add(other.sum * weight, self.compensated);
        Ok(remarks)
    }

    fn join_hint(&mut self, other: ResetHint) -> bool {
        use ResetHint::{Gauge, NotReset, Reset, Unknown};
        let (hint, collision) = match (self.reset, other) {
            (Gauge, _) | (_, Gauge) => (Gauge, false),
            (own, other) if own == other => (own, false),
            (Reset, NotReset) | (NotReset, Reset) => (Unknown, true),
            _ => (Unknown, false),
        };
        self.reset = hint;
        collision
    }

    fn add_custom(&mut self, other: &Histogram, weight: f64) -> bool {
        let same = self.bounds == other.bounds;
        let shared = if same { other.bounds.clone() } else { shared(&self.bounds, &other.bounds) };
        if !same {
            let moved = |(at, count): &(i32, Count)| (rebound(*at, &self.bounds, &shared), *count);
            let side: Vec<_> = self.positive.iter().map(moved).collect();
            self.positive = joined(side, self.compensated);
        }
        let theirs = other.positive.iter().map(|(at, count)| {
            (if same { at } else { rebound(at, &other.bounds, &shared) }, count * weight)
        });
        merge(&mut self.positive, theirs, self.compensated);
        self.bounds = shared;
        !same
    }

    fn add_exponential(&mut self, other: &Histogram, weight: f64) {
        let zero_count = self.reconcile_zero(other);
        self.zero.add(zero_count * weight, self.compensated);
        let threshold = self.zero_threshold;
        if other.schema < self.schema {
            self.widen(other.schema);
        }
        let schema = self.schema;
        let outside = |side: &Buckets| -> Vec<(i32, f64)> {
            side.iter()
                .filter(|(at, _)| upper_bound(other, *at) > threshold)
                .map(|(at, count)| (widened(at, other.schema, schema), count * weight))
                .collect()
        };
        merge(&mut self.positive, outside(&other.positive).into_iter(), self.compensated);
        merge(&mut self.negative, outside(&other.negative).into_iter(), self.compensated);
    }

    /// Takes wider buckets, each of several of the old ones.
    fn widen(&mut self, schema: i8) {
        for side in [&mut self.positive, &mut self.negative] {
            let moved = side.iter().map(|(at, count)| (widened(*at, self.schema, schema), *count));
            *side = joined(moved.collect(), self.compensated);
        }
        self.schema = schema;
    }

    /// Finds a bucket of zero that holds those of both and ends at no bucket with something in it; gives how much of
    /// the other is in it.
    fn reconcile_zero(&mut self, other: &Histogram) -> f64 {
        let (mut count, mut threshold) = (other.zero_count, other.zero_threshold);
        // Each round makes one of the two wider; they meet once neither has buckets left.
        while threshold.partial_cmp(&self.zero_threshold).is_some_and(std::cmp::Ordering::is_ne) {
            if self.zero_threshold > threshold {
                (count, threshold) = zero_within(other, self.zero_threshold);
            }
            if threshold > self.zero_threshold {
                self.widen_zero(threshold);
            }
        }
        count
    }

    /// Makes the bucket of zero at least so wide, and takes in what lies there.
    fn widen_zero(&mut self, least: f64) {
        let own = self.to_histogram();
        let (_, wider) = zero_within(&own, least);
        for side in [&mut self.positive, &mut self.negative] {
            let inside = side.partition_point(|(at, _)| upper_bound(&own, *at) <= wider);
            for (_, held) in side.drain(..inside) {
                self.zero.add(held.value, self.compensated);
                self.zero.lost += held.lost;
            }
        }
        self.zero_threshold = wider;
    }

    /// Multiplies everything.
    pub(crate) fn scale(&mut self, factor: f64) {
        for count in [&mut self.zero, &mut self.count, &mut self.sum] {
            count.scale(factor);
        }
        for (_, count) in self.positive.iter_mut().chain(&mut self.negative) {
            count.scale(factor);
        }
    }

    fn overflows(&self) -> bool {
        let sides = self.positive.iter().chain(&self.negative).map(|(_, count)| count);
        let mut all = [&self.zero, &self.count, &self.sum].into_iter().chain(sides);
        all.any(|count| count.value.is_infinite())
    }

    /// The sum so far.
    pub(crate) fn to_histogram(&self) -> Histogram {
        let total = |count: &Count| count.value + count.lost;
        let side = |side: &Side| side_of(side.iter().map(|(at, count)| (*at, total(count))));
        Histogram {
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: total(&self.zero),
            count: total(&self.count),
            sum: total(&self.sum),
            positive: side(&self.positive),
            negative: side(&self.negative),
            bounds: self.bounds.clone(),
            reset: self.reset,
        }
    }
}

/// The mean of histograms: of their sum as long as nothing overflows, step by step from then on.
#[derive(Clone, Debug)]
pub(crate) struct Mean {
    sum: Tally,
    count: f64,
    by_steps: bool,
}

impl Mean {
    /// Begins with a histogram.
    pub(crate) fn of(histogram: &Histogram) -> Self {
        Self { sum: Tally::of(histogram, true), count: 1.0, by_steps: false }
    }

    /// Adds a histogram.
    pub(crate) fn add(&mut self, other: &Histogram) -> Result<Remarks, Mixed> {
        self.count += 1.0;
        if !self.by_steps {
            let mut sum = self.sum.clone();
            let remarks = sum.add(other, 1.0)?;
            if !sum.overflows() {
                self.sum = sum;
                return Ok(remarks);
            }
            self.by_steps = true;
            self.sum.scale(1.0 / (self.count - 1.0));
        }
        self.sum.scale((self.count - 1.0) / self.count);
        self.sum.add(&super::shrink(other, self.count), 1.0)
    }

    /// The mean of all that was added.
    pub(crate) fn to_histogram(&self) -> Histogram {
        if self.by_steps {
            return self.sum.to_histogram();
        }
        super::shrink(&self.sum.to_histogram(), self.count)
    }
}

/// How much is in the bucket of zero if it were at least so wide, and how wide it is then: it ends where a bucket
/// with something in it ends.
pub(super) fn zero_within(histogram: &Histogram, least: f64) -> (f64, f64) {
    if least <= histogram.zero_threshold {
        return (histogram.zero_count, histogram.zero_threshold);
    }
    let mut threshold = least;
    // Widened until no bucket is cut; each round swallows one bucket at least.
    loop {
        let before = threshold;
        let above = taken_in(histogram, &histogram.positive, &mut threshold);
        let below = taken_in(histogram, &histogram.negative, &mut threshold);
        if threshold <= before {
            return (histogram.zero_count + above + below, threshold);
        }
    }
}

/// How much of a side lies below a threshold, which moves to the end of the bucket it would cut.
fn taken_in(histogram: &Histogram, side: &Buckets, threshold: &mut f64) -> f64 {
    let mut count = 0.0;
    for (at, held) in side.iter() {
        if upper_bound(histogram, at.wrapping_sub(1)) >= *threshold {
            break;
        }
        count += held;
        let upper = upper_bound(histogram, at);
        if upper > *threshold {
            if held != 0.0 {
                *threshold = upper;
            }
            break;
        }
    }
    count
}

/// Bounds that both have.
pub(super) fn shared(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter()
        .copied()
        .filter(|bound| b.binary_search_by(|own| own.total_cmp(bound)).is_ok())
        .collect()
}

/// The bucket of fewer bounds that holds a bucket.
pub(super) fn rebound(index: i32, bounds: &[f64], fewer: &[f64]) -> i32 {
    let upper = usize::try_from(index).ok().and_then(|at| bounds.get(at));
    let at = match upper {
        Some(upper) => fewer.partition_point(|own| own < upper),
        None => fewer.len(),
    };
    i32::try_from(at).unwrap_or(i32::MAX)
}

/// Neighbours with the same index become one.
fn joined(side: Side, compensated: bool) -> Side {
    let mut joined: Side = Vec::with_capacity(side.len());
    for (at, count) in side {
        match joined.last_mut() {
            Some((last, held)) if *last == at => {
                held.add(count.value, compensated);
                held.lost += count.lost;
            }
            _ => joined.push((at, count)),
        }
    }
    joined
}

/// Adds buckets in the order of their indexes, which may repeat.
fn merge(side: &mut Side, other: impl Iterator<Item = (i32, f64)>, compensated: bool) {
    let mut at = 0;
    for (index, count) in other {
        while side.get(at).is_some_and(|(own, _)| *own < index) {
            at += 1;
        }
        match side.get_mut(at) {
            Some((own, held)) if *own == index => held.add(count, compensated),
            _ => side.insert(at, (index, Count::of(count))),
        }
    }
}

/// Buckets by their indexes, which rise; empty ones are left out.
pub(super) fn side_of(pairs: impl Iterator<Item = (i32, f64)>) -> Buckets {
    let mut side = Buckets::default();
    let mut next = 0_i32;
    for (index, count) in pairs.filter(|(_, count)| *count != 0.0) {
        let offset = index.wrapping_sub(next);
        match side.spans.last_mut() {
            Some(span) if offset == 0 => span.length += 1,
            _ => side.spans.push(Span32 { offset, length: 1 }),
        }
        side.counts.push(count);
        next = index.wrapping_add(1);
    }
    side
}

/// Shares a histogram, or makes it one that can be shared.
impl From<&Tally> for Arc<Histogram> {
    fn from(tally: &Tally) -> Self {
        Self::new(tally.to_histogram())
    }
}
