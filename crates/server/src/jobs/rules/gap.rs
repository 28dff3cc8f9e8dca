//! What a gap was: when a group was last evaluated before it, and for which moments of it there are samples.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use detect::rules::replay::{Answers, answers};
use model::{
    Labels, METRIC_NAME, Matcher, Sample, Selection, Series, SeriesSource as _, Span, Time,
    TimeRange,
};
use query::{QueryError, Question, Steps, Value};

use super::{
    super::blocking,
    turns::{Turn, Turns},
};
use crate::state::{App, OwnGroup};

/// The series that says when a group was evaluated, and how many seconds it took.
const EVALUATED: &str = "plimsoll_detect_group_seconds";
/// How far back the last evaluation is looked for: as far as a gap is made up for, and some more.
const LOOK_BACK: Span = Span::minutes(90);
/// A sample this old says nothing of a moment in a gap, at least; at least two intervals.
const FRESH_MIN: Span = Span::minutes(2);

fn labels(own: &OwnGroup) -> [(&str, &str); 3] {
    [
        (METRIC_NAME, EVALUATED),
        ("rule_file", own.group.file.as_str()),
        ("rule_group", own.group.name.as_str()),
    ]
}

/// What is written at each evaluation.
pub(super) fn mark(own: &OwnGroup, at: Time, seconds: f64) -> Series {
    Series::new(Labels::from_pairs(labels(own)), vec![Sample { time: at, value: seconds }])
}

/// Where a group goes on after a start.
pub(super) async fn since_last(app: &Arc<App>, own: &Arc<OwnGroup>, interval: Span) -> Turns {
    let own = Arc::clone(own);
    let last = blocking(app, move |app| {
        let now = app.clock.now();
        let back = LOOK_BACK.max(Span(interval.as_millis().saturating_mul(2)));
        let matchers = labels(&own).map(|(name, value)| Matcher::equal(name, value));
        let meter = app.own_meter();
        let range = TimeRange { from: now - back, to: now };
        let found = app.store.select(&Selection::new(&matchers, range, &meter)).ok()?;
        found.iter().filter_map(|columns| columns.times.last().copied()).max().map(Time)
    });
    Turns::after(last.await.flatten())
}

/// Answers what was missed.
pub(super) struct Gap<'a> {
    app: &'a App,
    steps: Steps,
    interval: Span,
    offset: Span,
    last: Time,
    /// For which moments there are samples, by metrics.
    known: BTreeMap<Vec<String>, BTreeSet<i64>>,
}

impl<'a> Gap<'a> {
    /// The gap before an evaluation, if anything was missed.
    pub(super) fn before(app: &'a App, own: &OwnGroup, turn: &Turn) -> Option<Self> {
        let (from, to) = (*turn.late.first()?, *turn.late.last()?);
        let interval = own.group.interval.unwrap_or(app.settings.evaluation_interval);
        let offset = own.group.query_offset.unwrap_or(Span::ZERO);
        let steps = Steps { from: from - offset, to: to - offset, step: interval };
        Some(Self { app, steps, interval, offset, last: turn.last, known: BTreeMap::new() })
    }

    /// What an expression answers at those moments of the gap of which there are samples, by the times asked for.
    pub(super) fn answers(&mut self, expr: &str) -> Result<BTreeMap<Time, Answers>, QueryError> {
        let metrics = query::check(expr).map(|checked| checked.metrics)?;
        let known = self.known.get(&metrics).cloned();
        let moments = match known {
            Some(moments) => moments,
            None => self.moments(&metrics)?,
        };
        self.known.insert(metrics, moments.clone());
        if moments.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut found = self.ask(expr)?;
        let one = |moment: i64| {
            let mut at = Answers::new();
            if let Some(elements) = found.remove(&moment) {
                at.insert(moment, elements);
            }
            (Time(moment) + self.offset, at)
        };
        Ok(moments.into_iter().map(one).collect())
    }

    /// The moments at which every metric has a sample that came in the gap and is fresh.
    fn moments(&self, metrics: &[String]) -> Result<BTreeSet<i64>, QueryError> {
        let fresh = FRESH_MIN.max(Span(self.interval.as_millis().saturating_mul(2)));
        let (mut moments, mut stale) = (BTreeSet::new(), BTreeSet::new());
        for metric in metrics {
            let name = serde_json::Value::from(metric.as_str());
            for (moment, elements) in self.ask(&format!("max(timestamp({{__name__={name}}}))"))? {
                let newest = elements.iter().map(|own| own.value).fold(f64::NAN, f64::max);
                let is_new = newest > (self.last - self.offset).seconds();
                if is_new && newest > (Time(moment) - fresh).seconds() {
                    moments.insert(moment);
                } else {
                    stale.insert(moment);
                }
            }
        }
        Ok(moments.difference(&stale).copied().collect())
    }

    fn ask(&self, expr: &str) -> Result<Answers, QueryError> {
        let meter = self.app.own_meter();
        let question = Question::new(expr, &meter).fresh().whole();
        Ok(match self.app.queries.range(question, self.steps)?.value {
            Value::Matrix(series) => answers(&series),
            Value::Scalar(_) | Value::Text(..) | Value::Vector(_) => Answers::new(),
        })
    }
}
