//! An objective's account becomes alerts.
//!
//! Four things can be wrong, each one alert over its life: the budget burns too fast, little or nothing is left of it,
//! there is no data, there are no events where there used to be some. Urgency moves within an alert.

use model::{Alert, AlertId, AlertState, Labels, Loudness, Objective, Severity, Span, Time};

use super::{
    account::{Account, Flow, Policy},
    words,
};
use crate::state::{
    ActiveAlerts, ENDED, KEPT_SINCE, Transition, end, keep_notes, note_time, noted_time,
};

/// How long an alert must have no reason any more before it ends or gets less urgent.
const RELEASE: Span = Span::minutes(5);
/// A budget counts as refilled when this much more is left than when the alert began.
const REFILLED: f64 = 0.02;

/// The names of the alerts.
pub(super) const BURNS: &str = "ObjectiveBurnsBudget";
pub(super) const LOW: &str = "ObjectiveBudgetLow";
pub(super) const SILENT: &str = "ObjectiveHasNoData";
pub(super) const IDLE: &str = "ObjectiveHasNoEvents";

/// The source of an objective's alerts.
pub fn source_of(objective: &Objective) -> String {
    format!("objective/{}", objective.name)
}

/// Judges where an objective stands.
pub fn judge_objective(
    objective: &Objective,
    account: &Account,
    active: &mut ActiveAlerts,
    now: Time,
) -> Vec<Transition> {
    let source = source_of(objective);
    let mut standing = active.take(&source);
    let (mut kept, mut transitions) = (Vec::new(), Vec::new());
    for seen in looks(objective, account) {
        let id = AlertId::of(&source, &Labels::from_pairs([("alertname", seen.name)]));
        let found = standing.iter().position(|alert| alert.id == id);
        let transition = match found.map(|at| standing.swap_remove(at)) {
            Some(mut alert) => {
                let transition = go_on((objective, account), &mut alert, &seen, now);
                if !transition.as_ref().is_some_and(Transition::ends) {
                    kept.push(alert);
                }
                transition
            }
            None => seen.rises.map(|loudness| {
                let alert = begin((objective, account), (id, &source), (&seen, loudness), now);
                kept.push(alert.clone());
                Transition::Firing(alert)
            }),
        };
        transitions.extend(transition);
    }
    // Alerts with names of an earlier version.
    for mut alert in standing {
        alert.annotations = alert.annotations.with(ENDED, "it is not judged any more");
        transitions.push(end(alert, now));
    }
    active.put(&source, kept);
    transitions
}

/// What is seen of one of the things that can be wrong.
struct Look {
    name: &'static str,
    /// How urgent it is that it begins, or gets worse.
    rises: Option<Loudness>,
    /// How urgent an alert that stands may stay.
    stays: Option<Loudness>,
    value: f64,
    /// What people are told of it, put together when somebody is.
    texts: fn(&Objective, &Account) -> words::Texts,
}

fn looks(objective: &Objective, account: &Account) -> Vec<Look> {
    let looks = [burning(account), low(account), quiet(account, SILENT), quiet(account, IDLE)];
    let loudest = objective.alerts;
    let soften = |wanted: Option<Loudness>| {
        wanted.map(|loudness| loudness.min(loudest)).filter(|own| *own > Loudness::Silent)
    };
    let soft = |look: Look| Look { rises: soften(look.rises), stays: soften(look.stays), ..look };
    looks.into_iter().map(soft).collect()
}

fn burning(account: &Account) -> Look {
    let stays = account.burns.iter().filter(|burn| burn.goes_on());
    let stays = stays.map(|burn| burn.window.loudness).max();
    let fastest = words::fastest(account);
    Look {
        name: BURNS,
        rises: account.burns_at(),
        stays: stays.max(account.burns_at()),
        value: fastest.rate_long.unwrap_or(0.0),
        texts: words::burning,
    }
}

fn low(account: &Account) -> Look {
    let known = account.events.total > 0.0;
    let rises = (known && account.policy() > Policy::Free).then_some(Loudness::Ticket);
    let again = Account { left: account.left - REFILLED, ..account.clone() };
    let stays = (!known || again.policy() > Policy::Free).then_some(Loudness::Ticket);
    Look { name: LOW, rises, stays, value: account.left, texts: words::low }
}

fn quiet(account: &Account, name: &'static str) -> Look {
    let flow = account.flow;
    let (rises, stays, value) = match (flow, name) {
        (Flow::Silent { .. }, SILENT) => (flow.loudness(), None, 0.0),
        (Flow::Idle { due, .. }, IDLE) => (flow.loudness(), None, due),
        // Whoever says nothing at all does not say that events are back.
        (Flow::Silent { .. }, IDLE) => (None, Some(Loudness::Page), 0.0),
        _ => (None, None, 0.0),
    };
    Look { name, rises, stays, value, texts: words::quiet }
}

fn begin(
    (objective, account): (&Objective, &Account),
    (id, source): (AlertId, &str),
    (seen, loudness): (&Look, Loudness),
    now: Time,
) -> Alert {
    let mut alert = Alert {
        id,
        source: source.to_owned(),
        labels: Labels::empty(),
        annotations: Labels::empty(),
        severity: Severity::Info,
        state: AlertState::Firing,
        told: true,
        active_at: now,
        fired_at: Some(now),
        resolved_at: None,
        seen_at: now,
        value: seen.value,
        evidence: model::Evidence::default(),
    };
    describe((objective, account), &mut alert, seen);
    stand(objective, &mut alert, seen.name, loudness);
    alert
}

fn go_on(
    (objective, account): (&Objective, &Account),
    alert: &mut Alert,
    seen: &Look,
    now: Time,
) -> Option<Transition> {
    let stands = loudness_of(alert);
    let stays = seen.stays.max(seen.rises);
    if seen.rises > Some(stands) {
        describe((objective, account), alert, seen);
        note_time(alert, KEPT_SINCE, None);
        stand(objective, alert, seen.name, seen.rises.unwrap_or(stands));
        alert.seen_at = now;
        alert.value = seen.value;
        return Some(Transition::Changed(alert.clone()));
    }
    if stays >= Some(stands) {
        let policy = policy_of(alert);
        // What it says now may be that there is nothing to say.
        if seen.rises.is_some() {
            describe((objective, account), alert, seen);
            alert.value = seen.value;
        }
        alert.seen_at = now;
        let back = noted_time(alert, KEPT_SINCE).is_some();
        note_time(alert, KEPT_SINCE, None);
        if policy_of(alert) != policy {
            return Some(Transition::Changed(alert.clone()));
        }
        return back.then(|| Transition::Noted(alert.clone()));
    }
    let Some(since) = noted_time(alert, KEPT_SINCE) else {
        note_time(alert, KEPT_SINCE, Some(now));
        return Some(Transition::Noted(alert.clone()));
    };
    if now.since(since) < RELEASE {
        return None;
    }
    describe((objective, account), alert, seen);
    note_time(alert, KEPT_SINCE, None);
    alert.value = seen.value;
    // Less urgent it is only if that begins on its own account.
    match seen.rises {
        None => Some(end(alert.clone(), now)),
        Some(loudness) => {
            stand(objective, alert, seen.name, loudness);
            Some(Transition::Changed(alert.clone()))
        }
    }
}

/// What an alert says of releases, if it does.
fn policy_of(alert: &Alert) -> Option<String> {
    alert.annotations.get(words::POLICY).map(str::to_owned)
}

fn loudness_of(alert: &Alert) -> Loudness {
    match alert.severity {
        Severity::Critical => Loudness::Page,
        Severity::Warning | Severity::Info => Loudness::Ticket,
    }
}

fn stand(objective: &Objective, alert: &mut Alert, name: &str, loudness: Loudness) {
    alert.severity = Severity::from_label(loudness.word());
    let mut labels = Labels::empty().to_builder();
    labels
        .set("alertname", name)
        .set("objective", &*objective.name)
        .set("service", &*objective.service)
        .set("owner", &*objective.owner)
        .set("severity", loudness.word());
    alert.labels = labels.build();
}

fn describe((objective, account): (&Objective, &Account), alert: &mut Alert, seen: &Look) {
    let texts = (seen.texts)(objective, account);
    let texts = texts.iter().map(|(name, text)| (*name, text.as_str()));
    alert.annotations = keep_notes(&alert.annotations, &Labels::from_pairs(texts));
}
