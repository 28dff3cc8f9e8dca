//! Range queries with more steps than one request may have: asked piece by piece, put together again.

use std::{collections::BTreeMap, sync::LazyLock};

use model::{Columns, Labels, Span};
use regex::Regex;

use crate::{Answer, QueryError, Steps, Value, check};

/// How many steps one request may have; Prometheus and all that speak like it refuse more.
pub(super) const POINTS_MAX: usize = 11_000;

/// What means something else in a piece than in the whole: `@ start()`, `@ end()`, `[range()]`. Within quotes they
/// mean nothing, and to refuse those too costs next to nobody anything.
static EDGES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:start|end|range)\s*\(").ok());

/// The pieces of a range, each with as many steps as one request may have.
pub(super) fn pieces(steps: Steps, points: usize) -> Vec<Steps> {
    let piece = |number: usize| {
        let first = number * POINTS_MAX;
        let last = (first + POINTS_MAX).min(points) - 1;
        let time = |point: usize| {
            let point = i64::try_from(point).unwrap_or(i64::MAX);
            steps.from + Span::millis(steps.step.as_millis().saturating_mul(point))
        };
        let to = if last + 1 == points { steps.to } else { time(last) };
        Steps { from: time(first), to, step: steps.step }
    };
    (0..points.div_ceil(POINTS_MAX)).map(piece).collect()
}

/// Refuses expressions whose pieces would not make up the whole.
pub(super) fn check_divisible(text: &str, points: usize) -> Result<(), QueryError> {
    let refused = |why: &str| {
        Err(QueryError::Steps {
            what: format!(
                "{points} steps are more than the {POINTS_MAX} of one request, and {why}; \
                 try a longer step or a shorter range"
            ),
        })
    };
    if check(text).is_err() {
        return refused("only plain PromQL can be asked in pieces");
    }
    if EDGES.as_ref().is_none_or(|edges| edges.is_match(text)) {
        return refused("start(), end() and range() have one meaning only if it is asked at once");
    }
    Ok(())
}

/// What pieces make up, in the order of time.
#[derive(Debug, Default)]
pub(super) struct Whole {
    series: BTreeMap<Labels, Columns>,
    warnings: Vec<String>,
    infos: Vec<String>,
}

impl Whole {
    /// Adds the next piece. Samples outside it are left out, so that none is there twice.
    pub(super) fn add(&mut self, answer: Answer, piece: Steps) {
        let Value::Matrix(found) = answer.value else { return };
        let inside = |time: i64| (piece.from.millis()..=piece.to.millis()).contains(&time);
        for own in found {
            let Columns { labels, times, values, histograms } = own;
            let whole = self.series.entry(labels).or_insert_with_key(|labels| Columns {
                labels: labels.clone(),
                ..Columns::default()
            });
            for (time, value) in times.into_iter().zip(values).filter(|(time, _)| inside(*time)) {
                whole.times.push(time);
                whole.values.push(value);
            }
            let inside = histograms.into_iter().filter(|own| inside(own.time.millis()));
            whole.histograms.extend(inside);
        }
        for (notes, more) in
            [(&mut self.warnings, answer.warnings), (&mut self.infos, answer.infos)]
        {
            for note in more {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }

    /// The whole answer.
    pub(super) fn finish(self) -> Answer {
        let series = self.series.into_values();
        let value = series.filter(|own| !own.is_empty()).collect();
        Answer { value: Value::Matrix(value), warnings: self.warnings, infos: self.infos }
    }
}

#[cfg(test)]
mod tests {
    use model::Time;

    use super::*;

    fn steps(points: i64) -> Steps {
        // Ends between two steps, as ranges of people do.
        let to = Time(7 + 15_000 * (points - 1) + 4_999);
        Steps { from: Time(7), to, step: Span::secs(15) }
    }

    #[test]
    fn pieces_have_every_step_once() {
        for points in [1, 10_999, 11_000, 11_001, 22_000, 25_000] {
            let count = usize::try_from(points).unwrap();
            let pieces = pieces(steps(points), count);
            let mut times = Vec::new();
            for piece in &pieces {
                let own = crate::steps::grid(*piece, POINTS_MAX).unwrap();
                times.extend((0..own.points).map(|point| own.time(point)));
            }
            let wanted: Vec<i64> = (0..points).map(|point| 7 + 15_000 * point).collect();
            assert_eq!(times, wanted);
            assert_eq!(pieces.len(), count.div_ceil(POINTS_MAX));
            assert_eq!(pieces.last().unwrap().to, steps(points).to);
        }
    }

    #[test]
    fn what_depends_on_the_edges_is_not_divided() {
        for text in ["up", "sum(rate(starts[5m] offset 1h))", "x{a=\"end\"}"] {
            assert!(check_divisible(text, 20_000).is_ok(), "{text}");
        }
        for text in [
            "up @ start()",
            "up @ end ()",
            "rate(x[range()])",
            "range_avg(x)",
            "x keep_metric_names",
        ] {
            let error = check_divisible(text, 20_000).unwrap_err();
            assert_eq!(error.error_type(), "bad_data", "{text}");
        }
    }
}
