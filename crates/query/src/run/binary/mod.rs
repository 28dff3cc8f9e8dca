//! Binary operators between numbers, between numbers and vectors, and between vectors.

mod join;
mod native;
mod quick;
mod sets;
mod sides;

pub(super) use native::negate;

use super::{
    Run,
    rows::{ABSENT, Grid, Row, Table, is_present},
};
use crate::{
    QueryError,
    parse::node::{Binary, Operator, Shape},
};

/// The value of a binary expression at all steps.
pub(super) fn binary(run: &Run<'_>, binary: &Binary, grid: Grid) -> Result<Table, QueryError> {
    let operator = binary.operator;
    let left = run.eval(&binary.left, grid)?;
    if is_settled(&left, binary) {
        return Ok(left);
    }
    let right = run.eval(&binary.right, grid)?;
    run.budget.charge(0)?;
    match (left, right) {
        (Table::Scalar(mut left), Table::Scalar(right)) => {
            for (left, right) in left.iter_mut().zip(right) {
                *left = apply(operator, *left, right);
            }
            Ok(Table::Scalar(left))
        }
        (Table::Rows(rows), Table::Scalar(numbers)) if is_native(operator, &rows) => {
            native::with_numbers(run, binary, rows, (&numbers, false)).map(Table::Rows)
        }
        (Table::Scalar(numbers), Table::Rows(rows)) if is_native(operator, &rows) => {
            native::with_numbers(run, binary, rows, (&numbers, true)).map(Table::Rows)
        }
        (Table::Rows(rows), Table::Scalar(numbers)) => {
            let apply_to = |number: usize, value: f64| (value, numbers[number]);
            with_numbers(run, binary, rows, apply_to).map(Table::Rows)
        }
        (Table::Scalar(numbers), Table::Rows(rows)) => {
            let apply_to = |number: usize, value: f64| (numbers[number], value);
            with_numbers(run, binary, rows, apply_to).map(Table::Rows)
        }
        (Table::Rows(left), Table::Rows(right)) if operator.is_set() => {
            sets::combine(run, operator, &binary.matching, (left, right)).map(Table::Rows)
        }
        (Table::Rows(left), Table::Rows(right)) => {
            join::join(run, binary, (&left, &right), grid).map(Table::Rows)
        }
        _ => Err(QueryError::execution("a text is not allowed in a binary expression")),
    }
}

/// Whether a left side without series settles it, whatever is on the right: nothing can match. An expression on the
/// right may be wrong in itself, and has to be looked at for that.
fn is_settled(left: &Table, binary: &Binary) -> bool {
    if !matches!(binary.right.shape, Shape::Select(_)) {
        return false;
    }
    let filled = binary.matching.fill_left.is_some() || binary.matching.fill_right.is_some();
    let none = matches!(left, Table::Rows(rows) if rows.is_empty());
    none && !filled && binary.operator != Operator::Or
}

/// Whether more than floats has to be thought of.
fn is_native(operator: Operator, rows: &[Row]) -> bool {
    operator.is_trim() || rows.iter().any(|row| !row.histograms.is_empty())
}

/// Applies the operator between every value of a vector and the number of its step.
fn with_numbers(
    run: &Run<'_>,
    binary: &Binary,
    mut rows: Vec<Row>,
    sides: impl Fn(usize, f64) -> (f64, f64),
) -> Result<Vec<Row>, QueryError> {
    let operator = binary.operator;
    if !operator.compares() || binary.as_bool {
        return run.map(rows, |number, value| {
            let (left, right) = sides(number, value);
            apply(operator, left, right)
        });
    }
    for row in &mut rows {
        run.budget.charge(0)?;
        for (number, value) in row.values.iter_mut().enumerate() {
            let (left, right) = sides(number, *value);
            if is_present(*value) && !holds(operator, left, right) {
                *value = ABSENT;
            }
        }
    }
    rows.retain(Row::has_values);
    Ok(rows)
}

/// The value of an operator; comparisons give 0 or 1.
pub(super) fn apply(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mul => left * right,
        Operator::Div => left / right,
        Operator::Mod => left % right,
        Operator::Pow => left.powf(right),
        Operator::Atan2 => left.atan2(right),
        _ => f64::from(u8::from(holds(operator, left, right))),
    }
}

#[expect(clippy::float_cmp, reason = "that is what these operators ask")]
pub(super) fn holds(operator: Operator, left: f64, right: f64) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => left < right,
        Operator::LessOrEqual => left <= right,
        Operator::Greater => left > right,
        Operator::GreaterOrEqual => left >= right,
        _ => false,
    }
}
