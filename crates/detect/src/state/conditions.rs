//! Alerts about conditions that somebody else finds: what holds is given, and what is not given is over.

use std::collections::BTreeMap;

use model::{Alert, AlertId, AlertState, Evidence, Labels, Severity, Time};

use super::{ActiveAlerts, Transition, end};

/// Something that holds and should not.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Its labels, `alertname` included: its identity.
    pub labels: Labels,
    /// What else is said of it.
    pub annotations: Labels,
    /// How bad it is.
    pub severity: Severity,
    /// Since when it holds.
    pub since: Time,
}

/// Whether [`judge_conditions`] would change anything.
pub fn conditions_differ(active: &ActiveAlerts, source: &str, holding: &[Condition]) -> bool {
    let known = active.of(source);
    let is_known = |own: &Condition| {
        let id = AlertId::of(source, &own.labels);
        known.iter().any(|alert| alert.id == id)
    };
    known.len() != holding.len() || !holding.iter().all(is_known)
}

/// Begins and ends the alerts of a source, given everything that holds now.
pub fn judge_conditions(
    source: &str,
    holding: Vec<Condition>,
    active: &mut ActiveAlerts,
    now: Time,
) -> Vec<Transition> {
    let standing = active.take(source);
    let mut alerts: BTreeMap<AlertId, Alert> =
        standing.into_iter().map(|alert| (alert.id, alert)).collect();
    let mut transitions = Vec::new();
    let mut kept = BTreeMap::new();
    for own in holding {
        let id = AlertId::of(source, &own.labels);
        let alert = if let Some(mut alert) = alerts.remove(&id) {
            alert.annotations = own.annotations;
            alert.seen_at = now;
            alert
        } else {
            let alert = begun(source, id, own, now);
            transitions.push(Transition::Firing(alert.clone()));
            alert
        };
        kept.insert(id, alert);
    }
    transitions.extend(alerts.into_values().map(|alert| end(alert, now)));
    active.put(source, kept.into_values().collect());
    transitions
}

fn begun(source: &str, id: AlertId, own: Condition, now: Time) -> Alert {
    let since = own.since.min(now);
    Alert {
        id,
        source: source.to_owned(),
        labels: own.labels,
        annotations: own.annotations,
        severity: own.severity,
        state: AlertState::Firing,
        told: true,
        active_at: since,
        fired_at: Some(now),
        resolved_at: None,
        seen_at: now,
        value: f64::NAN,
        evidence: Evidence::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_begins_once_and_what_is_not_given_any_more_ends() {
        let mut active = ActiveAlerts::default();
        let now = Time::from_secs(1_000);
        let one = |name: &str| Condition {
            labels: Labels::from_pairs([("alertname", "HeartbeatMissing"), ("heartbeat", name)]),
            annotations: Labels::empty(),
            severity: Severity::Critical,
            since: now,
        };
        let mut judge = |names: &[&str]| {
            let holding: Vec<_> = names.iter().map(|name| one(name)).collect();
            let differ = conditions_differ(&active, "heartbeat", &holding);
            let told = judge_conditions("heartbeat", holding, &mut active, now);
            assert_eq!(differ, !told.is_empty());
            told.iter().map(Transition::word).collect::<Vec<_>>()
        };
        assert_eq!(judge(&["a", "b"]), ["firing", "firing"]);
        assert!(judge(&["a", "b"]).is_empty());
        assert_eq!(judge(&["b", "c"]), ["firing", "resolved"]);
        assert_eq!(judge(&[]), ["resolved", "resolved"]);
    }
}
