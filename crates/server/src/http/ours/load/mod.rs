//! `load`: load tests that were told here, kept and compared; those that go on now; and the stop for all of them.

pub(super) mod gates;
pub(super) mod live;
pub(super) mod schedule;
pub(super) mod shown;
mod views;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use model::Kind;
use serde::Deserialize;
use serde_json::Value;

use self::views::{By, RunList, RunSent, RunView};
use crate::{
    http::{chain, error::ApiError},
    runs::{
        BROKEN_OFF, GateRun, KeepError, RunNotes, RunTold, Sort, is_id, new_id, read_run,
        read_runs, record_run,
    },
    state::{App, Topic},
};

const RUNS_DEFAULT: usize = 50;
const RUNS_MAX: usize = 500;

/// Everything below `/api/plimsoll/v1/load`.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/runs", get(list).post(add))
        .route("/runs/{id}", get(shown::one))
        .route("/runs/{id}/report", get(shown::report))
        .route("/runs/{id}/page", get(shown::page))
        .route("/runs/{id}/comparison", get(shown::comparison))
        .route("/runs/{id}/baseline", post(mark).delete(unmark))
        .route("/gates", get(gates::list).post(gates::add))
        .route("/gates/{id}", get(gates::one))
        .route("/overlay", get(shown::overlay))
        .route("/live", get(live::list).post(live::begin))
        .route("/live/{id}", get(live::one).post(live::tell))
        .route("/live/{id}/stop", post(live::stop_one))
        .route("/schedules", get(schedule::list).post(schedule::add))
        .route("/schedules/due", get(schedule::due))
        .route("/schedules/{id}", axum::routing::delete(schedule::cancel))
        .route("/schedules/{id}/approve", post(schedule::approve))
        .route("/schedules/{id}/claim", post(schedule::claim))
        .route("/stop", get(live::stopping).post(live::stop_all).delete(live::release))
}

/// Which runs.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Which {
    plan: Option<String>,
    before: Option<i64>,
    limit: Option<usize>,
}

/// Load tests that are over, newest first.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/runs", tag = "load",
    params(
        ("plan" = Option<String>, Query, description = "only runs of the plan of this name"),
        ("before" = Option<i64>, Query, description = "`next` of the answer before, to go on"),
        ("limit" = Option<usize>, Query, description = "50 if not given, 500 at most")),
    responses((status = 200, body = RunList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<RunList>, ApiError> {
    follow(&app).await?;
    let limit = which.limit.unwrap_or(RUNS_DEFAULT).clamp(1, RUNS_MAX);
    let read = read_runs(&app.journal, which.plan.as_deref(), (which.before, limit)).await;
    let (runs, next) = read.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let mut verdicts: BTreeMap<String, String> = BTreeMap::new();
    for gate in runs.iter().filter_map(|run| run.gate.as_ref()) {
        if !verdicts.contains_key(&gate.id) {
            verdicts.insert(gate.id.clone(), gates::word_of(&app, &gate.id, &runs).await?);
        }
    }
    let shown = |run: RunTold| {
        let verdict = run.gate.as_ref().and_then(|gate| verdicts.get(&gate.id).cloned());
        RunView { gate_verdict: verdict, ..view(&app, run) }
    };
    let runs = runs.into_iter().map(shown).collect();
    Ok(Json(RunList { at: app.clock.now().millis(), runs, next }))
}

/// Keeps the report of a load test.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/runs", tag = "load", request_body = RunSent,
    responses(
        (status = 201, description = "it is kept", body = RunView),
        (status = 200, description = "it was kept before", body = RunView)))]
pub(in crate::http::ours) async fn add(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let sent: RunSent = serde_json::from_slice(&body)
        .map_err(|error| ApiError::invalid(format!("this is no run: {error}")))?;
    drop(body);
    let now = app.clock.now();
    let id = match sent.id {
        Some(id) if is_id(&id) => id,
        Some(id) => return Err(ApiError::invalid(format!("`{id}` is no id of a run"))),
        None => new_id(now).map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?,
    };
    // One that broke off has told something after all.
    if let Some(known) = find(&app, &id).await?.filter(|run| run.word != BROKEN_OFF) {
        return Ok((StatusCode::OK, Json(view(&app, known))).into_response());
    }
    let begun = app.loads.live.get(&id).map(|run| run.begun).unwrap_or_default();
    let notes = RunNotes {
        id,
        service: sent.service.or(begun.service),
        release: sent.release.or(begun.release),
        by: sent.by.unwrap_or(begun.by),
        told_at: now,
        kept_by: app.server_name.clone(),
        gate: sent.gate.or(begun.gate).map(checked).transpose()?,
    };
    let run = keep(&app, sent.report, sent.page, notes).await?;
    app.loads.live.end(&run.id, now);
    let ended = app.loads.schedules.end(&app.journal, &run.id, ("done", &run.word, now)).await;
    ended.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    app.hub.announce(now, &[Topic::Load]);
    Ok((StatusCode::CREATED, Json(view(&app, run))).into_response())
}

/// A run of a gate, as it may be kept.
fn checked(gate: GateRun) -> Result<GateRun, ApiError> {
    if is_id(&gate.id) && matches!(gate.side.as_str(), "before" | "after") {
        return Ok(gate);
    }
    Err(ApiError::invalid(
        "`gate` has an `id` (digits from 0 to f and `-`), and `side` is `before` or `after`",
    ))
}

async fn keep(
    app: &Arc<App>,
    report: Value,
    page: Option<String>,
    notes: RunNotes,
) -> Result<RunTold, ApiError> {
    let own = Arc::clone(app);
    let run = blocking(move || -> Result<RunTold, KeepError> {
        let text = report.to_string();
        let run = RunTold::of(&report, text.as_bytes(), notes)?;
        let stay = own.loads.baselines();
        own.loads.shelf.put(&run.id, Sort::Report, text.as_bytes(), &stay)?;
        if let Some(page) = page {
            own.loads.shelf.put(&run.id, Sort::Page, page.as_bytes(), &stay)?;
        }
        Ok(run)
    });
    let run = run.await?.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    // The report lies there before the journal says so; one that it does not speak of goes as the oldest do.
    let recorded = record_run(&app.journal, &run).await.map_err(KeepError::from);
    recorded.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    Ok(run)
}

/// Makes a run the baseline of its plan: runs after it are compared with it.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/runs/{id}/baseline", tag = "load", request_body = By,
    params(("id" = String, Path, description = "a run's `id` from the list")),
    responses((status = 200, body = RunView), (status = 404, description = "no such run"),
        (status = 409, description = "an invalid, short, compressed or broken off run is no baseline")))]
pub(in crate::http::ours) async fn mark(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<By>, JsonRejection>,
) -> Result<Json<RunView>, ApiError> {
    set_baseline(&app, &id, true, by(body)?).await
}

/// Takes back that a run is the baseline of its plan.
#[utoipa::path(delete, path = "/api/plimsoll/v1/load/runs/{id}/baseline", tag = "load",
    params(("id" = String, Path, description = "a run's `id` from the list")),
    responses((status = 200, body = RunView), (status = 404, description = "no such run")))]
pub(in crate::http::ours) async fn unmark(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunView>, ApiError> {
    set_baseline(&app, &id, false, By::default()).await
}

async fn set_baseline(
    app: &Arc<App>,
    id: &str,
    marked: bool,
    by: By,
) -> Result<Json<RunView>, ApiError> {
    let run = needed(app, id).await?;
    if let Some(why) = run.unfit.as_ref().filter(|_| marked) {
        let error = ApiError::new(Kind::Conflict, format!("this run is no baseline: {why}"));
        return Err(error.help("run it again, uncompressed and to its end"));
    }
    if marked && shown::text(app, &run, Sort::Report).await?.is_none() {
        let error = ApiError::new(Kind::Conflict, "the report of this run is not here any more");
        return Err(error.help(format!("it was kept by {}", run.kept_by)));
    }
    if marked || app.loads.is_baseline(&run) {
        let now = app.clock.now();
        let marking = app.loads.mark(&app.journal, &run, (marked, &by.by, now)).await;
        marking.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
        app.hub.announce(now, &[Topic::Load]);
    }
    Ok(Json(view(app, run)))
}

/// Who asks; nobody has to say.
fn by(body: Result<Json<By>, JsonRejection>) -> Result<By, ApiError> {
    match body {
        Ok(Json(by)) => Ok(by),
        Err(JsonRejection::MissingJsonContentType(_)) => Ok(By::default()),
        Err(error) => Err(ApiError::invalid(error.to_string())),
    }
}

/// A run as it is shown.
fn view(app: &App, run: RunTold) -> RunView {
    RunView {
        baseline: app.loads.is_baseline(&run),
        report_kept: app.loads.shelf.has(&run.id, Sort::Report),
        page_kept: app.loads.shelf.has(&run.id, Sort::Page),
        gate_verdict: None,
        run,
    }
}

async fn find(app: &App, id: &str) -> Result<Option<RunTold>, ApiError> {
    if !is_id(id) {
        return Ok(None);
    }
    read_run(&app.journal, id).await.map_err(|error| ApiError::new(error.kind(), chain(&error)))
}

async fn needed(app: &App, id: &str) -> Result<RunTold, ApiError> {
    find(app, id).await?.ok_or_else(|| {
        ApiError::missing(format!("there is no load test {id:?}"))
            .help("/api/plimsoll/v1/load/runs lists those there are")
    })
}

/// Reads what other servers that share the journal have said meanwhile.
async fn follow(app: &App) -> Result<(), ApiError> {
    if !app.journal.place().is_shared() {
        return Ok(());
    }
    let read = app.loads.refresh(&app.journal).await;
    read.map_err(|error| ApiError::new(error.kind(), chain(&error)))
}

/// Works on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_panicked| ApiError::new(Kind::Internal, "a bug of ours ended this request"))
}
