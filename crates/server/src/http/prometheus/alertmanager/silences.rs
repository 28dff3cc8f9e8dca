//! Silences: asked for, kept, ended, and tried out before.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
};
use model::{Kind, Labels, Time};
use respond::{
    quiet::{Silence, SilenceDraft, SilenceError, SilenceState},
    routing::{Comparison, LabelMatcher, all_match},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    super::params::Params,
    AmError, alerts,
    filter::{matchers, truth},
    judging, moment, read_moment,
};
use crate::{
    http::chain,
    jobs,
    state::{App, SilenceLost, doubts_text, seen_lately},
};

/// Conditions of one silence.
const MATCHERS_MAX: usize = 100;
/// What a comment holds if a silence is meant to match however much it does; `amtool` cannot say it otherwise.
const CONFIRMED: &str = "#confirmed";

/// A silence as others write it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted {
    id: Option<String>,
    matchers: Vec<PostedMatcher>,
    starts_at: String,
    ends_at: String,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostedMatcher {
    name: String,
    value: String,
    is_regex: bool,
    is_equal: Option<bool>,
}

/// What a silence would match.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Preview {
    /// Labels of alerts that fire now and match, a hundred at most.
    alerts: Vec<BTreeMap<String, String>>,
    /// How many fire now and match.
    firing: usize,
    /// How many different alerts of the last 24 hours match.
    matched: usize,
    /// Of how many.
    seen: usize,
    /// Why it would be refused unless it is confirmed.
    refused: Option<String>,
}

/// Silences, those first that hold.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Json<Vec<Value>>, AmError> {
    let matchers = matchers(&params)?;
    let wanted = |state| match state {
        SilenceState::Active => truth(&params, "active"),
        SilenceState::Pending => truth(&params, "pending"),
        SilenceState::Expired => truth(&params, "expired"),
    };
    let now = app.clock.now();
    let all = app.alerts.silences();
    let mut found: Vec<&Silence> = Vec::new();
    for silence in all.all() {
        // A condition of the question looks at what the silence compares with, as Alertmanager has it.
        let own = silence.matchers.iter().map(|own| (own.name(), own.value()));
        if wanted(silence.state(now))? && all_match(&matchers, &Labels::from_pairs(own)) {
            found.push(silence);
        }
    }
    found.sort_by_key(|own| match own.state(now) {
        SilenceState::Active => (0, own.ends_at, Reverse(Time(0))),
        SilenceState::Pending => (1, own.starts_at, Reverse(Time(0))),
        SilenceState::Expired => (2, Time(0), Reverse(own.ends_at)),
    });
    Ok(Json(found.into_iter().map(|silence| view(silence, now)).collect()))
}

/// One silence.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, AmError> {
    let silences = app.alerts.silences();
    let silence = silences.get(&id).ok_or_else(|| missing(&id))?;
    Ok(Json(view(silence, app.clock.now())))
}

/// Keeps a silence; it is on disk when this answers.
pub(super) async fn keep(
    State(app): State<Arc<App>>,
    Query(params): Query<BTreeMap<String, String>>,
    posted: Result<Json<Posted>, JsonRejection>,
) -> Result<Json<Value>, AmError> {
    let Json(posted) = posted.map_err(|error| AmError::invalid(error.body_text()))?;
    let now = app.clock.now();
    let mut draft = posted.read()?;
    draft.check(now).map_err(|error| refused(&error))?;
    let confirmed =
        params.get("confirm").is_some_and(|own| own == "true") || draft.comment.contains(CONFIRMED);
    draft.confirmed = too_much(&app, &draft, now).await?.1;
    if let Some(doubts) = &draft.confirmed
        && !confirmed
    {
        let help =
            format!("{doubts} (write `{CONFIRMED}` into the comment, or add `?confirm=true`)");
        return Err(AmError::invalid(help));
    }
    let journal = judging(&app)?;
    let id = app.alerts.silence(&journal, now, draft).await.map_err(|lost| lost_error(&lost))?;
    // Who is quiet is looked at anew, now and not when something next happens.
    jobs::judge(&app, app.clock.now(), |_| Vec::new()).await;
    Ok(Json(json!({ "silenceID": id })))
}

/// Ends a silence; that is on disk when this answers.
pub(super) async fn end(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<StatusCode, AmError> {
    let now = app.clock.now();
    app.alerts.end_silence(&judging(&app)?, now, &id).await.map_err(|lost| lost_error(&lost))?;
    jobs::judge(&app, app.clock.now(), |_| Vec::new()).await;
    Ok(StatusCode::OK)
}

/// What a silence would match, without keeping it.
pub(super) async fn preview(
    State(app): State<Arc<App>>,
    posted: Result<Json<Posted>, JsonRejection>,
) -> Result<Json<Preview>, AmError> {
    const SHOWN_MAX: usize = 100;
    let Json(posted) = posted.map_err(|error| AmError::invalid(error.body_text()))?;
    let now = app.clock.now();
    let draft = posted.read()?;
    let (seen, refused) = too_much(&app, &draft, now).await?;
    let firing: Vec<_> = alerts::firing(&app, now)
        .into_iter()
        .filter(|(alert, _)| all_match(&draft.matchers, &alert.labels))
        .map(|(alert, _)| map_of(&alert.labels))
        .collect();
    Ok(Json(Preview {
        firing: firing.len(),
        alerts: firing.into_iter().take(SHOWN_MAX).collect(),
        matched: seen.iter().filter(|labels| all_match(&draft.matchers, labels)).count(),
        seen: seen.len(),
        refused,
    }))
}

/// The alerts of the last day, and what speaks against the silence unless it is confirmed.
async fn too_much(
    app: &App,
    draft: &SilenceDraft,
    now: Time,
) -> Result<(Vec<Labels>, Option<String>), AmError> {
    let seen = seen_lately(&app.alerts, &app.journal, now).await;
    let seen = seen.map_err(|error| AmError::new(error.kind(), chain(&error)))?;
    let doubts = draft.doubts(&seen, app.settings.alerts.silence_max);
    Ok((seen, doubts_text(&doubts)))
}

impl Posted {
    fn read(self) -> Result<SilenceDraft, AmError> {
        // Before any of them is made: a regular expression may take much room.
        if self.matchers.len() > MATCHERS_MAX {
            return Err(AmError::invalid(format!(
                "a silence has {MATCHERS_MAX} conditions at most"
            )));
        }
        let mut matchers = Vec::new();
        for own in self.matchers {
            let comparison = Comparison::from_flags([own.is_regex, own.is_equal.unwrap_or(true)]);
            let matcher = LabelMatcher::new(&own.name, comparison, &own.value);
            matchers.push(matcher.map_err(|error| AmError::invalid(error.to_string()))?);
        }
        let needed = |name: &str| AmError::invalid(format!("{name} is missing"));
        Ok(SilenceDraft {
            id: self.id.filter(|id| !id.is_empty()),
            matchers,
            starts_at: read_moment(&self.starts_at)?.ok_or_else(|| needed("startsAt"))?,
            ends_at: read_moment(&self.ends_at)?.ok_or_else(|| needed("endsAt"))?,
            created_by: self.created_by,
            comment: self.comment,
            confirmed: None,
        })
    }
}

fn view(silence: &Silence, now: Time) -> Value {
    let matchers: Vec<Value> = silence
        .matchers
        .iter()
        .map(|own| {
            let comparison = own.comparison();
            json!({
                "name": own.name(),
                "value": own.value(),
                "isRegex": comparison.is_regex(),
                "isEqual": comparison.is_equal(),
            })
        })
        .collect();
    json!({
        "id": silence.id,
        "status": {"state": silence.state(now).word()},
        "updatedAt": moment(silence.updated_at),
        "annotations": {},
        "matchers": matchers,
        "startsAt": moment(silence.starts_at),
        "endsAt": moment(silence.ends_at),
        "createdBy": silence.created_by,
        "comment": silence.comment,
    })
}

fn map_of(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn missing(id: &str) -> AmError {
    AmError::new(Kind::Missing, format!("silence {id} not found"))
}

fn refused(error: &SilenceError) -> AmError {
    AmError::new(error.kind(), error.to_string())
}

fn lost_error(lost: &SilenceLost) -> AmError {
    match lost {
        SilenceLost::Silence(SilenceError::Missing { id }) => missing(id),
        SilenceLost::Silence(error) => refused(error),
        SilenceLost::Journal(error) => AmError::new(error.kind(), chain(lost)),
        SilenceLost::Broken => AmError::new(Kind::Internal, lost.to_string()),
    }
}
