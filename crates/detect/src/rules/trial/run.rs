//! Runs one test: the rules at every evaluation, then the questions.

use model::{Point, Selection, SeriesSource as _, Span, Time, TimeRange, Unlimited};
use query::{Engine, EngineOptions, InstantSample, Needs};

use super::{Failure, Line, Test, TestFile, compare, difference::Mark, shelf::Shelf};
use crate::{
    ActiveAlerts, AlertRule, RecordRule, Rule, RuleGroup, Surroundings, Trail, elements,
    judge_alert, judge_recording,
};

/// Failures of one test; one that has more is wrong as a whole.
const FAILURES_MAX: usize = 100;

/// Expressions that are read once for all evaluations; files with more rules take longer.
const EXPRESSIONS_KEPT: usize = 20_000;

/// A group, and what each of its rules needs to answer anything.
type Needing<'g> = (&'g RuleGroup, Vec<Needs>);

/// A test that runs.
struct Run<'a> {
    test: &'a Test,
    engine: &'a Engine,
    shelf: Shelf,
    active: ActiveAlerts,
    /// What each rule wrote last.
    trails: Vec<Trail>,
    failures: Vec<Failure>,
}

/// Answers the questions of all tests of a file; a subquery without a step has that of the evaluations.
pub(super) fn engine(every: Span) -> Engine {
    Engine::new(EngineOptions {
        interval: every,
        threads: 1,
        expressions_kept: EXPRESSIONS_KEPT,
        ..EngineOptions::default()
    })
}

/// Runs one test; tells every series at the end if that is wanted.
pub(super) fn run(
    (file, test): (&TestFile, &Test),
    groups: &[Needing<'_>],
    engine: &Engine,
    dump: bool,
) -> (Vec<Failure>, Vec<Line>) {
    let every = file.evaluation_interval;
    let rules: usize = groups.iter().map(|(group, _)| group.rules.len()).sum();
    let mut run = Run {
        test,
        engine,
        shelf: Shelf::default(),
        active: ActiveAlerts::default(),
        trails: vec![Trail::default(); rules],
        failures: Vec::new(),
    };
    for (labels, points) in &test.series {
        run.shelf.give(labels, points, test.start, test.interval);
    }
    if run.evaluate_all(groups, every) {
        for asked in &test.expressions {
            let at = test.start + asked.at;
            let failure = match run.ask(&asked.expr, at) {
                Ok(answer) => compare::answer(asked, answer, file.fuzzy),
                Err(error) => Some(Failure {
                    subject: format!("expression {}", asked.expr),
                    at: asked.at,
                    error: Some(error),
                    lines: Vec::new(),
                }),
            };
            run.failures.extend(failure);
        }
    }
    let series = if dump { run.dump() } else { Vec::new() };
    (run.failures, series)
}

impl Run<'_> {
    /// Evaluates the rules from the start to the last question, and looks at alerts on the way.
    /// Ends at the first evaluation in which a rule failed, as what follows would follow from that.
    fn evaluate_all(&mut self, groups: &[Needing<'_>], every: Span) -> bool {
        let asked = self.test.alerts.iter().map(|own| own.at);
        let last = asked.chain(self.test.expressions.iter().map(|own| own.at)).max();
        let last = last.unwrap_or(Span::ZERO);
        let mut at = Span::ZERO;
        while at <= last {
            self.shelf.reach(self.test.start + at);
            if !self.evaluate(groups, at) {
                return false;
            }
            let next = Span(at.as_millis().saturating_add(every.as_millis().max(1)));
            for asked in self.test.alerts.iter().filter(|own| own.at >= at && own.at < next) {
                self.failures.extend(compare::alerts(asked, self.active.alerts().iter()));
            }
            at = next;
        }
        true
    }

    fn evaluate(&mut self, groups: &[Needing<'_>], at: Span) -> bool {
        let now = self.test.start + at;
        let before = self.failures.len();
        let mut number = 0;
        for (group, needs) in groups {
            let offset = group.query_offset.unwrap_or(Span::ZERO);
            for (rule, needs) in group.rules.iter().zip(needs) {
                let answer = if needs.are_met(&|metric| self.shelf.has(metric)) {
                    self.ask(rule.expr(), now - offset)
                } else {
                    Ok(Vec::new())
                };
                let done = answer.and_then(|answer| match rule {
                    Rule::Record(rule) => self.record(group, rule, (number, now - offset), &answer),
                    Rule::Alert(rule) => self.alert(group, rule, (number, now), &answer),
                });
                number += 1;
                let Err(error) = done else { continue };
                if self.failures.len() < FAILURES_MAX {
                    let subject = format!("rule {} in group {}", rule.name(), group.name);
                    self.failures.push(Failure {
                        subject,
                        at,
                        error: Some(error),
                        lines: Vec::new(),
                    });
                }
            }
        }
        self.failures.len() == before
    }

    fn record(
        &mut self,
        group: &RuleGroup,
        rule: &RecordRule,
        (number, at): (usize, Time),
        answer: &[InstantSample],
    ) -> Result<(), String> {
        let series = judge_recording(rule, answer, at, group.limit);
        let series = series.map_err(|error| error.to_string())?;
        self.shelf.record(self.trails[number].step(series, at));
        Ok(())
    }

    fn alert(
        &mut self,
        group: &RuleGroup,
        rule: &AlertRule,
        (number, now): (usize, Time),
        answer: &[InstantSample],
    ) -> Result<(), String> {
        let at = now - group.query_offset.unwrap_or(Span::ZERO);
        let (engine, shelf) = (self.engine, &self.shelf);
        let around = Surroundings {
            limit: group.limit,
            external_labels: &self.test.external_labels,
            external_url: &self.test.external_url,
            returned_at: None,
            query: &|text| ask(engine, shelf, text, now),
            ask: &|text| ask(engine, shelf, text, at),
        };
        judge_alert(rule, answer, &mut self.active, now, &around)
            .map_err(|error| error.to_string())?;
        let series = self.active.series_of(&rule.source, at);
        self.shelf.record(self.trails[number].step(series, at));
        Ok(())
    }

    fn ask(&self, text: &str, at: Time) -> Result<Vec<InstantSample>, String> {
        ask(self.engine, &self.shelf, text, at)
    }

    /// Every series with its points, each at its time from the start.
    fn dump(&self) -> Vec<Line> {
        let range = TimeRange { from: Time::MIN, to: Time::MAX };
        let found = self.shelf.select(&Selection::new(&[], range, &Unlimited));
        let mut lines = Vec::new();
        for columns in found.unwrap_or_default() {
            let floats = columns.times.iter().zip(&columns.values);
            let floats = floats.map(|(time, value)| (Time(*time), Point::Value(*value)));
            let native = columns.histograms.iter().map(|sample| {
                let histogram = sample.histogram.as_ref().clone();
                let noted = model::NotedHistogram { histogram, says_reset: false };
                (sample.time, Point::Histogram(Box::new(noted)))
            });
            let mut points: Vec<(Time, Point)> = floats.chain(native).collect();
            points.sort_by_key(|(time, _)| *time);
            let points = points.iter().map(|(time, point)| {
                format!("{}@{}", compare::shown(point), time.since(self.test.start))
            });
            let text = format!("{} {}", columns.labels, points.collect::<Vec<_>>().join(" "));
            lines.push(Line::new(Mark::Same, text));
        }
        lines
    }
}

fn ask(engine: &Engine, shelf: &Shelf, text: &str, at: Time) -> Result<Vec<InstantSample>, String> {
    let answer = engine.instant(shelf, text, at, &Unlimited).map_err(|error| error.to_string())?;
    elements(answer.value)
        .ok_or_else(|| "the expression answers neither a vector nor a number".to_owned())
}
