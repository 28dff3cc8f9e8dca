//! What a rule would have done: its answers over some past, judged evaluation by evaluation.

use std::collections::BTreeMap;

use model::{AlertId, AlertState, Labels, Span, Time};
use query::InstantSample;

use crate::{ActiveAlerts, AlertRule, JudgeError, Surroundings, Transition, judge_alert};

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
