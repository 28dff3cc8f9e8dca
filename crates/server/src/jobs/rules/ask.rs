//! What a group asks at an evaluation, and what its recording rules write.

use detect::{LateTick, RecordRule, Rule, Trail, judge_recording};
use model::{SampleSink as _, Series, Span, Time};
use query::InstantSample;
use tracing::warn;

use super::{evaluate::Trails, gap::Gap, turns::Turn};
use crate::{
    http::chain,
    state::{App, Evaluation, OwnGroup, meters},
};

/// What the expression of an alerting rule answers.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which rule of the group.
    pub(super) rule: usize,
    /// At the evaluations that were missed.
    pub(super) late: Vec<LateTick>,
    /// Now.
    pub(super) answer: Vec<InstantSample>,
}

/// Asks every rule of the group; what is recorded is kept at once, so that later rules see it.
pub(super) fn ask(app: &App, own: &OwnGroup, trails: &mut Trails, turn: &Turn) -> Vec<Asked> {
    let group = &own.group;
    let at = turn.now - group.query_offset.unwrap_or(Span::ZERO);
    let mut gap = Gap::before(app, own, turn);
    let mut asked = Vec::new();
    for (number, rule) in group.rules.iter().enumerate() {
        let started = app.clock.elapsed();
        let late = gap.as_mut().map(|gap| late(app, (own, number), gap, turn));
        let answer = app.instant(rule.expr(), at).map_err(|error| chain(&error));
        let done = answer.and_then(|answer| match rule {
            Rule::Alert(_) => {
                asked.push(Asked { rule: number, late: late.unwrap_or_default(), answer });
                Ok(())
            }
            Rule::Record(rule) => record(app, (rule, group.limit), &answer, trails.of(number), at),
        });
        let elapsed = app.clock.elapsed();
        let seconds = elapsed.saturating_sub(started).as_secs_f64();
        let evaluation = Evaluation { at: Some(turn.now), seconds, error: done.clone().err() };
        let (_, before) = own.note(number, evaluation, elapsed);
        match done {
            Ok(()) => {
                let labels = "of=\"rule\",outcome=\"evaluated\"";
                app.meters.count(meters::DETECT_EVALUATIONS, labels);
                if before > 0 {
                    app.board.trouble(&own.subject(rule), None);
                }
            }
            Err(error) => failed(app, own, number, &error),
        }
    }
    asked
}

/// Makes up for evaluations of a rule that were missed: what it would have recorded is written, what it would have
/// found of alerts is told.
fn late(
    app: &App,
    (own, number): (&OwnGroup, usize),
    gap: &mut Gap<'_>,
    turn: &Turn,
) -> Vec<LateTick> {
    let Some(rule) = own.group.rules.get(number) else { return Vec::new() };
    let mut answers = match gap.answers(rule.expr()) {
        Ok(answers) => answers,
        Err(error) => {
            let (group, rule, error) = (&own.group.name, rule.name(), chain(&error));
            warn!(
                group,
                rule, error, "evaluations of a rule that were missed cannot be made up for"
            );
            return Vec::new();
        }
    };
    let elements = |answers: detect::rules::replay::Answers| {
        answers.into_values().flatten().collect::<Vec<_>>()
    };
    match rule {
        Rule::Alert(_) => {
            let tick = |at: &Time| LateTick { at: *at, answer: answers.remove(at).map(elements) };
            turn.late.iter().map(tick).collect()
        }
        Rule::Record(rule) => {
            let offset = own.group.query_offset.unwrap_or(Span::ZERO);
            let mut batch: Vec<Series> = Vec::new();
            for (at, answer) in answers {
                let made = judge_recording(rule, &elements(answer), at - offset, own.group.limit);
                batch.extend(made.unwrap_or_default());
            }
            if let Err(error) = app.sink.write(&batch) {
                let (group, rule, error) = (&own.group.name, &rule.name, chain(&error));
                warn!(group, rule, error, "what a rule would have recorded was not kept");
            }
            Vec::new()
        }
    }
}

fn record(
    app: &App,
    (rule, limit): (&RecordRule, usize),
    answer: &[InstantSample],
    trail: &mut Trail,
    at: Time,
) -> Result<(), String> {
    let series = judge_recording(rule, answer, at, limit).map_err(|error| chain(&error))?;
    let series = trail.step(series, at);
    let receipt = app.sink.write(&series).map_err(|error| chain(&error))?;
    receipt.left_out.map_or(Ok(()), |own| Err(own.what))
}

/// Says that a rule could not be evaluated.
pub(super) fn failed(app: &App, own: &OwnGroup, number: usize, error: &str) {
    let Some(rule) = own.group.rules.get(number) else { return };
    app.meters.count(meters::DETECT_EVALUATIONS, "of=\"rule\",outcome=\"failed\"");
    warn!(
        group = own.group.name,
        rule = rule.name(),
        error,
        "a rule could not be evaluated; its alerts stay as they are"
    );
    app.board.trouble(&own.subject(rule), Some(error.to_owned()));
}
