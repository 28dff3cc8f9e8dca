//! What a coordinator and a worker say to each other.

use serde::{Deserialize, Serialize};

use super::{
    job::Job,
    sent::{IntervalSent, RecordingSent, TimelineSent},
};

/// From the coordinator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub(super) enum ToWorker {
    /// Get ready for this, and say so.
    Prepare { job: Box<Job>, own: u64, of: u64 },
    /// Begin so many microseconds after this has come.
    Start { micros: u64 },
    /// Are you there? Every second while a run goes on.
    Ping { number: u64 },
    /// Begin no more journeys.
    Finish,
    /// End at once.
    Stop,
}

/// From a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub(super) enum FromWorker {
    /// It takes the plan.
    Ready,
    /// It does not.
    Refused { why: String },
    /// The answer to the ping of this number.
    Pong { number: u64 },
    /// What happened in a second, from nought on.
    Second { second: u64, interval: IntervalSent },
    /// The run is over.
    Done(Box<DoneSent>),
    /// The run could not be made.
    Failed { why: String },
}

/// A run that is over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DoneSent {
    pub(super) took_micros: u64,
    /// Whether all that was due was sent.
    pub(super) complete: bool,
    pub(super) threads: usize,
    pub(super) recording: RecordingSent,
    pub(super) timeline: TimelineSent,
    /// Why its part cannot be believed.
    pub(super) doubts: Vec<String>,
}
