//! When arrivals are due: the integral of a rate function, evenly or by chance, striped over workers.

use std::time::Duration;

use stats::Chance;

/// Highest rate that can be asked for, a second: several times what one machine can send.
pub const RATE_MAX: f64 = 10_000_000.0;

/// So little of an arrival at the end is a rounding error and no arrival.
const ROUNDING: f64 = 1e-6;

const NANOS: f64 = 1e9;

/// A length of time in which the rate goes in a straight line from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// How long it takes.
    pub length: Duration,
    /// Arrivals a second when it begins.
    pub from: f64,
    /// Arrivals a second when it ends.
    pub to: f64,
}

/// A rate of arrivals over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rate {
    phases: Vec<Placed>,
}

/// A phase with what lies before it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Placed {
    phase: Phase,
    start_ns: u64,
    arrivals_before: f64,
}

impl Rate {
    /// One rate for a length of time.
    pub fn constant(rate: f64, length: Duration) -> Self {
        Self::new(&[Phase { length, from: rate, to: rate }])
    }

    /// Phases one after the other. Rates below nought and those that are no numbers count as nought, those above
    /// [`RATE_MAX`] as that.
    pub fn new(phases: &[Phase]) -> Self {
        let (mut start_ns, mut arrivals_before) = (0, 0.0);
        let mut placed = Vec::with_capacity(phases.len());
        for phase in phases {
            let clean = |rate: f64| if rate > 0.0 { rate.min(RATE_MAX) } else { 0.0 };
            let phase = Phase { from: clean(phase.from), to: clean(phase.to), ..*phase };
            placed.push(Placed { phase, start_ns, arrivals_before });
            start_ns += nanos(phase.length);
            arrivals_before += phase.arrivals();
        }
        Self { phases: placed }
    }

    /// How long all phases take together.
    pub fn length(&self) -> Duration {
        self.phases.iter().map(|placed| placed.phase.length).sum()
    }

    /// How many arrivals are expected until this long after the start.
    pub fn expected_until(&self, elapsed: Duration) -> f64 {
        let elapsed_ns = nanos(elapsed);
        let begun = self.phases.iter().rev().find(|placed| placed.start_ns <= elapsed_ns);
        begun.map_or(0.0, |placed| {
            let seconds = (elapsed_ns - placed.start_ns) as f64 / NANOS;
            placed.arrivals_before + placed.phase.arrivals_until(seconds)
        })
    }

    /// How many arrivals are expected altogether.
    pub fn expected(&self) -> f64 {
        self.expected_until(self.length())
    }

    /// The highest rate of all phases.
    pub fn greatest(&self) -> f64 {
        self.phases.iter().map(|placed| placed.phase.from.max(placed.phase.to)).fold(0.0, f64::max)
    }
}

impl Phase {
    fn seconds(&self) -> f64 {
        self.length.as_secs_f64()
    }

    fn slope(&self) -> f64 {
        let seconds = self.seconds();
        if seconds > 0.0 { (self.to - self.from) / seconds } else { 0.0 }
    }

    fn arrivals(&self) -> f64 {
        self.arrivals_until(self.seconds())
    }

    fn arrivals_until(&self, seconds: f64) -> f64 {
        let seconds = seconds.min(self.seconds());
        self.from * seconds + self.slope() * seconds * seconds / 2.0
    }

    /// The seconds after which so many arrivals have come: the root of the quadratic, in the form that neither
    /// divides by a slope of nought nor cancels digits.
    fn seconds_until(&self, arrivals: f64) -> f64 {
        if arrivals <= 0.0 {
            return 0.0;
        }
        let root = (self.from * self.from + 2.0 * self.slope() * arrivals).max(0.0).sqrt();
        (2.0 * arrivals / (self.from + root)).min(self.seconds())
    }
}

/// How arrivals lie in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Each as far from the next as the rate says.
    Even,
    /// By chance, as independent people come (a Poisson process), the same for the same seed.
    Poisson {
        /// Where chance starts.
        seed: u64,
    },
}

/// Which of the arrivals are somebody's own: each `of`-th, starting with number `own`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stripe {
    /// From nought on.
    pub own: u64,
    /// How many share; at least one.
    pub of: u64,
}

/// One arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its number among those of all stripes, from nought on.
    pub number: u64,
    /// When it is due, in nanoseconds after the start.
    pub due_ns: u64,
}

/// The arrivals of one stripe in the order they are due. Takes the same room however many there are.
#[derive(Clone, Debug)]
pub struct Arrivals {
    rate: Rate,
    stripe: Stripe,
    chance: Option<Chance>,
    /// The phase that the last arrival fell in; none falls before it any more.
    phase: usize,
    /// The number of the next arrival of any stripe, and how many are expected before it.
    number: u64,
    reached: f64,
    expected: f64,
    next: Option<Arrival>,
}

impl Arrivals {
    /// The arrivals of one stripe.
    pub fn new(rate: Rate, spacing: Spacing, stripe: Stripe) -> Self {
        let chance = match spacing {
            Spacing::Even => None,
            Spacing::Poisson { seed } => Some(Chance::new(seed)),
        };
        let expected = rate.expected();
        let stripe = Stripe { of: stripe.of.max(1), ..stripe };
        let mut arrivals =
            Self { rate, stripe, chance, phase: 0, number: 0, reached: 0.0, expected, next: None };
        arrivals.advance();
        arrivals
    }

    /// The next one, which stays.
    pub fn peek(&self) -> Option<Arrival> {
        self.next
    }

    /// Lets no more of them come.
    pub fn finish(&mut self) {
        self.expected = 0.0;
        self.next = None;
    }

    /// Finds the next arrival of this stripe.
    fn advance(&mut self) {
        self.next = None;
        while let Some(reached) = self.reach() {
            let number = self.number;
            self.number += 1;
            if number % self.stripe.of == self.stripe.own {
                self.next = Some(Arrival { number, due_ns: self.due_ns(reached) });
                return;
            }
        }
    }

    /// How many arrivals are expected before the next of any stripe.
    fn reach(&mut self) -> Option<f64> {
        match &mut self.chance {
            None => self.reached = self.number as f64,
            Some(chance) => self.reached -= (1.0 - chance.share()).ln(),
        }
        (self.reached < self.expected - ROUNDING).then_some(self.reached)
    }

    fn due_ns(&mut self, reached: f64) -> u64 {
        let phases = &self.rate.phases;
        while phases.get(self.phase + 1).is_some_and(|next| next.arrivals_before <= reached) {
            self.phase += 1;
        }
        let Some(placed) = phases.get(self.phase) else { return 0 };
        let seconds = placed.phase.seconds_until(reached - placed.arrivals_before);
        placed.start_ns + nanos(Duration::from_secs_f64(seconds))
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let next = self.next;
        if next.is_some() {
            self.advance();
        }
        next
    }
}

/// Nanoseconds, of which 64 bits hold five centuries.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Stripe = Stripe { own: 0, of: 1 };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn dues(rate: &Rate, spacing: Spacing) -> Vec<u64> {
        Arrivals::new(rate.clone(), spacing, ALL).map(|arrival| arrival.due_ns).collect()
    }

    #[test]
    fn a_constant_rate_is_evenly_spaced_from_the_first_moment_on() {
        let dues = dues(&Rate::constant(500.0, seconds(60)), Spacing::Even);
        assert_eq!(dues.len(), 30_000);
        assert_eq!(&dues[..3], [0, 2_000_000, 4_000_000]);
        assert_eq!(dues[29_999], 59_998_000_000);
    }

    #[test]
    fn a_ramp_comes_as_its_area_says() {
        let ramp = Rate::new(&[Phase { length: seconds(10), from: 0.0, to: 100.0 }]);
        let dues = dues(&ramp, Spacing::Even);
        // Half of 10 s by 100/s; a quarter of them in the first half of the time.
        assert_eq!(dues.len(), 500);
        assert_eq!(dues.iter().filter(|due| **due < 5_000_000_000).count(), 125);
    }

    #[test]
    fn steps_follow_each_other_and_a_pause_has_no_arrivals() {
        let phase = |rate| Phase { length: seconds(2), from: rate, to: rate };
        let rate = Rate::new(&[phase(10.0), phase(0.0), phase(100.0), phase(f64::NAN)]);
        let dues = dues(&rate, Spacing::Even);
        assert_eq!(dues.len(), 220);
        assert_eq!(dues[19], 1_900_000_000);
        assert_eq!(dues[20], 4_000_000_000);
        assert!((rate.expected_until(seconds(5)) - 120.0).abs() < 1e-9);
        assert_eq!(rate.length(), seconds(8));
        assert!((rate.greatest() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn chance_with_seed_5_comes_as_often_and_as_unevenly_as_it_should() {
        let rate = Rate::constant(1000.0, seconds(20));
        let dues = dues(&rate, Spacing::Poisson { seed: 5 });
        assert!((dues.len() as f64 - 20_000.0).abs() < 5.0 * 20_000.0_f64.sqrt(), "{}", dues.len());
        // Gaps of a Poisson process are exponential: 63.2 % lie below their mean.
        let short = dues.windows(2).filter(|pair| pair[1] - pair[0] < 1_000_000).count();
        let share = short as f64 / (dues.len() - 1) as f64;
        assert!((share - 0.632).abs() < 0.02, "{share}");
    }

    #[test]
    fn no_rate_at_all_has_no_arrivals() {
        assert_eq!(dues(&Rate::default(), Spacing::Even), [0_u64; 0]);
        assert_eq!(dues(&Rate::constant(-1.0, seconds(9)), Spacing::Even), [0_u64; 0]);
        assert_eq!(dues(&Rate::constant(5.0, Duration::ZERO), Spacing::Even), [0_u64; 0]);
    }

    fn any_rate() -> impl Strategy<Value = Rate> {
        prop::collection::vec((0_u64..4000, 0.0_f64..300.0, 0.0_f64..300.0), 0..5).prop_map(
            |phases| {
                let phase =
                    |(millis, from, to)| Phase { length: Duration::from_millis(millis), from, to };
                Rate::new(&phases.into_iter().map(phase).collect::<Vec<_>>())
            },
        )
    }

    proptest! {
        #[test]
        fn stripes_together_are_the_whole(rate in any_rate(), of in 1_u64..6, seed in any::<Option<u64>>()) {
            let spacing = seed.map_or(Spacing::Even, |seed| Spacing::Poisson { seed });
            let mut together: Vec<Arrival> = Vec::new();
            for own in 0..of {
                together.extend(Arrivals::new(rate.clone(), spacing, Stripe { own, of }));
            }
            together.sort_by_key(|arrival| arrival.number);
            let whole: Vec<Arrival> = Arrivals::new(rate.clone(), spacing, ALL).collect();
            prop_assert_eq!(&together, &whole);
            prop_assert!(whole.windows(2).all(|pair| pair[0].due_ns <= pair[1].due_ns));
            let end = nanos(rate.length());
            prop_assert!(whole.iter().all(|arrival| arrival.due_ns <= end));
        }

        #[test]
        fn even_arrivals_are_where_the_integral_reaches_them(rate in any_rate()) {
            for arrival in Arrivals::new(rate.clone(), Spacing::Even, ALL) {
                let reached = rate.expected_until(Duration::from_nanos(arrival.due_ns));
                prop_assert!((reached - arrival.number as f64).abs() < 1e-3, "{reached} {arrival:?}");
            }
        }
    }
}
