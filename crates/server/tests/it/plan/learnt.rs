//! Scenarios that are run on a server learn from what is recorded there, and say of each resource what was used.

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::Value;
use testkit::planted::Planted;

use super::services::{NOW, SETTINGS, house};
use crate::house::{House, answer};

/// Two years, in which the load comes to twice what was ever seen; memory is 2,000 and 3 for each request.
const SCENARIO: &str = "name: growth
start: 2026-11-20
months: 24
drivers:
  - {name: load, now: 468, growth: 4%, measured: planted_load}
  - {name: tenants, now: 1000, growth: 4%}
resources:
  - {name: memory, follows: load, relation: work, now: 3404, limit: 8192, measured: 'planted_used{of=\"memory\"}'}
  - {name: connections, follows: tenants, relation: held, now: 56, limit: 100}
  - {name: sessions, follows: tenants, relation: held, now: 56, limit: 100}
";

async fn run(house: &House, query: &str, text: &str) -> Result<(u16, Value)> {
    let path = format!("/api/plimsoll/v1/scenarios/run{query}");
    let request = house.request(Method::POST, &path)?;
    answer(request.header("content-type", "application/yaml").body(text.to_owned())).await
}

fn resource<'v>(outcome: &'v Value, name: &str) -> Result<&'v Value> {
    let all = outcome["resources"].as_array().context("resources")?;
    all.iter().find(|own| own["name"] == name).context("the resource")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_learns_from_the_service_and_says_what_it_used() -> Result<()> {
    let house = house(SETTINGS, &Planted::until(NOW, 11)).await?;
    let service = ["service: shop\n", SCENARIO].concat();
    let (status, told) = run(&house, "", &service).await?;
    ensure!(status == 200, "{told:#}");
    let memory = resource(&told, "memory")?;
    let basis = &memory["basis"];
    ensure!(basis["source"] == "measured" && basis["forms"][0]["form"] == "linear", "{basis:#}");
    ensure!(basis["explained"].as_f64() > Some(0.7) && basis["seen"].is_array(), "{basis:#}");
    // 1.04^24 = 2.56 times the load: 2,000 and 3 for each of 1,199 requests.
    let last = memory["months"].as_array().and_then(|all| all.last()).context("months")?;
    let p50 = last["demand"]["p50"].as_f64().context("a figure")?;
    ensure!((p50 / 5_598.0 - 1.0).abs() < 0.04, "{p50}");
    // Nobody measures tenants; the load line of the service has connections, and no sessions.
    let connections = &resource(&told, "connections")?["basis"];
    ensure!(connections["source"] == "load line" && connections["service"] == "shop", "{told:#}");
    let sessions = &resource(&told, "sessions")?["basis"];
    ensure!(sessions["source"] == "general", "{sessions:#}");
    let text = sessions["text"].as_str().context("words")?;
    ensure!(text.contains("nothing") && text.contains("`tenants`"), "{text}");
    // By what is usual only, memory has next to no base, and there would have to be half as much again.
    let (_, usual) = run(&house, "?past=0", &service).await?;
    let memory = resource(&usual, "memory")?;
    ensure!(memory["basis"]["source"] == "general", "{memory:#}");
    let last = memory["months"].as_array().and_then(|all| all.last()).context("months")?;
    ensure!(last["demand"]["p50"].as_f64() > Some(7_500.0), "{last:#}");
    for (query, text) in [
        ("", SCENARIO.replace("name: growth\n", "name: growth\nservice: shpo\n")),
        ("", SCENARIO.replace("planted_load}", "'planted_load['}")),
        ("?past=forever", SCENARIO.to_owned()),
    ] {
        let (status, told) = run(&house, query, &text).await?;
        ensure!(status == 400, "{told:#}");
    }
    // Without the service's name it is found by the expression of a limit.
    let by_limit = SCENARIO.replace(
        "limit: 100}\n  - {name: sessions",
        "limit: 100, measured: 'planted_used{of=\"connections\"}'}\n  - {name: sessions",
    );
    let (_, told) = run(&house, "", &by_limit).await?;
    ensure!(resource(&told, "connections")?["basis"]["service"] == "shop", "{told:#}");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_that_were_sent_are_what_a_driver_is_measured_by() -> Result<()> {
    let planted = Planted::until(NOW, 11);
    let house = house(SETTINGS, &planted).await?;
    // Tenants once a day: as many as the mean load of that day, twice.
    for day in 1..=40 {
        let at = NOW.millis() - (41 - day) * 86_400_000;
        let from = planted.times.partition_point(|time| *time < at - 86_400_000);
        let until = planted.times.partition_point(|time| *time < at);
        let mean = planted.load[from..until].iter().sum::<f64>() / (until - from).max(1) as f64;
        let body = serde_json::json!({ "figures": [{ "driver": "tenants", "value": 2.0 * mean, "at": at }] });
        let request = house.request(Method::POST, "/api/plimsoll/v1/drivers")?.json(&body);
        let (status, told) = answer(request).await?;
        ensure!(status == 201, "{told:#}");
    }
    let text = SCENARIO
        .replace("held, now: 56, limit: 100}\n  - {name: sessions", "held, now: 56, limit: 100, measured: 'planted_used{of=\"connections\"}'}\n  - {name: sessions");
    let (status, told) = run(&house, "", &text).await?;
    ensure!(status == 200, "{told:#}");
    let connections = &resource(&told, "connections")?["basis"];
    ensure!(connections["source"] == "measured", "{connections:#}");
    house.stop().await
}
