//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`: values of one kind only, as in Go.

use std::cmp::Ordering;

use super::{
    run::{RunError, fail},
    value::Value,
};

/// `eq`: whether the first is the same as any of the others.
pub(super) fn equal_any(values: &[Value]) -> Result<bool, RunError> {
    let Some((first, others)) = values.split_first() else {
        return fail("wrong number of args for eq: want at least 1 got 0");
    };
    if others.is_empty() {
        return fail("error calling eq: missing argument for comparison");
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two values are the same.
pub(super) fn equal(left: &Value, right: &Value) -> Result<bool, RunError> {
    match (left, right) {
        (Value::Nil | Value::Missing, Value::Nil | Value::Missing) => Ok(true),
        (Value::Nil | Value::Missing, _) | (_, Value::Nil | Value::Missing) => Ok(false),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Float(left), Value::Float(right)) => {
            Ok(left.partial_cmp(right) == Some(Ordering::Equal))
        }
        (Value::Text(left), Value::Text(right)) => Ok(left == right),
        (Value::Moment(left), Value::Moment(right)) => Ok(left == right),
        (left, right) => match (whole(left), whole(right)) {
            (Some(left), Some(right)) => Ok(left == right),
            _ => incompatible(left, right),
        },
    }
}

/// Whether the order of two values is one of those wanted.
pub(super) fn ordered(values: &[Value], wanted: &[Ordering]) -> Result<bool, RunError> {
    let [left, right] = values else {
        return fail(format!("wrong number of args for comparison: want 2 got {}", values.len()));
    };
    let order = match (left, right) {
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (left, right) => match (whole(left), whole(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => return incompatible(left, right),
        },
    };
    Ok(order.is_some_and(|order| wanted.contains(&order)))
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) | Value::Lapse(value) => Some(*value),
        _ => None,
    }
}

fn incompatible(left: &Value, right: &Value) -> Result<bool, RunError> {
    fail(format!(
        "incompatible types for comparison: {} and {}; write whole numbers as in `90.0` to compare with a value",
        left.kind(),
        right.kind()
    ))
}
