//! `quotas/decisions`: everything that was ever decided of quotas, and what came of it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
};
use journal::{Event, EventQuery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DECIDED, Decided, decided_of, lost, quotas};
use crate::{
    http::error::ApiError,
    state::{App, history as readings},
};

/// Four a year of fifty quotas for ten years.
const DECISIONS_MAX: usize = 2_000;
const DECISIONS_DEFAULT: usize = 200;
/// Events that are read at once.
const PAGE: u32 = 500;

/// Which decisions.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Which {
    quota: Option<String>,
    quarter: Option<String>,
    limit: Option<usize>,
}

/// Decisions on quotas.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct QuotaHistory {
    at: i64,
    /// The newest first.
    decisions: Vec<QuotaPastView>,
    /// Whether there are older ones that are not listed.
    more: bool,
}

/// What was decided of a quota once, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
struct QuotaPastView {
    /// The quota's `id`.
    quota: String,
    title: String,
    at: i64,
    /// The quarter that was reviewed: `2026-Q4`.
    quarter: String,
    /// `asked` for more, or `kept`.
    verdict: String,
    reason: String,
    by: String,
    /// How much was used at that time, and the limit.
    used: f64,
    limit: f64,
    /// How much was asked for.
    asked_for: Option<f64>,
    /// The limit at the next decision, or as it is now; nothing where the quota is not seen any more.
    limit_after: Option<f64>,
    /// Of what was asked for: whether the limit after is as high as that, or has risen at all where no number was told.
    granted: Option<bool>,
}

/// Everything that was decided of quotas, the newest first, with what was granted. Nothing is forgotten: the journal keeps
/// each decision of each quarter.
#[utoipa::path(get, path = "/api/plimsoll/v1/quotas/decisions", tag = "plan",
    params(
        ("quota" = Option<String>, Query, description = "only of the quota with this `id`"),
        ("quarter" = Option<String>, Query, description = "only of this quarter: `2026-Q4`"),
        ("limit" = Option<usize>, Query, description = "200 if not given, 2,000 at most")),
    responses((status = 200, body = QuotaHistory)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<QuotaHistory>, ApiError> {
    let limit = which.limit.unwrap_or(DECISIONS_DEFAULT).clamp(1, DECISIONS_MAX);
    let mut after: BTreeMap<String, f64> = quotas(&app)
        .iter()
        .map(|(own, _)| (readings::key_of(&own.reading.id), own.reading.limit))
        .filter(|(_, limit)| limit.is_finite())
        .collect();
    let (mut decisions, mut more, mut before) = (Vec::new(), false, None);
    'pages: loop {
        let question = EventQuery {
            kinds: vec![DECIDED.to_owned()],
            subject: which.quota.clone(),
            before,
            newest_first: true,
            limit: PAGE,
            ..EventQuery::default()
        };
        let events = app.journal.events(question).await.map_err(|error| lost(&error))?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        for (id, at, record) in events.iter().filter_map(|event: &Event| decided_of(event)) {
            let limit_after = after.insert(id.clone(), record.limit);
            if which.quarter.as_ref().is_some_and(|quarter| *quarter != record.quarter) {
                continue;
            }
            if decisions.len() == limit {
                more = true;
                break 'pages;
            }
            decisions.push(past_view((id, at, record), limit_after));
        }
    }
    Ok(Json(QuotaHistory { at: app.clock.now().millis(), decisions, more }))
}

fn past_view((quota, at, own): Decided, limit_after: Option<f64>) -> QuotaPastView {
    let granted = limit_after
        .filter(|_| own.verdict == "asked")
        .map(|after| own.asked_for.map_or(after > own.limit, |asked| after >= asked));
    QuotaPastView {
        quota,
        title: own.title,
        at: at.millis(),
        quarter: own.quarter,
        verdict: own.verdict,
        reason: own.reason,
        by: own.by,
        used: own.used,
        limit: own.limit,
        asked_for: own.asked_for,
        limit_after,
        granted,
    }
}
