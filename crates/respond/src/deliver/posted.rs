//! Where messages stand that can be changed, as the journal remembers it.

use journal::{Event, EventQuery, Journal, JournalError, NewEvent};
use model::Time;
use serde_json::json;

use super::{answer::Posted, parcel::Parcel};

/// The kind of the event that says where a message stands that can be changed; its subject names
/// the receiver and the group.
const POSTED: &str = "posted";

/// Of each group of a parcel, where the message about it stands now.
pub(super) fn posted_event<'a>(
    parcel: &'a Parcel,
    posted: &'a Posted,
    now: Time,
) -> impl Iterator<Item = NewEvent> + 'a {
    parcel.lanes.iter().map(move |(lane, firing)| NewEvent {
        at: now,
        kind: POSTED.to_owned(),
        subject: format!("{}/{lane}", parcel.receiver),
        body: json!({
            "channel": posted.channel,
            "ts": posted.ts,
            "severity": posted.severity,
            "open": firing,
            "summary": parcel.lane.is_none() || parcel.thread.is_some(),
        }),
    })
}

/// The message that speaks of the parcel's group and can be changed, or the summary in which it
/// was told.
pub(super) async fn posted_of(
    journal: &Journal,
    parcel: &Parcel,
) -> Result<(Option<Posted>, Option<Posted>), JournalError> {
    let Some(lane) = &parcel.lane else { return Ok((None, None)) };
    let question = EventQuery {
        kinds: vec![POSTED.to_owned()],
        subject: Some(format!("{}/{lane}", parcel.receiver)),
        newest_first: true,
        limit: 1,
        ..EventQuery::default()
    };
    let events = journal.events(question).await?;
    let Some(event) = events.first().filter(|own| own.body["open"] == true) else {
        return Ok((None, None));
    };
    let posted = Some(read(event));
    Ok(if event.body["summary"] == true { (None, posted) } else { (posted, None) })
}

fn read(event: &Event) -> Posted {
    let text = |name: &str| event.body[name].as_str().unwrap_or_default().to_owned();
    Posted { channel: text("channel"), ts: text("ts"), severity: text("severity") }
}
