//! A service with a planted truth: its line, what binds, the date, the launch, the change of cost.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use model::{Labels, Sample, Series, Span, Time};
use reqwest::Method;
use serde_json::Value;
use testkit::{
    TurnedClock,
    planted::{DAYS, Planted, RELEASE_DAY, TRUTH},
};

use crate::house::{House, QUIET};

pub(super) const NOW: Time = Time(1_795_176_000_000);

/// Three instances, five limits, a launch in three days that raises load by 15 %.
pub(super) const SETTINGS: &str = "policy: none
host: {enabled: false}
services:
  - name: shop
    title: Shop
    owner: team-shop
    load: planted_load
    replicas: '3'
    limits:
      - name: connections
        title: database connections
        used: planted_used{of=\"connections\"}
        limit: '100'
        relation: held
        steps:
          - {title: pool 100 → 150, times: 1.5}
          - {title: second database, times: 2, cost_month: 900}
      - {name: cpu, used: 'planted_used{of=\"cpu\"}', limit: '1', unit: share, relation: work, each_replica: true}
      - {name: latency, used: 'planted_used{of=\"latency\"}', limit: '0.4', unit: seconds, target: 100 %, relation: latency}
      - {name: memory, used: 'planted_used{of=\"memory\"}', limit: '8192', relation: work}
      - {name: cache, used: 'planted_used{of=\"cache\"}', limit: '4096', relation: cached}
    launches:
      - {name: the Q1 launch, date: 2026-11-23, raises: 15 %}
";

fn series(name: &str, of: &str, times: &[i64], values: &[f64]) -> Series {
    let labels = Labels::empty().with("__name__", name).with("of", of);
    let samples =
        times.iter().zip(values).map(|(&time, &value)| Sample { time: Time(time), value });
    Series::new(labels, samples.collect())
}

pub(super) async fn house(settings: &str, planted: &Planted) -> Result<House> {
    house_at(settings, planted, &Arc::new(TurnedClock::at(NOW))).await
}

pub(super) async fn house_at(
    settings: &str,
    planted: &Planted,
    clock: &Arc<TurnedClock>,
) -> Result<House> {
    let house = House::new(settings, Arc::<TurnedClock>::clone(clock)).await?;
    let mut all = vec![series("planted_load", "load", &planted.times, &planted.load)];
    for (name, _, used) in &planted.used {
        all.push(series("planted_used", name, &planted.times, used));
    }
    for one in all {
        house.write(&[one]).await?;
    }
    Ok(house)
}

fn within(range: &Value, truth: f64) -> bool {
    let of = |key: &str| range[key].as_f64().unwrap_or(f64::INFINITY);
    of("low") <= truth * 1.02 && truth * 0.98 <= of("high")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_truth_comes_out_right_through_the_api() -> Result<()> {
    let planted = Planted::until(NOW, 11);
    let house = house(SETTINGS, &planted).await?;
    let (status, shop) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
    ensure!(status == 200, "{shop:#}");
    ensure!(shop["binds"] == "connections" && within(&shop["line"], 666.7), "{shop:#}");
    let limits = shop["limits"].as_array().context("limits")?;
    for (name, _, truth) in TRUTH.iter().filter(|own| own.0 != "cache") {
        let limit = limits.iter().find(|own| own["name"] == *name).context("the limit")?;
        ensure!(within(&limit["line"], *truth), "{name}: {} for {truth}", limit["line"]);
    }
    let cpu = limits.iter().find(|own| own["name"] == "cpu").context("cpu")?;
    let change = &cpu["cost_change"];
    let released = (NOW - Span::days(DAYS - RELEASE_DAY)).millis();
    let since = change["since"].as_i64().context("a change of cost")?;
    ensure!((since - released).abs() <= Span::hours(6).0, "{change}");
    ensure!(change["times"].as_f64().is_some_and(|times| (times - 1.25).abs() < 0.08), "{change}");
    let date = |reached: &Value, key: &str| reached[key].as_i64().unwrap_or(i64::MAX);
    let holds = |reached: &Value, raised: f64, from: f64| -> Result<()> {
        let truth = planted.reached(666.7, (raised, from)).context("reached")?.millis();
        let inside = date(reached, "earliest") <= truth && truth <= date(reached, "latest");
        ensure!(inside, "{reached:#} for {truth}");
        Ok(())
    };
    holds(&shop["dates"]["by_itself"], 1.0, 0.0)?;
    holds(&shop["dates"]["launches"][0]["reached"], 1.15, 3.0)?;
    ensure!(shop["next"]["title"] == "pool 100 → 150", "{}", shop["next"]);
    ensure!(shop["without_one"]["carries"] == true, "{}", shop["without_one"]);
    let text = shop["text"].as_str().context("a sentence")?;
    ensure!(text.contains("limited by database connections; now at 5"), "{text}");
    let (_, all) = house.get("/api/plimsoll/v1/services", &[]).await?;
    ensure!(all["services"][0]["name"] == "shop", "{all:#}");
    Ok(())
}

/// Load that grows by 4 of 468 a day is 26 % a month; connections are used at 0.12 of it, and 80 of 100 is their line.
const SCENARIO: &str = "name: as planted
start: 2026-11-20
months: 4
drivers:
  - {name: load, now: 468, growth: 20%..26%}
resources:
  - {name: connections, follows: load, relation: held, now: 56, limit: 100, lead_time: 14d}
launches:
  - {name: the Q1 launch, probability: 50%, date: 2026-11-23, raises: {load: 15%}}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_is_run_for_whoever_sends_it_and_a_contradiction_is_marked() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let send = async |text: String| -> Result<(u16, Value)> {
        let request = house.request(Method::POST, "/api/plimsoll/v1/scenarios/run")?;
        let response = request.header("content-type", "application/yaml").body(text).send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    };
    let (status, outcome) = send(SCENARIO.to_owned()).await?;
    ensure!(status == 200, "{outcome:#}");
    let connections = &outcome["resources"][0];
    // Growth alone comes to 80 in its second month; so does half of all draws with the launch, a month sooner at most.
    ensure!(connections["reached_p50"].as_u64().is_some_and(|month| month <= 2), "{connections:#}");
    ensure!(connections["reached_p90"].as_u64() <= connections["reached_p50"].as_u64());
    let bar = &outcome["tornado"][0];
    ensure!(bar["high"].as_f64() > bar["low"].as_f64(), "{bar}");
    let (status, wrong) = send(SCENARIO.replace("2026-11-23", "2031-11-23")).await?;
    let told = wrong["error"]["message"].as_str().unwrap_or_default().to_owned();
    ensure!(
        status == 400 && told.contains("outside of the scenario") && told.contains("scenario:9"),
        "{told}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_past_the_reason_is_told_and_no_date() -> Result<()> {
    let house = House::new(SETTINGS, Arc::new(TurnedClock::at(NOW))).await?;
    let (status, shop) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
    ensure!(status == 200 && shop["line"].is_null() && shop["dates"].is_null(), "{shop:#}");
    let text = shop["text"].as_str().context("a sentence")?;
    ensure!(
        text.starts_with(
            "no telling what it carries; database connections, cpu, latency, memory, cache: no point in common"
        ),
        "{text}"
    );
    ensure!(house.get("/api/plimsoll/v1/services/nobody", &[]).await?.0 == 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_a_step_has_the_currency_of_the_price_list() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("prices.csv");
    std::fs::write(
        &file,
        "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency\nsmall,30,Months,2,cpu,EUR\n",
    )?;
    let planted = Planted::until(NOW, 11);
    let dear = SETTINGS.replace("          - {title: pool 100 → 150, times: 1.5}\n", "");
    let priced = format!("{dear}planning: {{prices: {}}}\n", file.display());
    for (settings, currency) in [(priced, Value::from("EUR")), (dear, Value::Null)] {
        let house = house(&settings, &planted).await?;
        let (_, shop) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
        let (next, text) = (&shop["next"], shop["text"].as_str().context("a sentence")?);
        ensure!(next["cost_month"] == 900.0 && next["currency"] == currency, "{next:#}");
        let money = if currency.is_null() { "900 a month" } else { "900 EUR a month" };
        ensure!(text.contains(money), "{text}");
        house.stop().await?;
    }
    Ok(())
}
