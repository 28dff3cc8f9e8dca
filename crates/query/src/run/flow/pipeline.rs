//! Which expressions give their rows one by one: a selector or a function of its windows, changed by numbers.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::stream::{Change, Sink};
use crate::{
    QueryError, ValueKind,
    parse::node::{Aggregate, Binary, Call, Node, Selector, Shape},
    run::{
        Run, Take,
        aggregate::{fold::Folds, groups::Groups},
        binary, functions,
        rows::{ABSENT, Grid, Row},
    },
};

/// An expression whose rows come one by one.
struct Pipeline<'n> {
    leaf: Leaf<'n>,
    changes: Vec<Change<'n>>,
    renamed: bool,
}

enum Leaf<'n> {
    Newest(&'n Selector),
    Windows(&'n Call),
}

impl Run<'_> {
    /// Folds the rows of an aggregation as they come; nothing if they have to be there all at once.
    pub(crate) fn fold_as_they_come(
        &self,
        aggregate: &Aggregate,
        grid: Grid,
    ) -> Result<Option<Vec<Row>>, QueryError> {
        let Some(pipeline) = self.pipeline(&aggregate.inner, grid)? else { return Ok(None) };
        let groups = Groups::new(&aggregate.grouping);
        let folds = Mutex::new(Folds::new(aggregate.how, grid.points));
        let refused = AtomicBool::new(false);
        let sink = Sink {
            changes: pipeline.changes,
            renamed: pipeline.renamed,
            delayed: self.options.delayed_name_removal,
            groups: &groups,
            folds: &folds,
            held: &self.held,
            refused: &refused,
        };
        let outcome = match pipeline.leaf {
            Leaf::Newest(selector) => self.newest_into(selector, grid, Take::Value, Some(&sink)),
            Leaf::Windows(call) => functions::range_call(self, call, grid, Some(&sink)),
        };
        drop(sink);
        if refused.load(Ordering::Relaxed) {
            return Ok(None);
        }
        outcome?;
        let folds = folds.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(folds.into_rows(groups.into_labels())))
    }

    fn pipeline<'n>(&self, node: &'n Node, grid: Grid) -> Result<Option<Pipeline<'n>>, QueryError> {
        match &node.shape {
            Shape::Select(selector) => Ok(Some(Pipeline {
                leaf: Leaf::Newest(selector),
                changes: Vec::new(),
                renamed: false,
            })),
            Shape::Call(call) => Ok(of_windows(call)),
            Shape::Negate(inner) => {
                let pipeline = self.pipeline(inner, grid)?;
                Ok(pipeline.and_then(|own| own.then(true, Box::new(|_, value| -value))))
            }
            Shape::Binary(own) => self.with_numbers(own, grid),
            _ => Ok(None),
        }
    }

    /// A vector and a number for each step.
    fn with_numbers<'n>(
        &self,
        own: &'n Binary,
        grid: Grid,
    ) -> Result<Option<Pipeline<'n>>, QueryError> {
        let (vector, number, number_is_left) = match (own.left.kind(), own.right.kind()) {
            (ValueKind::Vector, ValueKind::Scalar) => (&own.left, &own.right, false),
            (ValueKind::Scalar, ValueKind::Vector) => (&own.right, &own.left, true),
            _ => return Ok(None),
        };
        // A number that needs series itself would be computed twice, should the rows be refused.
        let mut selects = false;
        number.each_selector(&mut |_| selects = true);
        if own.operator.is_set() || selects {
            return Ok(None);
        }
        let Some(pipeline) = self.pipeline(vector, grid)? else { return Ok(None) };
        let numbers = self.numbers(number, grid)?;
        let (operator, filters) = (own.operator, own.operator.compares() && !own.as_bool);
        let change: Change<'n> = Box::new(move |step, value| {
            let number = numbers.get(step).copied().unwrap_or(f64::NAN);
            let (left, right) = if number_is_left { (number, value) } else { (value, number) };
            match filters {
                false => binary::apply(operator, left, right),
                true if binary::holds(operator, left, right) => value,
                true => ABSENT,
            }
        });
        Ok(pipeline.then(!filters, change))
    }
}

impl<'n> Pipeline<'n> {
    fn then(mut self, renames: bool, change: Change<'n>) -> Option<Self> {
        self.changes.push(change);
        self.renamed |= renames;
        // Without their names, series of several metrics may be the same: then all have to be there.
        (!self.renamed || self.leaf.has_one_name()).then_some(self)
    }
}

impl Leaf<'_> {
    fn has_one_name(&self) -> bool {
        match self {
            Self::Newest(selector) => selector.name.is_some(),
            Self::Windows(call) => call.args.iter().any(
                |arg| matches!(&arg.shape, Shape::Window(selector, _) if selector.name.is_some()),
            ),
        }
    }
}

fn of_windows(call: &Call) -> Option<Pipeline<'_>> {
    let windows = call.args.iter().any(|arg| matches!(arg.shape, Shape::Window(..)));
    if !windows || call.name == "absent_over_time" {
        return None;
    }
    let renamed = !functions::keeps_names(call.name);
    let leaf = Leaf::Windows(call);
    (!renamed || leaf.has_one_name()).then(|| Pipeline { leaf, changes: Vec::new(), renamed })
}
