//! What a group of rules says of itself: that it cannot be evaluated, that there is nothing to judge, that it comes too
//! late.

use std::collections::BTreeMap;

use model::{Alert, AlertId, AlertState, Labels, Severity, Span, Time};

use crate::{
    rules::{Rule, RuleGroup},
    state::{ActiveAlerts, MISSING_SINCE, Transition, end, noted_time},
};

/// So many failures in a row are no accident.
const FAILURES_MAX: u32 = 3;
/// So many intervals without data are no accident.
const SILENT_INTERVALS: i64 = 3;
/// So many evaluations missed lately are no accident.
const MISSED_MAX: u64 = 3;
/// Rules named one by one in a text; of more, the number.
const NAMED_MAX: usize = 3;

/// What is wrong with a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// The name of its alert.
    pub name: &'static str,
    /// In a sentence.
    pub summary: String,
    /// In more of them.
    pub description: String,
    /// How many rules or evaluations.
    pub value: f64,
}

/// How a group goes.
#[derive(Clone, Debug)]
pub struct GroupHealth<'g> {
    /// The group.
    pub group: &'g RuleGroup,
    /// From one evaluation to the next.
    pub interval: Span,
    /// Of each rule that failed, how often in a row, and why the last time.
    pub failing: Vec<(&'g str, u32, String)>,
    /// Evaluations that came too late to be made within the last minutes.
    pub missed: u64,
}

impl GroupHealth<'_> {
    /// What is wrong.
    pub fn complaints(&self, active: &ActiveAlerts, now: Time) -> Vec<Complaint> {
        let group = &self.group.name;
        let mut complaints = Vec::new();
        let failing: Vec<_> =
            self.failing.iter().filter(|(_, failures, _)| *failures >= FAILURES_MAX).collect();
        if !failing.is_empty() {
            let told = failing.iter().map(|(name, _, error)| format!("{name}: {error}"));
            complaints.push(Complaint {
                name: "RuleEvalFailing",
                summary: format!("{} of group {group} cannot be evaluated", rules(failing.len())),
                description: format!("their alerts stay as they are; {}", named(told)),
                value: failing.len() as f64,
            });
        }
        let silent = self.silent(active, now);
        if !silent.is_empty() {
            complaints.push(Complaint {
                name: "RuleNoData",
                summary: format!("{} of group {group} have no data", rules(silent.len())),
                description: format!(
                    "their alerts stay as they are for a while; {}",
                    named(silent.iter().map(|name| (*name).to_owned()))
                ),
                value: silent.len() as f64,
            });
        }
        if self.missed >= MISSED_MAX {
            complaints.push(Complaint {
                name: "RuleEvalMissed",
                summary: format!("group {group} misses evaluations"),
                description: format!(
                    "{} within ten minutes: an evaluation takes longer than its interval of {}",
                    self.missed, self.interval
                ),
                value: self.missed as f64,
            });
        }
        complaints
    }

    /// The rules with an alert whose data have been missing for longer than by accident.
    fn silent(&self, active: &ActiveAlerts, now: Time) -> Vec<&str> {
        let after = Span(self.interval.as_millis().saturating_mul(SILENT_INTERVALS));
        let is_silent = |alert: &Alert| {
            noted_time(alert, MISSING_SINCE).is_some_and(|since| now.since(since) >= after)
        };
        let rules = self.group.rules.iter().filter_map(|rule| match rule {
            Rule::Alert(rule) => Some(rule),
            Rule::Record(_) => None,
        });
        rules
            .filter(|rule| active.of(&rule.source).iter().any(is_silent))
            .map(|rule| rule.name.as_str())
            .collect()
    }
}

fn rules(count: usize) -> String {
    if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") }
}

fn named(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(NAMED_MAX);
    let mut told: Vec<String> = all.take(NAMED_MAX).collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}

/// Makes alerts of what is wrong with a group, and ends those of what is wrong no more.
pub fn judge_complaints(
    group: &RuleGroup,
    complaints: Vec<Complaint>,
    active: &mut ActiveAlerts,
    now: Time,
) -> Vec<Transition> {
    let source = group.own_source();
    let mut found: BTreeMap<AlertId, Alert> = BTreeMap::new();
    for own in complaints {
        let alert = alert_of(group, &source, own, now);
        found.insert(alert.id, alert);
    }
    let (mut kept, mut transitions) = (Vec::new(), Vec::new());
    for alert in active.take(&source) {
        match found.remove(&alert.id) {
            Some(own) => {
                let (active_at, fired_at) = (alert.active_at, alert.fired_at);
                kept.push(Alert { active_at, fired_at, ..own });
            }
            None => transitions.push(end(alert, now)),
        }
    }
    for alert in found.into_values() {
        transitions.push(Transition::Firing(alert.clone()));
        kept.push(alert);
    }
    active.put(&source, kept);
    transitions
}

fn alert_of(group: &RuleGroup, source: &str, own: Complaint, now: Time) -> Alert {
    let labels = Labels::from_pairs([
        ("alertname", own.name),
        ("rule_file", group.file.as_str()),
        ("rule_group", group.name.as_str()),
        ("severity", "warning"),
    ]);
    let texts = [("summary", own.summary), ("description", own.description)];
    Alert {
        id: AlertId::of(source, &labels),
        source: source.to_owned(),
        labels,
        annotations: Labels::from_pairs(texts),
        severity: Severity::from_label("warning"),
        state: AlertState::Firing,
        told: true,
        active_at: now,
        fired_at: Some(now),
        resolved_at: None,
        seen_at: now,
        value: own.value,
        evidence: model::Evidence::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    fn group() -> RuleGroup {
        let text = "groups: [{name: g, rules: [{alert: A, expr: x > 1}, {alert: B, expr: y > 1}]}]";
        rules::parse("r.yaml", text).unwrap().remove(0)
    }

    fn judged(active: &mut ActiveAlerts, failures: u32, missed: u64, now: Time) -> Vec<String> {
        let group = group();
        let health = GroupHealth {
            group: &group,
            interval: Span::secs(15),
            failing: vec![("A", failures, "no answer".to_owned()), ("B", 1, "odd".to_owned())],
            missed,
        };
        let complaints = health.complaints(active, now);
        let found = judge_complaints(&group, complaints, active, now);
        found.iter().map(|own| format!("{} {}", own.alert().name(), own.word())).collect()
    }

    #[test]
    fn three_failures_in_a_row_are_an_alert_until_one_goes_well() {
        let mut active = ActiveAlerts::default();
        assert!(judged(&mut active, 2, 0, Time(0)).is_empty());
        assert_eq!(judged(&mut active, 3, 0, Time(1)), ["RuleEvalFailing firing"]);
        assert!(judged(&mut active, 4, 0, Time(2)).is_empty());
        let alert = &active.alerts()[0];
        assert_eq!(alert.fired_at, Some(Time(1)));
        assert_eq!(alert.annotations.get("summary"), Some("1 rule of group g cannot be evaluated"));
        assert!(alert.annotations.get("description").unwrap().ends_with("A: no answer"));
        assert_eq!(judged(&mut active, 0, 0, Time(3)), ["RuleEvalFailing resolved"]);
        assert!(active.alerts().is_empty());
    }

    #[test]
    fn evaluations_that_are_missed_again_and_again_are_an_alert() {
        let mut active = ActiveAlerts::default();
        assert!(judged(&mut active, 0, 2, Time(0)).is_empty());
        assert_eq!(judged(&mut active, 0, 3, Time(1)), ["RuleEvalMissed firing"]);
        assert_eq!(judged(&mut active, 0, 0, Time(2)), ["RuleEvalMissed resolved"]);
    }
}
