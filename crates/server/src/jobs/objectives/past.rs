//! Counting the past of an objective: when it is seen for the first time, and after nobody counted for a while.

use std::collections::BTreeMap;

use detect::objectives::{Count, MINUTES_KEPT, Measure, Meter};
use model::{Columns, Labels, Span, Time};
use query::{InstantSample, Question, Steps, Value};

use crate::{http::chain, state::App};

pub(super) const MINUTE: Span = Span::minutes(1);
const HOUR: Span = Span::hours(1);
/// How much is asked for at once: 180 minutes, and 168 hours.
const CHUNK_MINUTES: Span = Span::hours(3);
const CHUNK_HOURS: Span = Span::days(7);

/// A stretch of the past that is counted at once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stretch {
    /// Minutes after the first moment, up to the second.
    Minutes(Time, Time),
    /// Hours after the first moment, up to the second.
    Hours(Time, Time),
}

/// The stretches from one moment to another: hours for what is older than minutes are kept.
pub(super) fn stretches(from: Time, to: Time) -> Vec<Stretch> {
    let hour = HOUR.as_millis();
    let round = |time: Time| Time(time.millis().div_euclid(hour) * hour);
    let mut found = Vec::new();
    let mut at = round(from);
    let minutes_from = round(to - MINUTES_KEPT);
    while at < minutes_from {
        let end = (at + CHUNK_HOURS).min(minutes_from);
        found.push(Stretch::Hours(at, end));
        at = end;
    }
    let mut at = from.max(minutes_from);
    while at < to {
        let end = (at + CHUNK_MINUTES).min(to);
        found.push(Stretch::Minutes(at, end));
        at = end;
    }
    found
}

/// The minutes after one moment and up to another, each with its events; those without data are left out.
pub(super) fn minutes(
    app: &App,
    (measure, meter): (&Measure, &mut Meter),
    (from, to): (Time, Time),
) -> Result<Vec<(Time, Count)>, String> {
    // The moment before says what counters rose from; asked for again, it changes nothing.
    let steps = Steps { from, to, step: MINUTE };
    let mut answers = Vec::new();
    for question in measure.questions() {
        answers.push(by_step(&ask(app, question, steps)?));
    }
    let mut found = Vec::new();
    let mut at = from;
    while at <= to {
        let now: Vec<Vec<InstantSample>> = answers
            .iter_mut()
            .map(|answer| answer.remove(&at.millis()).unwrap_or_default())
            .collect();
        let count = meter.step(measure, &now, at).map_err(|error| chain(&error))?;
        found.extend(count.filter(|_| at > from).map(|count| (at, count)));
        at = at + MINUTE;
    }
    Ok(found)
}

/// The hours after one moment and up to another, as PromQL counts them.
pub(super) fn hours(
    app: &App,
    measure: &Measure,
    (from, to): (Time, Time),
) -> Result<Vec<(Time, Count)>, String> {
    let steps = Steps { from: from + HOUR, to, step: HOUR };
    let mut found: BTreeMap<i64, (Count, bool)> = BTreeMap::new();
    for part in measure.over(HOUR) {
        for columns in ask(app, &format!("sum({})", part.text), steps)? {
            for (time, value) in columns.times.iter().zip(&columns.values) {
                let (count, known) = found.entry(*time).or_default();
                count.total += part.total * value;
                count.bad += part.bad * value;
                *known |= part.total != 0.0;
            }
        }
    }
    let known = found.into_iter().filter(|(_, (_, known))| *known);
    Ok(known.map(|(time, (count, _))| (Time(time), count)).collect())
}

fn ask(app: &App, text: &str, steps: Steps) -> Result<Vec<Columns>, String> {
    let meter = app.own_meter();
    let question = Question::new(text, &meter).fresh().whole();
    let answer = app.queries.range(question, steps);
    match answer.map_err(|error| chain(&error))?.value {
        Value::Matrix(series) => Ok(series),
        Value::Scalar(_) | Value::Text(..) | Value::Vector(_) => Ok(Vec::new()),
    }
}

fn by_step(series: &[Columns]) -> BTreeMap<i64, Vec<InstantSample>> {
    let mut steps: BTreeMap<i64, Vec<InstantSample>> = BTreeMap::new();
    for columns in series {
        for (time, value) in columns.times.iter().zip(&columns.values) {
            let sample = InstantSample::float(Labels::clone(&columns.labels), Time(*time), *value);
            steps.entry(*time).or_default().push(sample);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_days_are_counted_by_the_hour_and_nothing_twice() {
        let to = Time::from_secs(100 * 86_400 + 1_860);
        let found = stretches(to - Span::days(20), to);
        let (mut hours, mut minutes, mut at) = (0, 0, None);
        for stretch in found {
            let (from, end, count) = match stretch {
                Stretch::Hours(from, end) => (from, end, &mut hours),
                Stretch::Minutes(from, end) => (from, end, &mut minutes),
            };
            assert!(at.is_none_or(|at| at == from), "{stretch:?}");
            *count += end.since(from).as_millis();
            at = Some(end);
        }
        assert_eq!(at, Some(to));
        assert_eq!(hours, Span::days(17).as_millis());
        assert_eq!(minutes, Span::days(3).as_millis() + 1_860_000);
    }

    #[test]
    fn a_short_pause_is_counted_by_the_minute() {
        let to = Time::from_secs(100 * 86_400);
        let found = stretches(to - Span::minutes(7), to);
        assert!(
            matches!(found.as_slice(), [Stretch::Minutes(from, end)] if end.since(*from) == Span::minutes(7))
        );
    }
}
