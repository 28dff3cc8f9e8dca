//! What happened and who is told: the journal, changes, alerts, silences, receivers, heartbeats.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod heartbeat;
pub(crate) mod silence;

use jiff::Timestamp;
use model::Span;
use serde_json::Value;

/// A text of an answer, or nothing.
fn text<'a>(own: &'a Value, name: &str) -> &'a str {
    own[name].as_str().unwrap_or_default()
}

/// A text in one line, without anything that a terminal would obey.
fn one_line(text: &str) -> String {
    text.chars().map(|own| if own.is_control() { ' ' } else { own }).collect()
}

/// Milliseconds since 1970 as people and programs read them; nothing if there are none.
fn moment_text(millis: &Value) -> Option<String> {
    let stamp = Timestamp::from_millisecond(millis.as_i64()?).ok()?;
    Some(stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Milliseconds as a span, to the second.
fn minutes(millis: i64) -> String {
    Span::secs(millis / 1_000).to_string()
}
