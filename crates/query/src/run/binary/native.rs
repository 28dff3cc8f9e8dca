//! Binary operators where an operand is a native histogram.

use std::sync::Arc;

use model::Histogram;

use super::{apply, holds};
use crate::{
    QueryError,
    histogram::{Keep, Mixed, Remarks, add, equal, scale, shrink, subtract, trim},
    parse::node::{Binary, Operator},
    run::{
        Run,
        rows::{ABSENT, Row, is_present},
    },
};

/// One side of an operator at one step.
#[derive(Clone, Copy)]
pub(super) enum Operand<'o> {
    Float(f64),
    Histogram(&'o Arc<Histogram>),
}

/// What came of an operator at one step.
pub(super) enum Outcome {
    /// A comparison did not hold, or the operator has no meaning for these kinds.
    Dropped,
    Float(f64),
    Histogram(Arc<Histogram>),
}

impl Row {
    /// The value of either kind at a step.
    pub(super) fn operand(&self, step: usize) -> Option<Operand<'_>> {
        match self.values.get(step) {
            Some(value) if is_present(*value) => Some(Operand::Float(*value)),
            _ => self.histogram(step).map(Operand::Histogram),
        }
    }

    /// Puts down what came of a step; the row has room for its value already.
    pub(super) fn put_outcome(&mut self, step: usize, outcome: Outcome) {
        let (value, histogram) = match outcome {
            Outcome::Dropped => (ABSENT, None),
            Outcome::Float(value) => (value, None),
            Outcome::Histogram(histogram) => (ABSENT, Some(histogram)),
        };
        self.values[step] = value;
        if histogram.is_some() && self.histograms.is_empty() {
            self.histograms.resize(self.values.len(), None);
        }
        if let Some(place) = self.histograms.get_mut(step) {
            *place = histogram;
        }
    }
}

/// Every value with its sign turned.
pub(in crate::run) fn negate(run: &Run<'_>, mut rows: Vec<Row>) -> Result<Vec<Row>, QueryError> {
    for row in &mut rows {
        run.budget.charge(0)?;
        for value in row.values.iter_mut().filter(|value| is_present(**value)) {
            *value = -*value;
        }
        for histogram in row.histograms.iter_mut().flatten() {
            *histogram = Arc::new(scale(histogram, -1.0));
        }
    }
    run.drop_names(rows)
}

/// Applies the operator between every value of a vector that has native histograms and the number of its step.
pub(super) fn with_numbers(
    run: &Run<'_>,
    binary: &Binary,
    mut rows: Vec<Row>,
    (numbers, number_is_left): (&[f64], bool),
) -> Result<Vec<Row>, QueryError> {
    for row in &mut rows {
        run.budget.charge(0)?;
        for (step, number) in numbers.iter().enumerate() {
            let Some(own) = row.operand(step) else { continue };
            let number = Operand::Float(*number);
            let outcome = if number_is_left {
                match (combine(run, binary, number, own), own) {
                    // A comparison keeps the value of the vector, whatever side it is on.
                    (Outcome::Float(_), Operand::Float(value)) if filters(binary) => {
                        Outcome::Float(value)
                    }
                    (outcome, _) => outcome,
                }
            } else {
                combine(run, binary, own, number)
            };
            row.put_outcome(step, outcome);
        }
    }
    if binary.operator.renames() || binary.as_bool {
        return run.drop_names(rows);
    }
    rows.retain(Row::has_values);
    Ok(rows)
}

fn filters(binary: &Binary) -> bool {
    binary.operator.compares() && !binary.as_bool
}

/// The outcome of an operator between two values of any kinds.
pub(super) fn combine(
    run: &Run<'_>,
    binary: &Binary,
    left: Operand<'_>,
    right: Operand<'_>,
) -> Outcome {
    let operator = binary.operator;
    let outcome = match (left, right) {
        (Operand::Float(left), Operand::Float(right)) if !operator.is_trim() => {
            return match filters(binary) {
                false => Outcome::Float(apply(operator, left, right)),
                true if holds(operator, left, right) => Outcome::Float(left),
                true => Outcome::Dropped,
            };
        }
        (Operand::Float(number), Operand::Histogram(histogram)) => match operator {
            Operator::Mul => Some(Outcome::Histogram(Arc::new(scale(histogram, number)))),
            _ => None,
        },
        (Operand::Histogram(histogram), Operand::Float(number)) => match operator {
            Operator::Mul => Some(Outcome::Histogram(Arc::new(scale(histogram, number)))),
            Operator::Div => Some(Outcome::Histogram(Arc::new(shrink(histogram, number)))),
            Operator::TrimUpper => Some(trimmed(histogram, Keep::Below, number)),
            Operator::TrimLower => Some(trimmed(histogram, Keep::Above, number)),
            _ => None,
        },
        (Operand::Histogram(left), Operand::Histogram(right)) => {
            of_histograms(run, binary, left, right)
        }
        _ => None,
    };
    match outcome {
        None => {
            tell_incompatible(run, binary, left, right);
            Outcome::Dropped
        }
        Some(Outcome::Dropped) if binary.as_bool => Outcome::Float(0.0),
        Some(Outcome::Histogram(_)) if binary.as_bool => Outcome::Float(1.0),
        Some(outcome) => outcome,
    }
}

fn trimmed(histogram: &Histogram, keep: Keep, value: f64) -> Outcome {
    Outcome::Histogram(Arc::new(trim(histogram, keep, value)))
}

fn of_histograms(
    run: &Run<'_>,
    binary: &Binary,
    left: &Arc<Histogram>,
    right: &Arc<Histogram>,
) -> Option<Outcome> {
    let kept = |keep: bool| {
        if keep { Outcome::Histogram(Arc::clone(left)) } else { Outcome::Dropped }
    };
    match binary.operator {
        Operator::Equal => Some(kept(equal(left, right))),
        Operator::NotEqual => Some(kept(!equal(left, right))),
        Operator::Add => Some(told(run, binary, "addition", add(left, right))),
        Operator::Sub => Some(told(run, binary, "subtraction", subtract(left, right))),
        _ => None,
    }
}

fn told(
    run: &Run<'_>,
    binary: &Binary,
    doing: &str,
    outcome: Result<(Histogram, Remarks), Mixed>,
) -> Outcome {
    let at = binary.left.at;
    let Ok((histogram, remarks)) = outcome else {
        run.warn(
            at,
            "vector contains a mix of histograms with exponential and custom buckets schemas",
        );
        return Outcome::Dropped;
    };
    if remarks.collision {
        run.warn(at, &format!("conflicting counter resets during histogram {doing}"));
    }
    if remarks.reconciled {
        run.inform(at, &format!("mismatched custom buckets were reconciled during {doing}"));
    }
    Outcome::Histogram(Arc::new(histogram))
}

fn tell_incompatible(run: &Run<'_>, binary: &Binary, left: Operand<'_>, right: Operand<'_>) {
    let kind = |operand| match operand {
        Operand::Float(_) => "float",
        Operand::Histogram(_) => "histogram",
    };
    let (left, right, operator) = (kind(left), kind(right), binary.operator.shown());
    run.inform(
        binary.left.at,
        &format!(
            "incompatible sample types encountered for binary operator \"{operator}\": {left} {operator} {right}"
        ),
    );
}
