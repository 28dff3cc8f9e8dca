//! The alerts that are active, what became different about them, and how they outlive a restart.

mod sent;
mod trail;

use std::collections::BTreeMap;

use model::{Alert, AlertState, Labels, METRIC_NAME, Sample, Series, Span, Time};

pub use sent::{GENERATOR, Patience, SENT, SILENT_SINCE, SentAlert, judge_sent, judge_silence};
pub use trail::Trail;

/// Annotation: since when the condition has been gone while `keep_firing_for` keeps the alert.
pub(crate) const KEPT_SINCE: &str = "keep_firing_since";
/// Annotation: since when there has been no reading of the resource.
pub(crate) const MISSING_SINCE: &str = "missing_since";
/// Annotation: where each line of a resource stands, if that is more than the severity says.
pub(crate) const LINES: &str = "lines";
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
}

impl ActiveAlerts {
    /// The alerts as the journal knows them; those that are over are left out, and of an alert
    /// given twice the last stays.
    pub fn from_alerts(alerts: Vec<Alert>) -> Self {
        let mut latest = BTreeMap::new();
        for alert in alerts {
            latest.insert((alert.source.clone(), alert.id), alert);
        }
        let mut alerts: Vec<Alert> = latest.into_values().collect();
        alerts.retain(|alert| alert.state != AlertState::Resolved);
        Self { alerts }
    }

    /// Takes in one transition read back from the journal, in the order they were written.
    pub fn replay(&mut self, transition: &Transition) {
        let alert = transition.alert();
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

    /// After the program was away for some time: whatever waits, waits that much longer, since
    /// nobody saw whether the condition held in between.
    pub fn after_outage(&mut self, away: Span) {
        for alert in self.alerts.iter_mut().filter(|_| away > Span::ZERO) {
            if alert.state == AlertState::Pending {
                alert.active_at = alert.active_at + away;
            }
            for name in [KEPT_SINCE, MISSING_SINCE] {
                if let Some(since) = noted_time(alert, name) {
                    note_time(alert, name, Some(since + away));
                }
            }
            crate::resources::delay_lines(alert, away);
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

    /// The series `ALERTS` and `ALERTS_FOR_STATE` as Prometheus writes them after an evaluation.
    pub fn alerts_series(&self, now: Time) -> Vec<Series> {
        let mut series = Vec::with_capacity(self.alerts.len() * 2);
        for alert in &self.alerts {
            let mut state = alert.labels.to_builder();
            state.set(METRIC_NAME, "ALERTS_FOR_STATE");
            let mut shown = alert.labels.to_builder();
            shown.set(METRIC_NAME, "ALERTS").set("alertstate", alert.state.word());
            // Prometheus counts whole seconds here.
            let since = alert.active_at.millis().div_euclid(1000) as f64;
            for (labels, value) in [(shown.build(), 1.0), (state.build(), since)] {
                series.push(Series::new(labels, vec![Sample { time: now, value }]));
            }
        }
        series
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

/// Ends an alert: resolved if it fired, dropped if it never did.
pub(crate) fn end(mut alert: Alert, now: Time) -> Transition {
    let fired = alert.state == AlertState::Firing;
    alert.annotations =
        alert.annotations.without(|name| [KEPT_SINCE, MISSING_SINCE, LINES].contains(&name));
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

/// The annotations of before that must outlive new ones.
pub(crate) fn keep_notes(before: &Labels, annotations: &Labels) -> Labels {
    let mut builder = annotations.to_builder();
    for name in [KEPT_SINCE, MISSING_SINCE, LINES] {
        builder.set(name, before.get(name).unwrap_or_default());
    }
    builder.build()
}

#[cfg(test)]
mod tests;
