//! What people are sent: over Slack and by mail, one by one or many in one, and by way of a fallback.

mod fallback;
mod mail;
mod outage;
mod secrecy;
mod slack;
mod storm;

use journal::{Entry, Journal, NewMessage};
use model::Time;
use respond::{Receiver, Via};
use serde_json::{Value, json};
use settings::SecretSource;

use crate::common::{Desk, START, receiver};

fn secret(text: &str) -> SecretSource {
    SecretSource::Written(model::Secret::new(text.into()))
}

fn desk(name: &str, via: Via) -> Desk {
    let (_, timing) = receiver(name, "http://127.0.0.1:1");
    (Receiver { name: name.into(), via, send_resolved: true }, timing)
}

/// A message about one group, as the outbox holds it.
fn body(name: &str, severity: &str, firing: bool) -> Value {
    let status = if firing { "firing" } else { "resolved" };
    json!({
        "version": "4", "status": status, "truncatedAlerts": 0, "externalURL": "http://plimsoll",
        "groupLabels": {"alertname": name}, "commonLabels": {"alertname": name},
        "alerts": [{
            "status": status, "fingerprint": "0123456789abcdef",
            "labels": {"alertname": name, "severity": severity}, "annotations": {"summary": "it is full"},
            "startsAt": "2026-11-18T10:26:40Z", "endsAt": "2026-11-18T10:43:40Z",
        }],
    })
}

fn message(receiver: &str, lane: &str, at: Time, body: Value) -> NewMessage {
    let key = format!("{lane}-{}", at.since(START).as_millis());
    NewMessage { receiver: receiver.into(), lane: lane.into(), key, due: at, body }
}

async fn put(journal: &Journal, outbox: impl IntoIterator<Item = NewMessage>) {
    let entry = Entry { events: Vec::new(), outbox: outbox.into_iter().collect() };
    journal.record(entry).await.unwrap();
}
