//! How native histograms change within a range.

use std::sync::Arc;

use model::{Histogram, HistogramSample, ResetHint};

use super::{super::counters::Stretch, Mixed};
use crate::{
    histogram::{Tally, equal, is_reset, scale, shrink, subtract},
    run::windows::{Judged, Window},
};

/// A sample of either kind.
#[derive(Clone, Copy)]
pub(super) enum Either<'w> {
    Float(f64),
    Histogram(&'w Histogram),
}

/// The samples of both kinds in the order of their times.
fn in_order<'w>(window: &Window<'w>) -> Vec<(i64, Either<'w>)> {
    let floats = window.times.iter().zip(window.values);
    let mut all: Vec<_> = floats.map(|(time, value)| (*time, Either::Float(*value))).collect();
    let histograms = window.histograms.iter();
    all.extend(histograms.map(|own| (own.time.millis(), Either::Histogram(&own.histogram))));
    all.sort_by_key(|(time, _)| *time);
    all
}

/// Counts neighbours for which something holds.
pub(super) fn count(window: &Window<'_>, holds: fn(Either<'_>, Either<'_>) -> bool) -> Judged {
    let all = in_order(window);
    let found = all.windows(2).filter(|pair| holds(pair[0].1, pair[1].1));
    Judged::Float(found.count() as f64)
}

#[expect(clippy::float_cmp, reason = "any difference is a change")]
pub(super) fn differ(before: Either<'_>, after: Either<'_>) -> bool {
    match (before, after) {
        (Either::Float(a), Either::Float(b)) => a != b && !(a.is_nan() && b.is_nan()),
        (Either::Histogram(a), Either::Histogram(b)) => !equal(a, b),
        _ => true,
    }
}

pub(super) fn resets(before: Either<'_>, after: Either<'_>) -> bool {
    match (before, after) {
        (Either::Float(a), Either::Float(b)) => b < a,
        (Either::Histogram(a), Either::Histogram(b)) => is_reset(a, b),
        _ => true,
    }
}

fn is_gauge(sample: &HistogramSample) -> bool {
    sample.histogram.reset == ResetHint::Gauge
}

impl<J> Mixed<'_, '_, J> {
    fn warn_of_kind(&self, not: &str) {
        let metric = &self.metric;
        self.warn(&format!("this native histogram metric is not a {not}: {metric:?}"));
    }

    /// `rate`, `increase` or `delta`, stretched over the whole window.
    pub(super) fn extrapolated(&self, window: &Window<'_>) -> Judged {
        let all = window.histograms;
        if !window.values.is_empty() {
            self.warn_of_floats_among_histograms();
            return Judged::Absent;
        }
        let [first, .., last] = all else { return Judged::Absent };
        let is_counter = self.native.name != "delta";
        if is_counter && all.iter().any(is_gauge) {
            self.warn_of_kind("counter");
        }
        let changed = if is_counter { self.increase(all) } else { self.difference(first, last) };
        let Some(change) = changed else { return Judged::Absent };
        let gauges = is_gauge(first) && is_gauge(last);
        if !(is_counter || gauges) {
            self.warn_of_kind("gauge");
        }
        let ends = (first.time.millis(), last.time.millis(), all.len());
        let over = if self.native.name == "rate" { self.native.range_seconds } else { 1.0 };
        let stretch = Stretch::between(window, ends, over);
        let factor = if is_counter {
            stretch.for_counter(first.histogram.count, change.count)
        } else {
            stretch.factor
        };
        let mut stretched = scale(&change, factor);
        stretched.reset = ResetHint::Gauge;
        Judged::Histogram(Arc::new(stretched))
    }

    fn difference(&self, first: &HistogramSample, last: &HistogramSample) -> Option<Histogram> {
        let Ok((difference, remarks)) = subtract(&last.histogram, &first.histogram) else {
            self.warn_of_mixed_buckets();
            return None;
        };
        if remarks.reconciled {
            self.tell_reconciled("subtraction");
        }
        Some(difference)
    }

    /// What was added from the first to the last, resets made good.
    fn increase(&self, all: &[HistogramSample]) -> Option<Histogram> {
        let [first, second, ..] = all else { return None };
        let last = all.last()?;
        // What comes before a reset need not have buckets of the same kind: it is not looked at.
        let fresh = is_reset(&first.histogram, &second.histogram);
        let custom = if fresh { &second.histogram } else { &first.histogram }.has_custom_bounds();
        if all[1..].iter().any(|own| own.histogram.has_custom_bounds() != custom) {
            self.warn_of_mixed_buckets();
            return None;
        }
        let mut increase = Tally::of(&last.histogram, false);
        let mut reconciled = (false, false);
        if !fresh {
            reconciled.0 = increase.add(&first.histogram, -1.0).ok()?.reconciled;
        }
        for pair in all.windows(2).skip(usize::from(fresh)) {
            if is_reset(&pair[0].histogram, &pair[1].histogram) {
                reconciled.1 |= increase.add(&pair[0].histogram, 1.0).ok()?.reconciled;
            }
        }
        if reconciled.0 {
            self.tell_reconciled("subtraction");
        }
        if reconciled.1 {
            self.tell_reconciled("addition");
        }
        Some(increase.to_histogram())
    }

    /// `irate` or `idelta`: the change between the two newest samples.
    pub(super) fn newest_change(&self, window: &Window<'_>) -> Judged {
        let all = in_order(window);
        let [.., (earlier, before), (later, after)] = &all[..] else { return Judged::Absent };
        let seconds = (later - earlier) as f64 / 1000.0;
        let is_rate = self.native.name == "irate";
        match (before, after) {
            (Either::Float(before), Either::Float(after)) => Judged::Float(match is_rate {
                true if after < before => after / seconds,
                true => (after - before) / seconds,
                false => after - before,
            }),
            (Either::Histogram(before), Either::Histogram(after)) => {
                let gauges = [before, after].map(|own| own.reset == ResetHint::Gauge);
                if is_rate && gauges.contains(&true) {
                    self.warn_of_kind("counter");
                }
                if !is_rate && gauges.contains(&false) {
                    self.warn_of_kind("gauge");
                }
                let mut change = (*after).clone();
                if !is_rate || !is_reset(before, after) {
                    let Ok((difference, remarks)) = subtract(after, before) else {
                        self.warn_of_mixed_buckets();
                        return Judged::Absent;
                    };
                    if remarks.reconciled {
                        self.tell_reconciled("subtraction");
                    }
                    change = difference;
                }
                if is_rate {
                    change = shrink(&change, seconds);
                }
                change.reset = ResetHint::Gauge;
                Judged::Histogram(Arc::new(change))
            }
            _ => {
                self.warn_of_floats_among_histograms();
                Judged::Absent
            }
        }
    }
}
