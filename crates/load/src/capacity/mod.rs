//! The highest rate at which the objectives still hold, and what runs out first.
//!
//! The rate grows until an objective is broken, then it is narrowed down. Where the curve is steep, verdicts of steps
//! that are sure leave a bracket. Where it is flat, no single step can be sure, and the bracket comes from a line
//! through several of them. A step that the generator spoiled is made again. Never a bare number.

mod demand;
mod drive;
mod judge;
mod line;
mod search;
mod steps;
mod tell;
mod usl;

use std::time::Duration;

pub use demand::{Demand, Watched, demands};
pub use drive::{CapacityError, Sends, capacity_of};
pub use judge::{Objective, ObjectiveError};
use model::Time;
pub use search::search;
pub use steps::{StepEnd, Steps};
pub use tell::{capacity_json, capacity_text, step_text};
pub use usl::Usl;

/// How a search goes about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchRules {
    /// The first rate, in journeys a second.
    pub start: f64,
    /// No more than this is asked for.
    pub rate_max: f64,
    /// How wide the bracket may be, as a part of its lower end.
    pub width: f64,
    /// No more steps than these.
    pub steps_max: usize,
    /// The longest step, without what is left out at its beginning.
    pub step_max: Duration,
}

impl Default for SearchRules {
    fn default() -> Self {
        Self {
            start: 20.0,
            rate_max: 100_000.0,
            width: 0.05,
            steps_max: 60,
            step_max: Duration::from_mins(1),
        }
    }
}

/// What a step comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum StepVerdict {
    /// Surely every objective holds.
    Holds,
    /// Surely this objective does not hold.
    Broken(String),
    /// Requests pile up.
    PilesUp,
    /// It is too close to tell.
    Close,
    /// The generator did not keep its promise, so it says nothing about the target.
    Spoiled(String),
}

impl StepVerdict {
    /// The word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken(_) => "broken",
            Self::PilesUp => "piles up",
            Self::Close => "close",
            Self::Spoiled(_) => "spoiled",
        }
    }
}

/// One step of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTold {
    /// Journeys a second that were asked for.
    pub rate: f64,
    /// When it began and ended.
    pub between: (Time, Time),
    /// Seconds that count.
    pub seconds: usize,
    /// What it comes to.
    pub verdict: StepVerdict,
    /// Good answers a second.
    pub throughput: f64,
    /// Requests on their way, on average (Little's law).
    pub in_flight: f64,
    /// Median, 95th and 99th percentile of response times in seconds; not-a-number where nothing ended.
    pub response: [f64; 3],
    /// The share of requests that failed.
    pub failed_share: f64,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchEnding {
    /// The capacity lies in the bracket.
    Found,
    /// The highest rate that may be asked for still holds.
    AtLeast,
    /// The generator ran out before the target did.
    Generator(String),
    /// Not even the lowest rate holds.
    Nothing,
    /// Somebody stopped it, or its steps were used up.
    Unfinished(String),
}

/// What a search comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// What is asked.
    pub name: String,
    /// The objectives as they were written.
    pub objectives: Vec<String>,
    /// Every step in its order.
    pub steps: Vec<StepTold>,
    /// How it ended.
    pub ending: SearchEnding,
    /// Journeys a second that it surely bears.
    pub low: Option<f64>,
    /// Journeys a second that it surely does not bear.
    pub high: Option<f64>,
    /// What did not hold any more.
    pub limit: Option<String>,
    /// The line of throughput over what is on its way.
    pub usl: Option<Usl>,
    /// What each request takes of each resource, the first to run out first.
    pub demands: Vec<Demand>,
}

impl Capacity {
    /// What a pipeline sees: 0 if there is a bracket (or at least a lower end), 1 if it bears nothing or less than
    /// wanted, 4 if nothing can be said.
    pub fn exit_code(&self, at_least: Option<f64>) -> u8 {
        match (&self.ending, self.low) {
            (SearchEnding::Nothing, _) => 1,
            (SearchEnding::Generator(_) | SearchEnding::Unfinished(_), low) => {
                u8::from(!at_least.is_some_and(|wanted| low >= Some(wanted))) * 4
            }
            (SearchEnding::Found | SearchEnding::AtLeast, low) => {
                u8::from(at_least.is_some_and(|wanted| low < Some(wanted)))
            }
        }
    }
}
