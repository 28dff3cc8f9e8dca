//! A queue whose truth is known, without a clock or a socket: Poisson arrivals, exponential service, some servers, one
//! line. Its runs are told as reports and as seconds of a run.

use std::collections::VecDeque;

use load::Interval;
use serde_json::{Value, json};
use stats::{Chance, Histogram};

/// The queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// Arrivals a second.
    pub(crate) rate: f64,
    /// Mean service time in seconds.
    pub(crate) service: f64,
    pub(crate) servers: usize,
    /// Each response time is multiplied by this.
    pub(crate) scale: f64,
}

/// Seconds of a run as they pass, one after the other.
pub(crate) struct Seconds {
    queue: Queue,
    chance: Chance,
    free: Vec<f64>,
    next: f64,
    second: u64,
    /// Ends and response times of what is on its way, in nanoseconds.
    on_their_way: VecDeque<(f64, u64)>,
}

impl Seconds {
    pub(crate) fn new(queue: Queue, seed: u64) -> Self {
        let free = vec![0.0; queue.servers];
        Self {
            queue,
            chance: Chance::new(seed),
            free,
            next: 0.0,
            second: 0,
            on_their_way: VecDeque::new(),
        }
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.chance.share()).ln()
    }

    /// What happened in the next second; each end is told to whoever wants all of them.
    pub(crate) fn second(&mut self, ended: &mut dyn FnMut(u64)) -> Interval {
        self.second += 1;
        let until = self.second as f64;
        let mut interval = Interval::default();
        while self.next < until {
            let arrival = self.next;
            self.next += self.exponential(1.0 / self.queue.rate);
            interval.sent += 1;
            let place = (0..self.free.len()).min_by(|a, b| self.free[*a].total_cmp(&self.free[*b]));
            let place = place.unwrap_or(0);
            let service = self.exponential(self.queue.service);
            let end = self.free[place].max(arrival) + service;
            self.free[place] = end;
            let response = (end - arrival) * self.queue.scale * 1e9;
            self.on_their_way.push_back((end, whole(response)));
        }
        let mut left = VecDeque::with_capacity(self.on_their_way.len());
        for (end, response) in std::mem::take(&mut self.on_their_way) {
            if end >= until {
                left.push_back((end, response));
                continue;
            }
            interval.good += 1;
            interval.response.record(response);
            ended(response);
        }
        self.on_their_way = left;
        interval.in_flight = self.on_their_way.len() as u64;
        interval
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a run")]
fn whole(value: f64) -> u64 {
    value as u64
}

/// The report of a run of so many seconds.
pub(crate) fn report(queue: &Queue, seconds: u64, seed: u64) -> Value {
    let mut all = Histogram::fine();
    let mut passing = Seconds::new(queue.clone(), seed);
    // What the queue does from empty is no steady state.
    (0..5).for_each(|_| drop(passing.second(&mut |_| ())));
    let mut rows = Vec::new();
    for _ in 0..seconds {
        let interval = passing.second(&mut |response| all.record(response));
        rows.push(row(&interval));
    }
    let millis = |q| all.quantile(q).unwrap_or(0) as f64 / 1e6;
    let told = json!({
        "scenario": "quick", "step": "GET /", "good": all.count(), "failed": 0, "failed_share": 0.0,
        "good_per_second": all.count() as f64 / seconds as f64,
        "response": { "p50_ms": millis(0.5), "p95_ms": millis(0.95), "p99_ms": millis(0.99) },
    });
    json!({
        "schema": "plimsoll.load/1",
        "plan": { "name": "queue", "model": "open", "scenarios": [{
            "name": "quick", "seconds": seconds,
            "load": { "model": "open", "arrivals": queue.rate * seconds as f64, "rate_max": queue.rate },
        }] },
        "started_ms": seed, "ending": { "how": "done" }, "verdict": { "word": "passed" },
        "requests": told, "steps": [told], "timeline": { "seconds": 1, "rows": rows },
    })
}

fn row(interval: &Interval) -> Value {
    let (mut told, mut last) = (Vec::new(), 0);
    for (place, count) in interval.response.places() {
        told.extend([(place - last) as u64, count]);
        last = place;
    }
    json!({ "sent": interval.sent, "good": interval.good, "failed": 0, "response_buckets": told })
}
