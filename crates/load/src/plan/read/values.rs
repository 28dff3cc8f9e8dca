//! Values that plans have and settings have not: rates, pauses, templates.

use std::ops::RangeInclusive;

use model::Span;
use regex::bytes::{Regex, RegexBuilder};
use settings::{Mistake, Node, Reader, parse_duration};

use crate::{
    journey::{JsonPath, Pause, Scope, Template, TemplateError},
    schedule::RATE_MAX,
};

/// Lengths that a load or a request may have.
pub(super) const LENGTHS: RangeInclusive<Span> = Span::millis(1)..=Span::days(7);
/// Lengths of the wait for late answers.
pub(super) const DRAINS: RangeInclusive<Span> = Span::ZERO..=Span::hours(1);
/// Most memory that one expression may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A number of arrivals a second.
pub(super) fn rate(reader: &Reader<'_>, node: Node<'_>) -> Option<f64> {
    let text = scalar(reader, node)?;
    let number = text.strip_suffix("/s").unwrap_or(text).trim().parse::<f64>().ok();
    let found = number.filter(|number| (0.0..=RATE_MAX).contains(number));
    if found.is_none() {
        wrong(
            reader,
            node,
            format!("`{text}` is no rate"),
            "write arrivals a second, as in `50` or `0.5`",
        );
    }
    found
}

/// A length of time, or two with `..` between them.
pub(super) fn pause(reader: &Reader<'_>, node: Node<'_>) -> Option<Pause> {
    let text = scalar(reader, node)?;
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let length = |text: &str| parse_duration(text.trim()).filter(|span| DRAINS.contains(span));
    let found = length(least).zip(length(most)).filter(|(least, most)| least <= most);
    if found.is_none() {
        wrong(
            reader,
            node,
            format!("`{text}` is no pause"),
            "write `1s`, or `1s..3s` for any length between",
        );
    }
    found.map(|(least, most)| Pause { least: least.to_duration(), most: most.to_duration() })
}

/// A text with gaps.
pub(super) fn template(reader: &Reader<'_>, node: Node<'_>, scope: &Scope) -> Option<Template> {
    let text = node.scalar().filter(|_| !node.is_null());
    let Some(text) = text else {
        wrong(reader, node, "a text is expected here".to_owned(), "");
        return None;
    };
    parsed(reader, node, text, scope)
}

/// A text with gaps that was made from what stands at a node.
pub(super) fn parsed(
    reader: &Reader<'_>,
    node: Node<'_>,
    text: &str,
    scope: &Scope,
) -> Option<Template> {
    match Template::parse(text, scope) {
        Ok(template) => Some(template),
        // That its feed cannot be read is said where that stands.
        Err(TemplateError::Unknown { name, .. }) if scope.may_know(&name) => None,
        Err(error) => {
            let help = match &error {
                TemplateError::Unknown { known, .. } => {
                    let known = known.join(", ");
                    format!(
                        "known here are {known}; others come from `feeds`, `variables`, or `extract` of a step before"
                    )
                }
                _ => "gaps look like `{{ name }}`".to_owned(),
            };
            wrong(reader, node, error.to_string(), &help);
            None
        }
    }
}

/// An expression that is looked for in bodies.
pub(super) fn pattern(reader: &Reader<'_>, node: Node<'_>) -> Option<Regex> {
    let text = scalar(reader, node)?;
    match RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let mistake = Mistake::at(node.place(), "the regular expression is not valid");
            reader.report(mistake.label(error.to_string()));
            None
        }
    }
}

/// A path into JSON.
pub(super) fn json_path(reader: &Reader<'_>, node: Node<'_>) -> Option<JsonPath> {
    match JsonPath::parse(scalar(reader, node)?) {
        Ok(path) => Some(path),
        Err(error) => {
            wrong(reader, node, error.to_string(), "");
            None
        }
    }
}

fn scalar<'d>(reader: &Reader<'_>, node: Node<'d>) -> Option<&'d str> {
    let text = node.scalar().filter(|text| !text.is_empty() && !node.is_null());
    if text.is_none() {
        wrong(reader, node, "a text is expected here".to_owned(), "");
    }
    text
}

/// Reports a value that is not what it should be.
pub(super) fn wrong(reader: &Reader<'_>, node: Node<'_>, message: String, help: &str) {
    let mistake = Mistake::at(node.place(), message);
    reader.report(if help.is_empty() { mistake } else { mistake.help(help) });
}
