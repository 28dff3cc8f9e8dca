//! The usual case of a join: one row on the side of one, floats only, nothing filled in.

use super::{apply, holds, join::Joined};
use crate::{
    QueryError,
    parse::node::{Binary, Operator},
    run::rows::{ABSENT, Row, is_present},
};

/// Whether two rows can be joined without looking at every step for who is there.
pub(super) fn fits(binary: &Binary, many: &Row, one: &Row) -> bool {
    many.histograms.is_empty() && one.histograms.is_empty() && !binary.operator.is_trim()
}

/// Puts the values of two rows into a series of the answer.
pub(super) fn join_two(
    binary: &Binary,
    (left, right): (&Row, &Row),
    into: &mut Joined,
) -> Result<(), QueryError> {
    let operator = binary.operator;
    let filters = operator.compares() && !binary.as_bool;
    let fresh = match operator {
        Operator::Add => zip(left, right, into, |left, right| left + right),
        Operator::Sub => zip(left, right, into, |left, right| left - right),
        Operator::Mul => zip(left, right, into, |left, right| left * right),
        Operator::Div => zip(left, right, into, |left, right| left / right),
        _ if filters => {
            zip(
                left,
                right,
                into,
                |left, right| {
                    if holds(operator, left, right) { left } else { ABSENT }
                },
            )
        }
        _ => zip(left, right, into, |left, right| apply(operator, left, right)),
    };
    if fresh { Ok(()) } else { Err(not_unique()) }
}

/// Two matches at one step for one series of the answer.
pub(super) fn not_unique() -> QueryError {
    QueryError::execution("multiple matches for labels: grouping labels must ensure unique matches")
}

/// Whether no step had a value before.
fn zip(left: &Row, right: &Row, into: &mut Joined, value: impl Fn(f64, f64) -> f64) -> bool {
    let mut fresh = true;
    let sides = left.values.iter().zip(&right.values);
    let places = into.row.values.iter_mut().zip(&mut into.taken);
    for ((left, right), (place, taken)) in sides.zip(places) {
        if is_present(*left) && is_present(*right) {
            fresh &= !*taken;
            *taken = true;
            *place = value(*left, *right);
        }
    }
    fresh
}
