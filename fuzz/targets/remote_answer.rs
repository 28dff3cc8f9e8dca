//! Answers of clusters: any body is read or refused. The first byte says what was asked and with which status it comes.
#![no_main]

use std::{fmt, sync::Arc, time::Duration};

use libfuzzer_sys::fuzz_target;
use model::{Budget, Span, Time, TimeRange};
use query::{
    Listing, Meter, Queries as _, Question, Remote, RemoteOptions, Request, Response, Steps,
    Transport, TransportError, Value,
};
use testkit::TurnedClock;

const SAMPLES_MAX: usize = 1_000;

/// Brings back what it was given.
struct Given(Response);

impl fmt::Debug for Given {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Given")
    }
}

impl Transport for Given {
    fn send(&self, request: &Request, budget: &dyn Budget) -> Result<Response, TransportError> {
        assert!(request.deadline > Duration::ZERO && request.form.is_ascii());
        budget.hold(self.0.body.len())?;
        Ok(self.0.clone())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((how, body)) = input.split_first() else { return };
    let status = [200, 400, 422, 503][usize::from(how >> 6)];
    let given = Given(Response { status, body: body.to_vec() });
    let clock = Arc::new(TurnedClock::at(Time(0)));
    let options = RemoteOptions {
        url: "http://cluster".to_owned(),
        timeout: Span::secs(30),
        lookback: Span::minutes(5),
        points_max: 11_000,
        params: Vec::new(),
    };
    let remote = Remote::new(options, Arc::new(given), Arc::clone(&clock) as _);
    let meter = Meter::new(clock, Span::minutes(1), SAMPLES_MAX).with_memory_max(1 << 20);
    let question = Question { whole: how & 16 != 0, ..Question::new("up", &meter) };
    let range = TimeRange { from: Time(0), to: Time(60_000) };
    let listing = Listing { selectors: &[], range, limit: Some(3), budget: &meter };
    let answer = match how & 3 {
        0 => remote.instant(question, Time(0)),
        1 => remote.range(question, Steps { from: range.from, to: range.to, step: Span::secs(15) }),
        2 => {
            if let Ok(found) = remote.series(listing) {
                assert!(found.rows.len() <= 3 && found.rows.is_sorted_by(|one, other| one < other));
            }
            return;
        }
        _ => {
            if let Ok(found) = remote.label_names(listing) {
                assert!(found.rows.len() <= 3 && found.rows.is_sorted_by(|one, other| one < other));
            }
            return;
        }
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(status, 200);
    let Value::Matrix(series) = answer.value else { return };
    assert!(series.is_sorted_by(|one, other| one.labels < other.labels));
    for own in &series {
        assert_eq!(own.times.len(), own.values.len());
        assert!(own.times.is_sorted_by(|one, other| one < other));
        for sample in &own.histograms {
            assert_eq!(sample.histogram.check(), Ok(()));
        }
    }
    let samples: usize = series.iter().map(|own| own.times.len() + own.histograms.len()).sum();
    assert!(samples <= SAMPLES_MAX);
});
