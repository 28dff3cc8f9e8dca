//! Aggregations of rows that have native histograms.

use std::sync::Arc;

use hashbrown::HashMap;
use model::{Histogram, ResetHint};

use crate::{
    QueryError,
    histogram::{Mean, Mixed, Remarks, Tally},
    parse::node::{Aggregate, How},
    run::{
        Run,
        rows::{ABSENT, Row, is_present},
    },
};

/// Histograms of one group at one step.
struct Held {
    sum: Option<Sum>,
    count: f64,
    /// Some say that counts were reset, others that they were not.
    reset: bool,
    not_reset: bool,
}

enum Sum {
    Total(Tally),
    Mean(Mean),
    /// Exponential and custom buckets have no sum.
    Mixed,
}

/// The native histograms of all groups, while rows come.
pub(super) struct NativeFolds {
    how: How,
    by_place: HashMap<(u32, usize), Held>,
    remarks: Remarks,
}

/// Whether an aggregation passes native histograms over, and what it is called.
pub(super) fn ignores(how: How) -> Option<&'static str> {
    Some(match how {
        How::Min => "min",
        How::Max => "max",
        How::Stddev => "stddev",
        How::Stdvar => "stdvar",
        How::Quantile => "quantile",
        How::TopK => "topk",
        How::BottomK => "bottomk",
        _ => return None,
    })
}

/// Says that native histograms are passed over, if there are any and they are.
pub(super) fn tell_ignored(run: &Run<'_>, aggregate: &Aggregate, rows: &[Row]) {
    if let Some(name) = ignores(aggregate.how)
        && rows.iter().any(|row| row.histograms.iter().any(Option::is_some))
    {
        run.inform(aggregate.inner.at, &format!("ignored histogram in {name} aggregation"));
    }
}

impl NativeFolds {
    pub(super) fn new(how: How) -> Self {
        Self { how, by_place: HashMap::new(), remarks: Remarks::default() }
    }

    /// Folds the histograms of a row into a group; gives the bytes that this took, about.
    pub(super) fn add(&mut self, group: u32, row: &Row) -> Result<usize, String> {
        if ignores(self.how).is_some() {
            return Ok(0);
        }
        let (mut bytes, mut odd) = (0, false);
        for (step, histogram) in row.histograms.iter().enumerate() {
            let Some(histogram) = histogram else { continue };
            let held = self.by_place.entry((group, step)).or_insert_with(|| {
                bytes += size_of::<Held>() + histogram.heap_bytes() * 2;
                Held { sum: None, count: 0.0, reset: false, not_reset: false }
            });
            held.count += 1.0;
            held.reset |= histogram.reset == ResetHint::Reset;
            held.not_reset |= histogram.reset == ResetHint::NotReset;
            if let Ok(remarks) = held.add(self.how, histogram) {
                self.remarks.join(remarks);
            } else {
                held.sum = Some(Sum::Mixed);
                odd = true;
            }
        }
        if odd { Err(row.labels.metric_name().unwrap_or_default().to_owned()) } else { Ok(bytes) }
    }

    /// Puts what was folded into the rows of the groups.
    pub(super) fn finish(self, run: &Run<'_>, aggregate: &Aggregate, rows: &mut [(u32, Row)]) {
        let at = aggregate.inner.at;
        let places: HashMap<u32, usize> =
            rows.iter().enumerate().map(|(place, (group, _))| (*group, place)).collect();
        let mut mixed = false;
        for ((group, step), held) in self.by_place {
            if held.reset && held.not_reset && matches!(self.how, How::Sum | How::Avg) {
                run.warn(at, "conflicting counter resets during histogram aggregation");
            }
            let Some((_, row)) = places.get(&group).and_then(|place| rows.get_mut(*place)) else {
                continue;
            };
            let is_float = is_present(row.values[step]);
            match self.how {
                How::Count => {
                    let floats = if is_float { row.values[step] } else { 0.0 };
                    row.values[step] = floats + held.count;
                }
                How::Group => row.values[step] = 1.0,
                _ if is_float => {
                    mixed = true;
                    row.values[step] = ABSENT;
                }
                _ => {
                    if row.histograms.is_empty() {
                        row.histograms.resize(row.values.len(), None);
                    }
                    row.histograms[step] = held.sum.and_then(Sum::histogram);
                }
            }
        }
        if mixed {
            run.warn(at, "encountered a mix of histograms and floats for aggregation");
        }
        if self.remarks.reconciled {
            run.inform(at, "mismatched custom buckets were reconciled during aggregation");
        }
    }
}

impl Held {
    fn add(&mut self, how: How, histogram: &Histogram) -> Result<Remarks, Mixed> {
        match (&mut self.sum, how) {
            (Some(Sum::Total(sum)), _) => sum.add(histogram, 1.0),
            (Some(Sum::Mean(mean)), _) => mean.add(histogram),
            (None, How::Sum) => {
                self.sum = Some(Sum::Total(Tally::of(histogram, true)));
                Ok(Remarks::default())
            }
            (None, How::Avg) => {
                self.sum = Some(Sum::Mean(Mean::of(histogram)));
                Ok(Remarks::default())
            }
            (Some(Sum::Mixed) | None, _) => Ok(Remarks::default()),
        }
    }
}

impl Sum {
    fn histogram(self) -> Option<Arc<Histogram>> {
        match self {
            Self::Total(sum) => Some(Arc::from(&sum)),
            Self::Mean(mean) => Some(Arc::new(mean.to_histogram())),
            Self::Mixed => None,
        }
    }
}

/// Folds one row after the other; remarks where the kinds of buckets do not go together.
pub(super) fn add_row(
    run: &Run<'_>,
    aggregate: &Aggregate,
    folds: &mut NativeFolds,
    (group, row): (u32, &Row),
) -> Result<(), QueryError> {
    match folds.add(group, row) {
        Ok(bytes) => run.held.hold(bytes)?,
        Err(metric) => run.warn(
            aggregate.inner.at,
            &format!(
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric:?}"
            ),
        ),
    }
    Ok(())
}
