//! Answers and errors in the shape of the Prometheus HTTP API.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::{Columns, Labels};
use query::{Answer, InstantSample, QueryError, Value};
use serde_json::json;

use super::native::write_histogram;

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
            "timeout" | "canceled" => 503,
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

/// A success with a list of texts or label sets, and a warning if it was cut.
pub(crate) fn success_cut(data: &serde_json::Value, cut: bool) -> Response {
    let mut body = json!({ "status": "success", "data": data });
    if cut {
        body["warnings"] = json!(["results truncated due to limit"]);
    }
    json_response(body.to_string())
}

/// The answer to a query.
pub(crate) fn answer(answer: &Answer) -> Response {
    let mut text = String::with_capacity(256);
    text.push_str("{\"status\":\"success\",\"data\":{\"resultType\":");
    write_value(&mut text, &answer.value);
    text.push('}');
    for (name, notes) in [("warnings", &answer.warnings), ("infos", &answer.infos)] {
        if !notes.is_empty() {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":");
            text.push_str(&json!(notes).to_string());
        }
    }
    text.push('}');
    json_response(text)
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Scalar(sample) => {
            text.push_str("\"scalar\",\"result\":");
            write_point(text, sample.time.millis(), sample.value);
        }
        Value::Text(time, content) => {
            text.push_str("\"string\",\"result\":[");
            write_time(text, time.millis());
            text.push(',');
            write_text(text, content);
            text.push(']');
        }
        Value::Vector(samples) => {
            text.push_str("\"vector\",\"result\":");
            write_list(text, samples, write_instant);
        }
        Value::Matrix(series) => {
            text.push_str("\"matrix\",\"result\":");
            write_list(text, series, write_columns);
        }
    }
}

fn write_list<T>(text: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
    text.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write(text, item);
    }
    text.push(']');
}

fn write_instant(text: &mut String, sample: &InstantSample) {
    text.push_str("{\"metric\":");
    write_labels(text, &sample.labels);
    if let Some(histogram) = &sample.histogram {
        text.push_str(",\"histogram\":");
        write_histogram(text, sample.time.millis(), histogram);
    } else {
        text.push_str(",\"value\":");
        write_point(text, sample.time.millis(), sample.value);
    }
    text.push('}');
}

fn write_columns(text: &mut String, series: &Columns) {
    text.push_str("{\"metric\":");
    write_labels(text, &series.labels);
    let mut before = ",\"values\":[";
    for (time, value) in series.times.iter().zip(&series.values) {
        text.push_str(before);
        write_point(text, *time, *value);
        before = ",";
    }
    if before == "," {
        text.push(']');
    }
    let mut before = ",\"histograms\":[";
    for sample in &series.histograms {
        text.push_str(before);
        write_histogram(text, sample.time.millis(), &sample.histogram);
        before = ",";
    }
    if before == "," {
        text.push(']');
    }
    text.push('}');
}

fn write_labels(text: &mut String, labels: &Labels) {
    text.push('{');
    for (at, (name, value)) in labels.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_text(text, name);
        text.push(':');
        write_text(text, value);
    }
    text.push('}');
}

fn write_point(text: &mut String, millis: i64, value: f64) {
    text.push('[');
    write_time(text, millis);
    text.push_str(",\"");
    text.push_str(&number(value));
    text.push_str("\"]");
}

/// Seconds with as many decimals as the milliseconds need.
pub(super) fn write_time(text: &mut String, millis: i64) {
    let (sign, size) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    let (seconds, rest) = (size / 1000, size % 1000);
    text.push_str(sign);
    text.push_str(&seconds.to_string());
    if rest > 0 {
        let padded = (1000 + rest).to_string();
        text.push('.');
        text.extend(padded.chars().skip(1));
    }
}

fn write_text(text: &mut String, content: &str) {
    text.push_str(&serde_json::Value::from(content).to_string());
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

fn json_response(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_only_the_decimals_they_need() {
        let written = |millis| {
            let mut text = String::new();
            write_time(&mut text, millis);
            text
        };
        assert_eq!(written(1_435_781_430_781), "1435781430.781");
        assert_eq!(written(1_435_781_430_000), "1435781430");
        assert_eq!(written(-1_500), "-1.500");
    }

    #[test]
    fn values_are_written_without_exponents() {
        assert_eq!(number(1e21), "1000000000000000000000");
        assert_eq!(number(f64::NEG_INFINITY), "-Inf");
        assert_eq!(number(-0.0), "-0");
        assert_eq!(number(0.1 + 0.2), "0.30000000000000004");
    }
}
