//! Parameters of the Prometheus API: from the address and from a form, times and durations as it writes them.

use axum::{
    Form,
    extract::{FromRequest, Query, Request},
    http::{Method, header},
};
use jiff::Timestamp;
use model::{Span, Time};

use super::answer::PromError;

/// Names and values in order, those of the form first.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = PromError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, PromError> {
        let bad = |error: &dyn std::error::Error| PromError::bad_data(error.to_string());
        let Query(address) = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
            .map_err(|rejection| bad(&rejection))?;
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let mut pairs = Vec::new();
        if request.method() == Method::POST && is_form {
            let Form(form) = Form::<Vec<(String, String)>>::from_request(request, &())
                .await
                .map_err(|rejection| bad(&rejection))?;
            pairs = form;
        }
        pairs.extend(address);
        Ok(Self(pairs))
    }
}

impl Params {
    /// The first value of a name; an empty one counts as not given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| &**value)
            .filter(|v| !v.is_empty())
    }

    /// Every value of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// A value that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, PromError> {
        self.get(name).ok_or_else(|| {
            PromError::bad_data(format!("invalid parameter {name:?}: it is missing or empty"))
        })
    }

    /// A moment, if given.
    pub(crate) fn time(&self, name: &'static str) -> Result<Option<Time>, PromError> {
        self.get(name)
            .map(|text| {
                parse_time(text).ok_or_else(|| {
                    PromError::bad_data(format!(
                        "invalid parameter {name:?}: cannot parse {text:?} to a valid timestamp"
                    ))
                })
            })
            .transpose()
    }

    /// A length of time, if given.
    pub(crate) fn span(&self, name: &'static str) -> Result<Option<Span>, PromError> {
        self.get(name)
            .map(|text| {
                parse_span(text).ok_or_else(|| {
                    PromError::bad_data(format!(
                        "invalid parameter {name:?}: cannot parse {text:?} to a valid duration"
                    ))
                })
            })
            .transpose()
    }

    /// A count, if given; nought means no limit.
    pub(crate) fn limit(&self) -> Result<Option<usize>, PromError> {
        let Some(text) = self.get("limit") else { return Ok(None) };
        let limit: usize = text.parse().map_err(|_not_a_number| {
            PromError::bad_data(format!("invalid parameter \"limit\": {text:?} is not a count"))
        })?;
        Ok(Some(limit).filter(|limit| *limit > 0))
    }
}

/// Seconds since 1970 with a fraction, or RFC 3339.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    if let Ok(seconds) = text.parse::<f64>() {
        return millis(seconds).map(Time);
    }
    text.parse::<Timestamp>().ok().map(|stamp| Time(stamp.as_millisecond()))
}

/// Seconds with a fraction, or a Prometheus duration.
fn parse_span(text: &str) -> Option<Span> {
    match text.parse::<f64>() {
        Ok(seconds) => millis(seconds).map(Span::millis),
        Err(_) => query::parse_duration(text),
    }
}

fn millis(seconds: f64) -> Option<i64> {
    let millis = (seconds * 1000.0).round();
    // Beyond this a float no longer counts milliseconds.
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within 2^53")]
    (millis.abs() < 9_007_199_254_740_992.0).then_some(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_as_seconds_or_rfc_3339() {
        assert_eq!(parse_time("1435781430.781"), Some(Time(1_435_781_430_781)));
        assert_eq!(parse_time("2015-07-01T20:10:30.781Z"), Some(Time(1_435_781_430_781)));
        assert_eq!(parse_time("2015-07-01T22:10:30.781+02:00"), Some(Time(1_435_781_430_781)));
        assert_eq!(parse_time("1e400"), None);
        assert_eq!(parse_time("NaN"), None);
        assert_eq!(parse_time("noon"), None);
    }

    #[test]
    fn durations_come_as_seconds_or_with_units() {
        assert_eq!(parse_span("15"), Some(Span::secs(15)));
        assert_eq!(parse_span("0.5"), Some(Span::millis(500)));
        assert_eq!(parse_span("1h30m"), Some(Span::minutes(90)));
        assert_eq!(parse_span("soon"), None);
    }
}
