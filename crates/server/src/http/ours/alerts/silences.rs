//! `silences`: listed, tried out, kept and ended.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use journal::Journal;
use model::{AlertState, Kind, Labels, Span, Time};
use respond::{
    quiet::{Silence, SilenceDraft, SilenceState, Window},
    routing::{LabelMatcher, all_match, parse_matchers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{super::views::AlertView, view};
use crate::{
    http::{chain, error::ApiError},
    jobs,
    state::{App, SilenceLost, doubts_text, seen_lately},
};

/// Alerts that a preview shows.
const SHOWN_MAX: usize = 100;
/// How long a silence lasts if nothing is said.
const LASTS: Span = Span::hours(2);
/// The longest conditions, in bytes.
const MATCHERS_BYTES_MAX: usize = 16 << 10;

/// Silences, and times that come again in which some alerts are quiet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SilenceList {
    at: i64,
    /// How long a silence may last unless it is confirmed.
    longest_ms: i64,
    /// Those first that hold, then those to come, then those that ended within five days.
    silences: Vec<SilenceView>,
    /// From the settings.
    windows: Vec<WindowView>,
}

/// A silence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SilenceView {
    id: String,
    /// `active`, `pending` or `expired`.
    state: String,
    /// Which alerts: those that match all of these, each as `name="value"`.
    matchers: Vec<String>,
    starts_at: i64,
    ends_at: i64,
    updated_at: i64,
    created_by: String,
    reason: String,
    /// What spoke against it when it was confirmed all the same.
    confirmed: Option<String>,
    /// How many alerts that fire now it keeps quiet.
    matches: usize,
}

/// A time that comes again and again in which some alerts are quiet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowView {
    name: String,
    /// Whether it is now.
    active: bool,
    /// When it comes, in words: `22:00 to 02:00, monday to friday, Europe/Berlin`.
    when: String,
    matchers: Vec<String>,
    reason: String,
}

/// A silence as somebody wants it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SilenceWish {
    /// The silence to change; a new one if not given.
    id: Option<String>,
    /// Which alerts: conditions such as `host="db-1"` or `job=~"api|web"`; several may stand in one text.
    matchers: Vec<String>,
    /// From when on; now if not given.
    starts_at: Option<i64>,
    /// Until when.
    ends_at: Option<i64>,
    /// How long, if `ends_at` is not given; two hours if neither is.
    duration_ms: Option<i64>,
    /// Who wants it.
    #[serde(default)]
    created_by: String,
    /// Why.
    #[serde(default)]
    reason: String,
    /// That it is wanted although it matches much or lasts long; the journal says so.
    #[serde(default)]
    confirm: bool,
}

/// What a silence would keep quiet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SilencePreview {
    /// The conditions as they were understood.
    matchers: Vec<String>,
    /// How many alerts that fire now match.
    firing: usize,
    /// These alerts, a hundred at most.
    alerts: Vec<AlertView>,
    /// How many different alerts of the last 24 hours match.
    matched: usize,
    /// Of how many.
    seen: usize,
    /// Why it would be refused unless it is confirmed.
    doubts: Vec<String>,
    /// What must be mended before it can be kept at all.
    wrong: Option<String>,
}

/// Every silence, and every window.
#[utoipa::path(get, path = "/api/plimsoll/v1/silences", tag = "alerts",
    responses((status = 200, body = SilenceList)))]
pub(in crate::http::ours) async fn list(State(app): State<Arc<App>>) -> Json<SilenceList> {
    let now = app.clock.now();
    let silences = app.alerts.silences();
    let mut all: Vec<&Silence> = silences.all().collect();
    all.sort_by_key(|own| match own.state(now) {
        SilenceState::Active => (0, own.ends_at.millis()),
        SilenceState::Pending => (1, own.starts_at.millis()),
        SilenceState::Expired => (2, -own.ends_at.millis()),
    });
    let tellings = app.alerts.tellings();
    let windows = tellings.directory.windows();
    Json(SilenceList {
        at: now.millis(),
        longest_ms: app.settings.alerts.silence_max.as_millis(),
        silences: all.into_iter().map(|own| silence_view(&app, own, now)).collect(),
        windows: windows.iter().map(|own| window_view(own, now)).collect(),
    })
}

/// What a silence would match, without keeping it.
#[utoipa::path(post, path = "/api/plimsoll/v1/silences/preview", tag = "alerts",
    request_body = SilenceWish,
    responses((status = 200, body = SilencePreview)))]
pub(in crate::http::ours) async fn preview(
    State(app): State<Arc<App>>,
    wish: Result<Json<SilenceWish>, JsonRejection>,
) -> Result<Json<SilencePreview>, ApiError> {
    let now = app.clock.now();
    let draft = read(wish, now)?.0;
    let seen = lately(&app, now).await?;
    let matches = |labels: &Labels| all_match(&draft.matchers, labels);
    let mut firing = firing(&app);
    firing.retain(|alert| matches(&alert.labels));
    let doubts = draft.doubts(&seen, app.settings.alerts.silence_max);
    Ok(Json(SilencePreview {
        matchers: texts(&draft.matchers),
        firing: firing.len(),
        alerts: firing.iter().take(SHOWN_MAX).map(|alert| view(&app, alert)).collect(),
        matched: seen.iter().filter(|labels| matches(labels)).count(),
        seen: seen.len(),
        doubts: doubts.iter().map(ToString::to_string).collect(),
        wrong: draft.check(now).err().map(|error| error.to_string()),
    }))
}

/// Keeps a silence; it is on disk when this answers.
#[utoipa::path(post, path = "/api/plimsoll/v1/silences", tag = "alerts",
    request_body = SilenceWish,
    responses((status = 200, body = SilenceView), (status = 400, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn keep(
    State(app): State<Arc<App>>,
    wish: Result<Json<SilenceWish>, JsonRejection>,
) -> Result<Json<SilenceView>, ApiError> {
    let now = app.clock.now();
    let (mut draft, confirm) = read(wish, now)?;
    draft.check(now).map_err(|error| ApiError::new(error.kind(), error.to_string()))?;
    let doubts = draft.doubts(&lately(&app, now).await?, app.settings.alerts.silence_max);
    draft.confirmed = doubts_text(&doubts);
    if let Some(doubts) = &draft.confirmed
        && !confirm
    {
        let help = "say `confirm` to keep it all the same; the journal says that you did";
        return Err(ApiError::invalid(doubts.clone()).help(help));
    }
    let kept = app.alerts.silence(&judging(&app)?, now, draft).await;
    let id = kept.map_err(|lost| lost_error(&lost))?;
    shown(&app, &id).await
}

/// Ends a silence; that is on disk when this answers.
#[utoipa::path(delete, path = "/api/plimsoll/v1/silences/{id}", tag = "alerts",
    params(("id" = String, Path, description = "the silence")),
    responses((status = 200, body = SilenceView), (status = 404, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<SilenceView>, ApiError> {
    let ended = app.alerts.end_silence(&judging(&app)?, app.clock.now(), &id).await;
    ended.map_err(|lost| lost_error(&lost))?;
    shown(&app, &id).await
}

/// The silence as it is now. Who is quiet is looked at anew, now and not when something next happens.
async fn shown(app: &Arc<App>, id: &str) -> Result<Json<SilenceView>, ApiError> {
    let now = app.clock.now();
    jobs::judge(app, now, |_| Vec::new()).await;
    let silences = app.alerts.silences();
    let silence = silences.get(id).ok_or_else(|| ApiError::missing(format!("no silence {id}")))?;
    Ok(Json(silence_view(app, silence, now)))
}

fn read(
    wish: Result<Json<SilenceWish>, JsonRejection>,
    now: Time,
) -> Result<(SilenceDraft, bool), ApiError> {
    let Json(wish) = wish.map_err(|error| ApiError::invalid(error.body_text()))?;
    // Before any of them is made: a regular expression may take much room.
    if wish.matchers.iter().map(String::len).sum::<usize>() > MATCHERS_BYTES_MAX {
        return Err(ApiError::invalid("the conditions are longer than 16 KiB"));
    }
    let mut matchers = Vec::new();
    for text in &wish.matchers {
        let read = parse_matchers(text).map_err(|error| {
            ApiError::invalid(error.to_string()).help("write a condition such as host=\"db-1\"")
        })?;
        matchers.extend(read);
    }
    let starts_at = wish.starts_at.map_or(now, Time);
    let lasts = wish.duration_ms.map_or(LASTS, Span::millis);
    let draft = SilenceDraft {
        id: wish.id.filter(|id| !id.is_empty()),
        matchers,
        starts_at,
        ends_at: wish.ends_at.map_or_else(|| starts_at.max(now) + lasts, Time),
        created_by: wish.created_by,
        comment: wish.reason,
        confirmed: None,
    };
    Ok((draft, wish.confirm))
}

async fn lately(app: &App, now: Time) -> Result<Vec<Labels>, ApiError> {
    let seen = seen_lately(&app.alerts, &app.journal, now).await;
    seen.map_err(|error| ApiError::new(error.kind(), chain(&error)))
}

/// Alerts that fire and that people are told of, worst first.
fn firing(app: &App) -> Vec<model::Alert> {
    let mut alerts = app.alerts.alerts();
    alerts.retain(|alert| alert.state == AlertState::Firing && alert.told);
    alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.active_at, alert.id));
    alerts
}

fn silence_view(app: &App, silence: &Silence, now: Time) -> SilenceView {
    let state = silence.state(now);
    let matches = match state {
        SilenceState::Active => app.alerts.see(|active| {
            let firing = active.alerts().iter().filter(|own| own.state == AlertState::Firing);
            firing.filter(|own| own.told && silence.matches(&own.labels)).count()
        }),
        _ => 0,
    };
    SilenceView {
        id: silence.id.clone(),
        state: state.word().to_owned(),
        matchers: texts(&silence.matchers),
        starts_at: silence.starts_at.millis(),
        ends_at: silence.ends_at.millis(),
        updated_at: silence.updated_at.millis(),
        created_by: silence.created_by.clone(),
        reason: silence.comment.clone(),
        confirmed: silence.confirmed.clone(),
        matches,
    }
}

fn window_view(window: &Window, now: Time) -> WindowView {
    WindowView {
        name: window.name.clone(),
        active: window.contains(now),
        when: window.when.clone(),
        matchers: texts(&window.matchers),
        reason: window.reason.clone(),
    }
}

fn texts(matchers: &[LabelMatcher]) -> Vec<String> {
    matchers.iter().map(ToString::to_string).collect()
}

/// The journal, if it is this server that judges. Another one that shares it is asked instead.
fn judging(app: &App) -> Result<Journal, ApiError> {
    app.judging.journal().ok_or_else(|| {
        ApiError::new(Kind::Busy, "another server that shares the journal judges now")
            .help("ask that one")
    })
}

fn lost_error(lost: &SilenceLost) -> ApiError {
    match lost {
        SilenceLost::Silence(error) => ApiError::new(error.kind(), error.to_string()),
        SilenceLost::Journal(error) => ApiError::new(error.kind(), chain(lost)),
        SilenceLost::Broken => ApiError::new(Kind::Internal, lost.to_string()),
    }
}
