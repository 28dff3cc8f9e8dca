//! Runs looked at: one with its report, several over each other, one against another.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use load::{Kept, Rules, compare, compared_json};
use model::Kind;
use serde::Deserialize;
use serde_json::Value;

use super::{
    blocking, follow, needed,
    views::{Overlay, OverlayRun, RunComparison, RunDetail},
};
use crate::{
    http::{chain, error::ApiError},
    runs::{RunTold, Sort},
    state::App,
};

/// Runs that lie over each other at most: there are no more colours.
const OVERLAY_MAX: usize = 8;
/// The page was written by whoever sent the run, so it may do nothing but show itself.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";

/// One load test with its report.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/runs/{id}", tag = "load",
    params(("id" = String, Path, description = "a run's `id` from the list")),
    responses((status = 200, body = RunDetail), (status = 404, description = "no such run")))]
pub(in crate::http::ours) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunDetail>, ApiError> {
    follow(&app).await?;
    let run = needed(&app, &id).await?;
    // What is known of a run is shown even if its report cannot be read.
    let (report, damage) = match text(&app, &run, Sort::Report).await {
        Ok(Some(text)) => (Some(without_buckets(&document(&text)?)), None),
        Ok(None) => (None, None),
        Err(error) => (None, Some(error.message)),
    };
    Ok(Json(RunDetail {
        baseline: app.loads.is_baseline(&run),
        baseline_of_plan: app.loads.baseline(&run.plan),
        report_kept: report.is_some(),
        page_kept: app.loads.shelf.has(&id, Sort::Page),
        run,
        report,
        damage,
    }))
}

/// The JSON report as it was sent, which `plimsoll load compare` reads.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/runs/{id}/report", tag = "load",
    params(("id" = String, Path, description = "a run's `id` from the list")),
    responses((status = 200, content_type = "application/json"), (status = 404, description = "no such run, or its report is gone")))]
pub(in crate::http::ours) async fn report(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let text = kept(&app, &id, Sort::Report).await?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], text).into_response())
}

/// The page of a load test, which needs nothing else.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/runs/{id}/page", tag = "load",
    params(("id" = String, Path, description = "a run's `id` from the list")),
    responses((status = 200, content_type = "text/html"), (status = 404, description = "no such run, or its page is gone")))]
pub(in crate::http::ours) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let text = kept(&app, &id, Sort::Page).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, text).into_response())
}

/// Which runs lie over each other.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Chosen {
    runs: String,
}

/// Several runs over each other.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/overlay", tag = "load",
    params(("runs" = String, Query, description = "ids with commas between them, 8 at most")),
    responses((status = 200, body = Overlay), (status = 404, description = "no such run, or its report is gone")))]
pub(in crate::http::ours) async fn overlay(
    State(app): State<Arc<App>>,
    Query(chosen): Query<Chosen>,
) -> Result<Json<Overlay>, ApiError> {
    let ids: Vec<&str> = chosen.runs.split(',').filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > OVERLAY_MAX {
        return Err(ApiError::invalid(format!("`runs` takes 1 to {OVERLAY_MAX} ids")));
    }
    let mut runs = Vec::new();
    for id in ids {
        let run = needed(&app, id).await?;
        let text = kept(&app, id, Sort::Report).await?;
        runs.push(over(&run, &document(&text)?));
    }
    Ok(Json(Overlay { runs }))
}

/// With which run.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct With {
    with: Option<String>,
}

/// A run against the baseline of its plan, or against another run before it.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/runs/{id}/comparison", tag = "load",
    params(
        ("id" = String, Path, description = "a run's `id` from the list"),
        ("with" = Option<String>, Query, description = "the run before; the baseline of the plan if not given")),
    responses((status = 200, body = RunComparison), (status = 404, description = "no such run, no baseline, or a report is gone")))]
pub(in crate::http::ours) async fn comparison(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(with): Query<With>,
) -> Result<Json<RunComparison>, ApiError> {
    follow(&app).await?;
    let run = needed(&app, &id).await?;
    let before = with.with.or_else(|| app.loads.baseline(&run.plan)).ok_or_else(|| {
        ApiError::missing(format!("`{}` has no baseline", run.plan))
            .help("mark a run as the baseline first, or say `with=ID`")
    })?;
    let left = kept(&app, &before, Sort::Report).await?;
    let right = kept(&app, &id, Sort::Report).await?;
    let compared = blocking(move || -> Result<Value, ApiError> {
        let left = Kept::of(&before, &document(&left)?).map_err(|error| damaged(&error))?;
        let right = Kept::of(&id, &document(&right)?).map_err(|error| damaged(&error))?;
        Ok(compared_json(&compare(&[left], &[right], Rules::default())))
    });
    let compared = compared.await??;
    serde_json::from_value(compared).map(Json).map_err(|error| damaged(&error))
}

/// What is kept of a run; an error if it is gone.
async fn kept(app: &Arc<App>, id: &str, sort: Sort) -> Result<Vec<u8>, ApiError> {
    let run = needed(app, id).await?;
    text(app, &run, sort).await?.ok_or_else(|| {
        let what = if sort == Sort::Report { "report" } else { "page" };
        let help = match (run.kept_by == app.server_name, sort) {
            (false, _) => format!("it was kept by {}", run.kept_by),
            (true, Sort::Page) => "the run was sent without a page, or it is too old".to_owned(),
            (true, Sort::Report) => "reports of the oldest runs are let go of".to_owned(),
        };
        ApiError::missing(format!("the {what} of {id} is not here")).help(help)
    })
}

/// What is kept of a run, if it is what was sent.
pub(super) async fn text(
    app: &Arc<App>,
    run: &RunTold,
    sort: Sort,
) -> Result<Option<Vec<u8>>, ApiError> {
    let (own, run) = (Arc::clone(app), run.clone());
    let read = blocking(move || -> Result<Option<Vec<u8>>, ApiError> {
        let text = own.loads.shelf.get(&run.id, sort);
        let text = text.map_err(|error| damaged(&error))?;
        let is_told = |text: &Vec<u8>| sort != Sort::Report || run.is_told_by(text);
        match text {
            Some(text) if !is_told(&text) => Err(damaged(&Changed)),
            other => Ok(other),
        }
    });
    read.await?
}

/// A report that is not what was sent.
#[derive(Debug, thiserror::Error)]
#[error("it is not what was sent")]
struct Changed;

fn document(text: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(text).map_err(|error| damaged(&error))
}

fn damaged(error: &dyn std::error::Error) -> ApiError {
    ApiError::new(Kind::Internal, format!("a report that was kept is damaged: {}", chain(error)))
}

fn without_buckets(report: &Value) -> Value {
    let mut report = report.clone();
    let rows = report.pointer_mut("/timeline/rows").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(Value::as_object_mut) {
        row.remove("response_buckets");
    }
    report
}

fn over(run: &RunTold, report: &Value) -> OverlayRun {
    let timeline = &report["timeline"];
    let row_seconds = timeline["seconds"].as_u64().unwrap_or(1).max(1);
    let rows = timeline["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    let column =
        |key: &str| -> Vec<Option<f64>> { rows.iter().map(|row| row[key].as_f64()).collect() };
    let whole = row_seconds as f64;
    // Reports of earlier versions do not say it.
    let told = timeline["last_seconds"].as_f64();
    let before = rows.len().saturating_sub(1) as f64 * whole;
    let last_seconds = told.unwrap_or(run.took_seconds - before).clamp(0.0, whole);
    // A rate of hardly any time would say nothing.
    let counted = if last_seconds < whole / 2.0 { whole } else { last_seconds };
    let each_second = |key: &str| -> Vec<Option<f64>> {
        let lengths = (1..=rows.len()).map(|at| if at == rows.len() { counted } else { whole });
        column(key).into_iter().zip(lengths).map(|(value, length)| Some(value? / length)).collect()
    };
    OverlayRun {
        id: run.id.clone(),
        plan: run.plan.clone(),
        release: run.release.clone(),
        started: run.started,
        row_seconds,
        last_seconds,
        sent: each_second("sent"),
        good: each_second("good"),
        failed: each_second("failed"),
        in_flight: column("in_flight"),
        response_p50_ms: column("response_p50_ms"),
        response_p95_ms: column("response_p95_ms"),
        response_p99_ms: column("response_p99_ms"),
    }
}
