//! The contest: every member forecasts the recorded past from several moments in it, and is weighed by its errors.

use model::Nature;
use stats::mean;

use super::{
    history::{Past, times},
    pool::{Fitted, Member, Of, Study, Weekends, pool},
};

/// How many moments of the past the members are tried from.
const TRIALS_MAX: usize = 7;
/// How much less each older trial counts.
const AGEING: f64 = 0.85;
/// Members whose error is beyond this many times the best one's have no say.
const LOSS_TIMES_MAX: f64 = 1.35;
/// How much more a better member counts.
const WEIGHT_POWER: i32 = 5;
/// How many tenths of the past remain to be learnt from before the oldest trial.
const LEARNT_PART_FLOW: usize = 3;
const LEARNT_PART_STOCK: usize = 4;
/// How much of the weighted median there is in the forecast of a stock.
const MEDIAN_PART_STOCK: f64 = 0.5;
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
    /// How many trials' worth of different time the trials look at.
    pub worlds: f64,
    /// The mean absolute error over all trials.
    pub error_mean: f64,
}

/// Runs the contest and the winner's future.
pub(crate) fn contest(past: &Past, horizon: usize) -> Contest {
    let pool = pool(past.nature, times(past.step, horizon));
    // How fast a stock grows is learnt no better from trials longer than a week, and there are fewer of those.
    let tried = match (past.nature, past.periods.get(1)) {
        (Nature::Stock, Some(&long)) => horizon.min(long),
        _ => horizon,
    };
    let cuts = cuts(past, tried);
    let length = trial_length(past.values.len(), tried);
    // Weights come from the oldest trial's past where it is long enough, so that no trial sees its own future.
    let mut fitted = Fits::default();
    let mut trials: Vec<Vec<Option<Vec<f64>>>> = Vec::with_capacity(cuts.len());
    for learnt in past.learnt(&cuts).iter().rev() {
        trials.push(fitted.run_all(pool, learnt, past, length));
    }
    trials.reverse();
    let futures = Fits::default().run_all(pool, &past.clean, past, horizon);
    let mixture = Mixture {
        weights: weigh(past, &cuts, &trials, &futures),
        median_part: match past.nature {
            Nature::Flow => 1.0,
            Nature::Stock => MEDIAN_PART_STOCK,
        },
    };
    let judged = |say_min: f64| -> Vec<(usize, Vec<f64>)> {
        let ran = cuts.iter().zip(&trials).filter(|(_, ahead)| mixture.say(ahead) > say_min);
        ran.filter_map(|(&cut, ahead)| {
            Some((cut, errors_of(past, cut, &mixture.mix(ahead, length)?)))
        })
        .collect()
    };
    // Trials in which the members that matter could not run yet tell little of the mixture's errors.
    let full = judged(0.5);
    let judged = if full.len() >= 2 { full } else { judged(0.0) };
    let worlds = match (judged.first(), judged.last()) {
        (Some((newest, _)), Some((oldest, _))) => 1.0 + (newest - oldest) as f64 / length as f64,
        _ => 0.0,
    };
    let middle = mixture
        .mix(&futures, horizon)
        .unwrap_or_else(|| vec![past.values.last().copied().unwrap_or(0.0); horizon]);
    let errors: Vec<Vec<f64>> = judged.into_iter().map(|(_, errors)| errors).collect();
    let sizes: Vec<f64> = errors.iter().flatten().map(|error| error.abs()).collect();
    let error_mean = if sizes.is_empty() { 0.0 } else { mean(&sizes) };
    let weights = mixture.weights.iter().map(|&(at, weight)| (pool[at], weight)).collect();
    Contest { middle, errors, weights, worlds, error_mean }
}

/// The weights that models have found, for values and for rates.
#[derive(Default)]
struct Fits {
    value: Fitted,
    rate: Fitted,
}

impl Fits {
    /// The futures of all members that can tell one of this past, in the pool's order.
    fn run_all(
        &mut self,
        pool: &[Member],
        learnt: &[f64],
        past: &Past,
        horizon: usize,
    ) -> Vec<Option<Vec<f64>>> {
        let models =
            |of| pool.iter().filter(move |member| member.of == of).map(|member| member.model);
        let periods = past.periods.as_slice();
        let weekends = Weekends::of(past.values.len(), past.end, past.step);
        let value = Study::new(learnt, periods, weekends);
        value.fit(&mut self.value, models(Of::Value));
        let rates: Vec<f64> = match models(Of::Rate).next() {
            Some(_) => learnt.windows(2).map(|pair| pair[1] - pair[0]).collect(),
            None => Vec::new(),
        };
        let rate = Study::new(&rates, periods, None);
        rate.fit(&mut self.rate, models(Of::Rate));
        let last = learnt.last().copied().unwrap_or(0.0);
        pool.iter()
            .map(|member| {
                let ahead = match member.of {
                    Of::Value => value.run(member.model, &self.value, horizon)?,
                    Of::Rate => added_up(last, rate.run(member.model, &self.rate, horizon)?),
                };
                ahead.iter().all(|value| value.is_finite()).then_some(ahead)
            })
            .collect()
    }
}

fn added_up(last: f64, mut rates: Vec<f64>) -> Vec<f64> {
    let mut level = last;
    for rate in &mut rates {
        level += *rate;
        *rate = level;
    }
    rates
}

fn trial_length(count: usize, horizon: usize) -> usize {
    horizon.min(count / TRIAL_PART).max(1)
}

/// Where the past is cut for trials, the newest first; each leaves a part to learn from. Where there is room, cuts lie
/// whole halves of the short season apart, so that two phases of it are looked at and not one.
fn cuts(past: &Past, horizon: usize) -> Vec<usize> {
    let count = past.values.len();
    let length = trial_length(count, horizon);
    let part = match past.nature {
        Nature::Flow => LEARNT_PART_FLOW,
        Nature::Stock => LEARNT_PART_STOCK,
    };
    let room = count.saturating_sub((count * part / 10).max(4) + length);
    let stride = (room / (TRIALS_MAX - 1)).clamp(1, length.max(24));
    let half = past.periods.first().map_or(1, |short| (short / 2).max(1));
    let stride = if stride >= half { stride / half * half } else { stride };
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
                last = past.came(cut, cut + step) - value;
            }
            last
        })
        .collect()
}

/// The places of those who have a say, with their weights, the heaviest first.
fn weigh(
    past: &Past,
    cuts: &[usize],
    trials: &[Vec<Option<Vec<f64>>>],
    futures: &[Option<Vec<f64>>],
) -> Vec<(usize, f64)> {
    let losses = losses(past, cuts, trials, futures);
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let mut weights: Vec<(usize, f64)> = (0..futures.len())
        .zip(losses)
        .filter(|(_, loss)| *loss <= LOSS_TIMES_MAX * best + TINY)
        .map(|(at, loss)| (at, ((best + TINY) / (loss + TINY)).powi(WEIGHT_POWER)))
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
    let mut totals = vec![(0.0, 0.0, 0_usize); futures.len()];
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

/// Who has a say in the forecast, and how their futures become one.
struct Mixture {
    /// Places in the pool with their weights, the heaviest first.
    weights: Vec<(usize, f64)>,
    /// How much of the weighted median there is in it; the rest is the weighted mean. The median withstands a member
    /// gone astray and was the better one on flows; what piles up is a sum, and sums want means.
    median_part: f64,
}

impl Mixture {
    fn mix(&self, forecasts: &[Option<Vec<f64>>], horizon: usize) -> Option<Vec<f64>> {
        let parts: Vec<(f64, &[f64])> = self
            .weights
            .iter()
            .filter_map(|&(at, weight)| forecasts[at].as_deref().map(|forecast| (weight, forecast)))
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
            let middle = weighted_median(&mut column);
            self.median_part * middle + (1.0 - self.median_part) * mean
        });
        Some(mixed.collect())
    }

    /// How much of the weight could run.
    fn say(&self, forecasts: &[Option<Vec<f64>>]) -> f64 {
        let ran = self.weights.iter().filter(|(at, _)| forecasts[*at].is_some());
        ran.map(|(_, weight)| weight).sum()
    }
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
    use model::{Span, Time};
    use proptest::prelude::*;

    use super::*;
    use crate::forecast::{known::Days, notes::Notes};

    fn past(count: usize, short: usize, nature: Nature) -> Past {
        Past {
            have: Span::hours(1),
            end: Time(0),
            step: Span::hours(1),
            values: vec![0.0; count],
            clean: vec![0.0; count],
            seen: vec![true; count],
            periods: vec![short],
            nature,
            levels: Vec::new(),
            days: Days::default(),
            notes: Notes::default(),
        }
    }

    #[test]
    fn trials_leave_enough_to_learn_from() {
        for (nature, least) in [(Nature::Flow, 210), (Nature::Stock, 280)] {
            let cuts = cuts(&past(700, 24, nature), 100);
            assert_eq!((cuts.len(), cuts[0]), (TRIALS_MAX, 600));
            assert!(cuts.iter().all(|&cut| cut >= least));
        }
    }

    #[test]
    fn the_least_past_has_three_trials() {
        assert!(cuts(&past(12, 1, Nature::Stock), 12).len() >= 3);
    }

    #[test]
    fn a_member_gone_astray_does_not_carry_the_mixture_off() {
        let mixture = Mixture { weights: vec![(0, 0.4), (2, 0.4), (1, 0.2)], median_part: 0.5 };
        let forecasts = [Some(vec![10.0]), Some(vec![1_000.0]), Some(vec![10.0]), None];
        let mixed = mixture.mix(&forecasts, 1).unwrap();
        assert!(mixed[0] < 120.0);
    }

    proptest! {
        #[test]
        fn every_trial_fits_into_the_past(count in 12_usize..1_500, horizon in 1_usize..400, short in 1_usize..60) {
            let length = trial_length(count, horizon);
            let cuts = cuts(&past(count, short, Nature::Stock), horizon);
            prop_assert!(!cuts.is_empty() && cuts.len() <= TRIALS_MAX);
            prop_assert!(cuts.iter().all(|cut| cut + length <= count));
            prop_assert!(cuts.windows(2).all(|pair| pair[1] < pair[0]));
        }
    }
}
