//! What a scenario knows of how its resources follow their drivers: learnt from data where there is enough of it, general
//! knowledge of the relation where there is not, and which of the two it was.

use std::collections::BTreeMap;

use model::{Relation, Share, Unit};
use stats::median;

use super::{Scenario, ScenarioResource};
use crate::{
    drivers::{Drawn, Form, GUESS, Response},
    line::{CostChange, LimitLine, LimitPast, LineOptions, ServicePast, Unknown, load_line},
};

/// A driver that was measured so many times as large, or as small, lately as the file says it is now is not the same.
const APART: f64 = 3.0;
/// «Lately» is this long.
const LATELY_MS: i64 = 7 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// No use and no figure grows to more than this many times itself: nothing is known of what lies beyond, and a queue that
/// no longer ends has no figure.
pub(super) const TIMES_MAX: f64 = 1_000.0;

/// What is recorded of what a scenario speaks of.
#[derive(Debug, Default)]
pub struct ScenarioPast<'a> {
    /// Milliseconds since 1970, rising.
    pub times: &'a [i64],
    /// By the names of drivers, a value for each time; not a number where nothing is known.
    pub drivers: BTreeMap<String, Vec<f64>>,
    /// The same by the names of resources.
    pub resources: BTreeMap<String, Vec<f64>>,
    /// By the names of resources, the limit of a service's load line that each of them is.
    pub lines: BTreeMap<String, LimitOf<'a>>,
}

/// A limit of a load line.
#[derive(Clone, Copy, Debug)]
pub struct LimitOf<'a> {
    /// The service.
    pub service: &'a str,
    /// Its busy load, which stands for where the driver is at the start.
    pub load_now: f64,
    /// The limit.
    pub limit: &'a LimitLine,
}

/// How it is known how a resource follows.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// It follows nothing.
    Alone,
    /// By general knowledge of its relation.
    General {
        /// Why not from data.
        why: String,
    },
    /// From data.
    Learnt(LearntBasis),
}

/// What was learnt from data.
#[derive(Clone, Debug, PartialEq)]
pub struct LearntBasis {
    /// The service whose load line it is; nothing where the driver itself was recorded.
    pub service: Option<String>,
    /// The curves that may be, with their weights, the heaviest first.
    pub forms: Vec<(Form, f64)>,
    /// From how many points.
    pub points: usize,
    /// How many of those are of load tests.
    pub points_tested: usize,
    /// Between which values of the driver.
    pub seen: (f64, f64),
    /// What part of its ups and downs the driver explains, from 0 to 1.
    pub explained: f64,
    /// The last change of what a unit of the driver costs: what is older does not count.
    pub change: Option<CostChange>,
    /// How many times as much of the driver as was ever seen the scenario comes to, where that is so much that the curve
    /// is a guess there.
    pub beyond: Option<f64>,
}

/// What is known of all resources of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioBasis {
    pub(super) each: Vec<Known>,
}

/// What is known of one.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub basis: Basis,
    pub followed: Option<Followed>,
}

/// A curve with where on it a scenario begins.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub response: Response,
    pub from: f64,
}

/// A curve that was drawn, with where on it a scenario begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawnCurve {
    pub curve: Drawn,
    pub from: f64,
}

impl DrawnCurve {
    /// How many times as much is used where the driver is so many times what it is at the start.
    pub(super) fn times(self, driver: f64) -> f64 {
        let times = self.curve.at(self.from * driver) / self.curve.at(self.from);
        // Nought of nought, and a queue that does not end even now, say nothing: in proportion.
        if times.is_nan() { driver.min(TIMES_MAX) } else { times.clamp(0.0, TIMES_MAX) }
    }
}

impl ScenarioBasis {
    /// General knowledge for all, since nothing is recorded.
    pub fn general(scenario: &Scenario, why: &str) -> Self {
        let each = scenario.resources.iter().map(|own| general(own, why.to_owned()));
        Self { each: each.collect() }
    }

    /// Learns from what is recorded: from a resource beside its driver, else from the load line of a service.
    pub fn learn(scenario: &Scenario, past: &ScenarioPast<'_>) -> Self {
        let mut each: Vec<Known> = Vec::new();
        for resource in &scenario.resources {
            let Some(at) = resource.follows else {
                each.push(Known { basis: Basis::Alone, followed: None });
                continue;
            };
            let recorded = of_recorded(scenario, resource, at, past);
            let known = recorded.or_else(|why| {
                of_line(scenario, resource, at, past).map_err(|also| match also {
                    Some(also) => format!("{why}; {also}"),
                    None => why,
                })
            });
            each.push(known.unwrap_or_else(|why| general(resource, why)));
        }
        Self { each }
    }
}

impl ScenarioBasis {
    /// How much of each driver was seen, or is there at the start if that is more.
    pub(super) fn known_to(&self, scenario: &Scenario) -> Vec<f64> {
        let mut known: Vec<f64> = scenario.drivers.iter().map(|own| own.now).collect();
        for (own, resource) in self.each.iter().zip(&scenario.resources) {
            if let (Basis::Learnt(basis), Some(driver)) = (&own.basis, resource.follows) {
                known[driver] = known[driver].max(basis.seen.1);
            }
        }
        known
    }
}

fn general(resource: &ScenarioResource, why: String) -> Known {
    let alone = resource.follows.is_none();
    let basis = if alone { Basis::Alone } else { Basis::General { why } };
    Known { basis, followed: None }
}

/// From the resource beside its driver, as the load line of a service is learnt from use beside load.
fn of_recorded(
    scenario: &Scenario,
    resource: &ScenarioResource,
    at: usize,
    past: &ScenarioPast<'_>,
) -> Result<Known, String> {
    let driver = &scenario.drivers[at];
    let of = |all: &'_ BTreeMap<String, Vec<f64>>, name: &str| -> Result<Vec<f64>, String> {
        let found = all.get(name).filter(|own| own.iter().any(|value| value.is_finite()));
        found.cloned().ok_or_else(|| format!("nothing is recorded of `{name}`"))
    };
    let (load, used) = (of(&past.drivers, &driver.name)?, of(&past.resources, &resource.name)?);
    let newest = past.times.last().copied().unwrap_or(0);
    let from = past.times.partition_point(|time| *time < newest - LATELY_MS);
    let lately: Vec<f64> =
        load.iter().skip(from).copied().filter(|value| value.is_finite()).collect();
    let lately = if lately.is_empty() { median_of(&load) } else { median(&lately) };
    if !(driver.now / APART..=driver.now * APART).contains(&lately) {
        let say = |value: f64| Unit::Count.say(value);
        return Err(format!(
            "`{}` is {} in the file and {} in the data, which looks like different units",
            driver.name,
            say(driver.now),
            say(lately)
        ));
    }
    let (times, load, used) = by_day(past.times, load, used);
    // A figure that grows by a part of itself does so in time, and not with its driver.
    let relation = match resource.relation {
        Relation::Piled => Relation::Unknown,
        own => own,
    };
    let declared = model::ServiceLimit {
        name: resource.name.clone(),
        title: resource.title.clone(),
        used: String::new(),
        limit: String::new(),
        unit: resource.unit,
        target: resource.target,
        relation,
        each_replica: false,
        copies: None,
        steps: Vec::new(),
    };
    let limit = LimitPast {
        declared: &declared,
        used: &used,
        limit: resource.limit,
        copies: None,
        tested: &[],
    };
    let service = ServicePast {
        times: &times,
        load: &load,
        replicas: None,
        zones: None,
        limits: vec![limit],
        tested: &[],
        deployments: &[],
        zone: None,
        currency: "",
    };
    let confidence = Share::new(0.9).unwrap_or(resource.target);
    let line = load_line(&service, LineOptions { confidence, seed: scenario.seed });
    let own = line.limits.first().ok_or_else(|| "nothing was learnt".to_owned())?;
    known_of(own, None, driver.now, 1.0).map_err(|why| said(&why, &driver.name))
}

/// From the limit of a service's load line, whose load is taken to be in proportion to the driver.
fn of_line(
    scenario: &Scenario,
    resource: &ScenarioResource,
    at: usize,
    past: &ScenarioPast<'_>,
) -> Result<Known, Option<String>> {
    let own = past.lines.get(&resource.name).ok_or(None)?;
    if !(own.load_now.is_finite() && own.load_now > 0.0) {
        return Err(Some(format!("the load of `{}` is not known", own.service)));
    }
    let driver = scenario.drivers[at].now;
    known_of(own.limit, Some(own.service), own.load_now, driver / own.load_now)
        .map_err(|why| Some(said(&why, &format!("the load of {}", own.service))))
}

/// Why a curve cannot be told, with the name of the driver in place of «load».
fn said(why: &Unknown, driver: &str) -> String {
    match why {
        Unknown::Elsewhere { percent } => {
            format!("{driver} explains only {percent:.0} % of its use")
        }
        Unknown::Stuck { days } => {
            format!("{driver} has not moved for {days:.0} days, as if its meter had stopped")
        }
        other => other.to_string(),
    }
}

/// What a limit of a line knows; `from` is where on its curve the scenario begins, and `scale` turns its load into the
/// driver.
fn known_of(
    limit: &LimitLine,
    service: Option<&str>,
    from: f64,
    scale: f64,
) -> Result<Known, Unknown> {
    let known = limit.known.as_ref().map_err(Clone::clone)?;
    let response = known.response.clone();
    let basis = LearntBasis {
        service: service.map(str::to_owned),
        forms: response.curves.iter().map(|(curve, weight)| (curve.form, *weight)).collect(),
        points: response.points,
        points_tested: known.points_tested.len(),
        seen: (response.seen.0 * scale, response.seen.1 * scale),
        explained: response.explained,
        change: known.change.clone(),
        beyond: None,
    };
    Ok(Known { basis: Basis::Learnt(basis), followed: Some(Followed { response, from }) })
}

/// Figures that are told by the day or the month stand beside the mean of each day: use goes up and down by the hour,
/// which they know nothing of.
fn by_day(times: &[i64], load: Vec<f64>, used: Vec<f64>) -> (Vec<i64>, Vec<f64>, Vec<f64>) {
    let known: Vec<f64> = load.iter().copied().filter(|value| value.is_finite()).collect();
    let moves = known.windows(2).filter(|pair| (pair[0] - pair[1]).abs() > 0.0).count();
    let days = match (times.first(), times.last()) {
        (Some(first), Some(last)) => usize::try_from((last - first) / DAY_MS).unwrap_or(0),
        _ => 0,
    };
    let is_daily = times.len() <= days + 1;
    if is_daily || moves > days.max(1) {
        return (times.to_vec(), load, used);
    }
    let mut all: BTreeMap<i64, [(f64, f64); 2]> = BTreeMap::new();
    for (at, time) in times.iter().enumerate() {
        let day = all.entry(time.div_euclid(DAY_MS)).or_default();
        for (sum, value) in day.iter_mut().zip([&load, &used]) {
            if let Some(value) = value.get(at).filter(|value| value.is_finite()) {
                *sum = (sum.0 + value, sum.1 + 1.0);
            }
        }
    }
    let of = |place: usize| all.values().map(|day| day[place].0 / day[place].1).collect();
    (all.keys().map(|day| day * DAY_MS).collect(), of(0), of(1))
}

fn median_of(values: &[f64]) -> f64 {
    median(&values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<_>>())
}

impl Basis {
    /// Where it comes from, in a word or two: `measured`, `load line`, `general` or `alone`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::General { .. } => "general",
            Self::Learnt(LearntBasis { service: None, .. }) => "measured",
            Self::Learnt(_) => "load line",
        }
    }

    /// Marks a curve as a guess where the driver comes to `most`.
    pub(super) fn reaching(&mut self, most: f64) {
        if let Self::Learnt(own) = self {
            let times = most / own.seen.1;
            own.beyond = (times > GUESS).then_some(times);
        }
    }

    /// All of it in words: what was learnt from what, or what is assumed and why.
    pub fn say(&self, relation: Relation, driver: &str) -> String {
        match self {
            Self::Alone => "follows nothing, grows by itself".to_owned(),
            Self::General { why } => {
                let assumed = match relation {
                    Relation::Held => "as the driver to the power of 0.65 to 1.1",
                    Relation::Cached => "by 20 to 60 % of itself as the driver grows e-fold",
                    _ => "in proportion, but for a base of at most 20 %",
                };
                format!("assumed: {assumed}, since {why}")
            }
            Self::Learnt(own) => own.say(driver),
        }
    }
}

impl LearntBasis {
    fn say(&self, driver: &str) -> String {
        let percent = |share: f64| Unit::Share.say(share);
        let forms: Vec<String> = self
            .forms
            .iter()
            .map(|(form, weight)| format!("{} {}", form.word(), percent(*weight)))
            .collect();
        let source = match &self.service {
            None => "measured".to_owned(),
            Some(service) => format!(
                "from the load line of {service}, whose load is taken to grow as {driver} does"
            ),
        };
        let mut parts = vec![format!(
            "{source}: {} ({} points, {driver} between {} and {}; explains {})",
            forms.join(", "),
            self.points,
            Unit::Count.say(self.seen.0),
            Unit::Count.say(self.seen.1),
            percent(self.explained)
        )];
        if self.points_tested > 0 {
            parts.push(format!("{} of them from load tests", self.points_tested));
        }
        if let Some(change) = &self.change {
            parts.push(format!(
                "what is older than its last change ({:+.0} %) does not count",
                100.0 * (change.times - 1.0)
            ));
        }
        if let Some(times) = self.beyond {
            parts.push(format!(
                "{driver} comes to {times:.1} times what was seen, where this is a guess"
            ));
        }
        parts.join("; ")
    }
}
