//! `changes`: what was done, as people and programs tell it and as Plimsoll notices it.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use collect::changes::bounded_key;
use detect::may_be_cause;
use journal::JournalError;
use model::{Change, ChangeDetails, ChangeKind, ChangeStatus, Span, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use super::views::{ChangeList, ChangeTold, ChangeView};
use crate::{
    http::{chain, error::ApiError},
    jobs,
    state::{App, Kept, Topic, Wanted, join, meters, read_changes},
};

const CHANGES_DEFAULT: usize = 50;
const CHANGES_MAX: usize = 500;
/// The largest body that tells of one change, in bytes: each of its texts is bounded.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Who tells by this address.
const SOURCE: &str = "api";
/// How far the clock of a caller may be ahead of ours.
const AHEAD_MAX: Span = Span::minutes(5);

/// Which changes.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Which {
    kind: Option<String>,
    service: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
    limit: Option<usize>,
}

/// What changed, newest first: what Plimsoll noticed, and what others told.
#[utoipa::path(get, path = "/api/plimsoll/v1/changes", tag = "changes",
    params(
        ("kind" = Option<String>, Query, description = "only these kinds, with commas between them"),
        ("service" = Option<String>, Query, description = "only those of this service, host or target"),
        ("since" = Option<i64>, Query, description = "milliseconds since 1970"),
        ("until" = Option<i64>, Query, description = "milliseconds since 1970"),
        ("limit" = Option<usize>, Query, description = "50 if not given, 500 at most")),
    responses((status = 200, body = ChangeList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<ChangeList>, ApiError> {
    let words = which.kind.as_deref().unwrap_or_default();
    let words = words.split(',').filter(|word| !word.is_empty());
    let wanted = Wanted {
        kinds: words.map(kind_of).collect::<Result<_, _>>()?,
        service: which.service.filter(|name| !name.is_empty()),
        since: which.since.map(Time),
        until: which.until.map(Time),
        limit: which.limit.unwrap_or(CHANGES_DEFAULT).min(CHANGES_MAX),
    };
    Ok(Json(ChangeList { changes: views(&app, &wanted).await? }))
}

/// The newest changes of all kinds but alerts, which stand on the first page by themselves.
pub(in crate::http::ours) async fn newest(
    app: &App,
    limit: usize,
) -> Result<Vec<ChangeView>, ApiError> {
    let kinds = ChangeKind::WORDS.map(|(_, kind)| kind).into_iter();
    let kinds = kinds.filter(|kind| *kind != ChangeKind::Alert).collect();
    views(app, &Wanted { kinds, limit, ..Wanted::default() }).await
}

async fn views(app: &App, wanted: &Wanted) -> Result<Vec<ChangeView>, ApiError> {
    let found = read_changes(&app.journal, wanted).await.map_err(|error| unkept(&error))?;
    Ok(found.iter().map(ChangeView::from).collect())
}

fn kind_of(word: &str) -> Result<ChangeKind, ApiError> {
    let known = || ChangeKind::WORDS.map(|(word, _)| word).join(", ");
    ChangeKind::from_word(word).ok_or_else(|| {
        ApiError::invalid(format!("`{word}` is no kind of change"))
            .help(format!("there are {}", known()))
    })
}

/// A change of which somebody tells.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct NewChange {
    /// `deployment`, `release`, `configuration`, `scaling`, `failover`, `flag` or `other`.
    kind: String,
    /// The service it was made to.
    service: String,
    /// One sentence; made from the rest if not given.
    text: Option<String>,
    /// Where: `production`, `staging`.
    environment: Option<String>,
    version: Option<String>,
    /// The revision of the source it was made from.
    revision: Option<String>,
    /// Who made it.
    actor: Option<String>,
    /// Where to read more; `http` or `https`.
    url: Option<String>,
    /// `started`, `succeeded`, `failed` or `rolled_back`.
    status: Option<String>,
    /// Whether it was planned.
    planned: Option<bool>,
    /// When, in milliseconds since 1970; else when it finished or started, else now.
    at: Option<i64>,
    started: Option<i64>,
    finished: Option<i64>,
    /// Its name, such as that of a run of a pipeline. What is told again under the same name is the
    /// same change: told word for word it changes nothing, else the newest word counts.
    key: Option<String>,
}

/// Tells of a change.
#[utoipa::path(post, path = "/api/plimsoll/v1/changes", tag = "changes", request_body = NewChange,
    responses(
        (status = 201, description = "it was not known", body = ChangeTold),
        (status = 200, description = "it was known under its key", body = ChangeTold)))]
pub(in crate::http::ours) async fn add(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let counted = |error: ApiError| {
        app.meters.count(meters::COLLECT_CHANGES, "way=\"api\",outcome=\"invalid\"");
        error
    };
    if body.len() > BODY_BYTES_MAX {
        return Err(counted(ApiError::invalid("a change takes at most 64 KiB")));
    }
    let told: NewChange = serde_json::from_slice(&body)
        .map_err(|error| counted(ApiError::invalid(format!("this is no change: {error}"))))?;
    let dated = told.at.or(told.finished).or(told.started).is_some();
    let change = told.change(app.clock.now()).map_err(counted)?;
    let told = keep(&app, SOURCE, &change, dated).await?;
    let status = if told.outcome == "new" { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(told)).into_response())
}

/// Keeps a change, counts it, and lets the pages know.
pub(super) async fn keep(
    app: &Arc<App>,
    way: &str,
    change: &Change,
    dated: bool,
) -> Result<ChangeTold, ApiError> {
    let count = |outcome: &str| {
        app.meters.count(meters::COLLECT_CHANGES, &format!("way=\"{way}\",outcome=\"{outcome}\""));
    };
    let kept = app.changes.keep(&app.journal, change, dated).await.map_err(|error| {
        count("lost");
        unkept(&error)
    })?;
    count(kept.word());
    let (now, known) = (app.clock.now(), change.clone());
    // Pipelines tell of what they did when they are done, and an alert may be quicker.
    let news = matches!(kept, Kept::New | Kept::Updated) && change.at <= now;
    if news && may_be_cause(change.kind) && app.alerts.see(|active| !active.alerts().is_empty()) {
        jobs::judge(app, now, move |active| join(active, &known, now)).await;
    }
    app.hub.announce(app.clock.now(), &[Topic::Overview]);
    Ok(ChangeTold { outcome: kept.word().to_owned(), change: Some(change.into()) })
}

fn unkept(error: &JournalError) -> ApiError {
    ApiError::new(error.kind(), chain(error))
}

impl NewChange {
    /// The change, if all of it can be kept as it is.
    fn change(self, now: Time) -> Result<Change, ApiError> {
        let kind = kind_of(&self.kind)?;
        if kind.is_noticed() {
            let message =
                format!("Plimsoll notices changes of the kind `{}` by itself", kind.word());
            return Err(ApiError::invalid(message).help("`other` stands for anything else"));
        }
        let status = self.status.as_deref().map(status_of).transpose()?;
        let at = self.at.or(self.finished).or(self.started).map_or(now, Time);
        for time in
            [Some(at), self.started.map(Time), self.finished.map(Time)].into_iter().flatten()
        {
            if time.millis() < 0 || time.since(now) > AHEAD_MAX {
                let help = "times are milliseconds since 1970, and not in the future";
                return Err(ApiError::invalid("it has not happened yet, or before 1970").help(help));
            }
        }
        if self
            .url
            .as_ref()
            .is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://"))
        {
            return Err(ApiError::invalid("`url` begins with neither `https://` nor `http://`"));
        }
        if self.service.trim().is_empty() {
            return Err(ApiError::invalid("`service` is empty"));
        }
        let details = ChangeDetails {
            service: Some(self.service.clone()),
            environment: self.environment,
            version: self.version,
            revision: self.revision,
            actor: self.actor,
            url: self.url,
            source: Some(SOURCE.to_owned()),
            key: None,
            status,
            planned: self.planned,
            started: self.started.map(Time),
            finished: self.finished.map(Time),
        };
        let text = self.text.unwrap_or_else(|| details.describe(kind));
        let mut change = Change::new(at, kind, self.service, text);
        // Without a name of its own, what was done to whom and when is its name.
        let key = self.key.unwrap_or_else(|| {
            format!("{} {} {} {}", at.millis(), kind.word(), change.subject, change.text)
        });
        change.details = ChangeDetails { key: Some(bounded_key(key)), ..details };
        if change.clone().bounded() != change {
            let help = "names take 200 bytes, `text` and `url` 500, all of them in one line";
            return Err(ApiError::invalid("one of its texts is too long").help(help));
        }
        Ok(change)
    }
}

fn status_of(word: &str) -> Result<ChangeStatus, ApiError> {
    let known = || ChangeStatus::WORDS.map(|(word, _)| word).join(", ");
    ChangeStatus::from_word(word).ok_or_else(|| {
        ApiError::invalid(format!("`{word}` is no status")).help(format!("there are {}", known()))
    })
}
