//! Which requests cost the budget: the values of labels that most bad events share.

use std::collections::BTreeMap;

use model::{Labels, METRIC_NAME};
use query::InstantSample;

use super::measure::Part;

/// Labels told, and values of each.
const LABELS_MAX: usize = 8;
const VALUES_MAX: usize = 8;
/// Labels that say how a thing was measured, not what it was.
const OF_MEASURING: [&str; 3] = [METRIC_NAME, "le", "quantile"];

/// What events with one value of a label cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The value; empty where the label is missing.
    pub value: String,
    /// Bad events with it.
    pub bad: f64,
    /// All events with it.
    pub total: f64,
    /// Its part of all bad events, from 0 to 1.
    pub share_of_bad: f64,
    /// Its part of all events.
    pub share_of_total: f64,
}

/// A label, and what its values cost, the dearest first.
#[derive(Clone, Debug, PartialEq)]
pub struct CostLabel {
    /// The label.
    pub label: String,
    /// Its values.
    pub costs: Vec<Cost>,
}

type Sums<'a> = BTreeMap<&'a str, (f64, f64)>;

/// Breaks the events down by each label that all counters have, from the answers to [`super::Measure::over`]. Labels
/// that tell most come first; one that has the same value everywhere tells nothing.
pub fn costs(parts: &[Part], answers: &[Vec<InstantSample>]) -> Vec<CostLabel> {
    let mut found: Vec<(f64, CostLabel)> = Vec::new();
    for label in common_labels(answers) {
        let mut sums = Sums::new();
        for (part, answer) in parts.iter().zip(answers) {
            for sample in answer.iter().filter(|sample| sample.value.is_finite()) {
                let sum = sums.entry(sample.labels.get(label).unwrap_or_default()).or_default();
                sum.0 += part.total * sample.value;
                sum.1 += part.bad * sample.value;
            }
        }
        if sums.len() > 1
            && let Some(told) = told(label, &sums)
        {
            found.push(told);
        }
    }
    found.sort_by(|left, right| right.0.total_cmp(&left.0));
    found.into_iter().take(LABELS_MAX).map(|(_, label)| label).collect()
}

/// Names of labels that series of every answer have.
fn common_labels(answers: &[Vec<InstantSample>]) -> Vec<&str> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let answers: Vec<_> = answers.iter().filter(|answer| !answer.is_empty()).collect();
    for answer in &answers {
        let own: std::collections::BTreeSet<&str> =
            answer.iter().flat_map(|sample| names_of(&sample.labels)).collect();
        for name in own {
            *names.entry(name).or_default() += 1;
        }
    }
    names.retain(|name, count| *count == answers.len() && !OF_MEASURING.contains(name));
    names.into_keys().collect()
}

fn names_of(labels: &Labels) -> impl Iterator<Item = &str> {
    labels.iter().map(|(name, _)| name)
}

/// What a label's values cost, and by how much the dearest one stands out.
fn told(label: &str, sums: &Sums<'_>) -> Option<(f64, CostLabel)> {
    let total: f64 = sums.values().map(|(total, _)| total.max(0.0)).sum();
    let bad: f64 = sums.values().map(|(_, bad)| bad.max(0.0)).sum();
    if bad <= 0.0 || total <= 0.0 {
        return None;
    }
    let mut costs: Vec<Cost> = sums
        .iter()
        .filter(|(_, (_, bad))| *bad > 0.0)
        .map(|(value, (own_total, own_bad))| Cost {
            value: (*value).to_owned(),
            bad: *own_bad,
            total: own_total.max(0.0),
            share_of_bad: own_bad / bad,
            share_of_total: (own_total / total).clamp(0.0, 1.0),
        })
        .collect();
    costs.sort_by(|left, right| right.bad.total_cmp(&left.bad));
    costs.truncate(VALUES_MAX);
    let stands_out =
        costs.iter().map(|cost| cost.share_of_bad - cost.share_of_total).fold(0.0, f64::max);
    Some((stands_out, CostLabel { label: label.to_owned(), costs }))
}
