//! Steps of a search against a real target: the plan at one rate after the other.

use std::time::Duration;

use model::Kind;

use super::{Capacity, Objective, ObjectiveError, SearchRules, StepEnd, StepTold, Steps, search};
use crate::{
    engine::Engine,
    error::LoadError,
    plan::{Load, Plan, Threshold},
    record::Interval,
    schedule::Rate,
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

/// The engine as one who makes steps.
struct Driven<'e> {
    engine: &'e Engine,
    plan: &'e Plan,
    /// The rate of all scenarios together as the plan has it.
    whole: f64,
    told: &'e mut dyn FnMut(&Interval, f64),
}

/// Finds the highest rate of journeys at which the thresholds of a plan hold. Blocks the thread. `told` hears of
/// every step, `passing` of every second with the rate.
pub fn capacity_of(
    engine: &Engine,
    plan: &Plan,
    rules: SearchRules,
    told: &mut dyn FnMut(&StepTold),
    passing: &mut dyn FnMut(&Interval, f64),
) -> Result<Capacity, CapacityError> {
    let mut whole = 0.0;
    for scenario in &plan.scenarios {
        match &scenario.load {
            Load::Open { rate, .. } => whole += rate.greatest(),
            Load::Closed { .. } => return Err(CapacityError::Closed(scenario.name.clone())),
        }
    }
    let defaults: Vec<Threshold> = DEFAULTS.iter().filter_map(|text| text.parse().ok()).collect();
    let wanted = if plan.thresholds.is_empty() { &defaults } else { &plan.thresholds };
    let objectives: Result<Vec<Objective>, _> = wanted.iter().map(Objective::of).collect();
    let objectives = objectives.map_err(CapacityError::Objective)?;
    let mut driven = Driven { engine, plan, whole, told: passing };
    search(&plan.name, &mut driven, &objectives, rules, told).map_err(CapacityError::Load)
}

impl Driven<'_> {
    /// The plan with all its scenarios at their share of a rate.
    fn plan_at(&self, asked: f64, length: Duration) -> Plan {
        let mut plan = self.plan.clone();
        for scenario in &mut plan.scenarios {
            if let Load::Open { rate, .. } = &mut scenario.load {
                *rate = Rate::constant(asked * rate.greatest() / self.whole, length);
            }
        }
        plan.thresholds.clear();
        plan
    }
}

impl Steps for Driven<'_> {
    type Error = LoadError;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, LoadError> {
        let plan = self.plan_at(rate, longest);
        let stop = self.engine.stop.clone();
        let run = self.engine.run(plan, &mut |progress| {
            (self.told)(progress.interval, rate);
            if enough(progress.interval) {
                stop.finish();
            }
        })?;
        let ended = self.engine.clock.now();
        self.engine.stop.resume();
        let verdict = Verdict::of(&run);
        // That it did not take all is what a target does beyond its capacity; all else is about the generator.
        let doubt = verdict.doubts.iter().find(|doubt| !matches!(doubt, Doubt::TooFew { .. }));
        Ok(StepEnd {
            between: (run.started, ended),
            doubt: doubt.map(ToString::to_string),
            stopped: self.engine.stop.is_asked(),
        })
    }
}
