//! The shapes of objectives in our own API.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::super::views::{AlertView, TroubleView};

/// Every objective, worst first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectiveList {
    /// When this was put together.
    pub(crate) at: i64,
    /// The objectives.
    pub(crate) objectives: Vec<ObjectiveView>,
    /// Objectives that could not be counted just now, with the reason.
    pub(crate) troubles: Vec<TroubleView>,
}

/// One objective and where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ObjectiveView {
    /// Its name, also in addresses.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) title: String,
    /// The service it speaks of; possibly empty.
    pub(crate) service: String,
    /// Who keeps the promise.
    pub(crate) owner: String,
    /// What it means for the business; possibly empty.
    pub(crate) reason: String,
    /// The share of events that must be good.
    pub(crate) target: f64,
    /// The same as people say it: `99.9 %`.
    pub(crate) target_text: String,
    /// Over which time: `30d`, or `week`, `month`, `quarter`, `year`.
    pub(crate) period: String,
    /// When the period began.
    pub(crate) period_from: Option<i64>,
    /// How long it is.
    pub(crate) period_ms: Option<i64>,
    /// The part of it of which something is known.
    pub(crate) covered_ms: Option<i64>,
    /// `fine`, `low` (a quarter of the budget or less is left), `spent`, `burning` (too fast), `silent` (no data), `idle` (no
    /// events where there used to be some), or `waiting` (no data yet, and none are needed).
    pub(crate) state: String,
    /// The same as a level: `fine`, `notice`, `warning`, `critical` or `unknown`.
    pub(crate) level: String,
    /// One sentence on where it stands.
    pub(crate) text: String,
    /// What the budget says of releases: `free`, `warn` or `freeze`; nothing while nothing is known.
    pub(crate) policy: Option<String>,
    /// The end of the last minute that was counted.
    pub(crate) counted_at: Option<i64>,
    /// All events of the period.
    pub(crate) events: Option<f64>,
    /// Those that were bad.
    pub(crate) events_bad: Option<f64>,
    /// The share of good events.
    pub(crate) good_share: Option<f64>,
    /// The part of the budget that is left: 1 for all of it, below nought when more than all is spent.
    pub(crate) budget_left: Option<f64>,
    /// The same as people say it.
    pub(crate) budget_left_text: String,
    /// When nothing is left at the pace of the last hour; nothing if it does not burn.
    pub(crate) gone_at: Option<i64>,
    /// The same as people say it: `in 2d 3h`; possibly empty.
    pub(crate) gone_text: String,
    /// How fast the budget burns, the most urgent windows first.
    pub(crate) burns: Vec<BurnView>,
    /// How urgent its alerts may be: `page`, `ticket` or `none`.
    pub(crate) alerts: String,
    /// The part of the budget that was left over the last day, evenly spaced; nothing where nothing is known.
    pub(crate) spark: Vec<Option<f64>>,
    /// The time of the spark's first point.
    pub(crate) spark_from: i64,
    /// The time between its points.
    pub(crate) spark_step: i64,
}

/// How fast a budget burns over a pair of windows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BurnView {
    /// `page` or `ticket`: how urgent it is when it burns too fast here.
    pub(crate) severity: String,
    /// The long window.
    pub(crate) long_ms: i64,
    /// The short one, which must agree.
    pub(crate) short_ms: i64,
    /// Both as people say them: `1h and 5m`.
    pub(crate) windows_text: String,
    /// So many times faster than the period allows is too fast.
    pub(crate) factor: f64,
    /// How many times faster than allowed it burns over the long window; nothing without events.
    pub(crate) rate_long: Option<f64>,
    /// The same over the short one.
    pub(crate) rate_short: Option<f64>,
    /// All events of the long window.
    pub(crate) events: f64,
    /// Those that were bad.
    pub(crate) events_bad: f64,
    /// Whether the events are enough to be sure with 95 % confidence that it burns too fast over the long window.
    pub(crate) sure: bool,
    /// Whether it burns too fast in both windows, and that is sure.
    pub(crate) too_fast: bool,
}

/// One objective with everything behind it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectiveDetail {
    /// Where it stands.
    pub(crate) objective: ObjectiveView,
    /// What is counted: `good`, `bad` or `value`.
    pub(crate) kind: String,
    /// PromQL by key: `good` or `bad` and `total`, or `value`.
    pub(crate) exprs: BTreeMap<String, String>,
    /// How a `value` is compared: `below`, `at_most`, `at_least`, `above`.
    pub(crate) test: Option<String>,
    /// With what.
    pub(crate) line: Option<f64>,
    /// The same with its unit.
    pub(crate) line_text: Option<String>,
    /// Its alerts.
    pub(crate) alerts: Vec<AlertView>,
}

/// An objective's past, in steps of equal length.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectiveHistory {
    /// The beginning of the first step.
    pub(crate) from: i64,
    /// The end of the last.
    pub(crate) to: i64,
    /// The length of a step: minutes of the last three days, else hours.
    pub(crate) step: i64,
    /// The end of each step.
    pub(crate) times: Vec<i64>,
    /// All events in it.
    pub(crate) events: Vec<Option<f64>>,
    /// Those that were bad.
    pub(crate) events_bad: Vec<Option<f64>>,
    /// The part of the period's budget that was left at its end.
    pub(crate) budget_left: Vec<Option<f64>>,
}

/// Which events cost the budget.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectiveCosts {
    /// From when on they were counted.
    pub(crate) from: i64,
    /// Until when.
    pub(crate) to: i64,
    /// Labels, the one that tells most first; eight at most.
    pub(crate) labels: Vec<CostLabelView>,
}

/// A label, and what its values cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostLabelView {
    /// The label.
    pub(crate) label: String,
    /// Its values, the dearest first; eight at most.
    pub(crate) values: Vec<CostView>,
}

/// What events with one value of a label cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostView {
    /// The value; empty where the label is missing.
    pub(crate) value: String,
    /// Bad events with it.
    pub(crate) bad: f64,
    /// All events with it.
    pub(crate) events: f64,
    /// Its part of all bad events.
    pub(crate) share_of_bad: f64,
    /// Its part of all events.
    pub(crate) share_of_events: f64,
}
