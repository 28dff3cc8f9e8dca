//! The same service with a planted truth, further on: what a scenario, sizes and load tests say of it.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use model::{Clock as _, Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{
    TurnedClock,
    planted::{DAYS, Planted, RELEASE_DAY, TRUTH},
};

use super::services::{NOW, SETTINGS, house, house_at};
use crate::house::{House, answer, series};

/// What was exceeded for this part of the time.
fn exceeded(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
    let place = ((1.0 - part) * values.len() as f64) as usize;
    values[place.min(values.len() - 1)]
}

/// The load that is exceeded a twentieth of a week that ends so many days ahead: what is called the load of now.
fn busy(planted: &Planted, day: i64) -> f64 {
    exceeded(planted.load_ahead((day - 7, day)), 0.05)
}

/// A plan for half a year made of what the service's page tells: the load of now, and what each limit has in use at it.
fn scenario(shop: &Value, launch: bool) -> Result<String> {
    let now = shop["load_now"].as_f64().context("a load")?;
    let mut text = format!(
        "name: as planted\nstart: 2026-11-20\nmonths: 6\ndrivers:\n  - {{name: load, now: {now}, growth: 14%..20%..27%}}\nresources:\n"
    );
    for (name, relation) in [("connections", "held"), ("cpu", "work")] {
        let limits = shop["limits"].as_array().context("limits")?;
        let limit = limits.iter().find(|own| own["name"] == name).context("the limit")?;
        let much = limit["limit"].as_f64().context("how much there is")?;
        let curve = limit["curve"].as_array().context("a curve")?;
        let at = |point: &Value, place: usize| point[place].as_f64().unwrap_or(f64::NAN);
        let used = curve.iter().find(|point| at(point, 0) >= now).context("a point")?;
        let used = at(used, 1) * now / at(used, 0);
        writeln!(
            text,
            "  - {{name: {name}, follows: load, relation: {relation}, now: {used}, limit: {much}, lead_time: 14d}}"
        )?;
    }
    if launch {
        text.push_str(
            "launches:\n  - {name: the Q1 launch, date: 2026-11-23, raises: {load: 15%}}\n",
        );
    }
    Ok(text)
}

async fn run(house: &House, text: String) -> Result<Value> {
    let request = house.request(Method::POST, "/api/plimsoll/v1/scenarios/run")?;
    let (status, told) =
        answer(request.header("content-type", "application/yaml").body(text)).await?;
    ensure!(status == 200, "{told:#}");
    Ok(told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_made_of_live_data_holds_what_comes() -> Result<()> {
    let planted = Planted::until(NOW, 11);
    let house = house(SETTINGS, &planted).await?;
    let (_, shop) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
    let now = shop["load_now"].as_f64().context("a load")?;
    ensure!((now / busy(&planted, 0) - 1.0).abs() < 0.05, "{now}");
    let mut reached = Vec::new();
    for (launch, raised) in [(false, 1.0), (true, 1.15)] {
        let told = run(&house, scenario(&shop, launch)?).await?;
        for (name, limit, _) in TRUTH.iter().filter(|own| ["connections", "cpu"].contains(&own.0)) {
            let all = told["resources"].as_array().context("resources")?;
            let own = all.iter().find(|own| own["name"] == *name).context("the resource")?;
            let months = own["months"].as_array().context("months")?;
            // What comes, at the end of each month of some thirty days and a half.
            let truth = |month: usize| {
                let day = (30.5 * (month + 1) as f64).round();
                #[expect(clippy::cast_possible_truncation, reason = "a day")]
                let load = raised * busy(&planted, day as i64);
                Planted::used_at(name, load)
            };
            for (month, told) in months.iter().enumerate() {
                let of = |key: &str| told["demand"][key].as_f64().unwrap_or(f64::NAN);
                let (low, high) = (0.95 * of("p10"), 1.05 * of("p90"));
                let truth = truth(month);
                ensure!(low <= truth && truth <= high, "{name} {month}: {truth} in {told}");
            }
            let line = own["line"].as_f64().context("a line")?;
            ensure!((line - 0.8 * limit).abs() < 1e-9, "{own:#}");
            let came = (0..months.len()).position(|month| truth(month) >= line);
            let early = own["reached_p90"].as_u64().and_then(|own| usize::try_from(own).ok());
            let late = months.iter().position(|own| own["chance"].as_f64() >= Some(0.9));
            ensure!(
                early <= came && came.is_some() && late.is_none_or(|late| came <= Some(late)),
                "{name}: in month {came:?}, told {early:?} to {late:?}"
            );
            reached.push((came, own["reached_p50"].as_u64()));
        }
    }
    // Connections are first, and the launch brings cores forward by a month or more.
    ensure!(reached[0].1 < reached[1].1 && reached[3].1 < reached[1].1, "{reached:?}");
    Ok(())
}

/// The limits of the service as resources of their own, sized as they are: cores are much too many, connections too few.
const SIZED: &str = "global: {evaluation_interval: 1s}
resources:
  - {name: cores, used: 'planted_used{of=\"cpu\"} * 16', limit: '48', unit: cores}
  - {name: memory, used: 'planted_used{of=\"memory\"} * 1048576', limit: '6442450944', unit: bytes}
  - {name: connections, used: 'planted_used{of=\"connections\"}', limit: '50', unit: count}
";

#[tokio::test(flavor = "multi_thread")]
async fn sizes_of_a_planted_past_do_in_the_week_that_comes_and_waste_little() -> Result<()> {
    let planted = Planted::until(NOW, 11);
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house_at(&format!("{SETTINGS}{SIZED}"), &planted, &clock).await?;
    let list = sized(&house, &clock, &planted).await?;
    for (name, of, scale, advice) in [
        ("cores", "cpu", 16.0, "smaller"),
        ("memory", "memory", 1_048_576.0, "fits"),
        ("connections", "connections", 1.0, "larger"),
    ] {
        let all = list["items"].as_array().context("items")?;
        let item = all.iter().find(|own| own["title"] == name).context("the item")?;
        ensure!(item["advice"] == advice, "{item:#}");
        let offer = if advice == "fits" { &item["current"] } else { &item["proposed"] };
        let size = offer["sizes"][0].as_f64().context("a size")?;
        let line = item["parts"][0]["line"].as_f64().context("a line")?;
        let week = planted.load_ahead((0, 7)).into_iter();
        let used: Vec<f64> = week.map(|load| scale * Planted::used_at(of, load)).collect();
        // Three percent of noise come on top; of bytes nothing may lie above.
        let part = if name == "memory" { 0.0 } else { 0.01 };
        let needed = exceeded(used, part);
        ensure!(size * line >= needed, "{name}: {size} at {line} for {needed}");
        ensure!(size * line <= 2.0 * needed, "{name}: {size} at {line} for {needed} is too much");
        let risk = offer["over"].as_f64().context("a risk")?;
        ensure!(risk < 0.01, "{offer:#}");
    }
    // The same past tells what follows what.
    let path = "/api/plimsoll/v1/drivers/suggestions";
    let (status, told) = house.get(path, &[("past", "42d")]).await?;
    ensure!(status == 200, "{told:#}");
    let found = told["suggestions"].as_array().context("suggestions")?;
    let own = found.iter().find(|own| own["figure"] == "connections{of=\"connections\"}");
    let own = own.with_context(|| format!("{told:#}"))?;
    ensure!(own["follows"] == "service shop" && own["lag_ms"] == 0, "{own:#}");
    ensure!(own["error"].as_f64() < Some(0.08), "{own:#}");
    ensure!(house.get(path, &[("past", "ages")]).await?.0 == 400);
    house.stop().await
}

/// Lets time go by, and the service go on as it does, until all three are reviewed.
async fn sized(house: &House, clock: &TurnedClock, planted: &Planted) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..300 {
        clock.turn(Span::minutes(1));
        let now = clock.now();
        let load = planted.load_ahead((0, 1))[0];
        let all: Vec<_> = TRUTH
            .iter()
            .map(|(name, ..)| {
                let labels = [("__name__", "planted_used"), ("of", *name)];
                series(&labels, &[(now.millis(), Planted::used_at(name, load))])
            })
            .collect();
        house.write(&all).await?;
        pause().await;
        last = house.get("/api/plimsoll/v1/sizes", &[]).await?.1;
        let items = last["items"].as_array().map_or(&[][..], Vec::as_slice);
        if items.len() == 3 && items.iter().all(|own| own["why_not"].is_null()) {
            return Ok(last);
        }
    }
    bail!("the sizes were not told:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_told_stands_beside_the_cost_it_changed() -> Result<()> {
    let house = house(SETTINGS, &Planted::until(NOW, 11)).await?;
    let released: Time = NOW - Span::days(DAYS - RELEASE_DAY);
    for (key, at, status) in [
        ("one", released.millis(), "succeeded"),
        ("two", released.millis() + 600_000, "failed"),
        ("three", released.millis() - Span::days(9).0, "succeeded"),
    ] {
        let change = json!({ "kind": "deployment", "service": "shop", "version": format!("4.{key}"),
            "status": status, "key": key, "at": at });
        let request = house.request(Method::POST, "/api/plimsoll/v1/changes")?.json(&change);
        let (status, told) = answer(request).await?;
        ensure!(status == 201, "{told:#}");
    }
    let (_, shop) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
    let limits = shop["limits"].as_array().context("limits")?;
    let cpu = limits.iter().find(|own| own["name"] == "cpu").context("cpu")?;
    let cause = cpu["cost_change"]["cause"].as_str().context("a cause")?;
    ensure!(cause.contains("4.one"), "{cause}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn points_of_an_impact_sharpen_the_line_of_the_limit_they_are_called_by() -> Result<()> {
    let house = house(SETTINGS, &Planted::until(NOW, 11)).await?;
    let path = "/api/plimsoll/v1/services/shop/tests?times=2";
    let send = async |body: Value| answer(house.request(Method::POST, path)?.json(&body)).await;
    // Half as many journeys as requests.
    let points: Vec<[f64; 2]> = (1..=15)
        .map(|at| f64::from(at) * 100.0)
        .map(|load| [load / 2.0, Planted::used_at("memory", load)])
        .collect();
    let impact = |name: &str| {
        json!({ "schema": "plimsoll.load-impact/1", "word": "passed",
            "resources": [{ "name": name, "before": 1.0, "points": points }] })
    };
    let (_, before) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
    let wide = |shop: &Value| -> Result<(f64, bool)> {
        let all = shop["limits"].as_array().context("limits")?;
        let memory = all.iter().find(|own| own["name"] == "memory").context("memory")?;
        let of = |key: &str| memory["line"][key].as_f64().unwrap_or(f64::INFINITY);
        Ok((of("high") - of("low"), memory["guess"] == true))
    };
    // The document of `load compare` has the impact in it.
    let document = json!({ "schema": "plimsoll.load-compare/1", "impact": impact("Memory") });
    let (status, after) = send(document).await?;
    ensure!(status == 201, "{after:#}");
    let (was, is) = (wide(&before)?, wide(&after)?);
    ensure!(is.0 < 0.7 * was.0 && was.1 && !is.1, "{was:?} {is:?}");
    let (status, told) = send(impact("heap")).await?;
    let message = told["error"]["message"].as_str().unwrap_or_default();
    ensure!(status == 400 && message.contains("its resources are heap"), "{told:#}");
    Ok(())
}
