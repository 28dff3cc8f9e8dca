//! `status`: how the server itself is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    resources::troubles,
    views::{StatusView, StoreView},
};
use crate::{
    VERSION,
    http::chain,
    state::{App, own_figures},
};

/// How the journal is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalView {
    /// A file, or the address of a PostgreSQL.
    pub(crate) place: String,
    /// Why nothing can be recorded now, so that nothing is judged and nobody told.
    pub(crate) trouble: Option<String>,
    /// Whether this server, of those that share the journal, judges.
    pub(crate) judges: bool,
    /// Whether it carries messages to receivers.
    pub(crate) delivers: bool,
}

/// How the server itself is.
#[utoipa::path(get, path = "/api/plimsoll/v1/status", tag = "status",
    responses((status = 200, body = StatusView)))]
pub(in crate::http::ours) async fn status(State(app): State<Arc<App>>) -> Json<StatusView> {
    let stats = app.store.stats();
    let waiting = app.journal.outbox_stats().await;
    let now = app.clock.now();
    Json(StatusView {
        version: VERSION.to_owned(),
        started_at: app.started_at.millis(),
        uptime_ms: now.since(app.started_at).as_millis(),
        host: app.host.clone(),
        memory_bytes: own_figures().memory_bytes,
        store: StoreView {
            series: stats.series as u64,
            samples: stats.samples,
            parts: stats.parts as u64,
            bytes_on_disk: stats.bytes_on_disk,
            blocks_quarantined: stats.quarantined,
            poisoned: stats.poisoned,
        },
        journal: JournalView {
            place: app.journal.place().to_string(),
            trouble: app.journal.trouble().or_else(|| Some(chain(waiting.as_ref().err()?))),
            judges: app.judging.journal().is_some(),
            delivers: app.delivering.journal().is_some(),
        },
        messages_waiting: waiting.map_or(0, |own| own.waiting),
        listeners: app.hub.listeners(),
        troubles: troubles(&app),
    })
}
