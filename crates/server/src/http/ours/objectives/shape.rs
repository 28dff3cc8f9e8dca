//! Objectives as the API shows them.

use std::{cmp::Reverse, collections::BTreeMap};

use detect::objectives::{
    Account, Burn, CostLabel, Flow, Policy, Tally, left_at, say_period, say_span, say_target,
};
use model::{Indicator, Level, Loudness, Objective, Span, Time, Unit};

use super::{
    super::shape::finite,
    views::{BurnView, CostLabelView, CostView, ObjectiveHistory, ObjectiveView},
};
use crate::state::ObjectiveStanding;

/// A spark shows the last day in this many points.
const SPARK_POINTS: i64 = 48;
const SPARK_STEP: Span = Span::minutes(30);

/// How bad it is, the word for it and a sentence.
struct Said {
    state: &'static str,
    level: Option<Level>,
    text: String,
}

/// An objective as the API shows it.
pub(super) fn objective_view(standing: &ObjectiveStanding, now: Time) -> ObjectiveView {
    let objective = &*standing.objective;
    let account = standing.account.as_ref();
    let Said { state, level, text } = said(objective, account);
    let known = account.filter(|account| account.events.total > 0.0);
    let gone_at = known.and_then(|account| account.gone_at);
    ObjectiveView {
        name: objective.name.clone(),
        title: objective.title.clone(),
        service: objective.service.clone(),
        owner: objective.owner.clone(),
        reason: objective.reason.clone(),
        target: objective.target.value(),
        target_text: say_target(objective.target),
        period: say_period(&objective.period),
        period_from: account.map(|account| account.from.millis()),
        period_ms: account.map(|account| account.period.as_millis()),
        covered_ms: account.map(|account| account.covered.as_millis()),
        state: state.to_owned(),
        level: super::super::shape::level_word(level).to_owned(),
        text,
        policy: known.map(|account| account.policy().word().to_owned()),
        counted_at: account.map(|account| account.at.millis()),
        events: account.map(|account| account.events.total),
        events_bad: account.map(|account| account.events.bad),
        good_share: known.and_then(|account| Some(1.0 - account.events.bad_share()?)),
        budget_left: known.and_then(|account| finite(account.left)),
        budget_left_text: known
            .map_or_else(|| "unknown".to_owned(), |account| Unit::Share.say(account.left)),
        gone_at: gone_at.map(Time::millis),
        gone_text: gone_at.map_or_else(String::new, |gone| match gone.since(now) {
            left if left <= Span::ZERO => "it is gone".to_owned(),
            left => format!("in {}", say_span(left)),
        }),
        burns: account
            .map(|account| account.burns.iter().map(burn_view).collect())
            .unwrap_or_default(),
        alerts: objective.alerts.word().to_owned(),
        spark: spark(objective, &standing.tally.lock(), account),
        spark_from: account.map_or(0, |account| spark_at(account, 0).millis()),
        spark_step: SPARK_STEP.as_millis(),
    }
}

fn spark_at(account: &Account, point: i64) -> Time {
    let back = (SPARK_POINTS - 1 - point).saturating_mul(SPARK_STEP.as_millis());
    account.at - Span::millis(back)
}

fn spark(objective: &Objective, tally: &Tally, account: Option<&Account>) -> Vec<Option<f64>> {
    let Some(account) = account else { return Vec::new() };
    (0..SPARK_POINTS).map(|point| left_at(objective, tally, spark_at(account, point))).collect()
}

fn said(objective: &Objective, account: Option<&Account>) -> Said {
    let level = |loudness: Loudness| {
        Some(match loudness.min(objective.alerts) {
            Loudness::Page => Level::Critical,
            Loudness::Ticket => Level::Warning,
            Loudness::Silent => Level::Notice,
        })
    };
    let say = |state, level, text: &str| Said { state, level, text: text.to_owned() };
    let Some(account) = account else { return say("waiting", None, "Not counted yet.") };
    match account.flow {
        Flow::Silent { .. } => {
            return say(
                "silent",
                level(Loudness::Ticket),
                "There is no data: nobody knows whether it is kept.",
            );
        }
        Flow::Idle { .. } => {
            let urgent = account.flow.loudness().unwrap_or(Loudness::Ticket);
            return say("idle", level(urgent), "No events come where there used to be some.");
        }
        Flow::Waiting => return say("waiting", None, "Nothing is collected that it counts."),
        Flow::Busy if account.events.total <= 0.0 => {
            return say("waiting", None, "There has been no event yet.");
        }
        Flow::Busy => {}
    }
    let left = Unit::Share.say(account.left.max(0.0));
    if let Some(loudness) = account.burns_at() {
        let gone =
            account.gone_at.map(|gone| gone.since(account.at)).filter(|gone| *gone > Span::ZERO);
        let text = match gone {
            Some(gone) => format!("It burns too fast: {left} is left, gone in {}.", say_span(gone)),
            None => format!("It burns too fast: {left} is left."),
        };
        return Said { state: "burning", level: level(loudness), text };
    }
    match account.policy() {
        Policy::Freeze => say("spent", level(Loudness::Ticket), "Nothing is left of its budget."),
        Policy::Warn => {
            let text = format!("{left} of its budget is left.");
            Said { state: "low", level: level(Loudness::Ticket), text }
        }
        Policy::Free => {
            let text = format!("{left} of its budget is left.");
            Said { state: "fine", level: Some(Level::Fine), text }
        }
    }
}

/// Worst first: by level, then by what is left.
pub(super) fn worst_first(views: &mut [ObjectiveView]) {
    let rank = |view: &ObjectiveView| match view.level.as_str() {
        "critical" => 4,
        "warning" => 3,
        "notice" => 2,
        "fine" => 1,
        _ => 0,
    };
    views.sort_by(|left, right| {
        let by_left = |view: &ObjectiveView| view.budget_left.unwrap_or(f64::INFINITY);
        (Reverse(rank(left)))
            .cmp(&Reverse(rank(right)))
            .then(by_left(left).total_cmp(&by_left(right)))
            .then_with(|| left.name.cmp(&right.name))
    });
}

fn burn_view(burn: &Burn) -> BurnView {
    let window = burn.window;
    BurnView {
        severity: window.loudness.word().to_owned(),
        long_ms: window.long.as_millis(),
        short_ms: window.short.as_millis(),
        windows_text: format!("{} and {}", window.long, window.short),
        factor: window.factor,
        rate_long: burn.rate_long.and_then(finite),
        rate_short: burn.rate_short.and_then(finite),
        events: burn.long.total,
        events_bad: burn.long.bad,
        sure: burn.sure,
        too_fast: burn.is_too_fast(),
    }
}

/// What an objective counts: the kind, and the expressions by key.
pub(super) fn exprs(indicator: &Indicator) -> (&'static str, BTreeMap<String, String>) {
    let map = |pairs: &[(&str, &String)]| {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).clone())).collect()
    };
    match indicator {
        Indicator::Good { good, total } => ("good", map(&[("good", good), ("total", total)])),
        Indicator::Bad { bad, total } => ("bad", map(&[("bad", bad), ("total", total)])),
        Indicator::Value { expr, .. } => ("value", map(&[("value", expr)])),
    }
}

/// The past in steps that begin at a moment.
pub(super) fn history(
    standing: &ObjectiveStanding,
    (from, step, count): (Time, Span, i64),
) -> ObjectiveHistory {
    let (objective, tally) = (&*standing.objective, standing.tally.lock());
    let at = |point: i64| from + Span::millis(step.as_millis().saturating_mul(point));
    let mut view = ObjectiveHistory {
        from: from.millis(),
        to: at(count).millis(),
        step: step.as_millis(),
        times: Vec::new(),
        events: Vec::new(),
        events_bad: Vec::new(),
        budget_left: Vec::new(),
    };
    let known = |end: Time| {
        tally.since().is_some_and(|since| since < end) && tally.seen() >= Some(end - step)
    };
    for point in 1..=count {
        let end = at(point);
        let events = known(end).then(|| tally.between(at(point - 1), end));
        view.times.push(end.millis());
        view.events.push(events.map(|events| events.total));
        view.events_bad.push(events.map(|events| events.bad));
        view.budget_left.push(left_at(objective, &tally, end).filter(|_| events.is_some()));
    }
    view
}

/// A label and what its values cost, as the API shows it.
pub(super) fn cost_view(label: CostLabel) -> CostLabelView {
    let values = label.costs.into_iter().map(|cost| CostView {
        value: cost.value,
        bad: cost.bad,
        events: cost.total,
        share_of_bad: cost.share_of_bad,
        share_of_events: cost.share_of_total,
    });
    CostLabelView { label: label.label, values: values.collect() }
}
