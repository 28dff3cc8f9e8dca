//! Alerts that keep others quiet.

use std::collections::BTreeMap;

use model::{Alert, AlertId, AlertState};

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
}

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
        Self { rules: rules.iter().map(|rule| (rule, sources(rule))).collect() }
    }

    /// The alert that keeps this one quiet, if one does.
    pub(crate) fn by(&self, alert: &Alert) -> Option<AlertId> {
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

fn values<'a>(rule: &InhibitRule, alert: &'a Alert) -> Vec<&'a str> {
    rule.equal.iter().map(|name| alert.labels.get(name).unwrap_or_default()).collect()
}
