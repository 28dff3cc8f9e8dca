//! One evaluation of a group: ask, judge beside the alerts that hold, and let it count if something became of any.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use detect::{
    ActiveAlerts, GroupHealth, Rule, Surroundings, Trail, Transition, judge_alert,
    judge_complaints, judge_late,
};
use model::{SampleSink as _, Series, Span, Time};
use parking_lot::Mutex;
use query::InstantSample;
use tracing::warn;

use super::{
    super::{blocking, outcome},
    ask::{Asked, ask, failed},
    gap::mark,
    turns::Turn,
};
use crate::{
    http::chain,
    state::{App, OwnGroup},
};

/// What was written last: by each rule, and of all alerts of the group.
#[derive(Debug, Default)]
pub(super) struct Trails {
    rules: Vec<Trail>,
    alerts: Trail,
    /// Whose trails they are.
    subjects: Vec<String>,
}

impl Trails {
    /// Those of the rules of this group; what rules that are gone wrote last is kept by the alerts' and ends with the
    /// next evaluation.
    pub(super) fn fit(&mut self, own: &OwnGroup) {
        let subjects: Vec<String> = own.group.rules.iter().map(|rule| own.subject(rule)).collect();
        let rules = std::mem::take(&mut self.rules);
        let mut known: BTreeMap<String, Trail> =
            std::mem::take(&mut self.subjects).into_iter().zip(rules).collect();
        let of = |subject: &String| known.remove(subject).unwrap_or_default();
        self.rules = subjects.iter().map(of).collect();
        self.subjects = subjects;
        for gone in known.into_values() {
            self.alerts.join(gone);
        }
    }

    /// What a rule wrote last.
    pub(super) fn of(&mut self, rule: usize) -> &mut Trail {
        if self.rules.len() <= rule {
            self.rules.resize(rule + 1, Trail::default());
        }
        &mut self.rules[rule]
    }

    /// The end of everything that was written last.
    pub(super) fn end(mut self, now: Time) -> Vec<Series> {
        for own in std::mem::take(&mut self.rules) {
            self.alerts.join(own);
        }
        self.alerts.step(Vec::new(), now)
    }
}

/// What else rules and templates ask while they are judged. Each question is asked once, so that judging again costs
/// no more questions.
struct Questions<'a> {
    app: &'a App,
    answered: &'a Answered,
}

type Answered = Mutex<HashMap<(String, Time), Result<Vec<InstantSample>, String>>>;

impl Questions<'_> {
    fn ask(&self, text: &str, at: Time) -> Result<Vec<InstantSample>, String> {
        let key = (text.to_owned(), at);
        if let Some(answer) = self.answered.lock().get(&key) {
            return answer.clone();
        }
        let answer = self.app.instant(text, at).map_err(|error| chain(&error));
        self.answered.lock().insert(key, answer.clone());
        answer
    }
}

/// What judging needs, asked before.
struct Findings {
    own: Arc<OwnGroup>,
    turn: Turn,
    asked: Vec<Asked>,
    answered: Answered,
}

/// What judging beside the alerts gave.
struct Tried {
    findings: Findings,
    trails: Trails,
    before: ActiveAlerts,
    after: ActiveAlerts,
    /// Whether something became of any alert.
    counts: bool,
}

/// Evaluates a group once.
pub(super) async fn evaluate(
    app: &Arc<App>,
    own: &Arc<OwnGroup>,
    trails: Trails,
    turn: Turn,
) -> Trails {
    let group = Arc::clone(own);
    // Nobody closes it; without a turn there is nothing to lose but order.
    let permit = app.rule_turns.acquire().await.ok();
    let tried = blocking(app, move |app| attempt(app, group, trails, turn)).await;
    drop(permit);
    let Some(Tried { findings, mut trails, before, after, counts }) = tried else {
        return Trails::default();
    };
    let at = findings.turn.now - own.group.query_offset.unwrap_or(Span::ZERO);
    if counts {
        // What was asked before the clock was set is not judged after it.
        if app.clock_watch.look(app.clock.as_ref()) == findings.turn.jumps {
            let (around, now) = (Arc::clone(app), findings.turn.now);
            outcome::judge(app, now, move |active| findings.judge(&around, active, &mut |_, _| {}))
                .await;
        }
    } else if !before.alerts().is_empty() {
        app.alerts.renew(&sources(own), &before, &after);
    }
    let series = app.alerts.see(|active| {
        let of = |source: &String| active.series_of(source, at);
        sources(own).iter().flat_map(of).collect::<Vec<_>>()
    });
    let batch = trails.alerts.step(series, at);
    if !batch.is_empty()
        && let Some(Err(error)) = blocking(app, move |app| app.sink.write(&batch)).await
    {
        warn!(group = own.group.name, error = chain(&error), "`ALERTS` was not kept");
    }
    trails
}

/// The sources of a group's alerting rules.
fn sources(own: &OwnGroup) -> Vec<String> {
    let alerting = own.group.rules.iter().filter_map(|rule| match rule {
        Rule::Alert(rule) => Some(rule.source.clone()),
        Rule::Record(_) => None,
    });
    alerting.collect()
}

/// Asks, and judges beside the alerts that hold, which takes nobody's turn.
fn attempt(app: &App, own: Arc<OwnGroup>, mut trails: Trails, turn: Turn) -> Tried {
    let began = app.clock.elapsed();
    let asked = ask(app, &own, &mut trails, &turn);
    let findings = Findings { own, turn, asked, answered: Answered::default() };
    let (mut before, mut after, mut counts) =
        (ActiveAlerts::default(), ActiveAlerts::default(), false);
    if app.judging.journal().is_some() {
        let mut of = sources(&findings.own);
        of.push(findings.own.group.own_source());
        before = app.alerts.see(|active| active.part(of.iter().map(String::as_str)));
        after = before.clone();
        let own = &findings.own;
        let mut unjudged = |rule: usize, error: &str| {
            own.note_unjudged(rule, error.to_owned(), app.clock.elapsed());
            failed(app, own, rule, error);
        };
        counts = !findings.judge(app, &mut after, &mut unjudged).is_empty();
    }
    let spent = app.clock.elapsed().saturating_sub(began).as_secs_f64();
    let mark = mark(&findings.own, findings.turn.now, spent);
    if let Err(error) = app.sink.write(&[mark]) {
        let group = &findings.own.group.name;
        warn!(group, error = chain(&error), "that a group was evaluated was not kept");
    }
    Tried { findings, trails, before, after, counts }
}

impl Findings {
    /// Judges every rule, and the group itself; a rule that cannot be judged is told of and leaves its alerts alone.
    fn judge(
        &self,
        app: &App,
        active: &mut ActiveAlerts,
        unjudged: &mut dyn FnMut(usize, &str),
    ) -> Vec<Transition> {
        let (group, now) = (&self.own.group, self.turn.now);
        let interval = group.interval.unwrap_or(app.settings.evaluation_interval);
        let offset = group.query_offset.unwrap_or(Span::ZERO);
        let questions = Questions { app, answered: &self.answered };
        let mut transitions = Vec::new();
        for asked in &self.asked {
            let Some(Rule::Alert(rule)) = group.rules.get(asked.rule) else { continue };
            let around = Surroundings {
                limit: group.limit,
                external_labels: &app.settings.external_labels,
                external_url: &app.external_url,
                returned_at: self.turn.returned_at,
                query: &|text| questions.ask(text, now),
                ask: &|text| questions.ask(text, now - offset),
            };
            let late = if asked.late.is_empty() {
                Ok(Vec::new())
            } else {
                let waited = self.turn.waited;
                judge_late(rule, (&asked.late, interval), waited, active, (now, &around))
            };
            let judged = late.and_then(|mut found| {
                found.extend(judge_alert(rule, &asked.answer, active, now, &around)?);
                Ok(found)
            });
            match judged {
                Ok(found) => transitions.extend(found),
                Err(error) => unjudged(asked.rule, &chain(&error)),
            }
        }
        let health = GroupHealth {
            group,
            interval,
            failing: self.own.failing(),
            missed: self.own.missed_lately(app.clock.elapsed()) + u64::from(self.turn.missed),
        };
        let complaints = health.complaints(active, now);
        transitions.extend(judge_complaints(group, complaints, active, now));
        transitions
    }
}
