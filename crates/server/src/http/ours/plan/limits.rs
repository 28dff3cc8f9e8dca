//! The limits of a service as the API shows them.

use model::{Resource, ServiceLimit, Time};
use plan::{Announced, KnownLimit, LimitLine};
use serde::Serialize;
use utoipa::ToSchema;

use super::views::{RangeView, range_view};

/// How many points of a curve are drawn.
const CURVE_POINTS: usize = 40;

/// One limit of a service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ServiceLimitView {
    /// Its name.
    name: String,
    /// What people call it.
    title: String,
    /// The declared resource that has the same use, where there is one.
    resource: Option<String>,
    /// PromQL for its use.
    used_expr: String,
    /// PromQL for how much there is.
    limit_expr: String,
    /// How much there is.
    limit: Option<f64>,
    /// The share of it that is meant to be used.
    target: f64,
    /// What both count.
    unit: String,
    /// Why nothing can be told of it, where nothing can.
    why_not: Option<String>,
    /// The load at which its target is reached.
    line: Option<RangeView>,
    /// How likely it is the first to bind, from 0 to 1.
    first: f64,
    /// Whether the line lies far beyond any load that was seen.
    guess: bool,
    /// The curve with the most weight.
    form: Option<String>,
    /// What part of its ups and downs load explains.
    explained: Option<f64>,
    /// The last change of what load costs.
    cost_change: Option<CostChangeView>,
    /// Load and use, from nought to a little beyond the line.
    curve: Vec<[f64; 2]>,
    /// What it was learnt from, thinned: load and use.
    points: Vec<[f64; 2]>,
    /// Points of a load test that count beside them, all of the test in `tested_by`: load and use.
    points_tested: Vec<[f64; 2]>,
    /// How many times as much use a load test showed, where its points therefore do not count: it was of another system, or
    /// is in another unit.
    tested_apart: Option<f64>,
    /// Which load test that was, whether its points count or not.
    tested_by: Option<TestedByView>,
    /// What a load test says that a release takes for each request, where production has not shown it yet.
    announced: Option<AnnouncedView>,
    /// The releases before that one of which production has not shown either what they take, the first to come out first,
    /// each beside the one before it: the line counts with all of them that are out.
    announced_before: Vec<AnnouncedView>,
}

/// The load test that points are of.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct TestedByView {
    /// When it ended.
    at: i64,
    /// Its id, as `/services/{name}/tests` lists it; that of the run or gate it was, where the sender said.
    run: Option<String>,
    /// The release that was tested, if anybody said.
    release: Option<String>,
}

/// What a release takes beside the one before it.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct AnnouncedView {
    /// When it was tested.
    at: i64,
    /// The release, if anybody said.
    release: Option<String>,
    /// How many times as much each request takes.
    times: f64,
    /// Between which values that lies, 19 times of 20.
    between: [f64; 2],
    /// When the release came out, from when on the line counts with it; nothing where it has not, as far as is known.
    since: Option<i64>,
}

/// From some moment on the same load takes more.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct CostChangeView {
    /// Since when.
    since: i64,
    /// How many times as much.
    times: f64,
    /// What was done then.
    cause: Option<String>,
    /// Whether a load test told of it, and production has been too short since to show it.
    tested: bool,
}

pub(super) fn limit_view(
    limit: &LimitLine,
    declared: Option<&ServiceLimit>,
    resources: &[Resource],
    load_seen: f64,
) -> ServiceLimitView {
    let known = limit.known.as_ref().ok();
    let announced = known.map_or(&[][..], |known| &known.announced);
    let mut announced: Vec<AnnouncedView> = announced.iter().map(announced_view).collect();
    let used_expr = declared.map_or_else(String::new, |own| own.used.clone());
    let resource = resources.iter().find(|own| own.used == used_expr);
    ServiceLimitView {
        name: limit.name.clone(),
        title: limit.title.clone(),
        resource: resource.map(|own| own.name.clone()),
        used_expr,
        limit_expr: declared.map_or_else(String::new, |own| own.limit.clone()),
        limit: Some(limit.limit).filter(|limit| limit.is_finite()),
        target: limit.target.value(),
        unit: limit.unit.word().to_owned(),
        why_not: limit.known.as_ref().err().map(ToString::to_string),
        line: known.and_then(|known| known.line.as_ref()).map(range_view),
        first: known.map_or(0.0, |known| known.first),
        guess: known.is_some_and(|known| known.guess),
        form: known.map(|known| known.response.form().word().to_owned()),
        explained: known.map(|known| known.response.explained),
        cost_change: known.and_then(|known| known.change.as_ref()).map(|change| CostChangeView {
            since: change.since.millis(),
            times: change.times,
            cause: change.cause.clone(),
            tested: change.tested,
        }),
        curve: known.map_or_else(Vec::new, |known| curve(known, load_seen)),
        points: known.map_or_else(Vec::new, |known| pairs(&known.points)),
        points_tested: known.map_or_else(Vec::new, |known| pairs(&known.points_tested)),
        tested_apart: known.and_then(|known| known.tested_apart),
        tested_by: known.and_then(|known| known.tested_by.as_ref()).map(|by| TestedByView {
            at: by.at.millis(),
            run: by.run.clone(),
            release: by.release.clone(),
        }),
        announced: announced.pop(),
        announced_before: announced,
    }
}

fn announced_view(own: &Announced) -> AnnouncedView {
    AnnouncedView {
        at: own.at.millis(),
        release: own.release.clone(),
        times: own.cost.times,
        between: [own.cost.between.0, own.cost.between.1],
        since: own.since.map(Time::millis),
    }
}

fn pairs(points: &[(f64, f64)]) -> Vec<[f64; 2]> {
    points.iter().map(|(load, used)| [*load, *used]).collect()
}

fn curve(known: &KnownLimit, load_seen: f64) -> Vec<[f64; 2]> {
    let far = known.line.filter(|_| !known.guess).map_or(load_seen, |line| line.mid);
    let width = 1.1 * far.max(load_seen) / CURVE_POINTS as f64;
    let points = (1..=CURVE_POINTS).map(|at| {
        let load = at as f64 * width;
        [load, known.response.at(load)]
    });
    points.filter(|point| point[1].is_finite()).collect()
}
