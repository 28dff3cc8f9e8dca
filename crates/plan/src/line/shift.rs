//! Changes of cost: from some moment on, the same load takes more or less of something.

use model::{Span, Time};
use stats::{change_points, mean, median, variance};

use crate::drivers::Response;

/// A smaller change is not worth the word.
pub(super) const CHANGE_MIN: f64 = 0.05;
/// How many values on either side of a change are looked at, at least.
pub(super) const LEAST: usize = 24;
/// What a change must take away from the error, as a multiple of noise and logarithm; see [`change_points`].
const PENALTY: f64 = 4.0;
/// A deployment is tried by the values this long before and after it.
const AROUND: Span = Span::days(2);
/// By how many times its own error a change at a deployment must stand out; of twenty deployments that did nothing, one
/// in thousands does.
const STANDS_OUT: f64 = 5.0;
/// A change this close to a deployment is the deployment's.
pub(super) const NEAR: Span = Span::hours(6);
/// No more deployments are tried, the newest first.
const DEPLOYMENTS_MAX: usize = 50;

/// Something done to a service that may have changed what its load costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// When.
    pub at: Time,
    /// What people call it.
    pub name: String,
}

/// From when on the same load costs more, or less.
#[derive(Clone, Debug, PartialEq)]
pub struct CostChange {
    /// Since when.
    pub since: Time,
    /// How many times as much it costs since.
    pub times: f64,
    /// What was done then, where something was.
    pub cause: Option<String>,
    /// Whether a load test told of it, and production has been too short since to show it.
    pub tested: bool,
}

/// The last change of cost among values, each with its moment, that a curve through all of them does not explain.
pub(super) fn last_change(
    times: &[i64],
    x: &[f64],
    y: &[f64],
    all: &Response,
    deployments: &[Deployment],
) -> Option<CostChange> {
    let (times, errors): (Vec<i64>, Vec<f64>) = times
        .iter()
        .zip(x.iter().zip(y))
        .filter(|(_, (x, y))| x.is_finite() && y.is_finite() && **x > 0.0 && **y > 0.0)
        .map(|(time, (x, y))| (*time, (y / all.at(*x)).ln()))
        .filter(|(_, error)| error.is_finite())
        .unzip();
    if times.len() < 2 * LEAST {
        return None;
    }
    let mut places: Vec<(usize, Option<&Deployment>)> =
        change_points(&errors, LEAST, PENALTY).into_iter().map(|at| (at, None)).collect();
    for deployment in deployments.iter().rev().take(DEPLOYMENTS_MAX) {
        let at = times.partition_point(|&time| time <= deployment.at.0);
        let near = places.iter_mut().find(|(place, _)| {
            let known = times.get(*place).copied().unwrap_or(i64::MAX);
            Time(known).since(deployment.at).0.abs() <= NEAR.0
        });
        match near {
            Some(known) => *known = (known.0, known.1.or(Some(deployment))),
            None if stands_out(&times, &errors, deployment.at, at) => {
                places.push((at, Some(deployment)));
            }
            None => {}
        }
    }
    places.sort_by_key(|(at, _)| *at);
    let mut ends: Vec<usize> = places.iter().skip(1).map(|(at, _)| *at).collect();
    ends.push(errors.len());
    let starts = std::iter::once(0).chain(places.iter().map(|(at, _)| *at));
    let changes = starts.zip(places.iter().zip(ends)).filter_map(|(start, ((at, cause), end))| {
        let before = errors.get(start..*at).filter(|part| !part.is_empty())?;
        let after = errors.get(*at..end).filter(|part| part.len() >= LEAST / 2)?;
        let times_as_much = (median(after) - median(before)).exp();
        ((times_as_much - 1.0).abs() >= CHANGE_MIN).then(|| CostChange {
            since: Time(times[*at]),
            times: times_as_much,
            cause: cause.map(|own| own.name.clone()),
            tested: false,
        })
    });
    changes.last()
}

/// How many times as much use there is as a curve from before would have.
pub(super) fn times_as_much(before: &Response, x: &[f64], y: &[f64]) -> f64 {
    let times = x.iter().zip(y).map(|(x, y)| y / before.at(*x));
    median(&times.filter(|times| times.is_finite()).collect::<Vec<_>>())
}

/// Whether values differ before and after by far more than by chance.
fn stands_out(times: &[i64], errors: &[f64], moment: Time, at: usize) -> bool {
    let first = times.partition_point(|&time| time < (moment - AROUND).0);
    let end = times.partition_point(|&time| time <= (moment + AROUND).0);
    let (before, after) = (&errors[first.min(at)..at], &errors[at..end.max(at)]);
    if before.len() < LEAST / 2 || after.len() < LEAST / 2 {
        return false;
    }
    // Neighbours in time are alike: a quarter of the values is news at most.
    let of = |part: &[f64]| variance(part) / (part.len() as f64 / 4.0).max(1.0);
    let error = (of(before) + of(after)).sqrt();
    (mean(after) - mean(before)).abs() > STANDS_OUT * error.max(1e-9)
}
