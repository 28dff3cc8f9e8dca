//! Groups as they were before a restart, from what the journal says was told.

use std::{collections::BTreeMap, sync::Arc};

use journal::{Event, Journal, JournalError};
use model::{Alert, AlertId, AlertState, Labels, Severity, Time};
use serde_json::Value;

use crate::{
    Groups, NOTIFIED, Told,
    routing::{Directory, Way},
    via::evidence_of,
};

/// How many groups are looked at, newest first.
const GROUPS_READ_MAX: usize = 100_000;

/// The groups to go on with after a start.
///
/// `alerts` is every alert that stands now, firing ones above all, as restored from the journal;
/// alerts that have ended since may be among them and lend their time of ending. Whoever was told
/// that an alert fires which is not in `alerts` will be told that it has ended; whoever was not
/// told of one that fires will be told. Nobody is told twice.
pub async fn restore(
    journal: &Journal,
    directory: &Directory,
    alerts: &[Alert],
    now: Time,
) -> Result<Groups, JournalError> {
    let mut told = ToldBefore::default();
    let mut before = None;
    let mut read = 0;
    loop {
        let events = journal.latest(NOTIFIED, before, 0).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        read += events.len();
        for event in &events {
            told.take(event);
        }
        if read >= GROUPS_READ_MAX {
            tracing::warn!(read, "more groups were told of than are read at a start");
            break;
        }
    }
    Ok(told.groups(directory, alerts, now))
}

/// Whether what a group was last told needs no remembering: nobody was told in it of an alert that
/// fires, so that nothing is left to take back.
pub fn is_over(event: &Event) -> bool {
    let empty = |name: &str| match &event.body[name] {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    event.kind == NOTIFIED && empty("firing") && empty("others")
}

/// By receiver and alert: what was last told, and when.
#[derive(Default)]
struct ToldBefore(BTreeMap<String, BTreeMap<AlertId, Before>>);

struct Before {
    severity: Severity,
    /// What was told since leaves it out.
    again: bool,
    at: Time,
    /// The group it was told in.
    subject: Arc<str>,
    /// The alert as it was told, unless the event had no room for it.
    alert: Option<Alert>,
}

impl ToldBefore {
    /// Takes in an event; events come newest first, so what is known already is newer.
    fn take(&mut self, event: &Event) {
        let Some(receiver) = event.body["receiver"].as_str() else { return };
        let subject: Arc<str> = event.subject.as_str().into();
        let before = |severity, again, at, alert| Before {
            severity,
            again,
            at,
            subject: Arc::clone(&subject),
            alert,
        };
        let at = event.body["told_at"].as_i64().map_or(event.at, Time);
        let known = self.0.entry(receiver.to_owned()).or_default();
        for json in event.body["firing"].as_array().into_iter().flatten() {
            if let Some(alert) = read_alert(json) {
                let severity = alert.severity;
                let again = json["again"] == true;
                known.entry(alert.id).or_insert_with(|| before(severity, again, at, Some(alert)));
            }
        }
        let left_out = event.body["again"].as_array();
        for (id, severity) in event.body["others"].as_object().into_iter().flatten() {
            let again = left_out.is_some_and(|all| all.iter().any(|own| own == id));
            if let (Some(id), Some(severity)) = (read_id(id), severity.as_str()) {
                let severity = Severity::from_label(severity);
                known.entry(id).or_insert_with(|| before(severity, again, at, None));
            }
        }
    }

    fn groups(mut self, directory: &Directory, alerts: &[Alert], now: Time) -> Groups {
        let mut groups = Groups::default();
        for alert in alerts.iter().filter(|alert| alert.state == AlertState::Firing) {
            for way in directory.ways(&alert.labels) {
                let told = self.0.get_mut(&*way.receiver);
                let before = told.and_then(|told| told.remove(&alert.id));
                if alert.told || before.is_some() {
                    put_back(&mut groups, &way, alert, before.as_ref(), now);
                }
            }
        }
        let known = self.0.into_iter().filter(|(receiver, _)| directory.knows(receiver));
        for (receiver, told) in known {
            for (id, before) in told {
                let given = alerts.iter().find(|alert| alert.id == id);
                let Some(alert) = before.alert.as_ref().or(given) else { continue };
                let Some(way) = directory.way_to(&receiver, &alert.labels) else { continue };
                let mut firing = alert.clone();
                firing.state = AlertState::Firing;
                put_back(&mut groups, &way, &firing, Some(&before), now);
                let mut ended = given.unwrap_or(alert).clone();
                ended.labels = firing.labels;
                ended.state = AlertState::Resolved;
                groups.take_on(&way, Told::Resolved, &ended, now);
            }
        }
        groups
    }
}

fn put_back(
    groups: &mut Groups,
    way: &Arc<Way>,
    alert: &Alert,
    before: Option<&Before>,
    now: Time,
) {
    let home = groups.home(way, alert);
    let told = before.map(|before| before.severity);
    groups.hold((way, home.clone()), alert, told, now);
    let Some(before) = before else { return };
    let moved = *before.subject != *home.subject();
    if let Some(group) = groups.all().get_mut(&home) {
        group.told_at = group.told_at.max(Some(before.at));
        group.unwritten |= moved;
        if before.again {
            group.tell_again(alert, now);
        }
    }
    if moved {
        groups.moved.insert(before.subject.as_ref().to_owned());
    }
}

fn read_alert(json: &Value) -> Option<Alert> {
    let active_at = Time(json["active_at"].as_i64()?);
    Some(Alert {
        id: read_id(json["id"].as_str()?)?,
        source: json["source"].as_str()?.to_owned(),
        labels: read_labels(&json["labels"]),
        annotations: read_labels(&json["annotations"]),
        severity: Severity::from_label(json["severity"].as_str()?),
        state: AlertState::Firing,
        told: true,
        active_at,
        fired_at: json["fired_at"].as_i64().map(Time),
        resolved_at: None,
        seen_at: active_at,
        value: f64::NAN,
        evidence: evidence_of(&json["evidence"]),
    })
}

fn read_id(hex: &str) -> Option<AlertId> {
    u64::from_str_radix(hex, 16).ok().map(AlertId)
}

fn read_labels(json: &Value) -> Labels {
    let pairs = json.as_object().into_iter().flatten();
    Labels::from_pairs(pairs.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))))
}
