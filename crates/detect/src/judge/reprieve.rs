//! What keeps an alert firing though its condition was not found: a looser condition, data that are missing,
//! `keep_firing_for`, or that it comes and goes.

use std::collections::{BTreeMap, BTreeSet};

use model::{Alert, AlertId, AlertState, Evidence, Labels, Severity, Span, Time};
use query::InstantSample;

use super::{JudgeError, Surroundings, observe, own_labels};
use crate::{
    rules::{AlertRule, NoData},
    state::{
        CHANGES, ENDED, FLAPPING_SINCE, GONE_SINCE, KEPT_SINCE, MISSING_SINCE, Transition,
        changes_of, note_changes, note_time, noted_time,
    },
};

/// More beginnings and ends than this within [`FLAP_WINDOW`], and an alert flaps.
const FLAP_CHANGES_MAX: usize = 4;
/// How far back beginnings and ends count.
pub(crate) const FLAP_WINDOW: Span = Span::minutes(30);
/// The label of the alert that says that there is nothing to judge.
const NO_DATA: &str = "no_data";

/// What is asked only when alerts would end, or when nothing is there at all.
#[derive(Debug, Default)]
pub(super) struct Reprieve {
    /// What the looser condition still finds.
    still: BTreeMap<Labels, Alert>,
    /// Who is there at all; nothing if that was not asked.
    present: Option<BTreeSet<Labels>>,
    /// Since when there is somebody to see alerts again; those last seen before stay.
    returned_at: Option<Time>,
}

/// What becomes of an alert that was not found.
pub(super) enum Fate {
    Stays(Option<Transition>),
    Ends,
}

impl Reprieve {
    /// Asks what must be known of the alerts that were not found.
    pub(super) fn of(
        rule: &AlertRule,
        seen: &BTreeMap<Labels, Alert>,
        before: &[Alert],
        now: Time,
        around: &Surroundings<'_>,
    ) -> Result<Self, JudgeError> {
        let care = &rule.care;
        let mut reprieve = Self { returned_at: around.returned_at, ..Self::default() };
        let gone = |alert: &Alert, still: &BTreeMap<Labels, Alert>| {
            alert.state == AlertState::Firing
                && !is_silence(&alert.labels)
                && !seen.contains_key(&alert.labels)
                && !still.contains_key(&alert.labels)
        };
        if let Some(expr) = &care.resolve_expr
            && before.iter().any(|alert| gone(alert, &reprieve.still))
        {
            reprieve.still = observe(rule, &ask(around, expr)?, now, around)?;
        }
        let missing = before.iter().any(|alert| gone(alert, &reprieve.still));
        let wants = match care.no_data {
            NoData::Ends => false,
            NoData::Keep(_) => missing,
            NoData::Fire(_) => missing || seen.is_empty(),
        };
        if let Some(subject) = care.subject.as_ref().filter(|_| wants) {
            let answer = ask(around, subject)?;
            let labels = own_labels(rule);
            let all = answer.iter().map(|element| labels.of(rule, element, now, around));
            reprieve.present = Some(all.collect());
        }
        Ok(reprieve)
    }

    /// The alert that says that there is nothing to judge, if the rule wants one and that is so.
    pub(super) fn silence(&self, rule: &AlertRule, now: Time) -> Option<Alert> {
        let NoData::Fire(_) = rule.care.no_data else { return None };
        if !self.present.as_ref()?.is_empty() {
            return None;
        }
        let mut labels = Labels::empty().to_builder();
        for (name, text) in rule.labels.iter().filter(|(_, text)| !text.contains("{{")) {
            labels.set(name.as_str(), text.as_str());
        }
        labels.set("alertname", rule.name.as_str()).set(NO_DATA, "true");
        let labels = labels.build();
        let subject = rule.care.subject.clone().unwrap_or_default();
        let summary = format!("{} cannot be judged: there are no data", rule.name);
        let description = format!("nothing answers `{subject}`");
        let texts = [("summary", summary), ("description", description)];
        Some(Alert {
            id: AlertId::of(&rule.source, &labels),
            source: rule.source.clone(),
            severity: Severity::from_label(labels.get("severity").unwrap_or_default()),
            labels,
            annotations: Labels::from_pairs(texts),
            state: AlertState::Pending,
            told: true,
            active_at: now,
            fired_at: None,
            resolved_at: None,
            seen_at: now,
            value: 0.0,
            evidence: Evidence::default(),
        })
    }

    /// What the looser condition still finds of an alert that fires.
    pub(super) fn still(&self, alert: &Alert) -> Option<Alert> {
        let fires = alert.state == AlertState::Firing;
        self.still.get(&alert.labels).filter(|_| fires).cloned()
    }

    /// An alert that waited is found again after a gap: what it was not seen of does not count as waiting.
    pub(super) fn catch_up(&self, alert: &mut Alert, now: Time) {
        if let Some(returned_at) = self.unseen(alert)
            && alert.state == AlertState::Pending
        {
            alert.active_at = alert.active_at + now.since(returned_at);
        }
    }

    /// Since when an alert that was last seen before a gap could be seen again.
    fn unseen(&self, alert: &Alert) -> Option<Time> {
        self.returned_at.filter(|returned_at| alert.seen_at < *returned_at)
    }

    /// What becomes of an alert that was not found.
    pub(super) fn judge(&self, rule: &AlertRule, alert: &mut Alert, now: Time) -> Fate {
        if self.unseen(alert).is_some() {
            return Fate::Stays(None);
        }
        if alert.state != AlertState::Firing || is_silence(&alert.labels) {
            return Fate::Ends;
        }
        if let Some(keep) = rule.care.no_data.keep()
            && self.present.as_ref().is_some_and(|present| !present.contains(&alert.labels))
        {
            return missing(alert, keep, now);
        }
        note_time(alert, MISSING_SINCE, None);
        let since = noted_time(alert, KEPT_SINCE);
        if now.since(since.unwrap_or(now)) < rule.keep_firing_for {
            return noted_once(alert, KEPT_SINCE, since, now);
        }
        match rule.care.flap_hold {
            Some(hold) => flaps(alert, hold, now),
            None => Fate::Ends,
        }
    }
}

/// Whether an alert says that there is nothing to judge.
fn is_silence(labels: &Labels) -> bool {
    labels.get(NO_DATA).is_some()
}

/// For how long a condition must hold before it fires.
pub(super) fn hold(rule: &AlertRule, alert: &Alert) -> Span {
    match rule.care.no_data {
        NoData::Fire(after) if is_silence(&alert.labels) => after,
        _ => rule.hold,
    }
}

/// What is to be noted of an alert that is found again; whether that changes anything.
pub(super) fn found_again(alert: &mut Alert, now: Time) -> bool {
    let mut changed = false;
    if noted_time(alert, GONE_SINCE).is_some() {
        note_changes(alert, &changes_within(alert, Some(now), now));
    }
    for name in [KEPT_SINCE, MISSING_SINCE, GONE_SINCE] {
        if noted_time(alert, name).is_some() {
            note_time(alert, name, None);
            changed = true;
        }
    }
    changed
}

fn missing(alert: &mut Alert, keep: Span, now: Time) -> Fate {
    let since = noted_time(alert, MISSING_SINCE);
    if now.since(since.unwrap_or(now)) < keep {
        return noted_once(alert, MISSING_SINCE, since, now);
    }
    alert.annotations = alert.annotations.with(ENDED, "its source has been silent for too long");
    Fate::Ends
}

fn noted_once(alert: &mut Alert, name: &str, since: Option<Time>, now: Time) -> Fate {
    if since.is_some() {
        return Fate::Stays(None);
    }
    note_time(alert, name, Some(now));
    Fate::Stays(Some(Transition::Noted(alert.clone())))
}

/// Holds an alert that has begun and ended too often, until it has been quiet for twice as long as it
/// last took to change.
fn flaps(alert: &mut Alert, hold: Span, now: Time) -> Fate {
    let gone = noted_time(alert, GONE_SINCE);
    if gone.is_none() {
        note_changes(alert, &changes_within(alert, Some(now), now));
    }
    let changes = changes_of(alert);
    let since = noted_time(alert, FLAPPING_SINCE);
    if since.is_none() && changes.len() <= FLAP_CHANGES_MAX {
        return Fate::Ends;
    }
    let last = match changes.as_slice() {
        [.., before, last] => last.since(*before),
        _ => Span::ZERO,
    };
    let quiet = Span(last.as_millis().saturating_mul(2));
    if gone.is_some_and(|gone| now.since(gone) >= quiet)
        || since.is_some_and(|since| now.since(since) >= hold)
    {
        note_time(alert, FLAPPING_SINCE, None);
        return Fate::Ends;
    }
    if since.is_none() {
        note_time(alert, FLAPPING_SINCE, Some(now));
        note_time(alert, GONE_SINCE, Some(now));
        // The one thing people are told until it is quiet.
        return Fate::Stays(Some(Transition::Changed(alert.clone())));
    }
    noted_once(alert, GONE_SINCE, gone, now)
}

/// When an alert began and ended lately, with one more time.
fn changes_within(alert: &Alert, more: Option<Time>, now: Time) -> Vec<Time> {
    let mut changes = changes_of(alert);
    changes.extend(more);
    changes.retain(|time| now.since(*time) <= FLAP_WINDOW);
    changes
}

fn ask(around: &Surroundings<'_>, expr: &str) -> Result<Vec<InstantSample>, JudgeError> {
    (around.ask)(expr).map_err(|error| JudgeError::Asking { expr: expr.to_owned(), error })
}

/// What must outlive the end of an alert that may begin again.
pub(super) fn remembers(rule: &AlertRule, alert: &Alert) -> bool {
    rule.care.flap_hold.is_some() && alert.annotations.get(CHANGES).is_some()
}
