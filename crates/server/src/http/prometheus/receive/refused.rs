//! What was not taken, and why: status, reason for the counter, words for the sender.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::{Kind, WriteError};

use crate::{
    http::error::chain,
    state::{App, meters},
};

/// Seconds after which a sender that was turned away may come again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A body that was not taken.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(
        status: StatusCode,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { status, reason, message: message.into() }
    }

    /// Too much is on its way.
    pub(super) fn busy(bytes: usize) -> Self {
        let message = format!("{bytes} bytes of other bodies are on their way; come back later");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "in_flight", message)
    }

    /// The store did not take it.
    pub(super) fn by_store(error: &WriteError) -> Self {
        let status = match (error, error.kind()) {
            (WriteError::Poisoned { .. }, _) => StatusCode::SERVICE_UNAVAILABLE,
            (_, Kind::Busy) => StatusCode::TOO_MANY_REQUESTS,
            (_, kind) => {
                StatusCode::from_u16(kind.http_status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
        };
        let reason = if matches!(error, WriteError::Limit { .. }) { "limit" } else { "store" };
        Self::new(status, reason, chain(error))
    }

    /// The thread that worked on it broke.
    pub(super) fn by_bug() -> Self {
        let message = "a bug of ours ended this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", message)
    }

    /// Whether the sender should come again with the same.
    pub(super) fn may_retry(&self) -> bool {
        matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Counts it as refused on this way in, `way="remote_write"`.
    pub(super) fn count(&self, app: &App, way: &str) {
        let labels = format!("{way},reason=\"{}\"", self.reason);
        app.meters.count(meters::COLLECT_REFUSED, &labels);
    }

    /// Tells when to come again, where that makes sense.
    pub(super) fn retry_after(&self, response: &mut Response) {
        if self.may_retry() {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
    }
}

/// In plain text, as senders log it.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.message)).into_response();
        self.retry_after(&mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_sent_again_is_told_when() {
        let text = || "so".to_owned();
        for (error, status, again) in [
            (WriteError::Busy { what: text() }, 429, true),
            (WriteError::Poisoned { why: text() }, 503, true),
            (WriteError::Limit { what: text(), series: text() }, 400, false),
        ] {
            let response = Refused::by_store(&error).into_response();
            let told = response.headers().get(header::RETRY_AFTER);
            assert_eq!((response.status().as_u16(), told.is_some()), (status, again), "{error}");
        }
        assert_eq!(Refused::busy(5).into_response().status().as_u16(), 429);
        assert!(!Refused::by_bug().may_retry());
    }
}
