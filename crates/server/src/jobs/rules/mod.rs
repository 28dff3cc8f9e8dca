//! Rule groups: each at its own interval, its rules one after the other.

use std::{sync::Arc, time::Duration};

use detect::{
    AlertRule, RecordRule, Rule, RuleGroup, Surroundings, Trail, judge_alert, judge_recording,
};
use model::{Labels, SampleSink as _, Span, Time};
use query::InstantSample;
use settings::{Mistakes, Settings};
use tracing::{error, warn};

use super::{blocking, outcome, rest};
use crate::{
    http::chain,
    start::StartError,
    state::{App, Evaluation, OwnGroup, meters},
    tasks::Stop,
};

/// The rule files that the settings name, and what is wrong in them. A group in which something is
/// wrong is left out; a file of which nothing is left keeps the server from starting.
pub(crate) fn read(settings: &Settings) -> Result<(Vec<RuleGroup>, Mistakes), StartError> {
    let (mut files, mut wrong) = (Vec::new(), Mistakes::default());
    for pattern in &settings.rule_files {
        for path in crate::files_matching(&settings.base, pattern) {
            let text = settings::read_text(&path).map_err(|source| StartError::File {
                what: "read",
                path: path.clone(),
                source,
            })?;
            let found = detect::rules::read(&path.display().to_string(), &text);
            if found.groups.is_empty() && !found.mistakes.is_empty() {
                return Err(StartError::Mistakes(found.mistakes));
            }
            wrong.append(found.mistakes);
            files.push(found.groups);
        }
    }
    Ok((detect::rules::join(files), wrong))
}

/// Says which groups of rules were left out, in the log and among the troubles.
pub(crate) fn tell_wrong(app: &App, wrong: &Mistakes) {
    for mistake in wrong.iter() {
        let (file, line) = (mistake.file().unwrap_or_default(), mistake.line().unwrap_or(1));
        let error = mistake.message();
        error!(file, line, error, "a group of rules has a mistake and is left out");
        let text = format!("line {line}: {error}; its group is left out");
        app.board.trouble(&format!("rule file {file}"), Some(text));
    }
}

/// Evaluates a group until told to stop.
pub(super) async fn run(app: Arc<App>, own: Arc<OwnGroup>, stop: Stop) {
    let group = &own.group;
    let interval = group.interval.unwrap_or(app.settings.evaluation_interval);
    let mut trails = vec![Trail::default(); group.rules.len()];
    let mut pause = settle(&app, group) + first_pause(group, interval, app.clock.now());
    while !rest(&app, &stop, pause).await {
        let started = app.clock.elapsed();
        let now = app.clock.now();
        if let Some(kept) = evaluate(&app, &own, trails, now).await {
            trails = kept;
        } else {
            trails = vec![Trail::default(); group.rules.len()];
        }
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::DETECT_SECONDS, "", spent.as_secs_f64());
        let (next, missed) = until_next(interval, spent);
        own.note_turn(spent.as_secs_f64(), missed, app.clock.elapsed());
        app.meters.add(meters::DETECT_MISSED, "", f64::from(missed));
        pause = next;
    }
}

/// How long a group with alerts from before the start waits, so that every source has spoken once
/// and an alert does not end only because nothing was there yet.
fn settle(app: &App, group: &RuleGroup) -> Duration {
    const SETTLE_MIN: Span = Span::secs(15);
    const SETTLE_MAX: Span = Span::minutes(2);
    let standing = |rule: &Rule| match rule {
        Rule::Alert(rule) => app.alerts.see(|active| !active.of(&rule.source).is_empty()),
        Rule::Record(_) => false,
    };
    if !group.rules.iter().any(standing) {
        return Duration::ZERO;
    }
    let scrapes =
        app.settings.scrape.iter().map(|job| job.interval.as_millis() + job.timeout.as_millis());
    let host = app.settings.host.interval.as_millis() * 2;
    let longest = Span::millis(scrapes.chain([host]).max().unwrap_or(0));
    longest.clamp(SETTLE_MIN, SETTLE_MAX).to_duration()
}

/// Groups are spread over the interval, and each keeps its place over restarts.
fn first_pause(group: &RuleGroup, interval: Span, now: Time) -> Duration {
    let seed = Labels::from_pairs([("file", group.file.as_str()), ("group", group.name.as_str())]);
    let width = interval.as_millis().max(1);
    let hash = model::AlertId::of("rule group", &seed).0 % width.unsigned_abs();
    let place = i64::try_from(hash).unwrap_or(0);
    Span::millis((place - now.millis().rem_euclid(width)).rem_euclid(width)).to_duration()
}

fn until_next(interval: Span, spent: Duration) -> (Duration, u32) {
    let interval = interval.to_duration().as_nanos().max(1);
    let missed = u32::try_from(spent.as_nanos() / interval).unwrap_or(u32::MAX);
    let rest = interval - spent.as_nanos() % interval;
    (Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX)), missed)
}

type Asked = Vec<(usize, AlertRule, Vec<InstantSample>)>;

async fn evaluate(
    app: &Arc<App>,
    own: &Arc<OwnGroup>,
    trails: Vec<Trail>,
    now: Time,
) -> Option<Vec<Trail>> {
    let group = Arc::clone(own);
    // Nobody closes it; without a turn there is nothing to lose but order.
    let turn = app.rule_turns.acquire().await.ok();
    let asked = blocking(app, move |app| ask(app, &group, trails, now)).await;
    drop(turn);
    let (asked, trails) = asked?;
    if asked.is_empty() {
        return Some(trails);
    }
    let (own, around) = (Arc::clone(own), Arc::clone(app));
    outcome::judge(app, now, move |active| {
        let at = now - own.group.query_offset.unwrap_or(Span::ZERO);
        let query = |text: &str| around.instant(text, now).map_err(|error| chain(&error));
        let ask = |text: &str| around.instant(text, at).map_err(|error| chain(&error));
        let surroundings = Surroundings {
            limit: own.group.limit,
            external_labels: &around.settings.external_labels,
            external_url: &around.external_url,
            query: &query,
            ask: &ask,
        };
        let mut transitions = Vec::new();
        for (at, rule, answer) in &asked {
            match judge_alert(rule, answer, active, now, &surroundings) {
                Ok(found) => transitions.extend(found),
                Err(error) => {
                    own.note_unjudged(*at, chain(&error), around.clock.elapsed());
                    failed(&around, &own, *at, &chain(&error));
                }
            }
        }
        transitions
    })
    .await;
    Some(trails)
}

/// Asks every rule of the group; what is recorded is kept at once, so that later rules see it.
fn ask(app: &App, own: &OwnGroup, mut trails: Vec<Trail>, now: Time) -> (Asked, Vec<Trail>) {
    let group = &own.group;
    let at = now - group.query_offset.unwrap_or(Span::ZERO);
    let mut asked = Vec::new();
    for (number, (rule, trail)) in group.rules.iter().zip(&mut trails).enumerate() {
        let started = app.clock.elapsed();
        let answer = app.instant(rule.expr(), at).map_err(|error| chain(&error));
        let done = answer.and_then(|answer| match rule {
            Rule::Alert(rule) => {
                asked.push((number, rule.clone(), answer));
                Ok(())
            }
            Rule::Record(rule) => record(app, (rule, group.limit), &answer, trail, at),
        });
        let elapsed = app.clock.elapsed();
        let seconds = elapsed.saturating_sub(started).as_secs_f64();
        let evaluation = Evaluation { at: Some(now), seconds, error: done.clone().err() };
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
    (asked, trails)
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

fn failed(app: &App, own: &OwnGroup, number: usize, error: &str) {
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
