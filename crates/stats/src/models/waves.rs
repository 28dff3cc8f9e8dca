//! A sum of waves on a bent line: the harmonics of a day and of a week and a trend that bends at a few places, found
//! together by ridge regression in which the newest values count most (after the idea of Prophet, Taylor and Letham
//! 2018, in closed form).

use std::f64::consts::TAU;

use super::ridge::Ridge;
use crate::{mean, stddev};

/// Waves of the short and of the long season.
const WAVES_SHORT: usize = 8;
const WAVES_LONG: usize = 10;
/// Where the line may bend, as shares of the past.
const BENDS: [f64; 4] = [0.2, 0.4, 0.6, 0.8];
/// The columns of the bent line: a constant, a slope, and the bends.
const TREND: usize = 2 + BENDS.len();
/// So many short seasons back, a value counts half.
const HALF_LIFE: f64 = 28.0;
/// What is left of the slope after one short season ahead.
const SLOPE_LEFT: f64 = 0.887;
/// What is left, after one short season ahead, of the distance between the newest season and the fit.
const LEVEL_LEFT: f64 = 0.786;
const PENALTY_SLOPE: f64 = 2.0;
const PENALTY_BEND: f64 = 4.0;
const PENALTY_WAVE: f64 = 1.0;

/// The next `horizon` values of a past with these seasons, in values, the shorter first and dividing the longer.
/// Nothing for less than two of the shorter, or where the past does not move.
///
/// Waves repeat with the longest season, so the sums are taken phase by phase: the cost hardly grows with the past.
pub fn waves(values: &[f64], periods: &[usize], horizon: usize) -> Option<Vec<f64>> {
    let known: Vec<usize> =
        periods.iter().copied().filter(|period| values.len() >= 2 * period).collect();
    let (short, cycle) = (*known.first()?, *known.last()?);
    let (middle, scale) = (mean(values), stddev(values));
    let moves = scale > 1e-9 * middle.abs().max(1e-290) && scale.is_finite();
    if short < 3 || !cycle.is_multiple_of(short) || !moves {
        return None;
    }
    let scaled: Vec<f64> = values.iter().map(|value| (value - middle) / scale).collect();
    let waves = Waves::new(&known);
    let fit = waves.fit(&scaled, short);
    Some(fit.ahead(&scaled, horizon).iter().map(|value| middle + scale * value).collect())
}

/// The waves at each phase of the longest season.
struct Waves {
    cycle: usize,
    columns: usize,
    table: Vec<f64>,
}

impl Waves {
    fn new(periods: &[usize]) -> Self {
        let (short, cycle) = (periods[0], periods[periods.len() - 1]);
        let mut turns: Vec<usize> = Vec::new();
        for &period in periods {
            let count = if period == short { WAVES_SHORT } else { WAVES_LONG };
            // A wave that the shorter season has already is not named again.
            turns.extend((1..=count.min(period / 2)).map(|wave| wave * (cycle / period)));
        }
        turns.sort_unstable();
        turns.dedup();
        let columns = 2 * turns.len();
        let mut table = Vec::with_capacity(cycle * columns);
        for phase in 0..cycle {
            for turn in &turns {
                let angle = TAU * ((turn * phase) % cycle) as f64 / cycle as f64;
                table.extend([angle.sin(), angle.cos()]);
            }
        }
        Self { cycle, columns, table }
    }

    fn at(&self, phase: usize) -> &[f64] {
        &self.table[phase * self.columns..(phase + 1) * self.columns]
    }

    fn fit(&self, values: &[f64], short: usize) -> Fit {
        let count = values.len();
        let fading = 0.5_f64.powf(1.0 / (HALF_LIFE * short as f64));
        // For each phase the sums of the weighted line, and of the weighted values.
        let mut lines = vec![[0.0; TREND]; self.cycle];
        let mut sums = vec![0.0; self.cycle];
        let mut ridge = Ridge::new(TREND + self.columns);
        let mut weight = 1.0;
        for (at, value) in values.iter().enumerate().rev() {
            let line = trend(at as f64 / count as f64);
            let phase = at % self.cycle;
            sums[phase] += weight * value;
            for (sum, part) in lines[phase].iter_mut().zip(line) {
                *sum += weight * part;
            }
            for row in 0..TREND {
                ridge.add_right(row, weight * value * line[row]);
                for column in 0..=row {
                    ridge.add_at(row, column, weight * line[row] * line[column]);
                }
            }
            weight *= fading;
        }
        let mut padded = vec![0.0; TREND + self.columns];
        for phase in 0..self.cycle {
            let waves = self.at(phase);
            // The line's first part is the constant, so its sum is that of the weights.
            padded[TREND..].copy_from_slice(waves);
            ridge.add_square(&padded, lines[phase][0]);
            for (column, wave) in waves.iter().enumerate() {
                ridge.add_right(TREND + column, sums[phase] * wave);
                for (row, part) in lines[phase].iter().enumerate() {
                    ridge.add_at(row, TREND + column, part * wave);
                }
            }
        }
        let mut penalties = vec![PENALTY_WAVE; TREND + self.columns];
        penalties[0] = 1e-6;
        penalties[1] = PENALTY_SLOPE;
        penalties[2..TREND].fill(PENALTY_BEND);
        let found = ridge.solve(&penalties);
        let season = |phase| self.at(phase).iter().zip(&found[TREND..]).map(|(a, b)| a * b).sum();
        Fit {
            line: found[..TREND].to_vec(),
            season: (0..self.cycle).map(season).collect(),
            count,
            short,
        }
    }
}

/// The bent line's columns at a share of the past.
fn trend(share: f64) -> [f64; TREND] {
    let mut line = [1.0; TREND];
    line[1] = share;
    for (place, bend) in line[2..].iter_mut().zip(BENDS) {
        *place = (share - bend).max(0.0);
    }
    line
}

struct Fit {
    line: Vec<f64>,
    season: Vec<f64>,
    count: usize,
    short: usize,
}

impl Fit {
    fn line_at(&self, at: usize) -> f64 {
        let parts = trend(at as f64 / self.count as f64);
        parts.iter().zip(&self.line).map(|(a, b)| a * b).sum()
    }

    fn ahead(&self, values: &[f64], horizon: usize) -> Vec<f64> {
        let cycle = self.season.len();
        let rest: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(at, value)| value - self.line_at(at) - self.season[at % cycle])
            .collect();
        let (mut square, mut cross) = (1e-12, 0.0);
        for pair in rest.windows(2) {
            square += pair[0] * pair[0];
            cross += pair[0] * pair[1];
        }
        let phi = f64::clamp(cross / square, 0.0, 0.98);
        let newest = &rest[self.count - self.short..];
        let mut level = mean(newest);
        let mut error = rest[self.count - 1] - level;
        let mut slope = self.line[1..].iter().sum::<f64>() / self.count as f64;
        let mut line = self.line_at(self.count - 1);
        let part = 1.0 / self.short as f64;
        let (slope_left, level_left) = (SLOPE_LEFT.powf(part), LEVEL_LEFT.powf(part));
        (self.count..self.count + horizon)
            .map(|at| {
                slope *= slope_left;
                line += slope;
                error *= phi;
                level *= level_left;
                line + self.season[at % cycle] + error + level
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn day_and_week_go_on() {
        let value = |at: usize| {
            let (day, week) = (TAU * at as f64 / 12.0, TAU * at as f64 / 84.0);
            50.0 + 10.0 * day.sin() + 5.0 * week.cos() + 3.0 * (2.0 * day).cos()
        };
        let values: Vec<f64> = (0..84 * 4).map(value).collect();
        let ahead = waves(&values, &[12, 84], 84).unwrap();
        for (step, told) in ahead.iter().enumerate() {
            let truth = value(values.len() + step);
            assert!((told - truth).abs() < 0.5, "{step}: {told} {truth}");
        }
    }

    #[test]
    fn what_does_not_move_or_was_not_seen_twice_has_no_waves() {
        assert_eq!(waves(&[3.0; 100], &[8], 5), None);
        assert_eq!(waves(&[1.0, 2.0, 3.0], &[2], 5), None);
    }

    proptest! {
        #[test]
        fn any_bounded_past_has_a_finite_future(values in prop::collection::vec(-1e9_f64..1e9, 0..120)) {
            if let Some(ahead) = waves(&values, &[7, 21], 50) {
                prop_assert!(ahead.len() == 50 && ahead.iter().all(|value| value.is_finite()));
            }
        }
    }
}
