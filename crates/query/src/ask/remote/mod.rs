//! Answers from a cluster that speaks the HTTP API of Prometheus: whole expressions go over, whole answers come back.
//!
//! Prometheus, Thanos, Mimir, `VictoriaMetrics` and `GreptimeDB` differ in small things only: parameters that one of
//! them knows are passed over by the others, so all are sent and nobody has to say who is on the other side.

mod answer;
mod buckets;
mod document;
mod error;
mod form;
mod guard;
mod stitch;
mod transport;
mod values;

use std::{sync::Arc, time::Duration};

use model::{Budget, Clock, Labels, Span, Time};

pub use error::{Refusal, RemoteError};
pub use transport::{Request, Response, Transport, TransportError};

use self::{document::Wanted, form::Form, guard::Guard, stitch::Whole};
use super::{Listed, Listing, Queries, Question};
use crate::{Answer, Explained, PlanNode, QueryError, Steps, Value, ValueKind, steps::grid};

/// How a cluster is asked.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// What it is called in messages: its address, without secrets.
    pub url: String,
    /// How long one question may take at most.
    pub timeout: Span,
    /// How old a sample may be to count as the current value.
    pub lookback: Span,
    /// How many steps a range query may have; beyond 11,000 it is asked in pieces.
    pub points_max: usize,
    /// What is sent with every question besides; it takes the place of what we would send under the same name.
    pub params: Vec<(String, String)>,
}

/// Answers from a cluster.
#[derive(Debug)]
pub struct Remote {
    options: RemoteOptions,
    transport: Arc<dyn Transport>,
    guard: Guard,
    clock: Arc<dyn Clock>,
}

/// Time that is left for the other side to say itself that it took too long.
const SPARE_MAX: Duration = Duration::from_secs(1);

/// Questions that waited at least so long without an answer speak of the cluster, shorter ones of whoever asked.
const LATE_MIN: Duration = Duration::from_secs(5);

impl Remote {
    /// Asks through this transport.
    pub fn new(
        options: RemoteOptions,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options, transport, guard: Guard::new(Arc::clone(&clock)), clock }
    }

    /// A form with what belongs to every question.
    fn form(&self, budget: &dyn Budget, pairs: &[(&str, String)]) -> (Form, Duration) {
        let deadline = self.options.timeout.to_duration();
        let deadline = budget.time_left().map_or(deadline, |left| left.min(deadline));
        let spare = SPARE_MAX.min(deadline / 10);
        let timeout = deadline.saturating_sub(spare).as_millis();
        let timeout = Span::millis(i64::try_from(timeout).unwrap_or(i64::MAX).max(1));
        let mut form = Form::default();
        let own = [("timeout", form::span(timeout))];
        for (name, value) in pairs.iter().chain(&own) {
            if !self.options.params.iter().any(|(set, _)| set == name) {
                form.add(name, value);
            }
        }
        for (name, value) in &self.options.params {
            form.add(name, value);
        }
        (form, deadline)
    }

    /// What belongs to every expression: how old a sample may be, in three dialects; and that times are those asked
    /// for, which `VictoriaMetrics` otherwise moves to where its cache has answers.
    ///
    /// Whether a part will do has two names, that of Thanos and that of `VictoriaMetrics`.
    fn expression(&self, question: Question<'_>) -> Vec<(&'static str, String)> {
        let lookback = form::span(self.options.lookback);
        let mut pairs = vec![
            ("query", question.text.to_owned()),
            ("lookback_delta", lookback.clone()),
            ("max_lookback", lookback.clone()),
            ("lookback", lookback),
            ("nocache", "1".to_owned()),
        ];
        if question.whole {
            pairs.push(("partial_response", "false".to_owned()));
            pairs.push(("deny_partial_response", "1".to_owned()));
        }
        pairs
    }

    /// The answer, unless it is not whole and that does not do.
    fn answer(
        &self,
        question: Question<'_>,
        told: answer::Told<document::Given>,
    ) -> Result<Answer, QueryError> {
        let url = &self.options.url;
        let answer = answer::answer(url, told)?;
        // What PromQL itself remarks begins so everywhere; other warnings are about those who were asked.
        let about_servers = |own: &&String| !own.starts_with("PromQL ");
        match answer.warnings.iter().find(about_servers) {
            Some(what) if question.whole => {
                Err(RemoteError::Partial { url: url.clone(), what: what.clone() }.into())
            }
            _ => Ok(answer),
        }
    }

    fn post<T: Wanted>(
        &self,
        path: &str,
        pairs: &[(&str, String)],
        budget: &dyn Budget,
    ) -> Result<answer::Told<T>, QueryError> {
        let (form, deadline) = self.form(budget, pairs);
        let request =
            Request { path: path.to_owned(), form: form.into_text(), post: true, deadline };
        self.ask(request, budget)
    }

    /// Sends a request, once more if the connection broke, and reads the answer.
    fn ask<T: Wanted>(
        &self,
        mut request: Request,
        budget: &dyn Budget,
    ) -> Result<answer::Told<T>, QueryError> {
        let url = || self.options.url.clone();
        budget.charge(0)?;
        if request.deadline.is_zero() {
            return Err(RemoteError::NoTime { url: url() }.into());
        }
        self.guard.enter().map_err(|rest| RemoteError::Resting {
            url: url(),
            cause: rest.cause,
            wait_ms: rest.wait.as_millis(),
        })?;
        let began = self.clock.elapsed();
        let limit = request.deadline;
        let mut again = true;
        let response = loop {
            let error = match self.transport.send(&request, budget) {
                Ok(response) => break response,
                Err(error) => error,
            };
            request.deadline = limit.saturating_sub(self.clock.elapsed().saturating_sub(began));
            let left = !request.deadline.is_zero() && budget.charge(0).is_ok();
            match error {
                TransportError::Budget(spent) => return Err(spent.into()),
                TransportError::Broken { .. } if again && left => again = false,
                TransportError::Late => {
                    if limit >= LATE_MIN {
                        self.guard.missed("no answer in time");
                    }
                    return Err(
                        RemoteError::Late { url: url(), limit_ms: limit.as_millis() }.into()
                    );
                }
                TransportError::Broken { cause } | TransportError::Unreachable { cause } => {
                    self.guard.missed(&cause);
                    return Err(RemoteError::Away { url: url(), cause }.into());
                }
            }
        };
        self.guard.reached();
        let bytes = response.body.len();
        let told = answer::read(&self.options.url, &response, budget);
        drop(response);
        budget.release(bytes);
        told
    }

    fn piece(&self, question: Question<'_>, steps: Steps) -> Result<Answer, QueryError> {
        let mut pairs = self.expression(question);
        pairs.push(("start", form::time(steps.from)));
        pairs.push(("end", form::time(steps.to)));
        pairs.push(("step", form::seconds(steps.step)));
        let told = self.post("/api/v1/query_range", &pairs, question.budget)?;
        let answer = self.answer(question, told)?;
        if let Value::Matrix(_) = answer.value {
            return Ok(answer);
        }
        let kind = answer.value.kind().word();
        Err(self.garbage(format!("a range was asked for, and a {kind} came")).into())
    }

    fn garbage(&self, what: String) -> RemoteError {
        RemoteError::Garbage { url: self.options.url.clone(), what }
    }

    fn listing<T: Wanted + Ord>(
        &self,
        path: &str,
        listing: Listing<'_>,
        post: bool,
    ) -> Result<Listed<T>, QueryError> {
        let mut pairs =
            vec![("start", form::time(listing.range.from)), ("end", form::time(listing.range.to))];
        // One more than is wanted tells whether there are more; not all say so themselves.
        let limit = listing.limit.map(|limit| limit.saturating_add(1));
        pairs.extend(limit.map(|limit| ("limit", limit.to_string())));
        pairs.extend(listing.selectors.iter().map(|own| ("match[]", form::selector(own))));
        let (form, deadline) = self.form(listing.budget, &pairs);
        let request = Request { path: path.to_owned(), form: form.into_text(), post, deadline };
        let told = self.ask::<Vec<T>>(request, listing.budget)?;
        let found = told.data.into_iter().collect();
        Ok(Listed::cut(found, listing.limit, told.warnings))
    }

    /// The plan of what is planned elsewhere: one node, and how long it took.
    fn explained(
        &self,
        text: &str,
        clock: &dyn Clock,
        ask: impl FnOnce() -> Result<Answer, QueryError>,
    ) -> Result<Explained, QueryError> {
        let began = clock.elapsed();
        let answer = ask()?;
        let time = clock.elapsed().saturating_sub(began);
        let (series, samples) = answer.value.size();
        let plan = PlanNode {
            what: format!("{text}, asked of {}", self.options.url),
            at: None,
            series_in: series,
            series_out: series,
            samples,
            bytes: samples * (size_of::<i64>() + size_of::<f64>()),
            time,
            folded_above: false,
            inputs: Vec::new(),
        };
        Ok(Explained {
            answer,
            plan,
            samples,
            bytes_peak: samples * (size_of::<i64>() + size_of::<f64>()),
            reused_steps: 0,
            parse_time: Duration::ZERO,
            run_time: time,
        })
    }
}

impl Queries for Remote {
    fn instant(&self, question: Question<'_>, at: Time) -> Result<Answer, QueryError> {
        let mut pairs = self.expression(question);
        pairs.push(("time", form::time(at)));
        // `VictoriaMetrics` looks back by the step where one time is asked for; the others pass it over.
        pairs.push(("step", form::span(self.options.lookback)));
        let told = self.post("/api/v1/query", &pairs, question.budget)?;
        self.answer(question, told)
    }

    fn range(&self, question: Question<'_>, steps: Steps) -> Result<Answer, QueryError> {
        let points = grid(steps, self.options.points_max)?.points;
        if points <= stitch::POINTS_MAX {
            return self.piece(question, steps);
        }
        stitch::check_divisible(question.text, points)?;
        let mut whole = Whole::default();
        for piece in stitch::pieces(steps, points) {
            whole.add(self.piece(question, piece)?, piece);
        }
        Ok(whole.finish())
    }

    fn explain(
        &self,
        question: Question<'_>,
        at: Time,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError> {
        self.explained(question.text, clock, || self.instant(question, at))
    }

    fn explain_range(
        &self,
        question: Question<'_>,
        steps: Steps,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError> {
        self.explained(question.text, clock, || self.range(question, steps))
    }

    fn series(&self, listing: Listing<'_>) -> Result<Listed<Labels>, QueryError> {
        self.listing("/api/v1/series", listing, true)
    }

    fn label_names(&self, listing: Listing<'_>) -> Result<Listed<String>, QueryError> {
        self.listing("/api/v1/labels", listing, true)
    }

    fn label_values(
        &self,
        label: &str,
        listing: Listing<'_>,
    ) -> Result<Listed<String>, QueryError> {
        let path = format!("/api/v1/label/{}/values", form::name_in_path(label));
        self.listing(&path, listing, false)
    }
}

impl Value {
    /// Its type.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Scalar(_) => ValueKind::Scalar,
            Self::Text(..) => ValueKind::Text,
            Self::Vector(_) => ValueKind::Vector,
            Self::Matrix(_) => ValueKind::Matrix,
        }
    }

    /// How many series and samples it has.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Scalar(_) | Self::Text(..) => (1, 1),
            Self::Vector(samples) => (samples.len(), samples.len()),
            Self::Matrix(series) => {
                let samples = series.iter().map(|own| own.times.len() + own.histograms.len());
                (series.len(), samples.sum())
            }
        }
    }
}

#[cfg(test)]
mod tests;
