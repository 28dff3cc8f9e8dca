//! Messages in the shape of Alertmanager's web hook, version 4.
//!
//! The shape: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.

use jiff::Timestamp;
use model::{Alert, AlertState, Labels, Time};
use serde_json::{Map, Value, json};

use super::evidence::evidence_json;
use crate::groups::GroupId;

/// What a message tells of; the rest is counted in `truncatedAlerts`.
const ALERTS_MAX: usize = 500;
/// How large the alerts of a message may be together, in bytes of JSON; the journal takes 1 MiB.
const ALERTS_BYTES_MAX: usize = 512 << 10;
/// An alert larger than this is sent without its annotations, and not at all if still larger.
const ALERT_BYTES_MAX: usize = 64 << 10;
/// Annotations that begin so are not told.
const FOR_OURSELVES: &str = "plimsoll_";
/// The annotation that says where an alert comes from which was sent here.
const GENERATOR: &str = "plimsoll_generator_url";
/// What Alertmanager gives for an alert that has not ended.
const NOT_ENDED: &str = "0001-01-01T00:00:00Z";

/// What a message is made from.
pub(crate) struct Notice<'a> {
    pub(crate) id: &'a GroupId,
    pub(crate) alerts: Vec<&'a Alert>,
    /// Alerts of the group that are not named.
    pub(crate) beyond: u64,
    /// Why it is sent.
    pub(crate) reason: &'static str,
    pub(crate) external_url: &'a str,
}

/// The message: the worst and newest of what fires first, then what has ended.
pub(crate) fn message(notice: &Notice<'_>) -> Value {
    let mut alerts = notice.alerts.clone();
    alerts.sort_by_key(|alert| {
        (
            alert.state != AlertState::Firing,
            std::cmp::Reverse((alert.severity, alert.active_at)),
            alert.id,
        )
    });
    let firing = alerts.first().is_some_and(|alert| alert.state == AlertState::Firing);
    let base = notice.external_url.trim_end_matches('/');
    let mut shown = Vec::new();
    let mut bytes = 0;
    let mut common: Option<(Labels, Labels)> = None;
    for alert in alerts.iter().take(ALERTS_MAX) {
        let labels = shown_labels(alert);
        let Some((json, size, annotations)) = alert_json(alert, &labels, base) else { continue };
        if bytes + size > ALERTS_BYTES_MAX {
            break;
        }
        bytes += size;
        shown.push(json);
        common = Some(match common {
            None => (labels, annotations),
            Some((own, said)) => (in_both(&own, &labels), in_both(&said, &annotations)),
        });
    }
    let (labels, annotations) = common.unwrap_or_default();
    let truncated = (alerts.len() - shown.len()) as u64 + notice.beyond;
    json!({
        "version": "4",
        "groupKey": group_key(notice.id),
        "truncatedAlerts": truncated,
        "status": if firing { "firing" } else { "resolved" },
        "notification_reason": notice.reason,
        "receiver": &*notice.id.receiver,
        "groupLabels": object(&notice.id.labels),
        "commonLabels": object(&labels),
        "commonAnnotations": object(&annotations),
        "externalURL": base,
        "alerts": shown,
    })
}

/// The name of a group: its route, and the values of the labels it is grouped by.
pub(crate) fn group_key(id: &GroupId) -> String {
    let route = if id.route.is_empty() { "{}" } else { &*id.route };
    format!("{route}:{}", id.labels)
}

/// An alert, its size in bytes and the annotations it is sent with.
fn alert_json(alert: &Alert, labels: &Labels, base: &str) -> Option<(Value, usize, Labels)> {
    let ended = (alert.state == AlertState::Resolved).then_some(alert.resolved_at).flatten();
    // Where the sender says it comes from, and what else is only for ourselves.
    let own = alert.annotations.without(|name| name.starts_with(FOR_OURSELVES));
    let page = || format!("{base}/alerts?id={}", alert.id.hex());
    let generator = alert.annotations.get(GENERATOR).map_or_else(page, str::to_owned);
    for annotations in [own, Labels::empty()] {
        let mut json = json!({
            "status": if alert.state == AlertState::Resolved { "resolved" } else { "firing" },
            "labels": object(labels),
            "annotations": object(&annotations),
            "startsAt": rfc3339(alert.fired_at.unwrap_or(alert.active_at)),
            "endsAt": ended.map_or_else(|| NOT_ENDED.to_owned(), rfc3339),
            "generatorURL": generator,
            "fingerprint": alert.id.hex(),
        });
        if let Some(evidence) = evidence_json(&alert.evidence) {
            json["evidence"] = evidence;
        }
        // What was sent to us comes without a value, and of what is over it says nothing.
        if alert.state != AlertState::Resolved && alert.value.is_finite() {
            json["value"] = alert.value.into();
        }
        let size = json.to_string().len();
        if size <= ALERT_BYTES_MAX {
            return Some((json, size, annotations));
        }
    }
    None
}

/// Its labels, with the severity that receivers sort by.
fn shown_labels(alert: &Alert) -> Labels {
    match alert.labels.get("severity") {
        Some(_) => alert.labels.clone(),
        None => alert.labels.with("severity", alert.severity.word()),
    }
}

fn in_both(one: &Labels, other: &Labels) -> Labels {
    Labels::from_pairs(one.iter().filter(|(name, value)| other.get(name) == Some(value)))
}

/// Labels as a JSON object.
pub(crate) fn object(labels: &Labels) -> Value {
    let pairs = labels.iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// A moment as RFC 3339 writes it, in UTC; one that cannot be written, as the nearest that can.
pub(crate) fn rfc3339(time: Time) -> String {
    let nearest = if time.millis() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(time.millis()).unwrap_or(nearest).to_string()
}
