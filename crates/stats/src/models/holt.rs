//! Exponential smoothing with a damped trend (Holt 1957; damping: Gardner and `McKenzie` 1985).

use crate::{mad, median, quantile::held};

/// The level's weights that are tried.
const ALPHAS: [f64; 6] = [0.03, 0.08, 0.2, 0.4, 0.7, 0.95];
/// The trend's weights that are tried, as shares of the level's.
const BETAS: [f64; 3] = [0.02, 0.1, 0.3];
/// The dampings that are tried.
const PHIS: [f64; 3] = [0.85, 0.97, 1.0];
/// An error beyond this many spreads counts no more than one at that edge.
const ERROR_SPREADS: f64 = 4.0;

/// How fast level and trend follow the newest values, and how fast the trend fades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holt {
    /// The weight of the newest value in the level, from 0 to 1.
    pub alpha: f64,
    /// The weight of the newest change in the trend, from 0 to 1.
    pub beta: f64,
    /// What is left of the trend after each step, up to 1.
    pub phi: f64,
}

impl Holt {
    /// The weights that would have forecast these values best one step ahead; wild values count little.
    /// Nothing for fewer than four values.
    pub fn fit(values: &[f64]) -> Option<Self> {
        if values.len() < 4 {
            return None;
        }
        let changes: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let edge = ERROR_SPREADS * mad(&changes);
        let edge = if edge > 0.0 { edge } else { f64::INFINITY };
        let mut best: Option<(f64, Self)> = None;
        for holt in Self::candidates() {
            let loss = holt.smooth(values, edge).loss;
            if best.is_none_or(|(least, _)| loss < least) {
                best = Some((loss, holt));
            }
        }
        best.map(|(_, holt)| holt)
    }

    /// The next `horizon` values; none for fewer than two values.
    pub fn forecast(&self, values: &[f64], horizon: usize) -> Vec<f64> {
        if values.len() < 2 {
            return Vec::new();
        }
        let State { level, mut trend, .. } = self.smooth(values, f64::INFINITY);
        let mut value = level;
        let mut ahead = Vec::with_capacity(horizon);
        for _ in 0..horizon {
            trend *= self.phi;
            value += trend;
            ahead.push(value);
        }
        ahead
    }

    fn candidates() -> impl Iterator<Item = Self> {
        ALPHAS.into_iter().flat_map(|alpha| {
            BETAS.into_iter().flat_map(move |share| {
                PHIS.into_iter().map(move |phi| Self { alpha, beta: alpha * share, phi })
            })
        })
    }

    fn smooth(&self, values: &[f64], edge: f64) -> State {
        let start = values.len().min(12);
        let opening: Vec<f64> = values[..start].windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mut state = State { level: values[0], trend: median(&opening), loss: 0.0 };
        for value in &values[1..] {
            let faded = self.phi * state.trend;
            let expected = state.level + faded;
            let error = value - expected;
            let counted = held(error, -edge, edge);
            state.loss += counted * counted;
            state.level = expected + self.alpha * error;
            state.trend = faded + self.beta * error;
        }
        state
    }
}

struct State {
    level: f64,
    trend: f64,
    loss: f64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steady_growth_goes_on() {
        let values: Vec<f64> = (0..50).map(|x| 3.0 + 2.0 * f64::from(x)).collect();
        let holt = Holt::fit(&values).unwrap();
        let ahead = holt.forecast(&values, 10);
        assert!((ahead[9] - (3.0 + 2.0 * 59.0)).abs() < 1.0, "{holt:?} {ahead:?}");
    }

    #[test]
    fn a_new_level_is_learnt() {
        let values: Vec<f64> = (0..60).map(|x| if x < 30 { 1.0 } else { 9.0 }).collect();
        let ahead = Holt { alpha: 0.4, beta: 0.02, phi: 0.85 }.forecast(&values, 1);
        assert!((ahead[0] - 9.0).abs() < 0.5);
    }

    #[test]
    fn too_few_values_have_no_fit() {
        assert_eq!(Holt::fit(&[1.0, 2.0, 3.0]), None);
        assert!(Holt { alpha: 0.1, beta: 0.1, phi: 1.0 }.forecast(&[1.0], 5).is_empty());
    }

    proptest! {
        #[test]
        fn level_values_stay_level(level in -1e6_f64..1e6, count in 4_usize..100) {
            let values = vec![level; count];
            let ahead = Holt::fit(&values).unwrap().forecast(&values, 20);
            prop_assert!(ahead.iter().all(|value| (value - level).abs() < 1e-6));
        }

        #[test]
        fn forecasts_of_bounded_values_are_finite(values in prop::collection::vec(-1e9_f64..1e9, 4..80)) {
            let ahead = Holt::fit(&values).unwrap().forecast(&values, 50);
            prop_assert!(ahead.len() == 50 && ahead.iter().all(|value| value.is_finite()));
        }
    }
}
