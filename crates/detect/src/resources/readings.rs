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
    let mut limits = Limits::of(limit);
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

/// The smallest limit by the values of the shared labels.
type Index<'a> = BTreeMap<Vec<&'a str>, f64>;

/// The limits, grouped by the names of their labels, with an index for each set of shared names.
struct Limits<'a> {
    groups: BTreeMap<Names<'a>, Vec<&'a InstantSample>>,
    indexes: BTreeMap<(usize, Vec<&'a str>), Index<'a>>,
}

impl<'a> Limits<'a> {
    fn of(limit: &'a [InstantSample]) -> Self {
        let mut groups: BTreeMap<Names<'a>, Vec<&InstantSample>> = BTreeMap::new();
        for sample in limit {
            groups.entry(names(&sample.labels)).or_default().push(sample);
        }
        Self { groups, indexes: BTreeMap::new() }
    }

    /// The labels shared with the best limit, and its value.
    fn best(&mut self, used: &Labels) -> Option<(Labels, f64)> {
        let own = names(used);
        let mut best: Option<(Vec<&str>, f64)> = None;
        for (at, (group, samples)) in self.groups.iter().enumerate() {
            let shared: Vec<&'a str> =
                group.iter().copied().filter(|name| own.contains(name)).collect();
            let values: Vec<&str> = values(used, &shared);
            let index = self
                .indexes
                .entry((at, shared.clone()))
                .or_insert_with(|| smallest(samples, &shared));
            let Some(value) = index.get(&values) else { continue };
            let better = best.as_ref().is_none_or(|(names, least)| {
                shared.len() > names.len() || (shared.len() == names.len() && value < least)
            });
            if better {
                best = Some((shared, *value));
            }
        }
        let (shared, value) = best?;
        Some((used.without(|name| !shared.contains(&name)), value))
    }
}

fn values<'l>(labels: &'l Labels, names: &[&str]) -> Vec<&'l str> {
    names.iter().map(|name| labels.get(name).unwrap_or_default()).collect()
}

fn smallest<'a>(samples: &[&'a InstantSample], shared: &[&str]) -> Index<'a> {
    let mut index = Index::new();
    for sample in samples {
        let least = index.entry(values(&sample.labels, shared)).or_insert(sample.value);
        *least = least.min(sample.value);
    }
    index
}
