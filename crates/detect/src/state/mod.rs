//! The alerts that are active, what became different about them, and how they outlive a restart.

mod conditions;
mod sent;
mod trail;

use std::{collections::BTreeMap, sync::Arc};

use crate::judge::FLAP_WINDOW;
use model::{
    Alert, AlertId, AlertState, Evidence, Labels, METRIC_NAME, Sample, Series, Span, Time,
};

pub use conditions::{Condition, conditions_differ, judge_conditions};
pub use sent::{GENERATOR, Patience, SENT, SILENT_SINCE, SentAlert, judge_sent, judge_silence};
pub use trail::Trail;

/// Annotation: since when the condition has been gone while `keep_firing_for` keeps the alert.
pub(crate) const KEPT_SINCE: &str = "keep_firing_since";
/// Annotation: since when there has been no reading of the resource.
pub(crate) const MISSING_SINCE: &str = "missing_since";
/// Annotation: where each line of a resource stands, if that is more than the severity says.
pub(crate) const LINES: &str = "lines";
/// Annotation: when an alert whose rule holds back flapping began and ended lately.
pub(crate) const CHANGES: &str = "plimsoll_changes";
/// Annotation: since when the condition has been gone while the alert is held because it flaps.
pub(crate) const GONE_SINCE: &str = "plimsoll_gone_since";
/// Annotation: since when the alert is held because it flaps.
pub(crate) const FLAPPING_SINCE: &str = "flapping_since";
/// Alerts that ended lately and may flap, of which is remembered when; more would be a storm of its own.
const PAST_MAX: usize = 10_000;
/// Annotation: when an alert was found that had begun while nobody was here to see it.
pub(crate) const LATE: &str = "found_late";
/// How long the end of an alert is remembered, in case the clock is set back past it.
const OVER_KEPT: Span = Span::hours(2);
/// Annotation: why an alert ended, where it did not end by its condition.
pub(crate) const ENDED: &str = "ended_because";

/// What became different about an alert. Each carries the alert as it is after it.
///
/// Every transition belongs into the journal: the last one of each alert is all that is needed to
/// go on after a restart.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// The condition began to hold.
    Pending(Alert),
    /// It has held for long enough.
    Firing(Alert),
    /// It is worse or better than it was, or people are now told of it who were not.
    Changed(Alert),
    /// Nothing to tell anybody, but a restart must know it: a line begins to be crossed, a reading is missing.
    Noted(Alert),
    /// It fired and does no more.
    Resolved(Alert),
    /// It was pending and went away.
    Dropped(Alert),
}

impl Transition {
    /// The alert after it.
    pub fn alert(&self) -> &Alert {
        match self {
            Self::Pending(alert)
            | Self::Firing(alert)
            | Self::Changed(alert)
            | Self::Noted(alert)
            | Self::Resolved(alert)
            | Self::Dropped(alert) => alert,
        }
    }

    /// The same, for whoever knows more of it.
    pub fn alert_mut(&mut self) -> &mut Alert {
        match self {
            Self::Pending(alert)
            | Self::Firing(alert)
            | Self::Changed(alert)
            | Self::Noted(alert)
            | Self::Resolved(alert)
            | Self::Dropped(alert) => alert,
        }
    }

    /// The word for it in the journal and the cases.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending(_) => "pending",
            Self::Firing(_) => "firing",
            Self::Changed(_) => "changed",
            Self::Noted(_) => "noted",
            Self::Resolved(_) => "resolved",
            Self::Dropped(_) => "dropped",
        }
    }

    /// Whether the alert is over.
    pub fn ends(&self) -> bool {
        matches!(self, Self::Resolved(_) | Self::Dropped(_))
    }
}

/// All alerts that are pending or firing, of every rule and resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveAlerts {
    /// Sorted by source, then by identity, so that the alerts of one source stand together.
    alerts: Vec<Alert>,
    /// When alerts that ended began and ended lately, where their rules hold back flapping.
    past: Arc<BTreeMap<AlertId, Vec<Time>>>,
    /// When senders said that alerts which were sent here ended.
    ended: Arc<BTreeMap<AlertId, Time>>,
    /// When alerts of rules were over. One that begins before that has been judged already: the clock was set back.
    over: Arc<BTreeMap<AlertId, Time>>,
}

impl ActiveAlerts {
    /// The alerts as the journal knows them; those that are over are left out, and of an alert
    /// given twice the last stays.
    pub fn from_alerts(alerts: Vec<Alert>) -> Self {
        let mut latest = BTreeMap::new();
        for alert in alerts {
            latest.insert((alert.source.clone(), alert.id), alert);
        }
        let mut active = Self::default();
        for alert in latest.into_values() {
            if alert.state == AlertState::Resolved {
                active.remember(&alert);
                active.note_over(&alert);
                active.remember_end(&alert);
            } else {
                active.alerts.push(alert);
            }
        }
        active
    }

    /// Takes in one transition read back from the journal, in the order they were written.
    pub fn replay(&mut self, transition: &Transition) {
        let alert = transition.alert();
        if transition.ends() {
            self.remember(alert);
            self.note_over(alert);
        }
        let found = self
            .alerts
            .binary_search_by(|own| (&*own.source, own.id).cmp(&(&*alert.source, alert.id)));
        match (found, transition.ends()) {
            (Ok(at), true) => drop(self.alerts.remove(at)),
            (Ok(at), false) => self.alerts[at] = alert.clone(),
            (Err(at), false) => self.alerts.insert(at, alert.clone()),
            (Err(_), true) => {}
        }
    }

    /// Every active alert, sorted by source and identity.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// The active alerts of one source.
    pub fn of(&self, source: &str) -> &[Alert] {
        &self.alerts[self.range(source)]
    }

    /// The evidence of an active alert, for whoever knows more of it than its rule.
    pub fn evidence_mut(&mut self, source: &str, id: AlertId) -> Option<&mut Evidence> {
        let range = self.range(source);
        let found = self.alerts[range].iter_mut().find(|alert| alert.id == id);
        found.map(|alert| &mut alert.evidence)
    }

    /// After the program was away for some time: whatever waits, waits that much longer, since
    /// nobody saw whether the condition held in between.
    pub fn after_outage(&mut self, away: Span) {
        for alert in self.alerts.iter_mut().filter(|_| away > Span::ZERO) {
            delay(alert, away);
        }
    }

    /// After the clock was set: whatever waits, waits as long as it would have without that. Gives what a restart must
    /// know of it.
    pub fn after_jump(&mut self, by: Span) -> Vec<Transition> {
        let mut noted = Vec::new();
        let range = self.range(SENT);
        for alert in self.alerts[range].iter_mut().filter(|_| by > Span::ZERO) {
            // Nobody was silent for as long as the clock was set ahead.
            alert.seen_at = alert.seen_at + by;
        }
        for alert in self.alerts.iter_mut().filter(|alert| *alert.source != *SENT) {
            let before = (alert.active_at, alert.annotations.clone());
            delay(alert, by);
            alert.seen_at = alert.seen_at + by;
            if before != (alert.active_at, alert.annotations.clone()) {
                noted.push(Transition::Noted(alert.clone()));
            }
        }
        noted
    }

    /// The alerts of some sources, to be judged beside the others.
    #[must_use]
    pub fn part<'s>(&self, sources: impl IntoIterator<Item = &'s str>) -> Self {
        let mut sources: Vec<&str> = sources.into_iter().collect();
        sources.sort_unstable();
        sources.dedup();
        let alerts = sources.iter().flat_map(|source| self.of(source)).cloned().collect();
        Self {
            alerts,
            past: Arc::clone(&self.past),
            ended: Arc::clone(&self.ended),
            over: Arc::clone(&self.over),
        }
    }

    /// Takes over how the alerts of a source look, if the same alerts are there as before: nothing became of them but
    /// their values and texts.
    pub fn renew(&mut self, source: &str, before: &Self, after: &Self) {
        if self.of(source) == before.of(source) {
            self.put(source, after.of(source).to_vec());
        }
    }

    /// Ends the alerts of every source that the test does not know any more, because its rule or
    /// resource is no longer in the settings.
    pub fn end_vanished(&mut self, knows: impl Fn(&str) -> bool, now: Time) -> Vec<Transition> {
        let mut transitions = Vec::new();
        self.alerts.retain_mut(|alert| {
            let stays = knows(&alert.source);
            if !stays {
                let ended = alert.annotations.with(ENDED, "it is no longer in the settings");
                alert.annotations = ended;
                transitions.push(end(alert.clone(), now));
            }
            stays
        });
        transitions
    }

    /// The series `ALERTS` and `ALERTS_FOR_STATE` as Prometheus writes them after an evaluation, of the alerts of those
    /// sources that the test takes.
    pub fn series_where(&self, takes: impl Fn(&str) -> bool, now: Time) -> Vec<Series> {
        let taken = self.alerts.iter().filter(|alert| takes(&alert.source));
        taken.flat_map(|alert| series_of(alert, now)).collect()
    }

    /// The same of the alerts of one source.
    pub fn series_of(&self, source: &str, now: Time) -> Vec<Series> {
        self.of(source).iter().flat_map(|alert| series_of(alert, now)).collect()
    }

    /// Remembers when an alert that ended began and ended lately.
    pub(crate) fn remember(&mut self, alert: &Alert) {
        let changes = changes_of(alert);
        let Some(latest) = changes.last().copied() else { return };
        let past = Arc::make_mut(&mut self.past);
        if past.len() >= PAST_MAX {
            past.retain(|_, own| own.last().is_some_and(|last| latest.since(*last) <= FLAP_WINDOW));
        }
        if past.len() < PAST_MAX {
            past.insert(alert.id, changes);
        }
    }

    /// When an alert that begins again began and ended lately.
    pub(crate) fn recall(&mut self, alert: AlertId) -> Vec<Time> {
        if self.past.contains_key(&alert) {
            return Arc::make_mut(&mut self.past).remove(&alert).unwrap_or_default();
        }
        Vec::new()
    }

    /// Remembers when an alert that had fired ended.
    pub(crate) fn note_over(&mut self, alert: &Alert) {
        let Some(at) = alert.resolved_at.filter(|_| alert.fired_at.is_some()) else { return };
        let over = Arc::make_mut(&mut self.over);
        if over.len() >= PAST_MAX {
            over.retain(|_, own| at.since(*own) <= OVER_KEPT);
        }
        if over.len() < PAST_MAX {
            over.insert(alert.id, at);
        }
    }

    /// Whether an alert has ended later than this moment, so that what is seen of it has been judged already.
    pub(crate) fn ends_after(&self, alert: AlertId, now: Time) -> bool {
        self.over.get(&alert).is_some_and(|over| *over > now)
    }

    /// Takes the alerts of a source out, for judging.
    pub(crate) fn take(&mut self, source: &str) -> Vec<Alert> {
        let range = self.range(source);
        self.alerts.drain(range).collect()
    }

    /// Puts the alerts of a source back after judging.
    pub(crate) fn put(&mut self, source: &str, mut alerts: Vec<Alert>) {
        alerts.sort_by_key(|alert| alert.id);
        let range = self.range(source);
        self.alerts.splice(range, alerts);
    }

    fn range(&self, source: &str) -> std::ops::Range<usize> {
        let start = self.alerts.partition_point(|alert| *alert.source < *source);
        let end = self.alerts.partition_point(|alert| *alert.source <= *source);
        start..end
    }
}

/// Whatever waits, waits that much longer.
fn delay(alert: &mut Alert, by: Span) {
    if alert.state == AlertState::Pending {
        alert.active_at = alert.active_at + by;
    }
    for name in [KEPT_SINCE, MISSING_SINCE, GONE_SINCE] {
        if let Some(since) = noted_time(alert, name) {
            note_time(alert, name, Some(since + by));
        }
    }
    crate::resources::delay_lines(alert, by);
}

fn series_of(alert: &Alert, now: Time) -> [Series; 2] {
    let mut state = alert.labels.to_builder();
    state.set(METRIC_NAME, "ALERTS_FOR_STATE");
    let mut shown = alert.labels.to_builder();
    shown.set(METRIC_NAME, "ALERTS").set("alertstate", alert.state.word());
    // Prometheus counts whole seconds here.
    let since = alert.active_at.millis().div_euclid(1000) as f64;
    [(shown.build(), 1.0), (state.build(), since)]
        .map(|(labels, value)| Series::new(labels, vec![Sample { time: now, value }]))
}

/// Ends an alert: resolved if it fired, dropped if it never did.
pub(crate) fn end(mut alert: Alert, now: Time) -> Transition {
    let fired = alert.state == AlertState::Firing;
    alert.annotations = alert.annotations.without(|name| NOTES.contains(&name) && name != CHANGES);
    alert.state = AlertState::Resolved;
    alert.resolved_at = Some(now);
    if fired { Transition::Resolved(alert) } else { Transition::Dropped(alert) }
}

/// A time noted in an annotation.
pub(crate) fn noted_time(alert: &Alert, name: &str) -> Option<Time> {
    read_time(alert.annotations.get(name)?)
}

/// Notes a time in an annotation, or removes it.
pub(crate) fn note_time(alert: &mut Alert, name: &str, time: Option<Time>) {
    alert.annotations = match time {
        Some(time) => alert.annotations.with(name, &say_time(time)),
        None => alert.annotations.without(|own| own == name),
    };
}

/// RFC 3339 in UTC; milliseconds since 1970 for moments outside its years.
pub(crate) fn say_time(time: Time) -> String {
    jiff::Timestamp::from_millisecond(time.millis())
        .map_or_else(|_| time.millis().to_string(), |moment| moment.to_string())
}

/// What [`say_time`] wrote.
pub(crate) fn read_time(text: &str) -> Option<Time> {
    match text.parse::<jiff::Timestamp>() {
        Ok(moment) => Some(Time(moment.as_millisecond())),
        Err(_) => text.parse().ok().map(Time),
    }
}

/// What judging notes in annotations for itself.
const NOTES: [&str; 7] =
    [KEPT_SINCE, MISSING_SINCE, LINES, CHANGES, GONE_SINCE, FLAPPING_SINCE, LATE];
/// Those of them that people are told.
const TOLD: [&str; 2] = [FLAPPING_SINCE, LATE];

/// When an alert began and ended lately, as it is noted.
pub(crate) fn changes_of(alert: &Alert) -> Vec<Time> {
    let noted = alert.annotations.get(CHANGES).unwrap_or_default();
    noted.split(' ').filter_map(|text| text.parse().ok().map(Time)).collect()
}

/// Notes when an alert began and ended lately.
pub(crate) fn note_changes(alert: &mut Alert, changes: &[Time]) {
    let texts: Vec<String> = changes.iter().map(|time| time.millis().to_string()).collect();
    alert.annotations = alert.annotations.with(CHANGES, &texts.join(" "));
}

/// The annotations of an alert without what judging notes there for itself: what its rule says, and
/// what people are told.
pub fn without_notes(annotations: &Labels) -> Labels {
    annotations.without(|name| NOTES.contains(&name) && !TOLD.contains(&name))
}

/// The annotations of before that must outlive new ones.
pub(crate) fn keep_notes(before: &Labels, annotations: &Labels) -> Labels {
    let mut builder = annotations.to_builder();
    for name in NOTES {
        builder.set(name, before.get(name).unwrap_or_default());
    }
    builder.build()
}

#[cfg(test)]
mod tests;
