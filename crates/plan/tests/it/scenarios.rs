//! Scenarios: known answers, contradictions with their place, and the same draws for the same seed.

use anyhow::{Context, Result, ensure};
use model::Time;
use plan::{Outcome, Scenario, run_scenario};

const GROWTH: &str = "name: growth
start: 2026-12-01
months: 24
money: EUR
drivers:
  - {name: tenants, now: 1000, growth: 3%, noise: 1%}
  - {name: partners, now: 10}
resources:
  - name: connections
    follows: tenants
    relation: held
    now: 100
    limit: 200
    target: 80%
    lead_time: 30d
    cost_month: 50
    step: {add: 50, cost_month: 20}
  - {name: archive, growth: 5%, relation: piled, now: 1TiB, limit: 4TiB}
";

fn run(text: &str) -> Result<Outcome> {
    let scenario =
        Scenario::parse("s.yaml", text).map_err(|wrong| anyhow::anyhow!(wrong.render(false)))?;
    Ok(run_scenario(&scenario))
}

fn month_of(outcome: &Outcome, name: &str) -> Result<Option<usize>> {
    let own = outcome.resources.iter().find(|own| own.name == name).context("a resource")?;
    Ok(own.reached_p50)
}

#[test]
fn compound_growth_reaches_its_line_when_arithmetic_says_so() -> Result<()> {
    let outcome = run(GROWTH)?;
    // 1.05^n = 3.2 at n = 23.8: the twenty-fourth month, counted from nought.
    ensure!(month_of(&outcome, "archive")? == Some(23), "{:?}", outcome.resources);
    // (1.03^n)^0.9 = 1.6 at n = 17.7; the power is drawn between 0.65 and 1.1.
    let connections = month_of(&outcome, "connections")?.context("reached")?;
    ensure!((15..=19).contains(&connections), "{connections}");
    let first = &outcome.resources[0];
    ensure!(first.name == "connections" && first.reached_p90 < first.reached_p50);
    let line = first.months[first.reached_p90.context("reached")?];
    ensure!(line.chance >= 0.1 && line.gap_p90 > 0.0 && line.gap_p50 <= line.gap_p90);
    let order = first.order_by.context("a day to order")?;
    ensure!(order < outcome.ends[connections], "{order:?}");
    ensure!(
        (outcome.cost[0].p50 - 50.0).abs() < 1e-9 && outcome.cost[23].p90 >= 70.0,
        "{:?}",
        outcome.cost[23]
    );
    Ok(())
}

#[test]
fn a_deal_moves_the_date_by_its_probability_and_stands_in_the_tornado() -> Result<()> {
    let deal = |probability: &str| {
        format!(
            "{GROWTH}deals:\n  - {{name: ACME, probability: {probability}, date: 2027-02-01..2027-05-01, ramp_months: 2, adds: {{tenants: 600..900}}}}\n"
        )
    };
    let month =
        |text: &str| -> Result<usize> { month_of(&run(text)?, "connections")?.context("reached") };
    let (without, sure) = (month(GROWTH)?, month(&deal("100%"))?);
    ensure!(sure + 5 < without, "{sure} {without}");
    ensure!(month(&deal("0%"))? == without);
    let even = run(&deal("50%"))?;
    let first = &even.resources[0];
    ensure!(
        first.reached_p90.context("reached")? <= sure
            && first.reached_p50.context("reached")? >= sure
    );
    let bar = even.tornado.iter().find(|bar| bar.name == "ACME").context("a bar")?;
    ensure!(bar.high > bar.low && bar.share > 0.2, "{:?}", even.tornado);
    Ok(())
}

#[test]
fn what_is_over_its_line_already_is_not_said_to_reach_it() -> Result<()> {
    let outcome = run(&GROWTH.replace("now: 100\n", "now: 170\n"))?;
    let own = outcome.resources.iter().find(|own| own.name == "connections").context("it")?;
    ensure!(own.already && own.reached_p50 == Some(0), "{own:?}");
    ensure!(!run(GROWTH)?.resources.iter().any(|own| own.already));
    Ok(())
}

#[test]
fn the_same_seed_gives_the_same_and_a_target_is_met() -> Result<()> {
    ensure!(run(GROWTH)? == run(GROWTH)?);
    ensure!(run(GROWTH)? != run(&GROWTH.replace("name: growth", "name: growth\nseed: 2"))?);
    let aimed = GROWTH.replace("growth: 3%, noise: 1%", "target: {value: 2000, date: 2027-12-01}");
    let outcome = run(&aimed)?;
    let tenants = &outcome.drivers[0].1;
    ensure!((tenants[11].p50 / 2_000.0 - 1.0).abs() < 0.01, "{:?}", tenants[11]);
    ensure!(outcome.ends[11] > Time::of_date(2027, 11, 30).context("a date")?);
    Ok(())
}

#[test]
fn contradictions_are_refused_with_their_place() {
    let told = |from: &str, to: &str| {
        let text = GROWTH.replacen(from, to, 1);
        assert_ne!(text, GROWTH, "{from}");
        Scenario::parse("s.yaml", &text).map_or_else(|wrong| wrong.render(false), |_| String::new())
    };
    let cases = [
        (
            "growth: 3%, noise: 1%",
            "growth: 3%, target: {value: 9, date: 2027-06-01}",
            "both say how it grows",
        ),
        ("growth: 3%", "growth: 5%..3%", "the wrong way round"),
        ("growth: 3%", "growth: fast", "is not a part"),
        ("follows: tenants", "follows: tenant", "there is no driver `tenant`"),
        ("growth: 5%, ", "", "follows nothing and does not grow"),
        ("name: partners", "name: tenants", "`tenants` comes twice"),
        (
            "months: 24",
            "months: 24\nlaunches: [{name: a, date: 2031-01-01, raises: {tenants: 5%}}]",
            "outside of the scenario",
        ),
        (
            "months: 24",
            "months: 24\nlaunches: [{name: a, date: 2027-03-01..2027-01-01, raises: {tenants: 5%}}]",
            "before the earliest",
        ),
        ("months: 24", "months: 24\nlaunches: [{name: a, date: 2027-03-01}]", "it changes nothing"),
        (
            "months: 24",
            "months: 24\ndeals: [{name: a, date: 2027-03-01, probability: 120%, adds: {tenants: 5}}]",
            "120%",
        ),
        ("growth: 3%, noise: 1%", "target: {value: 9, date: 2025-06-01}", "not after the start"),
        (
            "growth: 3%, noise: 1%",
            "target: {value: 5000, date: 2026-12-03}",
            "by more than 1,000 % a month",
        ),
        ("months: 24", "months: 24\ndraws: 1000000", "too many draws"),
        ("limit: 200", "limit: -200", "is not a number above nought"),
        ("start: 2026-12-01", "start: 2026-13-01", "is no date"),
        ("months: 24", "horizon: 24", "`drivers`, `resources`, `launches` and `deals`"),
    ];
    for (from, to, words) in cases {
        let told = told(from, to);
        assert!(told.contains(words) && told.contains("s.yaml:"), "{to}: {told}");
        // What is wrong with a driver is not said again wherever it is named.
        let unknown = told.contains("there is no driver");
        assert_eq!(unknown, words.starts_with("there is no driver"), "{to}: {told}");
    }
}

#[test]
fn one_mistake_is_told_once() {
    let launch = "months: 24\nlaunches: [{name: a, date: 2027-03-01, raises: {users: 5%}}]";
    let wrong = Scenario::parse("s.yaml", &GROWTH.replace("months: 24", launch)).unwrap_err();
    let told = wrong.render(false);
    assert!(told.contains("no driver `users`") && !told.contains("changes nothing"), "{told}");
}

#[test]
fn months_are_those_of_the_calendar_and_buying_in_time_is_weighed() -> Result<()> {
    let outcome = run(&GROWTH.replace(
        "cost_month: 50\n    step: {add: 50, cost_month: 20}",
        "over_month_cost: 1000\n    step: {add: 50, cost_month: 20, cost_once: 100}",
    ))?;
    let day = |year, month| Time::of_date(year, month, 1).context("a day");
    ensure!(
        outcome.ends[0] == day(2027, 1)? && outcome.ends[2] == day(2027, 3)?,
        "{:?}",
        outcome.ends
    );
    let first = &outcome.resources[0];
    let worth = first.benefit.as_ref().context("a portion and a price of being short")?;
    // Above 200 from about the twenty-sixth month on, by some draws sooner: being short costs those a thousand a month.
    ensure!(worth.nothing.p90 > worth.nothing.p10 && worth.npv.p90 > 0.0, "{worth:?}");
    ensure!((0.0..1.0).contains(&worth.chance), "{worth:?}");
    ensure!(
        run(GROWTH)?.resources.iter().all(|own| own.benefit.is_none()),
        "nothing to weigh it against"
    );
    let alone = run(&GROWTH.replace("money: EUR", "money: EUR\nalike: 0\ndiscount: 5%"))?;
    ensure!(
        alone.resources == run(GROWTH)?.resources,
        "there are no deals whose fates could be alike"
    );
    Ok(())
}

/// Figures at both ends of what a file may say.
#[test]
fn figures_at_the_ends_of_what_may_be_written_stay_figures() -> Result<()> {
    let text = "name: far
start: 2026-12-01
months: 120
draws: 100
drivers: [{name: a, now: 1e18, growth: 1000%, noise: 100%}, {name: b, now: 1e-12, growth: -99%}]
launches: [{name: up, date: 2026-12-02, raises: {a: 100000000%, b: -100%}}]
resources:
  - {name: held, follows: a, relation: held, now: 1e18, limit: 1e-12, target: 0.1%, growth: 1000%, cost_month: 1e18, over_month_cost: 1e18, step: {add: 1e-12, cost_month: 1e18, cost_once: 1e18}}
  - {name: cached, follows: b, relation: cached, now: 1e-12, limit: 1e18}
  - {name: work, follows: b, now: 1e18, limit: 1e18}
";
    let outcome = run(text)?;
    let sound = |own: &plan::Spread| {
        own.p10 <= own.p50 && own.p50 <= own.p90 && own.p10.is_finite() && own.p90.is_finite()
    };
    for own in &outcome.resources {
        for month in &own.months {
            ensure!(sound(&month.demand) && month.gap_p90.is_finite(), "{}: {month:?}", own.name);
        }
    }
    ensure!(outcome.cost.iter().all(sound), "{:?}", outcome.cost.last());
    ensure!(outcome.drivers.iter().all(|(_, months)| months.iter().all(sound)));
    ensure!(outcome.tornado.iter().all(|bar| bar.share.is_finite()), "{:?}", outcome.tornado);
    Ok(())
}

#[test]
fn growth_far_beyond_what_is_known_is_told_as_a_guess_and_has_an_end() -> Result<()> {
    let near = run(&GROWTH.replace("5%", "1%").replace("growth: 3%", "growth: 2%"))?;
    ensure!(near.warnings.is_empty(), "{:?}", near.warnings);
    let far = run(&GROWTH.replace("growth: 3%", "growth: 8%"))?;
    // 1.08^24 is 6.3, and the archive's 1.05^24 is 3.2.
    let [tenants, archive] = far.warnings.as_slice() else { anyhow::bail!("{:?}", far.warnings) };
    ensure!(tenants.starts_with("tenants comes to 6.3 times what there is now"), "{tenants}");
    ensure!(tenants.contains("a guess") && tenants.contains("straight in one draw of 5"));
    ensure!(archive.starts_with("archive comes to 3.2 times"), "{archive}");
    let month = |outcome: &Outcome| outcome.drivers[0].1[23];
    // Straight on from twice what there is, a tenth of the draws would have it: 2,000 and 14.9 months at 160 each.
    let last = month(&far);
    ensure!(last.p10 < 4_600.0 && last.p50 > 6_000.0, "{last:?}");
    let absurd = run(&GROWTH.replace("growth: 3%", "growth: 300%"))?;
    ensure!(month(&absurd).p90 < 1.1e6, "{:?}", month(&absurd));
    ensure!(absurd.warnings[0].contains("growth ends at 1000 times"), "{:?}", absurd.warnings);
    Ok(())
}
