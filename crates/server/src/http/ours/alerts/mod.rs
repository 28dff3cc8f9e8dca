//! `alerts`.

pub(super) mod changes;
pub(in crate::http) mod heartbeats;
pub(super) mod hooks;
pub(super) mod silences;
pub(super) mod told;
pub(super) mod views;

use std::{cmp::Reverse, sync::Arc};

use axum::{Json, extract::State};
use detect::resource_of;
use journal::EventQuery;
use model::{AlertState, Kind, Span};
use respond::quiet::Quiet;

use super::{
    shape::{alert_view, resource_key},
    views::{AlertList, AlertView},
};
use crate::{
    http::{chain, error::ApiError},
    state::{ALERT, App, alert_of},
};

/// Resolved alerts shown, newest first.
const RECENT_MAX: usize = 100;
/// How far back resolved alerts are shown.
const RECENT_SPAN: Span = Span::days(7);
/// Events read at most to find them: most events say something else.
const EVENTS_READ_MAX: u32 = 1_000;

/// Every alert that holds, worst first.
pub(super) fn views_of(app: &App) -> Vec<AlertView> {
    let mut alerts = app.alerts.with_reasons(app.clock.now());
    alerts.sort_by_key(|(alert, _)| {
        (
            Reverse(alert.state),
            Reverse(alert.severity),
            Reverse(alert.told),
            alert.active_at,
            alert.id,
        )
    });
    let view = |(alert, quiet)| AlertView { quiet_because: reasons(&quiet), ..view(app, &alert) };
    alerts.into_iter().map(view).collect()
}

/// Why nobody is told of an alert, in words.
fn reasons(quiet: &Quiet) -> Vec<String> {
    let silences = quiet.silenced_by.iter().map(|id| format!("silence {id}"));
    let alerts = quiet.inhibited_by.iter().map(|id| format!("alert {} stands for it", id.hex()));
    let times = quiet.muted_by.iter().map(|name| format!("silent time {name}"));
    silences.chain(alerts).chain(times).collect()
}

fn view(app: &App, alert: &model::Alert) -> AlertView {
    let id = resource_of(alert);
    let resource = id
        .as_ref()
        .and_then(|id| app.settings.resources.iter().find(|resource| resource.name == id.resource));
    let expr = match resource {
        Some(resource) => Some(format!("({})\n  / ({})", resource.used, resource.limit)),
        None => app.rules.expr_of(&alert.source),
    };
    alert_view(alert, expr, id.as_ref().map(resource_key))
}

/// Alerts that hold, and those that ended lately.
#[utoipa::path(get, path = "/api/plimsoll/v1/alerts", tag = "alerts",
    responses((status = 200, body = AlertList)))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<AlertList>, ApiError> {
    let now = app.clock.now();
    let events = app
        .journal
        .events(EventQuery {
            kinds: vec![ALERT.to_owned()],
            since: Some(now - RECENT_SPAN),
            newest_first: true,
            limit: EVENTS_READ_MAX,
            ..EventQuery::default()
        })
        .await
        .map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let recent = events
        .iter()
        .filter_map(alert_of)
        .filter(|(became, alert)| became == "resolved" && alert.state == AlertState::Resolved)
        .take(RECENT_MAX)
        .map(|(_, alert)| view(&app, &alert))
        .collect();
    Ok(Json(AlertList { at: now.millis(), active: views_of(&app), recent }))
}
