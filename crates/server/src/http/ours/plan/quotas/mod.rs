//! `quotas`: limits that others grant, reviewed every quarter: what is used, when more is to be asked for, what was decided.

pub(in crate::http::ours) mod history;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use journal::{Entry, Event, JournalError, NewEvent};
use model::{Finding, FindingKind, Level, Outlook, Severity, Span, Time};
use plan::say_date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    resources::rows,
    shape::{finite, level_word, map_of},
};
use crate::{
    http::{chain, error::ApiError},
    jobs::sizing::last_words,
    state::{App, Future, Standing, history as readings},
};

/// The kind of events that say what was decided of a quota; the subject is the reading.
const DECIDED: &str = "quota_decided";
/// From one review to the next.
const QUARTER: Span = Span::days(92);
const REASON_BYTES_MAX: usize = 2_000;
const NAME_BYTES_MAX: usize = 200;

/// The quotas of this quarter's review.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct QuotaList {
    at: i64,
    /// The quarter that is reviewed: `2026-Q4`.
    quarter: String,
    /// How many are to be asked for now, and how many of those are decided.
    due: usize,
    decided: usize,
    /// What is to be asked for first in front.
    quotas: Vec<QuotaView>,
}

/// A quota.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct QuotaView {
    /// The reading's `id` among resources.
    id: String,
    title: String,
    owner: String,
    labels: BTreeMap<String, String>,
    /// Who grants more, and how.
    granted_by: String,
    unit: String,
    used: Option<f64>,
    limit: Option<f64>,
    /// Used over limit.
    share: Option<f64>,
    level: String,
    /// How long a grant takes.
    lead_time_ms: i64,
    /// When it is used up, in words.
    outlook: String,
    /// The last day to ask for more, by the earliest day on which its critical line may be reached.
    ask_by: Option<i64>,
    /// Whether that day lies before the next quarter's review.
    due: bool,
    /// How much to ask for: as much as puts the use of the end of the next quarter below the alert line; nothing where
    /// that is not known.
    ask_for: Option<f64>,
    /// What was decided this quarter.
    decision: Option<QuotaDecisionView>,
    /// What was decided last in an earlier one.
    before: Option<QuotaDecisionView>,
}

/// What was decided of a quota.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct QuotaDecisionView {
    at: i64,
    quarter: String,
    /// `asked` for more, or `kept`.
    verdict: String,
    reason: String,
    by: String,
    /// The limit at that time.
    limit: f64,
    /// How much was asked for.
    asked_for: Option<f64>,
}

/// What is decided of a quota.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct QuotaDecision {
    /// `asked` for more, or `kept`.
    verdict: String,
    /// Why; needed to keep one that is due.
    #[serde(default)]
    reason: String,
    /// Who decides.
    by: String,
    /// How much was asked for.
    asked_for: Option<f64>,
}

/// A decision in the journal, version 1.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Record {
    version: u32,
    quarter: String,
    title: String,
    verdict: String,
    reason: String,
    by: String,
    used: f64,
    limit: f64,
    asked_for: Option<f64>,
}

/// A decision with the quota it is of and its time.
type Decided = (String, Time, Record);

fn decided_of(event: &Event) -> Option<Decided> {
    Some((event.subject.clone(), event.at, serde_json::from_value(event.body.clone()).ok()?))
}

/// Every quota, with when more is to be asked for.
#[utoipa::path(get, path = "/api/plimsoll/v1/quotas", tag = "plan",
    responses((status = 200, body = QuotaList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<QuotaList>, ApiError> {
    let today = Today::of(&app);
    let decided = words(&app).await?;
    let mut quotas: Vec<QuotaView> = quotas(&app)
        .iter()
        .map(|(standing, future)| view(standing, future.as_ref(), &decided, &today))
        .collect();
    quotas.sort_by_key(|own| own.ask_by.unwrap_or(i64::MAX));
    let due = quotas.iter().filter(|own| own.due);
    Ok(Json(QuotaList {
        at: today.now.millis(),
        quarter: today.quarter,
        due: due.clone().count(),
        decided: due.filter(|own| own.decision.is_some()).count(),
        quotas,
    }))
}

/// Says that more of a quota was asked for, or that it is kept, for this quarter; the journal keeps it.
#[utoipa::path(post, path = "/api/plimsoll/v1/quotas/{id}/decision", tag = "plan",
    params(("id" = String, Path, description = "a quota's `id` from the list")),
    request_body = QuotaDecision,
    responses((status = 200, body = QuotaView), (status = 400, body = crate::http::error::ErrorBody),
        (status = 404, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn decide(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    wish: Result<Json<QuotaDecision>, JsonRejection>,
) -> Result<Json<QuotaView>, ApiError> {
    let Json(wish) = wish.map_err(|error| ApiError::invalid(error.body_text()))?;
    let all = quotas(&app);
    let found = all.iter().find(|(own, _)| readings::key_of(&own.reading.id) == id);
    let (standing, future) = found.ok_or_else(|| {
        ApiError::missing(format!("there is no quota {id:?}")).help(
            "/api/plimsoll/v1/quotas lists those there are; a resource is one by its key `quota`",
        )
    })?;
    check(&wish)?;
    let today = Today::of(&app);
    let record = Record {
        version: 1,
        quarter: today.quarter.clone(),
        title: standing.title.clone(),
        verdict: wish.verdict,
        reason: wish.reason.trim().to_owned(),
        by: wish.by.trim().to_owned(),
        used: standing.reading.used,
        limit: standing.reading.limit,
        asked_for: wish.asked_for,
    };
    // All keys are text, and numbers that are none become null.
    let body = serde_json::to_value(&record).unwrap_or_default();
    let event = NewEvent { at: today.now, kind: DECIDED.to_owned(), subject: id, body };
    let written = app.journal.record(Entry { events: vec![event], outbox: Vec::new() }).await;
    written.map_err(|error| lost(&error))?;
    Ok(Json(view(standing, future.as_ref(), &words(&app).await?, &today)))
}

fn check(wish: &QuotaDecision) -> Result<(), ApiError> {
    if !matches!(wish.verdict.as_str(), "asked" | "kept") {
        return Err(ApiError::invalid(format!("`{}` is no verdict", wish.verdict))
            .help("write `asked` or `kept`"));
    }
    let by = wish.by.trim();
    if by.is_empty() || by.len() > NAME_BYTES_MAX {
        return Err(ApiError::invalid("`by` is the name of who decides, of 200 bytes at most"));
    }
    if wish.reason.len() > REASON_BYTES_MAX {
        return Err(ApiError::invalid("`reason` has 2,000 bytes at most"));
    }
    if wish.verdict == "kept" && wish.reason.trim().is_empty() {
        return Err(ApiError::invalid("whoever keeps a quota as it is says why, as `reason`"));
    }
    if wish.asked_for.is_some_and(|own| !own.is_finite() || own <= 0.0) {
        return Err(ApiError::invalid("`asked_for` is a number above nought"));
    }
    Ok(())
}

/// Quotas that are to be asked for before the next review.
pub(super) fn findings(app: &App) -> Vec<Finding> {
    let today = Today::of(app);
    let now = today.now;
    let views = quotas(app).into_iter().map(|(standing, future)| {
        (view(&standing, future.as_ref(), &BTreeMap::new(), &today), standing)
    });
    let due = views.filter(|(own, _)| own.due);
    due.map(|(own, standing)| {
        let say = |value: f64| standing.resource.unit.say(value);
        let past = own.ask_by.is_some_and(|at| at <= now.millis());
        let when = match own.ask_by.map(|at| say_date(Time(at), now)) {
            Some(day) if past => format!(" at once: it was to be asked for by {day}"),
            Some(day) => format!(", by {day}"),
            None => " now".to_owned(),
        };
        let more = own.ask_for.map_or_else(String::new, |more| format!(" for {}", say(more)));
        Finding {
            kind: FindingKind::Quota,
            subject: own.id,
            title: own.title,
            severity: if past { Severity::Critical } else { Severity::Warning },
            evidence: vec![
                format!(
                    "{} of {} are used",
                    say(standing.reading.used),
                    say(standing.reading.limit)
                ),
                own.outlook,
            ],
            advice: format!("ask {}{more}{when}", own.granted_by),
            saving_month: None,
            currency: None,
            verify: "the limit seen has risen".to_owned(),
        }
    })
    .collect()
}

fn quotas(app: &App) -> Vec<(Standing, Option<Future>)> {
    let mut rows = rows(app);
    rows.retain(|(standing, _)| standing.resource.quota.is_some());
    rows
}

async fn words(app: &App) -> Result<BTreeMap<String, Decided>, ApiError> {
    let found =
        last_words(&app.journal, DECIDED, decided_of).await.map_err(|error| lost(&error))?;
    Ok(found.into_iter().map(|own| (own.0.clone(), own)).collect())
}

fn lost(error: &JournalError) -> ApiError {
    ApiError::new(error.kind(), chain(error))
}

/// Now, and in which quarter that is in the time zone of the settings: `2026-Q4`.
struct Today {
    now: Time,
    quarter: String,
}

impl Today {
    fn of(app: &App) -> Self {
        let now = app.clock.now();
        let (year, month, _) = app.settings.baselines.date(now);
        Self { now, quarter: format!("{year:04}-Q{}", (month.max(1) - 1) / 3 + 1) }
    }
}

fn view(
    standing: &Standing,
    future: Option<&Future>,
    decided: &BTreeMap<String, Decided>,
    Today { now, quarter }: &Today,
) -> QuotaView {
    let now = *now;
    let (resource, reading) = (&standing.resource, &standing.reading);
    let id = readings::key_of(&reading.id);
    let reached = future.and_then(|future| match future.critical {
        Outlook::Now => Some(now),
        Outlook::Expected(range) => Some(range.earliest),
        _ => None,
    });
    let full = matches!(standing.level(), Some(Level::Critical));
    let ask_by = reached.or_else(|| full.then_some(now)).map(|at| at - resource.lead_time);
    let decision = decided.get(&id);
    let shown = |this: bool| {
        decision.filter(|(_, _, own)| (own.quarter == *quarter) == this).map(decision_view)
    };
    QuotaView {
        title: standing.title.clone(),
        owner: resource.owner.clone(),
        labels: map_of(&reading.id.labels),
        granted_by: resource.quota.clone().unwrap_or_default(),
        unit: resource.unit.word().to_owned(),
        used: finite(reading.used),
        limit: finite(reading.limit),
        share: finite(reading.share()),
        level: level_word(standing.level()).to_owned(),
        lead_time_ms: resource.lead_time.as_millis(),
        outlook: future.map_or_else(
            || "nothing is known of its future yet".to_owned(),
            |future| plan::say(&future.limit, "90 %", now),
        ),
        ask_by: ask_by.map(Time::millis),
        due: ask_by.is_some_and(|at| at <= now + QUARTER),
        ask_for: future.and_then(|future| ask_for(standing, future, now)),
        decision: shown(true),
        before: shown(false),
        id,
    }
}

/// What would hold the use of the end of the next quarter below the alert line.
fn ask_for(standing: &Standing, future: &Future, now: Time) -> Option<f64> {
    let forecast = future.forecast.as_ref().ok()?;
    let until = now + QUARTER;
    let within = forecast.points.iter().take_while(|point| point.at <= until);
    let most = within.map(|point| point.high).fold(standing.reading.used, f64::max);
    let line = standing.resource.thresholds.alert().value();
    let wanted = most / line;
    (line > 0.0 && wanted.is_finite() && wanted > standing.reading.limit).then(|| wanted.ceil())
}

fn decision_view((_, at, own): &Decided) -> QuotaDecisionView {
    QuotaDecisionView {
        at: at.millis(),
        quarter: own.quarter.clone(),
        verdict: own.verdict.clone(),
        reason: own.reason.clone(),
        by: own.by.clone(),
        limit: own.limit,
        asked_for: own.asked_for,
    }
}
