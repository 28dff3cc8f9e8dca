//! What the journal keeps of a load test: who was asked for what, what came out, and where the report is.

use journal::Event;
use load::{Kept, KeptError};
use model::{Kind, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::BROKEN_OFF;

/// Bytes of one text at most.
const TEXT_BYTES_MAX: usize = 500;
/// Targets, doubts and rules that are kept of one run; the report has all.
const LISTED_MAX: usize = 100;

/// A load test that is over, version 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RunTold {
    pub(crate) version: u32,
    pub(crate) id: String,
    /// The plan's name; runs of one plan have one baseline.
    pub(crate) plan: String,
    /// The service it was about, if anybody said.
    pub(crate) service: Option<String>,
    /// The release that was tested, if anybody said.
    pub(crate) release: Option<String>,
    /// Who ran it, and where.
    pub(crate) by: String,
    /// When it began, in milliseconds since 1970.
    pub(crate) started: i64,
    pub(crate) took_seconds: f64,
    /// When the server was told.
    pub(crate) told_at: i64,
    /// `passed`, `failed`, `invalid`, `unanswered` or `broken_off` (its report never came).
    pub(crate) word: String,
    pub(crate) exit_code: i64,
    /// `done`, `stopped`, `aborted` or `lost`.
    pub(crate) ending: String,
    /// `open`, `closed` or `mixed`.
    pub(crate) model: String,
    pub(crate) profile: Option<String>,
    /// How many times shorter than the profile it was; more than 1 is no baseline.
    pub(crate) compressed: Option<f64>,
    pub(crate) targets: Vec<String>,
    /// Why it cannot be compared and is no baseline; nothing if it can.
    pub(crate) unfit: Option<String>,
    pub(crate) figures: RunFigures,
    /// Why it cannot be believed.
    pub(crate) doubts: Vec<String>,
    pub(crate) rules: Vec<RunRule>,
    /// SHA-256 of the report as it was sent.
    pub(crate) report_sha256: String,
    pub(crate) report_bytes: u64,
    /// The server whose shelf has the report.
    pub(crate) kept_by: String,
    /// The gate that it is a run of, if it is.
    #[serde(default)]
    pub(crate) gate: Option<GateRun>,
}

/// Which run of a gate one is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateRun {
    /// The gate's id.
    pub(crate) id: String,
    /// `before` or `after`.
    pub(crate) side: String,
    /// Which in turn, from 1.
    pub(crate) round: u32,
}

/// What came out, in short.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RunFigures {
    pub(crate) good: u64,
    pub(crate) failed: u64,
    pub(crate) failed_share: Option<f64>,
    pub(crate) good_per_second: Option<f64>,
    pub(crate) body_bytes: u64,
    /// From due to done.
    pub(crate) response_p50_ms: Option<f64>,
    pub(crate) response_p95_ms: Option<f64>,
    pub(crate) response_p99_ms: Option<f64>,
    pub(crate) response_max_ms: Option<f64>,
}

/// A rule of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RunRule {
    pub(crate) rule: String,
    pub(crate) value: Option<f64>,
    pub(crate) bound: Option<f64>,
    pub(crate) kept: bool,
}

/// What is known of a run besides its report.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunNotes {
    pub(crate) id: String,
    pub(crate) service: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) by: String,
    pub(crate) told_at: Time,
    pub(crate) kept_by: String,
    pub(crate) gate: Option<GateRun>,
}

/// A document that is no report of a load test.
#[derive(Debug, thiserror::Error)]
#[error("this is no report of a load test")]
pub(crate) struct NotTold(#[from] KeptError);

impl NotTold {
    pub(crate) fn kind(&self) -> Kind {
        self.0.kind()
    }
}

impl RunTold {
    /// What is kept of a report.
    pub(crate) fn of(document: &Value, text: &[u8], notes: RunNotes) -> Result<Self, NotTold> {
        let kept = Kept::of("the report", document)?;
        let plan = &document["plan"];
        let listed = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let rules = listed(&document["verdict"]["rules"]);
        let doubts = listed(&document["verdict"]["doubts"]);
        Ok(Self {
            version: 1,
            id: notes.id,
            plan: text_of(&plan["name"]),
            service: notes.service.map(|name| bounded(&name)),
            release: notes.release.map(|name| bounded(&name)),
            by: bounded(&notes.by),
            started: kept.started_ms,
            took_seconds: document["took_seconds"].as_f64().unwrap_or_default(),
            told_at: notes.told_at.millis(),
            // That a run broke off is for the server to say.
            word: bounded(&kept.word).replace(BROKEN_OFF, "invalid"),
            exit_code: document["verdict"]["exit_code"].as_i64().unwrap_or_default(),
            ending: text_of(&document["ending"]["how"]),
            model: text_of(&plan["model"]),
            profile: plan["profile"].as_str().map(bounded),
            compressed: plan["compressed"].as_f64(),
            targets: listed(&plan["targets"]).iter().take(LISTED_MAX).map(text_of).collect(),
            unfit: kept.unfit,
            figures: figures(&document["requests"]),
            doubts: doubts.iter().take(LISTED_MAX).map(|own| text_of(&own["text"])).collect(),
            rules: rules.iter().take(LISTED_MAX).map(rule).collect(),
            report_sha256: hex(&Sha256::digest(text)),
            report_bytes: text.len() as u64,
            kept_by: notes.kept_by,
            gate: notes.gate,
        })
    }

    /// Whether this text is the report that was sent.
    pub(crate) fn is_told_by(&self, text: &[u8]) -> bool {
        self.report_sha256 == hex(&Sha256::digest(text))
    }

    /// The run that an event speaks of.
    pub(crate) fn read(event: &Event) -> Option<Self> {
        serde_json::from_value(event.body.clone()).ok()
    }
}

fn figures(told: &Value) -> RunFigures {
    let response = &told["response"];
    RunFigures {
        good: told["good"].as_u64().unwrap_or_default(),
        failed: told["failed"].as_u64().unwrap_or_default(),
        failed_share: told["failed_share"].as_f64(),
        good_per_second: told["good_per_second"].as_f64(),
        body_bytes: told["body_bytes"].as_u64().unwrap_or_default(),
        response_p50_ms: response["p50_ms"].as_f64(),
        response_p95_ms: response["p95_ms"].as_f64(),
        response_p99_ms: response["p99_ms"].as_f64(),
        response_max_ms: response["max_ms"].as_f64(),
    }
}

fn rule(told: &Value) -> RunRule {
    RunRule {
        rule: text_of(&told["rule"]),
        value: told["value"].as_f64(),
        bound: told["bound"].as_f64(),
        kept: told["kept"].as_bool().unwrap_or_default(),
    }
}

fn text_of(value: &Value) -> String {
    bounded(value.as_str().unwrap_or_default())
}

/// A text of bounded length.
pub(super) fn bounded(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Bytes as people compare them.
pub(super) fn hex(bytes: &[u8]) -> String {
    let nibble = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)]).collect()
}

#[cfg(test)]
pub(crate) fn report_for_tests(plan: &str, p95_ms: f64) -> Value {
    serde_json::json!({
        "schema": "plimsoll.load/1",
        "plan": {"name": plan, "model": "open", "profile": null, "compressed": null, "targets": ["http://localhost"],
            "scenarios": [{"name": "a", "seconds": 2.0,
                "load": {"model": "open", "arrivals": 20.0, "rate_max": 10.0}}]},
        "started_ms": 1_000, "took_seconds": 2.0, "ending": {"how": "done"},
        "verdict": {"word": "passed", "exit_code": 0, "doubts": [],
            "rules": [{"rule": "errors < 1%", "value": 0.0, "bound": 0.01, "kept": true}]},
        "requests": {"good": 20, "failed": 0, "failed_share": 0.0, "good_per_second": 10.0, "body_bytes": 40,
            "response": {"count": 20, "p50_ms": 1.0, "p95_ms": p95_ms, "p99_ms": 9.0, "max_ms": 9.5}},
        "steps": [{"scenario": "a", "step": "get", "good": 20}],
        "timeline": {"seconds": 1, "rows": [
            {"sent": 10, "good": 10, "failed": 0, "in_flight": 1, "response_p95_ms": p95_ms, "response_buckets": [100, 10]},
            {"sent": 10, "good": 10, "failed": 0, "in_flight": 0, "response_p95_ms": p95_ms, "response_buckets": [100, 10]},
        ]},
    })
}

#[cfg(test)]
mod tests {
    use journal::Hash;

    use super::*;

    #[test]
    fn what_is_kept_of_a_report_is_bounded_and_comes_back() {
        let mut report = report_for_tests(&"é".repeat(400), 4.0);
        report["verdict"]["doubts"] =
            (0..500).map(|number| serde_json::json!({"text": number.to_string()})).collect();
        let text = report.to_string();
        let notes = RunNotes { id: "a-1".into(), by: "ann".into(), ..RunNotes::default() };
        let told = RunTold::of(&report, text.as_bytes(), notes).unwrap();
        assert_eq!((told.plan.len(), told.doubts.len()), (500, 100));
        assert_eq!(told.figures.response_p95_ms, Some(4.0));
        assert_eq!((told.rules[0].kept, told.report_bytes), (true, text.len() as u64));
        assert!(told.is_told_by(text.as_bytes()) && !told.is_told_by(b"{}"));
        let body = serde_json::to_value(&told).unwrap();
        let event = Event {
            seq: 1,
            at: Time(1),
            kind: super::super::LOAD_RUN.into(),
            subject: "a-1".into(),
            body,
            hash: Hash([0; 32]),
        };
        assert_eq!(RunTold::read(&event), Some(told));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let wrong = RunTold::of(&serde_json::json!({"schema": "x"}), b"", RunNotes::default());
        assert_eq!(wrong.unwrap_err().kind(), Kind::Invalid);
        let mut no_rows = report_for_tests("a", 1.0);
        no_rows["timeline"]["rows"] = Value::Null;
        assert!(RunTold::of(&no_rows, b"", RunNotes::default()).is_err());
    }
}
