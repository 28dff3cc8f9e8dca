//! The shapes of our own API. Times are milliseconds since 1970, shares go from 0 to 1, words are lower case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    alerts::views::{ChangeView, EvidenceView},
    resources::record::RecordView,
};

/// The first page: is anything wrong, how much room is left, what changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// When this was put together.
    pub(crate) at: i64,
    /// When the server started.
    pub(crate) started_at: i64,
    /// The host it watches.
    pub(crate) host: String,
    /// The answer to «is anything wrong now».
    pub(crate) verdict: Verdict,
    /// Alerts in short.
    pub(crate) alerts: AlertsInShort,
    /// Resources in short.
    pub(crate) resources: ResourcesInShort,
    /// What changed last, newest first, ten at most; alerts are apart.
    pub(crate) changes: Vec<ChangeView>,
    /// What is being watched.
    pub(crate) watching: Watching,
}

/// One sentence and how bad it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verdict {
    /// `fine`, `notice`, `warning`, `critical`, or `unknown` while nothing has been measured yet.
    pub(crate) level: String,
    /// The sentence.
    pub(crate) text: String,
    /// Since when it has been so, if something is wrong.
    pub(crate) since: Option<i64>,
}

/// Alerts in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertsInShort {
    /// How many are firing.
    pub(crate) firing: usize,
    /// How many are waiting for their time to be up.
    pub(crate) pending: usize,
    /// The worst, five at most.
    pub(crate) worst: Vec<AlertView>,
}

/// Resources in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourcesInShort {
    /// How many there are.
    pub(crate) total: usize,
    /// How many stand at each level.
    pub(crate) by_level: ByLevel,
    /// The worst, eight at most, worst first.
    pub(crate) worst: Vec<ResourceView>,
}

/// A count for each level.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ByLevel {
    pub(crate) fine: usize,
    pub(crate) notice: usize,
    pub(crate) warning: usize,
    pub(crate) critical: usize,
    pub(crate) unknown: usize,
}

/// What is being watched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Watching {
    /// Targets that answer, this host included.
    pub(crate) targets_up: usize,
    /// Targets that do not.
    pub(crate) targets_down: usize,
    /// Series with samples lately.
    pub(crate) series: u64,
    /// Samples taken in each second, over the last minute.
    pub(crate) samples_per_second: f64,
    /// The time of the oldest sample kept.
    pub(crate) oldest_sample: Option<i64>,
}

/// Every resource, worst first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceList {
    /// When this was put together.
    pub(crate) at: i64,
    /// The resources.
    pub(crate) resources: Vec<ResourceView>,
    /// Declarations that could not be read just now, with the reason.
    pub(crate) troubles: Vec<TroubleView>,
}

/// Something that could not be evaluated.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TroubleView {
    /// What: a resource's name or a rule.
    pub(crate) subject: String,
    /// Why.
    pub(crate) error: String,
}

/// One resource's reading and outlook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ResourceView {
    /// Its identity in addresses; the same after a restart.
    pub(crate) id: String,
    /// The declaration's name.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) title: String,
    /// What tells it from others of its declaration.
    pub(crate) labels: BTreeMap<String, String>,
    /// The unit of `used`, `limit` and `headroom`.
    pub(crate) unit: String,
    /// `stock` or `flow`.
    pub(crate) nature: String,
    /// Who looks after it.
    pub(crate) owner: String,
    /// In use.
    pub(crate) used: Option<f64>,
    /// The limit.
    pub(crate) limit: Option<f64>,
    /// Used over limit.
    pub(crate) share: Option<f64>,
    /// What is left.
    pub(crate) headroom: Option<f64>,
    /// When it was read.
    pub(crate) at: i64,
    /// `fine`, `notice`, `warning`, `critical` or `unknown`.
    pub(crate) level: String,
    /// The figures as people say them.
    pub(crate) used_text: String,
    pub(crate) limit_text: String,
    pub(crate) headroom_text: String,
    pub(crate) share_text: String,
    /// The lines drawn on it, as shares.
    pub(crate) thresholds: ThresholdsView,
    /// The share over the last hour, evenly spaced, nothing where nothing was read.
    pub(crate) spark: Vec<Option<f64>>,
    /// The time of the spark's first point.
    pub(crate) spark_from: i64,
    /// The time between its points.
    pub(crate) spark_step: i64,
    /// When its critical line is reached.
    pub(crate) outlook: OutlookView,
}

/// The lines drawn on a resource, as shares of its limit.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct ThresholdsView {
    pub(crate) notice: f64,
    pub(crate) warning: f64,
    pub(crate) alert: f64,
    pub(crate) critical: f64,
}

/// When a line is reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OutlookView {
    /// `now`, `expected`, `not_before`, `not_filling` or `too_little_history`.
    pub(crate) kind: String,
    /// As people say it.
    pub(crate) text: String,
    /// The share it speaks of.
    pub(crate) line: f64,
    pub(crate) earliest: Option<i64>,
    pub(crate) likely: Option<i64>,
    pub(crate) latest: Option<i64>,
    /// When there will be enough history, if there is too little.
    pub(crate) ready_at: Option<i64>,
    /// The same sentence for the warning line.
    pub(crate) warning_text: String,
    /// The same sentence for the limit itself.
    pub(crate) limit_text: String,
}

/// One resource with everything behind it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceDetail {
    /// Its reading and outlook.
    pub(crate) resource: ResourceView,
    /// PromQL for what is in use.
    pub(crate) used_expr: String,
    /// PromQL for the limit.
    pub(crate) limit_expr: String,
    /// What to do when it runs short.
    pub(crate) advice: String,
    /// How long a line must be crossed before it is an alert.
    pub(crate) hold_ms: i64,
    /// How long it takes to get more of it.
    pub(crate) lead_time_ms: i64,
    /// Its alerts.
    pub(crate) alerts: Vec<AlertView>,
    /// Its future.
    pub(crate) forecast: ForecastView,
}

/// A future, or what is missing to tell it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ForecastView {
    /// `ready` or `too_little_history`.
    pub(crate) kind: String,
    /// The time of the last value it knows.
    pub(crate) from: Option<i64>,
    /// The time between points.
    pub(crate) step: Option<i64>,
    /// How sure the interval is.
    pub(crate) confidence: Option<f64>,
    /// The model that made it.
    pub(crate) model: Option<String>,
    /// Its mean absolute error over the recorded past, in the resource's unit.
    pub(crate) error_past: Option<f64>,
    /// How many times it was tried on the recorded past.
    pub(crate) trials: Option<usize>,
    /// Time, low, middle, high.
    pub(crate) points: Vec<[f64; 4]>,
    /// How much history there is.
    pub(crate) have_ms: Option<i64>,
    /// How much it takes.
    pub(crate) need_ms: Option<i64>,
    /// When there will be enough.
    pub(crate) ready_at: Option<i64>,
    /// What was left out of the past, bridged, or taken from changes and the calendar: a sentence each.
    pub(crate) notes: Vec<String>,
    /// When each line is reached.
    pub(crate) outlooks: Vec<LineView>,
    /// How earlier forecasts of it have fared.
    pub(crate) record: RecordView,
}

/// When one line is reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LineView {
    /// `warning`, `critical` or `limit`.
    pub(crate) line: String,
    /// Its share.
    pub(crate) share: f64,
    /// As people say it.
    pub(crate) text: String,
    pub(crate) earliest: Option<i64>,
    pub(crate) likely: Option<i64>,
    pub(crate) latest: Option<i64>,
    /// The earliest and the latest with 80 % confidence.
    pub(crate) earliest_80: Option<i64>,
    pub(crate) latest_80: Option<i64>,
    /// How likely it is reached within the resource's lead time, from 0 to 1; nothing where that lies beyond the horizon.
    pub(crate) chance_lead: Option<f64>,
    /// How likely it is reached by then, from 0 to 1: moments, evenly spread up to the horizon, each with its chance.
    pub(crate) chances: Vec<[f64; 2]>,
}

/// A resource's past, at most one point per asked-for column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The time between points.
    pub(crate) step: i64,
    pub(crate) times: Vec<i64>,
    /// The mean over each step.
    pub(crate) used: Vec<Option<f64>>,
    pub(crate) used_min: Vec<Option<f64>>,
    pub(crate) used_max: Vec<Option<f64>>,
    /// The last limit in each step.
    pub(crate) limit: Vec<Option<f64>>,
}

/// Alerts that hold, and those that ended lately.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertList {
    pub(crate) at: i64,
    /// Firing and pending, worst first.
    pub(crate) active: Vec<AlertView>,
    /// Resolved, newest first.
    pub(crate) recent: Vec<AlertView>,
}

/// One alert.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AlertView {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The rule it comes from.
    pub(crate) source: String,
    /// `info`, `warning` or `critical`.
    pub(crate) severity: String,
    /// `pending`, `firing` or `resolved`.
    pub(crate) state: String,
    /// Whether receivers are told of it.
    pub(crate) told: bool,
    /// Why nobody is told of it now: silences, the alert that stands for it, silent times. Nothing if people are.
    pub(crate) quiet_because: Vec<String>,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) value: Option<f64>,
    /// What speaks for it besides its value, from the moment it fired on.
    pub(crate) evidence: EvidenceView,
    pub(crate) active_at: i64,
    pub(crate) fired_at: Option<i64>,
    pub(crate) resolved_at: Option<i64>,
    /// The PromQL behind it.
    pub(crate) expr: Option<String>,
    /// The resource it speaks of.
    pub(crate) resource_id: Option<String>,
}

/// What is collected from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TargetList {
    pub(crate) at: i64,
    pub(crate) targets: Vec<TargetView>,
    /// What is wrong with discovery files.
    pub(crate) complaints: Vec<String>,
}

/// One target.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TargetView {
    pub(crate) job: String,
    pub(crate) instance: String,
    /// Where it is scraped; `host` for this machine.
    pub(crate) url: String,
    pub(crate) labels: BTreeMap<String, String>,
    /// `up`, `down` or `unknown`.
    pub(crate) health: String,
    pub(crate) last_scrape: Option<i64>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) samples: Option<u64>,
    pub(crate) error: Option<String>,
    pub(crate) interval_ms: i64,
}

/// How the server itself is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusView {
    pub(crate) version: String,
    pub(crate) started_at: i64,
    pub(crate) uptime_ms: i64,
    pub(crate) host: String,
    /// Memory the process holds.
    pub(crate) memory_bytes: u64,
    pub(crate) store: StoreView,
    pub(crate) journal: super::super::own::status::JournalView,
    /// Messages that receivers have not taken yet; 0 while the journal cannot be read.
    pub(crate) messages_waiting: u64,
    /// Pages that listen for live updates.
    pub(crate) listeners: usize,
    /// Rules and resources that could not be evaluated just now.
    pub(crate) troubles: Vec<TroubleView>,
}

/// How the store is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreView {
    pub(crate) series: u64,
    pub(crate) samples: u64,
    pub(crate) parts: u64,
    pub(crate) bytes_on_disk: u64,
    pub(crate) blocks_quarantined: u64,
    /// Why it refuses writes, if it does.
    pub(crate) poisoned: Option<String>,
}

/// What a person typed to be let in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignIn {
    /// The token the server was started with.
    pub(crate) token: String,
}
