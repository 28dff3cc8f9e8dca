//! The global stop: a switch that ends every load test and lets none begin until it is released. It is an event of
//! the journal, so that it outlives a restart and every server that shares the journal obeys it.

use journal::{Entry, Event, EventQuery, Journal, JournalError, NewEvent};
use model::Time;
use serde_json::json;

use super::told::bounded;

/// The kind of events that say that all load stops, or may go on; their subject is `all`.
pub(crate) const LOAD_STOP: &str = "load_stop";
const SUBJECT: &str = "all";

/// Whether load is stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stopping {
    pub(crate) held: bool,
    /// When it was stopped or released last; nothing if never.
    pub(crate) at: Option<Time>,
    pub(crate) by: String,
    pub(crate) why: String,
}

impl Stopping {
    /// How it stands by the journal.
    pub(crate) async fn read(journal: &Journal) -> Result<Self, JournalError> {
        let question = EventQuery {
            kinds: vec![LOAD_STOP.to_owned()],
            newest_first: true,
            limit: 1,
            ..EventQuery::default()
        };
        let events = journal.events(question).await?;
        if let Some(last) = events.first() {
            return Ok(Self::of(last));
        }
        // Long ago, and the event has been let go of.
        let standing = journal.latest(LOAD_STOP, None, 1).await?;
        Ok(standing.first().map(Self::of).unwrap_or_default())
    }

    fn of(event: &Event) -> Self {
        let text = |key: &str| event.body[key].as_str().unwrap_or_default().to_owned();
        Self {
            held: event.body["held"] == true,
            at: Some(event.at),
            by: text("by"),
            why: text("why"),
        }
    }

    /// Stops everything, or releases it: recorded when this returns.
    pub(crate) async fn record(
        journal: &Journal,
        held: bool,
        (by, why, at): (&str, &str, Time),
    ) -> Result<Self, JournalError> {
        let own = Self { held, at: Some(at), by: bounded(by), why: bounded(why) };
        let body = json!({"version": 1, "held": held, "by": own.by, "why": own.why});
        let (kind, subject) = (LOAD_STOP.to_owned(), SUBJECT.to_owned());
        let event = NewEvent { at, kind, subject, body };
        journal.record(Entry { events: vec![event], outbox: Vec::new() }).await?;
        Ok(own)
    }

    /// The sentence for whoever wants to begin meanwhile.
    pub(crate) fn say(&self) -> String {
        let by = if self.by.is_empty() { "somebody" } else { &self.by };
        let why = if self.why.is_empty() { String::new() } else { format!(": {}", self.why) };
        format!("all load was stopped by {by}{why}")
    }
}
