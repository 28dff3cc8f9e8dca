//! The executor: each node of an expression is evaluated for all steps at once, one column per series.

mod aggregate;
mod binary;
mod functions;
pub(crate) mod notes;
pub(crate) mod reads;
pub(crate) mod rows;
mod sums;
mod windows;

use std::cell::RefCell;

use model::{Budget, SeriesSource, is_stale};
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
            Table::Scalar(values) => {
                Ok(vec![Row { labels: model::Labels::empty(), drop_name: false, values }])
            }
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

    /// Changes every value that is there, and drops the names; the function gets the step's number as well.
    pub(crate) fn map(
        &self,
        mut rows: Vec<Row>,
        change: impl Fn(usize, f64) -> f64,
    ) -> Result<Vec<Row>, QueryError> {
        for row in &mut rows {
            self.budget.charge(0)?;
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
            let mut values = Vec::with_capacity(grid.points);
            let mut next = 0;
            let mut any = false;
            for step in grid.times() {
                let moment = gaze.moment(step);
                while columns.times.get(next).is_some_and(|time| *time <= moment) {
                    next += 1;
                }
                let newest = next
                    .checked_sub(1)
                    .map(|at| (columns.times[at], columns.values[at]))
                    .filter(|(time, _)| *time > moment.saturating_sub(lookback));
                let value = match newest {
                    Some((_, value)) if is_stale(value) => ABSENT,
                    Some((_, value)) if take == Take::Value => value,
                    Some((time, _)) => time as f64 / 1000.0,
                    None => ABSENT,
                };
                any |= !is_stale(value);
                values.push(value);
            }
            if any {
                rows.push(Row { labels: columns.labels.clone(), drop_name: false, values });
            }
        }
        Ok(rows)
    }
}
