//! Reads what the selectors of a query need, series by series: each set of matchers is found once, over all the time
//! it is asked for, and what several selectors share is kept if it is small.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use model::{
    Budget, BudgetSpent, Coarse, Columns, Figure, METRIC_NAME, MatchOp, Matcher, Selection,
    SeriesSet, SeriesSource, SourceError, Time, TimeRange,
};

use super::{flow::held::columns_bytes, narrow::figure_of, rows::Grid};
use crate::{
    QueryError,
    parse::node::{Node, Pin, Selector, Shape, Shift, Subquery},
};

/// Bytes of series that are kept because several selectors share them; more is read again.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// The reads of one query.
pub(crate) struct Reads<'q> {
    source: &'q dyn SeriesSource,
    budget: &'q dyn Budget,
    lookback: i64,
    /// By the number of the selector: which read.
    by_selector: Vec<usize>,
    planned: Mutex<Vec<Read<'q>>>,
}

struct Read<'q> {
    matchers: &'q [Matcher],
    figure: Figure,
    from: i64,
    to: i64,
    /// Selectors that have not had it yet.
    users: usize,
    found: Option<Arc<Found<'q>>>,
}

/// The series of a selector.
pub(crate) struct Found<'q> {
    set: Box<dyn SeriesSet + 'q>,
    budget: &'q dyn Budget,
    matchers: &'q [Matcher],
    /// Series that another selector will want again.
    kept: Vec<OnceLock<Columns>>,
    kept_bytes: AtomicUsize,
}

/// Where in time a selector or subquery looks, for a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gaze {
    offset: i64,
    pin: Option<i64>,
}

impl Gaze {
    /// How `offset` and `@` move the steps of a query.
    pub(crate) fn new(shift: Shift, query: Grid) -> Self {
        let pin = shift.pin.map(|pin| match pin {
            Pin::Start => query.from,
            Pin::End => query.last(),
            Pin::At(time) => time,
        });
        Self { offset: shift.offset, pin }
    }

    /// The moment looked at from a step.
    pub(crate) fn moment(&self, step: i64) -> i64 {
        self.pin.unwrap_or(step).saturating_sub(self.offset)
    }

    /// Whether every step looks at the same moment.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pin.is_some()
    }
}

/// The steps of a subquery, aligned to multiples of its own step, that windows ending between two moments need.
pub(crate) fn subquery_grid(subquery: &Subquery, gaze: Gaze, grid: Grid, interval: i64) -> Grid {
    let step = subquery.step.unwrap_or(interval).max(1);
    let before = gaze.moment(grid.from).saturating_sub(subquery.range);
    let from = before.div_euclid(step).saturating_add(1).saturating_mul(step);
    let last = gaze.moment(grid.last());
    let points = if grid.points == 0 || last < from {
        0
    } else {
        usize::try_from(last.saturating_sub(from) / step)
            .map_or(usize::MAX, |steps| steps.saturating_add(1))
    };
    Grid { from, step, points }
}

impl<'q> Reads<'q> {
    /// Plans the reads of an expression.
    pub(crate) fn plan(
        source: &'q dyn SeriesSource,
        budget: &'q dyn Budget,
        root: &'q Node,
        plan: &Plan,
    ) -> Self {
        let mut needs = Vec::new();
        plan.collect(root, plan.query, &mut needs);
        needs.sort_by_key(|need| need.selector.number);
        let mut reads: Vec<Read<'q>> = Vec::new();
        let mut by_selector = Vec::with_capacity(needs.len());
        for Need { selector, figure, from, to } in needs {
            let same = reads.iter_mut().position(|read| {
                read.figure == figure
                    && read.matchers == selector.matchers
                    && worth_joining(read, from, to)
            });
            let number = same.unwrap_or(reads.len());
            if let Some(read) = reads.get_mut(number) {
                read.from = read.from.min(from);
                read.to = read.to.max(to);
                read.users += 1;
            } else {
                let matchers = &selector.matchers;
                reads.push(Read { matchers, figure, from, to, users: 1, found: None });
            }
            by_selector.push(number);
        }
        Self { source, budget, lookback: plan.lookback, by_selector, planned: Mutex::new(reads) }
    }

    /// The series of a selector, with at least the samples it needs. Each selector is asked once.
    pub(crate) fn find(&self, selector: &Selector) -> Result<Arc<Found<'q>>, QueryError> {
        let mut reads = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.by_selector.get(selector.number).copied().unwrap_or(usize::MAX);
        let Some(read) = reads.get_mut(number) else {
            return Ok(Arc::new(Found::nothing(self.budget)));
        };
        read.users = read.users.saturating_sub(1);
        if let Some(found) = &read.found {
            let found = Arc::clone(found);
            if read.users == 0 {
                read.found = None;
            }
            return Ok(found);
        }
        if read.from > read.to {
            // At the ends of time nothing is left of a range.
            return Ok(Arc::new(Found::nothing(self.budget)));
        }
        let range = TimeRange { from: Time(read.from), to: Time(read.to) };
        let figure = read.figure;
        let selection = Selection { figure, ..Selection::new(read.matchers, range, self.budget) };
        let too_wide = |error| wide(error, read.matchers, None);
        let mut set = self.source.find(&selection).map_err(too_wide)?;
        if let Some(step) = set.coarsest() {
            // Down-sampled series are looked at from further back, see `narrow`.
            let more = step.as_millis().saturating_mul(2).saturating_add(self.lookback);
            let range = TimeRange { from: Time(read.from.saturating_sub(more)), ..range };
            set = self.source.find(&Selection { range, ..selection }).map_err(too_wide)?;
        }
        let mut found = Found::of(set, read.matchers, self.budget);
        if read.users > 0 {
            found.kept.resize_with(found.set.len(), OnceLock::new);
        }
        let found = Arc::new(found);
        if read.users > 0 {
            read.found = Some(Arc::clone(&found));
        }
        Ok(found)
    }
}

impl<'q> Found<'q> {
    fn of(set: Box<dyn SeriesSet + 'q>, matchers: &'q [Matcher], budget: &'q dyn Budget) -> Self {
        Self { set, budget, matchers, kept: Vec::new(), kept_bytes: AtomicUsize::new(0) }
    }

    fn nothing(budget: &'q dyn Budget) -> Self {
        Self::of(Box::new(Vec::new()), &[], budget)
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    /// What whoever asks should be told.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.set.warnings()
    }

    /// How a series was down-sampled, if it was.
    pub(crate) fn coarse(&self, at: usize) -> Option<Coarse> {
        self.set.coarsest().and_then(|_| self.set.coarse(at))
    }

    /// Whether any series may have been down-sampled.
    pub(crate) fn is_coarse(&self) -> bool {
        self.set.coarsest().is_some()
    }

    /// The samples of a series.
    pub(crate) fn read(&self, at: usize, into: &mut Columns) -> Result<(), QueryError> {
        if let Some(kept) = self.kept.get(at).and_then(OnceLock::get) {
            into.labels = kept.labels.clone();
            into.clear();
            into.times.extend_from_slice(&kept.times);
            into.values.extend_from_slice(&kept.values);
            into.histograms.extend_from_slice(&kept.histograms);
            return Ok(());
        }
        self.set.read(at, into).map_err(|error| self.too_wide(error))?;
        if let Some(place) = self.kept.get(at) {
            let bytes = columns_bytes(into);
            let before = self.kept_bytes.fetch_add(bytes, Ordering::Relaxed);
            let fits = before.saturating_add(bytes) <= KEPT_BYTES_MAX;
            if fits && self.budget.hold(bytes).is_ok() {
                // Another thread may have kept the same; what comes second goes.
                if place.set(into.clone()).is_err() {
                    self.budget.release(bytes);
                }
            } else {
                self.kept_bytes.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// An error of the budget, with what makes the query so wide.
    pub(crate) fn too_wide(&self, error: SourceError) -> QueryError {
        wide(error, self.matchers, Some(self.set.len()))
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        let kept = self.kept.iter().filter_map(OnceLock::get).map(columns_bytes).sum();
        self.budget.release(kept);
    }
}

fn wide(error: SourceError, matchers: &[Matcher], series: Option<usize>) -> QueryError {
    match error {
        SourceError::Budget(
            spent @ (BudgetSpent::Samples { .. }
            | BudgetSpent::Memory { .. }
            | BudgetSpent::Time { .. }),
        ) => QueryError::Wide { spent, selector: shown_selector(matchers), series },
        other => other.into(),
    }
}

/// Matchers as a selector is written: `up{job="node"}`.
pub(crate) fn shown_selector(matchers: &[Matcher]) -> String {
    let is_name = |own: &&Matcher| own.name() == METRIC_NAME && own.op() == MatchOp::Equal;
    let name = matchers.iter().find(is_name);
    let mut shown = name.map(|name| name.value().to_owned()).unwrap_or_default();
    let mut others = matchers.iter().filter(|own| name.is_none_or(|name| *own != name)).peekable();
    if others.peek().is_none() {
        return shown;
    }
    shown.push('{');
    while let Some(matcher) = others.next() {
        shown.push_str(&matcher.to_string());
        if others.peek().is_some() {
            shown.push(',');
        }
    }
    shown.push('}');
    shown
}

/// Two reads of the same series become one if little lies between them that neither needs.
fn worth_joining(read: &Read<'_>, from: i64, to: i64) -> bool {
    let joined = read.to.max(to).saturating_sub(read.from.min(from));
    let apart = read.to.saturating_sub(read.from).saturating_add(to.saturating_sub(from));
    joined <= apart
}

/// What the plan of the reads depends on besides the expression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) query: Grid,
    pub(crate) lookback: i64,
    pub(crate) interval: i64,
}

/// What a selector needs.
struct Need<'n> {
    selector: &'n Selector,
    figure: Figure,
    from: i64,
    to: i64,
}

impl Plan {
    fn collect<'n>(&self, node: &'n Node, grid: Grid, needs: &mut Vec<Need<'n>>) {
        match &node.shape {
            Shape::Number(_) | Shape::Text(_) => {}
            Shape::Select(selector) => {
                needs.push(self.need(selector, Figure::Last, self.lookback, grid));
            }
            Shape::Window(selector, range) => {
                needs.push(self.need(selector, Figure::Last, *range, grid));
            }
            Shape::Subquery(subquery) => {
                let gaze = Gaze::new(subquery.shift, self.query);
                let inner = subquery_grid(subquery, gaze, grid, self.interval);
                self.collect(&subquery.inner, inner, needs);
            }
            Shape::Call(call) => {
                for arg in &call.args {
                    if let Shape::Window(selector, range) = &arg.shape {
                        needs.push(self.need(selector, figure_of(call.name), *range, grid));
                    } else {
                        self.collect(arg, grid, needs);
                    }
                }
            }
            Shape::Aggregate(aggregate) => {
                if let Some(parameter) = &aggregate.parameter {
                    self.collect(parameter, grid, needs);
                }
                self.collect(&aggregate.inner, grid, needs);
            }
            Shape::Binary(binary) => {
                self.collect(&binary.left, grid, needs);
                self.collect(&binary.right, grid, needs);
            }
            Shape::Negate(inner) => self.collect(inner, grid, needs),
        }
    }

    fn need<'n>(&self, selector: &'n Selector, figure: Figure, range: i64, grid: Grid) -> Need<'n> {
        let gaze = Gaze::new(selector.shift, self.query);
        // Ranges are open to the left.
        let from = gaze.moment(grid.from).saturating_sub(range).saturating_add(1);
        Need { selector, figure, from, to: gaze.moment(grid.last()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subqueries_are_aligned_to_multiples_of_their_step_and_open_to_the_left() {
        let inner = Node::new(None, Shape::Number(1.0));
        let subquery = Subquery { inner, range: 50, step: Some(10), shift: Shift::default() };
        let query = Grid { from: 1003, step: 1, points: 1 };
        let gaze = Gaze::new(subquery.shift, query);
        let grid = subquery_grid(&subquery, gaze, query, 60_000);
        assert_eq!(grid, Grid { from: 960, step: 10, points: 5 });
        let query = Grid { from: 0, step: 1, points: 1 };
        let grid = subquery_grid(&subquery, gaze, query, 60_000);
        assert_eq!(grid, Grid { from: -40, step: 10, points: 5 });
    }
}
