//! What is written down of every request, in room that does not grow with their number.

mod interval;
mod row;
mod trouble;

pub use interval::{Interval, Timeline};
use stats::Histogram;
pub use trouble::{Trouble, Troubles};

/// Different statuses that are told apart; HTTP has some sixty.
const STATUSES_MAX: usize = 100;

/// The three times of one request, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// From when it was due until all of the answer was there: what a user waits.
    pub response_ns: u64,
    /// From when it was sent until all of the answer was there, making the connection included: what the target takes.
    pub service_ns: u64,
    /// From when it was due until it was sent: how late it was.
    pub lag_ns: u64,
}

/// The three times of many requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimesTold {
    /// From due to done.
    pub response: Histogram,
    /// From sent to done.
    pub service: Histogram,
    /// From due to sent.
    pub lag: Histogram,
}

impl Default for TimesTold {
    fn default() -> Self {
        Self { response: Histogram::fine(), service: Histogram::fine(), lag: Histogram::fine() }
    }
}

impl TimesTold {
    /// Counts a request.
    pub fn add(&mut self, times: Times) {
        self.response.record(times.response_ns);
        self.service.record(times.service_ns);
        self.lag.record(times.lag_ns);
    }

    /// Adds another's requests.
    pub fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.lag.merge(&other.lag);
    }

    /// How many requests there are.
    pub fn count(&self) -> u64 {
        self.response.count()
    }
}

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its times.
    pub times: Times,
    /// The status of the answer; nought if none came.
    pub status: u16,
    /// The bytes of the answer's body.
    pub body_bytes: u64,
    /// What went wrong, if anything did.
    pub trouble: Option<Trouble>,
}

/// All that is known of one step, or of all together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Times of the requests that were answered as they should.
    pub good: TimesTold,
    /// Times of the others, until they were given up.
    pub failed: TimesTold,
    /// Why they failed.
    pub troubles: Troubles,
    /// Answers by status.
    pub statuses: Vec<(u16, u64)>,
    /// Bytes of bodies.
    pub body_bytes: u64,
}

impl Told {
    /// Counts a request.
    pub fn add(&mut self, ended: &Ended) {
        match ended.trouble {
            None => self.good.add(ended.times),
            Some(trouble) => {
                self.failed.add(ended.times);
                self.troubles.add(trouble);
            }
        }
        self.body_bytes += ended.body_bytes;
        if ended.status > 0 {
            self.add_status(ended.status, 1);
        }
    }

    fn add_status(&mut self, status: u16, count: u64) {
        if let Some((_, own)) = self.statuses.iter_mut().find(|(own, _)| *own == status) {
            *own += count;
        } else if self.statuses.len() < STATUSES_MAX {
            self.statuses.push((status, count));
        }
    }

    /// Adds another's requests.
    pub fn merge(&mut self, other: &Self) {
        self.good.merge(&other.good);
        self.failed.merge(&other.failed);
        self.troubles.merge(&other.troubles);
        for (status, count) in &other.statuses {
            self.add_status(*status, *count);
        }
        self.statuses.sort_unstable();
        self.body_bytes += other.body_bytes;
    }

    /// The times of all requests, failed ones included: a request that was given up after its time-out did take that
    /// long.
    pub fn all(&self) -> TimesTold {
        let mut all = self.good.clone();
        all.merge(&self.failed);
        all
    }

    /// How many requests ended.
    pub fn count(&self) -> u64 {
        self.good.count() + self.failed.count()
    }

    /// The share of requests that failed; not-a-number if there was none.
    pub fn failed_share(&self) -> f64 {
        self.failed.count() as f64 / self.count() as f64
    }
}

/// All that one worker writes down; workers merge exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// One for each step of the plan.
    pub steps: Vec<Told>,
    /// Journeys that were done, each with the time all its steps took together; by scenario.
    pub journeys: Vec<Histogram>,
    /// Journeys that ended early because a step failed; by scenario.
    pub journeys_broken: Vec<u64>,
    /// How late first requests were for which a place was free: the lateness that is the generator's own.
    pub lateness: Histogram,
    /// How long it took to make connections, TLS included.
    pub connects: Histogram,
    /// Kept connections that the target had closed when they were to be used again; the request was sent on a new one.
    pub stale: u64,
    /// Arrivals that were due and never sent, because the run was over first.
    pub unsent: u64,
    /// Processor time of the worker, in nanoseconds.
    pub cpu_ns: u64,
}

impl Recording {
    /// Nothing written down yet.
    pub fn new(steps: usize, scenarios: usize) -> Self {
        Self {
            steps: vec![Told::default(); steps],
            journeys: vec![Histogram::fine(); scenarios],
            journeys_broken: vec![0; scenarios],
            lateness: Histogram::fine(),
            connects: Histogram::fine(),
            stale: 0,
            unsent: 0,
            cpu_ns: 0,
        }
    }

    /// Adds what another worker wrote down.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in self.steps.iter_mut().zip(&other.steps) {
            own.merge(others);
        }
        for (own, others) in self.journeys.iter_mut().zip(&other.journeys) {
            own.merge(others);
        }
        for (own, others) in self.journeys_broken.iter_mut().zip(&other.journeys_broken) {
            *own += others;
        }
        self.lateness.merge(&other.lateness);
        self.connects.merge(&other.connects);
        self.stale += other.stale;
        self.unsent += other.unsent;
        self.cpu_ns += other.cpu_ns;
    }

    /// All steps together.
    pub fn together(&self) -> Told {
        let mut together = Told::default();
        self.steps.iter().for_each(|step| together.merge(step));
        together
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(response_ns: u64, trouble: Option<Trouble>) -> Ended {
        let times = Times { response_ns, service_ns: response_ns / 2, lag_ns: 1 };
        Ended { times, status: 200, body_bytes: 10, trouble }
    }

    #[test]
    fn two_workers_merged_are_one_worker() {
        let fill = |recording: &mut Recording, values: &[u64]| {
            for value in values {
                let trouble = (value % 3 == 0).then_some(Trouble::Timeout);
                recording.steps[0].add(&ended(*value, trouble));
                recording.lateness.record(*value);
            }
            recording.stale += 1;
        };
        let mut left = Recording::new(1, 1);
        let mut right = Recording::new(1, 1);
        let mut one = Recording::new(1, 1);
        fill(&mut left, &[1, 2, 3, 900_000_000]);
        fill(&mut right, &[4, 5, 6]);
        fill(&mut one, &[1, 2, 3, 900_000_000, 4, 5, 6]);
        one.stale = 2;
        left.merge(&right);
        assert_eq!(left, one);
        let together = left.together();
        assert_eq!((together.count(), together.body_bytes), (7, 70));
        assert_eq!(together.troubles.listed(), [(Trouble::Timeout, 3)]);
        assert_eq!(together.statuses, [(200, 7)]);
        assert!((together.failed_share() - 3.0 / 7.0).abs() < 1e-12);
    }
}
