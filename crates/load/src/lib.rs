//! What a service bears: load tests that can be believed.
//!
//! A [`Plan`] says what is sent and how much of it; [`run`] sends it and writes down, for every request, how long a
//! user waited from the moment the request was due, how long the target took, and how late the generator was. A
//! [`Verdict`] says whether the run can be believed at all and which rules it kept.

mod capacity;
mod compare;
mod engine;
mod error;
mod fleet;
mod journey;
mod plan;
mod record;
mod report;
mod schedule;
mod verdict;

use plan::target;

pub use capacity::{
    Capacity, CapacityError, Demand, Objective, ObjectiveError, SearchEnding, SearchRules, Sends,
    StepEnd, StepTold, StepVerdict, Steps, Usl, Watched, capacity_json, capacity_of, capacity_text,
    demands, search, step_text,
};
pub use compare::{
    Budget, BudgetError, BudgetWord, Change, Compared, Figure, Impact, Kept, KeptError, Outcome,
    OutcomeWord, ResourceImpact, Rules, Seen, Taken, TakenOf, compare, compared_json,
    compared_markdown, compared_text, impact, impact_json, impact_text, taken, taken_json,
    taken_text,
};
pub use engine::{Ending, Engine, Pace, Progress, Run, Stop};
pub use error::LoadError;
pub use fleet::{Fleet, FleetError, Job, Worker, serve_one};
pub use journey::{
    BodyText, Check, Extract, Feed, FeedError, Journey, JsonPath, JsonPathError, Order, Pause,
    Prepared, Request, RequestError, Scope, Source, Step, Template, TemplateError, Values,
};
pub use plan::{
    Comparison, Connections, IN_FLIGHT_MAX, Import, ImportError, ImportFormat, Limits, Load,
    Measure, Plan, Profile, ProfileError, Protocol, Quick, QuickError, Scenario, Shape, Threshold,
    ThresholdError, Trust, import,
};
pub use record::{Ended, Interval, Recording, Timeline, Times, TimesTold, Told, Trouble, Troubles};
pub use report::{
    Beside, hgrm, html, json, junit, markdown, progress, resources_json, resources_text, text,
};
pub use schedule::{Arrival, Arrivals, Phase, RATE_MAX, Rate, Spacing, Stripe};
pub use target::{Allowed, AllowedError, Origin, is_named, may_contact};
pub use verdict::{
    Doubt, Judged, Recovery, Trend, Verdict, Watch, Watching, Word, recovery, trend,
};
