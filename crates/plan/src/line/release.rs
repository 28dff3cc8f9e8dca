//! Releases that were tested against the one before: by how much each request is dearer, while production cannot show it.

use model::{Relation, Time};

use super::{
    CostChange, Deployment, LimitPast, ServicePast, TestedPoints,
    shift::{CHANGE_MIN, LEAST, NEAR},
};

/// With so many values since a release came out, production says itself what it costs.
const ENOUGH: usize = 2 * LEAST;

/// How many times as much a release takes of something for each request as the one before it did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReleaseCost {
    /// How many times.
    pub times: f64,
    /// Between which values that lies, 19 times of 20.
    pub between: (f64, f64),
}

/// What a load test says that a release takes, which production has not shown yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Announced {
    /// When it was tested.
    pub at: Time,
    /// The release, if anybody said.
    pub release: Option<String>,
    /// What it takes.
    pub cost: ReleaseCost,
    /// When it came out; nothing where it has not, as far as is known. From then on the line counts with it.
    pub since: Option<Time>,
}

/// Whether the release that was tested is what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It came out then.
    Out(Time),
    /// Others came out, and it did not.
    NotOut,
    /// Nobody said which release it was, or what came out.
    Unknown,
}

pub(super) fn stands(tested: &TestedPoints, deployments: &[Deployment]) -> Stands {
    let Some(release) = tested.release.as_deref().filter(|_| !deployments.is_empty()) else {
        return Stands::Unknown;
    };
    came_out(release, deployments).map_or(Stands::NotOut, Stands::Out)
}

/// When a release came out last, as far as anybody told.
pub(super) fn came_out(release: &str, deployments: &[Deployment]) -> Option<Time> {
    deployments.iter().rev().find(|own| mentions(&own.name, release)).map(|own| own.at)
}

/// Whether a text speaks of a release: 4.2 is in «deploy v4.2 of shop», and not in 4.2.1 or 14.2.
fn mentions(text: &str, release: &str) -> bool {
    let (text, release) = (text.to_lowercase(), release.trim().to_lowercase());
    let release = release.strip_prefix('v').unwrap_or(&release);
    if release.is_empty() {
        return false;
    }
    text.match_indices(release).any(|(at, found)| {
        let mut before = text.get(..at).unwrap_or_default().chars().rev();
        let begins = match before.next() {
            Some('v') => before.next().is_none_or(|own| !own.is_alphanumeric()),
            Some(own) => !own.is_alphanumeric() && own != '.',
            None => true,
        };
        let mut after = text.get(at + found.len()..).unwrap_or_default().chars();
        let ends = match after.next() {
            Some('.') => after.next().is_none_or(|own| !own.is_alphanumeric()),
            Some(own) => !own.is_alphanumeric(),
            None => true,
        };
        begins && ends
    })
}

/// What tests say of releases that production does not show yet: those that came out first, in that order, then those
/// that are still to come. Each is told beside the one that it was measured against.
pub(super) fn announced(
    past: &ServicePast<'_>,
    own: &LimitPast<'_>,
    change: Option<&CostChange>,
) -> Vec<Announced> {
    if matches!(own.declared.relation, Relation::Latency | Relation::Together) {
        return Vec::new();
    }
    let walk = Walk { past, own, change };
    // What came out last runs; of two tests of it the newer counts.
    let out = own.tested.iter().enumerate().filter_map(|(at, tested)| {
        let Stands::Out(since) = stands(tested, past.deployments) else { return None };
        Some((since, std::cmp::Reverse(at)))
    });
    let mut found = out.max().map_or_else(Vec::new, |(since, last)| walk.counted(last.0, since));
    found.extend(walk.to_come());
    found
}

/// Walks from a test to that of the release it was measured against.
struct Walk<'a, 'p> {
    past: &'a ServicePast<'p>,
    own: &'a LimitPast<'p>,
    change: Option<&'a CostChange>,
}

impl Walk<'_, '_> {
    /// Back from what runs, until production has shown what there was.
    fn counted(&self, last: usize, since: Time) -> Vec<Announced> {
        let (mut found, mut seen) = (Vec::new(), Vec::new());
        let (mut at, mut since, mut until) = (Some(last), since, None);
        while let Some(own) = at.filter(|own| !seen.contains(own)) {
            seen.push(own);
            let tested = &self.own.tested[own];
            if let Stands::Out(out) = stands(tested, self.past.deployments) {
                // What came with a later release is counted with that.
                since = since.min(out);
            }
            if self.is_shown(since, until) {
                break;
            }
            found.extend(announce(tested, Some(since)));
            until = Some(since);
            at = self.before(own);
        }
        found.reverse();
        found
    }

    /// Back from the newest test, if its release is still to come, to what runs.
    fn to_come(&self) -> Vec<Announced> {
        let (mut found, mut seen) = (Vec::new(), Vec::new());
        let mut at = (!self.own.tested.is_empty()).then_some(0);
        while let Some(own) = at.filter(|own| !seen.contains(own)) {
            seen.push(own);
            let tested = &self.own.tested[own];
            match stands(tested, self.past.deployments) {
                Stands::Out(_) => break,
                // Something changed after the test, and most likely that is it.
                Stands::Unknown if self.change.is_some_and(|own| own.since >= tested.at) => break,
                Stands::NotOut | Stands::Unknown => {}
            }
            found.extend(announce(tested, None));
            at = self.before(own);
        }
        found.reverse();
        found
    }

    /// The test of the release that another was measured against: the one it names; where it names none, the last one
    /// that had come out when it was tested.
    fn before(&self, own: usize) -> Option<usize> {
        let tested = &self.own.tested[own];
        let of = |tested: &TestedPoints| tested.release.clone().unwrap_or_default();
        let others = self.own.tested.iter().enumerate();
        let mut others = others.filter(|(_, other)| !is_same(&of(other), &of(tested)));
        if let Some(before) = &tested.before {
            return others
                .find(|(_, other)| other.release.as_deref().is_some_and(|own| is_same(own, before)))
                .map(|(at, _)| at);
        }
        let out = others.filter_map(|(at, other)| match stands(other, self.past.deployments) {
            Stands::Out(out) if out <= tested.at => Some((out, std::cmp::Reverse(at))),
            _ => None,
        });
        out.max().map(|(_, at)| at.0)
    }

    /// Whether production shows itself what came out then, and ran until something else did.
    fn is_shown(&self, since: Time, until: Option<Time>) -> bool {
        let place = |time: Time| self.past.times.partition_point(|&own| own <= time.0);
        let ran = place(since)..until.map_or(self.past.times.len(), place);
        let pairs = self.past.load.iter().zip(self.own.used).take(ran.end).skip(ran.start);
        let after = pairs.filter(|(load, used)| load.is_finite() && used.is_finite()).count();
        after >= ENOUGH || self.change.is_some_and(|change| change.since >= since - NEAR)
    }
}

/// Whether two names are of one release: v4.2 is 4.2.
fn is_same(one: &str, other: &str) -> bool {
    mentions(one, other) && mentions(other, one)
}

/// What is worth telling of a test.
fn announce(tested: &TestedPoints, since: Option<Time>) -> Option<Announced> {
    let cost = tested.cost.filter(ReleaseCost::is_told)?;
    Some(Announced { at: tested.at, release: tested.release.clone(), cost, since })
}

impl ReleaseCost {
    /// Whether it is worth the word.
    pub(super) fn is_told(&self) -> bool {
        (self.times - 1.0).abs() >= CHANGE_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_known_by_its_whole_name() {
        for text in ["4.2", "deploy v4.2 of shop", "shop-4.2", "release 4.2.", "V4.2"] {
            assert!(mentions(text, "4.2") && mentions(text, "v4.2"), "{text}");
        }
        for text in ["4.2.1", "14.2", "1.4.2", "4.20", "rev4.2x", ""] {
            assert!(!mentions(text, "4.2"), "{text}");
        }
        assert!(!mentions("anything", " "));
        assert!(is_same("v4.2", "4.2") && is_same("4.2", "V4.2") && !is_same("4.2", "shop 4.2.1"));
    }
}
