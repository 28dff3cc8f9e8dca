//! What a group asks at an evaluation, and what its recording rules write.

use std::sync::Arc;

use detect::{LateTick, Rule, judge_recording};
use model::{SampleSink as _, Series, Span, Time};
use query::Round;
use tracing::warn;

use super::{
    evaluate::{Trails, tell_so_far},
    findings::{Asked, Findings},
    gap::Gap,
    turns::Turn,
};
use crate::{
    http::chain,
    state::{App, Evaluation, OwnGroup, meters},
};

/// Asks every rule of the group; what is recorded is kept at once, so that later rules see it, and so is what alerting rules
/// found where later rules may ask for it.
pub(super) fn ask(app: &App, findings: &mut Findings, trails: &mut Trails) {
    let own = Arc::clone(&findings.own);
    let (group, at) = (&own.group, findings.at());
    let mut gap = Gap::before(app, &own, &findings.turn);
    for (number, rule) in group.rules.iter().enumerate() {
        if own.watchers.contains(&number) {
            tell_so_far(app, findings, trails);
        }
        let started = app.clock.elapsed();
        let late = gap.as_mut().map(|gap| late(app, (&own, number), gap, &findings.turn));
        let answer =
            app.instant_in(&findings.round, rule.expr(), at).map_err(|error| chain(&error));
        let done = answer.and_then(|answer| match rule {
            Rule::Alert(_) => {
                let late = late.unwrap_or_default();
                findings.asked.push(Asked { rule: number, late, answer });
                Ok(())
            }
            Rule::Record(rule) => {
                let series = judge_recording(rule, &answer, at, group.limit);
                let series = series.map_err(|error| chain(&error))?;
                record(app, &trails.of(number).step(series, at), &findings.round)
            }
        });
        let elapsed = app.clock.elapsed();
        let seconds = elapsed.saturating_sub(started).as_secs_f64();
        let evaluation =
            Evaluation { at: Some(findings.turn.now), seconds, error: done.clone().err() };
        let (_, before) = own.note(number, evaluation, elapsed);
        match done {
            Ok(()) => {
                let labels = "of=\"rule\",outcome=\"evaluated\"";
                app.meters.count(meters::DETECT_EVALUATIONS, labels);
                if before > 0 {
                    app.board.trouble(&own.subject(rule), None);
                }
            }
            Err(error) => failed(app, &own, number, &error),
        }
    }
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
            let known = turn.late.len().saturating_sub(turn.late_new);
            let first = turn.late.get(known).copied().unwrap_or(Time::MAX);
            for (at, answer) in answers.into_iter().filter(|(at, _)| *at >= first) {
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

fn record(app: &App, series: &[Series], round: &Round) -> Result<(), String> {
    let receipt = app.sink.write(series).map_err(|error| chain(&error));
    round.written(series.iter().map(|own| &own.labels));
    receipt?.left_out.map_or(Ok(()), |own| Err(own.what))
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
