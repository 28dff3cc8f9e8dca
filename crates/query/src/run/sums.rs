//! Sums and means that keep what floating point would lose (Kahan's summation in Neumaier's form).

/// Sums side by side.
const LANES: usize = 4;

/// A sum with its running compensation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    value: f64,
    lost: f64,
}

impl Sum {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        let total = self.value + value;
        if total.is_infinite() {
            self.lost = 0.0;
        } else if self.value.abs() >= value.abs() {
            self.lost += (self.value - total) + value;
        } else {
            self.lost += (value - total) + self.value;
        }
        self.value = total;
    }

    /// The sum of many values at once: several sums side by side, which a processor adds at the same time.
    pub(crate) fn of(values: &[f64]) -> Self {
        let (mut sums, mut lost) = ([0f64; LANES], [0f64; LANES]);
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                let (sum, value) = (sums[lane], chunk[lane]);
                let total = sum + value;
                // The smaller one is what loses digits.
                let larger = sum.abs() >= value.abs();
                let (large, small) = if larger { (sum, value) } else { (value, sum) };
                lost[lane] += (large - total) + small;
                sums[lane] = total;
            }
        }
        let mut all = Self::default();
        for (value, lost) in sums.into_iter().zip(lost) {
            all.join(&Self { value, lost });
        }
        for value in rest {
            all.add(*value);
        }
        if all.is_finite() {
            return all;
        }
        // Infinite values, or an overflow on the way: what comes of them depends on their order.
        let mut all = Self::default();
        for value in values {
            all.add(*value);
        }
        all
    }

    /// Adds what another sum has.
    pub(crate) fn join(&mut self, other: &Self) {
        self.add(other.value);
        self.lost += other.lost;
    }

    /// Whether it can be relied on: it did not overflow, and nothing was infinite or not a number.
    pub(crate) fn is_finite(&self) -> bool {
        (self.value + self.lost).is_finite()
    }

    /// The mean of so many values.
    pub(crate) fn mean_of(&self, count: usize) -> f64 {
        let count = count as f64;
        self.value / count + self.lost / count
    }

    /// The sum.
    pub(crate) fn total(self) -> f64 {
        self.value + self.lost
    }
}

/// A mean that falls back to an incremental form where the sum would overflow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    sum: Sum,
    count: f64,
    incremental: bool,
}

impl Mean {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let mut sum = self.sum;
            sum.add(value);
            if self.count <= 1.0 || !sum.value.is_infinite() {
                self.sum = sum;
                return;
            }
            self.incremental = true;
            self.sum.value /= self.count - 1.0;
            self.sum.lost /= self.count - 1.0;
        }
        let kept = (self.count - 1.0) / self.count;
        self.sum.value *= kept;
        self.sum.lost *= kept;
        self.sum.add(value / self.count);
    }

    /// The mean; not a number if nothing was added.
    pub(crate) fn mean(self) -> f64 {
        if self.incremental {
            self.sum.total()
        } else {
            self.sum.value / self.count + self.sum.lost / self.count
        }
    }
}

/// Variance of a population, in one pass (Welford).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variance {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Variance {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean.total();
        self.mean.add(delta / self.count);
        self.squares.add(delta * (value - self.mean.total()));
    }

    /// Adds what another has (Chan).
    pub(crate) fn join(&mut self, other: &Self) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            let delta = (other.mean.value - self.mean.value) + (other.mean.lost - self.mean.lost);
            let count = self.count + other.count;
            self.mean.add(delta * (other.count / count));
            self.squares.join(&other.squares);
            self.squares.add(delta * delta * (self.count * other.count / count));
            self.count = count;
        }
    }

    /// The variance; not a number if nothing was added.
    pub(crate) fn variance(self) -> f64 {
        self.squares.total() / self.count
    }
}

/// The quantile of values between the two nearest ranks; sorts the values, not-a-numbers first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks lie between zero and the number of values"
)]
pub(crate) fn quantile(share: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || share.is_nan() {
        return f64::NAN;
    }
    if share < 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(b),
        (left, right) => right.cmp(&left),
    });
    let rank = share * (values.len() - 1) as f64;
    let lower = rank.floor();
    let weight = rank - lower;
    let upper = (lower as usize + 1).min(values.len() - 1);
    values[lower as usize] * (1.0 - weight) + values[upper] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_survive_beside_large_ones() {
        let mut sum = Sum::default();
        for value in [1.0, 1e100, 1.0, -1e100] {
            sum.add(value);
        }
        assert_eq!(sum.total().to_bits(), 2.0_f64.to_bits());
    }

    #[test]
    fn a_mean_does_not_overflow_where_its_sum_would() {
        let mut mean = Mean::default();
        (0..3).for_each(|_| mean.add(-9.9e307));
        assert!((mean.mean() + 9.9e307).abs() < 1e294);
    }

    #[test]
    fn quantiles_lie_between_ranks() {
        assert!((quantile(0.5, &mut [4.0, 1.0]) - 2.5).abs() < 1e-12);
        assert!(quantile(0.5, &mut []).is_nan());
    }
}
