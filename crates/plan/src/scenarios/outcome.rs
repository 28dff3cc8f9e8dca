//! What the draws of a scenario say together: demand, gap and cost by the month, order-by dates, and what sways it most.

use model::{Time, Unit};
use stats::{mean, quantile};

use super::{
    Basis, Scenario, ScenarioBasis, ScenarioResource, Triangle, basis::TIMES_MAX, month_begins,
    run::Drawn,
};
use crate::{
    benefit::{Benefit, summed},
    drivers::{GUESS, OTHER_EVERY},
};

/// From this chance of being above its line on, a resource is to be ordered in time.
const ORDER_CHANCE: f64 = 0.1;
/// What comes so near to its bound has reached it: noise is drawn around it.
const REACHES_BOUND: f64 = 0.95;
/// Bars of the tornado with less weight are noise.
const SHARE_MIN: f64 = 0.005;

/// The middle and the ends of what was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A tenth of the draws lies below.
    pub p10: f64,
    /// The middle.
    pub p50: f64,
    /// A tenth of the draws lies above.
    pub p90: f64,
}

/// One resource at the end of one month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Month {
    /// How much is used.
    pub demand: Spread,
    /// How much is missing to stay within the target; nought where nothing is.
    pub gap_p50: f64,
    /// The same where use is as high as in the highest tenth.
    pub gap_p90: f64,
    /// How likely its target is exceeded, from 0 to 1.
    pub chance: f64,
}

/// One resource over all months.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceOutcome {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it counts.
    pub unit: Unit,
    /// How much of it is meant to be used.
    pub line: f64,
    /// Whether more than that is used already at the start.
    pub already: bool,
    /// Month by month.
    pub months: Vec<Month>,
    /// The first month at whose end its target is exceeded in half of the draws.
    pub reached_p50: Option<usize>,
    /// The same in a tenth of them.
    pub reached_p90: Option<usize>,
    /// The last day to order more, so that it is there before that month; may have passed.
    pub order_by: Option<Time>,
    /// What it is worth to buy more in time, beside buying nothing and paying for the months above the limit; nothing
    /// where no portion is declared or such months cost nothing.
    pub benefit: Option<Benefit>,
    /// How it is known how it follows its driver.
    pub basis: Basis,
    /// The same in words.
    pub basis_text: String,
}

/// How one uncertain thing sways the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is.
    pub name: String,
    /// The mean outcome where it is low, or does not happen.
    pub low: f64,
    /// The mean outcome where it is high, or happens.
    pub high: f64,
    /// What part of all variance goes with it, from 0 to 1.
    pub share: f64,
}

/// What a scenario comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// What money is called.
    pub money: String,
    /// When each month ends.
    pub ends: Vec<Time>,
    /// Drivers by name, month by month.
    pub drivers: Vec<(String, Vec<Spread>)>,
    /// Resources, the first to be reached in front.
    pub resources: Vec<ResourceOutcome>,
    /// What all resources cost, month by month.
    pub cost: Vec<Spread>,
    /// What sways the first resource's use in the last month most, the widest first.
    pub tornado: Vec<Bar>,
    /// What lies so far beyond what is known that it is a guess: a sentence each.
    pub warnings: Vec<String>,
}

/// An uncertain thing and what was drawn of it.
pub(super) struct Input {
    pub name: String,
    /// Whether it happens or not, rather than being more or less.
    pub happens: bool,
    pub values: Vec<f64>,
}

pub(super) fn summed_up(scenario: &Scenario, basis: &ScenarioBasis, drawn: Drawn) -> Outcome {
    let Drawn { demand, drivers, cost, inputs, worth } = drawn;
    let ends: Vec<Time> =
        (1..=scenario.months).map(|month| month_begins(scenario.start, month)).collect();
    let drivers: Vec<(String, Vec<Spread>)> = scenario
        .drivers
        .iter()
        .zip(&drivers)
        .map(|(driver, months)| {
            (driver.name.clone(), months.iter().map(|own| spread(own)).collect())
        })
        .collect();
    let mut resources: Vec<(usize, ResourceOutcome)> = scenario
        .resources
        .iter()
        .zip(&demand)
        .zip(&worth)
        .zip(&basis.each)
        .map(|(((resource, demand), worth), known)| {
            let mut outcome = resource_outcome(scenario, resource, demand);
            outcome.benefit = worth.as_ref().map(summed);
            outcome.basis = known.basis.clone();
            if let Some((driver, months)) = resource.follows.map(|at| &drivers[at]) {
                outcome.basis.reaching(months.iter().map(|own| own.p50).fold(0.0, f64::max));
                outcome.basis_text = outcome.basis.say(resource.relation, driver);
            }
            outcome
        })
        .enumerate()
        .collect();
    resources.sort_by(|(_, a), (_, b)| order_of(a).total_cmp(&order_of(b)));
    let tornado = resources.first().map_or_else(Vec::new, |(first, _)| {
        demand[*first].last().map_or_else(Vec::new, |last| tornado(&inputs, last))
    });
    let warnings = warnings(scenario, &basis.known_to(scenario), &drivers, &resources);
    Outcome {
        warnings,
        name: scenario.name.clone(),
        money: scenario.money.clone(),
        ends,
        drivers,
        resources: resources.into_iter().map(|(_, own)| own).collect(),
        cost: cost.iter().map(|own| spread(own)).collect(),
        tornado,
    }
}

/// What comes to more than twice what is known of it, in the middle or in the highest tenth.
fn warnings(
    scenario: &Scenario,
    known_to: &[f64],
    drivers: &[(String, Vec<Spread>)],
    resources: &[(usize, ResourceOutcome)],
) -> Vec<String> {
    let drivers = scenario.drivers.iter().zip(known_to).zip(drivers);
    let mut said: Vec<String> = drivers
        .filter_map(|((own, known_to), (name, months))| {
            Far { now: own.now, known_to: *known_to, growth: own.growth }.say(name, months)
        })
        .collect();
    for (at, outcome) in resources {
        let own = &scenario.resources[*at];
        if own.follows.is_none() {
            let months: Vec<Spread> = outcome.months.iter().map(|month| month.demand).collect();
            let far = Far { now: own.now, known_to: own.now, growth: own.growth };
            said.extend(far.say(&own.title, &months));
        }
    }
    said
}

/// Something that grows, and how far it is known.
struct Far {
    now: f64,
    known_to: f64,
    growth: Triangle,
}

impl Far {
    fn say(&self, name: &str, months: &[Spread]) -> Option<String> {
        let most = |of: fn(&Spread) -> f64| months.iter().map(of).fold(0.0, f64::max);
        let (middle, high) = (most(|own| own.p50), most(|own| own.p90));
        let times = |value: f64| value / self.known_to;
        if !times(high).is_finite() || times(high) <= GUESS {
            return None;
        }
        let what = if self.known_to > self.now { "was ever seen" } else { "there is now" };
        let mut text = format!(
            "{name} comes to {:.1} times what {what}, {:.1} in the highest tenth: a guess, since nobody has seen how it goes on",
            times(middle),
            times(high)
        );
        if self.growth.high > 0.0 {
            text.extend([format!(
                "; beyond {GUESS} times, growth goes on straight in one draw of {OTHER_EVERY}"
            )]);
        }
        if high >= REACHES_BOUND * TIMES_MAX * self.now {
            text.extend([format!(
                "; growth ends at {TIMES_MAX} times what there is now, beyond which nothing can be told"
            )]);
        }
        Some(text)
    }
}

fn spread(drawn: &[f64]) -> Spread {
    Spread { p10: quantile(drawn, 0.1), p50: quantile(drawn, 0.5), p90: quantile(drawn, 0.9) }
}

fn resource_outcome(
    scenario: &Scenario,
    resource: &ScenarioResource,
    demand: &[Vec<f64>],
) -> ResourceOutcome {
    let target = resource.target.value();
    let line = resource.limit * target;
    let months: Vec<Month> = demand
        .iter()
        .map(|drawn| {
            let demand = spread(drawn);
            let above = drawn.iter().filter(|demand| **demand > line).count();
            let gap = |demand: f64| (demand / target - resource.limit).max(0.0);
            let chance = above as f64 / drawn.len().max(1) as f64;
            Month { demand, gap_p50: gap(demand.p50), gap_p90: gap(demand.p90), chance }
        })
        .collect();
    let from = |chance: f64| months.iter().position(|month| month.chance >= chance);
    let reached_p90 = from(ORDER_CHANCE);
    let order_by =
        reached_p90.map(|month| month_begins(scenario.start, month) - resource.lead_time);
    ResourceOutcome {
        name: resource.name.clone(),
        title: resource.title.clone(),
        unit: resource.unit,
        line,
        already: resource.now > line,
        reached_p50: from(0.5),
        reached_p90,
        order_by,
        benefit: None,
        basis: Basis::Alone,
        basis_text: Basis::Alone.say(resource.relation, ""),
        months,
    }
}

/// The first to be reached in front; of those that are not, the likeliest.
fn order_of(own: &ResourceOutcome) -> f64 {
    let chance = own.months.last().map_or(0.0, |month| month.chance);
    let month = own.reached_p90.map_or(own.months.len(), |month| month);
    month as f64 - chance
}

fn tornado(inputs: &[Input], outcome: &[f64]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = inputs
        .iter()
        .filter_map(|input| bar(input, outcome))
        .filter(|bar| bar.share >= SHARE_MIN)
        .collect();
    bars.sort_by(|a, b| b.share.total_cmp(&a.share));
    bars
}

fn bar(input: &Input, outcome: &[f64]) -> Option<Bar> {
    let (low, high) = if input.happens {
        let of = |happened: bool| {
            let drawn = input.values.iter().zip(outcome);
            drawn
                .filter(|(value, _)| (**value > 0.0) == happened)
                .map(|(_, out)| *out)
                .collect::<Vec<_>>()
        };
        (of(false), of(true))
    } else {
        let (least, most) = (quantile(&input.values, 0.2), quantile(&input.values, 0.8));
        let of = |within: &dyn Fn(f64) -> bool| {
            let drawn = input.values.iter().zip(outcome);
            drawn.filter(|(value, _)| within(**value)).map(|(_, out)| *out).collect::<Vec<_>>()
        };
        (of(&|value| value <= least), of(&|value| value >= most))
    };
    if low.is_empty() || high.is_empty() {
        return None;
    }
    let (a, b) = (mean(&input.values), mean(outcome));
    let (mut both, mut own, mut out) = (0.0, 0.0, 0.0);
    for (value, outcome) in input.values.iter().zip(outcome) {
        both += (value - a) * (outcome - b);
        own += (value - a) * (value - a);
        out += (outcome - b) * (outcome - b);
    }
    let share = if own > 0.0 && out > 0.0 { both * both / (own * out) } else { 0.0 };
    Some(Bar { name: input.name.clone(), low: mean(&low), high: mean(&high), share })
}
