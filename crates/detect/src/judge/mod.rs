//! Rules of rule files: what a query answered becomes alerts and series.

mod health;
mod late;
mod reprieve;

use std::{collections::BTreeMap, sync::Arc};

use model::{
    Alert, AlertId, AlertState, Evidence, HistogramSample, Kind, Labels, METRIC_NAME, Sample,
    Series, Severity, Span, Time,
};
use query::InstantSample;

use crate::{
    rules::{AlertRule, PREFIX, RecordRule},
    state::{ActiveAlerts, Transition, changes_of, end, keep_notes, note_changes},
    template::{Scene, Template},
};

use reprieve::{Fate, Reprieve};

pub use health::{Complaint, GroupHealth, judge_complaints};
pub use late::{LateTick, judge_late};

pub(crate) use reprieve::FLAP_WINDOW;

/// Alerts of one rule; a rule that answers with more asks the wrong question, and nobody reads them.
const ALERTS_PER_RULE_MAX: usize = 10_000;

/// What surrounds a rule while it is judged.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The group's limit on alerts or series; none if it is nought.
    pub limit: usize,
    /// The labels that tell this server from others.
    pub external_labels: &'a Labels,
    /// Where this server's pages are, for links.
    pub external_url: &'a str,
    /// Since when there is somebody to see alerts again, after a gap or after the clock was set, as long as not every
    /// source can have spoken since. Alerts last seen before that do not end.
    pub returned_at: Option<Time>,
    /// Answers a query of a template at the time of the evaluation.
    pub query: &'a dyn Fn(&str) -> Result<Vec<InstantSample>, String>,
    /// Answers a question of the rule itself, at the time its expression was asked for.
    pub ask: &'a dyn Fn(&str) -> Result<Vec<InstantSample>, String>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .field("limit", &self.limit)
            .field("external_labels", &self.external_labels)
            .field("external_url", &self.external_url)
            .finish_non_exhaustive()
    }
}

/// Why an answer cannot be judged. Nothing has changed then: no alert began, none ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// Two elements of the answer became the same series.
    #[error("{labels} comes up twice in the answer once the rule's labels are applied")]
    Twice {
        /// The labels.
        labels: String,
    },
    /// What else the rule asks got no answer.
    #[error("cannot ask {expr}: {error}")]
    Asking {
        /// The expression.
        expr: String,
        /// Why not.
        error: String,
    },
    /// More than the group's limit, or ours.
    #[error("the rule gives {count} alerts or series, its limit is {limit}")]
    TooMany {
        /// How many.
        count: usize,
        /// How many may be.
        limit: usize,
    },
}

impl JudgeError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Twice { .. } => Kind::Invalid,
            Self::TooMany { .. } => Kind::Busy,
            Self::Asking { .. } => Kind::Upstream,
        }
    }
}

/// What a rule is judged by: the elements of an answer; a number is an element without labels.
/// Nothing for texts and ranges, which no rule can use.
pub fn elements(answer: query::Value) -> Option<Vec<InstantSample>> {
    match answer {
        query::Value::Vector(elements) => Some(elements),
        query::Value::Scalar(Sample { time, value }) => {
            Some(vec![InstantSample::float(Labels::empty(), time, value)])
        }
        query::Value::Text(..) | query::Value::Matrix(_) => None,
    }
}

/// Judges an alerting rule by the answer to its expression: each element is an alert.
///
/// `for`, `keep_firing_for`, labels and annotations work as in Prometheus. An error leaves all
/// alerts as they were.
pub fn judge_alert(
    rule: &AlertRule,
    answer: &[InstantSample],
    active: &mut ActiveAlerts,
    now: Time,
    around: &Surroundings<'_>,
) -> Result<Vec<Transition>, JudgeError> {
    let mut seen = observe(rule, answer, now, around)?;
    let mut kept = Vec::new();
    let mut transitions = Vec::new();
    let mut ended = Vec::new();
    let before = active.of(&rule.source).to_vec();
    let reprieve = Reprieve::of(rule, &seen, &before, now, around)?;
    seen.extend(reprieve.silence(rule, now).map(|alert| (alert.labels.clone(), alert)));
    for mut alert in before {
        match seen.remove(&alert.labels).or_else(|| reprieve.still(&alert)) {
            Some(found) => {
                reprieve.catch_up(&mut alert, now);
                alert.value = found.value;
                alert.annotations = keep_notes(&alert.annotations, &found.annotations);
                alert.severity = found.severity;
                alert.seen_at = now;
                transitions.extend(holds(rule, &mut alert, now));
                kept.push(alert);
            }
            None => match reprieve.judge(rule, &mut alert, now) {
                Fate::Stays(transition) => {
                    transitions.extend(transition);
                    kept.push(alert);
                }
                Fate::Ends => {
                    let end = end(alert, now);
                    active.note_over(end.alert());
                    ended.extend(
                        reprieve::remembers(rule, end.alert()).then(|| end.alert().clone()),
                    );
                    transitions.push(end);
                }
            },
        }
    }
    seen.retain(|_, alert| !active.ends_after(alert.id, now));
    for (_, mut alert) in seen {
        if reprieve::hold(rule, &alert) > Span::ZERO {
            transitions.push(Transition::Pending(alert.clone()));
        } else {
            transitions.extend(holds(rule, &mut alert, now));
        }
        kept.push(alert);
    }
    check_limit(kept.len(), around.limit)?;
    if rule.care.flap_hold.is_some() {
        begin(active, &mut kept, &mut transitions, now);
        for alert in &ended {
            active.remember(alert);
        }
    }
    active.put(&rule.source, kept);
    Ok(transitions)
}

/// Judges a recording rule by the answer to its expression: each element is a sample.
pub fn judge_recording(
    rule: &RecordRule,
    answer: &[InstantSample],
    now: Time,
    limit: usize,
) -> Result<Vec<Series>, JudgeError> {
    let mut found = BTreeMap::new();
    for element in answer {
        let mut labels = element.labels.to_builder();
        labels.set(METRIC_NAME, rule.name.as_str());
        for (name, value) in &rule.labels {
            labels.set(name.as_str(), value.as_str());
        }
        let labels = labels.build();
        if found.insert(labels.clone(), element).is_some() {
            return Err(JudgeError::Twice { labels: labels.to_string() });
        }
    }
    if limit > 0 && found.len() > limit {
        return Err(JudgeError::TooMany { count: found.len(), limit });
    }
    let one = |(labels, element): (Labels, &InstantSample)| match &element.histogram {
        Some(histogram) => {
            let histograms = vec![HistogramSample { time: now, histogram: Arc::clone(histogram) }];
            Series { labels, samples: Vec::new(), histograms }
        }
        None => Series::new(labels, vec![Sample { time: now, value: element.value }]),
    };
    Ok(found.into_iter().map(one).collect())
}

/// The alerts that an answer stands for, as they would begin now, by their labels.
fn observe(
    rule: &AlertRule,
    answer: &[InstantSample],
    now: Time,
    around: &Surroundings<'_>,
) -> Result<BTreeMap<Labels, Alert>, JudgeError> {
    check_limit(answer.len(), 0)?;
    if answer.is_empty() {
        return Ok(BTreeMap::new());
    }
    let labels = own_labels(rule);
    let told = rule.annotations.iter().filter(|(name, _)| !name.starts_with(PREFIX));
    let annotations = parsed(told);
    let mut seen = BTreeMap::new();
    for element in answer {
        let scene = scene(element, now, around);
        let own = labels.of(rule, element, now, around);
        let texts = annotations.iter().map(|(name, template)| (*name, template.expand(&scene)));
        let alert = Alert {
            id: AlertId::of(&rule.source, &own),
            source: rule.source.clone(),
            annotations: Labels::from_pairs(texts),
            severity: Severity::from_label(own.get("severity").unwrap_or_default()),
            labels: own.clone(),
            state: AlertState::Pending,
            told: true,
            active_at: now,
            fired_at: None,
            resolved_at: None,
            seen_at: now,
            value: element.value,
            evidence: Evidence::default(),
        };
        if let Some(twice) = seen.insert(own, alert) {
            return Err(JudgeError::Twice { labels: twice.labels.to_string() });
        }
    }
    Ok(seen)
}

/// What templates see of an element of an answer.
fn scene<'a>(element: &'a InstantSample, now: Time, around: &Surroundings<'a>) -> Scene<'a> {
    Scene {
        labels: &element.labels,
        external_labels: around.external_labels,
        external_url: around.external_url,
        value: element.value,
        now,
        query: around.query,
    }
}

/// The templates of the labels that a rule gives its alerts.
struct OwnLabels<'r>(Vec<(&'r str, Template)>);

fn own_labels(rule: &AlertRule) -> OwnLabels<'_> {
    OwnLabels(parsed(rule.labels.iter()))
}

impl OwnLabels<'_> {
    /// The labels of the alert that an element stands for.
    fn of(
        &self,
        rule: &AlertRule,
        element: &InstantSample,
        now: Time,
        around: &Surroundings<'_>,
    ) -> Labels {
        let scene = scene(element, now, around);
        let mut builder = element.labels.to_builder();
        builder.remove(METRIC_NAME);
        for (name, template) in &self.0 {
            builder.set(*name, template.expand(&scene));
        }
        builder.set("alertname", rule.name.as_str());
        builder.build()
    }
}

fn parsed<'r>(texts: impl Iterator<Item = &'r (String, String)>) -> Vec<(&'r str, Template)> {
    texts.map(|(name, text)| (name.as_str(), Template::of(name, text))).collect()
}

/// Notes of alerts that begin to fire when they began and ended lately.
fn begin(active: &mut ActiveAlerts, kept: &mut [Alert], transitions: &mut [Transition], now: Time) {
    for alert in kept.iter_mut().filter(|alert| alert.fired_at == Some(now)) {
        let mut changes = active.recall(alert.id);
        changes.extend(changes_of(alert));
        changes.push(now);
        changes.retain(|time| now.since(*time) <= FLAP_WINDOW);
        note_changes(alert, &changes);
        for transition in transitions.iter_mut() {
            if let Transition::Firing(own) = transition
                && own.id == alert.id
            {
                own.clone_from(alert);
            }
        }
    }
}

/// The condition holds: on to firing when it has held for long enough.
fn holds(rule: &AlertRule, alert: &mut Alert, now: Time) -> Option<Transition> {
    let returned = reprieve::found_again(alert, now);
    let long_enough = now.since(alert.active_at) >= reprieve::hold(rule, alert);
    if alert.state == AlertState::Pending && long_enough {
        alert.state = AlertState::Firing;
        alert.fired_at = Some(now);
        return Some(Transition::Firing(alert.clone()));
    }
    returned.then(|| Transition::Noted(alert.clone()))
}

fn check_limit(count: usize, limit: usize) -> Result<(), JudgeError> {
    let limit = if limit == 0 { ALERTS_PER_RULE_MAX } else { limit };
    if count > limit { Err(JudgeError::TooMany { count, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod care_tests;
#[cfg(test)]
mod tests;
