//! `services/{name}/tests`: the load tests that were taken in.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use journal::EventQuery;
use model::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TESTED, listed, points};
use crate::{
    http::{chain, error::ApiError},
    state::App,
};

/// So many of the newest are listed.
const TESTS_MAX: u32 = 100;

/// The load tests of a service.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct TestList {
    at: i64,
    /// The newest first, 100 at most.
    tests: Vec<TestView>,
}

/// A load test that was taken in as points of a load line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestView {
    /// Its id: that of the run or gate it was, where the sender said.
    pub(super) id: String,
    /// When it ended.
    pub(super) at: i64,
    /// When it was told here.
    pub(super) told_at: i64,
    /// `capacity`, or `impact` of a release.
    pub(super) sort: String,
    /// What a search was called.
    pub(super) name: String,
    /// The release that was tested, if anybody said.
    pub(super) release: Option<String>,
    /// The release that it was measured against, if anybody said.
    pub(super) release_before: Option<String>,
    /// Who ran it.
    pub(super) by: String,
    /// The highest load it bore, in the unit of the service's load.
    pub(super) holds: Option<f64>,
    /// The least load at which an objective broke.
    pub(super) breaks: Option<f64>,
    /// Which objective that was.
    pub(super) limit: Option<String>,
    /// What the release takes of each limit.
    pub(super) resources: Vec<TestedCostView>,
}

/// What a release takes of a limit for each request, beside the one before it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestedCostView {
    pub(super) limit: String,
    /// How many points of load and use there are.
    pub(super) points: usize,
    /// By what part it is more than before.
    pub(super) difference: Option<f64>,
    /// Between which values that lies, 19 times of 20.
    pub(super) between: Option<[f64; 2]>,
    /// Whether it surely changed.
    pub(super) changed: bool,
}

/// The load tests that were taken in as points of a service's load line, the newest first.
#[utoipa::path(get, path = "/api/plimsoll/v1/services/{name}/tests", tag = "plan",
    params(("name" = String, Path, description = "a service's name")),
    responses((status = 200, body = TestList), (status = 404, description = "no such service")))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<TestList>, ApiError> {
    let service = super::find(&app, &name)?;
    let question = EventQuery {
        kinds: vec![TESTED.to_owned(), points::POINTS.to_owned()],
        subject: Some(service.name.clone()),
        newest_first: true,
        limit: TESTS_MAX,
        ..EventQuery::default()
    };
    let events = app.journal.events(question).await;
    let events = events.map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let tests = events.iter().filter_map(|event| {
        if event.kind == TESTED { listed(event) } else { points::listed(event) }
    });
    Ok(Json(TestList { at: app.clock.now().millis(), tests: tests.collect() }))
}
