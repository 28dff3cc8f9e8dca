//! Joins what is used with what there is, by the labels both sides have in common.

use std::collections::{BTreeMap, BTreeSet};

use model::{Labels, METRIC_NAME, Reading, Resource, ResourceId, Time};
use query::InstantSample;

/// Names of labels.
type Names<'a> = BTreeSet<&'a str>;

/// The readings of a resource: one for every label set that both answers have in common.
///
/// A used amount takes the limit that agrees with it in every label both have; of several, the one
/// that agrees in most labels, then the smallest. The labels they share tell the reading from
/// others; a limit without labels serves all, and the used amount's own labels then tell them
/// apart, as they do where several used amounts share a limit. Sorted by identity.
pub fn readings(
    resource: &Resource,
    used: &[InstantSample],
    limit: &[InstantSample],
    at: Time,
) -> Vec<Reading> {
    let limits = Limits::of(limit);
    let mut found: BTreeMap<Labels, Vec<(&InstantSample, f64)>> = BTreeMap::new();
    for sample in used {
        if let Some((shared, limit)) = limits.best(&sample.labels) {
            found.entry(shared).or_default().push((sample, limit));
        }
    }
    let mut readings = Vec::with_capacity(used.len());
    for (shared, members) in found {
        let alone = members.len() == 1 && !shared.is_empty();
        for (sample, limit) in members {
            let labels = if alone { shared.clone() } else { plain(&sample.labels) };
            let id = ResourceId { resource: resource.name.clone(), labels };
            readings.push(Reading { id, at, used: sample.value, limit });
        }
    }
    readings.sort_by(|left, right| left.id.cmp(&right.id));
    readings.dedup_by(|later, earlier| later.id == earlier.id);
    readings
}

fn plain(labels: &Labels) -> Labels {
    labels.without(|name| name == METRIC_NAME)
}

fn names(labels: &Labels) -> Names<'_> {
    labels.iter().map(|(name, _)| name).filter(|name| *name != METRIC_NAME).collect()
}

/// The limits, grouped by the names of their labels.
struct Limits<'a>(BTreeMap<Names<'a>, Vec<&'a InstantSample>>);

/// Lookups by the values of shared labels, made once for each pair of label name sets.
impl<'a> Limits<'a> {
    fn of(limit: &'a [InstantSample]) -> Self {
        let mut groups: BTreeMap<Names<'a>, Vec<&InstantSample>> = BTreeMap::new();
        for sample in limit {
            groups.entry(names(&sample.labels)).or_default().push(sample);
        }
        Self(groups)
    }

    /// The labels shared with the best limit, and its value.
    fn best(&self, used: &Labels) -> Option<(Labels, f64)> {
        let own = names(used);
        let mut best: Option<(usize, Labels, f64)> = None;
        for (group, samples) in &self.0 {
            let shared: Vec<&str> = group.intersection(&own).copied().collect();
            let agrees = |sample: &&&InstantSample| {
                shared.iter().all(|name| sample.labels.get(name) == used.get(name))
            };
            for sample in samples.iter().filter(agrees) {
                let better = best.as_ref().is_none_or(|(count, _, value)| {
                    shared.len() > *count || (shared.len() == *count && sample.value < *value)
                });
                if better {
                    let labels = used.without(|name| !shared.contains(&name));
                    best = Some((shared.len(), labels, sample.value));
                }
            }
        }
        best.map(|(_, labels, value)| (labels, value))
    }
}
