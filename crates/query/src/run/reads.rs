//! Reads what the selectors of a query need: each set of matchers once, over all the time it is asked for.

use std::{cell::RefCell, rc::Rc};

use model::{Budget, Columns, Matcher, Selection, SeriesSource, Time, TimeRange};

use super::rows::Grid;
use crate::{
    QueryError,
    parse::node::{Node, Pin, Selector, Shape, Shift, Subquery},
};

/// The reads of one query.
pub(crate) struct Reads<'q> {
    source: &'q dyn SeriesSource,
    budget: &'q dyn Budget,
    /// By the number of the selector: which read.
    by_selector: Vec<usize>,
    planned: RefCell<Vec<Read<'q>>>,
}

struct Read<'q> {
    matchers: &'q [Matcher],
    from: i64,
    to: i64,
    found: Option<Rc<[Columns]>>,
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
        needs.sort_by_key(|(selector, ..)| selector.number);
        let mut reads: Vec<Read<'q>> = Vec::new();
        let mut by_selector = Vec::with_capacity(needs.len());
        for (selector, from, to) in needs {
            let same = reads.iter_mut().position(|read| {
                read.matchers == selector.matchers && worth_joining(read, from, to)
            });
            let number = same.unwrap_or(reads.len());
            match same {
                Some(number) => {
                    reads[number].from = reads[number].from.min(from);
                    reads[number].to = reads[number].to.max(to);
                }
                None => reads.push(Read { matchers: &selector.matchers, from, to, found: None }),
            }
            by_selector.push(number);
        }
        Self { source, budget, by_selector, planned: RefCell::new(reads) }
    }

    /// The series of a selector, with at least the samples it needs.
    pub(crate) fn get(&self, selector: &Selector) -> Result<Rc<[Columns]>, QueryError> {
        let Some(number) = self.by_selector.get(selector.number) else {
            return Ok(Rc::from([]));
        };
        let mut reads = self.planned.borrow_mut();
        let read = &mut reads[*number];
        if let Some(found) = &read.found {
            return Ok(Rc::clone(found));
        }
        if read.from > read.to {
            // At the ends of time nothing is left of a range.
            return Ok(Rc::from([]));
        }
        let range = TimeRange { from: Time(read.from), to: Time(read.to) };
        let selection = Selection::new(read.matchers, range, self.budget);
        let found: Rc<[Columns]> = Rc::from(self.source.select(&selection)?);
        read.found = Some(Rc::clone(&found));
        Ok(found)
    }
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

impl Plan {
    fn collect<'n>(&self, node: &'n Node, grid: Grid, needs: &mut Vec<(&'n Selector, i64, i64)>) {
        match &node.shape {
            Shape::Number(_) | Shape::Text(_) => {}
            Shape::Select(selector) => self.need(selector, self.lookback, grid, needs),
            Shape::Window(selector, range) => self.need(selector, *range, grid, needs),
            Shape::Subquery(subquery) => {
                let gaze = Gaze::new(subquery.shift, self.query);
                let inner = subquery_grid(subquery, gaze, grid, self.interval);
                self.collect(&subquery.inner, inner, needs);
            }
            Shape::Call(call) => call.args.iter().for_each(|arg| self.collect(arg, grid, needs)),
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

    fn need<'n>(
        &self,
        selector: &'n Selector,
        range: i64,
        grid: Grid,
        needs: &mut Vec<(&'n Selector, i64, i64)>,
    ) {
        let gaze = Gaze::new(selector.shift, self.query);
        // Ranges are open to the left.
        let from = gaze.moment(grid.from).saturating_sub(range).saturating_add(1);
        needs.push((selector, from, gaze.moment(grid.last())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subqueries_are_aligned_to_multiples_of_their_step_and_open_to_the_left() {
        let inner = Node { at: None, shape: Shape::Number(1.0) };
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
