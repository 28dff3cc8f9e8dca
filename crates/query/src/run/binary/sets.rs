//! Set operators: which values stay depends on whether the other side has any with the same labels.

use super::sides::pairs;
use crate::{
    QueryError,
    parse::node::{Matching, Operator},
    run::{
        Run,
        rows::{ABSENT, Row, join_same},
    },
};

/// The value of a set operator at all steps.
pub(super) fn combine(
    run: &Run<'_>,
    operator: Operator,
    matching: &Matching,
    (mut left, mut right): (Vec<Row>, Vec<Row>),
) -> Result<Vec<Row>, QueryError> {
    for pair in pairs(&left, &right, &matching.labels) {
        run.budget.charge(0)?;
        match operator {
            Operator::And => {
                keep_where(&mut left, &pair.left, &presence(&right, &pair.right), true);
            }
            Operator::Unless => {
                keep_where(&mut left, &pair.left, &presence(&right, &pair.right), false);
            }
            _ => keep_where(&mut right, &pair.right, &presence(&left, &pair.left), false),
        }
    }
    if operator == Operator::Or {
        left.append(&mut right);
    }
    left.retain(Row::has_values);
    // The same series may come from both sides, at different steps.
    if operator == Operator::Or { join_same(left) } else { Ok(left) }
}

/// At which steps any of these rows has a value.
fn presence(rows: &[Row], members: &[usize]) -> Vec<bool> {
    let mut present = Vec::new();
    for member in members {
        let row = &rows[*member];
        present.resize(row.values.len(), false);
        for (number, present) in present.iter_mut().enumerate() {
            *present |= row.is_there(number);
        }
    }
    present
}

fn keep_where(rows: &mut [Row], members: &[usize], present: &[bool], wanted: bool) {
    for member in members {
        let row = &mut rows[*member];
        for (number, value) in row.values.iter_mut().enumerate() {
            if present.get(number).copied().unwrap_or(false) != wanted {
                *value = ABSENT;
                if let Some(histogram) = row.histograms.get_mut(number) {
                    *histogram = None;
                }
            }
        }
    }
}
