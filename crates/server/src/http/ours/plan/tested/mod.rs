//! `services/{name}/tests`: what a load test found, taken in as points of the service's load line.

mod points;

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
};
use journal::{Entry, EventQuery, NewEvent};
use model::{Kind, Service, Span, Time};
use plan::{Tested, TestedStep};
use serde::{Deserialize, Serialize};

pub(super) use self::points::points;
use super::{find, told, views::ServiceView};
use crate::{
    http::{chain, error::ApiError},
    state::App,
};

/// The kind of events that say what a load test found; the subject is the service.
const TESTED: &str = "service_tested";
/// The documents that are taken, as `plimsoll load capacity --output json` writes them.
const SCHEMA: &str = "plimsoll.load-capacity/1";
/// A larger document is none of ours.
const BYTES_MAX: usize = 512 << 10;
const STEPS_MAX: usize = 200;
/// A test this old says nothing any more.
const OLD: Span = Span::days(180);

/// What a capacity search found; more keys than these are passed over.
#[derive(Debug, Deserialize, Serialize)]
struct Document {
    schema: String,
    name: String,
    word: String,
    low: Option<f64>,
    high: Option<f64>,
    limit: Option<String>,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Step {
    rate: f64,
    ended_ms: i64,
    verdict: String,
    throughput: Option<f64>,
    response_p50_ms: Option<f64>,
    response_p95_ms: Option<f64>,
}

/// A test in the journal, version 1.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    version: u32,
    times: f64,
    document: Document,
}

/// How the test's load is to be counted.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Counted {
    times: Option<f64>,
}

/// Takes in what a load test found, until what load costs changes. Of `plimsoll load capacity --output json`: no line is
/// told beyond the load at which the test broke. Of `plimsoll load compare` or `gate` with `--impact`: its points of load
/// and use count beside what is recorded, for resources that are called as limits of the service are.
#[utoipa::path(post, path = "/api/plimsoll/v1/services/{name}/tests", tag = "plan",
    params(("name" = String, Path, description = "a service's name"),
        ("times" = Option<f64>, Query, description = "how many units of the service's load one journey of the test is; 1 if not given")),
    request_body(content = String, content_type = "application/json", description = "the document: `plimsoll.load-capacity/1`, `plimsoll.load-impact/1`, or one whose `impact` is the latter"),
    responses((status = 201, body = ServiceView), (status = 400, body = crate::http::error::ErrorBody),
        (status = 404, description = "no such service")))]
pub(in crate::http::ours) async fn add(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(counted): Query<Counted>,
    body: Bytes,
) -> Result<(StatusCode, Json<ServiceView>), ApiError> {
    let service = find(&app, &name)?;
    if body.len() > BYTES_MAX {
        return Err(ApiError::invalid("a document takes at most 512 KiB"));
    }
    let times = counted.times.unwrap_or(1.0);
    if !times.is_finite() || times <= 0.0 {
        return Err(ApiError::invalid("`times` is a number above nought"));
    }
    let now = app.clock.now();
    let event = match points::read(&body, service, times)? {
        Some(body) => points::event(now, &name, body),
        None => capacity(&body, times).map(|body| NewEvent {
            at: now,
            kind: TESTED.to_owned(),
            subject: name.clone(),
            body,
        })?,
    };
    let written = app.journal.record(Entry { events: vec![event], outbox: Vec::new() }).await;
    written.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    app.board.lines.write().remove(&name);
    Ok((StatusCode::CREATED, Json(told(&app, service).await?)))
}

/// What the journal keeps of a capacity document.
fn capacity(body: &[u8], times: f64) -> Result<serde_json::Value, ApiError> {
    let document: Document = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid(format!("this is no capacity document: {error}")))?;
    check(&document)?;
    // Numbers were checked, and all keys are text.
    Ok(serde_json::to_value(Record { version: 1, times, document }).unwrap_or_default())
}

fn check(document: &Document) -> Result<(), ApiError> {
    if document.schema != SCHEMA {
        return Err(ApiError::invalid(format!("`{}` is not {SCHEMA}", document.schema)).help(
            "send what `plimsoll load capacity --output json` writes, or `load compare --impact`",
        ));
    }
    match document.word.as_str() {
        "found" | "at_least" | "nothing" => {}
        other => {
            return Err(ApiError::invalid(format!(
                "the test found no capacity (`{other}`), so it is no point of a line"
            )));
        }
    }
    let wrong = |load: Option<f64>| load.is_some_and(|load| !load.is_finite() || load < 0.0);
    let crossed = document.low.zip(document.high).is_some_and(|(low, high)| low > high);
    if wrong(document.low) || wrong(document.high) || crossed {
        return Err(ApiError::invalid("`low` and `high` are loads, and `low` is not the higher"));
    }
    if document.steps.len() > STEPS_MAX {
        return Err(ApiError::invalid(format!("a test has {STEPS_MAX} steps at most")));
    }
    Ok(())
}

/// The newest test of a service that may still say something.
pub(super) async fn newest(
    app: &App,
    service: &Service,
    now: Time,
) -> Result<Option<Tested>, ApiError> {
    let question = EventQuery {
        kinds: vec![TESTED.to_owned()],
        subject: Some(service.name.clone()),
        since: Some(now - OLD),
        newest_first: true,
        limit: 1,
        ..EventQuery::default()
    };
    let events = app.journal.events(question).await;
    let events = events.map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let record = events.first().and_then(|event| {
        let record: Record = serde_json::from_value(event.body.clone()).ok()?;
        Some((event.at, record))
    });
    Ok(record.map(|(at, record)| tested(record, at)))
}

fn tested(record: Record, taken: Time) -> Tested {
    let Record { times, document, .. } = record;
    let load = |value: Option<f64>| value.map(|value| value * times);
    let steps = document.steps.iter().map(|step| TestedStep {
        load: step.rate * times,
        good: step.throughput.unwrap_or(f64::NAN) * times,
        seconds: [step.response_p50_ms, step.response_p95_ms]
            .map(|own| own.map_or(f64::NAN, |own| own / 1e3)),
        held: step.verdict == "holds",
    });
    let mut steps: Vec<TestedStep> = steps.collect();
    steps.sort_by(|a, b| a.load.total_cmp(&b.load));
    let ended = document.steps.iter().map(|step| Time(step.ended_ms)).max();
    Tested {
        at: ended.filter(|ended| *ended <= taken && ended.millis() > 0).unwrap_or(taken),
        name: document.name,
        holds: load(document.low),
        breaks: load(document.high),
        limit: document.limit,
        steps,
    }
}
