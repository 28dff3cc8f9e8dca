//! The HTTP API as Prometheus has it, so that Grafana and every other client of it works.

pub(super) mod alertmanager;
mod answer;
mod encode;
mod explained;
mod native;
mod params;
mod queries;
mod receive;
mod rules;
mod series;
mod status;

pub(crate) use answer::number;
pub(crate) use receive::Receiving;
pub(super) use receive::otlp_metrics;

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::state::App;

/// Everything below `/api/v1`.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/query", get(queries::instant).post(queries::instant))
        .route("/query_range", get(queries::range).post(queries::range))
        .route("/series", get(series::series).post(series::series))
        .route("/labels", get(series::labels).post(series::labels))
        .route("/label/{name}/values", get(series::label_values))
        .route("/metadata", get(series::metadata))
        .route("/rules", get(rules::rules))
        .route("/alerts", get(rules::alerts))
        .route("/targets", get(rules::targets))
        .route("/status/buildinfo", get(status::buildinfo))
        .route("/status/runtimeinfo", get(status::runtimeinfo))
        .route("/status/tsdb", get(status::tsdb))
        .route("/admin/tsdb/snapshot", post(status::snapshot).put(status::snapshot))
        .route("/write", post(receive::write))
        .route("/otlp/v1/metrics", post(otlp_metrics))
        .fallback(unknown)
}

async fn unknown() -> Response {
    answer::PromError::new(404, "not_found", "there is no such endpoint").into_response()
}
