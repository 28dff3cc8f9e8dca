//! `status/buildinfo`, `status/runtimeinfo`, `status/tsdb` and `admin/tsdb/snapshot`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::json;

use super::{
    answer::{self, PromError},
    params::Params,
};
use crate::{
    VERSION,
    http::{
        error::ApiError,
        ours::{make_snapshot, with_store},
    },
    state::App,
};

/// Rows of each kind if nothing else is asked for, and at most; as Prometheus has it.
const TSDB_ROWS: usize = 10;
const TSDB_ROWS_MAX: usize = 10_000;

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

/// Who has so many series, as far as Prometheus' shape has words for it.
pub(super) async fn tsdb(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let rows = match params.get("limit") {
        None => TSDB_ROWS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|rows| (1..=TSDB_ROWS_MAX).contains(rows))
            .ok_or_else(|| PromError::bad_data("limit must be a positive number up to 10000"))?,
    };
    let top = with_store(&app, move |store| store.top(rows)).await.map_err(as_prometheus)?;
    let stats = app.store.stats();
    let row = |name: &str, value: u64| json!({ "name": name, "value": value });
    let pair =
        |own: &store::survey::TopPair| row(&format!("{}={}", own.name, own.value), own.series);
    Ok(answer::success(&json!({
        "headStats": {
            "numSeries": top.series,
            "chunkCount": stats.parts,
            "minTime": stats.oldest.map_or(0, model::Time::millis),
            "maxTime": stats.newest.map_or(0, model::Time::millis),
        },
        "seriesCountByMetricName":
            top.metrics.iter().map(|own| row(&own.value, own.series)).collect::<Vec<_>>(),
        "labelValueCountByLabelName":
            top.labels.iter().map(|own| row(&own.name, own.values)).collect::<Vec<_>>(),
        "memoryInBytesByLabelName": [],
        "seriesCountByLabelValuePair": top.pairs.iter().map(pair).collect::<Vec<_>>(),
    })))
}

/// Makes a copy of all samples, those in memory included.
pub(super) async fn snapshot(State(app): State<Arc<App>>) -> Result<Response, PromError> {
    let made = make_snapshot(&app).await.map_err(as_prometheus)?;
    Ok(answer::success(&json!({ "name": made.name })))
}

fn as_prometheus(error: ApiError) -> PromError {
    let (status, error_type) = match error.kind {
        model::Kind::Internal => (500, "internal"),
        _ => (503, "unavailable"),
    };
    PromError::new(status, error_type, error.message)
}
