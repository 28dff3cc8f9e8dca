//! The values of a window in order, kept in order while the window moves.

use std::collections::VecDeque;

use crate::run::windows::Window;

/// Windows that change by more than this share are sorted anew.
const CHANGED_SHARE: usize = 4;

/// The values of one window after the other, by rank.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    /// In the order of time.
    arrived: VecDeque<i64>,
    /// In the order of size.
    sorted: Vec<i64>,
    first: usize,
}

/// A whole number in the order of floats, not-a-numbers before all others.
fn key(value: f64) -> i64 {
    if value.is_nan() { i64::MIN } else { flip(value.to_bits().cast_signed()) }
}

fn value(key: i64) -> f64 {
    if key == i64::MIN { f64::NAN } else { f64::from_bits(flip(key).cast_unsigned()) }
}

/// Turns the order of negative numbers around; done twice, it is undone.
fn flip(bits: i64) -> i64 {
    bits ^ (bits >> 63 & i64::MAX)
}

impl Ranks {
    /// Forgets what it had.
    pub(crate) fn clear(&mut self) {
        self.arrived.clear();
        self.sorted.clear();
        self.first = 0;
    }

    /// Moves on to a window that does not begin or end before the one before.
    pub(crate) fn slide(&mut self, window: &Window<'_>) {
        let leaving = window.first.saturating_sub(self.first).min(self.arrived.len());
        let staying = self.arrived.len() - leaving;
        let coming = window.values.get(staying..).unwrap_or_default();
        if (leaving + coming.len()) * CHANGED_SHARE > window.values.len() {
            self.clear();
            self.arrived.extend(window.values.iter().map(|value| key(*value)));
            self.sorted.extend(&self.arrived);
            self.sorted.sort_unstable();
        } else {
            for key in self.arrived.drain(..leaving) {
                if let Ok(at) = self.sorted.binary_search(&key) {
                    self.sorted.remove(at);
                }
            }
            for value in coming {
                let key = key(*value);
                let at = self.sorted.partition_point(|own| *own < key);
                self.sorted.insert(at, key);
                self.arrived.push_back(key);
            }
        }
        self.first = window.first;
    }

    /// The quantile of the window between the two nearest ranks.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        between(share, self.sorted.len(), |rank| value(self.sorted[rank]))
    }

    /// The quantile of values that are looked at but once.
    pub(crate) fn quantile_once(&mut self, share: f64, values: &[f64]) -> f64 {
        self.clear();
        self.sorted.extend(values.iter().map(|value| key(*value)));
        let keys = &mut self.sorted;
        let mut picked: Option<usize> = None;
        between(share, values.len(), |rank| match picked {
            // The rank above the picked one is the least of what lies above.
            Some(lower) if rank == lower + 1 => {
                value(keys[rank..].iter().copied().min().unwrap_or(i64::MIN))
            }
            _ => {
                picked = Some(rank);
                value(*keys.select_nth_unstable(rank).1)
            }
        })
    }
}

/// The quantile between the two nearest ranks of so many values; the lower rank is asked for first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks lie between zero and the number of values"
)]
fn between(share: f64, count: usize, mut ranked: impl FnMut(usize) -> f64) -> f64 {
    if count == 0 || share.is_nan() {
        return f64::NAN;
    }
    if share < 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 1.0 {
        return f64::INFINITY;
    }
    let rank = share * (count - 1) as f64;
    let lower = rank.floor();
    let weight = rank - lower;
    let upper = (lower as usize + 1).min(count - 1);
    ranked(lower as usize) * (1.0 - weight) + ranked(upper) * weight
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::sums::quantile;

    proptest! {
        #[test]
        fn quantiles_of_sliding_windows_are_those_of_sorted_ones(
            values in prop::collection::vec(
                prop_oneof![-5.0..5.0_f64, Just(f64::NAN), Just(f64::INFINITY), Just(-0.0)], 1..200,
            ),
            (width, step, share) in (1_usize..100, 1_usize..30, -0.1..1.1_f64),
        ) {
            let mut ranks = Ranks::default();
            let mut once = Ranks::default();
            let mut after = 1;
            while after <= values.len() {
                let first = after.saturating_sub(width);
                let values = &values[first..after];
                let window = Window {
                    times: &[], values, histograms: &[], first, number: 0, step: 0, start: 0, end: 0,
                };
                ranks.slide(&window);
                let expected = quantile(share, &mut values.to_vec());
                for found in [ranks.quantile(share), once.quantile_once(share, values)] {
                    let same = found.to_bits() == expected.to_bits();
                    prop_assert!(same || (found.is_nan() && expected.is_nan()), "{found} {expected}");
                }
                after += step;
            }
        }
    }
}
