//! What flows between the nodes of an expression: columns of values, one per series, one value per step.

use std::sync::Arc;

use hashbrown::{HashMap, hash_map::Entry};
use model::{Histogram, Labels, METRIC_NAME, STALE, is_stale};

use crate::QueryError;

/// Stands for «no value at this step». Stale markers end at the selectors, so their pattern is free above them.
pub(crate) const ABSENT: f64 = STALE;

/// Whether there is a value.
pub(crate) fn is_present(value: f64) -> bool {
    !is_stale(value)
}

/// The steps at which a node is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// The first step, in milliseconds.
    pub(crate) from: i64,
    /// From one to the next, in milliseconds; at least one.
    pub(crate) step: i64,
    /// How many.
    pub(crate) points: usize,
}

impl Grid {
    /// The time of a step.
    pub(crate) fn time(&self, number: usize) -> i64 {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.from.saturating_add(self.step.saturating_mul(number))
    }

    /// The time of the last step.
    pub(crate) fn last(&self) -> i64 {
        self.time(self.points.saturating_sub(1))
    }

    /// The steps of a wider grid before and after these.
    pub(crate) fn outside(&self, wide: Self) -> (Self, Self) {
        let steps = |span: i64| usize::try_from(span / self.step).unwrap_or(0);
        let before = steps(self.from.saturating_sub(wide.from));
        let after = wide.points.saturating_sub(before + self.points);
        let from = self.last().saturating_add(self.step);
        (Self { points: before, ..wide }, Self { from, points: after, ..wide })
    }

    /// The times of all steps.
    pub(crate) fn times(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.points).map(|number| self.time(number))
    }
}

/// One series, with a value or [`ABSENT`] for each step.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) labels: Labels,
    /// Whether the metric's name goes away at the end; only with delayed removal of names.
    pub(crate) drop_name: bool,
    pub(crate) values: Vec<f64>,
    /// The native histogram at each step; empty if the row has none at all. Where there is one, the value is
    /// [`ABSENT`].
    pub(crate) histograms: Vec<Option<Arc<Histogram>>>,
}

impl Row {
    /// A row of floats.
    pub(crate) fn floats(labels: Labels, drop_name: bool, values: Vec<f64>) -> Self {
        Self { labels, drop_name, values, histograms: Vec::new() }
    }

    /// The native histogram at a step.
    pub(crate) fn histogram(&self, step: usize) -> Option<&Arc<Histogram>> {
        self.histograms.get(step)?.as_ref()
    }

    /// Whether a step has a value of either kind.
    pub(crate) fn is_there(&self, step: usize) -> bool {
        self.values.get(step).is_some_and(|value| is_present(*value))
            || self.histogram(step).is_some()
    }

    /// Whether any step has a value of either kind.
    pub(crate) fn has_values(&self) -> bool {
        self.values.iter().any(|value| is_present(*value))
            || self.histograms.iter().any(Option::is_some)
    }
}

/// The value of a node at all steps.
#[derive(Clone, Debug)]
pub(crate) enum Table {
    /// A number per step.
    Scalar(Vec<f64>),
    Text(String),
    Rows(Vec<Row>),
}

impl Table {
    /// How many series there are; one of a number.
    pub(crate) fn series(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Scalar(_) | Self::Text(_) => 1,
        }
    }
}

/// Whether a label says what a metric is rather than which of its series; such labels go when values change.
pub(crate) fn names_metric(label: &str) -> bool {
    matches!(label, METRIC_NAME | "__type__" | "__unit__")
}

/// Labels without those that say what the metric is.
pub(crate) fn nameless(labels: &Labels) -> Labels {
    labels.without(names_metric)
}

/// Joins rows with the same labels; they must not have values at the same step.
pub(crate) fn join_same(rows: Vec<Row>) -> Result<Vec<Row>, QueryError> {
    let mut seen: HashMap<Labels, usize> = HashMap::with_capacity(rows.len());
    let mut joined: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match seen.entry(row.labels.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(joined.len());
                joined.push(row);
            }
            Entry::Occupied(entry) => {
                let kept = &mut joined[*entry.get()];
                kept.drop_name |= row.drop_name;
                overlay(kept, row)?;
            }
        }
    }
    Ok(joined)
}

fn overlay(under: &mut Row, over: Row) -> Result<(), QueryError> {
    let both = (0..under.values.len()).any(|step| under.is_there(step) && over.is_there(step));
    if both {
        return Err(QueryError::execution("vector cannot contain metrics with the same labelset"));
    }
    for (under, over) in under.values.iter_mut().zip(over.values) {
        if is_present(over) {
            *under = over;
        }
    }
    if under.histograms.is_empty() {
        under.histograms = over.histograms;
        return Ok(());
    }
    for (under, over) in under.histograms.iter_mut().zip(over.histograms) {
        if over.is_some() {
            *under = over;
        }
    }
    Ok(())
}

/// Labels as messages of Prometheus show them, the metric's name among the others.
pub(crate) fn shown(labels: &Labels) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
