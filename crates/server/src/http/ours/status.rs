//! `status`: how the server itself is.

use std::sync::Arc;

use axum::{Json, extract::State};
use model::Kind;

use super::{
    resources::troubles,
    views::{StatusView, StoreView},
};
use crate::{
    VERSION,
    http::{chain, error::ApiError},
    state::{App, own_figures},
};

/// How the server itself is.
#[utoipa::path(get, path = "/api/plimsoll/v1/status", tag = "status",
    responses((status = 200, body = StatusView)))]
pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Json<StatusView>, ApiError> {
    let stats = app.store.stats();
    let outbox = app
        .journal
        .outbox_stats()
        .await
        .map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let now = app.clock.now();
    Ok(Json(StatusView {
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
        messages_waiting: outbox.waiting,
        listeners: app.hub.listeners(),
        troubles: troubles(&app),
    }))
}
