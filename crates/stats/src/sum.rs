//! Sums that keep their digits, and the moments built on them.

/// A running sum with Neumaier's compensation (Kahan's method, improved by Neumaier 1974): small terms survive next
/// to large ones. Infinities and not-a-numbers behave as in plain addition.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CompensatedSum {
    sum: f64,
    compensation: f64,
}

impl CompensatedSum {
    /// A sum of nothing.
    pub const fn new() -> Self {
        Self { sum: 0.0, compensation: 0.0 }
    }

    /// Adds one term.
    pub fn add(&mut self, term: f64) {
        let total = self.sum + term;
        if total.is_finite() {
            self.compensation += if self.sum.abs() >= term.abs() {
                (self.sum - total) + term
            } else {
                (term - total) + self.sum
            };
        } else {
            self.compensation = 0.0;
        }
        self.sum = total;
    }

    /// The sum so far.
    pub fn value(self) -> f64 {
        self.sum + self.compensation
    }
}

/// The compensated sum of all values; nought for none.
pub fn sum(values: &[f64]) -> f64 {
    let mut total = CompensatedSum::new();
    for &value in values {
        total.add(value);
    }
    total.value()
}

/// The arithmetic mean; not-a-number for no values.
///
/// Where the sum of finite values would overflow, each value is divided first.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let count = values.len() as f64;
    let total = sum(values);
    if total.is_infinite() && values.iter().all(|value| value.is_finite()) {
        let mut parts = CompensatedSum::new();
        for value in values {
            parts.add(value / count);
        }
        return parts.value();
    }
    total / count
}

/// The population variance (Welford 1962), never below nought; not-a-number for no values.
pub fn variance(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mut mean = 0.0;
    let mut squares = CompensatedSum::new();
    for (index, value) in values.iter().enumerate() {
        let before = value - mean;
        mean += before / (index + 1) as f64;
        squares.add(before * (value - mean));
    }
    squares.value() / values.len() as f64
}

/// The population standard deviation; not-a-number for no values.
pub fn stddev(values: &[f64]) -> f64 {
    variance(values).sqrt()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_terms_survive_next_to_large_ones() {
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
    }

    #[test]
    fn infinities_add_as_they_always_did() {
        assert_eq!(sum(&[1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn a_mean_does_not_overflow() {
        assert_eq!(mean(&[f64::MAX, f64::MAX]), f64::MAX);
    }

    #[test]
    fn nothing_has_no_mean() {
        assert!(mean(&[]).is_nan() && variance(&[]).is_nan());
    }

    proptest! {
        #[test]
        fn whole_numbers_sum_exactly(values in prop::collection::vec(-1_000_000_i64..1_000_000, 0..200)) {
            let exact: i64 = values.iter().sum();
            let floats: Vec<f64> = values.iter().map(|&value| value as f64).collect();
            prop_assert_eq!(sum(&floats), exact as f64);
        }

        #[test]
        fn the_mean_lies_between_the_ends(values in prop::collection::vec(-1e9_f64..1e9, 1..100)) {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = mean(&values);
            prop_assert!(low - 1e-6 <= mean && mean <= high + 1e-6);
        }

        #[test]
        fn variance_is_never_negative_and_ignores_a_shift(values in prop::collection::vec(-1e3_f64..1e3, 1..100), shift in -1e3_f64..1e3) {
            let shifted: Vec<f64> = values.iter().map(|value| value + shift).collect();
            let (plain, moved) = (variance(&values), variance(&shifted));
            prop_assert!(plain >= 0.0);
            prop_assert!((plain - moved).abs() <= 1e-6 * (1.0 + plain));
        }
    }
}
