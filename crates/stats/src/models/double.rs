//! Exponential smoothing with one or two seasons and an error that fades (Taylor 2003, without trend).

use super::simplex::lowest;
use crate::mean;

/// Questions asked while the weights are sought.
const ASKED_MAX: usize = 80;
/// Weights are sought on this many of the newest long seasons, or on as many days where there is one season.
const LONG_LEARNT: usize = 4;
const SHORT_LEARNT: usize = 21;

/// How fast level and seasons follow the newest values, and how much of an error is left in the next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleSeason {
    short: usize,
    long: Option<usize>,
    alpha: f64,
    gamma_short: f64,
    gamma_long: f64,
    phi: f64,
}

/// Where a run over the past ends.
struct State {
    level: f64,
    short: Vec<f64>,
    long: Vec<f64>,
    error: f64,
    loss: f64,
}

impl DoubleSeason {
    /// The weights that would have forecast these values best one step ahead. Nothing for fewer than two long
    /// seasons, or two short ones where no long one is given.
    pub fn fit(values: &[f64], short: usize, long: Option<usize>) -> Option<Self> {
        let longest = long.unwrap_or(short);
        if short < 2 || !longest.is_multiple_of(short) || values.len() < 2 * longest {
            return None;
        }
        let learnt = long.map_or(SHORT_LEARNT * short, |long| LONG_LEARNT * long);
        // From a whole number of seasons back, so that phases stay where they are.
        let cut = values.len().saturating_sub(learnt) / longest * longest;
        let learnt = &values[cut..];
        let found = lowest([0.05, 0.3, 0.3, 0.6], ASKED_MAX, |point| {
            Self::of(point, short, long).run(learnt).loss
        });
        Some(Self::of(&found, short, long))
    }

    /// The next `horizon` values of a past as long as the one it was fitted on needs to be; none for a shorter one.
    pub fn forecast(&self, values: &[f64], horizon: usize) -> Vec<f64> {
        if values.len() < 2 * self.long.unwrap_or(self.short) {
            return Vec::new();
        }
        let state = self.run(values);
        let mut error = state.error;
        (0..horizon)
            .map(|step| {
                let at = values.len() + step;
                error *= self.phi;
                let long = self.long.map_or(0.0, |long| state.long[at % long]);
                state.level + state.short[at % self.short] + long + error
            })
            .collect()
    }

    fn of(point: &[f64; 4], short: usize, long: Option<usize>) -> Self {
        Self {
            short,
            long,
            alpha: 0.5 * point[0],
            gamma_short: 0.6 * point[1],
            gamma_long: 0.6 * point[2],
            phi: 0.98 * point[3],
        }
    }

    fn run(&self, values: &[f64]) -> State {
        let warm = self.long.unwrap_or(2 * self.short);
        let level = mean(&values[..warm]);
        let mut short = vec![0.0; self.short];
        for (at, value) in values[..warm].iter().enumerate() {
            short[at % self.short] += (value - level) * self.short as f64 / warm as f64;
        }
        let first = |(at, value): (usize, &f64)| value - level - short[at % self.short];
        let long: Vec<f64> = self
            .long
            .map_or_else(Vec::new, |long| values[..long].iter().enumerate().map(first).collect());
        let state = State { level, short, long, error: 0.0, loss: 0.0 };
        if self.long.is_some() {
            self.run_both(values, state)
        } else {
            self.run_short(values, state)
        }
    }

    fn run_short(&self, values: &[f64], mut state: State) -> State {
        let mut phase = 0;
        for value in &values[self.short..] {
            let base = state.level + state.short[phase];
            let miss = value - base;
            let rest = miss - self.phi * state.error;
            state.loss += rest * rest;
            state.level += self.alpha * rest;
            state.short[phase] += self.gamma_short * rest;
            state.error = miss;
            phase = if phase + 1 == self.short { 0 } else { phase + 1 };
        }
        state
    }

    fn run_both(&self, values: &[f64], mut state: State) -> State {
        let start = state.long.len();
        let (mut phase, mut phase_long) = (0, 0);
        for value in &values[start..] {
            let base = state.level + state.short[phase] + state.long[phase_long];
            let miss = value - base;
            let rest = miss - self.phi * state.error;
            state.loss += rest * rest;
            state.level += self.alpha * rest;
            state.short[phase] += self.gamma_short * rest;
            state.long[phase_long] += self.gamma_long * rest;
            state.error = miss;
            phase = if phase + 1 == self.short { 0 } else { phase + 1 };
            phase_long = if phase_long + 1 == start { 0 } else { phase_long + 1 };
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Six hours a day, and the seventh day is another.
    fn weekly(at: usize) -> f64 {
        let hour = [0.0, 2.0, 6.0, 8.0, 5.0, 1.0][at % 6];
        if at / 6 % 7 == 6 { 3.0 + hour / 4.0 } else { 3.0 + hour }
    }

    #[test]
    fn the_seventh_day_is_known() {
        let values: Vec<f64> = (0..6 * 7 * 5).map(weekly).collect();
        let model = DoubleSeason::fit(&values, 6, Some(42)).unwrap();
        let ahead = model.forecast(&values, 84);
        for (step, told) in ahead.iter().enumerate() {
            let truth = weekly(values.len() + step);
            assert!((told - truth).abs() < 0.3, "{step}: {told} {truth}");
        }
    }

    #[test]
    fn too_short_a_past_has_no_fit() {
        assert_eq!(DoubleSeason::fit(&[1.0; 11], 6, None), None);
        assert_eq!(DoubleSeason::fit(&[1.0; 83], 6, Some(42)), None);
        assert_eq!(DoubleSeason::fit(&[1.0; 83], 6, Some(40)), None);
    }

    proptest! {
        #[test]
        fn any_bounded_past_has_a_finite_future(values in prop::collection::vec(-1e9_f64..1e9, 28..120), both in any::<bool>()) {
            let model = DoubleSeason::fit(&values, 7, both.then_some(14)).unwrap();
            let ahead = model.forecast(&values, 40);
            prop_assert!(ahead.len() == 40 && ahead.iter().all(|value| value.is_finite()));
        }
    }
}
