//! `changes`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use journal::EventQuery;
use model::{Kind, Time};
use serde::Deserialize;

use super::views::{ChangeList, ChangeView};
use crate::{
    http::{chain, error::ApiError},
    state::{ALERT, App, CHANGE, change_of},
};

/// Events read at most to find changes: most events say something else.
const EVENTS_READ_MAX: u32 = 1_000;
const CHANGES_DEFAULT: usize = 50;
const CHANGES_MAX: usize = 500;

/// Which changes.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Which {
    since: Option<i64>,
    limit: Option<usize>,
}

/// What changed, newest first.
#[utoipa::path(get, path = "/api/plimsoll/v1/changes", tag = "alerts",
    params(
        ("since" = Option<i64>, Query, description = "milliseconds since 1970"),
        ("limit" = Option<usize>, Query, description = "50 if not given, 500 at most")),
    responses((status = 200, body = ChangeList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<ChangeList>, ApiError> {
    let limit = which.limit.unwrap_or(CHANGES_DEFAULT).min(CHANGES_MAX);
    let changes = read_changes(&app, which.since.map(Time), limit).await?;
    Ok(Json(ChangeList { changes }))
}

/// The newest changes.
pub(in crate::http::ours) async fn read_changes(
    app: &App,
    since: Option<Time>,
    limit: usize,
) -> Result<Vec<ChangeView>, ApiError> {
    let mut found = Vec::new();
    let mut before = None;
    let mut read = 0;
    while found.len() < limit && read < EVENTS_READ_MAX {
        let question = EventQuery {
            kinds: vec![CHANGE.to_owned(), ALERT.to_owned()],
            since,
            before,
            newest_first: true,
            limit: 100,
            ..EventQuery::default()
        };
        let events = app
            .journal
            .events(question)
            .await
            .map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        read += u32::try_from(events.len()).unwrap_or(u32::MAX);
        found.extend(events.iter().filter_map(change_of).map(|change| ChangeView::from(&change)));
    }
    found.truncate(limit);
    Ok(found)
}
