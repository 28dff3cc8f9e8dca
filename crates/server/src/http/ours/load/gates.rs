//! `load/gates`: gates of releases with their verdicts, and the runs that each is made of.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use model::{Kind, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{view, views::RunView};
use crate::{
    http::{chain, error::ApiError},
    runs::{
        BROKEN_OFF, GateTold, RunTold, WAITED, is_id, read_gate, read_gates, read_runs, record_gate,
    },
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
    /// `passed`, `failed` or `refused`: the worse of the comparison and of the impact. Until it comes to that `goes_on`, or
    /// `broken_off` where nothing was heard of it for two minutes.
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
    let gates = gates.into_iter().map(listed).collect();
    Ok(Json(GateList { at: app.clock.now().millis(), gates }))
}

fn listed(gate: GateTold) -> GateView {
    GateView { verdict: gate.verdict().to_owned(), gate, runs: Vec::new() }
}

/// One gate with its runs.
#[utoipa::path(get, path = "/api/plimsoll/v1/load/gates/{id}", tag = "load",
    params(("id" = String, Path, description = "a gate's id, as its runs have it")),
    responses((status = 200, body = GateView), (status = 404, description = "no such gate, or none of its runs is over")))]
pub(in crate::http::ours) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<GateView>, ApiError> {
    if let Some(gate) = find(&app, &id).await? {
        return Ok(Json(with_runs(&app, gate).await?));
    }
    let runs = runs_of(&app, &id).await?;
    let gate = begun(&id, &runs).ok_or_else(|| {
        ApiError::missing(format!("there is no gate {id:?}"))
            .help("/api/plimsoll/v1/load/gates lists those that came to their end")
    })?;
    let word = word_of(&app, &id, &runs).await?;
    Ok(Json(seen(&app, (gate, &word), runs)))
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

/// What a gate came to; while nobody told that, whether it goes on as far as its runs show.
pub(super) async fn word_of(app: &App, id: &str, runs: &[RunTold]) -> Result<String, ApiError> {
    if let Some(gate) = find(app, id).await? {
        return Ok(gate.verdict().to_owned());
    }
    let is_its = |run: &&RunTold| run.gate.as_ref().is_some_and(|gate| gate.id == id);
    // That one broke off was told by nobody.
    let own = runs.iter().filter(is_its).filter(|run| run.word != BROKEN_OFF);
    let told = own.map(|run| Time(run.told_at)).max();
    let heard = told.max(app.loads.live.heard_of_gate(id));
    let goes_on = heard.is_some_and(|heard| app.clock.now().since(heard) <= WAITED);
    Ok(if goes_on { "goes_on".to_owned() } else { BROKEN_OFF.to_owned() })
}

/// What is known of a gate that has not come to its end.
fn begun(id: &str, runs: &[RunTold]) -> Option<GateTold> {
    let first = runs.first()?;
    let of_side = |side: &str| {
        let mut own = runs.iter().filter(|run| run.gate.as_ref().is_some_and(|of| of.side == side));
        own.next().and_then(|run| run.release.clone())
    };
    Some(GateTold {
        version: 1,
        id: id.to_owned(),
        plan: first.plan.clone(),
        service: first.service.clone(),
        release_before: of_side("before"),
        release: of_side("after"),
        by: first.by.clone(),
        told_at: runs.iter().map(|run| run.told_at).max().unwrap_or_default(),
        // Nothing can be said yet.
        exit_code: 4,
        ..GateTold::default()
    })
}

async fn with_runs(app: &App, gate: GateTold) -> Result<GateView, ApiError> {
    let runs = runs_of(app, &gate.id).await?;
    let word = gate.verdict();
    Ok(seen(app, (gate, word), runs))
}

/// The runs of a gate in the order in which they ran.
async fn runs_of(app: &App, id: &str) -> Result<Vec<RunTold>, ApiError> {
    let read = read_runs(&app.journal, None, (None, RUNS_MAX)).await;
    let (mut runs, _) = read.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    runs.retain(|run| run.gate.as_ref().is_some_and(|own| own.id == id));
    runs.sort_by_key(|run| run.started);
    Ok(runs)
}

fn seen(app: &App, (gate, word): (GateTold, &str), runs: Vec<RunTold>) -> GateView {
    let own = |run| RunView { gate_verdict: Some(word.to_owned()), ..view(app, run) };
    GateView { verdict: word.to_owned(), gate, runs: runs.into_iter().map(own).collect() }
}
