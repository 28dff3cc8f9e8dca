//! One evaluation of a group: ask, judge beside the alerts that hold, and let it count if something became of any.

use std::{collections::BTreeMap, sync::Arc};

use detect::{ActiveAlerts, Trail};
use model::{Labels, SampleSink as _, Series, Span, Time};
use tracing::warn;

use super::{
    super::{blocking, outcome},
    ask::{ask, failed},
    findings::{Findings, Held},
    gap::mark,
    turns::Turn,
};
use crate::{
    http::chain,
    state::{App, OwnGroup},
};

/// How often an evaluation is judged anew because more had to be asked; the next evaluation does it again.
const TRIES: usize = 3;

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

/// What judging beside the alerts gave.
enum Tried {
    /// Nothing became of any alert.
    Done(Trails),
    /// Something did, and has to count; with what is written of the evaluation itself.
    Counts(Arc<Findings>, Trails, Series),
}

/// Evaluates a group once. Says, too, whether what became of alerts was recorded; if not, the alerts are as before.
pub(super) async fn evaluate(
    app: &Arc<App>,
    own: &Arc<OwnGroup>,
    trails: Trails,
    turn: Turn,
) -> (Trails, bool) {
    let group = Arc::clone(own);
    // Nobody closes it; without a turn there is nothing to lose but order.
    let permit = app.rule_turns.acquire().await.ok();
    let tried = blocking(app, move |app| attempt(app, group, trails, turn)).await;
    drop(permit);
    let (findings, mut trails, mark) = match tried {
        None => return (Trails::default(), true),
        Some(Tried::Done(trails)) => return (trails, true),
        Some(Tried::Counts(findings, trails, mark)) => (findings, trails, mark),
    };
    let counted = let_count(app, &findings).await;
    let written = blocking(app, move |app| {
        let of = |active: &ActiveAlerts| alert_series(&findings.own, active, findings.at());
        let series = app.alerts.see(of);
        // After a start, too, what was not recorded is to be made up for.
        let _told = write(app, &findings, &mut trails, (series, counted.then_some(mark)));
        trails
    });
    (written.await.unwrap_or_default(), counted)
}

/// Judges beside everything else, and records what became of alerts. Nothing is asked meanwhile. False if it could not
/// be recorded.
async fn let_count(app: &Arc<App>, findings: &Arc<Findings>) -> bool {
    for _ in 0..TRIES {
        // What was asked before the clock was set is not judged after it.
        if app.clock_watch.look(app.clock.as_ref()) != findings.turn.jumps {
            return true;
        }
        let (around, held) = (Arc::clone(app), Arc::new(Held::default()));
        let (judged, lacks) = (Arc::clone(findings), Arc::clone(&held));
        let work = move |active: &mut ActiveAlerts| judged.judge_held(&around, active, &lacks);
        let counted = outcome::try_judge(app, findings.turn.now, work).await;
        if !counted || !held.lacks() {
            return counted;
        }
        // Meanwhile alerts became others than they were: what that asks for is asked beside them.
        let beside = Arc::clone(findings);
        blocking(app, move |app| {
            let mut active = beside.part(app);
            drop(beside.judge(app, &mut active, &mut |_, _| {}));
        })
        .await;
    }
    false
}

/// Asks, and judges beside the alerts that hold, which takes nobody's turn.
fn attempt(app: &App, own: Arc<OwnGroup>, mut trails: Trails, turn: Turn) -> Tried {
    let began = app.clock.elapsed();
    let mut findings = Findings::new(own, turn);
    ask(app, &mut findings, &mut trails);
    let own = &findings.own;
    let judges = app.judging.journal().is_some();
    let (mut before, mut after) = (ActiveAlerts::default(), ActiveAlerts::default());
    let mut counts = false;
    if judges {
        before = findings.part(app);
        after = before.clone();
        let mut unjudged = |rule: usize, error: &str| {
            own.note_unjudged(rule, error.to_owned(), app.clock.elapsed());
            failed(app, own, rule, error);
        };
        counts = !findings.judge(app, &mut after, &mut unjudged).is_empty();
    }
    let spent = app.clock.elapsed().saturating_sub(began).as_secs_f64();
    let mark = mark(own, findings.turn.now, spent);
    if counts {
        return Tried::Counts(Arc::new(findings), trails, mark);
    }
    if !before.alerts().is_empty() {
        app.alerts.renew(&own.sources, &before, &after);
    }
    let series = app.alerts.see(|active| alert_series(own, active, findings.at()));
    let _told = write(app, &findings, &mut trails, (series, Some(mark)));
    Tried::Done(trails)
}

/// Writes what alerting rules found so far, where a later rule of the group may ask for it.
pub(super) fn tell_so_far(app: &App, findings: &Findings, trails: &mut Trails) {
    if app.judging.journal().is_none() {
        return;
    }
    let mut active = findings.part(app);
    drop(findings.judge(app, &mut active, &mut |_, _| {}));
    let series = alert_series(&findings.own, &active, findings.at());
    let written = write(app, findings, trails, (series, None));
    findings.round.written(written.iter());
}

fn alert_series(own: &OwnGroup, active: &ActiveAlerts, at: Time) -> Vec<Series> {
    own.sources.iter().flat_map(|source| active.series_of(source, at)).collect()
}

/// Writes the series of alerts and the ends of those that are gone, and that the group was evaluated, all at once;
/// gives whose series they are.
fn write(
    app: &App,
    findings: &Findings,
    trails: &mut Trails,
    (series, mark): (Vec<Series>, Option<Series>),
) -> Vec<Labels> {
    let mut batch = trails.alerts.step(series, findings.at());
    batch.extend(mark);
    if batch.is_empty() {
        return Vec::new();
    }
    if let Err(error) = app.sink.write(&batch) {
        let group = &findings.own.group.name;
        warn!(
            group,
            error = chain(&error),
            "`ALERTS`, and that a group was evaluated, was not kept"
        );
    }
    batch.into_iter().map(|own| own.labels).collect()
}

impl Findings {
    /// The time that is asked for.
    pub(super) fn at(&self) -> Time {
        self.turn.now - self.own.group.query_offset.unwrap_or(Span::ZERO)
    }

    /// The group's alerts that hold now, to be judged beside the others.
    fn part(&self, app: &App) -> ActiveAlerts {
        let itself = self.own.group.own_source();
        let sources = self.own.sources.iter().chain([&itself]).map(String::as_str);
        app.alerts.see(|active| active.part(sources))
    }
}
