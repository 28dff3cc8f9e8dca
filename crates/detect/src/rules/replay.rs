//! What a rule would have done: its answers over some past, judged evaluation by evaluation.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use model::{AlertId, AlertState, Columns, Labels, Span, Time};
use query::{InstantSample, Steps};

use crate::{
    ActiveAlerts, AlertRule, JudgeError, RuleGroup, Surroundings, Transition, judge_alert,
};

/// Episodes that are kept of one rule; one with more is told by their number.
const EPISODES_MAX: usize = 100_000;

/// A time during which an alert fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Who.
    pub labels: Labels,
    /// Since when.
    pub from: Time,
    /// Until when; nothing if it still fired at the end.
    pub to: Option<Time>,
}

/// What a rule would have done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// Every time an alert fired, in the order of their beginnings.
    pub episodes: Vec<Episode>,
    /// When somebody would have been paged: nothing of the rule fired before, and something did now.
    pub pages: Vec<Time>,
    /// Alerts that never held for long enough.
    pub dropped: usize,
}

impl Replayed {
    /// How long alerts fired together, and the longest of them, those that still fire up to the end.
    pub fn lengths(&self, end: Time) -> (Span, Span) {
        let lengths = self.episodes.iter().map(|own| own.to.unwrap_or(end).since(own.from));
        lengths.fold((Span::ZERO, Span::ZERO), |(sum, longest), own| {
            (Span(sum.as_millis().saturating_add(own.as_millis())), longest.max(own))
        })
    }
}

/// The elements of an answer at each of several times, in milliseconds.
pub type Answers = BTreeMap<i64, Vec<InstantSample>>;

/// The elements at each time of what a range query answered.
pub fn answers(series: &[Columns]) -> Answers {
    let mut answers = Answers::new();
    for columns in series {
        for (time, value) in columns.times.iter().zip(&columns.values) {
            let element = InstantSample::float(columns.labels.clone(), Time(*time), *value);
            answers.entry(*time).or_default().push(element);
        }
        for sample in &columns.histograms {
            let (labels, time) = (columns.labels.clone(), sample.time);
            let histogram = Some(Arc::clone(&sample.histogram));
            let element = InstantSample { labels, time, value: 0.0, histogram };
            answers.entry(time.millis()).or_default().push(element);
        }
    }
    answers
}

/// Which evaluations a rule is taken through.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// They are after this.
    pub from: Time,
    /// And not after this.
    pub to: Time,
    /// From one to the next; above zero. They are at whole multiples of it, as a server's are.
    pub every: Span,
    /// How many are asked for at once; above zero.
    pub at_once: i64,
}

impl Past {
    fn first(&self) -> i64 {
        let every = self.every.as_millis().max(1);
        self.from.millis().div_euclid(every).saturating_add(1).saturating_mul(every)
    }

    /// How many evaluations there are.
    pub fn evaluations(&self) -> i64 {
        let left = self.to.millis().saturating_sub(self.first());
        if left < 0 { 0 } else { left / self.every.as_millis().max(1) + 1 }
    }
}

/// How far a rule was taken, and what it would have done up to there.
#[derive(Clone, Debug, PartialEq)]
pub struct Walked {
    /// What it would have done.
    pub replayed: Replayed,
    /// How many evaluations were made.
    pub evaluations: i64,
    /// The last of them; nothing if there was none.
    pub reached: Option<Time>,
    /// Whether all of them were made.
    pub whole: bool,
}

/// Why a rule cannot be taken through the past.
#[derive(Debug, thiserror::Error)]
pub enum WalkError<E> {
    /// Its expression got no answer.
    #[error("{0}")]
    Asking(E),
    /// An answer cannot be judged.
    #[error("at {at}: {error}")]
    Judging {
        /// When.
        at: String,
        /// Why not.
        error: JudgeError,
    },
}

/// Takes a rule through the past: asks for stretches of it, in order, and judges each evaluation.
/// `goes_on` is asked before each stretch; what was done up to there is told if it says no.
///
/// Texts of alerts are not made, so what templates of annotations would ask is not asked.
pub fn walk<E: Display>(
    (group, rule): (&RuleGroup, &AlertRule),
    past: Past,
    external_labels: &Labels,
    ask: &dyn Fn(&str, Steps) -> Result<Answers, E>,
    goes_on: &dyn Fn() -> bool,
) -> Result<Walked, WalkError<E>> {
    let (every, count) = (past.every.as_millis().max(1), past.evaluations());
    let offset = group.query_offset.unwrap_or(Span::ZERO);
    let later = |text: &str, at: Time| {
        let steps = Steps { from: at, to: at, step: Span::millis(1) };
        let asked = ask(text, steps).map_err(|error| error.to_string());
        asked.map(|mut found| found.remove(&at.millis()).unwrap_or_default())
    };
    let mut replay = Replay::new(rule);
    let mut done = 0;
    while done < count && goes_on() {
        let more = (count - done).min(past.at_once.max(1));
        let from = Time(past.first() + done * every);
        let to = from + Span::millis((more - 1) * every);
        let steps = Steps { from: from - offset, to: to - offset, step: past.every };
        let answers = ask(&rule.expr, steps).map_err(WalkError::Asking)?;
        for number in 0..more {
            let now = from + Span::millis(number * every);
            let at = now - offset;
            let answer = answers.get(&at.millis()).map_or(&[][..], Vec::as_slice);
            if answer.is_empty() && replay.is_quiet() && rule.care.is_plain() {
                continue;
            }
            let around = Surroundings {
                limit: group.limit,
                external_labels,
                external_url: "",
                returned_at: None,
                query: &|_| Ok(Vec::new()),
                ask: &|text| later(text, at),
            };
            let judged = replay.step(answer, now, &around);
            judged.map_err(|error| WalkError::Judging { at: crate::state::say_time(at), error })?;
        }
        done += more;
    }
    Ok(Walked {
        replayed: replay.finish(),
        evaluations: done,
        reached: (done > 0).then(|| Time(past.first() + (done - 1) * every)),
        whole: done == count,
    })
}

/// A rule on its way through the past.
#[derive(Debug)]
pub struct Replay<'r> {
    rule: &'r AlertRule,
    active: ActiveAlerts,
    /// Where in the episodes each alert that fires stands.
    open: BTreeMap<AlertId, usize>,
    told: Replayed,
}

impl<'r> Replay<'r> {
    /// Begins where nothing is active yet.
    pub fn new(rule: &'r AlertRule) -> Self {
        let (active, open) = (ActiveAlerts::default(), BTreeMap::new());
        Self { rule, active, open, told: Replayed::default() }
    }

    /// Judges the answer of one evaluation; times only rise.
    pub fn step(
        &mut self,
        answer: &[InstantSample],
        now: Time,
        around: &Surroundings<'_>,
    ) -> Result<(), JudgeError> {
        let fired = self.fires();
        for transition in judge_alert(self.rule, answer, &mut self.active, now, around)? {
            self.note(&transition, now);
        }
        if !fired && self.fires() {
            self.told.pages.push(now);
        }
        Ok(())
    }

    /// Whether nothing is pending or firing, so that an evaluation without an answer changes nothing.
    pub fn is_quiet(&self) -> bool {
        self.active.alerts().is_empty()
    }

    /// What the rule would have done.
    pub fn finish(self) -> Replayed {
        self.told
    }

    fn fires(&self) -> bool {
        self.active.alerts().iter().any(|alert| alert.state == AlertState::Firing)
    }

    fn note(&mut self, transition: &Transition, now: Time) {
        let alert = transition.alert();
        match transition {
            Transition::Firing(_) if self.told.episodes.len() < EPISODES_MAX => {
                self.open.insert(alert.id, self.told.episodes.len());
                let labels = alert.labels.clone();
                self.told.episodes.push(Episode { labels, from: now, to: None });
            }
            Transition::Resolved(_) => {
                if let Some(at) = self.open.remove(&alert.id) {
                    self.told.episodes[at].to = Some(now);
                }
            }
            Transition::Dropped(_) => self.told.dropped += 1,
            Transition::Firing(_)
            | Transition::Pending(_)
            | Transition::Changed(_)
            | Transition::Noted(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, rules};

    #[test]
    fn a_walk_stops_where_it_is_told_to_and_says_how_far_it_came() {
        let text = "groups: [{name: g, query_offset: 1m, rules: [{alert: High, expr: x > 1}]}]";
        let groups = rules::parse("r.yaml", text).unwrap();
        let Rule::Alert(rule) = &groups[0].rules[0] else { panic!("{groups:?}") };
        let minute = |minute| Time(0) + Span::minutes(minute);
        let past = Past {
            from: Time(1),
            to: minute(100) + Span::secs(30),
            every: Span::minutes(1),
            at_once: 30,
        };
        assert_eq!(past.evaluations(), 100);
        // High in every first half of twenty minutes.
        let ask = |_: &str, steps: Steps| {
            let mut answers = Answers::new();
            let mut at = steps.from;
            while at <= steps.to {
                if (at.millis() / 60_000) % 20 < 10 {
                    let element = InstantSample::float(Labels::empty(), at, 2.0);
                    answers.insert(at.millis(), vec![element]);
                }
                at = at + steps.step;
            }
            Ok::<_, String>(answers)
        };
        let all = walk((&groups[0], rule), past, &Labels::empty(), &ask, &|| true).unwrap();
        assert_eq!((all.evaluations, all.whole), (100, true));
        let pages: Vec<_> = all.replayed.pages.iter().map(|at| at.millis() / 60_000).collect();
        // The offset puts each a minute later.
        assert_eq!(pages, [1, 21, 41, 61, 81]);
        let left = std::cell::Cell::new(2);
        let goes_on = || left.replace(left.get() - 1) > 0;
        let some = walk((&groups[0], rule), past, &Labels::empty(), &ask, &goes_on).unwrap();
        assert_eq!((some.reached, some.whole), (Some(minute(60)), false));
        assert_eq!(some.replayed.pages.len(), 3);
        let away = |_: &str, _: Steps| Err::<Answers, _>("away");
        let failed = walk((&groups[0], rule), past, &Labels::empty(), &away, &|| true);
        assert!(matches!(failed, Err(WalkError::Asking("away"))));
    }

    #[test]
    fn pages_are_counted_by_rule_and_episodes_by_alert() {
        let text = "groups: [{name: g, rules: [{alert: High, expr: x > 1, for: 2m}]}]";
        let groups = rules::parse("r.yaml", text).unwrap();
        let Rule::Alert(rule) = &groups[0].rules[0] else { panic!("{groups:?}") };
        let empty = Labels::empty();
        let nothing = |_: &str| Ok(Vec::new());
        let around = Surroundings {
            limit: 0,
            external_labels: &empty,
            external_url: "",
            returned_at: None,
            query: &nothing,
            ask: &nothing,
        };
        let mut replay = Replay::new(rule);
        let hosts =
            [&["a"][..], &["a"], &["a", "b"], &["a", "b"], &["b"], &["b"], &[], &["a"], &[]];
        for (minute, hosts) in (0..).zip(hosts) {
            let now = Time(0) + Span::minutes(minute);
            let element =
                |host: &&str| InstantSample::float(Labels::from_pairs([("host", *host)]), now, 2.0);
            let answer: Vec<_> = hosts.iter().map(element).collect();
            replay.step(&answer, now, &around).unwrap();
        }
        assert!(replay.is_quiet());
        let told = replay.finish();
        let minutes = |span: Span| span.as_millis() / 60_000;
        let episodes: Vec<_> = told
            .episodes
            .iter()
            .map(|own| {
                (
                    own.labels.get("host").unwrap(),
                    minutes(own.from.since(Time(0))),
                    own.to.map(|to| minutes(to.since(Time(0)))),
                )
            })
            .collect();
        assert_eq!(episodes, [("a", 2, Some(4)), ("b", 4, Some(6))]);
        assert_eq!((told.pages, told.dropped), (vec![Time(120_000)], 1));
        let (sum, longest) =
            Replayed { episodes: told.episodes, ..Replayed::default() }.lengths(Time(0));
        assert_eq!((minutes(sum), minutes(longest)), (4, 2));
    }
}
