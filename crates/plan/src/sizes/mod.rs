//! Right-sizing: which size would have done, walked through the recorded past, with risk and money beside each other.

mod prices;

use stats::{mean, quantile};

pub use prices::{Candidate, PriceError, Prices};

const DAY: i64 = 86_400_000;
/// What is looked at before each step of the walk, and how far a size must then do. A week before did better than two
/// or three on the machines that settings were chosen by: older weeks only make sizes larger.
const LEARNT: i64 = 7 * DAY;
const CHECKED: i64 = 7 * DAY;
/// From one step of the walk to the next.
const STRIDE: i64 = DAY;
/// Less history has no week to learn from and one to check.
const HISTORY_MIN: i64 = 14 * DAY;
/// No more steps are walked, the newest.
const STEPS_MAX: usize = 28;
/// The part of the time that use may lie above a size.
const OVER: f64 = 0.01;
/// Of how many weeks a size must do, unless the policy says otherwise.
pub const SURE: f64 = 0.9;
/// As many of the fleet's steps count beside a machine's own.
const FLEET_STEPS: usize = 28;
/// Fewer values in a stretch say nothing of its hundredth part.
const VALUES_MIN: usize = 100;

/// One machine's recorded use.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// Milliseconds since 1970, rising.
    pub times: &'a [i64],
    /// Use at each time; not a number where nothing is known.
    pub used: &'a [f64],
}

/// What a machine needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizing {
    /// The size that does in as many weeks as the policy wants.
    pub needed: f64,
    /// What was exceeded one percent of the newest week.
    pub p99: f64,
    /// How much more than that later weeks needed, with the policy's sureness.
    pub factor: f64,
    /// Mean use.
    pub mean: f64,
    /// How many steps of the past were walked.
    pub steps: usize,
    /// The candidates, the cheapest first.
    pub frontier: Vec<Risk>,
    /// The cheapest that does, by its place in the frontier; nothing where none does.
    pub choice: Option<usize>,
}

/// A candidate with its risk.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// The candidate.
    pub candidate: Candidate,
    /// What part of the recorded time use lay above it.
    pub over: f64,
    /// In what part of the weeks walked use lay above it more than one percent of the time.
    pub weeks_over: f64,
}

/// Why no size is told.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoSizing {
    /// Too little history.
    #[error("{days:.1} days of history; fourteen are the least")]
    TooShort {
        /// How much there is.
        days: f64,
    },
    /// It was recorded too seldom.
    #[error("too few values for a hundredth part of them to say anything")]
    TooFew,
    /// It did nothing.
    #[error("it was never used: ask whether it is needed at all")]
    Unused,
}

/// How much more than a hundredth exceeded before, weeks that followed needed: one ratio for each step of the walk, the
/// newest first.
pub fn walked(machine: Machine<'_>) -> Vec<f64> {
    let mut ratios = Vec::new();
    let Some((&first, &last)) = machine.times.first().zip(machine.times.last()) else {
        return ratios;
    };
    let mut now = last - CHECKED;
    while ratios.len() < STEPS_MAX && now - first >= LEARNT {
        let (before, after) =
            (between(machine, now - LEARNT, now), between(machine, now, now + CHECKED));
        if before.len() >= VALUES_MIN && after.len() >= VALUES_MIN {
            let (had, needed) = (quantile(&before, 1.0 - OVER), quantile(&after, 1.0 - OVER));
            if had > 0.0 {
                ratios.push(needed / had);
            }
        }
        now -= STRIDE;
    }
    ratios
}

fn between(machine: Machine<'_>, from: i64, to: i64) -> Vec<f64> {
    let first = machine.times.partition_point(|&time| time <= from);
    let end = machine.times.partition_point(|&time| time <= to);
    let values = machine.used.get(first..end.max(first)).unwrap_or_default();
    values.iter().copied().filter(|value| value.is_finite()).collect()
}

/// What a machine needs, and which candidate is the cheapest that does. `fleet` are the ratios of other machines, which
/// count beside its own: a machine that has been calm may be as lively as the others next week.
pub fn size(
    machine: Machine<'_>,
    fleet: &[f64],
    candidates: &[Candidate],
    sure: f64,
) -> Result<Sizing, NoSizing> {
    let Some((&first, &last)) = machine.times.first().zip(machine.times.last()) else {
        return Err(NoSizing::TooShort { days: 0.0 });
    };
    if last - first < HISTORY_MIN - DAY {
        return Err(NoSizing::TooShort { days: (last - first) as f64 / DAY as f64 });
    }
    let newest = between(machine, last - LEARNT, last);
    if newest.len() < VALUES_MIN {
        return Err(NoSizing::TooFew);
    }
    let all = between(machine, i64::MIN, last);
    if all.iter().all(|value| *value <= 0.0) {
        return Err(NoSizing::Unused);
    }
    let own = walked(machine);
    let mut ratios = own.clone();
    let stride = fleet.len().div_ceil(FLEET_STEPS).max(1);
    ratios.extend(sorted(fleet).iter().skip(stride / 2).step_by(stride));
    let factor = if ratios.is_empty() { 1.0 } else { quantile(&ratios, sure) };
    let p99 = quantile(&newest, 1.0 - OVER);
    let needed = p99 * factor;
    let mut frontier: Vec<Risk> =
        candidates.iter().map(|candidate| risk(machine, candidate, &all, (first, last))).collect();
    frontier.sort_by(|a, b| {
        let of = |own: &Risk| (own.candidate.cost_month, own.candidate.size);
        of(a).partial_cmp(&of(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let does = |own: &Risk| own.candidate.size >= needed && own.weeks_over <= 1.0 - sure + 1e-9;
    let choice = frontier.iter().position(does);
    Ok(Sizing { needed, p99, factor, mean: mean(&all), steps: own.len(), frontier, choice })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn risk(
    machine: Machine<'_>,
    candidate: &Candidate,
    all: &[f64],
    (first, last): (i64, i64),
) -> Risk {
    let over = |values: &[f64]| {
        let above = values.iter().filter(|value| **value > candidate.size).count();
        above as f64 / values.len().max(1) as f64
    };
    let (mut weeks, mut bad) = (0.0, 0.0);
    let mut end = last;
    while end - CHECKED >= first - STRIDE && weeks < STEPS_MAX as f64 {
        let week = between(machine, end - CHECKED, end);
        if week.len() >= VALUES_MIN {
            weeks += 1.0;
            bad += f64::from(u8::from(over(&week) > OVER));
        }
        end -= STRIDE;
    }
    let weeks_over = if weeks > 0.0 { bad / weeks } else { 1.0 };
    Risk { candidate: candidate.clone(), over: over(all), weeks_over }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: i64, use_at: impl Fn(i64) -> f64) -> (Vec<i64>, Vec<f64>) {
        let times: Vec<i64> = (1..=count * 288).map(|at| at * 300_000).collect();
        let used = times.iter().map(|time| use_at(*time)).collect();
        (times, used)
    }

    fn candidates() -> Vec<Candidate> {
        [(1.0, 10.0), (2.0, 20.0), (4.0, 40.0), (8.0, 80.0)]
            .map(|(size, cost_month)| Candidate { name: format!("c{size}"), size, cost_month })
            .to_vec()
    }

    #[test]
    fn the_cheapest_that_does_is_chosen_and_the_frontier_shows_the_rest() {
        // Three cores for two hours a day, one otherwise.
        let (times, used) =
            days(28, |time| if time.rem_euclid(DAY) < DAY / 12 { 3.0 } else { 1.0 });
        let sizing =
            size(Machine { times: &times, used: &used }, &[], &candidates(), SURE).unwrap();
        let chosen = &sizing.frontier[sizing.choice.unwrap()];
        assert_eq!(chosen.candidate.name, "c4");
        assert!((sizing.needed - 3.0).abs() < 0.01 && chosen.weeks_over <= 0.0);
        assert!((sizing.frontier[0].over - 1.0 / 12.0).abs() < 0.01);
        assert!(sizing.frontier[1].weeks_over > 0.99);
    }

    #[test]
    fn a_lively_fleet_asks_for_more_than_a_calm_past() {
        let (times, used) = days(28, |_| 1.5);
        let machine = Machine { times: &times, used: &used };
        let calm = size(machine, &[], &candidates(), SURE).unwrap();
        let among =
            size(machine, &[1.0, 1.5, 2.0, 2.5, 3.0].repeat(8), &candidates(), SURE).unwrap();
        assert!(among.needed > 1.4 * calm.needed);
    }

    #[test]
    fn too_short_a_past_and_no_use_are_told() {
        let (times, used) = days(5, |_| 1.0);
        let refused = size(Machine { times: &times, used: &used }, &[], &candidates(), SURE);
        assert!(matches!(refused, Err(NoSizing::TooShort { .. })));
        let (times, used) = days(20, |_| 0.0);
        let refused = size(Machine { times: &times, used: &used }, &[], &candidates(), SURE);
        assert_eq!(refused, Err(NoSizing::Unused));
        let (times, used) = days(28, |_| 100.0);
        let big = size(Machine { times: &times, used: &used }, &[], &candidates(), SURE).unwrap();
        assert_eq!(big.choice, None);
    }
}
