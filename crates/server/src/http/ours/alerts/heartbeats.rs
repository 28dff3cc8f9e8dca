//! `POST /heartbeat/{name}`: somebody says that it is well.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use journal::{Act, JournalError};
use model::{Kind, Severity, Span, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    http::{chain, error::ApiError},
    state::{App, HEARTBEAT, HEARTBEATS_MAX, Heartbeat},
};

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 100;
const LONGEST: Span = Span::days(366);

/// How often it will be heard, where the settings do not know it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Rhythm {
    /// How often it comes at least: `1h`. Without it, only names of the settings are known.
    period: Option<String>,
    /// How much later it may be; a tenth of the period if not given.
    grace: Option<String>,
    /// `info`, `warning` or `critical`, which it is if nothing is said.
    severity: Option<String>,
}

/// What was taken down.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeartbeatView {
    name: String,
    /// When it is missing if nothing more is heard.
    missing_at: i64,
    /// Whether it was ever heard of.
    heard: bool,
    period_ms: i64,
    grace_ms: i64,
}

/// Takes down that somebody was heard of; it is on disk when this answers.
#[utoipa::path(post, path = "/heartbeat/{name}", tag = "alerts", params(Rhythm,
    ("name" = String, Path, description = "letters, digits, `-`, `_` and `.`")),
    responses((status = 200, body = HeartbeatView), (status = 404, body = crate::http::error::ErrorBody)))]
pub(crate) async fn heard(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(rhythm): Query<Rhythm>,
) -> Result<Json<HeartbeatView>, ApiError> {
    let now = app.clock.now();
    let known = known(&app).await?;
    let of_settings = app.settings.alerts.heartbeats.iter().find(|own| own.name == name);
    let mut heartbeat = match (of_settings, &rhythm.period) {
        (Some(own), _) => Heartbeat::of_settings(own),
        (None, Some(period)) => asked(&name, period, &rhythm)?,
        (None, None) => match known.iter().find(|own| own.name == name) {
            Some(own) => own.clone(),
            None => {
                return Err(ApiError::missing(format!("no heartbeat `{name}` is expected"))
                    .help("write it under `alerts: heartbeats:`, or say `?period=1h`"));
            }
        },
    };
    let others = known.iter().filter(|own| own.name != name).count();
    if others >= HEARTBEATS_MAX && !known.iter().any(|own| own.name == name) {
        let message = format!("{HEARTBEATS_MAX} heartbeats are expected already");
        return Err(ApiError::new(Kind::Busy, message));
    }
    heartbeat.heard = true;
    let timer = heartbeat.timer(now);
    heartbeat.due = timer.due;
    app.journal.record(Act { set: vec![timer], ..Act::default() }).await.map_err(lost)?;
    Ok(Json(view(&heartbeat)))
}

/// Who is to be heard of, and when each is missing.
#[utoipa::path(get, path = "/api/plimsoll/v1/heartbeats", tag = "alerts",
    responses((status = 200, body = Vec<HeartbeatView>)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<Vec<HeartbeatView>>, ApiError> {
    Ok(Json(known(&app).await?.iter().map(view).collect()))
}

/// Expects somebody no longer.
#[utoipa::path(delete, path = "/heartbeat/{name}", tag = "alerts",
    params(("name" = String, Path, description = "whom")),
    responses((status = 200, body = HeartbeatView), (status = 404, body = crate::http::error::ErrorBody)))]
pub(crate) async fn forget(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<HeartbeatView>, ApiError> {
    let known = known(&app).await?;
    let own = known.into_iter().find(|own| own.name == name);
    let own = own.ok_or_else(|| ApiError::missing(format!("no heartbeat `{name}` is expected")))?;
    if own.in_settings {
        return Err(ApiError::new(Kind::Conflict, "the settings expect it: take it out there"));
    }
    app.journal.record(Act { unset: vec![own.key()], ..Act::default() }).await.map_err(lost)?;
    Ok(Json(view(&own)))
}

async fn known(app: &App) -> Result<Vec<Heartbeat>, ApiError> {
    let timers = app.journal.timers_due(HEARTBEAT, Time::MAX, u32::MAX).await.map_err(lost)?;
    Ok(timers.iter().filter_map(Heartbeat::read).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn lost(error: JournalError) -> ApiError {
    ApiError::new(error.kind(), chain(&error))
}

fn asked(name: &str, period: &str, rhythm: &Rhythm) -> Result<Heartbeat, ApiError> {
    let fits = |own: char| own.is_ascii_alphanumeric() || "-_.".contains(own);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(fits) {
        return Err(ApiError::invalid("a name has letters, digits, `-`, `_` and `.`"));
    }
    let span = |text: &str| {
        let span = settings::parse_duration(text).filter(|own| *own <= LONGEST);
        span.ok_or_else(|| ApiError::invalid(format!("`{text}` is no duration such as `1h`")))
    };
    let period = span(period)?;
    if period < Span::secs(1) {
        return Err(ApiError::invalid("a period is a second at least"));
    }
    let grace = match &rhythm.grace {
        Some(text) => span(text)?,
        None => Span::millis(period.as_millis() / 10),
    };
    let severity = rhythm.severity.as_deref().unwrap_or("critical");
    Ok(Heartbeat {
        name: name.to_owned(),
        period,
        grace,
        severity: Severity::from_label(severity),
        in_settings: false,
        heard: true,
        due: Time::MAX,
    })
}

fn view(own: &Heartbeat) -> HeartbeatView {
    HeartbeatView {
        name: own.name.clone(),
        missing_at: own.due.millis(),
        heard: own.heard,
        period_ms: own.period.as_millis(),
        grace_ms: own.grace.as_millis(),
    }
}
