//! What is written and read: events, messages, entries, and questions for events.

use model::Time;
use serde_json::Value;

use crate::{Hash, JournalError, Options, chain};

/// The longest kind and the longest subject, in bytes: both are indexed.
pub(crate) const KIND_BYTES_MAX: usize = 64;
pub(crate) const SUBJECT_BYTES_MAX: usize = 1024;
const KEY_BYTES_MAX: usize = 1024;

/// Something that happened, to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// When.
    pub at: Time,
    /// What kind of event, in a word or two joined by `_`.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// The rest. Keys are sorted when it is written.
    pub body: Value,
}

/// Something to be delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Who gets it.
    pub receiver: String,
    /// Messages of one receiver and lane are delivered one after the other, in the order recorded.
    pub lane: String,
    /// Its name for all time: a message whose key is in the outbox already is the same message
    /// and is not written again.
    pub key: String,
    /// Not before.
    pub due: Time,
    /// What is sent.
    pub body: Value,
}

/// What is recorded together: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// What happened.
    pub events: Vec<NewEvent>,
    /// Who is told.
    pub outbox: Vec<NewMessage>,
}

impl Entry {
    /// Whether there is nothing to record.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.outbox.is_empty()
    }
}

/// Something that happened, as recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the log, from 1, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Time,
    /// What kind.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// The rest, with sorted keys.
    pub body: Value,
    /// The hash over it and the event before it.
    pub hash: Hash,
}

/// Which events to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only events after this place.
    pub after: Option<i64>,
    /// Only events before this place.
    pub before: Option<i64>,
    /// Only these kinds; all if empty.
    pub kinds: Vec<String>,
    /// Only what happened to this.
    pub subject: Option<String>,
    /// Only what happened at this moment or later.
    pub since: Option<Time>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// At most this many, and never more than [`EventQuery::LIMIT_MAX`]; 0 asks for that many.
    pub limit: u32,
}

impl EventQuery {
    /// The most events that one question answers.
    pub const LIMIT_MAX: u32 = 1_000;
    /// The most kinds that one question may name.
    pub const KINDS_MAX: usize = 100;
}

/// An entry whose sizes are checked and whose bodies are text.
pub(crate) struct Checked {
    pub(crate) events: Vec<CheckedEvent>,
    pub(crate) outbox: Vec<CheckedMessage>,
}

pub(crate) struct CheckedEvent {
    pub(crate) at: Time,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) body: String,
}

pub(crate) struct CheckedMessage {
    pub(crate) receiver: String,
    pub(crate) lane: String,
    pub(crate) key: String,
    pub(crate) due: Time,
    pub(crate) body: String,
}

impl Checked {
    pub(crate) fn new(entry: Entry, options: &Options) -> Result<Self, JournalError> {
        let items = entry.events.len() + entry.outbox.len();
        fits("an entry", items, options.entry_items_max)?;
        let mut events = Vec::with_capacity(entry.events.len());
        for event in entry.events {
            fits("an event's kind", event.kind.len(), KIND_BYTES_MAX)?;
            fits("an event's subject", event.subject.len(), SUBJECT_BYTES_MAX)?;
            let body = chain::canonical(&event.body);
            fits("an event's body", body.len(), options.event_bytes_max)?;
            events.push(CheckedEvent {
                at: event.at,
                kind: event.kind,
                subject: event.subject,
                body,
            });
        }
        let mut outbox = Vec::with_capacity(entry.outbox.len());
        for message in entry.outbox {
            fits("a message's receiver", message.receiver.len(), SUBJECT_BYTES_MAX)?;
            fits("a message's lane", message.lane.len(), KEY_BYTES_MAX)?;
            fits("a message's key", message.key.len(), KEY_BYTES_MAX)?;
            let body = message.body.to_string();
            fits("a message's body", body.len(), options.message_bytes_max)?;
            outbox.push(CheckedMessage {
                receiver: message.receiver,
                lane: message.lane,
                key: message.key,
                due: message.due,
                body,
            });
        }
        Ok(Self { events, outbox })
    }
}

pub(crate) fn fits(what: &'static str, size: usize, max: usize) -> Result<(), JournalError> {
    if size > max { Err(JournalError::TooLarge { what, size, max }) } else { Ok(()) }
}
