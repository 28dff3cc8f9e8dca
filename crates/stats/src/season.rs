//! What repeats: the habit of a day or a week, learnt and taken off or put back.

use crate::{mean, quantile, quantile::held};

/// Distances beyond this many times the upper quartile of all count no more than one at that edge.
const DISTANCE_TIMES: f64 = 4.0;

/// The habit of one period: how far each phase lies above or below the level around it. Sums to nought.
#[derive(Clone, Debug, PartialEq)]
pub struct Season {
    offsets: Vec<f64>,
}

impl Season {
    /// Learns the habit from all of the past: the mean, phase by phase, of the distance from the level around each
    /// value, in which a value counts half as much for every `half_life` values that came after it. With `shrunk`, a
    /// habit that hardly stands out from the noise is drawn towards none. Nothing for fewer than two periods.
    pub fn learn(values: &[f64], period: usize, half_life: f64, shrunk: bool) -> Option<Self> {
        if period < 2 || values.len() < 2 * period {
            return None;
        }
        let level = running_mean(values, period);
        let distances: Vec<f64> =
            values.iter().zip(&level).map(|(value, level)| value - level).collect();
        let sizes: Vec<f64> = distances.iter().map(|distance| distance.abs()).collect();
        let edge = DISTANCE_TIMES * quantile(&sizes, 0.75);
        let (mut sums, mut weights) = (vec![0.0; period], vec![0.0; period]);
        let fading = 0.5_f64.powf(1.0 / half_life.max(1.0));
        let mut weight = 1.0;
        for (index, distance) in distances.iter().enumerate().rev() {
            sums[index % period] += weight * held(*distance, -edge, edge);
            weights[index % period] += weight;
            weight *= fading;
        }
        let mut offsets: Vec<f64> =
            sums.iter().zip(&weights).map(|(sum, weight)| sum / weight).collect();
        if shrunk {
            let rest = distances.iter().enumerate().map(|(index, distance)| {
                (held(*distance, -edge, edge) - offsets[index % period]).powi(2)
            });
            let noise = rest.sum::<f64>() / values.len() as f64;
            let habit = offsets.iter().map(|offset| offset * offset).sum::<f64>() / period as f64;
            let seasons = (values.len() / period) as f64;
            let kept = if habit > 0.0 { habit / (habit + noise / seasons) } else { 0.0 };
            for offset in &mut offsets {
                *offset *= kept;
            }
        }
        let centre = mean(&offsets);
        for offset in &mut offsets {
            *offset -= centre;
        }
        Some(Self { offsets })
    }

    /// The offset at an index counted from the first value it learnt from.
    pub fn at(&self, index: usize) -> f64 {
        self.offsets[index % self.offsets.len()]
    }

    /// The values with the habit taken off.
    pub fn remove(&self, values: &[f64]) -> Vec<f64> {
        values.iter().enumerate().map(|(index, value)| value - self.at(index)).collect()
    }

    /// Puts the habit onto values that follow after `past` others.
    pub fn restore(&self, ahead: &mut [f64], past: usize) {
        for (step, value) in ahead.iter_mut().enumerate() {
            *value += self.at(past + step);
        }
    }
}

/// The last period again and again; none for less than one period.
pub fn seasonal_naive(values: &[f64], period: usize, horizon: usize) -> Option<Vec<f64>> {
    let start = values.len().checked_sub(period)?;
    (period > 0).then(|| (0..horizon).map(|step| values[start + step % period]).collect())
}

/// The mean over one period around each value; at the ends, that of the nearest whole period, continued by the slope
/// between the first two or last two periods.
fn running_mean(values: &[f64], period: usize) -> Vec<f64> {
    let count = values.len();
    let mut sums = Vec::with_capacity(count + 1);
    let base = values[0];
    let mut total = 0.0;
    sums.push(total);
    for value in values {
        total += value - base;
        sums.push(total);
    }
    let whole = |start: usize| base + (sums[start + period] - sums[start]) / period as f64;
    let last = count - period;
    let reach = period.min(last);
    let (head, tail) = if reach > 0 {
        (
            (whole(reach) - whole(0)) / reach as f64,
            (whole(last) - whole(last - reach)) / reach as f64,
        )
    } else {
        (0.0, 0.0)
    };
    // A whole period that starts at `start` has its centre here.
    let centre = (period as f64 - 1.0) / 2.0;
    (0..count)
        .map(|index| {
            let place = index as f64 - centre;
            if place <= 0.0 {
                whole(0) + head * place
            } else if place >= last as f64 {
                whole(last) + tail * (place - last as f64)
            } else {
                let start = index - period / 2;
                if period % 2 == 1 {
                    whole(start)
                } else {
                    f64::midpoint(whole(start), whole((start + 1).min(last)))
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wave(index: usize) -> f64 {
        [0.0, 3.0, 6.0, 3.0, 0.0, -3.0, -6.0, -3.0][index % 8]
    }

    #[test]
    fn a_habit_on_a_slope_is_learnt_without_the_slope() {
        let values: Vec<f64> = (0..64).map(|x| 5.0 * x as f64 + wave(x)).collect();
        let season = Season::learn(&values, 8, 1e9, false).unwrap();
        for phase in 0..8 {
            assert!((season.at(phase) - wave(phase)).abs() < 0.2, "{phase}: {}", season.at(phase));
        }
    }

    #[test]
    fn one_odd_day_does_not_change_the_habit() {
        let mut values: Vec<f64> = (0..80).map(wave).collect();
        values[42] += 5.0;
        let season = Season::learn(&values, 8, 1e9, false).unwrap();
        assert!((season.at(2) - wave(2)).abs() < 0.5);
    }

    #[test]
    fn less_than_two_periods_have_no_habit() {
        assert_eq!(Season::learn(&[1.0; 15], 8, 4.0, false), None);
        assert_eq!(seasonal_naive(&[1.0; 7], 8, 4), None);
    }

    #[test]
    fn a_fading_habit_follows_the_newest_periods() {
        let values: Vec<f64> =
            (0..160).map(|x| if x < 80 { wave(x) } else { 2.0 * wave(x) }).collect();
        let at = |half_life| Season::learn(&values, 8, half_life, false).unwrap().at(2);
        assert!((at(16.0) - 12.0).abs() < 1.0 && at(1e9) < 9.5, "{} {}", at(16.0), at(1e9));
    }

    #[test]
    fn noise_is_shrunk_to_next_to_no_habit() {
        let mut chance = crate::Chance::new(5);
        let values: Vec<f64> = (0..64).map(|_| chance.normal()).collect();
        let size = |shrunk| {
            let season = Season::learn(&values, 16, 1e9, shrunk).unwrap();
            (0..16).map(|phase| season.at(phase).abs()).sum::<f64>()
        };
        assert!(size(true) < 0.75 * size(false), "{} {}", size(true), size(false));
    }

    proptest! {
        #[test]
        fn fading_offsets_sum_to_nought(values in prop::collection::vec(-1e6_f64..1e6, 14..120), shrunk in any::<bool>()) {
            let season = Season::learn(&values, 7, 30.0, shrunk).unwrap();
            let total: f64 = (0..7).map(|phase| season.at(phase)).sum();
            prop_assert!(total.abs() < 1e-3);
        }

        #[test]
        fn offsets_sum_to_nought_and_come_back(values in prop::collection::vec(-1e6_f64..1e6, 14..120), half_life in 1.0_f64..90.0) {
            let season = Season::learn(&values, 7, half_life, false).unwrap();
            let total: f64 = (0..7).map(|phase| season.at(phase)).sum();
            prop_assert!(total.abs() < 1e-3);
            let mut back = season.remove(&values);
            season.restore(&mut back, 0);
            for (there, here) in back.iter().zip(&values) {
                prop_assert!((there - here).abs() < 1e-6);
            }
        }
    }
}
