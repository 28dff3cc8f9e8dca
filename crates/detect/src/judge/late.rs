//! Evaluations that were missed and are made up for: what had begun in a gap is found after the fact.

use std::collections::BTreeMap;

use model::{Alert, AlertState, Labels, Span, Time};
use query::InstantSample;

use super::{JudgeError, Surroundings, check_limit, observe, reprieve};
use crate::{
    rules::AlertRule,
    state::{ActiveAlerts, LATE, Transition, end, keep_notes, note_time},
};

/// An evaluation that was missed.
#[derive(Clone, Debug, PartialEq)]
pub struct LateTick {
    /// When it would have been.
    pub at: Time,
    /// What the expression answers for that moment; nothing where no samples of that time are there, so that nobody
    /// knows.
    pub answer: Option<Vec<InstantSample>>,
}

/// Judges an alerting rule by the evaluations that were missed, in the order of their times.
///
/// An alert that begins is marked as found late. One that fires stays, whatever is answered: what is over ends by the
/// evaluations after the gap. One that waits goes on waiting where the condition held, and is dropped where it did not;
/// where nobody knows, its time stands still. `waited` is by how much it was delayed for the gap as a whole, which is
/// taken back first.
pub fn judge_late(
    rule: &AlertRule,
    (ticks, interval): (&[LateTick], Span),
    waited: Span,
    active: &mut ActiveAlerts,
    (now, around): (Time, &Surroundings<'_>),
) -> Result<Vec<Transition>, JudgeError> {
    let gap = Span(interval.as_millis().saturating_mul(i64::try_from(ticks.len()).unwrap_or(0)));
    let mut late = Late {
        rule,
        now,
        standing: active
            .of(&rule.source)
            .iter()
            .cloned()
            .map(|own| (own.labels.clone(), own))
            .collect(),
        transitions: Vec::new(),
    };
    for alert in late.standing.values_mut().filter(|own| own.state == AlertState::Pending) {
        alert.active_at = alert.active_at - waited.min(gap);
    }
    for tick in ticks {
        match &tick.answer {
            None => late.stand_still(interval),
            Some(answer) => {
                let mut seen = observe(rule, answer, tick.at, around)?;
                seen.retain(|_, alert| !active.ends_after(alert.id, tick.at));
                late.step(seen, tick.at);
                check_limit(late.standing.len(), around.limit)?;
            }
        }
    }
    active.put(&rule.source, late.standing.into_values().collect());
    Ok(late.transitions)
}

struct Late<'r> {
    rule: &'r AlertRule,
    /// When it is found.
    now: Time,
    standing: BTreeMap<Labels, Alert>,
    transitions: Vec<Transition>,
}

impl Late<'_> {
    /// Nobody knows whether the condition held.
    fn stand_still(&mut self, interval: Span) {
        for alert in self.standing.values_mut().filter(|own| own.state == AlertState::Pending) {
            alert.active_at = alert.active_at + interval;
        }
    }

    fn step(&mut self, mut seen: BTreeMap<Labels, Alert>, at: Time) {
        let mut kept = BTreeMap::new();
        for (labels, mut alert) in std::mem::take(&mut self.standing) {
            match seen.remove(&labels) {
                Some(found) => {
                    alert.value = found.value;
                    alert.annotations = keep_notes(&alert.annotations, &found.annotations);
                    alert.seen_at = at;
                    self.fire(&mut alert, at);
                }
                None if alert.state == AlertState::Pending => {
                    self.transitions.push(end(alert, at));
                    continue;
                }
                None => {}
            }
            kept.insert(labels, alert);
        }
        for (labels, mut alert) in seen {
            if reprieve::hold(self.rule, &alert) > Span::ZERO {
                self.transitions.push(Transition::Pending(alert.clone()));
            } else {
                self.fire(&mut alert, at);
            }
            kept.insert(labels, alert);
        }
        self.standing = kept;
    }

    fn fire(&mut self, alert: &mut Alert, at: Time) {
        let waited = at.since(alert.active_at) >= reprieve::hold(self.rule, alert);
        if alert.state == AlertState::Pending && waited {
            alert.state = AlertState::Firing;
            alert.fired_at = Some(at);
            note_time(alert, LATE, Some(self.now));
            self.transitions.push(Transition::Firing(alert.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, rules};

    const MINUTE: Span = Span::minutes(1);

    fn rule(hold: &str) -> AlertRule {
        let text =
            format!("groups: [{{name: g, rules: [{{alert: High, expr: x > 1, for: {hold}}}]}}]");
        let groups = rules::parse("r.yaml", &text).unwrap();
        let Rule::Alert(rule) = groups[0].rules[0].clone() else { panic!("{groups:?}") };
        rule
    }

    fn minute(minute: i64) -> Time {
        Time(0) + Span::minutes(minute)
    }

    fn high(at: Time) -> Vec<InstantSample> {
        vec![InstantSample::float(Labels::from_pairs([("host", "a")]), at, 2.0)]
    }

    /// `x` the condition held, `.` it did not, `?` nobody knows; from minute one on.
    fn ticks(text: &str) -> Vec<LateTick> {
        let tick = |(number, letter): (i64, char)| {
            let at = minute(number);
            let answer = match letter {
                'x' => Some(high(at)),
                '.' => Some(Vec::new()),
                _ => None,
            };
            LateTick { at, answer }
        };
        (1..).zip(text.chars()).map(tick).collect()
    }

    fn judged(
        rule: &AlertRule,
        active: &mut ActiveAlerts,
        text: &str,
        waited: Span,
    ) -> Vec<String> {
        let (empty, ticks) = (Labels::empty(), ticks(text));
        let nothing = |_: &str| Ok(Vec::new());
        let around = Surroundings {
            limit: 0,
            external_labels: &empty,
            external_url: "",
            returned_at: None,
            query: &nothing,
            ask: &nothing,
        };
        let now = minute(100);
        let transitions =
            judge_late(rule, (&ticks, MINUTE), waited, active, (now, &around)).unwrap();
        let told = |own: &Transition| {
            let alert = own.alert();
            let at = alert.fired_at.or(alert.resolved_at).unwrap_or(alert.active_at);
            format!("{} {}", own.word(), at.millis() / 60_000)
        };
        transitions.iter().map(told).collect()
    }

    fn pending_since(at: Time) -> ActiveAlerts {
        let rule = rule("5m");
        let mut active = ActiveAlerts::default();
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
        super::super::judge_alert(&rule, &high(at), &mut active, at, &around).unwrap();
        active
    }

    #[test]
    fn what_began_in_a_gap_is_found_and_marked() {
        let mut active = ActiveAlerts::default();
        assert_eq!(
            judged(&rule("3m"), &mut active, "..xxxx", Span::ZERO),
            ["pending 3", "firing 6"]
        );
        let alert = &active.alerts()[0];
        assert_eq!(alert.annotations.get(LATE), Some("1970-01-01T01:40:00Z"));
        assert_eq!(alert.fired_at, Some(minute(6)));
    }

    #[test]
    fn what_fires_stays_whatever_a_gap_answers() {
        let mut active = ActiveAlerts::default();
        judged(&rule("0s"), &mut active, "x", Span::ZERO);
        assert!(judged(&rule("0s"), &mut active, "....??..", Span::ZERO).is_empty());
        assert_eq!(active.alerts()[0].state, AlertState::Firing);
    }

    #[test]
    fn what_waits_waits_only_where_the_condition_was_seen() {
        // Waiting since a minute before the gap; six minutes away, by which everything was delayed.
        let away = Span::minutes(6);
        let mut active = pending_since(minute(0));
        active.after_outage(away);
        assert!(judged(&rule("5m"), &mut active, "??????", away).is_empty());
        assert_eq!(active.alerts()[0].active_at, minute(6));
        let mut active = pending_since(minute(0));
        active.after_outage(away);
        assert_eq!(judged(&rule("5m"), &mut active, "xxxxxx", away), ["firing 5"]);
        let mut active = pending_since(minute(0));
        active.after_outage(away);
        assert!(judged(&rule("5m"), &mut active, "x???xx", away).is_empty());
        assert_eq!(active.alerts()[0].active_at, minute(3));
        let mut active = pending_since(minute(0));
        active.after_outage(away);
        assert_eq!(judged(&rule("5m"), &mut active, "xx.xxx", away), ["dropped 3", "pending 4"]);
    }
}
