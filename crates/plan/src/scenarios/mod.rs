//! Scenarios: what a roadmap, a sales pipeline and growth do to each resource, month by month, by many draws.

mod basis;
mod outcome;
mod read;
mod run;
mod worth;

use model::{Relation, Share, Span, Time, Unit};

pub use basis::{Basis, LearntBasis, LimitOf, ScenarioBasis, ScenarioPast};
pub use outcome::{Bar, Month, Outcome, ResourceOutcome, Spread};
pub use run::{run_scenario, run_scenario_knowing};

/// Draws that are made unless a file says otherwise.
pub(crate) const DRAWS: usize = 10_000;
/// No more cells (draws × months × resources) are held, which is 160 MB.
pub(crate) const CELLS_MAX: usize = 20_000_000;

/// Between which values something lies, and where it most likely does: a triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triangle {
    /// The least.
    pub low: f64,
    /// The likeliest.
    pub mode: f64,
    /// The most.
    pub high: f64,
}

/// A scenario, as a file describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// When its first month begins.
    pub start: Time,
    /// How many months it looks at.
    pub months: usize,
    /// How many draws are made.
    pub draws: usize,
    /// The seed of chance.
    pub seed: u64,
    /// What money is called.
    pub money: String,
    /// How alike the fates of deals are, as a correlation. An assumption: nothing here measures it.
    pub alike: f64,
    /// By what part money of a year ahead is worth less.
    pub discount: f64,
    /// The service whose load line tells how resources follow, where their drivers are not recorded.
    pub service: Option<String>,
    /// What load follows.
    pub drivers: Vec<ScenarioDriver>,
    /// What it needs.
    pub resources: Vec<ScenarioResource>,
    /// What may happen.
    pub events: Vec<Event>,
}

/// A business figure in a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioDriver {
    /// Its name.
    pub name: String,
    /// Its value at the start.
    pub now: f64,
    /// By what part of itself it grows a month.
    pub growth: Triangle,
    /// By what part single months differ, as a standard deviation.
    pub noise: f64,
    /// PromQL for what it really is, by which a frozen plan is followed.
    pub measured: Option<String>,
}

/// A resource in a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioResource {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it counts.
    pub unit: Unit,
    /// The place of the driver it follows; nothing for one that grows by itself.
    pub follows: Option<usize>,
    /// How it follows.
    pub relation: Relation,
    /// By what part of itself it grows a month beside what it follows.
    pub growth: Triangle,
    /// How much is used at the start.
    pub now: f64,
    /// How much there is.
    pub limit: f64,
    /// The share of it that is meant to be used.
    pub target: Share,
    /// How long it takes to get more.
    pub lead_time: Span,
    /// What it costs a month as it is.
    pub cost_month: f64,
    /// What a month costs in which use lies above the limit.
    pub over_month_cost: f64,
    /// In which portions more is bought.
    pub step: Option<Portion>,
    /// PromQL for how much is really used, by which a frozen plan is followed.
    pub measured: Option<String>,
}

/// A portion of a resource.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Portion {
    /// How much more there is.
    pub add: f64,
    /// What it costs a month.
    pub cost_month: f64,
    /// What it costs once, when it is bought.
    pub cost_once: f64,
}

/// Something that may happen: a launch, a deal.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What people call it.
    pub name: String,
    /// Whether it is a deal: deals are won and lost together a little, since all depend on the same market.
    pub deal: bool,
    /// How likely it happens.
    pub probability: Share,
    /// When, in months from the start.
    pub month: Triangle,
    /// Over how many months it takes effect.
    pub ramp: f64,
    /// What it does, by the places of drivers.
    pub effects: Vec<Effect>,
}

/// How far a moment lies from another in calendar months, with the part of the month that has begun.
pub(crate) fn months_between(start: Time, time: Time) -> f64 {
    let ((years, months, _), (from_years, from_months, _)) = (time.date(), start.date());
    let mut whole = (years - from_years) * 12 + i64::from(months) - i64::from(from_months);
    if start.months_later(whole) > time {
        whole -= 1;
    }
    let (begins, ends) = (start.months_later(whole), start.months_later(whole + 1));
    let width = ends.since(begins).as_secs().max(1.0);
    whole as f64 + time.since(begins).as_secs() / width
}

/// When the month of this place (from 0) begins.
pub(crate) fn month_begins(start: Time, month: usize) -> Time {
    start.months_later(i64::try_from(month).unwrap_or(i64::MAX))
}

/// What an event does to a driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The place of the driver.
    pub driver: usize,
    /// By how much: a part of itself, or an amount.
    pub size: Triangle,
    /// Whether the size is a part of the driver itself.
    pub part: bool,
}
