//! The Theta method (Assimakopoulos and Nikolopoulos 2000) in its exponential-smoothing form (Hyndman and Billah
//! 2003): a smoothed level that drifts by half the slope of the straight line.

use super::simplex::lowest;

/// Questions asked while the weight is sought.
const ASKED_MAX: usize = 25;
/// The weight is no smaller than this.
const ALPHA_MIN: f64 = 0.001;

/// How fast the level follows the newest values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theta {
    /// The weight of the newest value in the level, from 0.001 to 1.
    pub alpha: f64,
}

impl Theta {
    /// The weight that would have forecast these values best one step ahead; nothing for fewer than four.
    pub fn fit(values: &[f64]) -> Option<Self> {
        if values.len() < 4 {
            return None;
        }
        let loss = |point: &[f64; 1]| Self { alpha: point[0].max(ALPHA_MIN) }.smooth(values).1;
        let [alpha] = lowest([0.3], ASKED_MAX, loss);
        Some(Self { alpha: alpha.max(ALPHA_MIN) })
    }

    /// The next `horizon` values; none for fewer than two values.
    pub fn forecast(self, values: &[f64], horizon: usize) -> Vec<f64> {
        if values.len() < 2 {
            return Vec::new();
        }
        let count = values.len() as f64;
        let middle = (count - 1.0) / 2.0;
        let base = values[0];
        let lever = values
            .iter()
            .enumerate()
            .map(|(index, value)| (index as f64 - middle) * (value - base));
        let slope = lever.sum::<f64>() / (count * (count * count - 1.0) / 12.0);
        let (level, _) = self.smooth(values);
        let behind = (1.0 - (1.0 - self.alpha).powf(count)) / self.alpha;
        (0..horizon).map(|step| level + 0.5 * slope * (step as f64 + behind)).collect()
    }

    /// The level at the end and the sum of squared errors on the way.
    fn smooth(self, values: &[f64]) -> (f64, f64) {
        let mut level = values[0];
        let mut loss = 0.0;
        for value in values {
            let error = value - level;
            loss += error * error;
            level += self.alpha * error;
        }
        (level, loss)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn growth_goes_on_at_half_its_slope() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let theta = Theta::fit(&values).unwrap();
        let ahead = theta.forecast(&values, 11);
        assert!((ahead[10] - ahead[0] - 5.0).abs() < 1e-6, "{ahead:?}");
        assert!((ahead[0] - 99.5).abs() < 1.0, "{ahead:?}");
    }

    proptest! {
        #[test]
        fn forecasts_of_bounded_values_are_finite(values in prop::collection::vec(-1e9_f64..1e9, 4..80)) {
            let ahead = Theta::fit(&values).unwrap().forecast(&values, 50);
            prop_assert!(ahead.len() == 50 && ahead.iter().all(|value| value.is_finite()));
        }
    }
}
