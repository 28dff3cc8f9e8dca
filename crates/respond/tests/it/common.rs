//! Alerts, receivers and what a receiver makes of messages.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use journal::Journal;
use model::{Alert, AlertId, AlertState, Labels, Secret, Severity, Span, Time};
use respond::{Deliverer, Groups, Notices, Receiver, Told, notify};
use serde_json::Value;
use testkit::TurnedClock;

pub(crate) const URL: &str = "http://plimsoll.example:7546/";
/// 18 November 2026, 10:26:40.
pub(crate) const START: Time = Time(1_794_997_600_000);

pub(crate) fn alert(name: &str, host: &str, at: Time) -> Alert {
    let labels = Labels::from_pairs([("alertname", name), ("host", host), ("severity", "warning")]);
    Alert {
        id: AlertId::of("node/rule", &labels),
        source: "node/rule".into(),
        labels,
        annotations: Labels::from_pairs([("summary", "it is full")]),
        severity: Severity::Warning,
        state: AlertState::Firing,
        told: true,
        active_at: at,
        fired_at: Some(at),
        resolved_at: None,
        seen_at: at,
        value: 1.0,
    }
}

pub(crate) fn ended(alert: &Alert, at: Time) -> Alert {
    Alert { state: AlertState::Resolved, resolved_at: Some(at), ..alert.clone() }
}

pub(crate) fn receiver(name: &str, url: &str) -> Receiver {
    Receiver {
        name: name.into(),
        url: url.into(),
        token: Some(Secret::new("sesame".into())),
        send_resolved: true,
        repeat_interval: Span::hours(4),
        group_wait: Span::secs(10),
        group_by: vec!["alertname".into()],
    }
}

/// Notices at a moment, with the groups moved on as if they had been recorded.
pub(crate) fn tell(
    groups: &mut Groups,
    transitions: &[(Told, Alert)],
    receivers: &[Receiver],
    now: Time,
) -> Notices {
    let notices = notify(groups, transitions, receivers, now, URL);
    *groups = notices.groups.clone();
    notices
}

/// What a receiver knows to fire after these messages: fingerprints and severities.
pub(crate) fn view<'a>(messages: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, String> {
    let mut view = BTreeMap::new();
    for alert in messages.into_iter().flat_map(|body| body["alerts"].as_array().unwrap()) {
        let id = alert["fingerprint"].as_str().unwrap().to_owned();
        if alert["status"] == "firing" {
            view.insert(id, alert["labels"]["severity"].as_str().unwrap().to_owned());
        } else {
            view.remove(&id);
        }
    }
    view
}

pub(crate) fn client() -> reqwest::Client {
    // A second test in this process finds it installed already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn deliverer(receivers: Vec<Receiver>, clock: &TurnedClock) -> Deliverer {
    Deliverer::new(client(), receivers, Arc::new(clock.clone()), 7)
}

pub(crate) async fn memory() -> Journal {
    Journal::open(Path::new(":memory:")).await.unwrap()
}
