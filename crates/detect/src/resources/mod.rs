//! Resources: readings become alerts when they cross a line, and before they will.
//!
//! One alert stands for one reading of one resource, however bad it gets: its severity changes, it
//! does not become another alert. A line counts as crossed after the resource's hold time, and as
//! left when the share has been below it by a margin for a while, so that nothing flaps.

mod ladder;
mod outlook;
mod readings;
mod words;

use std::collections::BTreeMap;

use model::{
    Alert, AlertId, AlertState, Level, Reading, Resource, ResourceId, Severity, Share, Span, Time,
};

use crate::state::{
    ActiveAlerts, ENDED, MISSING_SINCE, Transition, end, keep_notes, note_time, noted_time,
};

pub(crate) use ladder::delay_lines;
use ladder::{Ladder, Rung, Side};
pub use outlook::{Chances, Prospect, judge_outlook};
pub use readings::readings;
pub use words::title;

/// The name of an alert about a reading that is above a line.
const ABOVE_LINE: &str = "ResourceAboveLine";
/// How far below a line, in points of share, a reading must fall before the line counts as left.
const MARGIN: f64 = 0.02;
/// For lines near nought the margin is this part of the line, so that they can be left at all.
const MARGIN_OF_LINE: f64 = 0.1;
/// How long a reading must stay below a line before the line counts as left.
const RELEASE: Span = Span::minutes(1);
/// How long an alert stays when its reading is missing: as long as Prometheus looks back for a sample.
const MISSING_MAX: Span = Span::minutes(5);
/// Labels that we add to those of a reading.
const OWN_LABELS: [&str; 4] = ["alertname", "resource", "severity", "owner"];

/// Judges the readings of a resource: all of them, at one time.
///
/// A reading that is missing, or has no share, keeps its alert for five minutes; the alert then
/// ends and says why. Of a resource that does not alert there is nothing to judge.
pub fn judge_resource(
    resource: &Resource,
    readings: &[Reading],
    active: &mut ActiveAlerts,
    now: Time,
) -> Vec<Transition> {
    let watch = Watch {
        source: format!("resource/{}", resource.name),
        alertname: ABOVE_LINE,
        resource,
        hold: resource.hold,
        release: RELEASE,
        missing_max: MISSING_MAX,
        missing_why: "there has been no reading for",
        now,
    };
    let lines = [
        resource.thresholds.notice(),
        resource.thresholds.warning(),
        resource.thresholds.alert(),
        resource.thresholds.critical(),
    ];
    let mut seen = BTreeMap::new();
    for reading in readings {
        let share = reading.share();
        if share.is_nan() || !resource.alerts {
            continue;
        }
        let level = resource.thresholds.level(share).unwrap_or(Level::Fine);
        seen.insert(
            AlertId::of(&watch.source, &reading.id.labels),
            Observed {
                id: reading.id.clone(),
                sides: lines.map(|line| side(share, line)),
                value: share,
                summary: words::summary(resource, reading),
                description: words::description(resource, level),
            },
        );
    }
    watch.judge(seen, active)
}

/// The reading that an alert of [`judge_resource`] or [`judge_outlook`] is about.
pub fn resource_of(alert: &Alert) -> Option<ResourceId> {
    let (kind, resource) = alert.source.split_once('/')?;
    let ours =
        matches!(kind, "resource" | "forecast") && alert.labels.get("resource") == Some(resource);
    ours.then(|| ResourceId {
        resource: resource.to_owned(),
        labels: alert.labels.without(|name| OWN_LABELS.contains(&name)),
    })
}

fn side(share: f64, line: Share) -> Side {
    let line = line.value();
    let margin = MARGIN.min(line * MARGIN_OF_LINE);
    if share >= line {
        Side::Above
    } else if share >= line - margin {
        Side::Near
    } else {
        Side::Below
    }
}

/// What is seen of one reading now.
struct Observed {
    id: ResourceId,
    sides: [Side; 4],
    value: f64,
    summary: String,
    description: String,
}

/// How the readings of one resource are watched.
struct Watch<'a> {
    source: String,
    alertname: &'static str,
    resource: &'a Resource,
    hold: Span,
    release: Span,
    missing_max: Span,
    missing_why: &'static str,
    now: Time,
}

impl Watch<'_> {
    fn judge(
        &self,
        mut seen: BTreeMap<AlertId, Observed>,
        active: &mut ActiveAlerts,
    ) -> Vec<Transition> {
        let mut transitions = Vec::new();
        let mut kept = Vec::new();
        for mut alert in active.take(&self.source) {
            let transition = match seen.remove(&alert.id) {
                Some(observed) => self.go_on(&mut alert, &observed),
                None => self.miss(&mut alert),
            };
            if !transition.as_ref().is_some_and(Transition::ends) {
                kept.push(alert);
            }
            transitions.extend(transition);
        }
        for (id, observed) in seen {
            if let Some(transition) = self.begin(id, &observed) {
                kept.push(transition.alert().clone());
                transitions.push(transition);
            }
        }
        active.put(&self.source, kept);
        transitions
    }

    /// A reading without an alert: begins one if a line is crossed.
    fn begin(&self, id: AlertId, observed: &Observed) -> Option<Transition> {
        let mut ladder = Ladder::default();
        ladder.step(observed.sides, self.hold, self.release, self.now);
        if ladder.is_off() {
            return None;
        }
        let mut alert = Alert {
            id,
            source: self.source.clone(),
            labels: observed.id.labels.clone(),
            annotations: model::Labels::empty(),
            severity: Severity::Info,
            state: AlertState::Pending,
            told: false,
            active_at: self.now,
            fired_at: None,
            resolved_at: None,
            seen_at: self.now,
            value: observed.value,
            evidence: model::Evidence::default(),
        };
        Self::describe(&mut alert, observed);
        Some(self.climb(&mut alert, &ladder).unwrap_or_else(|| {
            self.stand(&mut alert, ladder.highest_rising());
            ladder.note(&mut alert);
            Transition::Pending(alert)
        }))
    }

    /// A reading with an alert.
    fn go_on(&self, alert: &mut Alert, observed: &Observed) -> Option<Transition> {
        let returned = noted_time(alert, MISSING_SINCE).is_some();
        let before = Ladder::of(alert);
        let mut ladder = before.clone();
        ladder.step(observed.sides, self.hold, self.release, self.now);
        note_time(alert, MISSING_SINCE, None);
        alert.seen_at = self.now;
        alert.value = observed.value;
        Self::describe(alert, observed);
        if ladder.is_off() {
            return Some(end(alert.clone(), self.now));
        }
        if let Some(transition) = self.climb(alert, &ladder) {
            return Some(transition);
        }
        if alert.state == AlertState::Pending {
            self.stand(alert, ladder.highest_rising());
        }
        ladder.note(alert);
        (returned || ladder != before).then(|| Transition::Noted(alert.clone()))
    }

    /// Brings the alert to the highest line that counts as crossed, if that is not where it stands.
    fn climb(&self, alert: &mut Alert, ladder: &Ladder) -> Option<Transition> {
        let rung = ladder.highest_on()?;
        let began = alert.state == AlertState::Pending;
        if !began && rung == Rung::of(alert) {
            return None;
        }
        if began {
            alert.state = AlertState::Firing;
            alert.fired_at = Some(self.now);
        }
        self.stand(alert, rung);
        ladder.note(alert);
        Some(if began {
            Transition::Firing(alert.clone())
        } else {
            Transition::Changed(alert.clone())
        })
    }

    fn stand(&self, alert: &mut Alert, rung: Rung) {
        alert.severity = rung.severity();
        alert.told = rung.told();
        let mut labels = alert.labels.to_builder();
        labels
            .set("alertname", self.alertname)
            .set("resource", self.resource.name.as_str())
            .set("owner", self.resource.owner.as_str())
            .set("severity", alert.severity.word());
        alert.labels = labels.build();
    }

    fn describe(alert: &mut Alert, observed: &Observed) {
        let texts = [("summary", &observed.summary), ("description", &observed.description)];
        let annotations =
            model::Labels::from_pairs(texts.map(|(name, text)| (name, text.as_str())));
        alert.annotations = keep_notes(&alert.annotations, &annotations);
    }

    /// An alert without a reading: stays for a while.
    fn miss(&self, alert: &mut Alert) -> Option<Transition> {
        let Some(since) = noted_time(alert, MISSING_SINCE) else {
            note_time(alert, MISSING_SINCE, Some(self.now));
            return Some(Transition::Noted(alert.clone()));
        };
        if self.now.since(since) < self.missing_max {
            return None;
        }
        let why = format!("{} {}", self.missing_why, self.missing_max);
        alert.annotations = alert.annotations.with(ENDED, &why);
        Some(end(alert.clone(), self.now))
    }
}

#[cfg(test)]
mod tests;
