//! `load/gates`: gates of releases with their verdicts, and the runs that each is made of.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use model::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{view, views::RunView};
use crate::{
    http::{chain, error::ApiError},
    runs::{GateTold, is_id, read_gate, read_gates, read_runs, record_gate},
    state::{App, Topic},
};

/// So many of the newest are listed.
const GATES_MAX: u32 = 100;
/// A gate has fifty runs of each side at most; among so many runs of its plan they are looked for.
const RUNS_MAX: usize = 500;

/// Gates of releases.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct GateList {
    at: i64,
    /// The newest first, 100 at most.
    gates: Vec<GateView>,
}

/// A gate of a release.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct GateView {
    /// `passed`, `failed` or `refused`: the worse of the comparison and of the impact.
    verdict: String,
    gate: GateTold,
    /// Its runs in the order in which they ran; empty in lists.
    runs: Vec<RunView>,
}

/// What a gate came to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct GateSent {
    /// Its id, under which its runs were sent.
    id: String,
    /// The plan's name.
    plan: String,
    service: Option<String>,
    release_before: Option<String>,
    release: Option<String>,
    /// Who ran it.
    #[serde(default)]
    by: String,
    /// What `plimsoll load gate --output json` writes.
    #[schema(value_type = Object)]
    comparison: Value,
}

/// Gates of releases, the newest first.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/gates", tag = "load",
    responses((status = 200, body = GateList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<GateList>, ApiError> {
    let gates = read_gates(&app.journal, GATES_MAX).await;
    let gates = gates.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let gates = gates.into_iter().map(|gate| gate_view(gate, Vec::new())).collect();
    Ok(Json(GateList { at: app.clock.now().millis(), gates }))
}

/// One gate with its runs.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/gates/{id}", tag = "load",
    params(("id" = String, Path, description = "a gate's id, as its runs have it")),
    responses((status = 200, body = GateView), (status = 404, description = "no such gate, or it has not come to its end")))]
pub(in crate::http::ours) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<GateView>, ApiError> {
    let gate = find(&app, &id).await?.ok_or_else(|| {
        ApiError::missing(format!("there is no gate {id:?}"))
            .help("/api/plimsoll/v1/load/gates lists those that came to their end")
    })?;
    Ok(Json(with_runs(&app, gate).await?))
}

/// Keeps what a gate came to.
#[utoipa::path(post, path = "/api/plimsoll/v1/load/gates", tag = "load", request_body = GateSent,
    responses((status = 201, description = "it is kept", body = GateView), (status = 200, description = "it was kept before", body = GateView),
        (status = 400, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn add(
    State(app): State<Arc<App>>,
    sent: Result<Json<GateSent>, JsonRejection>,
) -> Result<(StatusCode, Json<GateView>), ApiError> {
    let Json(sent) = sent.map_err(|error| ApiError::invalid(error.body_text()))?;
    if !is_id(&sent.id) {
        return Err(ApiError::invalid(format!("`{}` is no id of a gate", sent.id))
            .help("write digits from 0 to f and `-`, 40 at most"));
    }
    if let Some(known) = find(&app, &sent.id).await? {
        return Ok((StatusCode::OK, Json(with_runs(&app, known).await?)));
    }
    let now = app.clock.now();
    let known = GateTold {
        id: sent.id,
        plan: sent.plan,
        service: sent.service,
        release_before: sent.release_before,
        release: sent.release,
        by: sent.by,
        told_at: now.millis(),
        ..GateTold::default()
    };
    let gate = known.with(&sent.comparison).ok_or_else(|| {
        ApiError::invalid("`comparison` is not what a gate comes to")
            .help("send what `plimsoll load gate --output json` writes")
    })?;
    let recorded = record_gate(&app.journal, &gate).await;
    recorded.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    app.hub.announce(now, &[Topic::Load]);
    Ok((StatusCode::CREATED, Json(with_runs(&app, gate).await?)))
}

pub(super) async fn find(app: &App, id: &str) -> Result<Option<GateTold>, ApiError> {
    if !is_id(id) {
        return Ok(None);
    }
    read_gate(&app.journal, id).await.map_err(|error| ApiError::new(Kind::Internal, chain(&error)))
}

async fn with_runs(app: &Arc<App>, gate: GateTold) -> Result<GateView, ApiError> {
    let read = read_runs(&app.journal, None, (None, RUNS_MAX)).await;
    let (mut runs, _) = read.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    runs.retain(|run| run.gate.as_ref().is_some_and(|own| own.id == gate.id));
    runs.sort_by_key(|run| run.started);
    let word = Some(gate.verdict().to_owned());
    let runs = runs.into_iter().map(|run| RunView { gate_verdict: word.clone(), ..view(app, run) });
    let runs = runs.collect();
    Ok(gate_view(gate, runs))
}

fn gate_view(gate: GateTold, runs: Vec<RunView>) -> GateView {
    GateView { verdict: gate.verdict().to_owned(), gate, runs }
}
