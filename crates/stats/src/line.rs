//! Straight lines through points: least squares, and the robust one of Theil and Sen.

use crate::{CompensatedSum, median};

/// How many pairs of points the robust line looks at most; thinned evenly beyond, which keeps its cost flat.
const PAIRS_MAX: usize = 4_096;

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// What it gains for each unit of `x`.
    pub slope: f64,
    /// Its value at `x` = 0.
    pub intercept: f64,
}

impl Line {
    /// Its value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

/// The line of least squares. Nothing for fewer than two points or for points above each other.
pub fn least_squares(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Line> {
    let count = points.clone().count();
    if count < 2 {
        return None;
    }
    let (mut sum_x, mut sum_y) = (CompensatedSum::new(), CompensatedSum::new());
    for (x, y) in points.clone() {
        sum_x.add(x);
        sum_y.add(y);
    }
    let (mean_x, mean_y) = (sum_x.value() / count as f64, sum_y.value() / count as f64);
    let (mut covariance, mut variance) = (CompensatedSum::new(), CompensatedSum::new());
    for (x, y) in points {
        covariance.add((x - mean_x) * (y - mean_y));
        variance.add((x - mean_x) * (x - mean_x));
    }
    if variance.value() <= 0.0 {
        return None;
    }
    let slope = covariance.value() / variance.value();
    Some(Line { slope, intercept: mean_y - slope * mean_x })
}

/// The robust line through evenly spaced values, at `x` = 0, 1, 2…: the median of the slopes between pairs
/// (Theil 1950, Sen 1968), and the median of what is left. Up to 29 % of the values may be wild.
///
/// Pairs are half the length apart or more, which loses little and makes long histories cheap; not-a-numbers are
/// passed over. Nothing for fewer than two values.
pub fn theil_sen(values: &[f64]) -> Option<Line> {
    let points: Vec<(f64, f64)> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(index, &value)| (index as f64, value))
        .collect();
    if points.len() < 2 {
        return None;
    }
    let slope = median(&pair_slopes(&points));
    let rest: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
    Some(Line { slope, intercept: median(&rest) })
}

/// The slopes between pairs that are at least half of the points apart, thinned evenly to the bound.
fn pair_slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let count = points.len();
    let apart = (count / 2).max(1);
    let firsts = count - apart;
    let pairs = firsts * (firsts + 1) / 2;
    let stride = pairs.div_ceil(PAIRS_MAX).max(1);
    let mut slopes = Vec::with_capacity(pairs / stride + 1);
    let mut skipped = 0;
    for first in 0..firsts {
        let mut second = first + apart + skipped;
        while second < count {
            slopes
                .push((points[second].1 - points[first].1) / (points[second].0 - points[first].0));
            second += stride;
        }
        skipped = second - count;
    }
    slopes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_needs_two_points_apart() {
        assert_eq!(least_squares([(1.0, 2.0)].into_iter()), None);
        assert_eq!(least_squares([(1.0, 2.0), (1.0, 3.0)].into_iter()), None);
        assert_eq!(theil_sen(&[f64::NAN, 1.0]), None);
    }

    #[test]
    fn a_quarter_of_wild_values_leaves_the_robust_line_alone() {
        let mut values: Vec<f64> = (0..100).map(|x| 5.0 + 2.0 * f64::from(x)).collect();
        for wild in (0..100).step_by(4) {
            values[wild] = 1e6;
        }
        let line = theil_sen(&values).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-9 && (line.intercept - 5.0).abs() < 1e-6, "{line:?}");
    }

    #[test]
    fn long_histories_stay_within_the_bound() {
        let points: Vec<(f64, f64)> = (0..5_000).map(|x| (f64::from(x), 0.0)).collect();
        assert!(pair_slopes(&points).len() <= PAIRS_MAX + 1);
    }

    proptest! {
        #[test]
        fn both_find_an_exact_line(slope in -1e3_f64..1e3, intercept in -1e3_f64..1e3, count in 2_usize..400) {
            let values: Vec<f64> = (0..count).map(|x| intercept + slope * x as f64).collect();
            let square = least_squares(values.iter().enumerate().map(|(x, &y)| (x as f64, y))).unwrap();
            let robust = theil_sen(&values).unwrap();
            for line in [square, robust] {
                prop_assert!((line.slope - slope).abs() < 1e-6 && (line.intercept - intercept).abs() < 1e-3);
            }
        }

        #[test]
        fn any_bits_give_an_answer(bits in prop::collection::vec(any::<u64>(), 0..60)) {
            let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
            theil_sen(&values);
        }
    }
}
