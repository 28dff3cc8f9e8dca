//! Sawteeth: what fills until it is cleared, again and again, such as a disk with log rotation or retention.

use crate::{mean, median, quantile};

/// A drop counts when it is this many times the usual change between values.
const DROP_TIMES: f64 = 4.0;
/// A drop counts when it is at least this share of the range the values span.
const DROP_SHARE: f64 = 0.15;
/// How many drops show a habit.
const DROPS_MIN: usize = 2;

/// The shape of a sawtooth, as its past shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Teeth {
    rise: f64,
    interval: f64,
    trough: f64,
    trough_slope: f64,
    last_drop: usize,
    count: usize,
    last: f64,
}

impl Teeth {
    /// Learns the shape; nothing where fewer than two drops are seen.
    pub fn learn(values: &[f64]) -> Option<Self> {
        let drops = drops(values);
        if drops.len() < DROPS_MIN {
            return None;
        }
        let mut rises = Vec::new();
        for index in 1..values.len() {
            if drops.binary_search(&index).is_err() {
                rises.push(values[index] - values[index - 1]);
            }
        }
        let troughs: Vec<f64> = drops.iter().map(|&at| values[at]).collect();
        let intervals: Vec<f64> = drops.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let interval = median(&intervals);
        let newest = &troughs[troughs.len().saturating_sub(6)..];
        // Per value, not per tooth; halved, as a few teeth say little about a trend.
        let trough_slope =
            crate::theil_sen(&troughs).map_or(0.0, |line| 0.5 * line.slope / interval);
        Some(Self {
            rise: mean(&rises),
            interval,
            trough: median(newest),
            trough_slope,
            last_drop: *drops.last()?,
            count: values.len(),
            last: *values.last()?,
        })
    }

    /// The next `horizon` values.
    pub fn forecast(&self, horizon: usize) -> Vec<f64> {
        let mut value = self.last;
        let mut since = (self.count - 1 - self.last_drop) as f64;
        (0..horizon)
            .map(|step| {
                since += 1.0;
                if since >= self.interval {
                    since -= self.interval.max(1.0);
                    since = since.min(self.interval - 1.0).max(0.0);
                    value = self.trough + self.trough_slope * (step as f64) + self.rise * since;
                } else {
                    value += self.rise;
                }
                value
            })
            .collect()
    }
}

/// The index of the first value after each drop; a drop over several values counts once.
fn drops(values: &[f64]) -> Vec<usize> {
    if values.len() < 8 {
        return Vec::new();
    }
    let changes: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let sizes: Vec<f64> = changes.iter().map(|change| change.abs()).collect();
    let range = quantile(values, 1.0) - quantile(values, 0.0);
    let edge = (DROP_TIMES * median(&sizes)).max(DROP_SHARE * range);
    let mut found: Vec<usize> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        if -change <= edge {
            continue;
        }
        match found.last_mut() {
            Some(last) if *last == index => *last = index + 1,
            _ => found.push(index + 1),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sawtooth_goes_on_as_it_was() {
        let values: Vec<f64> = (0..97).map(|x| f64::from(x % 12)).collect();
        let ahead = Teeth::learn(&values).unwrap().forecast(48);
        for (step, value) in ahead.iter().enumerate() {
            let expected = ((97 + step) % 12) as f64;
            assert!((value - expected).abs() < 0.5, "{step}: {value} {expected}");
        }
    }

    #[test]
    fn growth_without_drops_has_no_teeth() {
        let values: Vec<f64> = (0..97).map(f64::from).collect();
        assert_eq!(Teeth::learn(&values), None);
    }

    proptest! {
        #[test]
        fn any_values_give_a_finite_future(values in prop::collection::vec(-1e6_f64..1e6, 0..120)) {
            if let Some(teeth) = Teeth::learn(&values) {
                prop_assert!(teeth.forecast(100).iter().all(|value| value.is_finite()));
            }
        }
    }
}
