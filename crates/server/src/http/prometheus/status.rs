//! `status/buildinfo` and `status/runtimeinfo`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::json;

use super::answer;
use crate::{VERSION, state::App};

/// The version of the Prometheus API that we speak; Grafana chooses its features by it.
const API_VERSION: &str = "3.5.0";

/// What we are.
pub(super) async fn buildinfo() -> Response {
    answer::success(&json!({
        "version": API_VERSION,
        "revision": format!("plimsoll-{VERSION}"),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}

/// How we are.
pub(super) async fn runtimeinfo(State(app): State<Arc<App>>) -> Response {
    let stats = app.store.stats();
    let started = jiff::Timestamp::from_millisecond(app.started_at.millis())
        .map_or_else(|_| String::new(), |at| at.to_string());
    answer::success(&json!({
        "startTime": started,
        "reloadConfigSuccess": true,
        "timeSeriesCount": stats.series,
        "storageRetention": app.settings.store.retention.to_string(),
    }))
}
