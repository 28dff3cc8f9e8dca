//! Load tests as points of a load line: what a service bore, and where it gave way.

use model::Time;
use stats::{Chance, median};

use super::{Deployment, ReleaseCost, release::came_out, shift::NEAR};
use crate::drivers::Response;

/// Points of a test that lie this many times above or below what is recorded are of another system, or in another unit.
const APART: f64 = 1.5;
/// How far beyond the recorded load that can be told.
const BEYOND: f64 = 1.5;

/// What a capacity search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// When it ended.
    pub at: Time,
    /// What it was called.
    pub name: String,
    /// Its id.
    pub run: Option<String>,
    /// The release that was tested, if anybody said.
    pub release: Option<String>,
    /// The highest load it bore within its objectives; nothing where it bore none.
    pub holds: Option<f64>,
    /// The least load at which an objective broke; nothing where none did.
    pub breaks: Option<f64>,
    /// Which objective that was.
    pub limit: Option<String>,
    /// Its steps, in the order of their load.
    pub steps: Vec<TestedStep>,
}

/// What load tests showed of the use of one limit.
#[derive(Clone, Debug, PartialEq)]
pub struct TestedPoints {
    /// When the tests ended.
    pub at: Time,
    /// Load and use, both above nought.
    pub points: Vec<(f64, f64)>,
    /// The id of the test.
    pub run: Option<String>,
    /// The release that was tested, if anybody said.
    pub release: Option<String>,
    /// The release that it was measured against, if anybody said.
    pub before: Option<String>,
    /// What that release takes for each request, beside the one before; nothing where no difference was found.
    pub cost: Option<ReleaseCost>,
}

/// Which test points are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestedBy {
    /// When it ended.
    pub at: Time,
    /// Its id.
    pub run: Option<String>,
    /// The release that was tested, if anybody said.
    pub release: Option<String>,
}

impl TestedPoints {
    pub(super) fn by(&self) -> TestedBy {
        TestedBy { at: self.at, run: self.run.clone(), release: self.release.clone() }
    }

    /// How many times as much use they show as a curve does, where that is too far from it for both to be of one system;
    /// far beyond what the curve was learnt from, nobody can say.
    pub(super) fn apart(&self, curve: &Response) -> Option<f64> {
        let near = self.points.iter().filter(|(load, _)| *load <= BEYOND * curve.seen.1);
        let times: Vec<f64> = near.map(|(load, used)| used / curve.at(*load)).collect();
        let times = median(&times);
        (times.is_finite() && !(1.0 / APART..=APART).contains(&times)).then_some(times)
    }
}

/// One load that was tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestedStep {
    /// What was asked, in the unit of the load.
    pub load: f64,
    /// What was answered well.
    pub good: f64,
    /// How long half of the answers and 95 of 100 took at most, in seconds; not a number where nothing was answered.
    pub seconds: [f64; 2],
    /// Whether the objectives held.
    pub held: bool,
}

impl Tested {
    /// Whether it is of what runs: nobody named a release or tells of deployments, or the one that was named came out.
    pub(super) fn runs(&self, deployments: &[Deployment]) -> bool {
        let came = |own| deployments.is_empty() || came_out(own, deployments).is_some();
        self.release.as_deref().is_none_or(came)
    }

    /// Whether it tells nothing any more of a load that costs something else since then. Where the release that was
    /// tested is that change, it does.
    pub(super) fn is_stale(&self, since: Time, deployments: &[Deployment]) -> bool {
        let out = self.release.as_deref().and_then(|own| came_out(own, deployments));
        since > self.at && out.is_none_or(|out| out < since - NEAR)
    }

    /// Bounds drawn lines by what the test found: none lies beyond where it gave way. Answers whether the test, and not
    /// the limits, now says where the line lies. Where the limits say less, they stand: their targets are stricter
    /// than «it still answers».
    pub(super) fn bounds(&self, drawn: &mut Vec<f64>, seed: u64) -> bool {
        let Some(breaks) = self.breaks.filter(|load| load.is_finite() && *load > 0.0) else {
            return false;
        };
        let holds = self.holds.filter(|load| (0.0..=breaks).contains(load)).unwrap_or(0.0);
        // Somewhere between the two it gives way; the last of the drawn is the middle.
        let mut chance = Chance::new(seed);
        let middle = f64::midpoint(holds, breaks);
        if drawn.is_empty() {
            drawn.extend((0..DRAWS).map(|_| f64::INFINITY));
        }
        let before = drawn.last().copied().unwrap_or(f64::INFINITY);
        if let Some((last, others)) = drawn.split_last_mut() {
            for own in others {
                *own = own.min(holds + (breaks - holds) * chance.share());
            }
            *last = last.min(middle);
        }
        before > middle
    }
}

/// How many lines are drawn where no limit tells one.
const DRAWS: usize = 201;

#[cfg(test)]
mod tests {
    use super::*;

    fn tested(holds: Option<f64>, breaks: Option<f64>) -> Tested {
        let (run, release, limit, steps) = (None, None, None, Vec::new());
        Tested { at: Time(0), name: "t".into(), run, release, holds, breaks, limit, steps }
    }

    #[test]
    fn a_test_bounds_what_the_limits_promise_and_never_adds_to_it() {
        let mut drawn = vec![900.0, 1_100.0, 1_000.0];
        assert!(tested(Some(400.0), Some(500.0)).bounds(&mut drawn, 1));
        assert!(drawn.iter().all(|line| (400.0..=500.0).contains(line)), "{drawn:?}");
        assert!((drawn[2] - 450.0).abs() < 1e-9);
        let mut drawn = vec![90.0, 110.0, 100.0];
        assert!(!tested(Some(400.0), Some(500.0)).bounds(&mut drawn, 1));
        assert_eq!(drawn, [90.0, 110.0, 100.0]);
        assert!(!tested(Some(400.0), None).bounds(&mut drawn, 1), "it never gave way");
        let mut none = Vec::new();
        assert!(tested(None, Some(80.0)).bounds(&mut none, 1) && none.last() == Some(&40.0));
    }
}
