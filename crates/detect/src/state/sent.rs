//! Alerts that others have judged and sent here: Prometheus, other rulers, scripts.
//!
//! A sender says of each alert until when it vouches for it, and says so again long before. When
//! it falls silent, nobody knows whether the condition holds: that ends no alert.

use std::{collections::BTreeMap, sync::Arc};

use model::{Alert, AlertId, AlertState, Evidence, Labels, Severity, Span, Time};

use super::{ActiveAlerts, ENDED, Transition, end, note_time, noted_time};

/// The source of alerts that were sent here.
pub const SENT: &str = "sent";
/// Annotation: since when nobody has vouched for an alert that was sent here.
pub const SILENT_SINCE: &str = "source_silent_since";
/// Annotation, for ourselves: where the sender says the alert comes from.
pub const GENERATOR: &str = "plimsoll_generator_url";
/// Ends of alerts that are remembered, so that whoever repeats one ends nothing twice.
const ENDED_MAX: usize = 20_000;
/// And for how long: Prometheus repeats an end for a quarter of an hour.
const ENDED_KEPT: Span = Span::hours(1);
/// Alerts that stand at once because they were sent here; as many as a large Prometheus has.
const SENT_MAX: usize = 20_000;

/// An alert as somebody sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct SentAlert {
    /// Its labels: its identity.
    pub labels: Labels,
    /// What else is said of it.
    pub annotations: Labels,
    /// Since when it fires; from now on if not said.
    pub starts_at: Option<Time>,
    /// Until when the sender vouches for it. It is over if that is not after now.
    pub ends_at: Time,
}

/// How long somebody who sends alerts may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So long after the moment until which it vouched, people are told that it is silent.
    pub told_after: Span,
    /// So long after it, the alert is forgotten without a word.
    pub forgotten_after: Span,
}

impl Default for Patience {
    fn default() -> Self {
        // A restart of a Prometheus takes minutes, and its alerts wait for their `for` once more.
        Self { told_after: Span::minutes(15), forgotten_after: Span::days(1) }
    }
}

/// Takes in what was sent. Gives what became different, and how many alerts were left out because
/// there are too many.
pub fn judge_sent(
    sent: Vec<SentAlert>,
    active: &mut ActiveAlerts,
    now: Time,
) -> (Vec<Transition>, usize) {
    let standing = active.take(SENT);
    let mut alerts: BTreeMap<AlertId, Alert> =
        standing.into_iter().map(|alert| (alert.id, alert)).collect();
    let mut transitions = Vec::new();
    let mut left_out = 0;
    for own in sent {
        let id = AlertId::of(SENT, &own.labels);
        let (over, full) = (own.ends_at <= now, alerts.len() >= SENT_MAX);
        // One of several senders says again what it said before another began to vouch anew.
        if over && !active.note_end(id, own.ends_at, now) {
            continue;
        }
        match alerts.get_mut(&id) {
            Some(alert) if !over => transitions.extend(again(alert, own, now)),
            Some(_) => {
                let ended = alerts.remove(&id).map(|mut alert| {
                    let since = alert.fired_at.unwrap_or(alert.active_at);
                    note_time(&mut alert, SILENT_SINCE, None);
                    end(alert, own.ends_at.max(since))
                });
                transitions.extend(ended);
            }
            None if over => {}
            None if full => left_out += 1,
            None => {
                let alert = begun(own, id, now);
                transitions.push(Transition::Firing(alert.clone()));
                alerts.insert(id, alert);
            }
        }
    }
    active.put(SENT, alerts.into_values().collect());
    (transitions, left_out)
}

/// Looks for alerts nobody vouches for any more. Those who know of them are told once, and after
/// a long time the alerts are dropped: never resolved, since nobody knows that they are over.
pub fn judge_silence(active: &mut ActiveAlerts, now: Time, patience: Patience) -> Vec<Transition> {
    let mut transitions = Vec::new();
    let mut kept = Vec::new();
    for mut alert in active.take(SENT) {
        let silent = now.since(alert.seen_at);
        if silent >= patience.forgotten_after {
            let why = "nobody has sent it for a long time, so it is not known whether it is over";
            alert.annotations = alert.annotations.with(ENDED, why);
            alert.state = AlertState::Resolved;
            alert.resolved_at = Some(now);
            transitions.push(Transition::Dropped(alert));
            continue;
        }
        if silent >= patience.told_after && noted_time(&alert, SILENT_SINCE).is_none() {
            let since = alert.seen_at;
            note_time(&mut alert, SILENT_SINCE, Some(since));
            transitions.push(Transition::Changed(alert.clone()));
        }
        kept.push(alert);
    }
    active.put(SENT, kept);
    transitions
}

impl ActiveAlerts {
    /// After a start: whoever sends alerts has until then to vouch for them again, since nobody
    /// was here to listen.
    pub fn await_senders(&mut self, until: Time) {
        let range = self.range(SENT);
        for alert in &mut self.alerts[range] {
            alert.seen_at = alert.seen_at.max(until);
        }
    }

    /// After a start: whoever repeats an end that was known before ends nothing that begins anew.
    pub(super) fn remember_end(&mut self, alert: &Alert) {
        if let Some(ended_at) = alert.resolved_at.filter(|_| alert.source == SENT)
            && self.ended.len() < ENDED_MAX
        {
            Arc::make_mut(&mut self.ended).insert(alert.id, ended_at);
        }
    }

    /// Takes down that a sender says an alert ended then; false if that was known already.
    fn note_end(&mut self, alert: AlertId, ends_at: Time, now: Time) -> bool {
        if self.ended.get(&alert).is_some_and(|known| ends_at <= *known) {
            return false;
        }
        let ended = Arc::make_mut(&mut self.ended);
        if ended.len() >= ENDED_MAX {
            ended.retain(|_, ended_at| now.since(*ended_at) <= ENDED_KEPT);
        }
        if ended.len() < ENDED_MAX {
            ended.insert(alert, ends_at);
        }
        true
    }

    /// Whether [`judge_silence`] has something to say.
    pub fn has_silent_senders(&self, now: Time, patience: Patience) -> bool {
        self.of(SENT).iter().any(|alert| {
            let silent = now.since(alert.seen_at);
            let told = noted_time(alert, SILENT_SINCE).is_some();
            silent >= patience.forgotten_after || (silent >= patience.told_after && !told)
        })
    }
}

/// An alert that was not known.
fn begun(own: SentAlert, id: AlertId, now: Time) -> Alert {
    let since = own.starts_at.unwrap_or(now).min(now);
    Alert {
        id,
        source: SENT.to_owned(),
        severity: Severity::from_label(own.labels.get("severity").unwrap_or_default()),
        labels: own.labels,
        annotations: own.annotations,
        state: AlertState::Firing,
        told: true,
        active_at: since,
        fired_at: Some(since),
        resolved_at: None,
        seen_at: own.ends_at,
        value: f64::NAN,
        evidence: Evidence::default(),
    }
}

/// An alert that is sent once more. Only that its sender was silent is worth a line in the journal.
fn again(alert: &mut Alert, own: SentAlert, now: Time) -> Option<Transition> {
    let silent = noted_time(alert, SILENT_SINCE).is_some();
    alert.annotations = own.annotations;
    // Several that watch the same thing vouch for it each on its own.
    alert.seen_at = alert.seen_at.max(own.ends_at).max(now);
    silent.then(|| Transition::Noted(alert.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000_000_000);

    fn sent(host: &str, ends_at: Time) -> SentAlert {
        SentAlert {
            labels: Labels::from_pairs([("alertname", "Down"), ("host", host)]),
            annotations: Labels::from_pairs([("summary", "it is down")]),
            starts_at: Some(NOW - Span::minutes(1)),
            ends_at,
        }
    }

    fn words(transitions: &[Transition]) -> Vec<&'static str> {
        transitions.iter().map(Transition::word).collect()
    }

    #[test]
    fn an_alert_begins_is_vouched_for_and_ends_when_its_sender_says_so() {
        let mut active = ActiveAlerts::default();
        let until = NOW + Span::minutes(4);
        let both = vec![sent("a", until), sent("b", until)];
        let (begun, _) = judge_sent(both.clone(), &mut active, NOW);
        assert_eq!(words(&begun), ["firing", "firing"]);
        assert_eq!(begun[0].alert().fired_at, Some(NOW - Span::minutes(1)));
        assert!(judge_sent(both, &mut active, NOW).0.is_empty());
        let over = NOW + Span::minutes(2);
        let (ended, _) = judge_sent(vec![sent("a", over)], &mut active, over);
        assert_eq!(words(&ended), ["resolved"]);
        assert_eq!(ended[0].alert().resolved_at, Some(over));
        // Prometheus goes on saying so for a quarter of an hour.
        assert!(judge_sent(vec![sent("a", over)], &mut active, over).0.is_empty());
        assert_eq!(active.of(SENT).len(), 1);
    }

    #[test]
    fn an_end_that_is_repeated_ends_no_alert_another_sender_vouches_for() {
        let mut active = ActiveAlerts::default();
        let until = NOW + Span::minutes(4);
        judge_sent(vec![sent("a", until)], &mut active, NOW);
        let over = NOW + Span::minutes(1);
        assert_eq!(words(&judge_sent(vec![sent("a", over)], &mut active, over).0), ["resolved"]);
        let (again, _) = judge_sent(vec![sent("a", until)], &mut active, over);
        assert_eq!(words(&again), ["firing"]);
        // The first sender says for a quarter of an hour what it has said.
        let later = over + Span::minutes(1);
        assert!(judge_sent(vec![sent("a", over)], &mut active, later).0.is_empty());
        assert_eq!(active.of(SENT).len(), 1);
        let end = judge_sent(vec![sent("a", later)], &mut active, later).0;
        assert_eq!(words(&end), ["resolved"]);
    }

    #[test]
    fn an_end_that_was_known_before_a_restart_ends_nothing_that_begins_after_it() {
        let mut active = ActiveAlerts::default();
        let until = NOW + Span::minutes(9);
        judge_sent(vec![sent("a", until)], &mut active, NOW);
        let over = NOW + Span::minutes(1);
        let (ended, _) = judge_sent(vec![sent("a", over)], &mut active, over);
        let ended = ended.iter().map(|own| own.alert().clone()).collect();
        let mut active = ActiveAlerts::from_alerts(ended);
        let later = over + Span::minutes(1);
        assert_eq!(words(&judge_sent(vec![sent("a", until)], &mut active, later).0), ["firing"]);
        assert!(judge_sent(vec![sent("a", over)], &mut active, later).0.is_empty());
        assert_eq!(active.of(SENT).len(), 1);
    }

    #[test]
    fn nobody_is_silent_because_the_clock_was_set_ahead() {
        let mut active = ActiveAlerts::default();
        judge_sent(vec![sent("a", NOW + Span::minutes(4))], &mut active, NOW);
        active.after_jump(Span::hours(1));
        let now = NOW + Span::hours(1) + Span::minutes(5);
        assert!(!active.has_silent_senders(now, Patience::default()));
    }

    #[test]
    fn silence_ends_nothing_is_told_once_and_forgotten_in_the_end() {
        let mut active = ActiveAlerts::default();
        let patience = Patience::default();
        judge_sent(vec![sent("a", NOW)], &mut active, NOW - Span::minutes(1));
        let mut told = Vec::new();
        for minute in 0..=24 * 60 {
            let now = NOW + Span::minutes(minute);
            let due = active.has_silent_senders(now, patience);
            let transitions = judge_silence(&mut active, now, patience);
            assert_eq!(due, !transitions.is_empty());
            told.extend(transitions.iter().map(|own| (minute, own.word())));
        }
        assert_eq!(told, [(15, "changed"), (24 * 60, "dropped")]);
        assert!(active.alerts().is_empty());
    }

    #[test]
    fn a_sender_that_is_back_is_noted_and_nothing_begins_anew() {
        let mut active = ActiveAlerts::default();
        judge_sent(vec![sent("a", NOW)], &mut active, NOW - Span::minutes(1));
        let later = NOW + Span::hours(1);
        judge_silence(&mut active, later, Patience::default());
        let (back, _) = judge_sent(vec![sent("a", later + Span::hours(1))], &mut active, later);
        assert_eq!(words(&back), ["noted"]);
        assert_eq!(back[0].alert().annotations.get(SILENT_SINCE), None);
        assert!(judge_silence(&mut active, later, Patience::default()).is_empty());
    }

    #[test]
    fn after_a_start_senders_have_time_to_speak_again() {
        let mut active = ActiveAlerts::default();
        judge_sent(vec![sent("a", NOW)], &mut active, NOW - Span::minutes(1));
        let start = NOW + Span::days(3);
        active.await_senders(start + Span::minutes(5));
        assert!(!active.has_silent_senders(start + Span::minutes(19), Patience::default()));
        assert!(active.has_silent_senders(start + Span::minutes(20), Patience::default()));
    }

    #[test]
    fn more_than_can_stand_are_left_out_and_counted() {
        let mut active = ActiveAlerts::default();
        let many = (0..SENT_MAX + 7).map(|host| sent(&host.to_string(), NOW + Span::hours(1)));
        let (begun, left_out) = judge_sent(many.collect(), &mut active, NOW);
        assert_eq!((begun.len(), left_out), (SENT_MAX, 7));
    }
}
