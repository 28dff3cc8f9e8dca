//! Series that are read one by one, and the rows that come of them: kept in a list, or folded at once.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use model::{Coarse, Columns};

use super::{
    held::Held,
    workers::{Amount, in_order},
};
use crate::{
    QueryError,
    parse::node::Selector,
    run::{
        Run,
        aggregate::{
            fold::Folds,
            groups::{GroupCache, Groups},
        },
        reads::Found,
        rows::{Row, is_present, names_metric},
        windows::Track,
    },
};

/// Changes a value at a step; gives [`ABSENT`](super::rows::ABSENT) to drop it.
pub(crate) type Change<'s> = Box<dyn Fn(usize, f64) -> f64 + Sync + 's>;

/// Where rows go that are folded as they come.
pub(crate) struct Sink<'s> {
    /// What happens to each value first.
    pub(crate) changes: Vec<Change<'s>>,
    /// Whether values are not the metric's any more.
    pub(crate) renamed: bool,
    /// Whether names go at the end of the query only.
    pub(crate) delayed: bool,
    pub(crate) groups: &'s Groups<'s>,
    pub(crate) folds: &'s Mutex<Folds>,
    pub(crate) held: &'s Held<'s>,
    /// Set if something came that cannot be folded as it comes.
    pub(crate) refused: &'s AtomicBool,
}

/// What one thread works with.
pub(crate) struct Desk<J> {
    pub(crate) columns: Columns,
    /// How the series was down-sampled, if it was.
    pub(crate) coarse: Option<Coarse>,
    /// Whether any series of the selector may have been.
    pub(crate) any_coarse: bool,
    pub(crate) track: Track,
    pub(crate) judge: J,
    groups: GroupCache,
}

impl Sink<'_> {
    /// The row as it is folded, and its group; nothing if no value is left.
    fn shape(
        &self,
        mut row: Row,
        cache: &mut GroupCache,
    ) -> Result<Option<(Row, u32)>, QueryError> {
        for change in &self.changes {
            for (number, value) in row.values.iter_mut().enumerate() {
                if is_present(*value) {
                    *value = change(number, *value);
                }
            }
        }
        let ambiguous = self.renamed
            && (row.labels.get("__type__").is_some() || row.labels.get("__unit__").is_some());
        if ambiguous || !row.histograms.is_empty() {
            self.refused.store(true, Ordering::Relaxed);
            return Err(QueryError::execution("bug: rows that cannot be folded as they come"));
        }
        if !row.has_values() {
            return Ok(None);
        }
        row.drop_name = self.renamed && self.delayed;
        let nameless = self.renamed && !self.delayed;
        let group = self.groups.find(cache, &row.labels, |label| nameless && names_metric(label));
        Ok(Some((row, group)))
    }

    fn take(&self, (row, group): (Row, u32)) -> Result<(), QueryError> {
        let bytes = self.folds.lock().unwrap_or_else(PoisonError::into_inner).add(group, &row);
        Ok(self.held.hold(bytes)?)
    }
}

impl Run<'_> {
    /// Reads each series of a selector and makes a row of it. Without a sink the rows are the answer; with one
    /// they are folded, and the answer is empty.
    pub(crate) fn rows_of_selector<J>(
        &self,
        (selector, points): (&Selector, usize),
        sink: Option<&Sink<'_>>,
        make: impl Fn() -> J + Sync,
        row_of: impl Fn(&mut Desk<J>) -> Result<Row, QueryError> + Sync,
    ) -> Result<Vec<Row>, QueryError> {
        let found = self.reads.find(selector)?;
        let read = AtomicUsize::new(0);
        let work = |desk: &mut Desk<J>, at: usize| {
            found.read(at, &mut desk.columns)?;
            (desk.coarse, desk.any_coarse) = (found.coarse(at), found.is_coarse());
            let samples = desk.columns.times.len() + desk.columns.histograms.len();
            if self.trace.is_some() {
                read.fetch_add(samples, Ordering::Relaxed);
            }
            Ok((row_of(desk)?, samples))
        };
        let rows = self.rows_in_order((found.len(), points), sink, make, work);
        if let Some(trace) = self.trace {
            trace.read(selector, found.len(), read.into_inner());
        }
        for warning in found.warnings() {
            self.note_source(&warning);
        }
        rows.map_err(|error| name_wide(error, &found))
    }

    /// Makes a row of each of so many series.
    pub(crate) fn rows_in_order<J>(
        &self,
        (series, points): (usize, usize),
        sink: Option<&Sink<'_>>,
        make: impl Fn() -> J + Sync,
        work: impl Fn(&mut Desk<J>, usize) -> Result<(Row, usize), QueryError> + Sync,
    ) -> Result<Vec<Row>, QueryError> {
        let amount = Amount { series, points, threads: self.threads };
        let desk = || Desk {
            columns: Columns::default(),
            coarse: None,
            any_coarse: false,
            track: Track::default(),
            judge: make(),
            groups: GroupCache::default(),
        };
        if let Some(sink) = sink {
            let shaped = |desk: &mut Desk<J>, at: usize| {
                self.budget.charge(points)?;
                let (row, samples) = work(desk, at)?;
                Ok((sink.shape(row, &mut desk.groups)?, samples))
            };
            in_order(amount, desk, shaped, |shaped| sink.take(shaped))?;
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        let kept = |desk: &mut Desk<J>, at: usize| {
            self.budget.charge(points)?;
            let (row, samples) = work(desk, at)?;
            Ok((row.has_values().then_some(row), samples))
        };
        in_order(amount, desk, kept, |row: Row| {
            self.held.hold(row.bytes())?;
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }
}

/// A budget that was spent while rows of a selector were made was spent on that selector.
fn name_wide(error: QueryError, found: &Found<'_>) -> QueryError {
    match error {
        QueryError::Budget(spent) => found.too_wide(spent.into()),
        other => other,
    }
}
