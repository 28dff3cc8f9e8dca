//! Silences as the journal keeps them.

use std::collections::BTreeMap;

use journal::{Event, Journal, JournalError, NewEvent};
use model::{Span, Time};
use serde_json::{Value, json};

use super::{Silence, Silences};
use crate::routing::{Comparison, LabelMatcher};

/// The kind of events that say what became of a silence; the subject is its identity.
pub const SILENCE: &str = "silence";
/// How long a silence that is over is still read.
const KEPT: Span = Span::hours(120);
/// How many silences are looked at, newest first.
const READ_MAX: usize = 100_000;

/// The event that a silence leaves, version 1: all of it, as it is from now on.
pub(super) fn silence_event(silence: &Silence, at: Time) -> NewEvent {
    let matchers: Vec<Value> = silence
        .matchers
        .iter()
        .map(|own| json!({"name": own.name(), "sign": own.comparison().sign(), "value": own.value()}))
        .collect();
    let mut body = json!({
        "version": 1,
        "matchers": matchers,
        "starts_at": silence.starts_at.millis(),
        "ends_at": silence.ends_at.millis(),
        "created_by": silence.created_by,
        "comment": silence.comment,
    });
    if let Some(confirmed) = &silence.confirmed {
        body["confirmed"] = confirmed.as_str().into();
    }
    NewEvent { at, kind: SILENCE.to_owned(), subject: silence.id.clone(), body }
}

/// The silences to go on with after a start.
pub async fn restore_silences(journal: &Journal, now: Time) -> Result<Silences, JournalError> {
    let mut all = BTreeMap::new();
    let mut before = None;
    let mut read = 0;
    while read < READ_MAX {
        let events = journal.latest(SILENCE, before, 0).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        read += events.len();
        for silence in events.iter().filter_map(read_silence) {
            if silence.ends_at + KEPT > now {
                all.insert(silence.id.clone(), silence);
            }
        }
    }
    Ok(Silences::from_events(all))
}

/// Whether what became of a silence needs no remembering any more.
pub fn is_silence_over(event: &Event, now: Time) -> bool {
    event.kind == SILENCE && read_silence(event).is_none_or(|own| own.ends_at + KEPT <= now)
}

fn read_silence(event: &Event) -> Option<Silence> {
    let text = |key: &str| event.body[key].as_str().map(str::to_owned);
    let time = |key: &str| event.body[key].as_i64().map(Time);
    let mut matchers = Vec::new();
    for own in event.body["matchers"].as_array()? {
        let comparison = match own["sign"].as_str()? {
            "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "=~" => Comparison::Like,
            _ => Comparison::NotLike,
        };
        let matcher = LabelMatcher::new(own["name"].as_str()?, comparison, own["value"].as_str()?);
        matchers.push(matcher.ok()?);
    }
    Some(Silence {
        id: event.subject.clone(),
        matchers,
        starts_at: time("starts_at")?,
        ends_at: time("ends_at")?,
        updated_at: event.at,
        created_by: text("created_by")?,
        comment: text("comment")?,
        confirmed: text("confirmed"),
    })
}
