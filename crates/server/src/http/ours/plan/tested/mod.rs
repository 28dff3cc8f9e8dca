//! `services/{name}/tests`: what a load test found, taken in as points of the service's load line.

pub(in crate::http::ours) mod list;
mod points;

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
};
use journal::{Entry, Event, EventQuery, NewEvent};
use model::{Kind, Service, Span, Time};
use plan::{Tested, TestedStep};
use serde::{Deserialize, Serialize};

use self::list::TestView;
pub(super) use self::points::points;
use super::{find, told, views::ServiceView};
use crate::{
    http::{chain, error::ApiError},
    runs::{is_id, new_id, read_gate},
    state::App,
};

/// The kind of events that say what a load test found; the subject is the service.
const TESTED: &str = "service_tested";
/// The documents that are taken, as `plimsoll load capacity --output json` writes them.
const SCHEMA: &str = "plimsoll.load-capacity/1";
/// A larger document is none of ours.
const BYTES_MAX: usize = 512 << 10;
const STEPS_MAX: usize = 200;
const NAME_BYTES_MAX: usize = 200;
/// So many of the newest searches are looked through for one of what runs.
const SEARCHES_MAX: u32 = 20;
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
    #[serde(flatten)]
    of: Of,
}

/// Which test it was, and of what.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Of {
    /// Its id; empty in what was kept before there was one.
    #[serde(default)]
    run: String,
    #[serde(default)]
    release: Option<String>,
    /// The one that it was measured against.
    #[serde(default)]
    release_before: Option<String>,
    #[serde(default)]
    by: String,
}

impl Of {
    /// The test's id; the number of its event where it was kept without one.
    fn id_or(&self, event: &Event) -> String {
        if self.run.is_empty() { format!("{:x}", event.seq) } else { self.run.clone() }
    }
}

/// How the test's load is to be counted, and which test it was.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Counted {
    times: Option<f64>,
    run: Option<String>,
    release: Option<String>,
    release_before: Option<String>,
    by: Option<String>,
}

impl Counted {
    async fn of(self, app: &App, now: Time) -> Result<Of, ApiError> {
        let named = |own: Option<String>| {
            own.map(|own| own.trim().to_owned()).filter(|own| !own.is_empty())
        };
        let (release, mut release_before) = (named(self.release), named(self.release_before));
        let run = match self.run {
            Some(run) if is_id(&run) => run,
            Some(run) => return Err(ApiError::invalid(format!("`{run}` is no id of a test"))),
            None => new_id(now).map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?,
        };
        if release_before.is_none() {
            // A gate knows which releases it compared.
            let gate = read_gate(&app.journal, &run).await;
            let gate = gate.map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
            release_before = gate.and_then(|gate| named(gate.release_before));
        }
        let by = self.by.unwrap_or_default();
        let is_long = |text: &str| text.len() > NAME_BYTES_MAX;
        if is_long(&by) || [&release, &release_before].into_iter().flatten().any(|own| is_long(own))
        {
            return Err(ApiError::invalid(
                "`release`, `release_before` and `by` have 200 bytes at most",
            ));
        }
        Ok(Of { run, release, release_before, by })
    }
}

/// Takes in what a load test found, until what load costs changes. Of `plimsoll load capacity --output json`: no line is
/// told beyond the load at which the test broke; where it names a `release`, from when on that is out. Of `plimsoll load compare` or `gate` with `--impact`: its points of load
/// and use count beside what is recorded, for resources that are called as limits of the service are; and where each
/// request of the `release` takes surely more or less than of the one before, the line counts with that from the hour on in
/// which that release came out (a deployment that names it), until production shows it itself. What two releases take in
/// a row adds up where the second was measured against the first: `release_before`, or what the gate of that id says, or
/// else what was out when it was tested.
#[utoipa::path(post, path = "/api/plimsoll/v1/services/{name}/tests", tag = "plan",
    params(("name" = String, Path, description = "a service's name"),
        ("times" = Option<f64>, Query, description = "how many units of the service's load one journey of the test is; 1 if not given"),
        ("run" = Option<String>, Query, description = "the id of the run or gate it was; a new one if not given"),
        ("release" = Option<String>, Query, description = "the release that was tested"),
        ("release_before" = Option<String>, Query, description = "the release that it was measured against"),
        ("by" = Option<String>, Query, description = "who ran it")),
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
    let of = counted.of(&app, now).await?;
    let event = match points::read(&body, service, (times, &of))? {
        Some(body) => points::event(now, &name, body),
        None => capacity(&body, (times, of)).map(|body| NewEvent {
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
fn capacity(body: &[u8], (times, of): (f64, Of)) -> Result<serde_json::Value, ApiError> {
    let document: Document = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid(format!("this is no capacity document: {error}")))?;
    check(&document)?;
    // Numbers were checked, and all keys are text.
    Ok(serde_json::to_value(Record { version: 1, times, document, of }).unwrap_or_default())
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

/// The newest tests of a service that may still say something, the newest first.
pub(super) async fn searches(
    app: &App,
    service: &Service,
    now: Time,
) -> Result<Vec<Tested>, ApiError> {
    let question = EventQuery {
        kinds: vec![TESTED.to_owned()],
        subject: Some(service.name.clone()),
        since: Some(now - OLD),
        newest_first: true,
        limit: SEARCHES_MAX,
        ..EventQuery::default()
    };
    let events = app.journal.events(question).await;
    let events = events.map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    Ok(events.iter().filter_map(tested).collect())
}

/// A search as it is listed.
fn listed(event: &Event) -> Option<TestView> {
    let own = tested(event)?;
    let record: Record = serde_json::from_value(event.body.clone()).ok()?;
    Some(TestView {
        id: record.of.id_or(event),
        at: own.at.millis(),
        told_at: event.at.millis(),
        sort: "capacity".to_owned(),
        name: own.name,
        release: own.release,
        release_before: record.of.release_before,
        by: record.of.by,
        holds: own.holds,
        breaks: own.breaks,
        limit: own.limit,
        resources: Vec::new(),
    })
}

fn tested(event: &Event) -> Option<Tested> {
    let record: Record = serde_json::from_value(event.body.clone()).ok()?;
    let (taken, run) = (event.at, record.of.id_or(event));
    let Record { times, document, of, .. } = record;
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
    Some(Tested {
        at: ended.filter(|ended| *ended <= taken && ended.millis() > 0).unwrap_or(taken),
        name: document.name,
        run: Some(run),
        release: of.release,
        holds: load(document.low),
        breaks: load(document.high),
        limit: document.limit,
        steps,
    })
}
