//! Errors as our API says them: a kind, a message, what to do, and the request's number.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::Kind;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, on its way out.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// The body of every error of our API.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorView,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorView {
    /// `invalid`, `denied`, `missing`, `conflict`, `busy`, `upstream` or `internal`.
    kind: &'static str,
    /// What went wrong, with its causes.
    message: String,
    /// What to do about it, where we know.
    help: Option<String>,
    /// The number under which the server's log knows the request; empty if the request never got one.
    request_id: String,
}

impl ApiError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None }
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::new(Kind::Missing, what)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The whole chain of an error in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Marks an answer so that the outer layer can put the request's number into its body.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = body(self.kind, self.message.clone(), self.help.clone(), String::new());
        response.extensions_mut().insert(Failed {
            kind: self.kind,
            message: self.message,
            help: self.help,
        });
        response
    }
}

/// The same answer with the request's number in it.
pub(crate) fn with_request_id(failed: Failed, request_id: String) -> Response {
    body(failed.kind, failed.message, failed.help, request_id)
}

fn body(kind: Kind, message: String, help: Option<String>, request_id: String) -> Response {
    let status =
        StatusCode::from_u16(kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = ErrorView { kind: kind.word(), message, help, request_id };
    let mut response = (status, Json(ErrorBody { error })).into_response();
    if kind.may_retry() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
