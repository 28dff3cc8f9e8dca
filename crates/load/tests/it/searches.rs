//! Capacity searches against a queue whose capacity is known by Erlang's formula.

use std::{convert::Infallible, time::Duration};

use load::{Capacity, Interval, Objective, SearchRules, StepEnd, Steps, search};
use model::Time;

use crate::simulated::{Queue, Seconds};

/// Four servers of ten milliseconds each.
const SERVERS: usize = 4;
const SERVICE: f64 = 0.01;

/// A target that is simulated, second by second.
pub(crate) struct Simulated {
    pub(crate) seed: u64,
    /// Seconds that have passed in all steps.
    pub(crate) seconds: u64,
}

impl Steps for Simulated {
    type Error = Infallible;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, Infallible> {
        let queue = Queue { rate, service: SERVICE, servers: SERVERS, scale: 1.0 };
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
pub(crate) fn searched(seed: u64) -> (Capacity, u64) {
    let mut steps = Simulated { seed, seconds: 0 };
    let objective =
        Objective { text: "response p95 < 50ms".to_owned(), longest_ns: Some(50e6), allowed: 0.05 };
    let found = search("queue", &mut steps, &[objective], SearchRules::default(), &mut |_| ());
    let Ok(found) = found;
    (found, steps.seconds)
}

/// The rate at which one of twenty waits for more than 50 ms, by Erlang C for the time in a queue of several servers.
pub(crate) fn truth() -> f64 {
    let (mut low, mut high) = (1.0, SERVERS as f64 / SERVICE - 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if beyond(middle, 0.05) > 0.05 {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// The share of those who are longer in it than `time`.
fn beyond(rate: f64, time: f64) -> f64 {
    let (mu, busy) = (1.0 / SERVICE, rate * SERVICE);
    let (mut term, mut sum) = (1.0, 1.0);
    for number in 1..SERVERS {
        term *= busy / number as f64;
        sum += term;
    }
    let last = term * busy / SERVERS as f64 / (1.0 - busy / SERVERS as f64);
    let waits = last / (sum + last);
    let spare = SERVERS as f64 - busy - 1.0;
    (-mu * time).exp() * (1.0 + waits * (1.0 - (-mu * time * spare).exp()) / spare)
}
