//! Sorting of vectors; only the answers of instant queries keep the order.

use std::cmp::Ordering;

use super::text_of;
use crate::{
    QueryError,
    parse::node::Call,
    run::{
        Run,
        rows::{Grid, Row},
    },
};

/// Sorts by value or by labels, as the call's name says.
pub(super) fn sort(run: &Run<'_>, call: &Call, grid: Grid) -> Result<Vec<Row>, QueryError> {
    let mut rows = run.rows(&call.args[0], grid)?;
    if matches!(call.name, "sort" | "sort_desc") {
        // Native histograms have no order.
        for row in &mut rows {
            row.histograms = Vec::new();
        }
        rows.retain(Row::has_values);
    }
    if run.ranged {
        return Ok(rows);
    }
    let value = |row: &Row| row.values.first().copied().unwrap_or(f64::NAN);
    let labels: Vec<&str> = call.args[1..].iter().map(text_of).collect();
    match call.name {
        "sort" => rows.sort_by(|a, b| by_value(value(a), value(b))),
        "sort_desc" => rows.sort_by(|a, b| by_value_descending(value(a), value(b))),
        "sort_by_label" => rows.sort_by(|a, b| by_labels(a, b, &labels)),
        _ => rows.sort_by(|a, b| by_labels(b, a, &labels)),
    }
    Ok(rows)
}

/// Rising, not-a-numbers last.
fn by_value(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(&b),
        (a, b) => a.cmp(&b),
    }
}

/// Falling, not-a-numbers last.
pub(in crate::run) fn by_value_descending(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a, b) => a.cmp(&b),
    }
}

fn by_labels(a: &Row, b: &Row, labels: &[&str]) -> Ordering {
    labels
        .iter()
        .map(|label| {
            let value = |row: &Row| row.labels.get(label).unwrap_or_default().to_owned();
            natural(&value(a), &value(b))
        })
        .find(|ordering| ordering.is_ne())
        .unwrap_or_else(|| a.labels.cmp(&b.labels))
}

/// Compares as people do: runs of digits by their number, everything else letter by letter.
fn natural(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let (digits_a, rest_a) = split_digits(a);
        let (digits_b, rest_b) = split_digits(b);
        let ordering = if digits_a.is_empty() || digits_b.is_empty() {
            let (letter_a, letter_b) = (a.chars().next(), b.chars().next());
            let (Some(letter_a), Some(letter_b)) = (letter_a, letter_b) else {
                return letter_a.cmp(&letter_b);
            };
            a = a.get(letter_a.len_utf8()..).unwrap_or_default();
            b = b.get(letter_b.len_utf8()..).unwrap_or_default();
            letter_a.cmp(&letter_b)
        } else {
            (a, b) = (rest_a, rest_b);
            let (digits_a, digits_b) =
                (digits_a.trim_start_matches('0'), digits_b.trim_start_matches('0'));
            digits_a.len().cmp(&digits_b.len()).then_with(|| digits_a.cmp(digits_b))
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts_are_compared_as_numbers() {
        assert_eq!(natural("cpu9", "cpu10"), Ordering::Less);
        assert_eq!(natural("1.111.3", "1.11.3"), Ordering::Greater);
        assert_eq!(natural("a", "ab"), Ordering::Less);
        assert_eq!(natural("007", "7"), Ordering::Equal);
    }
}
