//! `findings`: what checks of capacity found, with evidence and advice: sizes, redundancy, distribution of data, quotas.

use std::{cmp::Reverse, sync::Arc};

use axum::{Json, extract::State};
use model::{Finding, FindingKind, Service, Severity, Span};
use plan::{Advice, DataPast, due, exposed};
use query::{QueryError, Steps};
use serde::Serialize;
use utoipa::ToSchema;

use super::{line_of, past, quotas, sizes};
use crate::{http::error::ApiError, jobs::sizing::SizeItem, state::App};

/// Data are spoken of by their means over the last week, hour by hour.
const OVER: Span = Span::days(7);
const STEP: Span = Span::hours(1);

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct FindingList {
    at: i64,
    /// The worst first, then what is worth most.
    findings: Vec<FindingView>,
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
struct FindingView {
    /// `size`, `redundancy`, `distribution` or `quota`.
    kind: String,
    /// What it speaks of; of sizes and quotas the item's `id`.
    subject: String,
    title: String,
    /// `info`, `warning` or `critical`.
    severity: String,
    /// What it rests on.
    evidence: Vec<String>,
    advice: String,
    /// What following it saves a month, below nought where it costs; nothing without prices.
    saving_month: Option<f64>,
    /// What that money is called, as the price list says; nothing where no money is told or the list does not say.
    currency: Option<String>,
    /// How to see afterwards that it helped.
    verify: String,
}

/// What checks of capacity found now, the worst first.
#[utoipa::path(get, path = "/api/plimsoll/v1/findings", tag = "plan",
    responses((status = 200, body = FindingList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<FindingList>, ApiError> {
    let review = sizes::reviewed(&app).await?;
    let mut found: Vec<Finding> =
        review.items.iter().filter_map(|item| of_size(item, &review.currency)).collect();
    for service in &app.settings.services {
        let told = line_of(&app, service).await?;
        found.extend(exposed(service, &told.line));
        if service.data != model::DataExpressions::default() {
            let data = data_past(&app, service).await?;
            found.extend(due(service, &told.line, &data));
        }
    }
    found.extend(quotas::findings(&app));
    found.sort_by(|a, b| {
        let worth = |own: &Finding| own.saving_month.unwrap_or(0.0);
        Reverse(a.severity).cmp(&Reverse(b.severity)).then(worth(b).total_cmp(&worth(a)))
    });
    let findings = found.into_iter().map(view).collect();
    Ok(Json(FindingList { at: app.clock.now().millis(), findings }))
}

fn of_size(item: &SizeItem, currency: &str) -> Option<Finding> {
    let told = item.review.as_ref().ok()?;
    let severity = match told.advice {
        Advice::Smaller => Severity::Info,
        Advice::Larger | Advice::NoneFits => Severity::Warning,
        Advice::Fits => return None,
    };
    let mut evidence =
        vec![format!("use lay above the present size {}", how_long(told.now().over))];
    if let Some(then) = told.proposed() {
        evidence.push(format!("it would have lain above the proposed one {}", how_long(then.over)));
    }
    Some(Finding {
        kind: FindingKind::Size,
        subject: item.id.clone(),
        title: item.title(),
        severity,
        evidence,
        advice: item.text.clone(),
        saving_month: told.saving_month(),
        currency: told.saving_month().map(|_| currency.to_owned()).filter(|own| !own.is_empty()),
        verify: "the saving is booked when the size seen has changed".to_owned(),
    })
}

/// What part of the time, in words.
fn how_long(share: f64) -> String {
    if share <= 0.0 {
        return "at no time".to_owned();
    }
    format!("{} of the time", model::Unit::Share.say(share))
}

async fn data_past(app: &Arc<App>, service: &Service) -> Result<DataPast, ApiError> {
    let (now, data) = (app.clock.now(), service.data.clone());
    let told = app.ask(None, move |app, meter| -> Result<DataPast, QueryError> {
        let steps = Steps { from: now - OVER, to: now, step: STEP };
        let mean = |expression: &Option<String>| -> Result<f64, QueryError> {
            let Some(expression) = expression else { return Ok(f64::NAN) };
            let values = past::over(app, expression, steps, meter)?;
            Ok(if values.is_empty() { f64::NAN } else { stats::mean(&values) })
        };
        Ok(DataPast {
            reads: mean(&data.reads)?,
            writes: mean(&data.writes)?,
            largest_table: mean(&data.largest_table)?,
            memory: mean(&data.memory)?,
            cache_hits: mean(&data.cache_hits)?,
            cache_misses: mean(&data.cache_misses)?,
            cache_evictions: mean(&data.cache_evictions)?,
        })
    });
    Ok(told.await?)
}

fn view(own: Finding) -> FindingView {
    FindingView {
        kind: own.kind.word().to_owned(),
        subject: own.subject,
        title: own.title,
        severity: own.severity.word().to_owned(),
        evidence: own.evidence,
        advice: own.advice,
        saving_month: own.saving_month,
        currency: own.currency,
        verify: own.verify,
    }
}
