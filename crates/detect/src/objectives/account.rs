//! Where an objective stands: what is left of its budget, how fast it burns, and whether there is anything to count.

use model::{Loudness, Objective, Span, Time};

use super::{
    burn::{Burn, windows},
    period::period_at,
    tally::{Count, Tally},
};

/// The first window of the table says how fast it burns now.
const PACE_LONG: Span = Span::hours(1);
/// So long without any data is too long: scrapes may fail for a while, and a minute is asked for after its end.
const SILENT_AFTER: Span = Span::minutes(10);
/// So long without an event may be a sign that requests do not arrive any more.
const IDLE_AFTER: Span = Span::minutes(5);
/// So many events must have been due in that time: that ten that come by chance all stay away happens once in twenty
/// thousand times.
const DUE_MIN: f64 = 10.0;
/// The same where less than a day is known, and nobody knows what the night is like.
const DUE_MIN_YOUNG: f64 = 100.0;
/// So many that stay away are worth a call.
const DUE_PAGE: f64 = 100.0;
/// The share of the budget that is left when releases are warned.
const LOW: f64 = 0.25;

/// What the budget says of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// More than a quarter is left.
    Free,
    /// A quarter or less is left: release with care.
    Warn,
    /// Nothing is left: release only what makes it better.
    Freeze,
}

impl Policy {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Warn => "warn",
            Self::Freeze => "freeze",
        }
    }
}

/// Whether there is anything to count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flow {
    /// Events come.
    Busy,
    /// There has never been any data, and there need not be.
    Waiting,
    /// Nothing was said of events for a while.
    Silent {
        /// Since when; nothing if there has never been any.
        since: Option<Time>,
    },
    /// Counters are there and none rises, where events were due.
    Idle {
        /// Since when.
        since: Time,
        /// How many were due since then.
        due: f64,
    },
}

/// Where an objective stands at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// When.
    pub at: Time,
    /// When the period began.
    pub from: Time,
    /// How long it is.
    pub period: Span,
    /// The part of it of which something is known.
    pub covered: Span,
    /// The events of the period.
    pub events: Count,
    /// The part of the period's budget that is left: 1 for all of it, below nought when more than all is spent.
    pub left: f64,
    /// How fast it burns over each pair of windows, the most urgent first.
    pub burns: [Burn; 4],
    /// When nothing is left at the pace of the last hour; nothing if it does not burn.
    pub gone_at: Option<Time>,
    /// Whether there is anything to count.
    pub flow: Flow,
}

impl Account {
    /// What is known of an objective at the end of a minute. It has been watched since a moment; what was before is
    /// known only from what was recorded.
    pub fn of(objective: &Objective, tally: &Tally, watched: Time, now: Time) -> Self {
        let budget = objective.budget();
        let (from, period) = period_at(&objective.period, now);
        let known = tally.since().map_or(now, |since| since.max(from));
        let covered = now.since(known).max(Span::ZERO);
        let events = tally.between(from, now);
        let left = left(events, budget, covered, period);
        let burns = windows(period, budget).map(|window| {
            let (long, short) = (tally.last(window.long, now), tally.last(window.short, now));
            Burn::of(window, budget, long, short)
        });
        let pace = tally.last(PACE_LONG, now).bad_share().map_or(0.0, |share| share / budget);
        Self {
            at: now,
            from,
            period,
            covered,
            events,
            left,
            burns,
            gone_at: gone_at(left, pace, period, now),
            flow: flow(objective, tally, watched, now),
        }
    }

    /// What the budget says of releases.
    pub fn policy(&self) -> Policy {
        match self.left {
            left if left <= 0.0 => Policy::Freeze,
            left if left <= LOW => Policy::Warn,
            _ => Policy::Free,
        }
    }

    /// How urgent it is that the budget burns, if it does.
    pub fn burns_at(&self) -> Option<Loudness> {
        self.burns.iter().filter(|burn| burn.is_too_fast()).map(|burn| burn.window.loudness).max()
    }
}

/// The part of the period's budget that is left. What is known of a part of the period counts for that part: an error
/// in the first minute of a month does not spend the month's budget.
fn left(events: Count, budget: f64, covered: Span, period: Span) -> f64 {
    let share = events.bad_share().unwrap_or(0.0);
    let part = (covered.as_secs() / period.as_secs().max(1.0)).min(1.0);
    1.0 - share / budget * part
}

/// The part of the budget that was left at a moment of the past; nothing where nothing was known.
pub fn left_at(objective: &Objective, tally: &Tally, at: Time) -> Option<f64> {
    let (from, period) = period_at(&objective.period, at);
    let known = tally.since()?.max(from);
    let events = tally.between(from, at);
    (at > known && events.total > 0.0)
        .then(|| left(events, objective.budget(), at.since(known), period))
}

fn gone_at(left: f64, pace: f64, period: Span, now: Time) -> Option<Time> {
    if left <= 0.0 {
        return Some(now);
    }
    if pace <= 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "beyond any date, the cast ends at the last one"
    )]
    let millis = (period.as_millis() as f64 * left / pace) as i64;
    Some(now + Span::millis(millis))
}

fn flow(objective: &Objective, tally: &Tally, watched: Time, now: Time) -> Flow {
    let Some(seen) = tally.seen() else {
        let patient = now.since(watched) < SILENT_AFTER;
        return if patient || !objective.needed {
            Flow::Waiting
        } else {
            Flow::Silent { since: None }
        };
    };
    // While nobody looked, nothing could be seen.
    if now.since(seen.max(watched)) >= SILENT_AFTER {
        return Flow::Silent { since: Some(seen) };
    }
    let Some(since) = tally.busy().filter(|busy| seen.since(*busy) >= IDLE_AFTER) else {
        return Flow::Busy;
    };
    let young = tally.since().is_none_or(|first| since.since(first) < Span::days(1));
    let due = rate_before(tally, since, seen) * seen.since(since).as_secs();
    if due >= if young { DUE_MIN_YOUNG } else { DUE_MIN } {
        Flow::Idle { since, due }
    } else {
        Flow::Busy
    }
}

/// How many events a second were usual before they stayed away: the least of the last hour, the last day, and what
/// followed at this time of yesterday and a week ago, where that is known.
fn rate_before(tally: &Tally, since: Time, now: Time) -> f64 {
    let Some(first) = tally.since() else { return 0.0 };
    let rate = |from: Time, to: Time| {
        let known = to.since(from).as_secs();
        (from >= first && known > 0.0).then(|| tally.between(from, to).total / known)
    };
    // Yesterday it may have been half an hour earlier or later.
    let yesterday = |minutes: i64| {
        let ago = Span::minutes(24 * 60 - minutes);
        rate(since - ago, now - ago)
    };
    // Minutes of a week ago are not kept: the hours around them stand for them.
    let hour = Span::hours(1).as_millis();
    let before = |at: Time| Time((at - Span::days(7)).millis().div_euclid(hour) * hour);
    let last_week = rate(before(since), before(now) + Span::hours(1));
    let day = since.since(first).min(Span::days(1));
    let least = [rate(since - Span::hours(1), since), rate(since - day, since), last_week]
        .into_iter()
        .chain([-30, 0, 30].map(yesterday))
        .flatten()
        .min_by(f64::total_cmp);
    least.unwrap_or_default()
}

impl Flow {
    /// How urgent it is, at most.
    pub fn loudness(&self) -> Option<Loudness> {
        match self {
            Self::Busy | Self::Waiting => None,
            Self::Idle { due, .. } if *due >= DUE_PAGE => Some(Loudness::Page),
            Self::Silent { .. } | Self::Idle { .. } => Some(Loudness::Ticket),
        }
    }
}
