//! The contest: every member forecasts the recorded past from several moments in it, and is weighed by its errors.

use stats::mean;

use crate::{
    history::Past,
    pool::{Fitted, Member, Study},
};

/// How many moments of the past the members are tried from.
const TRIALS_MAX: usize = 7;
/// How much less each older trial counts.
const AGEING: f64 = 0.85;
/// Members whose error is beyond this many times the best one's have no say.
const LOSS_TIMES_MAX: f64 = 1.35;
/// How much more a better member counts.
const WEIGHT_POWER: i32 = 5;
/// Errors below this share of the usual are all the same.
const TINY: f64 = 1e-9;
/// A trial looks at most this part of the past ahead, so that enough remains to learn from and to try again.
const TRIAL_PART: usize = 3;

/// A forecast on the grid, with the errors its mixture made on the recorded past.
#[derive(Clone, Debug)]
pub(crate) struct Contest {
    /// The mixture's future, one value a step.
    pub middle: Vec<f64>,
    /// For each trial, the newest first, what came minus what was forecast, step by step.
    pub errors: Vec<Vec<f64>>,
    /// The mixture's members with their weights, the heaviest first.
    pub weights: Vec<(Member, f64)>,
    /// The mean absolute error over all trials.
    pub error_mean: f64,
}

/// Runs the contest and the winner's future.
pub(crate) fn contest(past: &Past, horizon: usize) -> Contest {
    let cuts = cuts(past.values.len(), horizon);
    let length = trial_length(past.values.len(), horizon);
    let oldest = cuts.last().copied().unwrap_or(past.values.len());
    let study = |cut: usize| Study::new(&past.clean[..cut], &past.periods);
    // Weights of smoothing come from the oldest trial's past, so that no trial sees its own future.
    let fitted_old = study(oldest).fit();
    let trials: Vec<Vec<Option<Vec<f64>>>> =
        cuts.iter().map(|&cut| run_all(&study(cut), &fitted_old, length)).collect();
    let whole = study(past.clean.len());
    let futures = run_all(&whole, &whole.fit(), horizon);
    let weights = weigh(past, &cuts, &trials, &futures);
    let judged = |say_min: f64| -> Vec<Vec<f64>> {
        let ran =
            cuts.iter().zip(&trials).filter(|(_, forecasts)| say(&weights, forecasts) > say_min);
        ran.filter_map(|(&cut, forecasts)| {
            Some(errors_of(past, cut, &mix(&weights, forecasts, length)?))
        })
        .collect()
    };
    // Trials in which the members that matter could not run yet tell little of the mixture's errors.
    let full = judged(0.5);
    let errors = if full.len() >= 2 { full } else { judged(0.0) };
    let middle = mix(&weights, &futures, horizon)
        .unwrap_or_else(|| vec![past.values.last().copied().unwrap_or(0.0); horizon]);
    let sizes: Vec<f64> = errors.iter().flatten().map(|error| error.abs()).collect();
    let error_mean = if sizes.is_empty() { 0.0 } else { mean(&sizes) };
    Contest { middle, errors, weights, error_mean }
}

fn run_all(study: &Study<'_>, fitted: &Fitted, horizon: usize) -> Vec<Option<Vec<f64>>> {
    Member::ALL
        .iter()
        .map(|&member| {
            let ahead = study.run(member, fitted, horizon)?;
            ahead.iter().all(|value| value.is_finite()).then_some(ahead)
        })
        .collect()
}

fn trial_length(count: usize, horizon: usize) -> usize {
    horizon.min(count / TRIAL_PART).max(1)
}

/// Where the past is cut for trials, the newest first; each leaves two fifths to learn from.
fn cuts(count: usize, horizon: usize) -> Vec<usize> {
    let length = trial_length(count, horizon);
    let learnt_min = (count * 2 / 5).max(4);
    let room = count.saturating_sub(learnt_min + length);
    let stride = (room / (TRIALS_MAX - 1)).clamp(1, length.max(24));
    (0..TRIALS_MAX)
        .map(|trial| trial * stride)
        .take_while(|back| *back <= room)
        .filter_map(|back| count.checked_sub(length + back))
        .filter(|&cut| cut >= 4)
        .collect()
}

/// What came minus what was forecast; where nothing was seen, the error before goes on.
fn errors_of(past: &Past, cut: usize, forecast: &[f64]) -> Vec<f64> {
    let mut last = 0.0;
    forecast
        .iter()
        .enumerate()
        .map(|(step, value)| {
            if past.seen[cut + step] {
                last = past.values[cut + step] - value;
            }
            last
        })
        .collect()
}

fn weigh(
    past: &Past,
    cuts: &[usize],
    trials: &[Vec<Option<Vec<f64>>>],
    futures: &[Option<Vec<f64>>],
) -> Vec<(Member, f64)> {
    let losses = losses(past, cuts, trials, futures);
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let mut weights: Vec<(Member, f64)> = Member::ALL
        .into_iter()
        .zip(losses)
        .filter(|(_, loss)| *loss <= LOSS_TIMES_MAX * best + TINY)
        .map(|(member, loss)| (member, ((best + TINY) / (loss + TINY)).powi(WEIGHT_POWER)))
        .collect();
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut weights {
        *weight /= total;
    }
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    weights
}

/// Each member's error, as a multiple of the usual member's in the same trial, so that one that could not run in all
/// trials compares fairly; infinite for one that ran in fewer than two or cannot run now.
fn losses(
    past: &Past,
    cuts: &[usize],
    trials: &[Vec<Option<Vec<f64>>>],
    futures: &[Option<Vec<f64>>],
) -> Vec<f64> {
    let mut totals = vec![(0.0, 0.0, 0_usize); Member::ALL.len()];
    let floor = TINY * past.values.iter().map(|value| value.abs()).fold(1e-300, f64::max);
    for (age, (&cut, forecasts)) in cuts.iter().zip(trials).enumerate() {
        let errors: Vec<Option<f64>> = forecasts
            .iter()
            .map(|forecast| {
                let sizes: Vec<f64> = errors_of(past, cut, forecast.as_ref()?)
                    .iter()
                    .map(|error| error.abs())
                    .collect();
                Some(mean(&sizes))
            })
            .collect();
        let ran: Vec<f64> = errors.iter().flatten().copied().collect();
        let usual = stats::median(&ran).max(floor);
        let aged = AGEING.powf(age as f64);
        for (total, error) in totals.iter_mut().zip(&errors) {
            if let Some(error) = error {
                *total = (total.0 + aged * error / usual, total.1 + aged, total.2 + 1);
            }
        }
    }
    totals
        .iter()
        .zip(futures)
        .map(|((total, weight, ran), future)| {
            let enough = *ran >= 2.min(trials.len()).max(1) && future.is_some();
            if enough { total / weight } else { f64::INFINITY }
        })
        .collect()
}

/// Half the weighted median and half the weighted mean of the members: the one withstands a member gone astray, the
/// other uses all of them.
fn mix(
    weights: &[(Member, f64)],
    forecasts: &[Option<Vec<f64>>],
    horizon: usize,
) -> Option<Vec<f64>> {
    let parts: Vec<(f64, &[f64])> = weights
        .iter()
        .filter_map(|(member, weight)| {
            forecasts[member.index()].as_deref().map(|forecast| (*weight, forecast))
        })
        .collect();
    let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
    if total <= 0.0 {
        return None;
    }
    let mut column: Vec<(f64, f64)> = Vec::with_capacity(parts.len());
    let mixed = (0..horizon).map(|step| {
        column.clear();
        column.extend(parts.iter().map(|(weight, forecast)| (forecast[step], weight / total)));
        let mean: f64 = column.iter().map(|(value, weight)| value * weight).sum();
        f64::midpoint(mean, weighted_median(&mut column))
    });
    Some(mixed.collect())
}

/// How much of the mixture's weight ran in a trial.
fn say(weights: &[(Member, f64)], forecasts: &[Option<Vec<f64>>]) -> f64 {
    let ran = weights.iter().filter(|(member, _)| forecasts[member.index()].is_some());
    ran.map(|(_, weight)| weight).sum()
}

fn weighted_median(column: &mut [(f64, f64)]) -> f64 {
    column.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sum = 0.0;
    for &(value, weight) in column.iter() {
        sum += weight;
        if sum >= 0.5 {
            return value;
        }
    }
    column.last().map_or(0.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trials_leave_enough_to_learn_from() {
        assert_eq!(cuts(700, 100).len(), TRIALS_MAX);
        assert!(cuts(700, 100).iter().all(|&cut| cut >= 280));
        assert_eq!(cuts(700, 100)[0], 600);
    }

    #[test]
    fn the_least_past_has_three_trials() {
        assert!(cuts(12, 12).len() >= 3);
    }

    #[test]
    fn a_member_gone_astray_does_not_carry_the_mixture_off() {
        let weights = [(Member::Last, 0.4), (Member::Level, 0.4), (Member::Drift, 0.2)];
        let mut forecasts = vec![None; Member::ALL.len()];
        forecasts[Member::Last.index()] = Some(vec![10.0]);
        forecasts[Member::Level.index()] = Some(vec![10.0]);
        forecasts[Member::Drift.index()] = Some(vec![1_000.0]);
        let mixed = mix(&weights, &forecasts, 1).unwrap();
        assert!(mixed[0] < 120.0);
    }

    #[test]
    fn places_and_members_agree() {
        for (place, member) in Member::ALL.into_iter().enumerate() {
            assert_eq!(member.index(), place);
        }
    }

    proptest! {
        #[test]
        fn every_trial_fits_into_the_past(count in 12_usize..1_500, horizon in 1_usize..400) {
            let length = trial_length(count, horizon);
            let cuts = cuts(count, horizon);
            prop_assert!(!cuts.is_empty() && cuts.len() <= TRIALS_MAX);
            prop_assert!(cuts.iter().all(|cut| cut + length <= count));
            prop_assert!(cuts.windows(2).all(|pair| pair[1] < pair[0]));
        }
    }
}
