//! Runs that were kept as JSON reports, read again to be compared.

use std::fmt;

use model::{Kind, Span, Time};
use serde_json::Value;
use stats::Histogram;

/// The shape that is read.
const SCHEMA: &str = "plimsoll.load/1";
/// Most rows that a report has; more is no report of ours.
const ROWS_MAX: usize = 600;
/// Most steps that are compared.
const STEPS_MAX: usize = 1_000;

/// One run as its report tells it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it was read from.
    pub source: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: i64,
    /// Its verdict in one word.
    pub word: String,
    /// Why it cannot be compared with anything; nothing if it can.
    pub unfit: Option<String>,
    /// How much of what was sent how; runs with different ones are not compared.
    pub(super) load: Value,
    /// How long journeys began, in seconds.
    pub(super) seconds: f64,
    /// Whether the rate was the same all the time.
    pub(super) is_steady: bool,
    /// Whether the target's speed decided about how much was sent.
    pub(super) is_closed: bool,
    /// Seconds in a row.
    pub(super) row_seconds: u64,
    pub(super) rows: Vec<Row>,
    /// All steps together, and each for itself.
    pub(super) all: Figures,
    pub(super) steps: Vec<(String, Figures)>,
    /// Load and use of each resource, stretch by stretch, where that was asked for.
    pub(super) taken: Vec<(String, Vec<(f64, f64)>)>,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) good: u64,
    pub(super) failed: u64,
    pub(super) response: Option<Histogram>,
}

/// What came of one step in the whole run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) failed_share: f64,
    pub(super) good_per_second: f64,
}

/// A text that is no report.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// No JSON.
    #[error("{report} is no JSON")]
    Json {
        /// Where it was read from.
        report: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Not the report of a load test.
    #[error("{report} is no report of a load test ({SCHEMA}); write one with `--json FILE`")]
    Schema {
        /// Where it was read from.
        report: String,
    },
    /// Something is missing or makes no sense.
    #[error("{report} has no usable `{key}`{hint}")]
    Key {
        /// Where it was read from.
        report: String,
        /// What.
        key: &'static str,
        /// Why that may be.
        hint: &'static str,
    },
}

impl KeptError {
    /// What you sent is wrong.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.source)
    }
}

impl Kept {
    /// Reads a report.
    pub fn parse(source: &str, text: &str) -> Result<Self, KeptError> {
        let document = serde_json::from_str(text)
            .map_err(|error| KeptError::Json { report: source.to_owned(), source: error })?;
        Self::of(source, &document)
    }

    /// From when to when journeys began, as far as its seconds tell.
    pub fn between(&self) -> (Time, Time) {
        let seconds = self.row_seconds.saturating_mul(self.rows.len() as u64);
        let from = Time(self.started_ms);
        (from, from + Span::secs(i64::try_from(seconds.min(1 << 32)).unwrap_or(0)))
    }

    /// Takes what is needed from a report.
    pub fn of(source: &str, document: &Value) -> Result<Self, KeptError> {
        let report = || source.to_owned();
        if document["schema"].as_str() != Some(SCHEMA) {
            return Err(KeptError::Schema { report: report() });
        }
        let missing = |key| KeptError::Key { report: report(), key, hint: "" };
        let word = document["verdict"]["word"].as_str().ok_or_else(|| missing("verdict"))?;
        let how = document["ending"]["how"].as_str().ok_or_else(|| missing("ending"))?;
        let plan = &document["plan"];
        let scenarios = plan["scenarios"].as_array().ok_or_else(|| missing("plan"))?;
        let seconds = scenarios.iter().filter_map(|scenario| scenario["seconds"].as_f64());
        let seconds = seconds.fold(0.0, f64::max);
        let row_seconds = document["timeline"]["seconds"].as_u64().filter(|width| *width > 0);
        let row_seconds = row_seconds.ok_or_else(|| missing("timeline"))?;
        let rows = document["timeline"]["rows"].as_array().filter(|rows| rows.len() <= ROWS_MAX);
        let rows: Option<Vec<Row>> = rows.and_then(|rows| rows.iter().map(row).collect());
        let hint = "; it was written by a version that kept no histograms by the second";
        let rows =
            rows.ok_or_else(|| KeptError::Key { report: report(), key: "timeline", hint })?;
        let all = figures(&document["requests"]);
        let steps = document["steps"].as_array().filter(|steps| steps.len() <= STEPS_MAX);
        let steps = steps.ok_or_else(|| missing("steps"))?.iter().map(|step| {
            let name = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
            (format!("{}: {}", name("scenario"), name("step")), figures(step))
        });
        let unfit = unfit(word, how, plan);
        Ok(Self {
            source: report(),
            started_ms: document["started_ms"].as_i64().unwrap_or_default(),
            word: word.to_owned(),
            unfit,
            load: plan["scenarios"].clone(),
            seconds,
            is_steady: scenarios.iter().all(is_steady),
            is_closed: plan["model"].as_str() != Some("open"),
            row_seconds,
            rows,
            all,
            steps: steps.collect(),
            taken: super::impact::taken_of(document),
        })
    }
}

/// Why a run cannot be compared. One that broke a rule can: that is what a comparison is about.
fn unfit(word: &str, how: &str, plan: &Value) -> Option<String> {
    if how != "done" {
        return Some("it ended early".to_owned());
    }
    if word == "unanswered" {
        return Some("the target answered nothing".to_owned());
    }
    // A word of a later version may say anything.
    if !matches!(word, "passed" | "failed") {
        return Some("it cannot be believed: see its report".to_owned());
    }
    let compressed = plan["compressed"].as_f64().filter(|times| *times > 1.0);
    compressed.map(|times| format!("its profile was compressed {times} times"))
}

fn is_steady(scenario: &Value) -> bool {
    let load = &scenario["load"];
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let even = number(&load["rate_max"]) * number(&scenario["seconds"]);
    let arrivals = number(&load["arrivals"]);
    load["model"] == "closed" || (arrivals - even).abs() <= 0.01 * even
}

fn row(row: &Value) -> Option<Row> {
    let flat = row["response_buckets"].as_array()?;
    let mut places = Vec::with_capacity(flat.len() / 2);
    let mut place = 0_usize;
    for pair in flat.chunks(2) {
        let [further, count] = pair else { return None };
        place = place.checked_add(usize::try_from(further.as_u64()?).ok()?)?;
        places.push((place, count.as_u64()?));
    }
    let response = Histogram::coarse_from(places.into_iter())?;
    let response = (!response.is_empty()).then_some(response);
    Some(Row { good: row["good"].as_u64()?, failed: row["failed"].as_u64()?, response })
}

fn figures(told: &Value) -> Figures {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let response = &told["response"];
    Figures {
        p50_ms: number(&response["p50_ms"]),
        p95_ms: number(&response["p95_ms"]),
        p99_ms: number(&response["p99_ms"]),
        failed_share: number(&told["failed_share"]),
        good_per_second: number(&told["good_per_second"]),
    }
}
