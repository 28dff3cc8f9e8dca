//! Alerts, receivers and what a receiver makes of messages.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use journal::Journal;
use model::{Alert, AlertId, AlertState, Evidence, Labels, Secret, Severity, Time};
use respond::{
    Deliverer, Groups, Notices, Receiver, Scene, Told, notify,
    quiet::Silences,
    routing::{Directory, Timing},
};
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
        evidence: Evidence::default(),
    }
}

pub(crate) fn ended(alert: &Alert, at: Time) -> Alert {
    Alert { state: AlertState::Resolved, resolved_at: Some(at), ..alert.clone() }
}

/// Somebody who is told of everything, and when.
pub(crate) type Desk = (Receiver, Timing);

pub(crate) fn receiver(name: &str, url: &str) -> Desk {
    let receiver = Receiver::web_hook(name, url, Some(Secret::new("sesame".into())));
    (receiver, Timing::default())
}

pub(crate) fn directory(desks: &[Desk]) -> Directory {
    Directory::of(desks.to_vec())
}

/// Notices at a moment, without silences.
pub(crate) fn noticed(
    groups: &Groups,
    transitions: &[(Told, Alert)],
    desks: &[Desk],
    now: Time,
) -> Notices {
    let (directory, silences) = (directory(desks), Silences::default());
    let scene =
        Scene { directory: &directory, silences: &silences, alerts: &[], now, external_url: URL };
    notify(groups, transitions, &scene)
}

/// Notices at a moment, with the groups moved on as if they had been recorded.
pub(crate) fn tell(
    groups: &mut Groups,
    transitions: &[(Told, Alert)],
    desks: &[Desk],
    now: Time,
) -> Notices {
    let notices = noticed(groups, transitions, desks, now);
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

pub(crate) fn deliverer(desks: Vec<Desk>, clock: &TurnedClock) -> Deliverer {
    let receivers = desks.into_iter().map(|(receiver, _)| receiver).collect();
    Deliverer::new(client(), receivers, Arc::new(clock.clone()), 7)
}

pub(crate) async fn memory() -> Journal {
    Journal::open(Path::new(":memory:")).await.unwrap()
}
