//! How the use of a limit follows load, from the past since that last changed.

use std::ops::Range;

use model::{Relation, ServiceLimit, Span};
use stats::quantile;

use super::{
    Announced, BUSY, CostChange, LimitPast, LineOptions, ReleaseCost, ServicePast, TestedBy,
    TestedPoints, Unknown,
    release::{self, Stands},
    shift,
};
use crate::drivers::{Following, Response, averaged, respond};

/// Use that is explained to a smaller part does not follow load.
const EXPLAINED_MIN: f64 = 0.2;
/// Use far above its limit, or never near it, was most likely measured in another unit.
const UNIT_ABOVE: f64 = 3.0;
const UNIT_BELOW: f64 = 1e-6;

/// A load that was never the same for an hour before, and is now for so long, is no longer measured.
const STUCK: Span = Span::days(3);

/// How use follows load since it last changed how.
pub(super) struct Learnt {
    pub(super) response: Response,
    pub(super) change: Option<CostChange>,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) points_tested: Vec<(f64, f64)>,
    pub(super) tested_apart: Option<f64>,
    pub(super) tested_by: Option<TestedBy>,
    pub(super) announced: Vec<Announced>,
}

/// 19 of 20 lie within so many standard deviations.
const SURE: f64 = 1.96;

/// Points of load tests beside at most so many others, so that they have a say.
const TESTED_MAX: usize = 60;
const BESIDE_TESTED: usize = 100;

pub(super) fn learn(
    past: &ServicePast<'_>,
    own: &LimitPast<'_>,
    options: LineOptions,
) -> Result<Learnt, Unknown> {
    let ServiceLimit { relation, .. } = *own.declared;
    check(past, own)?;
    let of = |part: Range<usize>| {
        let (x, y) = (&past.load[part.clone()], &own.used[part]);
        respond(Following { x, y, relation, known: None, seed: options.seed })
    };
    let count = past.load.len().min(own.used.len());
    let running = own.tested.iter().find(|tested| !is_ahead(tested, past));
    let all = match (of(0..count), running) {
        (Ok(all), _) => all,
        // What is recorded tells nothing of how use follows; a test may.
        (Err(_), Some(tested)) => return only_tested(tested, relation, options),
        (Err(why), None) => return Err(why.into()),
    };
    let change = shift::last_change(past.times, past.load, own.used, &all, past.deployments);
    let since = change.and_then(|mut change| {
        let from = past.times.partition_point(|&time| time < change.since.0).min(count);
        // Load may have grown meanwhile: what counts is the difference at the same load.
        let before = of(0..from).ok()?;
        change.times = shift::times_as_much(&before, &past.load[from..], &own.used[from..]);
        // Too little since then to tell a curve: the older past counts as well.
        Some((of(from..count).ok()?, change, from))
    });
    let (response, change, from) = match since {
        Some((response, change, from)) => (response, Some(change), from),
        None => (all, None, 0),
    };
    if response.explained < EXPLAINED_MIN && relation != Relation::Latency {
        return Err(Unknown::Elsewhere { percent: 100.0 * response.explained });
    }
    let announced = release::announced(past, own, change.as_ref());
    let pairs = past.load[from..count].iter().zip(&own.used[from..count]);
    let mut points: Vec<(f64, f64)> = pairs.map(|(load, used)| (*load, *used)).collect();
    let (response, change) = match dearer(past, (from, &announced), &mut points) {
        None => (response, change),
        Some((change, spread)) => {
            let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
            let again =
                respond(Following { x: &x, y: &y, relation, known: None, seed: options.seed })?;
            (again.widened(spread, options.seed), Some(change))
        }
    };
    points.retain(|(x, y)| x.is_finite() && y.is_finite());
    let mut learnt = Learnt {
        response,
        change,
        points: thinned(&points),
        points_tested: Vec::new(),
        tested_apart: None,
        tested_by: own.tested.first().map(TestedPoints::by),
        announced,
    };
    if let Some(tested) = own.tested.iter().find(|tested| counts(tested, past, &learnt)) {
        learnt.tested_by = Some(tested.by());
        learnt.tested_apart = tested.apart(&learnt.response);
        if learnt.tested_apart.is_none() {
            sharpen(&mut learnt, &points, tested, (relation, options))?;
        }
    }
    Ok(learnt)
}

/// Whether there is anything to learn from.
fn check(past: &ServicePast<'_>, own: &LimitPast<'_>) -> Result<(), Unknown> {
    if !own.limit.is_finite() || own.limit <= 0.0 {
        return Err(Unknown::NoLimit);
    }
    if let Some(days) = stuck(past) {
        return Err(Unknown::Stuck { days });
    }
    let used: Vec<f64> = own.used.iter().copied().filter(|used| used.is_finite()).collect();
    if !used.is_empty() {
        let times = quantile(&used, BUSY) / own.limit;
        if times > UNIT_ABOVE || (times > 0.0 && times < UNIT_BELOW) {
            return Err(Unknown::Units { times });
        }
    }
    Ok(())
}

/// Raises what was recorded before dearer releases came out to what tests say that they take since; answers with the
/// last such change and how unsure all are together, as a standard deviation of the logarithm.
fn dearer(
    past: &ServicePast<'_>,
    (from, announced): (usize, &[Announced]),
    points: &mut [(f64, f64)],
) -> Option<(CostChange, f64)> {
    let mut last: Option<CostChange> = None;
    let mut spread = 0.0;
    for own in announced {
        let Some(since) = own.since else { continue };
        let ReleaseCost { times, between } = own.cost;
        let until = past.times.partition_point(|&time| time <= since.0).saturating_sub(from);
        for (_, used) in points.iter_mut().take(until) {
            *used *= times;
        }
        let unsure = (between.1 / between.0).ln() / (2.0 * SURE);
        spread += if unsure.is_finite() { unsure * unsure } else { 0.0 };
        // Of releases that came out together, all are the change.
        let with = last.filter(|last| last.since == since).map_or(1.0, |last| last.times);
        let cause = own.release.clone();
        last = Some(CostChange { since, times: with * times, cause, tested: true });
    }
    last.map(|last| (last, spread.sqrt()))
}

/// Whether the points of a test are of what runs now: what load costs was not tested before it last changed, unless the
/// release that was tested is that change; and a dearer release that has not come out is not what runs.
fn counts(tested: &TestedPoints, past: &ServicePast<'_>, learnt: &Learnt) -> bool {
    if is_ahead(tested, past) {
        return false;
    }
    let stands = release::stands(tested, past.deployments);
    let Some(change) = &learnt.change else { return true };
    tested.at >= change.since
        || matches!(stands, Stands::Out(at) if at >= change.since - shift::NEAR)
}

/// Whether a test is of a release that has not come out and takes something else than what runs.
fn is_ahead(tested: &TestedPoints, past: &ServicePast<'_>) -> bool {
    let not_out = release::stands(tested, past.deployments) == Stands::NotOut;
    not_out && tested.cost.is_some_and(|cost| cost.is_told())
}

/// Learns again with the points of a test beside the others.
fn sharpen(
    learnt: &mut Learnt,
    points: &[(f64, f64)],
    tested: &TestedPoints,
    (relation, options): (Relation, LineOptions),
) -> Result<(), Unknown> {
    let tested = spread(&tested.points);
    let mut all = averaged(points, BESIDE_TESTED);
    all.extend(&tested);
    let (x, y): (Vec<f64>, Vec<f64>) = all.into_iter().unzip();
    learnt.response =
        respond(Following { x: &x, y: &y, relation, known: None, seed: options.seed })?;
    learnt.points_tested = tested;
    Ok(())
}

/// What a test alone tells.
fn only_tested(
    tested: &TestedPoints,
    relation: Relation,
    options: LineOptions,
) -> Result<Learnt, Unknown> {
    let points_tested = spread(&tested.points);
    let (x, y): (Vec<f64>, Vec<f64>) = points_tested.iter().copied().unzip();
    let response = respond(Following { x: &x, y: &y, relation, known: None, seed: options.seed })?;
    Ok(Learnt {
        response,
        change: None,
        points: Vec::new(),
        points_tested,
        tested_apart: None,
        tested_by: Some(tested.by()),
        announced: Vec::new(),
    })
}

/// At most so many of a test's points, over all loads that it tried.
fn spread(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.iter().step_by(points.len().div_ceil(TESTED_MAX).max(1)).copied().collect()
}

/// Enough points for a picture.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const POINTS_MAX: usize = 300;
    points.iter().step_by(points.len().div_ceil(POINTS_MAX).max(1)).copied().collect()
}

/// For how many days the load has had its last value, if that is too long to be true. A load of nought may well last.
fn stuck(past: &ServicePast<'_>) -> Option<f64> {
    let known = past.times.iter().zip(past.load).filter(|(_, load)| load.is_finite());
    let (last, value) = known.clone().next_back()?;
    let before = known.clone().rev().find(|(_, load)| (**load - *value).abs() > 0.0);
    let since = before.or_else(|| known.clone().next()).map(|(time, _)| *time)?;
    let span = Span(last - since);
    // Figures that are counted by the day or the month stay for days: before, it must have moved more often than not.
    let earlier: Vec<f64> =
        known.take_while(|(time, _)| **time <= since).map(|(_, load)| *load).collect();
    let moves = earlier.windows(2).filter(|pair| (pair[0] - pair[1]).abs() > 0.0).count();
    let lively = earlier.len() >= 24 && moves * 2 > earlier.len();
    (*value > 0.0 && span >= STUCK && lively).then(|| span.as_secs() / 86_400.0)
}
