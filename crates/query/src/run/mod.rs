//! The executor: each node of an expression is evaluated for all steps at once, one column per series.

mod aggregate;
mod binary;
pub(crate) mod flow;
mod functions;
mod narrow;
mod newest;
pub(crate) mod notes;
pub(crate) mod reads;
pub(crate) mod rows;
mod sums;
mod windows;

use std::sync::{Mutex, MutexGuard, PoisonError};

use flow::held::Held;
use model::{Budget, SeriesSource, is_stale};
use notes::Notes;
use reads::{Plan, Reads};
use rows::{Grid, Row, Table, join_same, nameless};

use crate::{
    EngineOptions, QueryError,
    explain::Trace,
    parse::{
        kept::Share,
        node::{Node, Shape},
    },
    reuse::Round,
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
    /// Threads it may work with.
    pub(crate) threads: usize,
    reads: Reads<'q>,
    pub(crate) held: Held<'q>,
    /// What is noted of how it goes, if somebody wants to know.
    pub(crate) trace: Option<&'q Trace<'q>>,
    /// What is shared with other questions of the same time.
    pub(crate) round: Option<&'q Round>,
    notes: Mutex<Notes>,
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
        let threads = options.threads.max(1);
        let held = Held::new(budget);
        Self {
            options,
            text,
            budget,
            query,
            ranged,
            threads,
            reads,
            held,
            trace: None,
            round: None,
            notes: Mutex::default(),
        }
    }

    /// What was remarked.
    pub(crate) fn into_notes(self) -> Notes {
        self.notes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on what the source says of its answer.
    pub(crate) fn note_source(&self, what: &str) {
        self.notes().warn_as_is(what);
    }

    /// Remarks something that may make the answer wrong.
    pub(crate) fn warn(&self, at: Option<usize>, what: &str) {
        self.notes().warn(self.text, at, what);
    }

    /// Remarks something worth knowing.
    pub(crate) fn inform(&self, at: Option<usize>, what: &str) {
        self.notes().inform(self.text, at, what);
    }

    /// The value of a node at all steps of a grid.
    pub(crate) fn eval(&self, node: &Node, grid: Grid) -> Result<Table, QueryError> {
        let before = self.held.bytes();
        let begun = self.trace.map(Trace::begin);
        let table = self.eval_or_shared(node, grid)?;
        // What the nodes below held is gone by now.
        let bytes = table.bytes();
        self.held.settle(before + bytes)?;
        if let Some((trace, begun)) = self.trace.zip(begun) {
            trace.end(node, &begun, (table.series(), bytes));
            trace.held(self.held.peak());
        }
        Ok(table)
    }

    /// What another question of the round has computed already, or what it and later ones need not.
    fn eval_or_shared(&self, node: &Node, grid: Grid) -> Result<Table, QueryError> {
        let common = node.share.as_ref().filter(|own| Share::is_common(own));
        let shared = common.zip(self.round.filter(|_| grid == self.query));
        let Some((share, round)) = shared else { return self.eval_shape(node, grid) };
        if let Some(table) = round.get(share) {
            return Ok(table);
        }
        let before = self.notes().len();
        let table = self.eval_shape(node, grid)?;
        // What there is to remark of it, every question has to hear.
        if self.notes().len() == before {
            round.put(share, &table);
        }
        Ok(table)
    }

    fn eval_shape(&self, node: &Node, grid: Grid) -> Result<Table, QueryError> {
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
                Table::Rows(rows) => binary::negate(self, rows).map(Table::Rows),
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
}
