//! What was found by asking, and judging it: beside the alerts that hold, and once more when it counts.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use detect::{
    ActiveAlerts, GroupHealth, LateTick, Rule, Surroundings, Transition, judge_alert,
    judge_complaints, judge_late,
};
use model::{Span, Time};
use parking_lot::Mutex;
use query::{InstantSample, Round};

use super::turns::Turn;
use crate::{
    http::chain,
    state::{App, OwnGroup},
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

type Answered = Mutex<HashMap<(String, Time), Result<Vec<InstantSample>, String>>>;

/// What judging a group needs, asked before.
pub(super) struct Findings {
    pub(super) own: Arc<OwnGroup>,
    pub(super) turn: Turn,
    /// What the questions of this evaluation share.
    pub(super) round: Round,
    pub(super) asked: Vec<Asked>,
    /// What else rules and templates asked while they were judged. Each question is asked once, so that judging again
    /// asks nothing.
    answered: Answered,
}

/// What judging lacks where it may not ask.
#[derive(Debug, Default)]
pub(super) struct Held(AtomicBool);

impl Held {
    /// Whether anything was not asked before.
    pub(super) fn lacks(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Findings {
    /// Nothing yet.
    pub(super) fn new(own: Arc<OwnGroup>, turn: Turn) -> Self {
        let at = turn.now - own.group.query_offset.unwrap_or(Span::ZERO);
        let (round, answered) = (Round::at(at), Answered::default());
        Self { own, turn, round, asked: Vec::new(), answered }
    }

    /// Judges where questions may be asked.
    pub(super) fn judge(
        &self,
        app: &App,
        active: &mut ActiveAlerts,
        unjudged: Unjudged<'_>,
    ) -> Vec<Transition> {
        self.judge_by(app, active, (&|text, at| self.ask(app, text, at), unjudged))
    }

    /// Judges where all alerts wait for it and nothing may be asked: if something would have to be, nothing has happened.
    pub(super) fn judge_held(
        &self,
        app: &App,
        active: &mut ActiveAlerts,
        held: &Held,
    ) -> Vec<Transition> {
        let before = active.clone();
        let known = |text: &str, at: Time| {
            let known = self.answered.lock().get(&(text.to_owned(), at)).cloned();
            known.unwrap_or_else(|| {
                held.0.store(true, Ordering::Relaxed);
                Err("not asked yet".to_owned())
            })
        };
        let transitions = self.judge_by(app, active, (&known, &mut |_, _| {}));
        if held.lacks() {
            *active = before;
            return Vec::new();
        }
        transitions
    }

    fn ask(&self, app: &App, text: &str, at: Time) -> Result<Vec<InstantSample>, String> {
        let key = (text.to_owned(), at);
        if let Some(answer) = self.answered.lock().get(&key) {
            return answer.clone();
        }
        let answer = app.instant_in(&self.round, text, at).map_err(|error| chain(&error));
        self.answered.lock().insert(key, answer.clone());
        answer
    }

    /// Judges every rule, and the group itself; a rule that cannot be judged is told of and leaves its alerts alone.
    fn judge_by(
        &self,
        app: &App,
        active: &mut ActiveAlerts,
        (ask, unjudged): (Ask<'_>, Unjudged<'_>),
    ) -> Vec<Transition> {
        let (group, now) = (&self.own.group, self.turn.now);
        let interval = group.interval.unwrap_or(app.settings.evaluation_interval);
        let offset = group.query_offset.unwrap_or(Span::ZERO);
        let mut transitions = Vec::new();
        for asked in &self.asked {
            let Some(Rule::Alert(rule)) = group.rules.get(asked.rule) else { continue };
            let around = Surroundings {
                limit: group.limit,
                external_labels: &app.settings.external_labels,
                external_url: &app.external_url,
                returned_at: self.turn.returned_at,
                query: &|text| ask(text, now),
                ask: &|text| ask(text, now - offset),
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

/// Who answers what is asked while judging.
type Ask<'a> = &'a dyn Fn(&str, Time) -> Result<Vec<InstantSample>, String>;
/// Who hears of rules that cannot be judged, and why.
type Unjudged<'a> = &'a mut dyn FnMut(usize, &str);
