//! Decisions and bookings of the review of sizes, as the journal keeps them: shapes with a version.

use journal::{Event, NewEvent};
use model::Time;
use serde::{Deserialize, Serialize};

/// The kind of events that say what was decided of a size; the subject is the item.
pub(crate) const DECIDED: &str = "size_decided";
/// The kind of events that say that a size has really changed; the subject is the item.
pub(crate) const BOOKED: &str = "size_booked";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It shall be done.
    Accepted,
    /// It stays as it is.
    Declined,
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
        }
    }
}

/// A size with what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MoneyAt {
    pub(crate) name: Option<String>,
    pub(crate) sizes: Vec<f64>,
    /// The sizes in words; empty in what was kept before this was.
    #[serde(default)]
    pub(crate) text: String,
    pub(crate) cost_month: Option<f64>,
}

/// What somebody decided of an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) id: String,
    pub(crate) at: Time,
    /// Which month's review: `2026-11`.
    pub(crate) month: String,
    pub(crate) title: String,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) from: MoneyAt,
    pub(crate) to: MoneyAt,
    pub(crate) currency: String,
}

/// A decision in the journal, version 1.
#[derive(Serialize, Deserialize)]
struct DecisionRecord {
    version: u32,
    month: String,
    title: String,
    verdict: Verdict,
    reason: String,
    by: String,
    from: MoneyAt,
    to: MoneyAt,
    currency: String,
}

/// What was booked of a decision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Booking {
    pub(crate) id: String,
    pub(crate) title: String,
    /// When the change was seen.
    pub(crate) at: Time,
    pub(crate) month: String,
    pub(crate) decided_at: Time,
    pub(crate) from: MoneyAt,
    /// What had been accepted.
    pub(crate) to: MoneyAt,
    /// What was seen.
    pub(crate) seen: MoneyAt,
    pub(crate) saving_month: Option<f64>,
    pub(crate) currency: String,
}

/// A booking in the journal, version 1.
#[derive(Serialize, Deserialize)]
struct BookingRecord {
    version: u32,
    title: String,
    month: String,
    decided_at: i64,
    from: MoneyAt,
    to: MoneyAt,
    seen: MoneyAt,
    saving_month: Option<f64>,
    currency: String,
}

pub(crate) fn decision_event(own: &Decision) -> NewEvent {
    let record = DecisionRecord {
        version: 1,
        month: own.month.clone(),
        title: own.title.clone(),
        verdict: own.verdict,
        reason: own.reason.clone(),
        by: own.by.clone(),
        from: own.from.clone(),
        to: own.to.clone(),
        currency: own.currency.clone(),
    };
    event(DECIDED, &own.id, own.at, &record)
}

pub(crate) fn decision_of(event: &Event) -> Option<Decision> {
    let record: DecisionRecord = serde_json::from_value(event.body.clone()).ok()?;
    Some(Decision {
        id: event.subject.clone(),
        at: event.at,
        month: record.month,
        title: record.title,
        verdict: record.verdict,
        reason: record.reason,
        by: record.by,
        from: record.from,
        to: record.to,
        currency: record.currency,
    })
}

pub(crate) fn booking_event(own: &Booking, at: Time) -> NewEvent {
    let record = BookingRecord {
        version: 1,
        title: own.title.clone(),
        month: own.month.clone(),
        decided_at: own.decided_at.millis(),
        from: own.from.clone(),
        to: own.to.clone(),
        seen: own.seen.clone(),
        saving_month: own.saving_month,
        currency: own.currency.clone(),
    };
    event(BOOKED, &own.id, at, &record)
}

pub(crate) fn booking_of(event: &Event) -> Option<Booking> {
    let record: BookingRecord = serde_json::from_value(event.body.clone()).ok()?;
    Some(Booking {
        id: event.subject.clone(),
        title: record.title,
        at: event.at,
        month: record.month,
        decided_at: Time(record.decided_at),
        from: record.from,
        to: record.to,
        seen: record.seen,
        saving_month: record.saving_month,
        currency: record.currency,
    })
}

fn event(kind: &str, subject: &str, at: Time, record: &impl Serialize) -> NewEvent {
    // These shapes have text keys and finite numbers only, so they always become JSON.
    let body = serde_json::to_value(record).unwrap_or_default();
    NewEvent { at, kind: kind.to_owned(), subject: subject.to_owned(), body }
}
