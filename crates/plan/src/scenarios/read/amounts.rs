//! Amounts, parts and ranges in scenario files.

use settings::{Node, Reader, parse_size};

use super::super::Triangle;

/// Amounts beyond this are slips of the pen, and their products would no longer be numbers.
const AMOUNT_MAX: f64 = 1e18;
const AMOUNT_MIN: f64 = 1e-12;

/// One value, or the least and the most, perhaps the likeliest between.
pub(super) fn triangle(values: &[f64]) -> Option<Triangle> {
    match *values {
        [value] => Some(Triangle { low: value, mode: value, high: value }),
        [low, high] => Some(Triangle { low, mode: f64::midpoint(low, high), high }),
        [low, mode, high] => Some(Triangle { low, mode, high }),
        _ => None,
    }
}

/// `20%`, `0.2`, `10%..30%` or `10%..15%..30%`.
pub(super) fn part(reader: &Reader<'_>, node: Node<'_>, least: f64, most: f64) -> Option<Triangle> {
    let number = |text: &str| match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().ok().map(|percent| percent / 100.0),
        None => text.parse().ok(),
    };
    spread(reader, node, number, (least, most), "a part such as 20% or 10%..30%")
}

/// `400`, `64GiB`, `300..600` or `300..400..600`.
pub(super) fn range(reader: &Reader<'_>, node: Node<'_>) -> Option<Triangle> {
    spread(
        reader,
        node,
        plain,
        (AMOUNT_MIN, AMOUNT_MAX),
        "a number above nought such as 400 or 300..600",
    )
}

/// A single number above nought.
pub(super) fn amount(reader: &Reader<'_>, node: Node<'_>) -> Option<f64> {
    range(reader, node).map(|range| range.mode)
}

/// A single number, not below nought.
pub(super) fn amount_or_nought(reader: &Reader<'_>, node: Node<'_>) -> Option<f64> {
    spread(reader, node, plain, (0.0, AMOUNT_MAX), "a number").map(|own| own.mode)
}

fn plain(text: &str) -> Option<f64> {
    let text = text.replace('_', "");
    text.parse().ok().or_else(|| parse_size(&text).map(|bytes| bytes as f64))
}

fn spread(
    reader: &Reader<'_>,
    node: Node<'_>,
    number: impl Fn(&str) -> Option<f64>,
    (least, most): (f64, f64),
    what: &str,
) -> Option<Triangle> {
    let text = reader.text(node)?;
    let values: Option<Vec<f64>> = text.split("..").map(|part| number(part.trim())).collect();
    let within = |values: &Vec<f64>| values.iter().all(|value| (least..=most).contains(value));
    let found = values.filter(within).and_then(|values| triangle(&values));
    let Some(found) = found else {
        reader.wrong(node, &format!("`{text}` is not {what}"), "");
        return None;
    };
    if !(found.low <= found.mode && found.mode <= found.high) {
        reader.wrong(node, &format!("the range `{text}` is written the wrong way round"), "");
        return None;
    }
    Some(found)
}
