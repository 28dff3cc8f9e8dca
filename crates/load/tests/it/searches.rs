//! Capacity searches against a queue whose capacity is known by Erlang's formula.

use std::{convert::Infallible, time::Duration};

use load::{Capacity, Interval, Objective, SearchRules, StepEnd, Steps, search};
use model::Time;

use crate::simulated::{Queue, Seconds};

/// A queue whose capacity is known, and how it is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) servers: usize,
    /// Mean service time in seconds.
    pub(crate) service: f64,
    /// The objective: no more than this share may take longer than so many seconds.
    pub(crate) longest: f64,
    pub(crate) allowed: f64,
    /// The first rate.
    pub(crate) start: f64,
}

/// Four servers of ten milliseconds each, `response p95 < 50ms`.
pub(crate) const FOUR: Known =
    Known { servers: 4, service: 0.01, longest: 0.05, allowed: 0.05, start: 20.0 };

/// A target that is simulated, second by second.
struct Simulated {
    known: Known,
    seed: u64,
    /// Seconds that have passed in all steps.
    seconds: u64,
}

impl Steps for Simulated {
    type Error = Infallible;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, Infallible> {
        let Known { servers, service, .. } = self.known;
        let queue = Queue { rate, service, servers, scale: 1.0 };
        self.seed += 1_000;
        let mut passing = Seconds::new(queue, self.seed);
        let began = self.seconds;
        for _ in 0..longest.as_secs() {
            self.seconds += 1;
            if enough(&passing.second(&mut |_| ())) {
                break;
            }
        }
        let at = |seconds: u64| Time(i64::try_from(seconds * 1_000).unwrap_or(i64::MAX));
        Ok(StepEnd { between: (at(began), at(self.seconds)), doubt: None, stopped: false })
    }
}

/// The search, and how many seconds it took.
pub(crate) fn searched(known: Known, seed: u64) -> (Capacity, u64) {
    searched_by(known, seed, SearchRules { start: known.start, ..SearchRules::default() })
}

/// The same by rules of one's own.
pub(crate) fn searched_by(known: Known, seed: u64, rules: SearchRules) -> (Capacity, u64) {
    let mut steps = Simulated { known, seed, seconds: 0 };
    let found = looked_for(&mut steps, known.objective(), rules);
    (found, steps.seconds)
}

/// What a search finds with these steps, which never fail.
pub(crate) fn looked_for(
    steps: &mut impl Steps<Error = Infallible>,
    objective: Objective,
    rules: SearchRules,
) -> Capacity {
    let Ok(found) = search("known", steps, &[objective], rules, &mut |_| ());
    found
}

impl Known {
    fn objective(&self) -> Objective {
        let text = format!("response p{} < {}ms", 100.0 - self.allowed * 100.0, self.longest * 1e3);
        Objective { text, longest_ns: Some(self.longest * 1e9), allowed: self.allowed }
    }

    /// The rate at which just so many wait for longer than the objective says, by Erlang C for the time in a queue of
    /// several servers.
    pub(crate) fn truth(&self) -> f64 {
        let (mut low, mut high) = (1.0, self.servers as f64 / self.service - 1.0);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if self.beyond(middle) > self.allowed {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// The share of those who are longer in it than the objective says.
    fn beyond(&self, rate: f64) -> f64 {
        let (mu, busy, servers) = (1.0 / self.service, rate * self.service, self.servers as f64);
        let (mut term, mut sum) = (1.0, 1.0);
        for number in 1..self.servers {
            term *= busy / number as f64;
            sum += term;
        }
        let last = term * busy / servers / (1.0 - busy / servers);
        let waits = last / (sum + last);
        let spare = servers - busy - 1.0;
        let longer = (1.0 - (-mu * self.longest * spare).exp()) / spare;
        (-mu * self.longest).exp() * (1.0 + waits * longer)
    }
}
