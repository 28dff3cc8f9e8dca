//! Alertmanager's API, version 2, so that whatever sends alerts to one can send them here, and
//! `amtool` and its kin can look and keep quiet what is quiet.
//!
//! The description: `api/v2/openapi.yaml` in <https://github.com/prometheus/alertmanager>.

mod alerts;
mod filter;
mod receive;
mod silences;
mod status;

use std::sync::Arc;

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use journal::Journal;
use model::{Kind, Time};

use crate::state::App;

/// Everything below `/api/v2`.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/alerts", get(alerts::list).post(receive::take))
        .route("/alerts/groups", get(alerts::groups))
        .route("/silences", get(silences::list).post(silences::keep))
        .route("/silence/{id}", get(silences::one).delete(silences::end))
        .route("/receivers", get(status::receivers))
        .route("/status", get(status::status))
        .route("/silences/preview", post(silences::preview))
        .fallback(async || AmError::new(Kind::Missing, "there is no such endpoint"))
}

/// What went wrong, as Alertmanager says it: a JSON text.
#[derive(Debug)]
pub(super) struct AmError {
    kind: Kind,
    message: String,
}

impl AmError {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }
}

impl IntoResponse for AmError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.message)).into_response();
        if self.kind.may_retry() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The journal, if it is this server that judges. Another one that shares it is asked instead.
pub(super) fn judging(app: &App) -> Result<Journal, AmError> {
    let other = || AmError::new(Kind::Busy, "another server that shares the journal judges now");
    app.judging.journal().ok_or_else(other)
}

/// A moment in RFC 3339, in UTC; one that no calendar has, as the nearest that it has.
pub(super) fn moment(time: Time) -> String {
    let nearest = if time.millis() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(time.millis()).unwrap_or(nearest).to_string()
}

/// A moment as others write it; Go's nought, which stands for none, is none.
pub(super) fn read_moment(text: &str) -> Result<Option<Time>, AmError> {
    let stamp: Timestamp = text
        .parse()
        .map_err(|_other| AmError::invalid(format!("{text:?} is no date and time of RFC 3339")))?;
    let year_two = -62_104_060_800_000;
    let time = Time(stamp.as_millisecond());
    Ok((time.millis() > year_two).then_some(time))
}
