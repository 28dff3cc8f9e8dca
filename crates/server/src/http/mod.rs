//! The HTTP face: one port with our API, Prometheus' API, live updates, health and the pages.

mod access;
mod error;
mod gate;
mod layers;
mod listener;
mod live;
mod ours;
mod own;
mod pages;
mod prometheus;

pub(crate) use access::Access;
pub(crate) use error::chain;
pub(crate) use gate::{Gate, gate_router};
pub(crate) use listener::{Bounded, SentFrom};
pub use ours::{description, outcome_view};
pub(crate) use prometheus::{Receiving, number};

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};

use crate::state::App;

/// Everything that needs the store: both APIs and live updates.
pub(crate) fn app_router(app: &Arc<App>) -> Router {
    let body_max = usize::try_from(app.settings.server.request_bytes_max).unwrap_or(usize::MAX);
    Router::new()
        .nest("/api/v1", prometheus::router())
        .nest("/api/v2", prometheus::alertmanager::router())
        .nest("/alertmanager/api/v2", prometheus::alertmanager::router())
        .nest("/api/plimsoll/v1", ours::router())
        .nest("/heartbeat", ours::heartbeat_router())
        .route("/v1/metrics", post(prometheus::otlp_metrics))
        .route("/metrics", get(own::metrics))
        .route(own::reload::PATH, post(own::reload::reload).put(own::reload::reload))
        .layer(DefaultBodyLimit::max(body_max))
        .layer(middleware::from_fn_with_state(Arc::clone(app), layers::count))
        .with_state(Arc::clone(app))
}
