//! The peer that everybody has: `predict_linear`, asked of our own query engine over the same samples.

use std::error::Error;

use model::{Labels, METRIC_NAME, Time, Unlimited};
use plan::History;
use query::{Engine, EngineOptions, Value};
use testkit::MemoryStore;

/// The windows it is asked over; kubernetes-mixin has six hours.
pub(crate) const WINDOWS: [&str; 4] = ["1h", "6h", "24h", "7d"];
/// Which of them the disks are judged by.
pub(crate) const DAY: usize = 2;

/// A straight line through the newest samples: where it stands, and what it gains an hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight {
    now: f64,
    hour: f64,
}

impl Straight {
    /// Where the line is so many hours ahead.
    pub(crate) fn at(self, hours: f64) -> f64 {
        self.now + self.hour * hours
    }

    /// In how many hours it comes to a limit; never is infinite.
    pub(crate) fn hours_to(self, limit: f64) -> f64 {
        if self.hour > 0.0 { ((limit - self.now) / self.hour).max(0.0) } else { f64::INFINITY }
    }
}

/// What `predict_linear` tells over each window; nothing where it has too few samples.
pub(crate) fn straight(
    history: History<'_>,
    now: Time,
) -> Result<[Option<Straight>; 4], Box<dyn Error>> {
    let store = MemoryStore::new();
    // A little more than the longest window.
    let first = history.times.partition_point(|&time| time < now.0 - 8 * 86_400_000);
    let samples = history.times[first..].iter().copied();
    let labels = Labels::from_pairs([(METRIC_NAME, "used")]);
    store.add(&labels, samples.zip(history.values[first..].iter().copied()));
    let engine = Engine::new(EngineOptions::default());
    let ask = |window: &str, seconds: u32| -> Result<Option<f64>, Box<dyn Error>> {
        let text = format!("predict_linear(used[{window}], {seconds})");
        let answer = engine.instant(&store, &text, now, &Unlimited)?;
        let Value::Vector(found) = answer.value else { return Ok(None) };
        Ok(found.first().map(|one| one.value).filter(|value| value.is_finite()))
    };
    let mut told = [None; 4];
    for (place, window) in told.iter_mut().zip(WINDOWS) {
        let ends = ask(window, 0)?.zip(ask(window, 3_600)?);
        *place = ends.map(|(now, later)| Straight { now, hour: later - now });
    }
    Ok(told)
}
