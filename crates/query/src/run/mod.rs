//! The executor: each node of an expression is evaluated for all steps at once, one column per series.

mod aggregate;
mod binary;
mod functions;
pub(crate) mod notes;
pub(crate) mod reads;
pub(crate) mod rows;
mod sums;
mod windows;

use std::{cell::RefCell, sync::Arc};

use model::{Budget, Columns, SeriesSource, is_stale};
use notes::Notes;
use reads::{Gaze, Plan, Reads};
use rows::{ABSENT, Grid, Row, Table, join_same, nameless};

use crate::{
    EngineOptions, QueryError,
    parse::node::{Node, Selector, Shape},
};

/// One query while it runs.
pub(crate) struct Run<'q> {
    pub(crate) options: EngineOptions,
    pub(crate) text: &'q str,
    pub(crate) budget: &'q dyn Budget,
    /// The steps of the query itself; subqueries have others.
    pub(crate) query: Grid,
    /// Whether it asks for a range of time.
    pub(crate) ranged: bool,
    reads: Reads<'q>,
    notes: RefCell<Notes>,
}

/// What an instant selector is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// The value of the newest sample.
    Value,
    /// Its time, in seconds.
    Time,
}

impl<'q> Run<'q> {
    /// Prepares a query.
    pub(crate) fn new(
        options: EngineOptions,
        text: &'q str,
        root: &'q Node,
        (query, ranged): (Grid, bool),
        (source, budget): (&'q dyn SeriesSource, &'q dyn Budget),
    ) -> Self {
        let plan = Plan {
            query,
            lookback: options.lookback.as_millis(),
            interval: options.interval.as_millis(),
        };
        let reads = Reads::plan(source, budget, root, &plan);
        Self { options, text, budget, query, ranged, reads, notes: RefCell::default() }
    }

    /// What was remarked.
    pub(crate) fn into_notes(self) -> Notes {
        self.notes.into_inner()
    }

    /// Remarks something that may make the answer wrong.
    pub(crate) fn warn(&self, at: Option<usize>, what: &str) {
        self.notes.borrow_mut().warn(self.text, at, what);
    }

    /// Remarks something worth knowing.
    pub(crate) fn inform(&self, at: Option<usize>, what: &str) {
        self.notes.borrow_mut().inform(self.text, at, what);
    }

    /// The value of a node at all steps of a grid.
    pub(crate) fn eval(&self, node: &Node, grid: Grid) -> Result<Table, QueryError> {
        match &node.shape {
            Shape::Number(value) => Ok(Table::Scalar(vec![*value; grid.points])),
            Shape::Text(text) => Ok(Table::Text(text.clone())),
            Shape::Select(selector) => self.newest(selector, grid, Take::Value).map(Table::Rows),
            Shape::Window(..) | Shape::Subquery(_) => {
                Err(QueryError::execution("a range of values is not allowed here"))
            }
            Shape::Call(call) => functions::call(self, call, node.at, grid),
            Shape::Aggregate(aggregate) => {
                aggregate::aggregate(self, aggregate, grid).map(Table::Rows)
            }
            Shape::Binary(binary) => binary::binary(self, binary, grid),
            Shape::Negate(inner) => match self.eval(inner, grid)? {
                Table::Rows(rows) => self.map(rows, |_, value| -value).map(Table::Rows),
                Table::Scalar(mut values) => {
                    for value in &mut values {
                        *value = -*value;
                    }
                    Ok(Table::Scalar(values))
                }
                text @ Table::Text(_) => Ok(text),
            },
        }
    }

    /// The value of a node that is a vector; a scalar becomes a series without labels.
    pub(crate) fn rows(&self, node: &Node, grid: Grid) -> Result<Vec<Row>, QueryError> {
        match self.eval(node, grid)? {
            Table::Rows(rows) => Ok(rows),
            Table::Scalar(values) => Ok(vec![Row::floats(model::Labels::empty(), false, values)]),
            Table::Text(_) => Err(QueryError::execution("a text is not allowed here")),
        }
    }

    /// The value of a node that is a number per step.
    pub(crate) fn numbers(&self, node: &Node, grid: Grid) -> Result<Vec<f64>, QueryError> {
        match self.eval(node, grid)? {
            Table::Scalar(values) => Ok(values),
            Table::Rows(_) | Table::Text(_) => {
                Err(QueryError::execution("a number is needed here"))
            }
        }
    }

    /// Changes every float that is there, and drops native histograms and the names; the function gets the step's number as well.
    pub(crate) fn map(
        &self,
        mut rows: Vec<Row>,
        change: impl Fn(usize, f64) -> f64,
    ) -> Result<Vec<Row>, QueryError> {
        for row in &mut rows {
            self.budget.charge(0)?;
            row.histograms = Vec::new();
            for (number, value) in row.values.iter_mut().enumerate() {
                if !is_stale(*value) {
                    *value = change(number, *value);
                }
            }
        }
        self.drop_names(rows)
    }

    /// Takes the metric's name from rows whose values are not the metric's any more.
    pub(crate) fn drop_names(&self, mut rows: Vec<Row>) -> Result<Vec<Row>, QueryError> {
        if self.options.delayed_name_removal {
            for row in &mut rows {
                row.drop_name = true;
            }
            return Ok(rows);
        }
        for row in &mut rows {
            row.labels = nameless(&row.labels);
        }
        join_same(rows)
    }

    /// The names that were to go at the end go.
    pub(crate) fn finish(mut rows: Vec<Row>) -> Result<Vec<Row>, QueryError> {
        for row in rows.iter_mut().filter(|row| row.drop_name) {
            row.labels = nameless(&row.labels);
        }
        rows.retain(Row::has_values);
        join_same(rows)
    }

    /// The newest sample of each series at each step, not older than the look-back.
    pub(crate) fn newest(
        &self,
        selector: &Selector,
        grid: Grid,
        take: Take,
    ) -> Result<Vec<Row>, QueryError> {
        let gaze = Gaze::new(selector.shift, self.query);
        let lookback = self.options.lookback.as_millis();
        let mut rows = Vec::new();
        for columns in self.reads.get(selector)?.iter() {
            self.budget.charge(grid.points)?;
            let row = newest_of(columns, grid, (gaze, lookback), take);
            if row.has_values() {
                rows.push(row);
            }
        }
        Ok(rows)
    }
}

/// The newest sample of one series at each step.
fn newest_of(columns: &Columns, grid: Grid, (gaze, lookback): (Gaze, i64), take: Take) -> Row {
    let mut row = Row::floats(columns.labels.clone(), false, Vec::with_capacity(grid.points));
    let mut next = 0;
    for step in grid.times() {
        let moment = gaze.moment(step);
        while columns.times.get(next).is_some_and(|time| *time <= moment) {
            next += 1;
        }
        let newest = next
            .checked_sub(1)
            .map(|at| (columns.times[at], columns.values[at]))
            .filter(|(time, _)| *time > moment.saturating_sub(lookback));
        row.values.push(match newest {
            Some((_, value)) if is_stale(value) => ABSENT,
            Some((_, value)) if take == Take::Value => value,
            Some((time, _)) => time as f64 / 1000.0,
            None => ABSENT,
        });
    }
    if !columns.histograms.is_empty() {
        put_histograms(&mut row, columns, grid, (gaze, lookback), take);
    }
    row
}

/// Puts the newest native histogram at each step where it is newer than the newest float.
fn put_histograms(
    row: &mut Row,
    columns: &Columns,
    grid: Grid,
    (gaze, lookback): (Gaze, i64),
    take: Take,
) {
    let mut histograms = vec![None; grid.points];
    for (number, step) in grid.times().enumerate() {
        let moment = gaze.moment(step);
        let oldest = moment.saturating_sub(lookback);
        let next = columns.histograms.partition_point(|sample| sample.time.millis() <= moment);
        let newest = next.checked_sub(1).and_then(|at| columns.histograms.get(at));
        let Some(newest) = newest.filter(|sample| sample.time.millis() > oldest) else { continue };
        let float = columns.times.partition_point(|time| *time <= moment);
        let float = float.checked_sub(1).map(|at| columns.times[at]);
        if float.is_some_and(|time| time > newest.time.millis()) {
            continue;
        }
        row.values[number] = ABSENT;
        if newest.histogram.is_stale() {
            continue;
        }
        match take {
            Take::Value => histograms[number] = Some(Arc::clone(&newest.histogram)),
            Take::Time => row.values[number] = newest.time.millis() as f64 / 1000.0,
        }
    }
    if histograms.iter().any(Option::is_some) {
        row.histograms = histograms;
    }
}
