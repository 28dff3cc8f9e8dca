//! What a change is worth: the money of going on as now beside that of the change, month by month, discounted, by many
//! draws.

use stats::{Chance, mean, quantile};

use crate::scenarios::{Spread, Triangle};

/// How many futures are drawn.
const DRAWS: usize = 2_000;
/// Nobody counts further ahead.
pub const BENEFIT_MONTHS_MAX: usize = 120;

/// A way to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// What it costs once, at the beginning.
    pub once: Triangle,
    /// What it costs a month; below nought where it brings money.
    pub month: Triangle,
    /// For how many hours a month something does not do.
    pub over_hours: Triangle,
}

/// What is at stake, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stake {
    /// How many months are counted.
    pub months: usize,
    /// By what part money of a year ahead is worth less.
    pub discount: f64,
    /// What an hour costs in which something does not do.
    pub over_hour_cost: f64,
    /// The seed of chance.
    pub seed: u64,
}

/// What a change is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Benefit {
    /// What going on as now costs, discounted.
    pub nothing: Spread,
    /// What the change costs, all in all, discounted.
    pub instead: Spread,
    /// What is left of the difference: the net present value.
    pub npv: Spread,
    /// The mean of that.
    pub npv_mean: f64,
    /// How likely more comes back than goes in, from 0 to 1.
    pub chance: f64,
    /// After how many months what was spent has come back, in half of the futures where it does within the months; nothing
    /// where it does not in half of all of them.
    pub payback: Option<f64>,
}

impl Triangle {
    /// A value that is known.
    pub fn just(value: f64) -> Self {
        Self { low: value, mode: value, high: value }
    }
}

/// What it is worth to change from one way to another. The same seed gives the same answer.
pub fn benefit(now: &Way, then: &Way, stake: Stake) -> Benefit {
    let mut chance = Chance::new(stake.seed);
    let months = stake.months.clamp(1, BENEFIT_MONTHS_MAX);
    let (mut nothing, mut instead, mut gain, mut back) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        let mut drawn = |way: &Way| {
            let (once, month) = (way.once.draw(&mut chance), way.month.draw(&mut chance));
            (once, month + stake.over_hour_cost * way.over_hours.draw(&mut chance))
        };
        let (one, other) = (drawn(now), drawn(then));
        let path = flows(one, other, months, stake.discount);
        nothing.push(path.nothing);
        instead.push(path.instead);
        gain.push(path.nothing - path.instead);
        back.push(path.back.unwrap_or(f64::INFINITY));
    }
    summed(&Worth { nothing, instead, gain, back })
}

/// What was drawn of a change.
#[derive(Debug, Default)]
pub(crate) struct Worth {
    pub(crate) nothing: Vec<f64>,
    pub(crate) instead: Vec<f64>,
    pub(crate) gain: Vec<f64>,
    /// When it had come back; infinite where it did not.
    pub(crate) back: Vec<f64>,
}

/// What draws say together.
pub(crate) fn summed(worth: &Worth) -> Benefit {
    let spread = |drawn: &[f64]| Spread {
        p10: quantile(drawn, 0.1),
        p50: quantile(drawn, 0.5),
        p90: quantile(drawn, 0.9),
    };
    let count = worth.gain.len().max(1) as f64;
    let better = worth.gain.iter().filter(|gain| **gain > 0.0).count() as f64;
    let mut back = worth.back.clone();
    back.sort_unstable_by(f64::total_cmp);
    let middle = back.get(back.len() / 2).copied().filter(|back| back.is_finite());
    Benefit {
        nothing: spread(&worth.nothing),
        instead: spread(&worth.instead),
        npv: spread(&worth.gain),
        npv_mean: mean(&worth.gain),
        chance: better / count,
        payback: middle,
    }
}

/// One future of both ways.
struct Path {
    nothing: f64,
    instead: f64,
    back: Option<f64>,
}

/// What money of a month ahead is worth, where that of a year ahead is worth so much less.
pub(crate) fn month_worth(discount: f64) -> f64 {
    (1.0 - discount.clamp(0.0, 0.99)).powf(1.0 / 12.0)
}

fn flows(now: (f64, f64), then: (f64, f64), months: usize, discount: f64) -> Path {
    let worth = month_worth(discount);
    let (mut nothing, mut instead) = (now.0, then.0);
    let mut back = (then.0 <= now.0 && then.1 <= now.1).then_some(0.0);
    let mut factor = 1.0;
    for month in 1..=months {
        factor *= worth;
        let before = nothing - instead;
        nothing += factor * now.1;
        instead += factor * then.1;
        let after = nothing - instead;
        if back.is_none() && after >= 0.0 && after > before {
            back = Some(month as f64 - after / (after - before));
        }
    }
    Path { nothing, instead, back }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(once: f64, month: f64, hours: f64) -> Way {
        let [once, month, over_hours] = [once, month, hours].map(Triangle::just);
        Way { once, month, over_hours }
    }

    const STAKE: Stake = Stake { months: 12, discount: 0.0, over_hour_cost: 10.0, seed: 1 };

    #[test]
    fn what_is_saved_comes_back_and_what_breaks_is_taken_off() {
        let told = benefit(&way(0.0, 100.0, 0.0), &way(120.0, 60.0, 0.0), STAKE);
        assert!((told.npv.p50 - 360.0).abs() < 1e-9 && (told.nothing.p50 - 1_200.0).abs() < 1e-9);
        assert_eq!((told.chance, told.payback), (1.0, Some(3.0)));
        // Four hours a month that do not do eat all that is saved.
        let told = benefit(&way(0.0, 100.0, 0.0), &way(0.0, 60.0, 4.5), STAKE);
        assert!((told.npv_mean + 60.0).abs() < 1e-9 && told.chance < 0.01);
        assert_eq!(told.payback, None);
    }

    #[test]
    fn money_of_later_is_worth_less_and_what_is_unsure_has_a_chance() {
        let stake = Stake { discount: 0.08, ..STAKE };
        let told = benefit(&way(0.0, 100.0, 0.0), &way(0.0, 0.0, 0.0), stake);
        assert!(told.npv.p50 < 1_200.0 && told.npv.p50 > 1_100.0, "{told:?}");
        let mut risky = way(0.0, 60.0, 0.0);
        risky.over_hours = Triangle { low: 0.0, mode: 4.0, high: 8.0 };
        let told = benefit(&way(0.0, 100.0, 0.0), &risky, STAKE);
        assert!((told.chance - 0.5).abs() < 0.05 && told.npv.p10 < 0.0, "{told:?}");
    }
}
