//! `objectives`: the list, one of them, its past, and what cost its budget.

mod shape;
mod views;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use detect::objectives::{HOURS_KEPT, MINUTES_KEPT, Measure, source_of};
use model::{Indicator, Span, Time};
use query::{InstantSample, Question};
use serde::Deserialize;

use super::{alerts::views_of, resources::troubles};
use crate::{
    http::error::ApiError,
    state::{App, ObjectiveStanding},
};
use shape::{cost_view, exprs, objective_view, worst_first};
pub(super) use views::{ObjectiveCosts, ObjectiveDetail, ObjectiveHistory, ObjectiveList};

const POINTS_DEFAULT: i64 = 600;
/// More columns than this no screen has.
const POINTS_MAX: i64 = 4_000;
/// Over which time costs are told if nothing is said.
const COSTS_SPAN: Span = Span::hours(1);
const COSTS_SPAN_MAX: Span = Span::days(30);

/// Every objective, worst first.
#[utoipa::path(get, path = "/api/plimsoll/v1/objectives", tag = "objectives",
    responses((status = 200, body = ObjectiveList)))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Json<ObjectiveList> {
    let now = app.clock.now();
    let standings: Vec<ObjectiveStanding> = app.board.objectives.read().values().cloned().collect();
    let mut objectives: Vec<_> =
        standings.iter().map(|standing| objective_view(standing, now)).collect();
    worst_first(&mut objectives);
    let mut troubles = troubles(&app);
    troubles
        .retain(|own| own.subject.starts_with("objective ") || own.subject.starts_with("journal"));
    Json(ObjectiveList { at: now.millis(), objectives, troubles })
}

fn find(app: &App, name: &str) -> Result<ObjectiveStanding, ApiError> {
    app.board.objectives.read().get(name).cloned().ok_or_else(|| {
        ApiError::missing(format!("there is no objective {name:?}"))
            .help("/api/plimsoll/v1/objectives lists those there are")
    })
}

/// One objective with everything behind it.
#[utoipa::path(get, path = "/api/plimsoll/v1/objectives/{name}", tag = "objectives",
    params(("name" = String, Path, description = "an objective's `name` from the list")),
    responses((status = 200, body = ObjectiveDetail), (status = 404, description = "no such objective")))]
pub(super) async fn detail(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<ObjectiveDetail>, ApiError> {
    let standing = find(&app, &name)?;
    let objective = &standing.objective;
    let source = source_of(objective);
    let mut alerts = views_of(&app);
    alerts.retain(|alert| alert.source == source);
    let (kind, exprs) = exprs(&objective.indicator);
    let value = match &objective.indicator {
        Indicator::Value { test, line, unit, .. } => Some((*test, *line, *unit)),
        Indicator::Good { .. } | Indicator::Bad { .. } => None,
    };
    Ok(Json(ObjectiveDetail {
        objective: objective_view(&standing, app.clock.now()),
        kind: kind.to_owned(),
        exprs,
        test: value.map(|(test, ..)| test.word().to_owned()),
        line: value.map(|(_, line, _)| line),
        line_text: value.map(|(_, line, unit)| unit.say(line)),
        alerts,
    }))
}

/// Which part of the past.
#[derive(Debug, Deserialize)]
pub(super) struct Window {
    from: Option<i64>,
    to: Option<i64>,
    points: Option<i64>,
}

/// An objective's past.
#[utoipa::path(get, path = "/api/plimsoll/v1/objectives/{name}/history", tag = "objectives",
    params(
        ("name" = String, Path, description = "an objective's `name` from the list"),
        ("from" = Option<i64>, Query, description = "milliseconds since 1970; the beginning of the period if not given"),
        ("to" = Option<i64>, Query, description = "milliseconds since 1970; now if not given"),
        ("points" = Option<i64>, Query, description = "how many columns the picture has; 600 if not given, 4,000 at most")),
    responses((status = 200, body = ObjectiveHistory), (status = 404, description = "no such objective")))]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(window): Query<Window>,
) -> Result<Json<ObjectiveHistory>, ApiError> {
    let standing = find(&app, &name)?;
    let now = app.clock.now();
    let to = window.to.map_or(now, Time).min(now);
    let begun = standing.account.as_ref().map_or(to - Span::days(1), |account| account.from);
    let from = window.from.map_or(begun, Time).max(now - HOURS_KEPT);
    if to <= from {
        return Err(ApiError::invalid("`to` must lie after `from`"));
    }
    let points = window.points.unwrap_or(POINTS_DEFAULT).clamp(2, POINTS_MAX);
    let fine = now.since(from) <= MINUTES_KEPT;
    let unit = if fine { Span::minutes(1) } else { Span::hours(1) }.as_millis();
    let width = to.since(from).as_millis();
    // A whole number of minutes or hours, so that each column has events of its own.
    let step = unit * (width / (unit * points) + 1);
    let from = Time(from.millis().div_euclid(unit) * unit);
    let count = to.since(from).as_millis() / step;
    Ok(Json(shape::history(&standing, (from, Span::millis(step), count))))
}

/// Over which time.
#[derive(Debug, Deserialize)]
pub(super) struct Over {
    span: Option<String>,
}

/// Which events cost the budget: values of labels that bad events share.
#[utoipa::path(get, path = "/api/plimsoll/v1/objectives/{name}/costs", tag = "objectives",
    params(
        ("name" = String, Path, description = "an objective's `name` from the list"),
        ("span" = Option<String>, Query, description = "the time until now that is looked at: `1h` if not given, `30d` at most")),
    responses((status = 200, body = ObjectiveCosts), (status = 404, description = "no such objective")))]
pub(super) async fn costs(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(over): Query<Over>,
) -> Result<Json<ObjectiveCosts>, ApiError> {
    let standing = find(&app, &name)?;
    let span = match &over.span {
        None => COSTS_SPAN,
        Some(text) => settings::parse_duration(text)
            .filter(|span| (Span::minutes(1)..=COSTS_SPAN_MAX).contains(span))
            .ok_or_else(|| {
                ApiError::invalid(format!("{text:?} is no time from 1m to {COSTS_SPAN_MAX}"))
            })?,
    };
    let to = app.clock.now();
    let measure = Measure::of(&standing.objective)
        .map_err(|error| ApiError::new(error.kind(), crate::http::chain(&error)))?;
    let labels = app
        .ask(None, move |app, meter| {
            let parts = measure.over(span);
            let mut answers: Vec<Vec<InstantSample>> = Vec::new();
            for part in &parts {
                let answer = app.queries.instant(Question::new(&part.text, meter), to)?;
                answers.push(detect::elements(answer.value).unwrap_or_default());
            }
            Ok(detect::objectives::costs(&parts, &answers))
        })
        .await?;
    Ok(Json(ObjectiveCosts {
        from: (to - span).millis(),
        to: to.millis(),
        labels: labels.into_iter().map(cost_view).collect(),
    }))
}
