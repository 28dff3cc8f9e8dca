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

/// A moment at which something is to be done, whatever happens to the program meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTimer {
    /// Its name: setting a timer of a name that is set already moves that one.
    pub key: String,
    /// What is to be done, in a word or two joined by `_`.
    pub kind: String,
    /// When.
    pub due: Time,
    /// The rest.
    pub body: Value,
}

/// What is done at once: an entry, and what becomes of timers. All of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Act {
    /// What happened, and who is told.
    pub entry: Entry,
    /// Timers that ran, and of which all this is the consequence. One that is no longer set undoes
    /// everything with [`JournalError::NotSet`], so that what follows from a timer happens once.
    pub ran: Vec<i64>,
    /// Names of timers that are taken back; one that is not set is no mistake.
    pub unset: Vec<String>,
    /// Timers that are set.
    pub set: Vec<NewTimer>,
}

impl From<Entry> for Act {
    fn from(entry: Entry) -> Self {
        Self { entry, ..Self::default() }
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
    /// Only what happened at this moment or earlier.
    pub until: Option<Time>,
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

/// An act whose sizes are checked and whose bodies are text.
pub(crate) struct Checked {
    pub(crate) events: Vec<CheckedEvent>,
    pub(crate) outbox: Vec<CheckedMessage>,
    pub(crate) ran: Vec<i64>,
    pub(crate) unset: Vec<String>,
    pub(crate) set: Vec<CheckedTimer>,
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

pub(crate) struct CheckedTimer {
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) due: Time,
    pub(crate) body: String,
}

impl Checked {
    pub(crate) fn new(act: Act, options: &Options) -> Result<Self, JournalError> {
        let Act { entry, ran, unset, set } = act;
        let items = entry.events.len() + entry.outbox.len() + ran.len() + unset.len() + set.len();
        fits("an entry", items, options.entry_items_max)?;
        let events = entry.events.into_iter().map(|event| check_event(event, options));
        let outbox = entry.outbox.into_iter().map(|message| check_message(message, options));
        let set = set.into_iter().map(|timer| check_timer(timer, options));
        Ok(Self {
            events: events.collect::<Result<_, _>>()?,
            outbox: outbox.collect::<Result<_, _>>()?,
            ran,
            unset: unset.into_iter().map(storable).collect(),
            set: set.collect::<Result<_, _>>()?,
        })
    }

    /// Whether there is nothing to record.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.outbox.is_empty()
            && self.ran.is_empty()
            && self.unset.is_empty()
            && self.set.is_empty()
    }
}

fn check_event(event: NewEvent, options: &Options) -> Result<CheckedEvent, JournalError> {
    fits("an event's kind", event.kind.len(), KIND_BYTES_MAX)?;
    fits("an event's subject", event.subject.len(), SUBJECT_BYTES_MAX)?;
    let body = chain::canonical(&event.body);
    fits("an event's body", body.len(), options.event_bytes_max)?;
    let (kind, subject) = (storable(event.kind), storable(event.subject));
    Ok(CheckedEvent { at: event.at, kind, subject, body })
}

fn check_message(message: NewMessage, options: &Options) -> Result<CheckedMessage, JournalError> {
    fits("a message's receiver", message.receiver.len(), SUBJECT_BYTES_MAX)?;
    fits("a message's lane", message.lane.len(), KEY_BYTES_MAX)?;
    fits("a message's key", message.key.len(), KEY_BYTES_MAX)?;
    let body = message.body.to_string();
    fits("a message's body", body.len(), options.message_bytes_max)?;
    Ok(CheckedMessage {
        receiver: storable(message.receiver),
        lane: storable(message.lane),
        key: storable(message.key),
        due: message.due,
        body,
    })
}

fn check_timer(timer: NewTimer, options: &Options) -> Result<CheckedTimer, JournalError> {
    fits("a timer's kind", timer.kind.len(), KIND_BYTES_MAX)?;
    fits("a timer's key", timer.key.len(), KEY_BYTES_MAX)?;
    let body = timer.body.to_string();
    fits("a timer's body", body.len(), options.event_bytes_max)?;
    let (key, kind) = (storable(timer.key), storable(timer.kind));
    Ok(CheckedTimer { key, kind, due: timer.due, body })
}

/// PostgreSQL keeps no NUL in a text; bodies have it escaped.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

pub(crate) fn fits(what: &'static str, size: usize, max: usize) -> Result<(), JournalError> {
    if size > max { Err(JournalError::TooLarge { what, size, max }) } else { Ok(()) }
}
