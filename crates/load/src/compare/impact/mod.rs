//! What a release takes from the machines: the use of each resource by request, before and after, against declared
//! budgets.
//!
//! By the utilisation law (Denning and Buzen 1978) what a resource does is the load times what each request takes of
//! it. Runs are cut into stretches of time, each of which tells what a request took in it; the logarithms of those are
//! compared by Welch's test, corrected for all resources together (Holm 1979). With several runs of each side, each run
//! counts as one stretch.

mod budget;
mod taken;
mod tell;

pub use budget::{Budget, BudgetError};
use model::Time;
use stats::{mean, variance};
pub(super) use taken::read as taken_of;
pub(crate) use taken::taken_rows;
pub use taken::{Taken, TakenOf, taken, taken_json, taken_text};
pub(crate) use tell::impact_rows;
pub use tell::{impact_json, impact_text};

use super::{ALARMS, MISSED_TWO_SIDED, Rules, gate, kept::Kept, student, unfit};
use crate::capacity::Watched;

/// Stretches of one run.
const STRETCHES_MAX: f64 = 20.0;
const STRETCHES_MIN: usize = 5;

/// One run with what was seen of its resources meanwhile.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The run.
    pub run: Kept,
    /// How much of each resource was in use over time: processor seconds a second, bytes, operations a second,
    /// connections.
    pub resources: Vec<Watched>,
}

/// Load (requests a second) and use of a resource, stretch by stretch.
type Points = Vec<(f64, f64)>;

/// One run with what its resources did in each stretch of it.
#[derive(Clone, Debug)]
struct Cut {
    run: Kept,
    resources: Vec<(String, Points)>,
}

impl Cut {
    fn of(seen: &Seen, rules: Rules) -> Self {
        let cut = |own: &Watched| (own.name.clone(), stretches(&seen.run, own, rules.stretch));
        Self { run: seen.run.clone(), resources: seen.resources.iter().map(cut).collect() }
    }

    fn points(&self, name: &str) -> &[(f64, f64)] {
        let own = self.resources.iter().find(|own| own.0 == name);
        own.map_or(&[], |own| &own.1)
    }
}

/// What becomes of one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetWord {
    /// Not surely exceeded.
    Kept,
    /// Surely exceeded.
    Exceeded,
}

/// One resource of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceImpact {
    /// Its name.
    pub name: String,
    /// What a request took before, in the resource's own unit times a second.
    pub before: f64,
    /// What a request takes after.
    pub after: f64,
    /// By how much that is more, as a part of `before`.
    pub difference: f64,
    /// Between these it lies, 19 times of 20.
    pub between: (f64, f64),
    /// The smallest difference that would have been found four times of five.
    pub detectable: f64,
    /// How likely such a difference is between equal releases, on its own.
    pub likelihood: f64,
    /// Whether it changed, with all resources corrected for.
    pub changed: bool,
    /// The budget it has, and what became of it.
    pub budget: Option<(Budget, BudgetWord)>,
    /// Load (requests a second) and use, stretch by stretch, of the side after: points of a load line.
    pub points: Vec<(f64, f64)>,
}

/// What a release takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// The reports of the side before.
    pub left: Vec<String>,
    /// The reports of the side after.
    pub right: Vec<String>,
    /// Why nothing can be said; empty if it can.
    pub refused: Vec<String>,
    /// When the first run of the side after began, and when the last of them ended.
    pub ran: Option<(Time, Time)>,
    /// Every resource that both sides have.
    pub resources: Vec<ResourceImpact>,
}

impl Impact {
    /// `passed`, `failed` or `refused`.
    pub fn word(&self) -> &'static str {
        match (self.refused.is_empty(), self.is_exceeded()) {
            (false, _) => "refused",
            (true, true) => "failed",
            (true, false) => "passed",
        }
    }

    /// What a pipeline sees: 0 no budget is surely exceeded, 1 one is, 4 nothing can be said.
    pub fn exit_code(&self) -> u8 {
        match self.word() {
            "refused" => 4,
            "failed" => 1,
            _ => 0,
        }
    }

    fn is_exceeded(&self) -> bool {
        let exceeded = |own: &ResourceImpact| matches!(own.budget, Some((_, BudgetWord::Exceeded)));
        self.resources.iter().any(exceeded)
    }
}

/// What each request takes of each resource, before and after.
pub fn impact(left: &[Seen], right: &[Seen], budgets: &[Budget], rules: Rules) -> Impact {
    let cut =
        |side: &[Seen]| -> Vec<Cut> { side.iter().map(|seen| Cut::of(seen, rules)).collect() };
    between(&cut(left), &cut(right), budgets, rules)
}

fn between(left: &[Cut], right: &[Cut], budgets: &[Budget], rules: Rules) -> Impact {
    let runs = |side: &[Cut]| -> Vec<Kept> { side.iter().map(|cut| cut.run.clone()).collect() };
    let (left_runs, right_runs) = (runs(left), runs(right));
    let mut refused = unfit(&left_runs, &right_runs);
    let mut resources = Vec::new();
    if refused.is_empty() {
        let names = left.first().map_or(&[][..], |cut| &cut.resources[..]);
        for (name, _) in names {
            resources.extend(of_resource(name, left, right, rules));
        }
        if resources.is_empty() {
            refused.push(format!(
                "no resource was seen long enough on both sides (five stretches of {:.0} s with load, or three runs of each)",
                rules.stretch
            ));
        }
    }
    correct(&mut resources);
    for budget in budgets {
        match resources.iter_mut().find(|own| own.name == budget.resource) {
            Some(own) => own.budget = Some((budget.clone(), budget.judge(own))),
            None if refused.is_empty() => {
                refused.push(format!("`{}` was not seen, and has a budget", budget.resource));
            }
            None => {}
        }
    }
    let named = |runs: &[Kept]| runs.iter().map(ToString::to_string).collect();
    let ran = right_runs.iter().map(Kept::between);
    let ran = ran.reduce(|all, own| (all.0.min(own.0), all.1.max(own.1)));
    Impact { left: named(&left_runs), right: named(&right_runs), refused, ran, resources }
}

fn of_resource(name: &str, left: &[Cut], right: &[Cut], rules: Rules) -> Option<ResourceImpact> {
    let several = left.len().min(right.len()) >= gate::RUNS_MIN;
    let side = |side: &[Cut]| -> Points {
        let of_run = |cut: &Cut| -> Points {
            let points = cut.points(name);
            if several { together(points).into_iter().collect() } else { points.to_vec() }
        };
        side.iter().flat_map(of_run).collect()
    };
    let (before, points) = (side(left), side(right));
    let fewest = if several { gate::RUNS_MIN } else { STRETCHES_MIN };
    if before.len() < fewest || points.len() < fewest {
        return None;
    }
    let logarithms = |all: &[(f64, f64)]| -> Vec<f64> {
        all.iter().map(|(load, used)| (used / load).ln()).collect()
    };
    let (a, b) = (logarithms(&before), logarithms(&points));
    let part = |values: &[f64]| variance(values) / (values.len() - 1) as f64;
    let (of_a, of_b) = (part(&a), part(&b));
    let squared = |part: f64, values: &[f64]| part * part / (values.len() - 1) as f64;
    let freedom = (of_a + of_b).powi(2) / (squared(of_a, &a) + squared(of_b, &b));
    let freedom = if freedom.is_finite() { freedom } else { (a.len() + b.len() - 2) as f64 };
    // One run of each side shows nothing of what differs from run to run.
    let noise = if several { 0.0 } else { 2.0 * rules.noise * rules.noise };
    let spread = (of_a + of_b + noise).sqrt();
    let difference = mean(&b) - mean(&a);
    let t = if difference == 0.0 { 0.0 } else { difference.abs() / spread };
    let half = student::distance(ALARMS, freedom) * spread;
    let found = student::distance(MISSED_TWO_SIDED, freedom) * spread;
    Some(ResourceImpact {
        name: name.to_owned(),
        before: mean(&a).exp(),
        after: mean(&b).exp(),
        difference: difference.exp_m1(),
        between: ((difference - half).exp_m1(), (difference + half).exp_m1()),
        detectable: (half.max(rules.relevant.ln_1p()) + found).exp_m1(),
        likelihood: student::two_sided(t, freedom),
        changed: difference.abs() >= rules.relevant.ln_1p(),
        budget: None,
        points,
    })
}

/// Load and use in each stretch of a run in which there was any.
fn stretches(run: &Kept, resource: &Watched, shortest: f64) -> Points {
    let row_seconds = run.row_seconds as f64;
    let length = run.rows.len() as f64 * row_seconds;
    let width = shortest.max(length / STRETCHES_MAX);
    let mut all = Vec::new();
    let mut from = 0.0;
    while from + width <= length + row_seconds / 2.0 {
        let is_inside = |second: f64| second >= from && second < from + width;
        let rows = run.rows.iter().enumerate();
        let inside = rows.filter(|(at, _)| is_inside(*at as f64 * row_seconds));
        let ended: u64 = inside.map(|(_, row)| row.good + row.failed).sum();
        let second = |time: Time| (time.millis() - run.started_ms) as f64 / 1e3;
        let points = resource.points.iter();
        let used: Vec<f64> = points
            .filter(|(time, value)| is_inside(second(*time)) && value.is_finite())
            .map(|point| point.1)
            .collect();
        let used = mean(&used);
        if ended > 0 && used > 0.0 {
            all.push((ended as f64 / width, used));
        }
        from += width;
    }
    all
}

/// A run as one stretch.
fn together(stretches: &[(f64, f64)]) -> Option<(f64, f64)> {
    let of = |place: fn(&(f64, f64)) -> f64| mean(&stretches.iter().map(place).collect::<Vec<_>>());
    (!stretches.is_empty()).then(|| (of(|own| own.0), of(|own| own.1)))
}

/// What is tested together is corrected for: the likeliest difference must be sure enough for all.
fn correct(resources: &mut [ResourceImpact]) {
    let mut order: Vec<usize> = (0..resources.len()).collect();
    order.sort_by(|a, b| resources[*a].likelihood.total_cmp(&resources[*b].likelihood));
    let (count, mut sure) = (resources.len(), true);
    for (rank, at) in order.into_iter().enumerate() {
        sure &= resources[at].likelihood <= ALARMS / (count - rank) as f64;
        resources[at].changed &= sure;
    }
}

#[cfg(test)]
mod tests;
