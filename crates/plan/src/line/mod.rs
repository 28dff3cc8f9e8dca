//! The load line of a service: how much load it carries, what limits that first, and what would move it.

mod ahead;
mod gone;
mod learn;
mod release;
mod say;
mod shift;
mod step;
mod tested;
mod unknown;

use model::{ServiceLimit, Share, Time, Unit};
use stats::quantile;

pub use ahead::{LineDates, dates};
pub use gone::{Lost, Without};
pub use release::{Announced, ReleaseCost};
pub use say::say_line;
pub use shift::{CostChange, Deployment};
pub use step::NextStep;
pub use tested::{Tested, TestedBy, TestedPoints, TestedStep};
pub use unknown::Unknown;

use self::{
    learn::{Learnt, learn},
    step::next_step,
};
use crate::{
    drivers::{self, Response, ranged},
    zone::Zone,
};

/// The load «now» is what was exceeded in a twentieth of this long.
const NOW_OVER_DAYS: i64 = 7;
const BUSY: f64 = 0.95;
/// Beyond this many times the load that was seen, a line is a guess.
const GUESS: f64 = 2.0;

/// What is known of a service's past.
#[derive(Clone, Debug)]
pub struct ServicePast<'a> {
    /// Milliseconds since 1970, rising.
    pub times: &'a [i64],
    /// The load at each time; not a number where nothing is known.
    pub load: &'a [f64],
    /// How many instances carry it.
    pub replicas: Option<f64>,
    /// Over how many zones they are spread.
    pub zones: Option<f64>,
    /// What can limit it.
    pub limits: Vec<LimitPast<'a>>,
    /// Load tests of it, the newest first.
    pub tested: &'a [Tested],
    /// What was done to it, in order of time.
    pub deployments: &'a [Deployment],
    /// The clocks of those who use it; UTC if none are given.
    pub zone: Option<&'a Zone>,
    /// What money of steps is called; empty where nobody said.
    pub currency: &'a str,
}

/// What is known of one limit's past.
#[derive(Clone, Copy, Debug)]
pub struct LimitPast<'a> {
    /// The limit as it is declared.
    pub declared: &'a ServiceLimit,
    /// How much was in use at each time; not a number where nothing is known.
    pub used: &'a [f64],
    /// How much there is now.
    pub limit: f64,
    /// How many copies share it.
    pub copies: Option<f64>,
    /// What load tests showed of it, the newest first.
    pub tested: &'a [TestedPoints],
}

/// How a load line is told.
#[derive(Clone, Copy, Debug)]
pub struct LineOptions {
    /// How sure intervals are.
    pub confidence: Share,
    /// The seed of chance.
    pub seed: u64,
}

/// How much load a service carries.
#[derive(Clone, Debug)]
pub struct LoadLine {
    /// The load at which the first limit's target is reached; nothing where no limit could be told.
    pub line: Option<drivers::Range>,
    /// The limits, the first to bind first; those of which nothing can be told last.
    pub limits: Vec<LimitLine>,
    /// The busy load of the last seven days.
    pub load_now: f64,
    /// The most that was seen.
    pub load_seen: f64,
    /// The cheapest next step, if any is declared that helps.
    pub next: Option<NextStep>,
    /// Whether what is left carries the load when one instance, one zone or one copy is gone; of what is known how many
    /// there are.
    pub without: Vec<Without>,
    /// What the newest load test of what runs bore, if there is one.
    pub tested: Option<Tested>,
    /// What the newest load test bore, if it is of a release that is not out as far as is known: the line leaves it aside.
    pub tested_ahead: Option<Tested>,
    /// Whether what load costs has changed since, so that the test says nothing any more.
    pub tested_stale: bool,
    /// Whether that test, and none of the limits, is what the line comes from.
    pub by_test: bool,
    /// Lines that might as well be, for dates.
    drawn: Vec<f64>,
}

/// One limit.
#[derive(Clone, Debug)]
pub struct LimitLine {
    /// The limit's name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// How much there is, and the share of it that is meant to be used.
    pub limit: f64,
    /// The target as a share of the limit.
    pub target: Share,
    /// The unit.
    pub unit: Unit,
    /// What is known of it, or why nothing is.
    pub known: Result<KnownLimit, Unknown>,
}

/// What is known of a limit.
#[derive(Clone, Debug)]
pub struct KnownLimit {
    /// The load at which its target is reached; nothing where no load reaches it.
    pub line: Option<drivers::Range>,
    /// How likely it is the first to bind, from 0 to 1.
    pub first: f64,
    /// How use follows load.
    pub response: Response,
    /// The last change of what load costs.
    pub change: Option<CostChange>,
    /// Whether the line lies far beyond any load that was seen.
    pub guess: bool,
    /// Points of load and use, thinned, that it was learnt from.
    pub points: Vec<(f64, f64)>,
    /// Those of load tests that count beside them.
    pub points_tested: Vec<(f64, f64)>,
    /// How many times as much use load tests showed, where that is why their points do not count.
    pub tested_apart: Option<f64>,
    /// Which load test that was, whether its points count or not.
    pub tested_by: Option<TestedBy>,
    /// What load tests say that releases take, which production has not shown yet: the first to come out first, each
    /// beside the one that it was measured against.
    pub announced: Vec<Announced>,
}

/// Tells how much load a service carries.
pub fn load_line(past: &ServicePast<'_>, options: LineOptions) -> LoadLine {
    let known: Vec<(Result<Learnt, Unknown>, &LimitPast<'_>)> =
        past.limits.iter().map(|limit| (learn(past, limit, options), limit)).collect();
    let mut drawn = least_of(&known, &|_| (1.0, 1.0));
    // What a test bore bounds the line, wherever limits that are not watched would have put it.
    let deployments = past.deployments;
    let newest = past.tested.iter().find(|tested| tested.runs(deployments));
    let changes = known.iter().filter_map(|(learnt, _)| learnt.as_ref().ok()?.change.as_ref());
    // A load that has since become dearer was not tested.
    let tested_stale =
        newest.is_some_and(|own| changes.clone().any(|one| own.is_stale(one.since, deployments)));
    let tested = newest.filter(|_| !tested_stale);
    let by_test = tested.is_some_and(|tested| tested.bounds(&mut drawn, options.seed));
    let line = range_of(&drawn, options.confidence);
    let seen = past.load.iter().copied().filter(|load| load.is_finite());
    let tested_most = tested.and_then(|tested| tested.holds).unwrap_or(0.0);
    let load_seen = seen.fold(tested_most, f64::max);
    let load_now = busy(past);
    let mid = line.map(|line| line.mid);
    // Where a test bounds it, no step says how far the line would move.
    let next = mid.filter(|_| !by_test).and_then(|mid| next_step(&known, mid, past.currency));
    let without = gone::without(past, &known, load_now);
    let firsts = firsts(&known);
    let mut limits: Vec<LimitLine> = known
        .into_iter()
        .zip(firsts)
        .map(|((learnt, limit), first)| limit_line(learnt, limit, first, load_seen, options))
        .collect();
    limits.sort_by(|a, b| order_of(a).total_cmp(&order_of(b)));
    LoadLine {
        line,
        limits,
        load_now,
        load_seen,
        next,
        without,
        tested: newest.cloned(),
        tested_ahead: past.tested.first().filter(|own| !own.runs(deployments)).cloned(),
        tested_stale,
        by_test,
        drawn,
    }
}

/// The load that was exceeded a twentieth of the newest seven days.
fn busy(past: &ServicePast<'_>) -> f64 {
    let newest = past.times.last().copied().unwrap_or(0);
    let from = past.times.partition_point(|&time| time < newest - NOW_OVER_DAYS * 86_400_000);
    let loads: Vec<f64> =
        past.load[from..].iter().copied().filter(|load| load.is_finite()).collect();
    quantile(&loads, BUSY)
}

/// For each drawn curve, and the mean one last, the least load at which any limit's target is reached. `scale` says how
/// many times as much of a limit there is, and how many times as far its line lies.
fn least_of(
    known: &[(Result<Learnt, Unknown>, &LimitPast<'_>)],
    scale: &dyn Fn(&LimitPast<'_>) -> (f64, f64),
) -> Vec<f64> {
    let mut least: Vec<f64> = Vec::new();
    for (learnt, limit) in known {
        let Ok(learnt) = learnt else { continue };
        let (more, farther) = scale(limit);
        let inverses = learnt.response.inverses(more * limit.limit * limit.declared.target.value());
        least.resize(inverses.len(), f64::INFINITY);
        for (least, inverse) in least.iter_mut().zip(inverses) {
            *least = least.min(farther * inverse);
        }
    }
    least
}

fn range_of(drawn: &[f64], confidence: Share) -> Option<drivers::Range> {
    let (mid, drawn) = drawn.split_last()?;
    let range = ranged(drawn.to_vec(), *mid, confidence);
    range.mid.is_finite().then_some(range)
}

/// How often each limit is the first to bind.
fn firsts(known: &[(Result<Learnt, Unknown>, &LimitPast<'_>)]) -> Vec<f64> {
    let lines: Vec<Vec<f64>> = known
        .iter()
        .map(|(learnt, limit)| match learnt {
            Ok(learnt) => learnt.response.inverses(limit.limit * limit.declared.target.value()),
            Err(_) => Vec::new(),
        })
        .collect();
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let mut wins = vec![0.0; known.len()];
    for draw in 0..count {
        let of = |own: &Vec<f64>| own.get(draw).copied().unwrap_or(f64::INFINITY);
        let first = (0..lines.len()).min_by(|&a, &b| of(&lines[a]).total_cmp(&of(&lines[b])));
        if let Some(first) = first.filter(|&first| of(&lines[first]).is_finite()) {
            wins[first] += 1.0 / count as f64;
        }
    }
    wins
}

fn limit_line(
    learnt: Result<Learnt, Unknown>,
    limit: &LimitPast<'_>,
    first: f64,
    load_seen: f64,
    options: LineOptions,
) -> LimitLine {
    let declared = limit.declared;
    let known = learnt.map(|learnt| {
        let Learnt { response, change, points, points_tested, tested_apart, tested_by, announced } =
            learnt;
        let line = response.reaches(limit.limit * declared.target.value(), options.confidence);
        let line = line.filter(|line| line.mid.is_finite());
        let seen = points_tested.iter().map(|point| point.0).fold(load_seen, f64::max);
        let guess = line.is_some_and(|line| line.mid > GUESS * seen);
        KnownLimit {
            line,
            first,
            response,
            change,
            guess,
            points,
            points_tested,
            tested_apart,
            tested_by,
            announced,
        }
    });
    LimitLine {
        name: declared.name.clone(),
        title: declared.title.clone(),
        limit: limit.limit,
        target: declared.target,
        unit: declared.unit,
        known,
    }
}

fn order_of(limit: &LimitLine) -> f64 {
    match &limit.known {
        Ok(known) => known.line.map_or(f64::MAX, |line| line.mid),
        Err(_) => f64::INFINITY,
    }
}

impl LoadLine {
    /// The limit that binds first; nothing where a load test found that something else does.
    pub fn binds(&self) -> Option<&LimitLine> {
        if self.by_test {
            return None;
        }
        let first = self.limits.first()?;
        first.known.as_ref().ok().and_then(|known| known.line).map(|_| first)
    }

    /// Lines that might as well be, so many, evenly over how likely they are.
    pub(crate) fn quantiles(&self, count: usize) -> Vec<f64> {
        let mut drawn = self.drawn.clone();
        drawn.retain(|line| line.is_finite());
        drawn.sort_unstable_by(f64::total_cmp);
        (0..count)
            .map(|at| stats::quantile_sorted(&drawn, (at as f64 + 0.5) / count as f64))
            .filter(|line| line.is_finite())
            .collect()
    }

    /// Limits as they are, for tests of what follows from them.
    #[cfg(test)]
    pub(crate) fn of_limits(limits: Vec<LimitLine>, load_now: f64) -> Self {
        Self {
            line: None,
            limits,
            load_now,
            load_seen: load_now,
            next: None,
            without: Vec::new(),
            tested: None,
            tested_ahead: None,
            tested_stale: false,
            by_test: false,
            drawn: Vec::new(),
        }
    }

    /// Whether what is left carries the load when one instance is gone; nothing where instances are not known.
    pub fn without_instance(&self) -> Option<&Without> {
        self.without.iter().find(|own| own.lost == Lost::Instance)
    }

    /// What part of the line the busy load is.
    pub fn share_now(&self) -> Option<f64> {
        self.line.map(|line| self.load_now / line.mid)
    }
}

/// When what a service's past holds was last known.
pub(crate) fn newest(times: &[i64]) -> Option<Time> {
    times.last().map(|time| Time(*time))
}
