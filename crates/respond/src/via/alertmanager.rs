//! An Alertmanager as a receiver: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>.

use std::io;

use model::{Alert, Span, Time};
use serde_json::{Value, json};

use super::{
    Authorization,
    webhook::{object, rfc3339},
};

/// How long we vouch for an alert that fires; it is sent again four times as often.
const VOUCHED: Span = Span::minutes(4);

/// The alerts of a message, as an Alertmanager takes them.
pub(super) fn alerts_of(message: &Value, now: Time) -> Value {
    let alerts = message["alerts"].as_array().into_iter().flatten();
    let each = alerts.map(|alert| {
        let firing = alert["status"] == "firing";
        json!({
            "labels": alert["labels"],
            "annotations": alert["annotations"],
            "startsAt": alert["startsAt"],
            "endsAt": if firing { json!(rfc3339(now + VOUCHED)) } else { alert["endsAt"].clone() },
            "generatorURL": alert["generatorURL"],
        })
    });
    each.collect()
}

/// Alerts that fire, as they are sent again so that they stand.
pub(crate) fn standing(alerts: &[Alert], now: Time, base: &str) -> Value {
    let base = base.trim_end_matches('/');
    let each = alerts.iter().map(|alert| {
        let labels = match alert.labels.get("severity") {
            Some(_) => alert.labels.clone(),
            None => alert.labels.with("severity", alert.severity.word()),
        };
        let annotations = alert.annotations.without(|name| name.starts_with("plimsoll_"));
        json!({
            "labels": object(&labels),
            "annotations": object(&annotations),
            "startsAt": rfc3339(alert.fired_at.unwrap_or(alert.active_at)),
            "endsAt": rfc3339(now + VOUCHED),
            "generatorURL": format!("{base}/alerts?id={}", alert.id.hex()),
        })
    });
    each.collect()
}

/// The request that carries alerts to an Alertmanager; fails if a file cannot be read.
pub(crate) fn request(
    client: &reqwest::Client,
    url: &str,
    authorization: &Authorization,
    alerts: &Value,
) -> io::Result<reqwest::RequestBuilder> {
    let address = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
    authorization.put(client.post(address).json(alerts))
}
