//! What should be compared with what is: alerts by labels and annotations, answers by labels and values.

use std::collections::BTreeMap;

use model::{Alert, AlertState, Buckets, Histogram, Labels, Point, Span, noted};
use query::InstantSample;

use crate::without_notes;

use super::{
    AlertTest, ExpressionTest, Failure, Line,
    difference::{Mark, difference},
};

/// Whether the alerts of a name that fire are those that should.
pub(super) fn alerts<'a>(
    test: &AlertTest,
    active: impl Iterator<Item = &'a Alert>,
) -> Option<Failure> {
    let mut found: Vec<(Labels, Labels)> = active
        .filter(|alert| alert.state == AlertState::Firing && alert.name() == test.name)
        .map(|alert| (alert.labels.clone(), without_notes(&alert.annotations)))
        .collect();
    let mut wanted = test.wanted.clone();
    found.sort();
    wanted.sort();
    if found == wanted {
        return None;
    }
    let subject = format!("alert {}", test.name);
    Some(failure(subject, test.at, &shown_alerts(&wanted), &shown_alerts(&found)))
}

fn failure(subject: String, at: Span, wanted: &[String], found: &[String]) -> Failure {
    let mut lines = difference(wanted, found);
    for (side, mark, what) in
        [(wanted, Mark::Missing, "nothing"), (found, Mark::Surplus, "nothing")]
    {
        if side.is_empty() {
            lines.push(Line::new(mark, what));
        }
    }
    Failure { subject, at, error: None, lines }
}

fn shown_alerts(alerts: &[(Labels, Labels)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (labels, annotations) in alerts {
        lines.push(labels.to_string());
        lines.extend(annotations.iter().map(|(name, text)| format!("  {name}: {text}")));
    }
    lines
}

/// Whether an answer is what it should be.
pub(super) fn answer(
    test: &ExpressionTest,
    answer: Vec<InstantSample>,
    fuzzy: bool,
) -> Option<Failure> {
    let mut found: Vec<(Labels, Point)> = answer.into_iter().map(point).collect();
    let mut wanted = test.wanted.clone();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    wanted.sort_by(|left, right| left.0.cmp(&right.0));
    let alike = |(left, right): (&(Labels, Point), &(Labels, Point))| {
        left.0 == right.0 && same(&left.1, &right.1, fuzzy)
    };
    if found.len() == wanted.len() && found.iter().zip(&wanted).all(alike) {
        return None;
    }
    // What counts as equal is shown as equal.
    for (labels, value) in &mut found {
        let twin = wanted.iter().find(|own| own.0 == *labels && same(&own.1, value, fuzzy));
        if let Some((_, twin)) = twin {
            *value = twin.clone();
        }
    }
    let subject = format!("expression {}", test.expr);
    Some(failure(subject, test.at, &shown_elements(&wanted), &shown_elements(&found)))
}

fn point(element: InstantSample) -> (Labels, Point) {
    let point = match element.histogram {
        Some(histogram) => {
            let histogram = histogram.as_ref().clone();
            Point::Histogram(Box::new(model::NotedHistogram { histogram, says_reset: false }))
        }
        None => Point::Value(element.value),
    };
    (element.labels, point)
}

fn shown_elements(elements: &[(Labels, Point)]) -> Vec<String> {
    elements.iter().map(|(labels, point)| format!("{labels} {}", shown(point))).collect()
}

/// A point as it is written.
pub(super) fn shown(point: &Point) -> String {
    match point {
        Point::Gap => "_".to_owned(),
        Point::Value(value) if model::is_stale(*value) => "stale".to_owned(),
        Point::Value(value) => value.to_string(),
        Point::Histogram(histogram) => noted(&histogram.histogram),
    }
}

fn same(left: &Point, right: &Point, fuzzy: bool) -> bool {
    match (left, right) {
        (Point::Value(left), Point::Value(right)) => same_number(*left, *right, fuzzy),
        (Point::Histogram(left), Point::Histogram(right)) => {
            same_histogram(&left.histogram, &right.histogram, fuzzy)
        }
        _ => false,
    }
}

/// Fuzzy means: next to each other among the floats. What is not a number equals its like.
#[expect(clippy::float_cmp, reason = "exactly equal is what is asked")]
fn same_number(left: f64, right: f64, fuzzy: bool) -> bool {
    left == right
        || (left.is_nan() && right.is_nan())
        || (fuzzy && (left.next_up() == right || left.next_down() == right))
}

/// The same buckets with the same counts. Hints about resets do not count: they depend on how a store cuts its blocks.
fn same_histogram(left: &Histogram, right: &Histogram, fuzzy: bool) -> bool {
    let numbers = |own: &Histogram| [own.count, own.sum, own.zero_count, own.zero_threshold];
    let mut pairs = numbers(left).into_iter().zip(numbers(right));
    left.schema == right.schema
        && left.bounds == right.bounds
        && pairs.all(|(left, right)| same_number(left, right, fuzzy))
        && same_buckets(&left.positive, &right.positive, fuzzy)
        && same_buckets(&left.negative, &right.negative, fuzzy)
}

fn same_buckets(left: &Buckets, right: &Buckets, fuzzy: bool) -> bool {
    let filled = |own: &Buckets| -> BTreeMap<i32, f64> {
        own.iter().filter(|(_, count)| *count != 0.0).collect()
    };
    let (left, right) = (filled(left), filled(right));
    let alike = |((at, own), (other_at, other)): ((&i32, &f64), (&i32, &f64))| {
        at == other_at && same_number(*own, *other, fuzzy)
    };
    left.len() == right.len() && left.iter().zip(&right).all(alike)
}
