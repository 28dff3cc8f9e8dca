//! What is said beside an answer if somebody wants it: figures as Prometheus has them, and how it came about.

use query::{Explained, PlanNode};
use serde_json::{Value, json};

use super::params::Params;

/// What a request wants besides its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// That nothing is used that was computed before: `nocache=1`.
    pub(super) fresh: bool,
    /// Anything of what follows.
    pub(super) more: bool,
    kind: More,
}

/// `stats=all`, `explain=1`, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Nothing,
    Stats,
    Plan,
    Both,
}

impl Wish {
    pub(super) fn of(params: &Params) -> Self {
        let on =
            |name: &str| params.get(name).is_some_and(|value| value != "0" && value != "false");
        let kind = match (on("stats"), on("explain")) {
            (false, false) => More::Nothing,
            (true, false) => More::Stats,
            (false, true) => More::Plan,
            (true, true) => More::Both,
        };
        Self { fresh: on("nocache"), more: kind != More::Nothing, kind }
    }

    /// What is said beside the result.
    pub(super) fn beside(self, told: &Explained) -> Vec<(&'static str, Value)> {
        let mut beside = Vec::new();
        if matches!(self.kind, More::Stats | More::Both) {
            beside.push(("stats", stats(told)));
        }
        if matches!(self.kind, More::Plan | More::Both) {
            beside.push(("explain", explained(told)));
        }
        beside
    }
}

/// As Prometheus has it. Its peak is of samples, of which ours takes sixteen bytes each.
fn stats(told: &Explained) -> Value {
    let (parse, run) = (told.parse_time.as_secs_f64(), told.run_time.as_secs_f64());
    json!({
        "timings": {
            "evalTotalTime": run,
            "resultSortTime": 0.0,
            "queryPreparationTime": parse,
            "innerEvalTime": run,
            "execQueueTime": 0.0,
            "execTotalTime": parse + run,
        },
        "samples": {
            "totalQueryableSamples": told.samples,
            "peakSamples": told.bytes_peak.div_ceil(16),
        },
    })
}

fn explained(told: &Explained) -> Value {
    json!({
        "samples": told.samples,
        "bytesPeak": told.bytes_peak,
        "reusedSteps": told.reused_steps,
        "parseSeconds": told.parse_time.as_secs_f64(),
        "runSeconds": told.run_time.as_secs_f64(),
        "plan": node(&told.plan),
    })
}

fn node(plan: &PlanNode) -> Value {
    json!({
        "node": plan.what,
        "at": plan.at.map(|at| at.to_string()),
        "seriesIn": plan.series_in,
        "seriesOut": plan.series_out,
        "samples": plan.samples,
        "bytes": plan.bytes,
        "seconds": plan.time.as_secs_f64(),
        "folded": plan.folded_above,
        "inputs": plan.inputs.iter().map(node).collect::<Vec<_>>(),
    })
}
