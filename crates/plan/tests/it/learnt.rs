//! Scenarios that learn from data how resources follow, and say so where they cannot.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use plan::{
    Basis, LearntBasis, LimitOf, LimitPast, LineOptions, Outcome, Scenario, ScenarioBasis,
    ScenarioPast, ServicePast, load_line, run_scenario, run_scenario_knowing,
};
use testkit::planted::Planted;

use crate::line::{NOW, confidence, service};

/// Twelve times as many tenants within two years.
const TEXT: &str = "name: growth
start: 2026-12-01
months: 24
drivers:
  - {name: tenants, now: 1000, growth: 4.5%}
resources:
  - {name: sessions, follows: tenants, relation: held, now: 100, limit: 1000, target: 80%}
  - {name: cache, follows: tenants, relation: cached, now: 100, limit: 1000, target: 80%}
";

fn scenario(text: &str) -> Result<Scenario> {
    Scenario::parse("s.yaml", text).map_err(|wrong| anyhow::anyhow!(wrong.render(false)))
}

/// Hours of a past in which tenants grew from 400 to 1,000, with what follows them and a wave by the day.
struct Past {
    times: Vec<i64>,
    tenants: Vec<f64>,
    sessions: Vec<f64>,
}

impl Past {
    fn of(hours: i64, power: f64) -> Self {
        let times: Vec<i64> = (1..=hours).map(|at| NOW.0 - (hours - at) * 3_600_000).collect();
        let at = |hour: usize| hour as f64 / hours as f64;
        let wave = |hour: usize| 1.0 + 0.03 * (hour as f64 * std::f64::consts::TAU / 24.0).sin();
        let tenants: Vec<f64> =
            (0..times.len()).map(|hour| (400.0 + 600.0 * at(hour)) * wave(hour)).collect();
        let ripple = |hour: usize| 1.0 + 0.02 * (hour as f64 * 1.7).sin();
        let sessions = tenants.iter().enumerate();
        let sessions =
            sessions.map(|(hour, x)| 100.0 * (x / 1_000.0).powf(power) * ripple(hour)).collect();
        Self { times, tenants, sessions }
    }

    fn run(&self, text: &str) -> Result<Outcome> {
        let scenario = scenario(text)?;
        let past = ScenarioPast {
            times: &self.times,
            drivers: BTreeMap::from([("tenants".to_owned(), self.tenants.clone())]),
            resources: BTreeMap::from([("sessions".to_owned(), self.sessions.clone())]),
            lines: BTreeMap::new(),
        };
        Ok(run_scenario_knowing(&scenario, &ScenarioBasis::learn(&scenario, &past)))
    }
}

fn basis(outcome: &Outcome, name: &str) -> Result<(Basis, String)> {
    let own = outcome.resources.iter().find(|own| own.name == name).context("a resource")?;
    Ok((own.basis.clone(), own.basis_text.clone()))
}

fn last(outcome: &Outcome, name: &str) -> Result<plan::Spread> {
    let own = outcome.resources.iter().find(|own| own.name == name).context("a resource")?;
    Ok(own.months.last().context("a month")?.demand)
}

#[test]
fn a_scenario_goes_by_the_data_of_the_service_and_not_by_what_is_usual() -> Result<()> {
    let past = Past::of(24 * 60, 0.4);
    let outcome = past.run(TEXT)?;
    let (Basis::Learnt(own), text) = basis(&outcome, "sessions")? else {
        anyhow::bail!("it is learnt: {outcome:?}");
    };
    ensure!(own.service.is_none() && own.explained > 0.8 && own.points >= 100, "{own:?}");
    ensure!(text.starts_with("measured: power"), "{text}");
    // 1.045^24 = 2.88 times as many: to the power of 0.4 that is 1.53 times as much; by what is usual, 2.6 times.
    let (learnt, usual) =
        (last(&outcome, "sessions")?, last(&run_scenario(&scenario(TEXT)?), "sessions")?);
    ensure!((learnt.p50 / 152.6 - 1.0).abs() < 0.06, "{learnt:?}");
    ensure!(
        usual.p50 > 240.0 && learnt.p90 - learnt.p10 < 0.5 * (usual.p90 - usual.p10),
        "{usual:?}"
    );
    ensure!(own.beyond.is_some_and(|times| (2.6..3.2).contains(&times)), "{own:?}");
    ensure!(text.contains("where this is a guess"), "{text}");
    // Nothing is recorded of the other one.
    let (Basis::General { why }, text) = basis(&outcome, "cache")? else {
        anyhow::bail!("it is not learnt");
    };
    ensure!(why.contains("`cache`") && text.starts_with("assumed: by 20 to 60 %"), "{text}");
    ensure!(past.run(TEXT)? == outcome, "the same data and seed, the same outcome");
    Ok(())
}

#[test]
fn where_the_data_say_nothing_it_is_assumed_and_the_reason_told() -> Result<()> {
    let why = |past: &Past, text: &str| -> Result<String> {
        let (basis, said) = basis(&past.run(text)?, "sessions")?;
        ensure!(matches!(basis, Basis::General { .. }), "{basis:?}");
        Ok(said)
    };
    let three = why(&Past::of(3, 0.9), TEXT)?;
    ensure!(three.contains("3 points in common, and 8 are needed"), "{three}");
    // Its meter stopped five days ago.
    let mut stopped = Past::of(24 * 60, 0.9);
    let value = stopped.tenants[24 * 55];
    stopped.tenants[24 * 55..].fill(value);
    let stopped = why(&stopped, TEXT)?;
    ensure!(stopped.contains("tenants has not moved for 5 days"), "{stopped}");
    // Thousands of tenants in the file, tenants in the data.
    let unit = why(&Past::of(24 * 60, 0.9), &TEXT.replace("now: 1000,", "now: 1,"))?;
    ensure!(unit.contains("looks like different units"), "{unit}");
    let mut level = Past::of(24 * 60, 0.9);
    level.tenants.iter_mut().enumerate().for_each(|(at, own)| *own = 1_000.0 + (at % 2) as f64);
    let level = why(&level, TEXT)?;
    ensure!(level.contains("stayed within"), "{level}");
    let mut apart = Past::of(24 * 60, 0.9);
    apart.sessions.iter_mut().enumerate().for_each(|(at, own)| *own = 50.0 + (at % 17) as f64);
    let apart = why(&apart, TEXT)?;
    ensure!(apart.contains("explains only"), "{apart}");
    Ok(())
}

#[test]
fn figures_that_are_told_once_a_week_stand_beside_the_mean_of_each_day() -> Result<()> {
    let mut past = Past::of(24 * 120, 1.0);
    for week in past.tenants.chunks_mut(24 * 7) {
        let first = week[0];
        week.fill(first);
    }
    // Use goes up and down by half within a day, which no count of tenants explains.
    for (hour, used) in past.sessions.iter_mut().enumerate() {
        *used *= 1.0 + 0.5 * (hour as f64 * std::f64::consts::TAU / 24.0).sin();
    }
    let outcome = past.run(TEXT)?;
    let (Basis::Learnt(own), text) = basis(&outcome, "sessions")? else {
        anyhow::bail!("it is learnt: {:?}", basis(&outcome, "sessions")?);
    };
    ensure!(own.explained > 0.9, "{text}");
    let grown = last(&outcome, "sessions")?.p50 / 100.0;
    ensure!((grown / 2.88 - 1.0).abs() < 0.1, "{grown}");
    Ok(())
}

#[test]
fn the_load_line_of_a_service_stands_in_where_the_driver_is_not_recorded() -> Result<()> {
    let planted = Planted::until(NOW, 1);
    let service = service()?;
    let limits = service.limits.iter().zip(&planted.used);
    let limits = limits.map(|(declared, (_, limit, used))| LimitPast {
        declared,
        used,
        limit: *limit,
        copies: None,
        tested: &[],
    });
    let past = ServicePast {
        times: &planted.times,
        load: &planted.load,
        replicas: None,
        zones: None,
        limits: limits.collect(),
        tested: &[],
        deployments: &[],
        zone: None,
        currency: "",
    };
    let line = load_line(&past, LineOptions { confidence: confidence(), seed: 1 });
    let memory = line.limits.iter().find(|own| own.name == "memory").context("memory")?;
    let text = TEXT.replace(
        "sessions, follows: tenants, relation: held",
        "memory, follows: tenants, relation: work",
    );
    let scenario = scenario(&text)?;
    let of = LimitOf { service: "shop", load_now: line.load_now, limit: memory };
    let past = ScenarioPast {
        lines: BTreeMap::from([("memory".to_owned(), of)]),
        ..ScenarioPast::default()
    };
    let outcome = run_scenario_knowing(&scenario, &ScenarioBasis::learn(&scenario, &past));
    let (Basis::Learnt(LearntBasis { service, .. }), said) = basis(&outcome, "memory")? else {
        anyhow::bail!("it is learnt: {outcome:?}");
    };
    ensure!(service.as_deref() == Some("shop") && said.contains("the load line of shop"), "{said}");
    // 2,000 and 3 for each request: 2.88 times the load of now.
    let at = |load: f64| 2_000.0 + 3.0 * load;
    let truth = 100.0 * at(2.876 * line.load_now) / at(line.load_now);
    let told = last(&outcome, "memory")?;
    ensure!((told.p50 / truth - 1.0).abs() < 0.05, "{told:?} for {truth}");
    Ok(())
}

#[test]
fn a_queue_that_no_longer_ends_gives_figures_and_not_infinity() -> Result<()> {
    let mut past = Past::of(24 * 60, 1.0);
    let all: Vec<f64> =
        past.tenants.iter().map(|x| 20.0 * (x / 1_000.0) / (1.0 - x / 1_250.0)).collect();
    past.sessions = all;
    let outcome = past.run(TEXT)?;
    let own = outcome.resources.iter().find(|own| own.name == "sessions").context("it")?;
    ensure!(matches!(own.basis, Basis::Learnt(_)), "{:?}", own.basis);
    let finite = |own: &plan::Month| {
        [own.demand.p10, own.demand.p50, own.demand.p90, own.gap_p90].iter().all(|x| x.is_finite())
    };
    ensure!(own.months.iter().all(finite) && own.reached_p50.is_some(), "{:?}", own.months.last());
    Ok(())
}
