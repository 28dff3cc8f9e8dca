//! `hooks`: web hooks of GitHub, GitLab, Argo CD and `CDEvents`. They bring no token of ours, so
//! nothing is believed before its signature, or the hook's own secret, was found right.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use collect::changes::{self, Delivery, Sender, is_signed, is_token};
use model::{Change, Kind, Secret, Span};
use settings::{ChangeHook, HookSender};
use tracing::warn;

use super::{changes::keep, views::ChangeTold};
use crate::{
    http::{access::bearer_of, chain, error::ApiError},
    state::{App, meters},
};

/// The largest delivery, in bytes. GitHub sends up to 25 MiB, and what is that long is a list of
/// commits nobody reads here.
const BODY_BYTES_MAX: usize = 5 << 20;
/// How long a delivery may take to arrive; GitHub itself waits ten seconds for the answer.
const BODY_WAIT_MAX: Duration = Duration::from_secs(10);
/// What is older is no news but a delivery that somebody sends once more: senders that cannot
/// reach us try for three days.
const AGE_MAX: Span = Span::days(7);

/// Why a delivery is turned away.
struct Refusal {
    status: StatusCode,
    outcome: &'static str,
    error: ApiError,
}

/// Takes what somebody's web hook delivers.
#[utoipa::path(post, path = "/api/plimsoll/v1/hooks/{name}", tag = "changes",
    params(("name" = String, Path, description = "the hook's name in the settings")),
    responses(
        (status = 202, description = "it was taken, or tells of nothing that is kept", body = ChangeTold),
        (status = 401, description = "its signature or secret is wrong"),
        (status = 413, description = "it is larger than 5 MiB")))]
pub(in crate::http::ours) async fn take(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(hook) = app.changes.hook(&name) else {
        app.meters.count(meters::COLLECT_CHANGES, "way=\"unknown\",outcome=\"refused\"");
        return ApiError::missing("there is no such hook").into_response();
    };
    match taken(&app, hook, &headers, body).await {
        Ok(told) => (StatusCode::ACCEPTED, Json(told)).into_response(),
        Err(Refusal { status, outcome, error }) => {
            count(&app, hook, outcome);
            let mut response = error.into_response();
            *response.status_mut() = status;
            response
        }
    }
}

fn count(app: &App, hook: &ChangeHook, outcome: &str) {
    // What was lost was counted where it was.
    if !outcome.is_empty() {
        let labels = format!("way=\"{}\",outcome=\"{outcome}\"", hook.name);
        app.meters.count(meters::COLLECT_CHANGES, &labels);
    }
}

async fn taken(
    app: &Arc<App>,
    hook: &ChangeHook,
    headers: &HeaderMap,
    body: Body,
) -> Result<ChangeTold, Refusal> {
    let _room = app.changes.bodies.try_acquire().map_err(|_full| {
        let error = ApiError::new(Kind::Busy, "too many deliveries are on their way");
        refusal(StatusCode::TOO_MANY_REQUESTS, "busy", error)
    })?;
    let body = arrived(headers, body).await?;
    let secret = hook.secret.read().map_err(|error| {
        let why = format!("cannot read the secret of the hook: {error}");
        warn!(hook = hook.name, error = why, "a delivery was turned away");
        app.board.trouble(&format!("hook {}", hook.name), Some(why));
        let error = ApiError::new(Kind::Upstream, "the secret of this hook cannot be read");
        refusal(StatusCode::SERVICE_UNAVAILABLE, "lost", error)
    })?;
    app.board.trouble(&format!("hook {}", hook.name), None);
    if !is_authentic(hook.from, &secret, headers, &body) {
        let error = ApiError::new(Kind::Denied, "the signature or the secret is wrong");
        return Err(refusal(StatusCode::UNAUTHORIZED, "refused", error));
    }
    let now = app.clock.now();
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let (sender, workflows) = (sender_of(hook.from), &*hook.workflows);
    let read = changes::read(&Delivery { sender, header: &header, body: &body, workflows, now });
    let read = read.map_err(|error| {
        refusal(StatusCode::BAD_REQUEST, "invalid", ApiError::new(error.kind(), chain(&error)))
    })?;
    let Some(change) = read else { return Ok(not_kept(app, hook, "ignored")) };
    let change = placed(change, hook);
    let age_max = app.settings.journal.keep.map_or(AGE_MAX, |keep| keep.min(AGE_MAX));
    if now.since(change.at) > age_max {
        return Ok(not_kept(app, hook, "old"));
    }
    let dated = change.at != now;
    let kept = keep(app, &hook.name, &change, dated).await;
    kept.map_err(|error| refusal(status_of(error.kind), "", error))
}

fn refusal(status: StatusCode, outcome: &'static str, error: ApiError) -> Refusal {
    Refusal { status, outcome, error }
}

fn status_of(kind: Kind) -> StatusCode {
    StatusCode::from_u16(kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn not_kept(app: &App, hook: &ChangeHook, outcome: &str) -> ChangeTold {
    count(app, hook, outcome);
    ChangeTold { outcome: outcome.to_owned(), change: None }
}

/// The body, if it is not too large and not too slow.
async fn arrived(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Refusal> {
    let too_large = || {
        let error = ApiError::invalid("the delivery is larger than 5 MiB");
        refusal(StatusCode::PAYLOAD_TOO_LARGE, "invalid", error)
    };
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let declared = declared.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    if declared > BODY_BYTES_MAX {
        return Err(too_large());
    }
    let read = axum::body::to_bytes(body, BODY_BYTES_MAX);
    match tokio::time::timeout(BODY_WAIT_MAX, read).await {
        Ok(read) => read.map_err(|_cut| too_large()),
        Err(_late) => {
            let error = ApiError::new(Kind::Busy, "the delivery did not arrive within 10 s");
            Err(refusal(StatusCode::REQUEST_TIMEOUT, "busy", error))
        }
    }
}

/// Whether a delivery comes from somebody who knows the hook's secret.
fn is_authentic(from: HookSender, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = || {
        header("x-hub-signature-256").is_some_and(|signature| is_signed(secret, body, signature))
    };
    let bearer = || {
        let given = header("authorization").and_then(bearer_of);
        given.is_some_and(|given| is_token(secret, given))
    };
    match from {
        HookSender::GitHub => signed(),
        HookSender::GitLab => header("x-gitlab-token").is_some_and(|given| is_token(secret, given)),
        HookSender::ArgoCd | HookSender::CdEvents => signed() || bearer(),
    }
}

fn sender_of(from: HookSender) -> Sender {
    match from {
        HookSender::GitHub => Sender::GitHub,
        HookSender::GitLab => Sender::GitLab,
        HookSender::ArgoCd => Sender::ArgoCd,
        HookSender::CdEvents => Sender::CdEvents,
    }
}

/// The change with what the settings of its hook say of it.
fn placed(mut change: Change, hook: &ChangeHook) -> Change {
    change.details.source = Some(hook.name.clone());
    if let Some(service) = &hook.service {
        change.subject.clone_from(service);
        change.details.service = Some(service.clone());
    }
    if change.details.environment.is_none() {
        change.details.environment.clone_from(&hook.environment);
    }
    change.bounded()
}
