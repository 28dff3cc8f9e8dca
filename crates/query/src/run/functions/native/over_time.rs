//! Aggregations of one series of native histograms over a range of time.

use std::sync::Arc;

use model::{Histogram, HistogramSample, ResetHint};

use super::Mixed;
use crate::{
    histogram::{Mean, Remarks, Tally},
    run::windows::{Judged, Window},
};

/// The first sample of either kind.
pub(super) fn first(window: &Window<'_>) -> Judged {
    let histogram = window.histograms.first();
    pick(window.times.first().zip(window.values.first()), histogram, |float, own| float < own)
}

/// The last sample of either kind.
pub(super) fn last(window: &Window<'_>) -> Judged {
    let histogram = window.histograms.last();
    pick(window.times.last().zip(window.values.last()), histogram, |float, own| float > own)
}

fn pick(
    float: Option<(&i64, &f64)>,
    histogram: Option<&HistogramSample>,
    float_first: impl Fn(i64, i64) -> bool,
) -> Judged {
    match (float, histogram) {
        (Some((time, value)), Some(own)) if float_first(*time, own.time.millis()) => {
            Judged::Float(*value)
        }
        (_, Some(own)) => Judged::Histogram(Arc::clone(&own.histogram)),
        (Some((_, value)), None) => Judged::Float(*value),
        (None, None) => Judged::Absent,
    }
}

/// Whether some say that counts were reset, and others that they were not.
pub(in crate::run) fn hints_collide<'h>(all: impl Iterator<Item = &'h Histogram>) -> bool {
    let (mut reset, mut not_reset) = (false, false);
    for histogram in all {
        reset |= histogram.reset == ResetHint::Reset;
        not_reset |= histogram.reset == ResetHint::NotReset;
    }
    reset && not_reset
}

impl<J> Mixed<'_, '_, J> {
    pub(super) fn sum(&self, window: &Window<'_>) -> Judged {
        let Some((first, others)) = self.only_histograms(window) else { return Judged::Absent };
        let mut sum = Tally::of(first, true);
        let mut remarks = Remarks::default();
        for other in others {
            match sum.add(&other.histogram, 1.0) {
                Ok(more) => remarks.join(more),
                Err(_mixed) => {
                    self.warn_of_mixed_buckets();
                    return Judged::Absent;
                }
            }
        }
        self.remark(window, remarks);
        Judged::Histogram(Arc::from(&sum))
    }

    pub(super) fn mean(&self, window: &Window<'_>) -> Judged {
        let Some((first, others)) = self.only_histograms(window) else { return Judged::Absent };
        let mut mean = Mean::of(first);
        let mut remarks = Remarks::default();
        for other in others {
            match mean.add(&other.histogram) {
                Ok(more) => remarks.join(more),
                Err(_mixed) => {
                    self.warn_of_mixed_buckets();
                    return Judged::Absent;
                }
            }
        }
        self.remark(window, remarks);
        Judged::Histogram(Arc::new(mean.to_histogram()))
    }

    fn only_histograms<'w>(
        &self,
        window: &Window<'w>,
    ) -> Option<(&'w Histogram, &'w [HistogramSample])> {
        if !window.values.is_empty() {
            self.warn_of_floats_among_histograms();
            return None;
        }
        let (first, others) = window.histograms.split_first()?;
        Some((&first.histogram, others))
    }

    fn remark(&self, window: &Window<'_>, remarks: Remarks) {
        if hints_collide(window.histograms.iter().map(|own| &*own.histogram)) {
            self.warn("conflicting counter resets during histogram aggregation");
        }
        if remarks.reconciled {
            self.tell_reconciled("aggregation");
        }
    }
}
