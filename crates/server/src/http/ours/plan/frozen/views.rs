//! Frozen plans as the API shows them.

use std::collections::BTreeMap;

use model::{Span, Time, Unit};
use plan::say_date;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::scenarios::{OutcomeView, SpreadView};

/// Beyond this part of the plan's middle, something has moved away from it even within the drawn tenths.
const DRIFT: f64 = 0.1;

/// Every frozen plan.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct PlanList {
    pub(super) at: i64,
    /// The newest first.
    pub(super) plans: Vec<PlanInShort>,
}

/// A plan in a line.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct PlanInShort {
    name: String,
    /// When it was frozen.
    frozen_at: i64,
    by: String,
    /// The scenario's name.
    scenario: String,
    from: Option<i64>,
    to: Option<i64>,
}

/// A plan beside what happened.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct PlanView {
    name: String,
    frozen_at: i64,
    at: i64,
    by: String,
    note: String,
    /// How it goes, in one sentence.
    text: String,
    /// Business figures beside what was measured.
    drivers: Vec<TrackView>,
    /// Resources beside what was measured.
    resources: Vec<TrackView>,
    /// All that was told when it was frozen.
    outcome: OutcomeView,
    /// The scenario, as it was sent.
    scenario: String,
}

/// Something of a plan beside what was measured.
#[derive(Debug, Serialize, ToSchema)]
struct TrackView {
    name: String,
    /// Whether the scenario says how it is measured (`measured`).
    is_measured: bool,
    /// At the end of each month that has passed.
    months: Vec<TrackMonth>,
    /// What is measured now.
    now: Option<f64>,
    /// How far that is from the plan's middle, as a part of it; the plan of now lies on the way between two months' ends.
    off: Option<f64>,
    /// `as_planned`, `above`, `below`, or `unknown`.
    state: &'static str,
    /// The same in words, with the months that lay outside the plan: «within now; was outside in March».
    text: String,
    /// How much of it is meant to be used.
    line: Option<f64>,
    /// The last day to order more, as it was planned.
    order_by: Option<i64>,
    /// Whether that day has passed.
    order_passed: bool,
}

/// A month of a plan beside what was measured.
#[derive(Debug, Serialize, ToSchema)]
struct TrackMonth {
    end: i64,
    planned: SpreadView,
    seen: Option<f64>,
    /// Whether it lies within what eight of ten draws had.
    within: Option<bool>,
    /// How far it is from the middle, as a part of that.
    off: Option<f64>,
}

/// What was measured, by name: at the ends of months that have passed, and now as the last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) drivers: BTreeMap<String, Vec<Option<f64>>>,
    pub(super) resources: BTreeMap<String, Vec<Option<f64>>>,
}

pub(super) fn in_short(name: &str, at: Time, by: &str, outcome: &OutcomeView) -> PlanInShort {
    PlanInShort {
        name: name.to_owned(),
        frozen_at: at.millis(),
        by: by.to_owned(),
        scenario: outcome.name().to_owned(),
        from: outcome.ends().first().copied(),
        to: outcome.ends().last().copied(),
    }
}

/// Something planned: its name, its months, its line and the day to order more.
type Planned<'a> = (&'a str, Vec<SpreadView>, Option<f64>, Option<i64>);

pub(super) fn plan_view(
    name: &str,
    (frozen, now): (Time, Time),
    outcome: &OutcomeView,
    seen: &Seen,
) -> PlanView {
    let none = Vec::new();
    let track = |planned: Planned<'_>, seen: &BTreeMap<String, Vec<Option<f64>>>| {
        let values = seen.get(planned.0).unwrap_or(&none);
        tracked(planned, outcome.ends(), values, now)
    };
    let drivers: Vec<TrackView> =
        outcome.driver_months().map(|own| track(own, &seen.drivers)).collect();
    let resources: Vec<TrackView> =
        outcome.resource_months().map(|own| track(own, &seen.resources)).collect();
    let text = said(drivers.iter().chain(&resources), now);
    PlanView {
        name: name.to_owned(),
        frozen_at: frozen.millis(),
        at: now.millis(),
        by: String::new(),
        note: String::new(),
        text,
        drivers,
        resources,
        outcome: outcome.clone(),
        scenario: String::new(),
    }
}

impl PlanView {
    pub(super) fn told_by(self, by: String, note: String, scenario: String) -> Self {
        Self { by, note, scenario, ..self }
    }
}

fn tracked(
    (name, planned, line, order_by): Planned<'_>,
    ends: &[i64],
    values: &[Option<f64>],
    now: Time,
) -> TrackView {
    let passed = values.len().saturating_sub(1);
    let months =
        ends.iter().zip(&planned).zip(values).take(passed).map(|((end, planned), seen)| {
            TrackMonth {
                end: *end,
                planned: *planned,
                seen: *seen,
                within: seen.map(|seen| (planned.p10..=planned.p90).contains(&seen)),
                off: seen.and_then(|seen| off(seen, planned.p50)),
            }
        });
    let months: Vec<TrackMonth> = months.collect();
    let last = values.last().copied().flatten();
    let expected = expected(ends, &planned, now);
    let off = last.zip(expected).and_then(|(seen, planned)| off(seen, planned.p50));
    let drifts = off.is_some_and(|off| off.abs() > DRIFT);
    let state = match (last, expected) {
        (Some(seen), Some(planned)) if drifts && seen > planned.p90 => "above",
        (Some(seen), Some(planned)) if drifts && seen < planned.p10 => "below",
        (Some(_), Some(_)) => "as_planned",
        _ => "unknown",
    };
    TrackView {
        name: name.to_owned(),
        is_measured: !values.is_empty(),
        text: in_words((state, off), &outside(&months, now)),
        months,
        now: last,
        off,
        state,
        line,
        order_by,
        order_passed: order_by.is_some_and(|day| day <= now.millis()),
    }
}

/// The months that lay outside the plan: «March and April».
fn outside(months: &[TrackMonth], now: Time) -> String {
    let outside = months.iter().filter(|month| month.within == Some(false));
    // A month ends as the next one begins; its name is that of its last day, without the day.
    let names = outside.map(|month| say_date(Time(month.end) - Span::days(1), now));
    let mut names: Vec<String> = names
        .map(|day| day.split_once(' ').map_or_else(|| day.clone(), |(_, month)| month.to_owned()))
        .collect();
    match (names.pop(), names.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", names.join(", ")),
    }
}

fn in_words((state, off): (&str, Option<f64>), outside: &str) -> String {
    let off = off.map_or_else(String::new, |off| format!("{} ", Unit::Share.say(off.abs())));
    let stands = match state {
        "above" => format!("{off}above the plan"),
        "below" => format!("{off}below the plan"),
        "as_planned" if outside.is_empty() => "as planned".to_owned(),
        "as_planned" => "within now".to_owned(),
        _ => "no value now".to_owned(),
    };
    if outside.is_empty() { stands } else { format!("{stands}; was outside in {outside}") }
}

fn off(seen: f64, planned: f64) -> Option<f64> {
    (planned.abs() > 0.0).then(|| seen / planned - 1.0).filter(|off| off.is_finite())
}

/// What the plan has for now: between the ends of two months as much as the time that has passed.
fn expected(ends: &[i64], planned: &[SpreadView], now: Time) -> Option<SpreadView> {
    let after = ends.iter().position(|end| *end > now.millis())?;
    let next = planned.get(after).copied()?;
    let Some((before, end)) =
        after.checked_sub(1).and_then(|at| Some((*planned.get(at)?, *ends.get(at)?)))
    else {
        return Some(next);
    };
    let width = (ends.get(after)? - end).max(1) as f64;
    let part = ((now.millis() - end) as f64 / width).clamp(0.0, 1.0);
    let between = |a: f64, b: f64| a + part * (b - a);
    Some(SpreadView {
        p10: between(before.p10, next.p10),
        p50: between(before.p50, next.p50),
        p90: between(before.p90, next.p90),
    })
}

fn said<'v>(tracks: impl Iterator<Item = &'v TrackView>, now: Time) -> String {
    let (mut parts, mut measured) = (Vec::new(), 0);
    for own in tracks {
        measured += usize::from(own.now.is_some());
        let was_outside = own.months.iter().any(|month| month.within == Some(false));
        if matches!(own.state, "above" | "below") || was_outside {
            parts.push(format!("{}: {}", own.name, own.text));
        }
        if let (true, Some(day)) = (own.order_passed, own.order_by) {
            parts.push(format!("{} was to be ordered by {}", own.name, say_date(Time(day), now)));
        }
    }
    match (measured, parts.is_empty()) {
        (0, true) => "nothing of it is measured yet".to_owned(),
        (_, true) => "it goes as planned".to_owned(),
        _ => parts.join("; "),
    }
}
