//! The fallback: who is told what another receiver cannot be told.

use std::collections::BTreeMap;

use journal::{Entry, Event, Journal, JournalError, NewEvent, NewMessage};
use model::{Span, Time};
use serde_json::{Value, json};

use super::{
    lane::{Lane, State, Tools},
    parcel::Parcel,
};
use crate::via::Words;

/// The kind of the event that says that a message went to the fallback as well; its subject names
/// the receiver and the group.
pub const PASSED_ON: &str = "passed_on";
/// Messages looked at, oldest first; more than wait for anybody who can be reached.
const LOOKED_AT_MAX: usize = 2_000;
const PAGE: u32 = 256;
/// Events read at a start.
const READ_MAX: usize = 20_000;
/// How long it is remembered of what is over: longer than a message waits.
const KEPT: Span = Span::days(4);

/// What was handed to the fallback of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// Messages up to this one.
    upto: i64,
    /// The fallback was told that something fires, and not yet that it is over.
    open: bool,
}

/// Whether what was handed to the fallback needs no remembering any more.
pub fn is_passed_over(event: &Event, now: Time) -> bool {
    event.kind == PASSED_ON && event.body["open"] != true && now.since(event.at) > KEPT
}

impl Lane {
    /// What was handed over before a restart.
    pub(super) async fn passed_before(
        &self,
        journal: &Journal,
    ) -> Result<BTreeMap<String, Passed>, JournalError> {
        let mut passed = BTreeMap::new();
        let (mut before, mut read) = (None, 0);
        let prefix = format!("{}/", self.receiver.name);
        while read < READ_MAX {
            let events = journal.latest(PASSED_ON, before, 0).await?;
            let Some(last) = events.last() else { break };
            before = Some(last.seq);
            read += events.len();
            for event in &events {
                let Some(lane) = event.subject.strip_prefix(&prefix) else { continue };
                let Some(upto) = event.body["upto"].as_i64() else { continue };
                let open = event.body["open"] == true;
                passed.entry(lane.to_owned()).or_insert(Passed { upto, open });
            }
        }
        Ok(passed)
    }

    /// Hands what waits for too long to the fallback: at once if somebody has to mend something,
    /// what is critical after a while, and whatever follows what was handed over.
    pub(super) async fn pass_on(
        &self,
        tools: &Tools,
        journal: &Journal,
        state: &mut State,
        now: Time,
    ) -> Result<(), JournalError> {
        let Some(fallback) = self.fallback(tools) else { return Ok(()) };
        let (mut after, mut looked) = (0, 0);
        let mut error = None;
        let mut entry = Entry::default();
        let mut passed = state.passed.clone();
        while looked < LOOKED_AT_MAX {
            let page = journal.waiting(&self.receiver.name, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            looked += page.len();
            for message in &page {
                error = error.or_else(|| message.error.clone());
                let known = passed.get(&message.lane).copied();
                if known.is_some_and(|own| own.upto >= message.id) {
                    continue;
                }
                let words = Words::of(&message.body);
                let overdue = words.severity == "critical"
                    && now.since(message.first_due) >= tools.limits.fallback_after;
                let open = known.is_some_and(|own| own.open);
                if open || (words.firing && (state.broken || overdue)) {
                    let next = Passed { upto: message.id, open: words.firing };
                    passed.insert(message.lane.clone(), next);
                    let body = explained(&message.body, &self.receiver.name, error.as_deref());
                    let copy = (message.lane.as_str(), message.key.as_str(), body);
                    self.hand_over(fallback, copy, (next, now), &mut entry);
                }
            }
        }
        if !entry.is_empty() {
            tracing::warn!(receiver = %self.receiver.name, fallback, messages = entry.outbox.len(),
                "messages go to the fallback as well");
            journal.record(entry).await?;
            state.passed = passed;
        }
        Ok(())
    }

    /// The fallback hears how it went on with what it was told of.
    pub(super) async fn follow_up(
        &self,
        tools: &Tools,
        journal: &Journal,
        state: &mut State,
        parcel: &Parcel,
    ) -> Result<(), JournalError> {
        let Some(fallback) = self.fallback(tools).filter(|_| !state.passed.is_empty()) else {
            return Ok(());
        };
        let mut entry = Entry::default();
        let mut passed = state.passed.clone();
        for (lane, firing) in &parcel.lanes {
            let known = passed.get(lane).copied();
            // Of what is over and arrived there is nothing more to hand over.
            if known.is_some_and(|own| !own.open && own.upto <= parcel.upto()) {
                passed.remove(lane);
            }
            let Some(known) = known.filter(|own| own.open && own.upto < parcel.upto()) else {
                continue;
            };
            let next = Passed { upto: parcel.upto(), open: *firing };
            let body = if parcel.lane.is_some() {
                parcel.body.clone()
            } else {
                parcel.words.body(&self.receiver.name)
            };
            // That it still fires, the fallback has heard.
            if next.open != known.open || parcel.lane.is_some() {
                let copy = (lane.as_str(), parcel.key.as_str(), body);
                self.hand_over(fallback, copy, (next, parcel.first_due), &mut entry);
            }
            passed.insert(lane.clone(), next);
        }
        if !entry.is_empty() {
            journal.record(entry).await?;
        }
        state.passed = passed;
        Ok(())
    }

    fn fallback<'t>(&self, tools: &'t Tools) -> Option<&'t str> {
        tools.fallback.as_deref().filter(|name| *name != self.receiver.name)
    }

    fn hand_over(
        &self,
        fallback: &str,
        (lane, key, body): (&str, &str, Value),
        (passed, now): (Passed, Time),
        entry: &mut Entry,
    ) {
        let name = &self.receiver.name;
        entry.outbox.push(NewMessage {
            receiver: fallback.to_owned(),
            lane: format!("{name}/{lane}"),
            key: format!("{fallback}-for-{name}-{lane}-{key}"),
            due: now,
            body,
        });
        entry.events.push(NewEvent {
            at: now,
            kind: PASSED_ON.to_owned(),
            subject: format!("{name}/{lane}"),
            body: json!({"to": fallback, "upto": passed.upto, "open": passed.open}),
        });
    }
}

/// A message with the reason why it comes to somebody else.
fn explained(body: &Value, receiver: &str, error: Option<&str>) -> Value {
    let mut body = body.clone();
    body["insteadOf"] = json!({"receiver": receiver, "error": error});
    body
}
