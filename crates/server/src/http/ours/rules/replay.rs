//! What a rule would have done over some past: how many pages, and when.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use detect::{
    Rule,
    rules::replay::{Answers, Past, WalkError, Walked, answers, walk},
};
use model::{Kind, Span, Time};
use query::{Meter, QueryError, Question, Steps, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::shape::map_of;
use crate::{
    http::{chain, error::ApiError},
    state::{App, OwnGroup},
};

/// How far back is looked if nothing is said, and at most.
const PAST: Span = Span::days(30);
const PAST_MAX: Span = Span::days(400);
/// Evaluations of one replay: half a year at 15 s.
const EVALUATIONS_MAX: i64 = 1_100_000;
/// Evaluations asked for at once: small enough to stop soon, below what a range query may ask for.
const EVALUATIONS_AT_ONCE: i64 = 5_000;
/// After so long what was done is told, however far it came.
const PATIENCE: Span = Span::secs(20);
/// The same with what the query under way then may still take.
const PATIENCE_MAX: Span = Span::secs(30);
/// Pages and episodes told one by one; of more, the number.
const PAGES_SHOWN: usize = 1_000;
const EPISODES_SHOWN: usize = 1_000;

/// Which past.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http::ours) struct ReplayQuery {
    /// From when on, in milliseconds since 1970; the last 30 days if not given.
    from: Option<i64>,
    /// Until when; now if not given.
    to: Option<i64>,
    /// From one evaluation to the next, in milliseconds; the group's own interval if not given.
    step: Option<i64>,
}

/// What a rule would have done.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct ReplayView {
    /// After this moment.
    from: i64,
    /// Up to this one.
    to: i64,
    /// From one evaluation to the next.
    step_ms: i64,
    /// Whether the whole past was gone through; a replay ends after 20 seconds.
    whole: bool,
    /// The last evaluation that was made; nothing if there was none.
    reached: Option<i64>,
    /// How many were made.
    evaluations: i64,
    /// How many pages it would have been: a page is when something of the rule fires and nothing of it did before.
    pages: usize,
    /// When, a thousand at most.
    pages_at: Vec<i64>,
    /// How often an alert fired.
    episodes: usize,
    /// Each of these times, a thousand at most, the latest last.
    episodes_shown: Vec<EpisodeView>,
    /// Alerts that never held for long enough.
    dropped: usize,
    /// How long alerts fired together.
    firing_ms: i64,
    /// How long the longest of them did.
    longest_ms: i64,
}

/// A time during which an alert fired.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct EpisodeView {
    /// Its labels.
    labels: BTreeMap<String, String>,
    /// Since when.
    from: i64,
    /// Until when; nothing if it still fired at the end.
    to: Option<i64>,
}

/// What an alerting rule would have done over some past, with `for`, `keep_firing_for` and what its annotations say;
/// silences and grouping are left out. Asks what is stored now, so series that rules recorded count as they were
/// recorded.
#[utoipa::path(get, path = "/api/plimsoll/v1/rules/{id}/replay", tag = "rules",
    params(("id" = String, Path, description = "of an alerting rule, as `rules` tells it"), ReplayQuery),
    responses((status = 200, body = ReplayView)))]
pub(in crate::http::ours) async fn replay(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<ReplayQuery>,
) -> Result<Json<ReplayView>, ApiError> {
    let (own, at) = find(&app, &id)?;
    let past = past(&app, &own, &query)?;
    let walked =
        app.ask(Some(PATIENCE_MAX), move |app, meter| Ok(go(app, meter, &own, at, past))).await?;
    let walked = walked.map_err(|error| match &error {
        WalkError::Asking(query) => ApiError::new(query.kind(), chain(query)),
        WalkError::Judging { .. } => ApiError::new(Kind::Conflict, error.to_string()),
    })?;
    Ok(Json(view(past, walked)))
}

/// An alerting rule: its group, and which of its rules.
fn find(app: &App, id: &str) -> Result<(Arc<OwnGroup>, usize), ApiError> {
    for own in app.rules.groups().iter() {
        if let Some(at) = own.group.rules.iter().position(|rule| own.rule_id(rule) == id) {
            return match &own.group.rules[at] {
                Rule::Alert(_) => Ok((Arc::clone(own), at)),
                Rule::Record(_) => Err(ApiError::invalid("a recording rule pages nobody")),
            };
        }
    }
    Err(ApiError::missing(format!("there is no rule {id:?} now")).help("`rules` lists them"))
}

fn past(app: &App, own: &OwnGroup, query: &ReplayQuery) -> Result<Past, ApiError> {
    let now = app.clock.now();
    let to = query.to.map_or(now, Time).min(now);
    let from = query.from.map_or(to - PAST, Time);
    let every = match query.step {
        Some(step) => Span::millis(step),
        None => own.group.interval.unwrap_or(app.settings.evaluation_interval),
    };
    if every < Span::secs(1) {
        return Err(ApiError::invalid("`step` is less than a second"));
    }
    if from >= to {
        return Err(ApiError::invalid("`from` is not before `to`"));
    }
    if to.since(from) > PAST_MAX {
        return Err(ApiError::invalid("that is more than 400 days"));
    }
    let past = Past { from, to, every, at_once: EVALUATIONS_AT_ONCE };
    let count = past.evaluations();
    if count > EVALUATIONS_MAX {
        let message = format!("that would be {count} evaluations, at most {EVALUATIONS_MAX}");
        return Err(ApiError::invalid(message).help("ask for less time, or give a `step`"));
    }
    Ok(past)
}

fn go(
    app: &App,
    meter: &Meter,
    own: &OwnGroup,
    at: usize,
    past: Past,
) -> Result<Walked, WalkError<QueryError>> {
    let begun = app.clock.elapsed();
    let Some(Rule::Alert(rule)) = own.group.rules.get(at) else {
        let replayed = detect::rules::replay::Replayed::default();
        return Ok(Walked { replayed, evaluations: 0, reached: None, whole: true });
    };
    let ask = |text: &str, steps: Steps| -> Result<Answers, QueryError> {
        // What is read adds up over a long past; each stretch has a budget of its own, and whoever
        // went away costs no more than the one under way.
        let stretch = app.own_meter();
        let answer = app.queries.range(Question::new(text, &stretch).fresh().whole(), steps)?;
        Ok(match answer.value {
            Value::Matrix(series) => answers(&series),
            Value::Scalar(_) | Value::Text(..) | Value::Vector(_) => Answers::new(),
        })
    };
    let goes_on = || {
        let spent = app.clock.elapsed().saturating_sub(begun);
        spent < PATIENCE.to_duration() && model::Budget::charge(meter, 0).is_ok()
    };
    walk((&own.group, rule), past, &app.settings.external_labels, &ask, &goes_on)
}

fn view(past: Past, walked: Walked) -> ReplayView {
    let end = walked.reached.unwrap_or(past.from);
    let (sum, longest) = walked.replayed.lengths(end);
    let replayed = walked.replayed;
    let hidden = replayed.episodes.len().saturating_sub(EPISODES_SHOWN);
    ReplayView {
        from: past.from.millis(),
        to: past.to.millis(),
        step_ms: past.every.as_millis(),
        whole: walked.whole,
        reached: walked.reached.map(Time::millis),
        evaluations: walked.evaluations,
        pages: replayed.pages.len(),
        pages_at: replayed.pages.iter().take(PAGES_SHOWN).map(|at| at.millis()).collect(),
        episodes: replayed.episodes.len(),
        episodes_shown: replayed
            .episodes
            .iter()
            .skip(hidden)
            .map(|own| EpisodeView {
                labels: map_of(&own.labels),
                from: own.from.millis(),
                to: own.to.map(Time::millis),
            })
            .collect(),
        dropped: replayed.dropped,
        firing_ms: sum.as_millis(),
        longest_ms: longest.as_millis(),
    }
}
