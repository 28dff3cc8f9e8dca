//! What the annotations `plimsoll_*` of an alerting rule say of how it is judged. Prometheus and its checker let
//! them pass; nobody is told of them.

use model::Span;
use settings::{Field, Mistake, Node, Reader, parse_duration};

use super::{check, condition};

/// What such annotations begin with.
pub(crate) const PREFIX: &str = "plimsoll_";
/// All there are.
const NAMES: [&str; 3] = ["plimsoll_resolve_expr", "plimsoll_no_data", "plimsoll_flap_hold"];
/// How long an alert is kept without data if nothing is said: counters of errors vanish with their process, and
/// rightly so.
const KEEP: Span = Span::minutes(15);
/// How long data may be missing before that is an alert, if nothing is said.
const FIRE_AFTER: Span = Span::minutes(5);
/// The longest hold of an alert that flaps.
const FLAP_HOLD_MAX: Span = Span::hours(24);

/// How a rule is judged beyond what Prometheus does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Care {
    /// `plimsoll_resolve_expr`: an alert that fires ends only when this answers nothing for it either.
    pub resolve_expr: Option<String>,
    /// `plimsoll_no_data`: what becomes of an alert whose series are gone.
    pub no_data: NoData,
    /// `plimsoll_flap_hold`: how long an alert that comes and goes is held at most.
    pub flap_hold: Option<Span>,
    /// The left side of the comparison that the expression is, if it is one: where this answers
    /// something, the condition is false; where it answers nothing, the data are missing.
    pub subject: Option<String>,
}

/// What becomes of an alert whose series are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoData {
    /// `ok`: it ends, as in Prometheus.
    #[default]
    Ends,
    /// `keep`: it stays for so long, then ends and says why.
    Keep(Span),
    /// `fire`: that nothing at all is there for so long is an alert of its own; alerts that fire stay
    /// as with `keep`.
    Fire(Span),
}

impl Care {
    /// Whether the rule is judged as Prometheus judges it, so that nothing comes of no answer.
    pub fn is_plain(&self) -> bool {
        !matches!(self.no_data, NoData::Fire(_))
    }
}

impl NoData {
    /// How long an alert that fires stays without data.
    pub fn keep(self) -> Option<Span> {
        match self {
            Self::Ends => None,
            Self::Keep(span) => Some(span),
            Self::Fire(_) => Some(KEEP),
        }
    }
}

/// Reads them, and reports those that are wrong.
pub(super) fn read<'d>(
    reader: &Reader<'d>,
    annotations: Option<Field<'d>>,
    expr: &str,
    file: &str,
) -> Care {
    let mut care = Care::default();
    let Some(annotations) = annotations else { return care };
    for entry in annotations.node.entries().into_iter().flatten() {
        let text = entry.node.scalar().unwrap_or_default();
        match entry.key {
            "plimsoll_resolve_expr" => {
                let is_good = check::expression(reader, entry.node, file);
                care.resolve_expr = is_good.then(|| text.to_owned());
            }
            "plimsoll_no_data" => match no_data(text) {
                Some(no_data) => care.no_data = no_data,
                None => wrong(
                    reader,
                    entry.node,
                    "write `ok`, `keep`, `keep 30m`, `fire` or `fire 10m`",
                ),
            },
            "plimsoll_flap_hold" => {
                care.flap_hold = reader.duration(entry.node, Span::minutes(1)..=FLAP_HOLD_MAX);
            }
            name if name.starts_with(PREFIX) => {
                let mistake = Mistake::at(entry.place, format!("`{name}` is not known"));
                reader.report(mistake.help(format!("known are {}", NAMES.join(", "))));
            }
            _ => {}
        }
    }
    if care.no_data != NoData::Ends {
        care.subject = condition::subject(expr);
        if care.subject.is_none() {
            let place = annotations.key;
            let mistake =
                Mistake::at(place, "`plimsoll_no_data` cannot be told from this expression");
            reader.report(mistake.help(
                "the expression must be a comparison with a number or with other series, as in `x > 5`",
            ));
        }
    }
    care
}

fn wrong(reader: &Reader<'_>, node: Node<'_>, help: &str) {
    let text = node.scalar().unwrap_or_default();
    reader.report(Mistake::at(node.place(), format!("`{text}` is not known here")).help(help));
}

fn no_data(text: &str) -> Option<NoData> {
    let mut words = text.split_whitespace();
    let word = words.next()?;
    let span = match words.next() {
        Some(text) => Some(parse_duration(text).filter(|span| *span > Span::ZERO)?),
        None => None,
    };
    if words.next().is_some() {
        return None;
    }
    match word {
        "ok" if span.is_none() => Some(NoData::Ends),
        "keep" => Some(NoData::Keep(span.unwrap_or(KEEP))),
        "fire" => Some(NoData::Fire(span.unwrap_or(FIRE_AFTER))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_missing_data_is_said_in_words() {
        assert_eq!(no_data("ok"), Some(NoData::Ends));
        assert_eq!(no_data("keep"), Some(NoData::Keep(Span::minutes(15))));
        assert_eq!(no_data(" keep  1h "), Some(NoData::Keep(Span::hours(1))));
        assert_eq!(no_data("fire 90s"), Some(NoData::Fire(Span::secs(90))));
        for wrong in ["", "ok 5m", "keep 0", "keep soon", "keep 5m please", "drop"] {
            assert_eq!(no_data(wrong), None, "{wrong}");
        }
    }
}
