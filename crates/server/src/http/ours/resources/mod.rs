//! `resources`: the list, one of them, its history.

pub(super) mod record;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use model::{Budget, ResourceId, SourceError, Span, Time, TimeRange};
use query::QueryError;
use serde::Deserialize;

use super::{
    alerts::views_of,
    shape::{Spark, forecast_view, resource_key, resource_view, worst_first},
    views::{HistoryView, ResourceDetail, ResourceList, ResourceView, TroubleView},
};
use crate::{
    http::{chain, error::ApiError},
    state::{App, AskError, Future, Standing, history},
};

/// A spark shows the last hour in this many points.
const SPARK_POINTS: usize = 60;
const SPARK_SPAN: Span = Span::hours(1);
/// More columns than this no screen has.
const POINTS_MAX: usize = 4_000;
const POINTS_DEFAULT: usize = 600;

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        let kind = match &error {
            AskError::Full => model::Kind::Busy,
            AskError::Query(error) => error.kind(),
            AskError::Broken => model::Kind::Internal,
        };
        Self::new(kind, chain(&error))
    }
}

/// Standings with their futures, worst first.
pub(super) fn rows(app: &App) -> Vec<(Standing, Option<Future>)> {
    let futures = app.board.futures.read();
    let mut rows: Vec<_> = app
        .board
        .standings
        .read()
        .values()
        .map(|standing| (standing.clone(), futures.get(&standing.reading.id).cloned()))
        .collect();
    drop(futures);
    worst_first(&mut rows);
    rows
}

/// Rows as the API shows them, with sparks.
pub(super) async fn views(
    app: &Arc<App>,
    rows: Vec<(Standing, Option<Future>)>,
) -> Result<Vec<ResourceView>, ApiError> {
    let now = app.clock.now();
    let mut sparks =
        app.ask(None, move |app, meter| sparks(app, now, meter).map_err(QueryError::from)).await?;
    Ok(rows
        .iter()
        .map(|(standing, future)| {
            let spark = sparks.remove(&standing.reading.id).unwrap_or_default();
            resource_view(standing, future.as_ref(), spark, now)
        })
        .collect())
}

fn sparks(
    app: &App,
    now: Time,
    budget: &dyn Budget,
) -> Result<BTreeMap<ResourceId, Spark>, SourceError> {
    let range = TimeRange { from: now - SPARK_SPAN, to: now };
    let grid = history::Grid::over(range, SPARK_POINTS);
    let mut sparks = BTreeMap::new();
    let used = history::read_all(app.store.as_ref(), history::RESOURCE_USED, range, budget)?;
    let limits = app.board.standings.read();
    for columns in &used {
        let Some(id) = history::id_of(&columns.labels) else { continue };
        let Some(standing) = limits.get(&id) else { continue };
        let mut cells = history::cells_for(&grid);
        history::sort_into(&mut cells, &grid, columns);
        let limit = standing.reading.limit;
        let shares =
            cells.iter().map(|cell| cell.mean().filter(|_| limit > 0.0).map(|used| used / limit));
        let shares = bridged(shares);
        let (from, step) = (grid.from.millis(), grid.step.as_millis());
        sparks.insert(id, Spark { from, step, shares });
    }
    Ok(sparks)
}

/// Carries values over the gaps between readings five minutes apart, as a filled past has them.
fn bridged(shares: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    const CELLS_MAX: usize = 5;
    let mut last = None;
    shares
        .enumerate()
        .map(|(at, share)| {
            if let Some(share) = share {
                last = Some((at, share));
            }
            last.filter(|(seen, _)| at - seen < CELLS_MAX).map(|(_, share)| share)
        })
        .collect()
}

/// Every resource, worst first.
#[utoipa::path(get, path = "/api/plimsoll/v1/resources", tag = "resources",
    responses((status = 200, body = ResourceList)))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<ResourceList>, ApiError> {
    let rows = rows(&app);
    let resources = views(&app, rows).await?;
    Ok(Json(ResourceList { at: app.clock.now().millis(), resources, troubles: troubles(&app) }))
}

/// What cannot be evaluated now.
pub(super) fn troubles(app: &App) -> Vec<TroubleView> {
    app.board
        .troubles()
        .into_iter()
        .map(|trouble| TroubleView { subject: trouble.subject, error: trouble.error })
        .chain(app.journal.trouble().map(|error| {
            let subject = "journal: nothing is judged and nobody told".to_owned();
            TroubleView { subject, error }
        }))
        .collect()
}

pub(super) fn find(app: &App, key: &str) -> Result<(Standing, Option<Future>), ApiError> {
    rows(app)
        .into_iter()
        .find(|(standing, _)| resource_key(&standing.reading.id) == key)
        .ok_or_else(|| {
            ApiError::missing(format!("there is no resource {key:?} now"))
                .help("/api/plimsoll/v1/resources lists those there are")
        })
}

/// One resource with everything behind it.
#[utoipa::path(get, path = "/api/plimsoll/v1/resources/{id}", tag = "resources",
    params(("id" = String, Path, description = "a resource's `id` from the list")),
    responses((status = 200, body = ResourceDetail), (status = 404, description = "no such resource")))]
pub(super) async fn detail(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
) -> Result<Json<ResourceDetail>, ApiError> {
    let (standing, future) = find(&app, &key)?;
    let now = app.clock.now();
    let mut alerts = views_of(&app);
    alerts.retain(|alert| alert.resource_id.as_deref() == Some(key.as_str()));
    let forecast = forecast_view(&standing, future.as_ref(), now);
    let resource = Arc::clone(&standing.resource);
    let mut views = views(&app, vec![(standing, future)]).await?;
    let view = views.pop().ok_or_else(|| ApiError::missing("the resource has just gone"))?;
    Ok(Json(ResourceDetail {
        resource: view,
        used_expr: resource.used.clone(),
        limit_expr: resource.limit.clone(),
        advice: resource.advice.clone(),
        hold_ms: resource.hold.as_millis(),
        lead_time_ms: resource.lead_time.as_millis(),
        alerts,
        forecast,
    }))
}

/// Which part of the past.
#[derive(Debug, Deserialize)]
pub(super) struct Window {
    from: Option<i64>,
    to: Option<i64>,
    points: Option<usize>,
}

/// A resource's past.
#[utoipa::path(get, path = "/api/plimsoll/v1/resources/{id}/history", tag = "resources",
    params(
        ("id" = String, Path, description = "a resource's `id` from the list"),
        ("from" = Option<i64>, Query, description = "milliseconds since 1970; an hour ago if not given"),
        ("to" = Option<i64>, Query, description = "milliseconds since 1970; now if not given"),
        ("points" = Option<usize>, Query, description = "how many columns the picture has; 600 if not given, 4,000 at most")),
    responses((status = 200, body = HistoryView), (status = 404, description = "no such resource")))]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    Query(window): Query<Window>,
) -> Result<Json<HistoryView>, ApiError> {
    let now = app.clock.now();
    let to = window.to.map_or(now, Time).min(now + Span::days(1));
    let from = window.from.map_or(to - SPARK_SPAN, Time);
    if to <= from {
        return Err(ApiError::invalid("`to` must lie after `from`"));
    }
    let oldest = now - app.settings.store.retention;
    let from = from.max(oldest).min(to - Span::secs(1));
    let points = window.points.unwrap_or(POINTS_DEFAULT).clamp(2, POINTS_MAX);
    let (standing, _) = find(&app, &key)?;
    let id = standing.reading.id;
    let view = app
        .ask(None, move |app, meter| {
            let grid = history::Grid::over(TimeRange { from, to }, points);
            let read = |metric| {
                history::read(app.store.as_ref(), (&id, metric), &grid, meter)
                    .map_err(QueryError::from)
            };
            let (used, limit) = (read(history::RESOURCE_USED)?, read(history::RESOURCE_LIMIT)?);
            Ok(HistoryView {
                from: grid.from.millis(),
                to: to.millis(),
                step: grid.step.as_millis(),
                times: (0..grid.len).map(|at| grid.time(at).millis()).collect(),
                used: used.iter().map(history::Cell::mean).collect(),
                used_min: used.iter().map(|cell| cell.figure(|cell| cell.min)).collect(),
                used_max: used.iter().map(|cell| cell.figure(|cell| cell.max)).collect(),
                limit: limit.iter().map(|cell| cell.figure(|cell| cell.last)).collect(),
            })
        })
        .await?;
    Ok(Json(view))
}
