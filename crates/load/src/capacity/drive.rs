//! Steps of a search against a real target: the plan at one rate after the other.

use std::time::Duration;

use model::{Kind, Time};

use super::{Capacity, Objective, ObjectiveError, SearchRules, StepEnd, StepTold, Steps, search};
use crate::{
    engine::{Engine, Progress, Run, Stop},
    error::LoadError,
    fleet::at_rate,
    plan::{Load, Plan, Scenario, Threshold},
    record::Interval,
    verdict::{Doubt, Verdict},
};

/// What is looked for if nobody says: the promise that the default policy makes to users.
const DEFAULTS: [&str; 2] = ["response p95 < 500ms", "errors < 1%"];

/// Why a search could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    /// A rule that a search cannot go by.
    #[error(transparent)]
    Objective(ObjectiveError),
    /// A closed scenario.
    #[error("`{0}` is closed: its users wait, so there is no rate to be found; give it `rate`")]
    Closed(String),
    /// A step could not be made at all.
    #[error("a step of the search could not be made")]
    Load(#[source] LoadError),
}

impl CapacityError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Objective(_) | Self::Closed(_) => Kind::Invalid,
            Self::Load(error) => error.kind(),
        }
    }
}

/// Who sends the steps of a search: one machine, or several.
pub trait Sends {
    /// What ends it from outside.
    fn stop(&self) -> Stop;

    /// The time by the wall clock.
    fn now(&self) -> Time;

    /// Sends a plan, made of the searched one by asking all its scenarios for their share of a rate.
    fn send(
        &mut self,
        plan: Plan,
        at: (f64, Duration),
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError>;
}

impl Sends for Engine {
    fn stop(&self) -> Stop {
        self.stop.clone()
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    fn send(
        &mut self,
        plan: Plan,
        _at: (f64, Duration),
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError> {
        self.run(plan, watcher)
    }
}

/// Who sends, as one who makes steps.
struct Driven<'e> {
    sends: &'e mut dyn Sends,
    plan: &'e Plan,
    told: &'e mut dyn FnMut(&Interval, f64),
}

/// Finds the highest rate of journeys at which the thresholds of a plan hold. Blocks the thread. `told` hears of
/// every step, `passing` of every second with the rate.
pub fn capacity_of(
    sends: &mut dyn Sends,
    plan: &Plan,
    rules: SearchRules,
    told: &mut dyn FnMut(&StepTold),
    passing: &mut dyn FnMut(&Interval, f64),
) -> Result<Capacity, CapacityError> {
    let closed = |scenario: &&Scenario| matches!(scenario.load, Load::Closed { .. });
    if let Some(scenario) = plan.scenarios.iter().find(closed) {
        return Err(CapacityError::Closed(scenario.name.clone()));
    }
    let defaults: Vec<Threshold> = DEFAULTS.iter().filter_map(|text| text.parse().ok()).collect();
    let wanted = if plan.thresholds.is_empty() { &defaults } else { &plan.thresholds };
    let objectives: Result<Vec<Objective>, _> = wanted.iter().map(Objective::of).collect();
    let objectives = objectives.map_err(CapacityError::Objective)?;
    let mut driven = Driven { sends, plan, told: passing };
    search(&plan.name, &mut driven, &objectives, rules, told).map_err(CapacityError::Load)
}

impl Steps for Driven<'_> {
    type Error = LoadError;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, LoadError> {
        let plan = at_rate(self.plan, rate, longest);
        let stop = self.sends.stop();
        let told = &mut self.told;
        let run = self.sends.send(plan, (rate, longest), &mut |progress| {
            told(progress.interval, rate);
            if enough(progress.interval) {
                stop.finish();
            }
        })?;
        let ended = self.sends.now();
        stop.resume();
        let verdict = Verdict::of(&run);
        // That it did not take all is what a target does beyond its capacity; all else is about the generator.
        let of_generator = |doubt: &&Doubt| !matches!(doubt, Doubt::TooFew { .. } | Doubt::Stopped);
        let doubt = verdict.doubts.iter().find(of_generator);
        Ok(StepEnd {
            between: (run.started, ended),
            doubt: doubt.map(ToString::to_string),
            stopped: stop.is_asked(),
        })
    }
}
