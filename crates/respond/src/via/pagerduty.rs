//! PagerDuty's Events API, version 2: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>.

use serde_json::{Value, json};

use super::words::{Words, cut};

/// Where events go, if nothing else is said.
pub(crate) const ADDRESS: &str = "https://events.pagerduty.com/v2/enqueue";

/// The event: it opens an incident, changes it, or ends it. All that is told of a group carries
/// the same key, so that it is one incident.
pub(super) fn body((message, words): (&Value, &Words), lane: &str, key: &str) -> Value {
    if !words.firing {
        return json!({"routing_key": key, "event_action": "resolve", "dedup_key": lane});
    }
    let source = ["instance", "host", "service", "job"]
        .iter()
        .find_map(|name| message["commonLabels"][name].as_str())
        .unwrap_or("plimsoll");
    let lines: serde_json::Map<String, Value> = (words.lines.iter().enumerate())
        .map(|(place, line)| (format!("{:02}", place + 1), json!(line)))
        .collect();
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": lane,
        "client": "Plimsoll",
        "client_url": words.link,
        "payload": {
            "summary": words.title,
            "source": cut(source),
            "severity": words.severity,
            "custom_details": {
                "alerts": lines,
                "labels": message["commonLabels"],
            },
        },
    })
}
