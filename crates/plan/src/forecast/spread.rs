//! From the errors of a contest to an interval, and to the size of what may yet go wrong.

use model::Nature;
use stats::{mean, quantile_sorted};

use super::{backtest::Contest, history::Past, pool::Model};

/// The weights were chosen by the errors that make the interval, so these are a little too small; measured on real
/// series.
const STRETCH: f64 = 1.12;
/// How much wider an interval must be that rests on two trials of different time, and how fast that fades with more;
/// fitted to Student's 95 % quantiles over the normal one.
const FEW: f64 = 1.0;
const FEW_POWER: f64 = 1.2;
/// It is made no wider than this for being few; for what comes and goes less is enough, measured on real series.
const FEW_MAX: f64 = 2.0;
const FEW_MAX_FLOW: f64 = 1.7;
/// Errors that grow at least by this power of the way ahead are errors of a rate.
const GROWING: f64 = 0.4;
/// From this say of the sawtooth on, the past is one of filling and clearing.
const CLEARED: f64 = 0.1;
/// A middle that goes this many times the mean error rests on a rate.
const CLIMBING: f64 = 2.0;
/// Into how many blocks at most the past is cut to see how its pace changes.
const BLOCKS: usize = 10;
/// Luck is not thought to be greater than this.
const LUCK_MAX: f64 = 5.0;
/// At how many steps quantiles are taken; between them the band is straight.
const KNOTS: usize = 24;
/// At most about this many errors of each trial enter a quantile.
const POOL_PART: usize = 48;

/// How errors become an interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    /// Errors of a few overlapping trials understate what may come; in possible futures they are stretched by this.
    pub path: f64,
    /// The same for the interval at each step.
    pub band: f64,
    /// Beyond the length of a trial errors grow by this power of the way ahead.
    pub growth: f64,
    /// Whether the errors are those of a rate, which pile up.
    pub of_rate: bool,
}

impl Contest {
    /// How the errors are stretched and grow.
    pub(crate) fn spread(&self, past: &Past) -> Spread {
        let few_max = if past.nature == Nature::Flow { FEW_MAX_FLOW } else { FEW_MAX };
        let noise = STRETCH * fewness(self.worlds).min(few_max);
        let growth = self.growth();
        let climbs = self.climb() > CLIMBING * self.error_mean;
        let stock = past.nature == Nature::Stock;
        if !self.is_cleared() && (climbs || stock && growth >= GROWING) {
            let rate = noise * self.luck(past);
            let band = if stock { rate } else { noise };
            return Spread { path: rate, band, growth: growth.clamp(0.5, 1.0), of_rate: true };
        }
        Spread { path: noise, band: noise, growth: growth.min(0.5), of_rate: false }
    }

    /// How far the middle goes, up or down, within the length of a trial.
    fn climb(&self) -> f64 {
        let length = self.errors.first().map_or(0, Vec::len) as f64;
        stats::theil_sen(&self.middle).map_or(0.0, |line| (line.slope * length).abs())
    }

    /// Whether the past is one of filling and clearing.
    fn is_cleared(&self) -> bool {
        let sawtooth = self.weights.iter().filter(|(member, _)| member.model == Model::Sawtooth);
        sawtooth.map(|(_, weight)| weight).sum::<f64>() >= CLEARED
    }

    /// The power of the way ahead with which errors grow within trials.
    fn growth(&self) -> f64 {
        let mut halves = [0.0_f64; 2];
        for errors in &self.errors {
            for (step, error) in errors.iter().enumerate() {
                halves[usize::from(step * 2 >= errors.len())] += error.abs();
            }
        }
        // The halves' middles are a quarter and three quarters along.
        let growth = if halves[0] > 0.0 { (halves[1] / halves[0]).ln() / 3_f64.ln() } else { 1.0 };
        if growth.is_nan() { 0.0 } else { growth.max(0.0) }
    }

    /// How many times smaller the recorded errors are than the changes of pace in the past let expect: a few
    /// overlapping trials may all have gone well by luck. From 1 to [`LUCK_MAX`].
    fn luck(&self, past: &Past) -> f64 {
        let length = self.errors.first().map_or(0, Vec::len) as f64;
        let block =
            past.periods.first().copied().unwrap_or(0).max(past.clean.len() / BLOCKS).max(1);
        let ends: Vec<f64> = past.clean.iter().rev().step_by(block).copied().collect();
        let climbs: Vec<f64> = ends.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let ends: Vec<f64> =
            self.errors.iter().filter_map(|errors| errors.last().copied()).collect();
        let made = mean(&ends.iter().map(|end| end * end).collect::<Vec<_>>()).sqrt();
        if climbs.len() < 3 || made.is_nan() || made <= 0.0 {
            return 1.0;
        }
        // The sum of independent climbs, and the error of their mean learnt from the past.
        let blocks = length / block as f64;
        let expected =
            stats::stddev(&climbs) * (blocks + blocks * blocks / climbs.len() as f64).sqrt();
        (expected / made).clamp(1.0, LUCK_MAX)
    }

    /// The lower and upper error at each step, such that a share `confidence` lies between.
    pub(crate) fn band(&self, confidence: f64, spread: Spread, wide: usize) -> Vec<(f64, f64)> {
        let horizon = self.middle.len();
        let length = self.errors.first().map_or(0, Vec::len);
        if length == 0 {
            return vec![(0.0, 0.0); horizon];
        }
        let mut knots: Vec<(usize, f64, f64)> = Vec::new();
        let mut knot = 0;
        while knot < length {
            let (low, high) = self.pooled(knot, wide, confidence);
            knots.push((knot, spread.band * low.min(0.0), spread.band * high.max(0.0)));
            knot += (length / KNOTS).max(1);
        }
        (0..horizon)
            .map(|step| {
                let (low, high) = between(&knots, step.min(length - 1));
                let far = ((step + 1) as f64 / length as f64).max(1.0).powf(spread.growth);
                (low * far, high * far)
            })
            .collect()
    }

    /// Quantiles of the errors around one step, of all trials, thinned to a bound.
    fn pooled(&self, step: usize, wide: usize, confidence: f64) -> (f64, f64) {
        let around = wide.max(step * 3 / 10);
        let mut pool: Vec<f64> = Vec::new();
        for errors in &self.errors {
            let (first, end) = (step.saturating_sub(around), (step + around + 1).min(errors.len()));
            let thin = ((end - first) / POOL_PART).max(1);
            pool.extend(errors[first..end].iter().step_by(thin));
        }
        pool.sort_unstable_by(f64::total_cmp);
        let trials = self.errors.len() as f64;
        let tail = f64::midpoint(1.0, -confidence) * (1.0 - 1.0 / (trials + 1.0));
        (quantile_sorted(&pool, tail), quantile_sorted(&pool, 1.0 - tail))
    }
}

/// The error of a trial at any step ahead: recorded as far as the trial went, then its last part again and again,
/// growing.
pub(crate) fn error_at(errors: &[f64], step: usize, wrap: usize, growth: f64) -> f64 {
    if step < errors.len() {
        return errors[step];
    }
    if errors.is_empty() {
        return 0.0;
    }
    let wrap = wrap.clamp(1, errors.len());
    let Some(&recorded) = errors.get(errors.len() - wrap + (step - errors.len()) % wrap) else {
        return 0.0;
    };
    recorded * ((step + 1) as f64 / errors.len() as f64).powf(growth)
}

fn between(knots: &[(usize, f64, f64)], step: usize) -> (f64, f64) {
    let after = knots.partition_point(|knot| knot.0 <= step);
    let Some(&(from, low, high)) = knots.get(after.saturating_sub(1)) else {
        return (0.0, 0.0);
    };
    let Some(&(to, low_next, high_next)) = knots.get(after) else {
        return (low, high);
    };
    let way = (step.saturating_sub(from)) as f64 / (to - from) as f64;
    (low + way * (low_next - low), high + way * (high_next - high))
}

/// How much wider an interval must be because it rests on few trials of different time.
fn fewness(worlds: f64) -> f64 {
    let more = (worlds - 1.0).max(0.1);
    (1.0 + FEW / more.powf(FEW_POWER)).min(FEW_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn more_trials_never_widen(worlds in 0.0_f64..20.0, more in 0.0_f64..5.0) {
            prop_assert!(fewness(worlds + more) <= fewness(worlds));
            prop_assert!((1.0..=FEW_MAX).contains(&fewness(worlds)));
        }

        #[test]
        fn an_error_at_any_step_is_finite(
            errors in prop::collection::vec(-1e6_f64..1e6, 0..30),
            step in 0_usize..500,
            wrap in 0_usize..40,
            growth in 0.0_f64..1.0,
        ) {
            prop_assert!(error_at(&errors, step, wrap, growth).is_finite());
        }
    }
}
