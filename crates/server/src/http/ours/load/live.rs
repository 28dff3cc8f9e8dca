//! `load/live`: runs that go on tell their seconds and hear whether they are to stop; and the stop for all.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use journal::{Entry, NewEvent};
use model::{Change, ChangeDetails, ChangeKind, ChangeStatus, Kind, Time};
use serde_json::json;

use super::{
    by, checked, follow,
    views::{By, LiveList, LiveView, RunBegins, RunHears, RunTells, StopView},
};
use crate::{
    http::{chain, error::ApiError},
    runs::{LOAD_BEGUN, LiveRun, RunBegun, Stopping, new_id},
    state::{App, Topic},
};

/// Seconds that one telling may hold.
const ROWS_MAX: usize = 1_000;
/// Targets that one run may name, and bytes of each text.
const TARGETS_MAX: usize = 100;
const TEXT_BYTES_MAX: usize = 500;

/// Load tests that go on now, and those that have just ended.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/live", tag = "load",
    responses((status = 200, body = LiveList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<LiveList>, ApiError> {
    follow(&app).await?;
    let now = app.clock.now();
    let runs = app.loads.live.all(now).iter().map(|run| view(run, now, false)).collect();
    let stopping = stop_view(&app.loads.stopping.read(), 0);
    Ok(Json(LiveList { at: now.millis(), stopping, runs }))
}

/// One of them with its seconds; the topic `load` of the live updates says when there are more.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/live/{id}", tag = "load",
    params(("id" = String, Path, description = "a run's `id`")),
    responses((status = 200, body = LiveView), (status = 404, description = "no such run goes on")))]
pub(in crate::http::ours) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<LiveView>, ApiError> {
    let run = app.loads.live.get(&id).ok_or_else(|| unknown(&id))?;
    Ok(Json(view(&run, app.clock.now(), true)))
}

/// A load test begins. Refused while all load is stopped.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/live", tag = "load", request_body = RunBegins,
    responses((status = 201, body = RunHears), (status = 409, description = "all load is stopped"),
        (status = 429, description = "64 runs go on already")))]
pub(in crate::http::ours) async fn begin(
    State(app): State<Arc<App>>,
    body: Result<Json<RunBegins>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(begins) = body.map_err(|error| ApiError::invalid(error.to_string()))?;
    follow(&app).await?;
    may_begin(&app)?;
    let now = app.clock.now();
    let id = new_id(now).map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    begin_as(&app, begins, id.clone(), now).await?;
    Ok((StatusCode::CREATED, Json(RunHears { id, stop: false, why: None })).into_response())
}

/// Whether any load may begin now.
pub(super) fn may_begin(app: &App) -> Result<(), ApiError> {
    let stopping = app.loads.stopping.read().clone();
    if stopping.held {
        let error = ApiError::new(Kind::Conflict, stopping.say());
        return Err(error.help("`plimsoll load stop --release` lets load begin again"));
    }
    Ok(())
}

/// Takes in a run that begins under an id, and writes it down before.
pub(super) async fn begin_as(
    app: &App,
    begins: RunBegins,
    id: String,
    now: Time,
) -> Result<(), ApiError> {
    let begun = begun(begins, id, now)?;
    record(app, &begun).await?;
    if !app.loads.live.begin(begun) {
        return Err(ApiError::new(Kind::Busy, "too many load tests go on already"));
    }
    app.hub.announce(now, &[Topic::Load]);
    Ok(())
}

fn begun(begins: RunBegins, id: String, now: Time) -> Result<RunBegun, ApiError> {
    let RunBegins { plan, service, release, by, targets, seconds, gate } = begins;
    let gate = gate.map(checked).transpose()?;
    let texts = [Some(&plan), service.as_ref(), release.as_ref(), Some(&by)];
    let too_long = |text: &&String| text.len() > TEXT_BYTES_MAX;
    if targets.len() > TARGETS_MAX
        || texts.into_iter().flatten().chain(&targets).any(|text| too_long(&text))
    {
        let help = format!("{TARGETS_MAX} targets, and {TEXT_BYTES_MAX} bytes for each text");
        return Err(ApiError::invalid("a run that begins says too much").help(help));
    }
    if !seconds.is_finite() || seconds < 0.0 {
        return Err(ApiError::invalid("`seconds` is no length of time"));
    }
    Ok(RunBegun { id, plan, service, release, by, targets, seconds, started: now, gate })
}

/// Writes down that load begins, before it does: in the journal, and among the changes, so that whoever looks at an
/// alert meanwhile sees it.
async fn record(app: &App, begun: &RunBegun) -> Result<(), ApiError> {
    let body = json!({
        "version": 1, "plan": begun.plan, "service": begun.service, "release": begun.release, "by": begun.by,
        "targets": begun.targets, "seconds": begun.seconds, "gate": begun.gate, "server": app.server_name,
    });
    let (kind, subject) = (LOAD_BEGUN.to_owned(), begun.id.clone());
    let event = NewEvent { at: begun.started, kind, subject, body };
    let recorded = app.journal.record(Entry { events: vec![event], outbox: Vec::new() }).await;
    recorded.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let subject = begun.service.clone().unwrap_or_else(|| begun.targets.join(", "));
    let text = format!("load test `{}` of {} began", begun.plan, begun.targets.join(", "));
    let mut change = Change::new(begun.started, ChangeKind::Other, subject, text);
    change.details = ChangeDetails {
        service: begun.service.clone(),
        version: begun.release.clone(),
        actor: Some(begun.by.clone()).filter(|by| !by.is_empty()),
        source: Some("load".to_owned()),
        key: Some(begun.id.clone()),
        status: Some(ChangeStatus::Started),
        planned: Some(true),
        started: Some(begun.started),
        ..ChangeDetails::default()
    };
    let kept = app.changes.keep(&app.journal, &change.bounded(), true).await;
    kept.map(drop).map_err(|error| ApiError::new(error.kind(), chain(&error)))
}

/// A run tells what happened, and hears whether it is to stop. It asks four times a second, so that a stop works
/// within one.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/live/{id}", tag = "load", request_body = RunTells,
    params(("id" = String, Path, description = "a run's `id`")),
    responses((status = 200, body = RunHears), (status = 404, description = "no such run goes on")))]
pub(in crate::http::ours) async fn tell(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<RunTells>, JsonRejection>,
) -> Result<Json<RunHears>, ApiError> {
    let Json(RunTells { rows }) = body.map_err(|error| ApiError::invalid(error.to_string()))?;
    if rows.len() > ROWS_MAX {
        return Err(ApiError::invalid(format!("a run tells {ROWS_MAX} seconds at once at most")));
    }
    follow(&app).await?;
    let now = app.clock.now();
    let stopping = app.loads.stopping.read().clone();
    if stopping.held {
        app.loads.live.stop(Some(&id), &stopping.say(), now);
    }
    let news = !rows.is_empty();
    let why = app.loads.live.tell(&id, rows, now).ok_or_else(|| unknown(&id))?.stop;
    if news {
        app.hub.announce(now, &[Topic::Load]);
    }
    Ok(Json(RunHears { id, stop: why.is_some(), why }))
}

/// Stops one run within a second.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/live/{id}/stop", tag = "load", request_body = By,
    params(("id" = String, Path, description = "a run's `id`")),
    responses((status = 200, body = LiveView), (status = 404, description = "no such run goes on")))]
pub(in crate::http::ours) async fn stop_one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<By>, JsonRejection>,
) -> Result<Json<LiveView>, ApiError> {
    let by = by(body)?;
    let now = app.clock.now();
    let who = if by.by.is_empty() { "somebody" } else { &by.by };
    let why = format!("stopped by {who} {}", by.why);
    if app.loads.live.stop(Some(&id), why.trim_end(), now) == 0 {
        return Err(unknown(&id));
    }
    let run = app.loads.live.get(&id).ok_or_else(|| unknown(&id))?;
    app.hub.announce(now, &[Topic::Load]);
    Ok(Json(view(&run, now, false)))
}

/// Whether all load is stopped.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/stop", tag = "load",
    responses((status = 200, body = StopView)))]
pub(in crate::http::ours) async fn stopping(
    State(app): State<Arc<App>>,
) -> Result<Json<StopView>, ApiError> {
    follow(&app).await?;
    Ok(Json(stop_view(&app.loads.stopping.read(), 0)))
}

/// Stops all load within a second, and lets none begin until it is released.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/stop", tag = "load", request_body = By,
    responses((status = 200, body = StopView)))]
pub(in crate::http::ours) async fn stop_all(
    State(app): State<Arc<App>>,
    body: Result<Json<By>, JsonRejection>,
) -> Result<Json<StopView>, ApiError> {
    let by = by(body)?;
    let now = app.clock.now();
    // Whoever stops load in need is obeyed even if the journal is away; it says so then.
    let stopping = Stopping { held: true, at: Some(now), by: by.by.clone(), why: by.why.clone() };
    let stopped = app.loads.live.stop(None, &stopping.say(), now);
    *app.loads.stopping.write() = stopping;
    app.hub.announce(now, &[Topic::Load]);
    set(&app, true, &by, now, stopped).await
}

/// Lets load begin again.
#[utoipa::path(delete, path = "/api/plimsoll/v1/load/stop", tag = "load",
    responses((status = 200, body = StopView)))]
pub(in crate::http::ours) async fn release(
    State(app): State<Arc<App>>,
) -> Result<Json<StopView>, ApiError> {
    let now = app.clock.now();
    let told = set(&app, false, &By::default(), now, 0).await?;
    app.hub.announce(now, &[Topic::Load]);
    Ok(told)
}

async fn set(
    app: &App,
    held: bool,
    by: &By,
    now: Time,
    stopped: usize,
) -> Result<Json<StopView>, ApiError> {
    let recorded = app.loads.hold(&app.journal, held, (&by.by, &by.why, now)).await;
    let stopping = recorded.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    Ok(Json(stop_view(&stopping, stopped)))
}

fn unknown(id: &str) -> ApiError {
    ApiError::missing(format!("no load test {id:?} goes on"))
        .help("/api/plimsoll/v1/load/live lists those that do, /api/plimsoll/v1/load/runs those that are over")
}

fn stop_view(stopping: &Stopping, stopped: usize) -> StopView {
    StopView {
        held: stopping.held,
        at: stopping.at.map(Time::millis),
        by: stopping.by.clone(),
        why: stopping.why.clone(),
        stopped,
    }
}

fn view(run: &LiveRun, now: Time, with_rows: bool) -> LiveView {
    let begun = &run.begun;
    LiveView {
        id: begun.id.clone(),
        plan: begun.plan.clone(),
        service: begun.service.clone(),
        release: begun.release.clone(),
        by: begun.by.clone(),
        targets: begun.targets.clone(),
        started: begun.started.millis(),
        seconds: begun.seconds,
        gate: begun.gate.clone(),
        state: run.word(now).to_owned(),
        why: run.stop.clone(),
        heard: run.heard.millis(),
        last: run.rows.back().cloned(),
        rows: if with_rows { run.rows.iter().cloned().collect() } else { Vec::new() },
    }
}
