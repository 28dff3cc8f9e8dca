//! What a rule's texts must be: names, expressions, templates.

use model::METRIC_NAME;
use query::{Position, QueryError, ValueKind};
use settings::{Mistake, Node, Place, Reader};

use crate::template::Template;

/// The name of a recorded series: any text but one that looks like a selector.
pub(super) fn record_name<'d>(reader: &Reader<'d>, node: Node<'d>) {
    let Some(name) = node.scalar() else { return };
    if name.contains(['{', '}']) {
        let mistake = Mistake::at(node.place(), format!("`{name}` is not the name of a series"));
        reader.report(mistake.help(
            "`record` takes a bare metric name; what has braces belongs into `expr` or `labels`",
        ));
    }
}

/// Names of labels or annotations: any text, but never the metric's name.
pub(super) fn names<'d>(reader: &Reader<'d>, node: Node<'d>, what: &str) {
    for entry in node.entries().into_iter().flatten() {
        if entry.key.is_empty() || (entry.key == METRIC_NAME && what == "label") {
            let message = format!("`{}` cannot be the name of a {what} here", entry.key);
            let help = "`record` or `expr` decides the metric's name";
            let mistake = Mistake::at(entry.place, message);
            reader.report(if entry.key.is_empty() { mistake } else { mistake.help(help) });
        }
    }
}

/// Templates that can be read: known functions, known variables, everything closed.
pub(super) fn templates<'d>(reader: &Reader<'d>, node: Node<'d>, file: &str) {
    for entry in node.entries().into_iter().flatten() {
        let Some(text) = entry.node.scalar() else { continue };
        if let Err(error) = Template::parse(entry.key, text) {
            let mark = mark(entry.node, file, error.at, word_length(text, error.at));
            let mistake = Mistake::at(mark, "the template cannot be read").label(error.to_string());
            reader.report(match error.help {
                Some(help) => mistake.help(help),
                None => mistake,
            });
        }
    }
}

/// An expression that is PromQL and answers something a rule can use.
pub(super) fn expression<'d>(reader: &Reader<'d>, node: Node<'d>, file: &str) -> bool {
    let text = node.scalar().unwrap_or_default();
    match query::check(text) {
        Ok(checked) if matches!(checked.kind, ValueKind::Vector | ValueKind::Scalar) => true,
        Ok(checked) => {
            let word = checked.kind.word();
            let message = format!("a rule cannot use an expression that answers a {word}");
            let help = match checked.kind {
                ValueKind::Matrix => "take a function of the range, as in `rate(x[5m])`",
                _ => "write an expression that answers a vector or a number",
            };
            reader.report(Mistake::at(node.place(), message).help(help));
            false
        }
        Err(error) => {
            let at = error.position().map_or(0, |position| offset(text, position));
            let length = if error.position().is_some() { 1 } else { text.len() };
            let label = match &error {
                QueryError::Parse { what, .. } => what.clone(),
                other => other.to_string(),
            };
            let mark = mark(node, file, at, length);
            reader.report(Mistake::at(mark, "the expression is not PromQL").label(label));
            false
        }
    }
}

/// How long the word is that begins at a byte, in a template: a name, or an opening.
fn word_length(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let inside = |letter: char| letter == '_' || letter == '$' || letter.is_alphanumeric();
    rest.find(|letter| !inside(letter)).unwrap_or(rest.len()).max(1)
}

/// The byte of the text at a line and a letter.
fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(position.line.saturating_sub(1)) {
        start += line.len();
    }
    let letters = text.get(start..).unwrap_or_default().char_indices();
    let mut last = text.len();
    for (count, (at, _)) in letters.enumerate() {
        if count + 1 == position.column {
            last = start + at;
        }
    }
    last
}

/// The place in the file of a part of a scalar. Where the scalar is not written letter for letter
/// as it reads (folded, indented, with escapes), the whole scalar.
pub(crate) fn mark(node: Node<'_>, file: &str, at: usize, length: usize) -> Place {
    let (place, text) = (node.place(), node.scalar().unwrap_or_default());
    let written = file.get(place.start..place.end).unwrap_or_default();
    let unquoted = written.strip_prefix(['"', '\'']).and_then(|rest| rest.get(..text.len()));
    let start = match unquoted {
        Some(inner) if inner == text => place.start + 1,
        _ if written == text => place.start,
        _ => return place,
    };
    let start = start + at.min(text.len());
    Place::new(start, start + length)
}
