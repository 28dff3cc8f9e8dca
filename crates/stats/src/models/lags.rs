//! A series as a weighted sum of its own newest values and those a season ago, found by ridge regression.

use super::ridge::Ridge;
use crate::{mean, quantile::held, stddev};

/// The values just before.
const NEAREST: [usize; 3] = [1, 2, 3];
/// What every coefficient is held back by, in units of squared standard deviations.
const PENALTY: f64 = 2.0;
/// Values count no more than this many standard deviations from the mean.
const EDGE: f64 = 6.0;
/// So many of the longest season back, a value counts half.
const HALF_LIFE: f64 = 28.0;
/// Beyond the range of the past a forecast goes no further than this share of it.
const BEYOND: f64 = 0.5;
/// More values than lags that it takes to learn from.
const ROWS_MIN: usize = 24;

/// The weights of earlier values.
#[derive(Clone, Debug, PartialEq)]
pub struct Lags {
    lags: Vec<usize>,
    coefficients: Vec<f64>,
}

impl Lags {
    /// Learns from a past with these seasons, in values, the shorter first. Nothing where the past is too short for
    /// any season, or does not move.
    pub fn fit(values: &[f64], periods: &[usize]) -> Option<Self> {
        let lags = chosen(values.len(), periods);
        let longest = *lags.last()?;
        let scale = Scale::of(values)?;
        if values.len() < longest + ROWS_MIN {
            return None;
        }
        let scaled: Vec<f64> =
            values.iter().map(|value| scale.to(*value).clamp(-EDGE, EDGE)).collect();
        let columns = lags.len() + 1;
        let mut ridge = Ridge::new(columns);
        let mut row = vec![1.0; columns];
        let season = periods.first().copied().unwrap_or(ROWS_MIN) as f64;
        let fading = 0.5_f64.powf(1.0 / (HALF_LIFE * season));
        let mut weight = 1.0;
        for at in (longest..values.len()).rev() {
            for (place, lag) in row[1..].iter_mut().zip(&lags) {
                *place = scaled[at - lag];
            }
            ridge.add(&row, scaled[at], weight);
            weight *= fading;
        }
        let mut penalties = vec![PENALTY; columns];
        penalties[0] = 1e-6;
        Some(Self { lags, coefficients: ridge.solve(&penalties) })
    }

    /// The next `horizon` values, one after the other; nothing for a past shorter than the longest lag.
    pub fn forecast(&self, values: &[f64], horizon: usize) -> Option<Vec<f64>> {
        let longest = *self.lags.last()?;
        let scale = Scale::of(values)?;
        let newest = values.get(values.len().checked_sub(longest)?..)?;
        let mut series: Vec<f64> = newest.iter().map(|value| scale.to(*value)).collect();
        let (low, high) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        let (low, high) = (scale.to(low), scale.to(high));
        let room = BEYOND * (high - low);
        for step in 0..horizon {
            let at = longest + step;
            let parts = self.lags.iter().zip(&self.coefficients[1..]);
            let sum: f64 = parts.map(|(lag, coefficient)| coefficient * series[at - lag]).sum();
            series.push(held(self.coefficients[0] + sum, low - room, high + room));
        }
        Some(series[longest..].iter().map(|value| scale.back(*value)).collect())
    }
}

/// The nearest values, and those around one season ago and at two, where the past is long enough.
fn chosen(count: usize, periods: &[usize]) -> Vec<usize> {
    let mut lags = NEAREST.to_vec();
    for &period in periods {
        if count >= 2 * period + ROWS_MIN {
            lags.extend([period.saturating_sub(1).max(1), period, period + 1]);
        }
        if count >= 3 * period + ROWS_MIN {
            lags.push(2 * period);
        }
    }
    lags.sort_unstable();
    lags.dedup();
    lags
}

#[derive(Clone, Copy)]
struct Scale {
    mean: f64,
    spread: f64,
}

impl Scale {
    fn of(values: &[f64]) -> Option<Self> {
        let (mean, spread) = (mean(values), stddev(values));
        (spread > 1e-9 * mean.abs().max(1e-290) && spread.is_finite())
            .then_some(Self { mean, spread })
    }

    fn to(self, value: f64) -> f64 {
        (value - self.mean) / self.spread
    }

    fn back(self, value: f64) -> f64 {
        value * self.spread + self.mean
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wave_goes_on() {
        let wave = |at: usize| 10.0 + [0.0, 3.0, 6.0, 3.0, 0.0, -3.0, -6.0, -3.0][at % 8];
        let values: Vec<f64> = (0..160).map(wave).collect();
        let ahead = Lags::fit(&values, &[8]).unwrap().forecast(&values, 16).unwrap();
        for (step, told) in ahead.iter().enumerate() {
            assert!((told - wave(160 + step)).abs() < 0.8, "{step}: {told}");
        }
    }

    #[test]
    fn what_does_not_move_has_no_lags() {
        assert_eq!(Lags::fit(&[5.0; 100], &[8]), None);
    }

    proptest! {
        #[test]
        fn forecasts_stay_near_the_past(values in prop::collection::vec(-1e6_f64..1e6, 0..140)) {
            let Some(lags) = Lags::fit(&values, &[7, 21]) else { return Ok(()) };
            let (low, high) = (crate::quantile(&values, 0.0), crate::quantile(&values, 1.0));
            let room = BEYOND * (high - low) + 1e-3;
            for value in lags.forecast(&values, 60).unwrap() {
                prop_assert!((low - room..=high + room).contains(&value));
            }
        }
    }
}
