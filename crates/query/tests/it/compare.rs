//! Compares an answer with what a script expects of it.

use anyhow::{Context, Result, bail, ensure};
use model::{Budget, Columns, Histogram, SeriesSource, Span, Time};
use model::{Described, Point};
use query::{Answer, Engine, InstantSample, Steps, Value};

use crate::{
    native::same_histogram,
    script::{Eval, Expect, Notes, When},
};

/// Relative difference up to which values are the same, as in Prometheus' own runner.
const TOLERANCE: f64 = 1e-6;

/// Asks the question of a script and checks the answer.
pub(crate) fn check(
    engine: &Engine,
    source: &dyn SeriesSource,
    eval: &Eval,
    budget: &dyn Budget,
) -> Result<()> {
    let answer = match eval.when {
        When::At(at) => engine.instant(source, &eval.query, at, budget),
        When::Over(steps) => engine.range(source, &eval.query, steps, budget),
    };
    let expect = &eval.expect;
    let answer = match (answer, &expect.fail) {
        (Ok(_), Some(_)) => bail!("it should have failed"),
        (Err(error), Some(patterns)) => {
            let text = error.to_string();
            let fits = patterns.iter().all(|pattern| pattern.matches(&text));
            ensure!(fits, "it failed with {text:?} instead of {patterns:?}");
            return Ok(());
        }
        (answer, None) => answer?,
    };
    notes("warnings", &answer.warnings, &expect.warn)?;
    notes("infos", &answer.infos, &expect.info)?;
    match eval.when {
        When::At(at) => {
            instant(&answer, expect)?;
            // Asked as the middle of a range, the answer must be the same, unless it depends on how long that is.
            let of_all_steps = eval.query.contains("range()");
            if matches!(answer.value, Value::Vector(_)) && !expect.ordered && !of_all_steps {
                let steps = Steps {
                    from: at - Span::minutes(1),
                    to: at + Span::minutes(1),
                    step: Span::minutes(1),
                };
                let ranged =
                    engine.range(source, &eval.query, steps, budget).context("as a range query")?;
                middle(&ranged, expect, at.millis()).context("as a range query")?;
            }
            Ok(())
        }
        When::Over(steps) => matrix(&answer, expect, steps),
    }
}

fn notes(what: &str, found: &[String], wanted: &Notes) -> Result<()> {
    let wanted = match wanted {
        Notes::Any => return Ok(()),
        Notes::None => {
            ensure!(found.is_empty(), "unwanted {what}: {found:?}");
            return Ok(());
        }
        Notes::Like(wanted) => wanted,
    };
    ensure!(!found.is_empty(), "no {what} where {wanted:?} were expected");
    for pattern in wanted {
        let any = found.iter().any(|text| pattern.matches(text));
        ensure!(any, "no {what} like {pattern:?} in {found:?}");
    }
    for text in found {
        let any = wanted.iter().any(|pattern| pattern.matches(text));
        ensure!(any, "unexpected {what}: {text}");
    }
    Ok(())
}

fn instant(answer: &Answer, expect: &Expect) -> Result<()> {
    match &answer.value {
        Value::Scalar(sample) => {
            let wanted = expect.scalar.context("a scalar came")?;
            ensure!(same(sample.value, wanted), "{} instead of {wanted}", sample.value);
            Ok(())
        }
        Value::Text(_, text) => {
            ensure!(
                expect.text.as_deref() == Some(text),
                "text {text:?} instead of {:?}",
                expect.text
            );
            Ok(())
        }
        Value::Vector(samples) => vector(samples, expect),
        Value::Matrix(_) => {
            let steps = expect.range.context("a range vector came")?;
            matrix(answer, expect, steps)
        }
    }
}

fn vector(samples: &[InstantSample], expect: &Expect) -> Result<()> {
    ensure!(expect.scalar.is_none() && expect.text.is_none(), "a vector came: {samples:?}");
    for (number, wanted) in expect.series.iter().enumerate() {
        let found = samples.iter().position(|sample| sample.labels == wanted.labels);
        let at = found.with_context(|| format!("{} is missing in {samples:?}", wanted.labels))?;
        ensure!(
            !expect.ordered || at == number,
            "{} is not number {number}: {samples:?}",
            wanted.labels
        );
        let value = match &samples[at].histogram {
            Some(histogram) => Found::Histogram(histogram),
            None => Found::Float(samples[at].value),
        };
        same_point(wanted, 0, value)?;
    }
    ensure!(samples.len() == expect.series.len(), "more than expected: {samples:?}");
    Ok(())
}

/// A value of an answer.
#[derive(Clone, Copy, Debug)]
enum Found<'a> {
    Float(f64),
    Histogram(&'a Histogram),
}

fn found_at(columns: &Columns, time: i64) -> Option<Found<'_>> {
    if let Ok(at) = columns.times.binary_search(&time) {
        return Some(Found::Float(columns.values[at]));
    }
    let at = columns.histograms.binary_search_by_key(&Time(time), |sample| sample.time).ok()?;
    Some(Found::Histogram(&columns.histograms[at].histogram))
}

fn same_point(wanted: &Described, number: usize, found: Found<'_>) -> Result<()> {
    match (wanted.points.get(number), found) {
        (Some(Point::Value(wanted_value)), Found::Float(value)) => {
            ensure!(
                same(value, *wanted_value),
                "{}: {value} instead of {wanted_value}",
                wanted.labels
            );
            Ok(())
        }
        (Some(Point::Histogram(noted)), Found::Histogram(histogram)) => {
            same_histogram(noted, histogram).with_context(|| wanted.labels.to_string())
        }
        (Some(Point::Gap) | None, _) => bail!("{}: {found:?} instead of nothing", wanted.labels),
        (Some(other), _) => bail!("{}: {found:?} instead of {other:?}", wanted.labels),
    }
}

fn middle(answer: &Answer, expect: &Expect, time: i64) -> Result<()> {
    let Value::Matrix(columns) = &answer.value else { bail!("not a matrix") };
    let there = columns.iter().filter(|columns| found_at(columns, time).is_some()).count();
    ensure!(there == expect.series.len(), "{there} series instead of {}", expect.series.len());
    for wanted in &expect.series {
        let found = columns.iter().find(|columns| columns.labels == wanted.labels);
        let found = found.and_then(|columns| found_at(columns, time));
        let value = found.with_context(|| format!("{} is missing", wanted.labels))?;
        same_point(wanted, 0, value)?;
    }
    Ok(())
}

fn matrix(answer: &Answer, expect: &Expect, steps: Steps) -> Result<()> {
    let Value::Matrix(columns) = &answer.value else { bail!("not a matrix") };
    let any = |point: &Point| *point != Point::Gap;
    let wanted: Vec<&Described> =
        expect.series.iter().filter(|wanted| wanted.points.iter().any(any)).collect();
    for wanted in &wanted {
        let found = columns.iter().find(|columns| columns.labels == wanted.labels);
        let found =
            found.with_context(|| format!("{} is missing in {columns:?}", wanted.labels))?;
        let mut left = found.times.len() + found.histograms.len();
        for (number, point) in wanted.points.iter().enumerate() {
            let time = steps.from.millis() + steps.step.as_millis() * i64::try_from(number)?;
            if time > steps.to.millis() {
                break;
            }
            match found_at(found, time) {
                Some(value) => {
                    left -= 1;
                    same_point(wanted, number, value)
                        .with_context(|| format!("at {time}: {found:?}"))?;
                }
                None => ensure!(!any(point), "nothing at {time} in {found:?}"),
            }
        }
        ensure!(left == 0, "{left} points too many in {found:?}");
    }
    let more: Vec<&Columns> = columns
        .iter()
        .filter(|columns| !wanted.iter().any(|wanted| wanted.labels == columns.labels))
        .collect();
    ensure!(more.is_empty(), "more than expected: {more:?}");
    Ok(())
}

#[expect(clippy::float_cmp, reason = "the exact case comes first, then the tolerance")]
pub(crate) fn same(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}
