//! `load/schedules`: load tests that are to come: planned dry first, approved by somebody else, taken by a runner.

use std::{net::ToSocketAddrs as _, sync::Arc};

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use load::{Allowed, Job, Load, Plan, is_named};
use model::{Change, ChangeDetails, ChangeKind, Kind, Span, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    blocking, by, follow, live,
    views::{By, RunBegins},
};
use crate::{
    http::{chain, error::ApiError},
    runs::{Asked, Scheduled, StepError, new_id, refusals, slot},
    state::{App, Topic},
};

/// Scheduled load tests.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct ScheduleList {
    at: i64,
    /// Who may be put under load by schedule.
    targets: Vec<String>,
    /// Those that are to come or go on, then those that were over lately.
    schedules: Vec<Scheduled>,
}

/// A load test that somebody wants to schedule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct ScheduleWish {
    /// The plan with its files, as `plimsoll load schedule add` sends it.
    #[schema(value_type = Object)]
    job: Value,
    /// When, in milliseconds since 1970; the next time that is allowed if not given.
    at: Option<i64>,
    service: Option<String>,
    release: Option<String>,
    /// Who plans it.
    #[serde(default)]
    by: String,
    /// The plan's targets, typed once more.
    #[serde(default)]
    confirm: Vec<String>,
    /// That the plan has no baseline yet, and this run is to become it.
    #[serde(default)]
    first: bool,
    /// Only says what would be; nothing is planned unless this is `false`.
    #[serde(default = "yes")]
    dry_run: bool,
}

/// What would be planned, or was.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct ScheduleTold {
    schedule: Scheduled,
    /// Whether nothing was planned.
    dry_run: bool,
    /// Everything that speaks against it.
    refused: Vec<String>,
}

/// A load test that a runner has taken.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct ScheduleClaim {
    schedule: Scheduled,
    /// The id of its run: under it the runner tells and sends the report.
    run: String,
    /// The plan with its files.
    #[schema(value_type = Object)]
    job: Value,
}

/// The one that is due, if there is one.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct ScheduleDue {
    schedule: Option<Scheduled>,
}

fn yes() -> bool {
    true
}

/// What is read of a plan.
struct Read {
    plan: Plan,
    targets: Vec<String>,
    allowed: Vec<String>,
    rate_max: f64,
    length: Span,
}

/// Load tests that are to come, and those that were over lately.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/schedules", tag = "load",
    responses((status = 200, body = ScheduleList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<ScheduleList>, ApiError> {
    follow(&app).await?;
    let now = app.clock.now();
    let targets = app.settings.load.targets.clone();
    let schedules = app.loads.schedules.all(now);
    Ok(Json(ScheduleList { at: now.millis(), targets, schedules }))
}

/// Plans a load test, or says what would speak against it.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/schedules", tag = "load", request_body = ScheduleWish,
    responses((status = 201, body = ScheduleTold), (status = 200, description = "a dry run", body = ScheduleTold),
        (status = 409, description = "something speaks against it")))]
pub(in crate::http::ours) async fn add(
    State(app): State<Arc<App>>,
    body: Result<Json<ScheduleWish>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(wish) = body.map_err(|error| ApiError::invalid(error.to_string()))?;
    follow(&app).await?;
    let now = app.clock.now();
    let own = Arc::clone(&app);
    let (read, wish) = blocking(move || (read(&own, &wish.job), wish)).await?;
    let read = read?;
    let settings = &app.settings.load;
    let at = wish.at.map(Time).or_else(|| slot(settings, now + settings.notice, read.length));
    let at = at.unwrap_or(now + settings.notice);
    let asked = Asked {
        at,
        length: read.length,
        targets: &read.targets,
        allowed: &read.allowed,
        confirmed: &wish.confirm,
        has_baseline: app.loads.baseline(&read.plan.name).is_some(),
        is_first: wish.first,
        by: &wish.by,
    };
    let refused = refusals(settings, &asked, now);
    let id = new_id(now).map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let schedule = Scheduled {
        version: 1,
        id,
        plan: read.plan.name.clone(),
        service: wish.service,
        release: wish.release,
        targets: read.targets,
        rate_max: read.rate_max,
        at: at.millis(),
        until: (at + read.length).millis(),
        by: wish.by,
        state: "planned".to_owned(),
        since: now.millis(),
        ..Scheduled::default()
    };
    if wish.dry_run {
        return Ok(Json(ScheduleTold { schedule, dry_run: true, refused }).into_response());
    }
    if !refused.is_empty() {
        return Err(ApiError::new(Kind::Conflict, refused.join("; ")));
    }
    let planned = app.loads.schedules.plan(&app.journal, schedule.clone(), wish.job).await;
    planned.map_err(step)?;
    note(&app, &schedule, format!("planned by {}", schedule.by)).await;
    app.hub.announce(now, &[Topic::Load]);
    let told = ScheduleTold { schedule, dry_run: false, refused };
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// Approves one; not the person who planned it.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/schedules/{id}/approve", tag = "load", request_body = By,
    params(("id" = String, Path, description = "a schedule's `id`")),
    responses((status = 200, body = Scheduled), (status = 404, description = "no such schedule"),
        (status = 409, description = "it is not planned any more, or planned by the same person")))]
pub(in crate::http::ours) async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<By>, JsonRejection>,
) -> Result<Json<Scheduled>, ApiError> {
    let by = by(body)?;
    known(&app, &id).await?;
    let now = app.clock.now();
    let approved = app.loads.schedules.approve(&app.journal, &id, (&by.by, now)).await;
    let own = approved.map_err(step)?;
    note(&app, &own, format!("approved by {}", by.by)).await;
    app.hub.announce(now, &[Topic::Load]);
    Ok(Json(own))
}

/// Takes one back that has not begun.
#[utoipa::path(delete, path = "/api/plimsoll/v1/load/schedules/{id}", tag = "load",
    params(("id" = String, Path, description = "a schedule's `id`")),
    responses((status = 200, body = Scheduled), (status = 404, description = "no such schedule"),
        (status = 409, description = "it has begun, or is over")))]
pub(in crate::http::ours) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Scheduled>, ApiError> {
    known(&app, &id).await?;
    let now = app.clock.now();
    let cancelled = app.loads.schedules.cancel(&app.journal, &id, ("", now)).await;
    let own = cancelled.map_err(step)?;
    note(&app, &own, "cancelled".to_owned()).await;
    app.hub.announce(now, &[Topic::Load]);
    Ok(Json(own))
}

/// The one that a runner may take now; nothing while all load is stopped.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/schedules/due", tag = "load",
    responses((status = 200, body = ScheduleDue)))]
pub(in crate::http::ours) async fn due(
    State(app): State<Arc<App>>,
) -> Result<Json<ScheduleDue>, ApiError> {
    follow(&app).await?;
    let held = app.loads.stopping.read().held;
    let due = app.loads.schedules.due(app.clock.now());
    Ok(Json(ScheduleDue { schedule: due.filter(|_| !held) }))
}

/// A runner takes one. Of several who try, one succeeds; from then on it is a run that goes on.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/schedules/{id}/claim", tag = "load", request_body = By,
    params(("id" = String, Path, description = "a schedule's `id`")),
    responses((status = 200, body = ScheduleClaim), (status = 404, description = "no such schedule"),
        (status = 409, description = "it is not due, was taken, or all load is stopped")))]
pub(in crate::http::ours) async fn claim(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<By>, JsonRejection>,
) -> Result<Json<ScheduleClaim>, ApiError> {
    let by = by(body)?;
    let wanted = known(&app, &id).await?;
    live::may_begin(&app)?;
    let now = app.clock.now();
    let run = new_id(now).map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let claimed = app.loads.schedules.claim(&app.journal, &id, (&run, now)).await;
    let (schedule, job) = claimed.map_err(step)?;
    let begins = RunBegins {
        plan: wanted.plan,
        service: wanted.service,
        release: wanted.release,
        by: by.by,
        targets: wanted.targets,
        seconds: Time(wanted.until).since(Time(wanted.at)).as_secs(),
        gate: None,
    };
    live::begin_as(&app, begins, run.clone(), now).await?;
    Ok(Json(ScheduleClaim { schedule, run, job }))
}

fn read(app: &App, job: &Value) -> Result<Read, ApiError> {
    let job: Job = serde_json::from_value(job.clone())
        .map_err(|error| ApiError::invalid(format!("this is no plan with its files: {error}")))?;
    let id =
        new_id(app.clock.now()).map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let folder = app.data.join("load").join(format!("draft-{id}"));
    let plan = job.plan(&folder);
    // It may not be there, and what is left of it is in nobody's way.
    std::fs::remove_dir_all(&folder).ok();
    let plan = plan.map_err(ApiError::invalid)?;
    let rules: Vec<Allowed> =
        app.settings.load.targets.iter().filter_map(|text| text.parse().ok()).collect();
    let mut allowed = Vec::new();
    for origin in &plan.origins {
        let found = (origin.host.as_str(), origin.port).to_socket_addrs();
        let addresses: Vec<_> = found.map(Iterator::collect).unwrap_or_default();
        if is_named(&origin.host, &addresses, &rules) {
            allowed.push(origin.to_string());
        }
    }
    let rate_max = plan.scenarios.iter().map(|scenario| match &scenario.load {
        Load::Open { rate, .. } => rate.greatest(),
        Load::Closed { .. } => 0.0,
    });
    let rate_max = rate_max.sum();
    let length = plan.length().saturating_add(plan.limits.drain);
    Ok(Read {
        targets: plan.origins.iter().map(ToString::to_string).collect(),
        allowed,
        rate_max,
        length: Span::millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)),
        plan,
    })
}

/// Tells of it among the changes.
async fn note(app: &App, own: &Scheduled, what: String) {
    let subject = own.service.clone().unwrap_or_else(|| own.targets.join(", "));
    let text = format!("load test `{}` of {}: {what}", own.plan, own.targets.join(", "));
    let mut change = Change::new(Time(own.since), ChangeKind::Other, subject, text);
    change.details = ChangeDetails {
        service: own.service.clone(),
        version: own.release.clone(),
        source: Some("load".to_owned()),
        key: Some(format!("{} {}", own.id, own.state)),
        planned: Some(true),
        ..ChangeDetails::default()
    };
    if let Err(error) = app.changes.keep(&app.journal, &change.bounded(), true).await {
        tracing::warn!(error = chain(&error), "cannot tell of a scheduled load test");
    }
}

async fn known(app: &App, id: &str) -> Result<Scheduled, ApiError> {
    follow(app).await?;
    app.loads.schedules.get(id).ok_or_else(|| {
        ApiError::missing(format!("there is no scheduled load test {id:?}"))
            .help("/api/plimsoll/v1/load/schedules lists those there are")
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error")]
fn step(error: StepError) -> ApiError {
    ApiError::new(error.kind(), chain(&error))
}
