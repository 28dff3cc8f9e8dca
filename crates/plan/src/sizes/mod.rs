//! Right-sizing: which size would have done, walked through the recorded past, with risk and money beside each other.

mod cache;
mod past;
mod prices;
mod review;
mod say;
mod stock;

use stats::{mean, median, quantile, quantile_sorted};

use self::past::{Past, between};
pub use cache::CachePast;
pub use prices::{Candidate, PriceError, Prices, Rate};
pub use review::{Advice, Offer, Part, Review, review};
pub use say::{say_review, size_benefit};

const DAY: i64 = 86_400_000;
/// What is looked at before each step of the walk, and how far a size must then do. A week before did better than two
/// or three on the machines that settings were chosen by: older weeks only make sizes larger.
const LEARNT: i64 = 7 * DAY;
const CHECKED: i64 = 7 * DAY;
/// From one step of the walk to the next.
const STRIDE: i64 = DAY;
/// Less history has no week to learn from and one to check.
const HISTORY_MIN: i64 = 14 * DAY;
/// No more steps are walked, the newest.
const STEPS_MAX: usize = 28;
/// The part of the time that use may lie above a size, unless the policy says otherwise.
const OVER: f64 = 0.01;
/// Of how many weeks a size must do, unless the policy says otherwise.
pub const SURE: f64 = 0.9;
/// As many of the fleet's steps count beside a machine's own.
const FLEET_STEPS: usize = 28;
/// Fewer values in a stretch say nothing of its hundredth part.
const VALUES_MIN: usize = 100;
/// Use this many times the largest size that can be had, or below this part of the least, was most likely measured in
/// another unit: bytes beside gibibytes, percent beside cores.
const UNIT_ABOVE: f64 = 50.0;
const UNIT_BELOW: f64 = 1e-5;

/// What a size must do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizePolicy {
    /// In how many of the weeks that follow, from 0 to 1.
    pub sure: f64,
    /// The part of the time that use may lie above it, from 0 to 1; nought for what breaks when it is exceeded once.
    pub over: f64,
}

impl SizePolicy {
    /// What a size in this unit must do. What is used above a size of bytes is killed or thrown out, so there must be
    /// none.
    pub fn of(unit: model::Unit, sure: f64) -> Self {
        Self { sure, over: if unit == model::Unit::Bytes { 0.0 } else { OVER } }
    }
}

impl Default for SizePolicy {
    fn default() -> Self {
        Self { sure: SURE, over: OVER }
    }
}

/// One machine's recorded use.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// Milliseconds since 1970, rising.
    pub times: &'a [i64],
    /// Use at each time; not a number where nothing is known.
    pub used: &'a [f64],
}

/// What a machine needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// The size that does in as many weeks as the policy wants.
    pub needed: f64,
    /// What was exceeded one percent of the newest week, or as much of it as the policy allows.
    pub p99: f64,
    /// How many times that later weeks needed, with the policy's sureness; less than once where peaks of that week are
    /// above what weeks need most often.
    pub factor: f64,
    /// Mean use.
    pub mean: f64,
    /// How many steps of the past were walked.
    pub steps: usize,
    /// Of a stock, how many days ahead its forecast was asked; nothing where weeks were walked.
    pub ahead_days: Option<f64>,
    /// Of a cache that throws out, how it fared; nothing where its use says what it needs.
    pub cache: Option<CachePast>,
}

/// What a machine needs, and which candidate has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizing {
    /// What it needs.
    pub need: Need,
    /// The candidates, the cheapest first.
    pub frontier: Vec<Risk>,
    /// The cheapest that does, by its place in the frontier; nothing where none does.
    pub choice: Option<usize>,
}

/// A candidate with its risk.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// The candidate.
    pub candidate: Candidate,
    /// What part of the recorded time use lay above it.
    pub over: f64,
    /// In what part of the weeks walked use lay above it more than one percent of the time.
    pub weeks_over: f64,
}

/// How much history there is, in words.
fn history(days: f64) -> String {
    if days < 1.0 {
        return "less than a day of history".to_owned();
    }
    format!("{days:.1} days of history")
}

/// Why no size is told.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoSizing {
    /// Too little history.
    #[error("{}; it takes fourteen days", history(*days))]
    TooShort {
        /// How much there is.
        days: f64,
    },
    /// The forecast of a stock does not reach the next review.
    #[error(
        "{}; what fills is sized by its forecast until the next review, which takes 31 days of them",
        history(*days)
    )]
    NoForecast {
        /// How much there is.
        days: f64,
    },
    /// It was recorded too seldom.
    #[error("too few values for a hundredth part of them to say anything")]
    TooFew,
    /// It did nothing.
    #[error("it was never used: ask whether it is needed at all")]
    Unused,
    /// Use and sizes do not fit together.
    #[error(
        "use is {times:.3} times the nearest size that can be had, which looks like different units"
    )]
    Units {
        /// Use over size.
        times: f64,
    },
}

/// Where a size may begin: what a week does most of the time, its peaks, and its highest. Each tells a size, and the middle
/// one counts, so that no single one's luck decides. The least of four, which was told before, had as many machines too
/// small (5 of 46) at sizes that were larger in the middle (bench/results.md, «Sizes»).
const BASES: [f64; 3] = [0.95, 0.99, 1.0];
/// Ratios of a machine's weeks and of as many others' lie wider apart than those of any one machine: their quantile by
/// `sure` does in more weeks than that. The power was chosen on two thirds of the recorded machines; on the others it does
/// in fewer weeks (bench/results.md, «Sizes»).
const POOLED: f64 = 2.73;

/// How much more than each base of a week the weeks that followed needed: one ratio for each step of the walk, the newest
/// first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk([Vec<f64>; BASES.len()]);

impl Walk {
    /// The walks of several machines as one.
    pub fn of_all<'w>(walks: impl IntoIterator<Item = &'w Self>) -> Self {
        let mut all = Self::default();
        for walk in walks {
            for (into, ratios) in all.0.iter_mut().zip(&walk.0) {
                into.extend(ratios);
            }
        }
        all
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Walks a machine's past.
pub fn walked(machine: Machine<'_>, policy: SizePolicy) -> Walk {
    let mut walk = Walk::default();
    let Some((&first, &last)) = machine.times.first().zip(machine.times.last()) else {
        return walk;
    };
    let (mut now, mut steps) = (last - CHECKED, 0);
    while steps < STEPS_MAX && now - first >= LEARNT {
        let before = sorted(&between(machine, now - LEARNT, now));
        let after = between(machine, now, now + CHECKED);
        now -= STRIDE;
        if before.len() < VALUES_MIN || after.len() < VALUES_MIN {
            continue;
        }
        steps += 1;
        let needed = quantile(&after, 1.0 - policy.over);
        for (ratios, base) in walk.0.iter_mut().zip(BASES) {
            let had = quantile_sorted(&before, base);
            if had > 0.0 {
                ratios.push(needed / had);
            }
        }
    }
    walk
}

/// Which quantile of ratios does in so many weeks. Where few others are known, or one moment above it is one too many, there
/// is nothing to be taken off.
fn level(policy: SizePolicy, fleet: usize) -> f64 {
    if fleet < FLEET_STEPS || policy.over <= 0.0 { policy.sure } else { policy.sure.powf(POOLED) }
}

/// What a machine needs: of what follows from each base, the middle. `fleet` is the walk of other machines, which counts
/// beside its own: a machine that has been calm may be as lively as the others next week.
pub fn need(machine: Machine<'_>, fleet: &Walk, policy: SizePolicy) -> Result<Need, NoSizing> {
    let Some((&first, &last)) = machine.times.first().zip(machine.times.last()) else {
        return Err(NoSizing::TooShort { days: 0.0 });
    };
    if last - first < HISTORY_MIN - DAY {
        return Err(NoSizing::TooShort { days: (last - first) as f64 / DAY as f64 });
    }
    let newest = between(machine, last - LEARNT, last);
    if newest.len() < VALUES_MIN {
        return Err(NoSizing::TooFew);
    }
    let all = between(machine, i64::MIN, last);
    if all.iter().all(|value| *value <= 0.0) {
        return Err(NoSizing::Unused);
    }
    let own = walked(machine, policy);
    let newest = sorted(&newest);
    let p99 = quantile_sorted(&newest, 1.0 - policy.over);
    let mut told: Vec<f64> = Vec::new();
    for ((own, fleet), base) in own.0.iter().zip(&fleet.0).zip(BASES) {
        let mut ratios = own.clone();
        let stride = fleet.len().div_ceil(FLEET_STEPS).max(1);
        ratios.extend(sorted(fleet).iter().skip(stride / 2).step_by(stride));
        let had = quantile_sorted(&newest, base);
        if had > 0.0 && !ratios.is_empty() {
            told.push(had * quantile(&ratios, level(policy, fleet.len())));
        }
    }
    // Nothing to walk, or a week in which it did nothing.
    let needed = if told.is_empty() { p99 } else { median(&told) };
    let factor = if p99 > 0.0 { needed / p99 } else { 1.0 };
    Ok(Need {
        needed,
        p99,
        factor,
        mean: mean(&all),
        steps: own.steps(),
        ahead_days: None,
        cache: None,
    })
}

/// What a machine needs, and which candidate is the cheapest that does.
pub fn size(
    machine: Machine<'_>,
    fleet: &Walk,
    candidates: &[Candidate],
    policy: SizePolicy,
) -> Result<Sizing, NoSizing> {
    let need = need(machine, fleet, policy)?;
    fits_units(need, candidates.iter().map(|own| own.size))?;
    let past = Past::of(machine);
    let mut frontier: Vec<Risk> = candidates
        .iter()
        .map(|candidate| Risk {
            candidate: candidate.clone(),
            over: past.over(candidate.size),
            weeks_over: past.weeks_over(candidate.size, policy.over),
        })
        .collect();
    frontier.sort_by(|a, b| {
        let of = |own: &Risk| (own.candidate.cost_month, own.candidate.size);
        of(a).partial_cmp(&of(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let does = |own: &Risk| {
        own.candidate.size >= need.needed && own.weeks_over <= 1.0 - policy.sure + 1e-9
    };
    let choice = frontier.iter().position(does);
    Ok(Sizing { need, frontier, choice })
}

/// Refuses sizes that use can hardly be counted in.
fn fits_units(need: Need, sizes: impl Iterator<Item = f64> + Clone) -> Result<(), NoSizing> {
    let most = sizes.clone().fold(f64::NEG_INFINITY, f64::max);
    let least = sizes.fold(f64::INFINITY, f64::min);
    if most > 0.0 && need.p99 > UNIT_ABOVE * most {
        return Err(NoSizing::Units { times: need.p99 / most });
    }
    if least.is_finite() && need.p99 < UNIT_BELOW * least {
        return Err(NoSizing::Units { times: need.p99 / least });
    }
    Ok(())
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(count: i64, use_at: impl Fn(i64) -> f64) -> (Vec<i64>, Vec<f64>) {
        let times: Vec<i64> = (1..=count * 288).map(|at| at * 300_000).collect();
        let used = times.iter().map(|time| use_at(*time)).collect();
        (times, used)
    }

    fn candidates() -> Vec<Candidate> {
        [(1.0, 10.0), (2.0, 20.0), (4.0, 40.0), (8.0, 80.0)]
            .map(|(size, cost_month)| Candidate::new(format!("c{size}"), size, cost_month))
            .to_vec()
    }

    #[test]
    fn the_cheapest_that_does_is_chosen_and_the_frontier_shows_the_rest() {
        // Three cores for two hours a day, one otherwise.
        let (times, used) =
            days(28, |time| if time.rem_euclid(DAY) < DAY / 12 { 3.0 } else { 1.0 });
        let sizing = size(
            Machine { times: &times, used: &used },
            &Walk::default(),
            &candidates(),
            SizePolicy::default(),
        )
        .unwrap();
        let chosen = &sizing.frontier[sizing.choice.unwrap()];
        assert_eq!(chosen.candidate.name, "c4");
        assert!((sizing.need.needed - 3.0).abs() < 0.01 && chosen.weeks_over <= 0.0);
        assert!((sizing.frontier[0].over - 1.0 / 12.0).abs() < 0.01);
        assert!(sizing.frontier[1].weeks_over > 0.99);
    }

    #[test]
    fn a_lively_fleet_asks_for_more_than_a_calm_past() {
        let (times, used) = days(28, |_| 1.5);
        let machine = Machine { times: &times, used: &used };
        let calm = size(machine, &Walk::default(), &candidates(), SizePolicy::default()).unwrap();
        let lively = [1.0, 1.5, 2.0, 2.5, 3.0].repeat(8);
        let lively = Walk(std::array::from_fn(|_| lively.clone()));
        let among = size(machine, &lively, &candidates(), SizePolicy::default()).unwrap();
        assert!(among.need.needed > 1.4 * calm.need.needed);
    }

    #[test]
    fn too_short_a_past_and_no_use_are_told() {
        let (times, used) = days(5, |_| 1.0);
        let refused = size(
            Machine { times: &times, used: &used },
            &Walk::default(),
            &candidates(),
            SizePolicy::default(),
        );
        assert!(matches!(refused, Err(NoSizing::TooShort { .. })));
        let (times, used) = days(20, |_| 0.0);
        let refused = size(
            Machine { times: &times, used: &used },
            &Walk::default(),
            &candidates(),
            SizePolicy::default(),
        );
        assert_eq!(refused, Err(NoSizing::Unused));
        let (times, used) = days(28, |_| 1e9);
        let refused = size(
            Machine { times: &times, used: &used },
            &Walk::default(),
            &candidates(),
            SizePolicy::default(),
        );
        assert!(matches!(refused, Err(NoSizing::Units { .. })), "bytes beside cores: {refused:?}");
        let (times, used) = days(28, |_| 100.0);
        let big = size(
            Machine { times: &times, used: &used },
            &Walk::default(),
            &candidates(),
            SizePolicy::default(),
        )
        .unwrap();
        assert_eq!(big.choice, None);
    }
}
