//! `store`: who has so many series, and copies by hard links.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use jiff::Timestamp;
use model::Kind;
use serde::{Deserialize, Serialize};
use store::{Store, survey};
use utoipa::ToSchema;

use crate::{
    http::{chain, error::ApiError},
    state::App,
};

/// Rows of each kind that may be asked for.
const ROWS_MAX: usize = 10_000;
const ROWS: usize = 10;
/// Copies kept at a time: each holds on to what the store lets go of.
const SNAPSHOTS_MAX: usize = 100;

/// How much is to be told.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http::ours) struct TopQuery {
    /// Rows of each kind; ten if not given.
    rows: Option<usize>,
}

/// Who has the most active series.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct TopView {
    /// Series written to within the last hour.
    series: u64,
    /// Those of them that came within the last hour.
    new: u64,
    /// By metric, most first.
    metrics: Vec<TopValueView>,
    /// By source: scrape jobs and senders. Empty is what was there at the start and nobody has written to since.
    sources: Vec<TopValueView>,
    /// By label and value, most first.
    pairs: Vec<TopPairView>,
    /// Labels with the most values.
    labels: Vec<TopLabelView>,
}

/// A metric or a source.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct TopValueView {
    value: String,
    series: u64,
    /// Series that came within the last hour.
    new: u64,
    /// Samples left out since the start because their series were beyond a limit; of sources only.
    refused: u64,
}

/// A label with a value.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct TopPairView {
    name: String,
    value: String,
    series: u64,
    new: u64,
}

/// A label.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct TopLabelView {
    name: String,
    values: u64,
    series: u64,
}

/// A copy that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SnapshotView {
    /// Its name.
    pub(in crate::http) name: String,
    /// Its folder, which `plimsoll serve --data` can be given.
    folder: String,
    /// Files shared with the store.
    linked: usize,
    /// Their bytes.
    linked_bytes: u64,
    /// Bytes copied: the log.
    copied_bytes: u64,
    /// Whether the journal is in it too; one in a PostgreSQL is not.
    journal: bool,
}

/// Who has the most active series: by metric, source, label and value, and label.
#[utoipa::path(get, path = "/api/plimsoll/v1/store/top", tag = "store", params(TopQuery),
    responses((status = 200, body = TopView)))]
pub(in crate::http::ours) async fn top(
    State(app): State<Arc<App>>,
    Query(query): Query<TopQuery>,
) -> Result<Json<TopView>, ApiError> {
    let rows = query.rows.unwrap_or(ROWS).min(ROWS_MAX);
    let top = with_store(&app, move |store| store.top(rows)).await?;
    Ok(Json(TopView {
        series: top.series,
        new: top.new,
        metrics: top.metrics.into_iter().map(view).collect(),
        sources: top.sources.into_iter().map(view).collect(),
        pairs: top
            .pairs
            .into_iter()
            .map(|survey::TopPair { name, value, series, new }| TopPairView {
                name,
                value,
                series,
                new,
            })
            .collect(),
        labels: top
            .labels
            .into_iter()
            .map(|survey::TopLabel { name, values, series }| TopLabelView { name, values, series })
            .collect(),
    }))
}

fn view(own: survey::TopValue) -> TopValueView {
    let survey::TopValue { value, series, new, refused } = own;
    TopValueView { value, series, new, refused }
}

/// Makes a copy of all samples by hard links, and of the journal, in `snapshots` of the data folder.
#[utoipa::path(post, path = "/api/plimsoll/v1/store/snapshots", tag = "store",
    responses((status = 200, body = SnapshotView)))]
pub(in crate::http::ours) async fn snapshot(
    State(app): State<Arc<App>>,
) -> Result<Json<SnapshotView>, ApiError> {
    make_snapshot(&app).await.map(Json)
}

/// Makes a copy of all samples; its name is the time.
pub(in crate::http) async fn make_snapshot(app: &Arc<App>) -> Result<SnapshotView, ApiError> {
    let now = app.clock.now();
    let at = Timestamp::from_millisecond(now.millis()).unwrap_or_default();
    let name = format!("{}-{:03}Z", at.strftime("%Y%m%dT%H%M%S"), now.millis().rem_euclid(1000));
    let all = app.data.join("snapshots");
    let folder = all.join(&name);
    if std::fs::read_dir(&all).is_ok_and(|own| own.count() >= SNAPSHOTS_MAX) {
        let message = format!("there are {SNAPSHOTS_MAX} snapshots in {}", all.display());
        return Err(ApiError::new(Kind::Conflict, message).help("remove those you have copied"));
    }
    let to = folder.join("metrics");
    let made = with_store(app, move |store| store.snapshot(&to)).await?;
    let made = made.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let copied = app.journal.copy_to(&folder.join("journal.db")).await;
    let journal = copied.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    Ok(SnapshotView {
        name,
        folder: folder.display().to_string(),
        linked: made.linked,
        linked_bytes: made.linked_bytes,
        copied_bytes: made.copied_bytes,
        journal,
    })
}

/// Works with the store where waiting is allowed.
pub(in crate::http) async fn with_store<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Store) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let store = Arc::clone(&app.store);
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    done.map_err(|_panicked| ApiError::new(Kind::Internal, "a bug of ours ended this request"))
}
