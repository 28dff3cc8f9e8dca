//! Alerts that keep others quiet.

use std::collections::BTreeMap;

use model::{Alert, AlertId, AlertState, Labels, Severity};

use super::matchers::{LabelMatcher, all_match};

/// While an alert matches the source, those that match the target are not told, if both have the
/// same values of some labels. A label that both lack is the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InhibitRule {
    /// What the alert that keeps quiet looks like.
    pub source: Vec<LabelMatcher>,
    /// What those look like that are kept quiet.
    pub target: Vec<LabelMatcher>,
    /// The labels whose values must be the same.
    pub equal: Vec<String>,
}

/// What keeps what quiet at one moment, looked up by the values of labels.
#[derive(Debug, Default)]
pub(crate) struct Inhibition<'a> {
    rules: Vec<(&'a InhibitRule, Sources<'a>)>,
    /// By everything but the severity: the worst alert that fires.
    worst: BTreeMap<Labels, (Severity, AlertId)>,
}

/// The label that tells alerts about the same thing apart.
const SEVERITY: &str = "severity";

/// By the values of the equal labels: an alert on the source's side only, and one on both sides.
type Sources<'a> = BTreeMap<Vec<&'a str>, [Option<AlertId>; 2]>;

impl<'a> Inhibition<'a> {
    /// What the alerts that fire keep quiet.
    pub(crate) fn of(rules: &'a [InhibitRule], alerts: &'a [Alert]) -> Self {
        let sources = |rule: &'a InhibitRule| {
            let mut sources = Sources::new();
            let firing = alerts.iter().filter(|alert| alert.state == AlertState::Firing);
            for alert in firing.filter(|alert| all_match(&rule.source, &alert.labels)) {
                let both = usize::from(all_match(&rule.target, &alert.labels));
                sources.entry(values(rule, alert)).or_default()[both].get_or_insert(alert.id);
            }
            sources
        };
        Self {
            rules: rules.iter().map(|rule| (rule, sources(rule))).collect(),
            worst: worst(alerts),
        }
    }

    /// The alert that keeps this one quiet, if one does: by the rules, or because it says the same
    /// of the same thing, but worse.
    pub(crate) fn by(&self, alert: &Alert) -> Option<AlertId> {
        self.by_rules(alert).or_else(|| {
            let (severity, id) = self.worst.get(&about(alert)?)?;
            (*severity > alert.severity).then_some(*id)
        })
    }

    fn by_rules(&self, alert: &Alert) -> Option<AlertId> {
        self.rules.iter().find_map(|(rule, sources)| {
            if sources.is_empty() || !all_match(&rule.target, &alert.labels) {
                return None;
            }
            let [only, both] = sources.get(&values(rule, alert))?;
            // Two alerts that both are source and target would keep each other quiet, and nobody
            // would hear of either.
            let both = both.filter(|_| !all_match(&rule.source, &alert.labels));
            only.or(both)
        })
    }
}

/// The worst of alerts that fire and are told, by what they are about.
fn worst(alerts: &[Alert]) -> BTreeMap<Labels, (Severity, AlertId)> {
    let mut worst = BTreeMap::new();
    let firing = alerts.iter().filter(|own| own.state == AlertState::Firing && own.told);
    for alert in firing.filter(|own| own.severity > Severity::Info) {
        let Some(about) = about(alert) else { continue };
        let known = worst.entry(about).or_insert((alert.severity, alert.id));
        if alert.severity > known.0 {
            *known = (alert.severity, alert.id);
        }
    }
    worst
}

/// What an alert is about: all its labels but the severity, if it has one.
fn about(alert: &Alert) -> Option<Labels> {
    alert.labels.get(SEVERITY)?;
    Some(alert.labels.without(|name| name == SEVERITY))
}

fn values<'a>(rule: &InhibitRule, alert: &'a Alert) -> Vec<&'a str> {
    rule.equal.iter().map(|name| alert.labels.get(name).unwrap_or_default()).collect()
}
