//! Load lines as the API shows them.

use model::{DateRange, Outlook, Resource, Service, Time};
use plan::{LineDates, Lost, Range, Tested, Without, say};
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::{ServiceLimitView, limit_view};
use crate::state::ToldLine;

/// Every service.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct ServiceList {
    /// When this was put together.
    pub(super) at: i64,
    /// The one whose line is reached first in front.
    pub(super) services: Vec<ServiceView>,
}

/// How much load a service carries.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ServiceView {
    /// Its name.
    name: String,
    /// What people call it.
    title: String,
    /// Who looks after it.
    owner: String,
    /// All of it in one sentence.
    text: String,
    /// PromQL for the load.
    load_expr: String,
    /// What the load counts.
    load_unit: String,
    /// The load that was exceeded a twentieth of the newest seven days.
    load_now: Option<f64>,
    /// The most that was seen.
    load_seen: f64,
    /// The load at which the first limit's target is reached; nothing where no line can be told.
    pub(super) line: Option<RangeView>,
    /// What part of the line the load is now.
    share: Option<f64>,
    /// The limit that binds first.
    binds: Option<String>,
    /// When the line is reached; nothing where there is none.
    dates: Option<ServiceDatesView>,
    /// The cheapest step that moves the line.
    next: Option<NextStepView>,
    /// Whether the rest carries the load when one instance is gone.
    without_one: Option<WithoutOneView>,
    /// The same for one instance, one zone and one copy of each limit that has some, of what is known.
    without: Vec<WithoutView>,
    /// What the newest load test of what runs bore.
    tested: Option<TestedView>,
    /// The newest load test, if it is of a release that is not out as far as is known: the line leaves it aside.
    tested_ahead: Option<TestedView>,
    /// The limits, the first to bind first.
    limits: Vec<ServiceLimitView>,
}

/// A value with its interval of 90 %.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RangeView {
    /// The lower end.
    low: f64,
    /// The middle.
    mid: f64,
    /// The upper end; nothing where there is none.
    high: Option<f64>,
}

/// When a line is reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ServiceDatesView {
    /// As the load goes on by itself.
    by_itself: ReachedView,
    /// If a launch happens, each for itself.
    launches: Vec<LaunchView>,
    /// How likely it is reached before the horizon ends, from 0 to 1.
    chance: Option<f64>,
    /// No date lies further ahead.
    horizon: Option<i64>,
}

/// Dates with 90 %.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ReachedView {
    /// In words.
    text: String,
    /// The earliest.
    earliest: Option<i64>,
    /// As likely before as after.
    likely: Option<i64>,
    /// The latest.
    latest: Option<i64>,
}

/// What a launch does to the date.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct LaunchView {
    /// What people call it.
    name: String,
    /// From when on.
    at: i64,
    /// By what part of itself the load rises.
    raises: f64,
    /// When the line is reached then.
    reached: ReachedView,
}

/// The cheapest step.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct NextStepView {
    /// The limit it moves.
    limit: String,
    /// What is done.
    title: String,
    /// What it costs a month.
    cost_month: f64,
    /// What that money is called, as the price list says; nothing where no money is told or the list does not say.
    currency: Option<String>,
    /// By what part the line moves.
    gain: f64,
    /// Where the line lies then.
    line: f64,
}

/// One instance less.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct WithoutOneView {
    /// How many there are.
    replicas: f64,
    /// What the others carry.
    line: f64,
    /// Whether that is enough for the load as it is now.
    carries: bool,
}

/// One less of something.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct WithoutView {
    /// `instance`, `zone` or `copy`.
    lost: String,
    /// Of which limit it is a copy.
    of: Option<String>,
    /// How many there are.
    count: f64,
    /// What the others carry; nought where there are no others.
    line: f64,
    /// Whether that is enough for the load as it is now.
    carries: bool,
}

/// A load test.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct TestedView {
    at: i64,
    name: String,
    /// Its id, as `/services/{name}/tests` lists it.
    run: Option<String>,
    /// The release that was tested, if anybody said.
    release: Option<String>,
    /// The highest load it bore within its objectives.
    holds: Option<f64>,
    /// The least at which one broke.
    breaks: Option<f64>,
    /// Which that was.
    limit: Option<String>,
    /// Whether the line comes from it and not from a limit.
    binds: bool,
    /// Whether what load costs has changed since.
    stale: bool,
    /// Its steps: load, answered well a second, median and 95 % in seconds (nothing where nothing was answered).
    steps: Vec<TestedStepView>,
}

/// A load that was tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct TestedStepView {
    load: f64,
    good: f64,
    p50: Option<f64>,
    p95: Option<f64>,
    held: bool,
}

impl ServiceView {
    /// The earliest date, for sorting; far away where there is none.
    pub(super) fn urgency(&self) -> i64 {
        let dates = self.dates.as_ref().map(|dates| &dates.by_itself);
        dates.and_then(|dates| dates.earliest.or(dates.likely)).unwrap_or(i64::MAX)
    }

    /// How full it is, as a whole number for sorting.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes the nearest whole number that fits"
    )]
    pub(super) fn share_millionths(&self) -> u64 {
        (self.share.unwrap_or(0.0) * 1e6) as u64
    }
}

pub(super) fn service_view(
    service: &Service,
    resources: &[Resource],
    told: &ToldLine,
) -> ServiceView {
    let ToldLine { at: now, line, dates, text } = told;
    ServiceView {
        name: service.name.clone(),
        title: service.title.clone(),
        owner: service.owner.clone(),
        text: text.clone(),
        load_expr: service.load.clone(),
        load_unit: service.load_unit.word().to_owned(),
        load_now: Some(line.load_now).filter(|load| load.is_finite()),
        load_seen: line.load_seen,
        line: line.line.as_ref().map(range_view),
        share: line.share_now().filter(|share| share.is_finite()),
        binds: line.binds().map(|limit| limit.name.clone()),
        dates: dates.as_ref().map(|dates| dates_view(dates, *now)),
        next: line.next.as_ref().map(|next| NextStepView {
            limit: next.limit.clone(),
            title: next.step.title.clone(),
            cost_month: next.step.cost_month,
            currency: Some(next.currency.clone()).filter(|own| !own.is_empty()),
            gain: next.gain,
            line: next.line,
        }),
        without_one: line.without_instance().filter(|own| own.count >= 2.0).map(|without| {
            WithoutOneView { replicas: without.count, line: without.line, carries: without.carries }
        }),
        without: line.without.iter().map(without_view).collect(),
        tested: line.tested.as_ref().map(|own| tested_view(own, (line.by_test, line.tested_stale))),
        tested_ahead: line.tested_ahead.as_ref().map(|own| tested_view(own, (false, false))),
        limits: line
            .limits
            .iter()
            .map(|limit| {
                let declared = service.limits.iter().find(|own| own.name == limit.name);
                limit_view(limit, declared, resources, line.load_seen)
            })
            .collect(),
    }
}

fn without_view(own: &Without) -> WithoutView {
    WithoutView {
        lost: own.lost.word().to_owned(),
        of: match &own.lost {
            Lost::Copy(of) => Some(of.clone()),
            _ => None,
        },
        count: own.count,
        line: own.line,
        carries: own.carries,
    }
}

/// `binds` and `stale` say whether the line comes from it, and whether it says nothing any more.
fn tested_view(tested: &Tested, (binds, stale): (bool, bool)) -> TestedView {
    let finite = |value: f64| value.is_finite().then_some(value);
    let steps = tested.steps.iter().map(|step| TestedStepView {
        load: step.load,
        good: step.good,
        p50: finite(step.seconds[0]),
        p95: finite(step.seconds[1]),
        held: step.held,
    });
    TestedView {
        at: tested.at.millis(),
        name: tested.name.clone(),
        run: tested.run.clone(),
        release: tested.release.clone(),
        holds: tested.holds,
        breaks: tested.breaks,
        limit: tested.limit.clone(),
        binds,
        stale,
        steps: steps.collect(),
    }
}

pub(super) fn range_view(range: &Range) -> RangeView {
    RangeView {
        low: range.low,
        mid: range.mid,
        high: Some(range.high).filter(|high| high.is_finite()),
    }
}

fn dates_view(dates: &LineDates, now: Time) -> ServiceDatesView {
    let launches = dates.with.iter().map(|(launch, outlook)| LaunchView {
        name: launch.name.clone(),
        at: launch.at.millis(),
        raises: launch.raises,
        reached: reached_view(outlook, now),
    });
    ServiceDatesView {
        by_itself: reached_view(&dates.outlook, now),
        launches: launches.collect(),
        chance: dates.chance,
        horizon: dates.horizon.map(Time::millis),
    }
}

fn reached_view(outlook: &Outlook, now: Time) -> ReachedView {
    let range = match *outlook {
        Outlook::Expected(range) => Some(range),
        Outlook::Now => Some(DateRange { earliest: now, likely: Some(now), latest: Some(now) }),
        _ => None,
    };
    ReachedView {
        text: say(outlook, "90 %", now),
        earliest: range.map(|range| range.earliest.millis()),
        likely: range.and_then(|range| range.likely).map(Time::millis),
        latest: range.and_then(|range| range.latest).map(Time::millis),
    }
}
