//! What is asked for an objective, and what the answers count.
//!
//! Counters are read at the end of each minute and compared with the minute before, so that no event is counted twice
//! or guessed: PromQL's `increase` stretches what it sees to the ends of its window, and misses what a series began with.

use std::collections::BTreeMap;

use model::{Indicator, Kind, Labels, Objective, Span, Test, Time};
use query::{Counter, InstantSample, QueryError};

use super::tally::Count;

/// Series of one objective's counters; more would be somebody's runaway label.
const SERIES_MAX: usize = 50_000;
/// A series that has not been seen for this long begins anew when it comes back.
const FORGOTTEN_AFTER: Span = Span::hours(1);

/// Why an objective cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// An expression is not made of counters.
    #[error("`{key}` of objective {objective} is not a sum of counters")]
    NoCounters {
        /// The objective's name.
        objective: String,
        /// Which expression.
        key: &'static str,
        /// Why not.
        source: Box<QueryError>,
    },
    /// Its counters have too many series.
    #[error("its counters have {count} series, {SERIES_MAX} at most are followed")]
    TooMany {
        /// How many.
        count: usize,
    },
}

impl MeasureError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoCounters { .. } => Kind::Invalid,
            Self::TooMany { .. } => Kind::Busy,
        }
    }
}

/// A question, and what its answer adds to the events and to the bad ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// PromQL.
    pub text: String,
    /// What it counts for among all events: 1, 0 or -1.
    pub total: f64,
    /// What it counts for among bad events.
    pub bad: f64,
}

/// How an objective is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    parts: Vec<Part>,
    value: Option<(String, Test, f64)>,
}

impl Measure {
    /// How this objective is counted.
    pub fn of(objective: &Objective) -> Result<Self, MeasureError> {
        let read = |key, text: &str| {
            query::counters(text).map_err(|source| MeasureError::NoCounters {
                objective: objective.name.clone(),
                key,
                source: Box::new(source),
            })
        };
        let (all, others) = match &objective.indicator {
            Indicator::Good { good, total } => {
                let all = parts(read("total", total)?, (1.0, 1.0));
                (all, parts(read("good", good)?, (0.0, -1.0)))
            }
            Indicator::Bad { bad, total } => {
                (parts(read("total", total)?, (1.0, 0.0)), parts(read("bad", bad)?, (0.0, 1.0)))
            }
            Indicator::Value { expr, test, line, .. } => {
                return Ok(Self { parts: Vec::new(), value: Some((expr.clone(), *test, *line)) });
            }
        };
        Ok(Self { parts: [all, others].concat(), value: None })
    }

    /// What is asked at the end of each minute, for [`Meter::step`].
    pub fn questions(&self) -> Vec<&str> {
        match &self.value {
            Some((expr, ..)) => vec![expr],
            None => self.parts.iter().map(|part| part.text.as_str()).collect(),
        }
    }

    /// What is asked for all events of a longer time at its end, series by series.
    pub fn over(&self, span: Span) -> Vec<Part> {
        let Some((expr, test, line)) = &self.value else {
            let over =
                |part: &Part| Part { text: format!("increase({}[{span}])", part.text), ..*part };
            return self.parts.iter().map(over).collect();
        };
        let minutes =
            |condition: String| format!("count_over_time((({expr}) {condition})[{span}:1m])");
        // Not-a-number is no value, so it counts for nothing.
        let all = minutes(">= -Inf".to_owned());
        let good = minutes(format!("{} {line}", test.operator()));
        vec![Part { text: all, total: 1.0, bad: 1.0 }, Part { text: good, total: 0.0, bad: -1.0 }]
    }
}

fn parts(counters: Vec<Counter>, (total, bad): (f64, f64)) -> Vec<Part> {
    let part = |counter: Counter| {
        let sign = if counter.minus { -1.0 } else { 1.0 };
        Part { text: counter.selector, total: total * sign, bad: bad * sign }
    };
    counters.into_iter().map(part).collect()
}

/// What was read of an objective's counters last.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    last: Vec<BTreeMap<Labels, (f64, Time)>>,
    /// Programs whose counters were read, by `job` and `instance`, and when.
    programs: BTreeMap<Labels, Time>,
}

impl Meter {
    /// The events of the minute that ends now, from the answers to [`Measure::questions`]; nothing if nothing is said
    /// of events at all. The first time there is nothing to compare with, so there are none.
    pub fn step(
        &mut self,
        measure: &Measure,
        answers: &[Vec<InstantSample>],
        now: Time,
    ) -> Result<Option<Count>, MeasureError> {
        if let Some((_, test, line)) = &measure.value {
            return Ok(of_values(answers.first().map_or(&[], Vec::as_slice), *test, *line));
        }
        let series: usize = answers.iter().map(Vec::len).sum();
        if series > SERIES_MAX {
            return Err(MeasureError::TooMany { count: series });
        }
        self.last.resize_with(measure.parts.len(), BTreeMap::new);
        self.programs.retain(|_, at| now.since(*at) <= FORGOTTEN_AFTER);
        let mut count = Count::default();
        let mut known = false;
        for ((part, answer), last) in measure.parts.iter().zip(answers).zip(&mut self.last) {
            known |= part.total != 0.0 && !answer.is_empty();
            let mut rise = 0.0;
            for sample in answer.iter().filter(|sample| sample.value.is_finite()) {
                let before = last.insert(sample.labels.clone(), (sample.value, now));
                let before = before.filter(|(_, at)| now.since(*at) <= FORGOTTEN_AFTER);
                rise += match before {
                    Some((value, _)) if sample.value >= value => sample.value - value,
                    // The program started anew.
                    Some(_) => sample.value,
                    // A series that is new in a program that is not has risen from nought.
                    None if self.programs.contains_key(&program(&sample.labels)) => sample.value,
                    None => 0.0,
                };
            }
            last.retain(|_, (_, at)| now.since(*at) <= FORGOTTEN_AFTER);
            count.total += part.total * rise;
            count.bad += part.bad * rise;
        }
        for sample in answers.iter().flatten() {
            if sample.labels.get("instance").is_some() {
                self.programs.insert(program(&sample.labels), now);
            }
        }
        Ok(known.then_some(count))
    }
}

/// What tells the program of a series from others; without an instance it is not known.
fn program(labels: &Labels) -> Labels {
    labels.without(|name| name != "job" && name != "instance")
}

fn of_values(answer: &[InstantSample], test: Test, line: f64) -> Option<Count> {
    let values = answer.iter().map(|sample| sample.value).filter(|value| !value.is_nan());
    let mut count = Count::default();
    for value in values {
        count.total += 1.0;
        count.bad += f64::from(u8::from(!test.passes(value, line)));
    }
    (!answer.is_empty()).then_some(count)
}
