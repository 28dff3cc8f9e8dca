//! The draws of a scenario: growth, events and how use follows are drawn anew each time.

use model::Relation;
use stats::Chance;

use super::{
    Event, Outcome, Scenario, ScenarioBasis, ScenarioResource, Triangle,
    basis::{DrawnCurve, Known, TIMES_MAX},
    outcome::{Input, summed_up},
    worth,
};
use crate::{
    benefit::Worth,
    drivers::{GUESS, OTHER_EVERY},
};

/// Work has a base that does not grow: this share at most.
const WORK_BASE: Triangle = Triangle { low: 0.0, mode: 0.05, high: 0.2 };
/// The power with which what is held follows: 1 by Little's law while times stay, less where it is shared.
const HELD_POWER: Triangle = Triangle { low: 0.65, mode: 0.9, high: 1.1 };
/// By what part of itself a cache grows as what it follows grows e-fold.
const CACHED_PART: Triangle = Triangle { low: 0.2, mode: 0.35, high: 0.6 };

/// No figure grows beyond this: products and squares of what is drawn stay numbers.
const FIGURE_MAX: f64 = 1e60;

/// Everything that was drawn, for each draw.
pub(super) struct Drawn {
    /// Demand by resource, then month, then draw.
    pub demand: Vec<Vec<Vec<f64>>>,
    /// Drivers by driver, then month, then draw.
    pub drivers: Vec<Vec<Vec<f64>>>,
    /// Cost by month, then draw.
    pub cost: Vec<Vec<f64>>,
    /// What was drawn of each uncertain thing.
    pub inputs: Vec<Input>,
    /// What buying is worth, by resource.
    pub worth: Vec<Option<Worth>>,
}

/// Why general knowledge is used where nobody gives any data.
const NO_DATA: &str = "no data were given";

/// Runs a scenario by general knowledge of how resources follow: as many draws as it says, each with its own growth, deals
/// and dates. The same seed gives the same outcome.
pub fn run_scenario(scenario: &Scenario) -> Outcome {
    run_scenario_knowing(scenario, &ScenarioBasis::general(scenario, NO_DATA))
}

/// Runs a scenario by what was learnt of how its resources follow: each draw has a curve of its own, by the weights of
/// those that may be and as far as the data leave each of them open.
pub fn run_scenario_knowing(scenario: &Scenario, basis: &ScenarioBasis) -> Outcome {
    let mut chance = Chance::new(scenario.seed);
    let (months, draws) = (scenario.months, scenario.draws);
    let empty = || vec![Vec::with_capacity(draws); months];
    let mut drawn = Drawn {
        demand: scenario.resources.iter().map(|_| empty()).collect(),
        drivers: scenario.drivers.iter().map(|_| empty()).collect(),
        cost: empty(),
        inputs: inputs(scenario),
        worth: scenario.resources.iter().map(worth::begun).collect(),
    };
    let mut world = World::new(scenario, basis);
    for draw in 0..draws {
        world.goes_over = draw.is_multiple_of(OTHER_EVERY);
        world.draw(scenario, basis, &mut chance);
        for (input, value) in drawn.inputs.iter_mut().zip(&world.inputs) {
            input.values.push(*value);
        }
        for (of, path) in drawn.drivers.iter_mut().zip(&world.drivers) {
            for (month, value) in of.iter_mut().zip(path) {
                month.push(*value);
            }
        }
        let (mut costs, mut path_of) = (vec![0.0; months], vec![0.0; months]);
        for (at, resource) in scenario.resources.iter().enumerate() {
            let follows = resource
                .follows
                .map(|driver| (world.drivers[driver].as_slice(), scenario.drivers[driver].now));
            let shape = world.shapes[at];
            let mut own: f64 = 1.0;
            for month in 0..months {
                let grows_by = if world.goes_over { own.min(GUESS) } else { own };
                own = (own + shape.growth * grows_by).min(TIMES_MAX);
                let times = follows.map_or(1.0, |(path, now)| shape.times(path[month] / now));
                let demand = (resource.now * own * times).min(FIGURE_MAX);
                costs[month] += cost(resource, demand);
                drawn.demand[at][month].push(demand);
                path_of[month] = demand;
            }
            if let Some(worth) = &mut drawn.worth[at] {
                worth::take(worth, scenario, resource, &path_of);
            }
        }
        for (of, cost) in drawn.cost.iter_mut().zip(costs) {
            of.push(cost);
        }
    }
    summed_up(scenario, basis, drawn)
}

/// What a month costs with this demand: what is there, and as many portions as it takes.
fn cost(resource: &ScenarioResource, demand: f64) -> f64 {
    let Some(step) = resource.step else { return resource.cost_month };
    let missing = demand / resource.target.value() - resource.limit;
    resource.cost_month + (missing / step.add).ceil().max(0.0) * step.cost_month
}

/// The uncertain things of a scenario, in the order in which [`World::draw`] draws them.
fn inputs(scenario: &Scenario) -> Vec<Input> {
    let named = |name: String, happens: bool| Input {
        name,
        happens,
        values: Vec::with_capacity(scenario.draws),
    };
    let mut inputs: Vec<Input> = scenario
        .drivers
        .iter()
        .map(|own| named(format!("growth of {}", own.name), false))
        .collect();
    inputs.extend(scenario.events.iter().map(|own| named(own.name.clone(), true)));
    for own in &scenario.resources {
        inputs.push(named(format!("how {} follows", own.title), false));
        inputs.push(named(format!("growth of {}", own.title), false));
    }
    inputs
}

/// How one draw's use follows.
#[derive(Clone, Copy)]
struct Shape {
    relation: Relation,
    parameter: f64,
    growth: f64,
    learnt: Option<DrawnCurve>,
}

/// Where the steepness of a learnt curve is told for the tornado: at so many times what the driver is at the start.
const STEEP_AT: f64 = 2.0;

impl Shape {
    fn draw(resource: &ScenarioResource, known: &Known, chance: &mut Chance) -> Self {
        let relation = resource.relation;
        let learnt = known
            .followed
            .as_ref()
            .map(|own| DrawnCurve { curve: own.response.drawn(chance), from: own.from });
        let parameter = match (learnt, relation) {
            (Some(curve), _) => curve.times(STEEP_AT),
            (None, Relation::Held) => HELD_POWER.draw(chance),
            (None, Relation::Cached) => CACHED_PART.draw(chance),
            (None, _) => WORK_BASE.draw(chance),
        };
        Self { relation, parameter, growth: resource.growth.draw(chance), learnt }
    }

    /// How many times as much is used where the driver is so many times what it was.
    fn times(self, driver: f64) -> f64 {
        let driver = driver.max(0.0);
        if let Some(learnt) = self.learnt {
            return learnt.times(driver);
        }
        match self.relation {
            Relation::Held => driver.powf(self.parameter),
            Relation::Cached => (1.0 + self.parameter * driver.max(1e-9).ln()).max(0.0),
            _ => self.parameter + (1.0 - self.parameter) * driver,
        }
    }
}

/// One draw.
struct World {
    /// How much of each driver is known.
    known_to: Vec<f64>,
    /// Whether growth goes on straight in this draw once it is far beyond that.
    goes_over: bool,
    drivers: Vec<Vec<f64>>,
    shapes: Vec<Shape>,
    inputs: Vec<f64>,
}

impl World {
    fn new(scenario: &Scenario, basis: &ScenarioBasis) -> Self {
        Self {
            known_to: basis.known_to(scenario),
            goes_over: false,
            drivers: vec![vec![0.0; scenario.months]; scenario.drivers.len()],
            shapes: Vec::with_capacity(scenario.resources.len()),
            inputs: Vec::new(),
        }
    }

    fn draw(&mut self, scenario: &Scenario, basis: &ScenarioBasis, chance: &mut Chance) {
        self.inputs.clear();
        self.shapes.clear();
        let drivers = scenario.drivers.iter().zip(&self.known_to);
        for ((driver, known_to), path) in drivers.zip(&mut self.drivers) {
            let (far, most) = (GUESS * known_to, TIMES_MAX * driver.now);
            let growth = driver.growth.draw(chance);
            self.inputs.push(growth);
            let mut level = driver.now;
            for value in path.iter_mut() {
                // Far beyond what is known, nobody knows whether growth still is by a part of itself.
                let grows_by = if self.goes_over { level.min(far) } else { level };
                level = (level + growth * grows_by).min(most);
                let noise = if driver.noise > 0.0 { driver.noise * chance.normal() } else { 0.0 };
                *value = (level * (1.0 + noise).max(0.0)).min(FIGURE_MAX);
            }
        }
        let market = chance.normal();
        for event in &scenario.events {
            let happens = self.happen(scenario, event, market, chance);
            self.inputs.push(happens);
        }
        for (resource, known) in scenario.resources.iter().zip(&basis.each) {
            let shape = Shape::draw(resource, known, chance);
            self.inputs.extend([shape.parameter, shape.growth]);
            self.shapes.push(shape);
        }
    }

    /// Lets an event happen or not; answers by what part of all months it is in effect.
    fn happen(
        &mut self,
        scenario: &Scenario,
        event: &Event,
        market: f64,
        chance: &mut Chance,
    ) -> f64 {
        let own = chance.normal();
        let fate = if event.deal {
            scenario.alike.sqrt() * market + (1.0 - scenario.alike).sqrt() * own
        } else {
            own
        };
        let month = event.month.draw(chance);
        let sizes: Vec<f64> = event.effects.iter().map(|effect| effect.size.draw(chance)).collect();
        // Chance is drawn in any case, so that one event more does not change the fate of others.
        if normal_share(fate) >= event.probability.value() {
            return 0.0;
        }
        let mut in_effect = 0.0;
        for at in 0..scenario.months {
            // A month is looked at as it ends.
            let since = (at + 1) as f64 - month;
            let effect = if event.ramp > 0.0 {
                since / event.ramp
            } else {
                f64::from(u8::from(since > 0.0))
            };
            let effect = effect.clamp(0.0, 1.0);
            in_effect += effect;
            for (own, size) in event.effects.iter().zip(&sizes) {
                let value = &mut self.drivers[own.driver][at];
                let raised =
                    if own.part { *value * (1.0 + effect * size) } else { *value + effect * size };
                *value = raised.min(FIGURE_MAX);
            }
        }
        in_effect / scenario.months as f64
    }
}

impl Triangle {
    /// A draw, by the inverse of the triangle's distribution.
    pub(crate) fn draw(self, chance: &mut Chance) -> f64 {
        let share = chance.share();
        let width = self.high - self.low;
        if width <= 0.0 {
            return self.mode;
        }
        let rise = (self.mode - self.low) / width;
        if share < rise {
            self.low + (share * width * (self.mode - self.low)).sqrt()
        } else {
            self.high - ((1.0 - share) * width * (self.high - self.mode)).sqrt()
        }
    }
}

/// The share of the standard normal distribution below a value (Abramowitz and Stegun 26.2.17, to 7.5e-8).
fn normal_share(value: f64) -> f64 {
    let way = 1.0 / (1.0 + 0.231_641_9 * value.abs());
    let sum = way
        * (0.319_381_530
            + way
                * (-0.356_563_782
                    + way * (1.781_477_937 + way * (-1.821_255_978 + way * 1.330_274_429))));
    let tail = (-value * value / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum;
    if value >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_normal_distribution_has_its_known_shares() {
        for (value, share) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.644_853_6, 0.05)] {
            assert!((normal_share(value) - share).abs() < 1e-6, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_triangle_stays_within_its_corners(low in -1e3_f64..1e3, a in 0.0_f64..10.0, b in 0.0_f64..10.0, seed in any::<u64>()) {
            let triangle = Triangle { low, mode: low + a, high: low + a + b };
            let value = triangle.draw(&mut Chance::new(seed));
            prop_assert!(triangle.low <= value && value <= triangle.high);
        }
    }
}
