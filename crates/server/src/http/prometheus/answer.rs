//! Answers and errors in the shape of the Prometheus HTTP API.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::{Kind, Labels};
use query::QueryError;
use serde_json::json;

use super::encode::Pieces;

/// What went wrong, as Prometheus says it.
#[derive(Debug)]
pub(crate) struct PromError {
    status: u16,
    error_type: &'static str,
    message: String,
}

impl PromError {
    pub(crate) fn new(status: u16, error_type: &'static str, message: impl Into<String>) -> Self {
        Self { status, error_type, message: message.into() }
    }

    pub(crate) fn bad_data(message: impl Into<String>) -> Self {
        Self::new(400, "bad_data", message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "unavailable", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "internal", message)
    }
}

impl From<QueryError> for PromError {
    fn from(error: QueryError) -> Self {
        let error_type = error.error_type();
        let status = match error_type {
            "bad_data" => 400,
            "unavailable" if error.kind() == Kind::Upstream => 502,
            "timeout" | "canceled" | "unavailable" => 503,
            "internal" => 500,
            _ => 422,
        };
        Self::new(status, error_type, crate::http::error::chain(&error))
    }
}

impl IntoResponse for PromError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body =
            json!({ "status": "error", "errorType": self.error_type, "error": self.message });
        let mut response = json_response(body.to_string());
        *response.status_mut() = status;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A success with data.
pub(crate) fn success(data: &serde_json::Value) -> Response {
    json_response(json!({ "status": "success", "data": data }).to_string())
}

/// A success with a list of texts or label sets, and what makes it incomplete.
pub(crate) fn success_with(data: &serde_json::Value, warnings: &[String]) -> Response {
    let mut body = json!({ "status": "success", "data": data });
    if !warnings.is_empty() {
        body["warnings"] = json!(warnings);
    }
    json_response(body.to_string())
}

/// The answer to a query, already written.
pub(crate) fn answer(pieces: Pieces) -> Response {
    let mut parts = pieces.into_parts();
    let body = match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => Body::from(only),
        (last, _) => {
            let parts = parts.into_iter().chain(last).map(Ok::<_, Infallible>);
            Body::from_stream(futures_util::stream::iter(parts))
        }
    };
    json_response(body)
}

/// A value as Prometheus writes it: the shortest text that reads back the same.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        value.to_string()
    }
}

/// Labels as a JSON object.
pub(crate) fn labels_json(labels: &Labels) -> serde_json::Value {
    labels.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn json_response(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_without_exponents() {
        assert_eq!(number(1e21), "1000000000000000000000");
        assert_eq!(number(f64::NEG_INFINITY), "-Inf");
        assert_eq!(number(-0.0), "-0");
        assert_eq!(number(0.1 + 0.2), "0.30000000000000004");
    }
}
