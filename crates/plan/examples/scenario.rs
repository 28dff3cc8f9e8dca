//! How long 10,000 draws of 36 months and five resources take, by the CPU time of this thread: by general knowledge, and by
//! curves learnt from ninety days by the hour, with what the learning takes. `bench/curves.sh` calls it.

use std::{collections::BTreeMap, error::Error, fs};

use plan::{Scenario, ScenarioBasis, ScenarioPast, run_scenario, run_scenario_knowing};

const ROUNDS: u32 = 5;
const HOURS: i64 = 90 * 24;

fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse::<u64>().ok());
    nanos.unwrap_or(0) as f64 / 1e9
}

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::from(
        "name: bench\nstart: 2026-12-01\nmonths: 36\ndrivers:\n  - {name: tenants, now: 1000, growth: 1%..3%..6%, noise: 2%}\n  - {name: users, now: 9000, growth: 2%..4%, noise: 2%}\n",
    );
    text.push_str("launches:\n  - {name: launch, probability: 70%, date: 2027-01-01..2027-04-01, ramp_months: 3, raises: {users: 10%..30%}}\n");
    text.push_str("deals:\n");
    for deal in 1..=8 {
        text.extend([format!("  - {{name: deal {deal}, probability: 40%, date: 2027-0{deal}-01..2027-0{}-01, adds: {{tenants: 100..300}}}}\n", deal + 1)]);
    }
    text.push_str("resources:\n");
    for (name, relation, follows) in [
        ("cores", "work", "users"),
        ("connections", "held", "tenants"),
        ("cache", "cached", "users"),
        ("sessions", "held", "users"),
        ("bytes", "work", "tenants"),
    ] {
        text.extend([format!("  - {{name: {name}, relation: {relation}, follows: {follows}, now: 100, limit: 300, lead_time: 30d, step: {{add: 50, cost_month: 9}}}}\n")]);
    }
    let scenario = Scenario::parse("bench.yaml", &text).map_err(|wrong| wrong.to_string())?;
    let each = seconds_each(|| drop(run_scenario(&scenario)));
    let (draws, months, resources) = (scenario.draws, scenario.months, scenario.resources.len());
    println!("{draws} draws, {months} months, {resources} resources: {each:.3} s");
    let times: Vec<i64> = (0..HOURS).map(|hour| 1_788_000_000_000 + hour * 3_600_000).collect();
    let (drivers, resources) = recorded();
    let past = ScenarioPast { times: &times, drivers, resources, ..ScenarioPast::default() };
    let mut basis = ScenarioBasis::learn(&scenario, &past);
    let learning = seconds_each(|| basis = ScenarioBasis::learn(&scenario, &past));
    let each = seconds_each(|| drop(run_scenario_knowing(&scenario, &basis)));
    println!("by curves learnt from {HOURS} hours: {each:.3} s, and {learning:.3} s to learn them");
    Ok(())
}

type Columns = BTreeMap<String, Vec<f64>>;
/// A name, and how it follows.
type Follows = (&'static str, fn(f64) -> f64);

/// Drivers that double in ninety days, with a wave by the day, and what follows them.
fn recorded() -> (Columns, Columns) {
    let wave = |hour: i64| 1.0 + 0.2 * (hour as f64 * std::f64::consts::TAU / 24.0).sin();
    let grown = |hour: i64| (0.5 + 0.5 * hour as f64 / HOURS as f64) * wave(hour);
    let ripple = |hour: i64| 1.0 + 0.02 * (hour as f64 * 1.7).sin();
    let column = |of: fn(f64) -> f64| (0..HOURS).map(|at| of(grown(at)) * ripple(at)).collect();
    let named = |all: &[Follows]| -> Columns {
        all.iter().map(|(name, of)| ((*name).to_owned(), column(*of))).collect()
    };
    let drivers: [Follows; 2] = [("tenants", |x| 1_000.0 * x), ("users", |x| 9_000.0 * x)];
    let resources: [Follows; 5] = [
        ("cores", |x| 20.0 + 80.0 * x),
        ("connections", |x| 100.0 * x.powf(0.8)),
        ("cache", |x| 100.0 * (1.0 + 0.4 * x.ln())),
        ("sessions", |x| 60.0 * x / (1.0 - 0.4 * x)),
        ("bytes", |x| 100.0 * x),
    ];
    (named(&drivers), named(&resources))
}

fn seconds_each(mut work: impl FnMut()) -> f64 {
    let began = cpu_seconds();
    for _ in 0..ROUNDS {
        work();
    }
    (cpu_seconds() - began) / f64::from(ROUNDS)
}
