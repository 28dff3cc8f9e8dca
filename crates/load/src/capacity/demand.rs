//! What each request takes of each resource: the utilisation law, `U = U₀ + D · X`, over the steps of a search.

use model::Time;
use stats::Line;

use super::{StepTold, line::distance};

/// Seconds at the beginning of a step that its samples may still tell of the step before.
const SETTLE_MS: i64 = 5_000;
/// Fewer steps with samples make no line.
const STEPS_MIN: usize = 3;
/// Less of what a resource does than this goes along with the load: it is something else.
const EXPLAINED_MIN: f64 = 0.5;
/// How often a resource that has nothing to do with the load may seem to grow with it.
const BY_CHANCE: f64 = 0.1;
/// Used so much without any load, it is full for another reason.
const BUSY_BEFORE: f64 = 0.5;
/// A resource this full is what ran out.
const FULL: f64 = 0.8;
/// Or one that the line says to be full before this many times the capacity.
const SOON: f64 = 1.25;

/// A resource that was watched during a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Its name.
    pub name: String,
    /// How much of it was in use, from 0 to 1, over time.
    pub points: Vec<(Time, f64)>,
}

/// What a resource has to do with the load.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// Its name.
    pub name: String,
    /// In use without any load.
    pub idle: f64,
    /// The share of it that one good answer a second takes: for a processor, its seconds by answer.
    pub each: f64,
    /// Good answers a second at which it is full.
    pub full_at: f64,
    /// The most that was in use in any step.
    pub used_max: f64,
    /// Whether it is what ran out.
    pub is_limit: bool,
}

/// The resources that follow the load, the first to be full first. `high` is the lowest load that did not hold, in
/// journeys a second.
pub fn demands(steps: &[StepTold], watched: &[Watched], high: Option<f64>) -> Vec<Demand> {
    let mut found: Vec<Demand> =
        watched.iter().filter_map(|resource| demand(steps, resource)).collect();
    found.sort_by(|a, b| a.full_at.total_cmp(&b.full_at));
    let most = steps.iter().map(|step| step.throughput).fold(0.0, f64::max);
    // A journey of several steps has as many answers.
    let answers = steps.iter().map(|step| step.throughput / step.rate).fold(0.0, f64::max);
    let reach = SOON * high.map_or(most, |high| (high * answers).min(most));
    let ran_out = |demand: &Demand| demand.used_max >= FULL || demand.full_at <= reach;
    // What others fill runs out as well, but not by this load where it fills something itself.
    let own = |demand: &Demand| demand.idle < BUSY_BEFORE && ran_out(demand);
    let limit = found.iter().position(own);
    let limit = limit.or_else(|| found.first().is_some_and(ran_out).then_some(0));
    if let Some(limit) = limit.and_then(|place| found.get_mut(place)) {
        limit.is_limit = true;
    }
    found
}

fn demand(steps: &[StepTold], resource: &Watched) -> Option<Demand> {
    let mut levels = Vec::new();
    for step in steps {
        let (begin, end) = step.between;
        let inside = resource.points.iter().filter(|(time, value)| {
            time.0 >= begin.0 + SETTLE_MS && *time <= end && value.is_finite()
        });
        let values: Vec<f64> = inside.map(|point| point.1).collect();
        if !values.is_empty() && step.throughput > 0.0 {
            levels.push((step.throughput, stats::mean(&values)));
        }
    }
    if levels.len() < STEPS_MIN {
        return None;
    }
    let line = stats::least_squares(levels.iter().copied())?;
    let used_max = levels.iter().map(|level| level.1).fold(0.0, f64::max);
    if !rises(&levels, line) {
        return None;
    }
    let full_at = (1.0 - line.intercept) / line.slope;
    Some(Demand {
        name: resource.name.clone(),
        idle: line.intercept,
        each: line.slope,
        full_at,
        used_max,
        is_limit: false,
    })
}

/// Whether it goes along with the load, by more than chance (Student's test of the slope): with three or four steps
/// one of seven unrelated resources would seem to.
fn rises(levels: &[(f64, f64)], line: Line) -> bool {
    let (loads, used): (Vec<f64>, Vec<f64>) = levels.iter().copied().unzip();
    let left = levels.iter().map(|(load, used)| (used - line.at(*load)).powi(2)).sum::<f64>();
    let explained = 1.0 - left / squares(&used);
    let freedom = levels.len() as f64 - 2.0;
    let error = (left / freedom / squares(&loads)).sqrt();
    // One that falls is none either, so both sides may be wrong as often.
    explained >= EXPLAINED_MIN && line.slope > distance(2.0 * BY_CHANCE, freedom) * error
}

/// The sum of the squares of what lies beside the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = stats::mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::StepVerdict;

    fn step(number: i64, throughput: f64) -> StepTold {
        let begin = number * 60_000;
        StepTold {
            rate: throughput,
            between: (Time(begin), Time(begin + 30_000)),
            seconds: 27,
            verdict: StepVerdict::Holds,
            throughput,
            in_flight: 1.0,
            response: [0.1; 3],
            failed_share: 0.0,
        }
    }

    fn steps() -> Vec<StepTold> {
        let loads = [100.0, 150.0, 225.0, 337.0];
        (0_i64..).zip(loads).map(|(number, load)| step(number, load)).collect()
    }

    fn watched(name: &str, used: impl Fn(f64) -> f64) -> Watched {
        let loads = [100.0, 150.0, 225.0, 337.0];
        let mut points = Vec::new();
        for (number, load) in (0_i64..).zip(loads) {
            // Between the steps it rests, and right after a step begins it is not there yet.
            points.extend(
                [(number * 60_000 + 1_000, 0.0), (number * 60_000 + 50_000, 0.0)]
                    .map(|(millis, value)| (Time(millis), value)),
            );
            points.extend([10_000, 20_000].map(|at| (Time(number * 60_000 + at), used(load))));
        }
        Watched { name: name.to_owned(), points }
    }

    #[test]
    fn the_resource_that_runs_out_first_is_named_with_what_each_request_takes() {
        let steps = steps();
        let all = [
            watched("cpu", |load| 0.05 + load * 0.001),
            watched("pool", |load| load / 340.0),
            watched("disk", |_| 0.3),
        ];
        let found = demands(&steps, &all, Some(345.0));
        assert_eq!(
            found.iter().map(|demand| demand.name.as_str()).collect::<Vec<_>>(),
            ["pool", "cpu"]
        );
        assert!((found[0].full_at - 340.0).abs() < 1e-6 && found[0].is_limit, "{found:?}");
        assert!((found[1].each - 0.001).abs() < 1e-9 && (found[1].idle - 0.05).abs() < 1e-9);
        assert!((found[1].full_at - 950.0).abs() < 1e-6 && !found[1].is_limit);
    }

    #[test]
    fn journeys_of_several_answers_are_no_more_than_their_answers() {
        let mut steps = steps();
        for step in &mut steps {
            step.rate /= 3.0;
        }
        // Full at 278 answers a second, 93 journeys: within a quarter of the 75 that did not hold.
        let seen = watched("pool", |load| match load {
            ..120.0 => 0.2,
            ..200.0 => 0.5,
            _ => 0.75,
        });
        let found = demands(&steps[..3], &[seen], Some(75.0));
        assert!((found[0].full_at - 278.0).abs() < 1.0, "{found:?}");
        assert!(found[0].used_max < FULL && found[0].is_limit, "{found:?}");
    }

    #[test]
    fn what_others_fill_is_not_blamed_where_the_load_fills_something_itself() {
        let steps = steps();
        let cpu = || watched("cpu", |load| 0.85 + load * 0.0004);
        let found = demands(&steps, &[cpu(), watched("pool", |load| load / 380.0)], Some(345.0));
        let told: Vec<_> =
            found.iter().map(|demand| (demand.name.as_str(), demand.is_limit)).collect();
        assert_eq!(told, [("cpu", false), ("pool", true)]);
        let alone = demands(&steps, &[cpu()], Some(345.0));
        assert!(alone[0].is_limit, "{alone:?}");
    }

    #[test]
    fn what_comes_and_goes_by_itself_has_nothing_to_do_with_the_load() {
        let steps = steps();
        // Explains six tenths of itself by the load, as one of four unrelated ones does.
        let noise = watched("noise", |load| if load < 200.0 { 0.3 + load * 0.001 } else { 0.55 });
        assert_eq!(demands(&steps[1..], &[noise], None), []);
    }

    #[test]
    fn nobody_is_blamed_whom_the_samples_do_not_show() {
        let steps = steps();
        let found = demands(&steps, &[watched("cpu", |load| load * 0.0005)], Some(345.0));
        assert!(!found[0].is_limit, "{found:?}");
        assert!(demands(&steps[..2], &[watched("cpu", |load| load * 0.0005)], None).is_empty());
        let none = Watched { name: "gone".to_owned(), points: Vec::new() };
        assert!(demands(&steps, &[none], None).is_empty());
    }
}
