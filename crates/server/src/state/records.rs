//! Alerts and changes as the journal keeps them: shapes with a version, turned into nouns here.

use std::collections::BTreeMap;

use detect::Transition;
use journal::{Event, NewEvent};
use model::{Alert, AlertId, AlertState, Change, ChangeKind, Labels, Severity, Time};
use respond::{change_json, change_of as told_change, evidence_json, evidence_of};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The kind of events that say what became of an alert; the subject is the alert's identity.
pub(crate) const ALERT: &str = "alert";
/// The kind of events that say what changed; the subject is what it happened to.
pub(crate) const CHANGE: &str = "change";
/// The kind of events that say what somebody told of a change; the subject is who told, and the
/// name they have for it. The last one of each subject counts.
pub(crate) const TOLD: &str = "change_told";

/// An alert after a transition, version 2.
#[derive(Debug, Serialize, Deserialize)]
struct AlertRecord {
    version: u32,
    became: String,
    id: String,
    source: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    severity: String,
    state: String,
    told: bool,
    active_at: i64,
    fired_at: Option<i64>,
    resolved_at: Option<i64>,
    seen_at: i64,
    /// As text, since JSON knows no infinities.
    value: String,
    /// Since version 2, and only where there is any.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    evidence: Value,
}

/// A change, version 1.
#[derive(Debug, Serialize, Deserialize)]
struct ChangeRecord {
    version: u32,
    what: String,
    text: String,
}

/// The event that a transition leaves in the journal.
pub(crate) fn alert_event(transition: &Transition, at: Time) -> NewEvent {
    let alert = transition.alert();
    let record = AlertRecord {
        version: 2,
        became: transition.word().to_owned(),
        id: alert.id.hex(),
        source: alert.source.clone(),
        labels: map_of(&alert.labels),
        annotations: map_of(&alert.annotations),
        severity: alert.severity.word().to_owned(),
        state: alert.state.word().to_owned(),
        told: alert.told,
        active_at: alert.active_at.millis(),
        fired_at: alert.fired_at.map(Time::millis),
        resolved_at: alert.resolved_at.map(Time::millis),
        seen_at: alert.seen_at.millis(),
        value: alert.value.to_string(),
        evidence: evidence_json(&alert.evidence).unwrap_or_default(),
    };
    NewEvent { at, kind: ALERT.to_owned(), subject: alert.id.hex(), body: body_of(&record) }
}

/// The alert that an event speaks of, as it was after it, and what had become of it.
pub(crate) fn alert_of(event: &Event) -> Option<(String, Alert)> {
    let record: AlertRecord = serde_json::from_value(event.body.clone()).ok()?;
    let state = match record.state.as_str() {
        "pending" => AlertState::Pending,
        "firing" => AlertState::Firing,
        _ => AlertState::Resolved,
    };
    let alert = Alert {
        id: AlertId(u64::from_str_radix(&record.id, 16).ok()?),
        source: record.source,
        labels: Labels::from_pairs(record.labels),
        annotations: Labels::from_pairs(record.annotations),
        severity: Severity::from_label(&record.severity),
        state,
        told: record.told,
        active_at: Time(record.active_at),
        fired_at: record.fired_at.map(Time),
        resolved_at: record.resolved_at.map(Time),
        seen_at: Time(record.seen_at),
        value: record.value.parse().ok()?,
        evidence: evidence_of(&record.evidence),
    };
    Some((record.became, alert))
}

/// The event that a change leaves in the journal.
pub(crate) fn change_event(change: &Change) -> NewEvent {
    let record =
        ChangeRecord { version: 1, what: change.kind.word().to_owned(), text: change.text.clone() };
    NewEvent {
        at: change.at,
        kind: CHANGE.to_owned(),
        subject: change.subject.clone(),
        body: body_of(&record),
    }
}

/// The event that a change leaves in the journal of which somebody told; version 1. `dated` says
/// that its time is the teller's own and not when it came.
pub(crate) fn told_event(change: &Change, dated: bool) -> NewEvent {
    let details = &change.details;
    let source = details.source.as_deref().unwrap_or_default();
    let key = details.key.as_deref().unwrap_or_default();
    let body = json!({"version": 1, "dated": dated, "change": change_json(change)});
    NewEvent { at: change.at, kind: TOLD.to_owned(), subject: format!("{source}/{key}"), body }
}

/// Whether an event says the same of a change as one that was told before.
pub(crate) fn same_told(known: &Event, told: &NewEvent) -> bool {
    let dated = |body: &Value| body["dated"] == true;
    let (one, other) = (&known.body["change"], &told.body["change"]);
    let apart_from_time = |name: &str| one[name] == other[name];
    let names = one.as_object().into_iter().chain(other.as_object()).flat_map(|own| own.keys());
    let both_dated = dated(&known.body) && dated(&told.body);
    names.into_iter().all(|name| apart_from_time(name) || (name == "at" && !both_dated))
}

/// The change that an event speaks of; of an alert, that it began or ended.
pub(crate) fn change_of(event: &Event) -> Option<Change> {
    match event.kind.as_str() {
        CHANGE => {
            let record: ChangeRecord = serde_json::from_value(event.body.clone()).ok()?;
            let kind = ChangeKind::from_word(&record.what)?;
            Some(Change::new(event.at, kind, event.subject.clone(), record.text))
        }
        TOLD => told_change(&event.body["change"]),
        ALERT => {
            let (became, alert) = alert_of(event)?;
            let text = match became.as_str() {
                "firing" => "alert began",
                "resolved" => "alert ended",
                _ => return None,
            };
            // Rules need not say anything of their alerts.
            let text = match alert.annotations.get("summary") {
                Some(summary) if !summary.is_empty() => format!("{text}: {summary}"),
                _ => text.to_owned(),
            };
            let mut change = Change::new(event.at, ChangeKind::Alert, alert.name(), text);
            // By which whoever reads of it finds the alert.
            change.details.key = Some(alert.id.hex());
            Some(change)
        }
        _ => None,
    }
}

/// Labels as a map, for JSON.
pub(crate) fn map_of(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn body_of(record: &impl Serialize) -> Value {
    // These shapes have text keys only, so they always become JSON.
    serde_json::to_value(record).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use journal::Hash;
    use model::{Evidence, NormalBand, Unit};

    use super::*;

    fn alert() -> Alert {
        let labels = Labels::from_pairs([("alertname", "DiskFull"), ("mountpoint", "/")]);
        Alert {
            id: AlertId::of("resource/disk", &labels),
            source: "resource/disk".into(),
            labels,
            annotations: Labels::from_pairs([("summary", "Disk space / is 96 % full")]),
            severity: Severity::Critical,
            state: AlertState::Firing,
            told: true,
            active_at: Time(1_000),
            fired_at: Some(Time(2_000)),
            resolved_at: None,
            seen_at: Time(3_000),
            value: f64::INFINITY,
            evidence: Evidence::default(),
        }
    }

    fn read_back(new: NewEvent) -> Event {
        Event {
            seq: 1,
            at: new.at,
            kind: new.kind,
            subject: new.subject,
            body: new.body,
            hash: Hash([0; 32]),
        }
    }

    #[test]
    fn an_alert_comes_back_from_the_journal_as_it_went_in() {
        let event = read_back(alert_event(&Transition::Firing(alert()), Time(2_000)));
        assert_eq!(alert_of(&event), Some(("firing".to_owned(), alert())));
    }

    #[test]
    fn evidence_comes_back_and_what_older_versions_wrote_has_none() {
        let mut fired = alert();
        let normal = NormalBand { low: 1.0, high: 2.0, days: 7, unit: Unit::Count };
        fired.evidence.normal = Some(normal);
        fired.evidence.set_changes(vec![Change::new(
            Time(1_500),
            ChangeKind::Deployment,
            "api",
            "version 2",
        )]);
        let mut event = read_back(alert_event(&Transition::Firing(fired.clone()), Time(2_000)));
        assert_eq!(alert_of(&event), Some(("firing".to_owned(), fired)));
        event.body.as_object_mut().unwrap().remove("evidence");
        event.body["version"] = 1.into();
        assert_eq!(alert_of(&event), Some(("firing".to_owned(), alert())));
    }

    #[test]
    fn an_alert_that_began_is_a_change() {
        let event = read_back(alert_event(&Transition::Firing(alert()), Time(2_000)));
        let change = change_of(&event).unwrap();
        assert_eq!(change.text, "alert began: Disk space / is 96 % full");
        assert_eq!(change.details.key, Some(alert().id.hex()));
        let noted = read_back(alert_event(&Transition::Noted(alert()), Time(2_000)));
        assert_eq!(change_of(&noted), None);
    }

    #[test]
    fn an_alert_that_says_nothing_of_itself_began_all_the_same() {
        let mut silent = alert();
        silent.annotations = Labels::empty();
        let event = read_back(alert_event(&Transition::Resolved(silent), Time(2_000)));
        assert_eq!(change_of(&event).unwrap().text, "alert ended");
    }

    #[test]
    fn the_same_told_twice_is_known_unless_its_own_time_differs() {
        let told = |at, dated| {
            let mut change = Change::new(Time(at), ChangeKind::Flag, "api", "dark mode on");
            change.details.key = Some("f1".into());
            told_event(&change, dated)
        };
        assert!(same_told(&read_back(told(1, false)), &told(9, false)), "told when it came");
        assert!(same_told(&read_back(told(1, true)), &told(1, true)));
        assert!(!same_told(&read_back(told(1, true)), &told(2, true)));
        let mut more = told(1, true);
        more.body["change"]["actor"] = "octocat".into();
        assert!(!same_told(&read_back(told(1, true)), &more));
        assert_eq!(change_of(&read_back(more)).unwrap().details.actor, Some("octocat".into()));
    }

    #[test]
    fn a_change_comes_back_as_it_went_in() {
        let change = Change::new(Time(5), ChangeKind::Host, "db-1", "started");
        assert_eq!(change_of(&read_back(change_event(&change))), Some(change));
    }
}
