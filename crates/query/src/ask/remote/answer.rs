//! What a response means: an answer, a refusal, or nothing anybody could read.

use std::sync::Arc;

use model::{Budget, Sample, Time};

use super::{
    Refusal, RemoteError, Response,
    document::{Anything, Document, Given, Reading, Wanted},
    values::{Element, number},
};
use crate::{Answer, InstantSample, QueryError, Value};

/// What stands in for an answer when people are told of it: at most so many letters.
const EXCERPT_MAX: usize = 200;

/// Data, and what was remarked.
#[derive(Debug)]
pub(super) struct Told<T> {
    pub(super) data: T,
    pub(super) warnings: Vec<String>,
    pub(super) infos: Vec<String>,
}

/// Reads a response.
pub(super) fn read<T: Wanted>(
    url: &str,
    response: &Response,
    budget: &dyn Budget,
) -> Result<Told<T>, QueryError> {
    let Response { status, body } = response;
    if !(200..300).contains(status) {
        return Err(refused(url, *status, body, budget).into());
    }
    let reading = Reading::new(budget);
    let document = match Document::<T>::of(&reading, body) {
        Ok(document) => document,
        Err(error) => {
            if let Some(spent) = reading.spent() {
                return Err(spent.into());
            }
            return Err(match refused(url, *status, body, budget) {
                told @ RemoteError::Refused { .. } => told,
                _ => RemoteError::Garbage { url: url.to_owned(), what: unreadable(&error, body) },
            }
            .into());
        }
    };
    match (document.status.as_str(), document.data.or_else(T::absent)) {
        ("success", Some(data)) => {
            let mut warnings = document.warnings;
            if document.partial {
                warnings.push(format!(
                    "the answer is partial: some of the servers behind {url} did not answer"
                ));
            }
            Ok(Told { data, warnings, infos: document.infos })
        }
        ("error", _) => Err(refused(url, *status, body, budget).into()),
        ("success", None) => Err(garbage(url, "it has no data")),
        _ => Err(garbage(url, "it says neither success nor error")),
    }
}

fn garbage(url: &str, what: impl Into<String>) -> QueryError {
    RemoteError::Garbage { url: url.to_owned(), what: what.into() }.into()
}

/// What a response says that is no answer.
fn refused(url: &str, status: u16, body: &[u8], budget: &dyn Budget) -> RemoteError {
    let url = url.to_owned();
    let reading = Reading::new(budget);
    match Document::<Anything>::of(&reading, body) {
        Ok(told) if told.status == "error" => {
            let reason = Refusal::of(&told.error_type, status);
            let what = if told.error.is_empty() { told.error_type } else { told.error };
            RemoteError::Refused { url, what, reason }
        }
        _ => {
            let reason = Refusal::of("", status);
            RemoteError::Status { url, status, said_by_it: excerpt(body), reason }
        }
    }
}

fn unreadable(error: &serde_json::Error, body: &[u8]) -> String {
    if body.is_empty() {
        return "it is empty".to_owned();
    }
    if error.is_eof() {
        return format!("it ends in the middle, after {} bytes", body.len());
    }
    if is_page(body) {
        return "it is a page for people, not the Prometheus HTTP API; is the address right?"
            .to_owned();
    }
    error.to_string()
}

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// The first line of a text for people; nothing of a page with markup.
fn excerpt(body: &[u8]) -> String {
    if is_page(body) {
        return String::new();
    }
    let body = body.get(..4 * EXCERPT_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|letter| !letter.is_control()).take(EXCERPT_MAX).collect()
}

/// The answer to an expression.
pub(super) fn answer(url: &str, told: Told<Given>) -> Result<Answer, QueryError> {
    let Told { data: Given { kind, elements }, warnings, infos } = told;
    let value = match kind.as_str() {
        "matrix" => matrix(elements),
        "vector" => vector(elements),
        "scalar" => pair(elements).and_then(|(time, text)| {
            let value = number(&text).ok_or("its scalar is no number")?;
            Ok(Value::Scalar(Sample { time, value }))
        }),
        "string" => pair(elements).map(|(time, text)| Value::Text(time, text)),
        _ => return Err(garbage(url, format!("its result is of an unknown type, {kind:?}"))),
    };
    match value {
        Ok(value) => Ok(Answer { value, warnings, infos }),
        Err(what) => Err(garbage(url, what)),
    }
}

fn matrix(elements: Vec<Element>) -> Result<Value, &'static str> {
    let mut series = Vec::with_capacity(elements.len());
    for element in elements {
        let Element::Series(own) = element else {
            return Err("its matrix has something else than series");
        };
        series.push(own);
    }
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    if series.windows(2).any(|pair| pair[0].labels == pair[1].labels) {
        return Err("two of its series have the same labels");
    }
    Ok(Value::Matrix(series))
}

fn vector(elements: Vec<Element>) -> Result<Value, &'static str> {
    const WRONG: &str = "its vector has something else than series with one sample";
    let mut samples = Vec::with_capacity(elements.len());
    for element in elements {
        let Element::Series(own) = element else { return Err(WRONG) };
        let sample = match (&*own.times, &*own.values, &*own.histograms) {
            ([time], [value], []) => InstantSample::float(own.labels, Time(*time), *value),
            ([], [], [sample]) => InstantSample {
                labels: own.labels,
                time: sample.time,
                value: 0.0,
                histogram: Some(Arc::clone(&sample.histogram)),
            },
            _ => return Err(WRONG),
        };
        samples.push(sample);
    }
    Ok(Value::Vector(samples))
}

fn pair(elements: Vec<Element>) -> Result<(Time, String), &'static str> {
    match <[Element; 2]>::try_from(elements) {
        Ok([Element::Time(time), Element::Text(text)]) => Ok((time, text)),
        _ => Err("its value is not a time and a text"),
    }
}
