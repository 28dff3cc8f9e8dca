//! How long 10,000 draws of 36 months and five resources take, by the CPU time of this thread. `bench/curves.sh` calls it.

use std::{error::Error, fs};

use plan::{Scenario, run_scenario};

const ROUNDS: u32 = 5;

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
    let began = cpu_seconds();
    for _ in 0..ROUNDS {
        run_scenario(&scenario);
    }
    let each = (cpu_seconds() - began) / f64::from(ROUNDS);
    println!(
        "{} draws, {} months, {} resources: {each:.3} s",
        scenario.draws,
        scenario.months,
        scenario.resources.len()
    );
    Ok(())
}
