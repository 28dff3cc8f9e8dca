//! `plans`: scenarios frozen with their numbers, and followed by what really happened.

mod views;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use journal::{Entry, Event, EventQuery, NewEvent};
use model::{Budget, Kind, Span, Time};
use plan::Scenario;
use query::{QueryError, Steps};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::views::{PlanList, PlanView, Seen, in_short, plan_view};
use super::{
    past,
    scenarios::{OutcomeView, outcome_view, parse, run_here},
    table,
};
use crate::{
    http::{chain, error::ApiError},
    jobs::sizing::last_words,
    state::App,
};

/// The kind of events that keep a plan; the subject is its name.
const FROZEN: &str = "plan_frozen";
/// What is measured is looked at over so long, in such steps.
const LAST: Span = Span::days(1);
const STEP: Span = Span::minutes(30);
const NAME_BYTES_MAX: usize = 100;
const BY_BYTES_MAX: usize = 200;
/// Text and numbers of a plan together, in bytes: what one event may hold, less what stands around them.
const PLAN_BYTES_MAX: usize = 250 << 10;

/// A plan to be frozen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct PlanWish {
    /// Its name, which no other plan has: letters, digits, `-`, `_` and `.`.
    name: String,
    /// The scenario, as YAML.
    text: String,
    /// Who freezes it.
    by: String,
    /// Why, or what was decided.
    #[serde(default)]
    note: String,
}

/// A plan in the journal, version 1.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    version: u32,
    text: String,
    by: String,
    note: String,
    outcome: OutcomeView,
}

/// A plan as it was frozen.
struct Frozen {
    name: String,
    at: Time,
    record: Record,
}

fn frozen_of(event: &Event) -> Option<Frozen> {
    let record = serde_json::from_value(event.body.clone()).ok()?;
    Some(Frozen { name: event.subject.clone(), at: event.at, record })
}

/// Runs a scenario and keeps it with its numbers in the journal, so that it can be compared with what happens. A plan is
/// never changed: another one needs another name.
#[utoipa::path(post, path = "/api/plimsoll/v1/plans", tag = "plan", request_body = PlanWish,
    responses((status = 201, body = PlanView), (status = 400, description = "it contradicts itself; the message marks where"),
        (status = 409, description = "there is a plan of that name")))]
pub(in crate::http::ours) async fn freeze(
    State(app): State<Arc<App>>,
    wish: Result<Json<PlanWish>, JsonRejection>,
) -> Result<(StatusCode, Json<PlanView>), ApiError> {
    let Json(wish) = wish.map_err(|error| ApiError::invalid(error.body_text()))?;
    check(&wish)?;
    let scenario = parse(&wish.text)?;
    if find(&app, &wish.name).await?.is_some() {
        return Err(ApiError::new(Kind::Conflict, format!("there is a plan {:?}", wish.name))
            .help("a plan that was frozen stays as it is; freeze this one by another name"));
    }
    let outcome = run_here(&app, &scenario, table::PAST).await?;
    let now = app.clock.now();
    let record = Record {
        version: 1,
        text: wish.text,
        by: wish.by.trim().to_owned(),
        note: wish.note,
        outcome: outcome_view(&outcome),
    };
    // All keys are text, and numbers that are none become null.
    let body = serde_json::to_value(&record).unwrap_or_default();
    if body.to_string().len() > PLAN_BYTES_MAX {
        return Err(ApiError::invalid("the plan with its numbers is too long to be kept")
            .help("leave out months or resources"));
    }
    let event = NewEvent { at: now, kind: FROZEN.to_owned(), subject: wish.name.clone(), body };
    let written = app.journal.record(Entry { events: vec![event], outbox: Vec::new() }).await;
    written.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let frozen = Frozen { name: wish.name, at: now, record };
    Ok((StatusCode::CREATED, Json(followed(&app, frozen, scenario).await?)))
}

fn check(wish: &PlanWish) -> Result<(), ApiError> {
    let letter = |own: char| own.is_ascii_alphanumeric() || matches!(own, '-' | '_' | '.');
    if wish.name.is_empty() || wish.name.len() > NAME_BYTES_MAX || !wish.name.chars().all(letter) {
        return Err(ApiError::invalid(format!("{:?} cannot be the name of a plan", wish.name))
            .help("write letters, digits, `-`, `_` and `.`, 100 at most"));
    }
    if wish.by.trim().is_empty() || wish.by.len() > BY_BYTES_MAX || wish.note.len() > 4_000 {
        return Err(ApiError::invalid("`by` is the name of who freezes it, of 200 bytes at most")
            .help("`note` has 4,000 bytes at most"));
    }
    Ok(())
}

/// Every frozen plan, the newest first.
#[utoipa::path(get, path = "/api/plimsoll/v1/plans", tag = "plan",
    responses((status = 200, body = PlanList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<PlanList>, ApiError> {
    let found = last_words(&app.journal, FROZEN, frozen_of).await;
    let found = found.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let plans =
        found.iter().map(|own| in_short(&own.name, own.at, &own.record.by, &own.record.outcome));
    Ok(Json(PlanList { at: app.clock.now().millis(), plans: plans.collect() }))
}

/// One plan beside what happened: at the end of each month that has passed, and now.
#[utoipa::path(get, path = "/api/plimsoll/v1/plans/{name}", tag = "plan",
    params(("name" = String, Path, description = "a plan's name")),
    responses((status = 200, body = PlanView), (status = 404, description = "no such plan")))]
pub(in crate::http::ours) async fn detail(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<PlanView>, ApiError> {
    let frozen = find(&app, &name).await?.ok_or_else(|| {
        ApiError::missing(format!("there is no plan {name:?}"))
            .help("/api/plimsoll/v1/plans lists those there are")
    })?;
    let scenario = parse(&frozen.record.text)?;
    Ok(Json(followed(&app, frozen, scenario).await?))
}

async fn find(app: &App, name: &str) -> Result<Option<Frozen>, ApiError> {
    let question = EventQuery {
        kinds: vec![FROZEN.to_owned()],
        subject: Some(name.to_owned()),
        limit: 1,
        ..EventQuery::default()
    };
    let events = app.journal.events(question).await;
    let events = events.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    Ok(events.first().and_then(frozen_of))
}

/// A plan with what was seen of it.
async fn followed(
    app: &Arc<App>,
    frozen: Frozen,
    scenario: Scenario,
) -> Result<PlanView, ApiError> {
    let (now, ends) = (app.clock.now(), frozen.record.outcome.ends().to_vec());
    let seen = app.ask(None, move |app, meter| {
        let mut seen = Seen::default();
        for own in &scenario.drivers {
            let values = values(app, own.measured.as_deref(), (&ends, now), meter)?;
            seen.drivers.insert(own.name.clone(), values);
        }
        for own in &scenario.resources {
            let values = values(app, own.measured.as_deref(), (&ends, now), meter)?;
            seen.resources.insert(own.name.clone(), values);
        }
        Ok(seen)
    });
    let Frozen { name, at, record } = frozen;
    let view = plan_view(&name, (at, now), &record.outcome, &seen.await?);
    Ok(view.told_by(record.by, record.note, record.text))
}

/// What was measured at the end of each month that has passed, and now as the last; nothing where nobody measures it.
fn values(
    app: &App,
    expression: Option<&str>,
    (ends, now): (&[i64], Time),
    budget: &dyn Budget,
) -> Result<Vec<Option<f64>>, QueryError> {
    let Some(expression) = expression else { return Ok(Vec::new()) };
    // As the plan looks at a month: at its end, by the middle of its last day.
    let passed = ends.iter().map(|end| Time(*end)).take_while(|end| *end <= now);
    let mut found = Vec::new();
    for end in passed.chain([now]) {
        let steps = Steps { from: end - LAST, to: end, step: STEP };
        let values = past::over(app, expression, steps, budget)?;
        found.push((!values.is_empty()).then(|| stats::median(&values)));
    }
    Ok(found)
}
