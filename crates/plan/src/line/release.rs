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
    let found = deployments.iter().rev().find(|own| mentions(&own.name, release));
    found.map_or(Stands::NotOut, |own| Stands::Out(own.at))
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

/// What a test says of a release that production does not show yet; nothing where it does, or where the release takes
/// what the one before took.
pub(super) fn announced(
    past: &ServicePast<'_>,
    own: &LimitPast<'_>,
    change: Option<&CostChange>,
) -> Option<Announced> {
    let tested = own.tested?;
    let cost = tested.cost.filter(|cost| (cost.times - 1.0).abs() >= CHANGE_MIN)?;
    if matches!(own.declared.relation, Relation::Latency | Relation::Together) {
        return None;
    }
    let since = match stands(tested, past.deployments) {
        Stands::Out(at) => Some(at),
        // Something changed after the test, and most likely that is it.
        Stands::Unknown if change.is_some_and(|change| change.since >= tested.at) => return None,
        Stands::NotOut | Stands::Unknown => None,
    };
    if let Some(since) = since {
        let shown = change.is_some_and(|change| change.since >= since - NEAR);
        let from = past.times.partition_point(|&time| time <= since.0);
        let pairs = past.load.iter().zip(own.used).skip(from);
        let after = pairs.filter(|(load, used)| load.is_finite() && used.is_finite()).count();
        if shown || after >= ENOUGH {
            return None;
        }
    }
    Some(Announced { at: tested.at, release: tested.release.clone(), cost, since })
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
    }
}
