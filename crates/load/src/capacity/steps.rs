//! Who makes the steps of a search.

use std::time::Duration;

use model::Time;

use crate::record::Interval;

/// Who makes steps: a target, or what stands for one.
pub trait Steps {
    /// Why a step could not be made at all.
    type Error;

    /// Sends this many journeys a second until `enough` has seen enough or the time is over, and then waits until
    /// nothing is on its way any more.
    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, Self::Error>;
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub struct StepEnd {
    /// When it began and ended.
    pub between: (Time, Time),
    /// Why it says nothing about the target.
    pub doubt: Option<String>,
    /// Whether somebody stopped it.
    pub stopped: bool,
}
