//! The shapes of load tests in the API.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::runs::{GateRun, LiveRow, RunTold};

/// Load tests that are over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunList {
    pub(super) at: i64,
    /// Newest first.
    pub(super) runs: Vec<RunView>,
    /// `before` of the next question; nothing if these were all.
    pub(super) next: Option<i64>,
}

/// A load test that is over.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct RunView {
    pub(super) run: RunTold,
    /// Whether it is the baseline of its plan.
    pub(super) baseline: bool,
    /// Whether its report is on this server's shelf.
    pub(super) report_kept: bool,
    /// Whether its page is.
    pub(super) page_kept: bool,
    /// What the gate that it is a run of came to: `passed`, `failed` or `refused`; until it comes to that `goes_on`, or
    /// `broken_off` where nothing was heard of it for two minutes. Nothing for a run of no gate.
    pub(super) gate_verdict: Option<String>,
}

/// A load test with its report.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct RunDetail {
    pub(super) run: RunTold,
    pub(super) baseline: bool,
    /// The baseline of its plan, if there is one.
    pub(super) baseline_of_plan: Option<String>,
    pub(super) report_kept: bool,
    pub(super) page_kept: bool,
    /// The report as docs/reference/load-json.md has it, without the histograms of each second; nothing if it is not
    /// here any more.
    #[schema(value_type = Option<Object>)]
    pub(super) report: Option<Value>,
    /// Why the report cannot be read although it is here.
    pub(super) damage: Option<String>,
}

/// The report of a load test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunSent {
    /// The id under which it was live; a new one if not given.
    pub(super) id: Option<String>,
    /// The JSON report as `plimsoll load --json` writes it.
    #[schema(value_type = Object)]
    pub(super) report: Value,
    /// The page as `plimsoll load --html` writes it.
    pub(super) page: Option<String>,
    /// The service it was about.
    pub(super) service: Option<String>,
    /// The release that was tested.
    pub(super) release: Option<String>,
    /// Who ran it.
    pub(super) by: Option<String>,
    /// The gate that it is a run of, if it is.
    pub(super) gate: Option<GateRun>,
}

/// Who asks for something.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct By {
    /// Who asks.
    #[serde(default)]
    pub(super) by: String,
    /// Why.
    #[serde(default)]
    pub(super) why: String,
}

/// A load test that begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunBegins {
    /// The plan's name.
    pub(super) plan: String,
    pub(super) service: Option<String>,
    pub(super) release: Option<String>,
    /// Who runs it, and where.
    #[serde(default)]
    pub(super) by: String,
    /// Who is put under load.
    pub(super) targets: Vec<String>,
    /// How long journeys begin.
    pub(super) seconds: f64,
    /// The gate that it is a run of, if it is.
    pub(super) gate: Option<GateRun>,
}

/// What a run tells while it goes on, and hears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunTells {
    /// Seconds that were not told yet.
    #[serde(default)]
    pub(super) rows: Vec<LiveRow>,
}

/// The answer to a run that tells.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunHears {
    pub(super) id: String,
    /// Whether it is to stop at once.
    pub(super) stop: bool,
    /// Why.
    pub(super) why: Option<String>,
}

/// Load tests that go on now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveList {
    pub(super) at: i64,
    /// Whether all load is stopped.
    pub(super) stopping: StopView,
    /// The newest first, without their seconds.
    pub(super) runs: Vec<LiveView>,
}

/// A load test that goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveView {
    pub(super) id: String,
    pub(super) plan: String,
    pub(super) service: Option<String>,
    pub(super) release: Option<String>,
    pub(super) by: String,
    pub(super) targets: Vec<String>,
    /// When it began, in milliseconds since 1970.
    pub(super) started: i64,
    /// How long journeys begin.
    pub(super) seconds: f64,
    /// The gate that it is a run of, if it is.
    pub(super) gate: Option<GateRun>,
    /// `running`, `stopping`, `ended` (its report is here) or `lost` (nothing was heard of it for 10 s).
    pub(super) state: String,
    /// Why it is to stop.
    pub(super) why: Option<String>,
    pub(super) heard: i64,
    /// What it told last.
    pub(super) last: Option<LiveRow>,
    /// Its seconds, 600 at most; empty in lists.
    pub(super) rows: Vec<LiveRow>,
}

/// Whether all load is stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StopView {
    /// While this is true nothing may begin.
    pub(super) held: bool,
    /// When it was stopped or released last.
    pub(super) at: Option<i64>,
    pub(super) by: String,
    pub(super) why: String,
    /// How many runs were told to stop by this request.
    pub(super) stopped: usize,
}

/// Several runs over each other, second by second from their beginnings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overlay {
    pub(super) runs: Vec<OverlayRun>,
}

/// One run of an overlay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverlayRun {
    pub(super) id: String,
    pub(super) plan: String,
    pub(super) release: Option<String>,
    pub(super) started: i64,
    /// How many seconds each place of the lists below covers.
    pub(super) row_seconds: u64,
    /// And the last of them, which is cut off where the run ended.
    pub(super) last_seconds: f64,
    /// Requests sent, a second.
    pub(super) sent: Vec<Option<f64>>,
    /// Requests answered as they should, a second.
    pub(super) good: Vec<Option<f64>>,
    /// Requests that failed, a second.
    pub(super) failed: Vec<Option<f64>>,
    /// Requests on their way at the end.
    pub(super) in_flight: Vec<Option<f64>>,
    pub(super) response_p50_ms: Vec<Option<f64>>,
    pub(super) response_p95_ms: Vec<Option<f64>>,
    pub(super) response_p99_ms: Vec<Option<f64>>,
}

/// Two runs compared, as docs/reference/load-json.md has it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RunComparison {
    pub(super) schema: String,
    /// `no change`, `better`, `worse` or `refused`.
    pub(super) word: String,
    pub(super) exit_code: u8,
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
    /// Why nothing can be said.
    pub(super) refused: Vec<String>,
    /// Smaller changes matter to nobody.
    pub(super) relevant: f64,
    pub(super) noise: f64,
    pub(super) figures: Vec<ComparedFigure>,
}

/// One figure of two runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ComparedFigure {
    /// Which step; all together if not said.
    pub(super) step: Option<String>,
    pub(super) figure: String,
    pub(super) before: Option<f64>,
    pub(super) after: Option<f64>,
    /// A part of `before`; of shares the difference.
    pub(super) difference: Option<f64>,
    /// Between these it lies, 19 times of 20.
    pub(super) between: [Option<f64>; 2],
    /// The smallest difference that would have been found four times of five.
    pub(super) detectable: Option<f64>,
    pub(super) likelihood: Option<f64>,
    /// `none`, `better` or `worse`.
    pub(super) change: String,
}
