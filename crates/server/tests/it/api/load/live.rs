//! Runs that go on: followed second by second, and stopped, one or all.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use super::report;
use crate::house::{House, QUIET, answer};

const NOW: Time = Time(1_795_176_000_000);
const LIVE: &str = "/api/plimsoll/v1/load/live";
const STOP: &str = "/api/plimsoll/v1/load/stop";

async fn post(house: &House, path: &str, body: Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, path)?.json(&body)).await
}

async fn begin(house: &House, plan: &str) -> Result<String> {
    let begins = json!({"plan": plan, "targets": ["http://shop.test"], "seconds": 60.0, "by": "ann", "service": "shop"});
    let (status, told) = post(house, LIVE, begins).await?;
    ensure!(status == 201 && told["stop"] == false, "{told:#}");
    Ok(told["id"].as_str().context("no id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_until_its_report_is_there() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let id = begin(&house, "shop").await?;
    let rows = json!({"rows": [
        {"second": 1, "sent": 10, "good": 9, "failed": 1, "in_flight": 2, "response_p95_ms": 4.5},
        {"second": 2, "sent": 10, "good": 10, "failed": 0, "in_flight": 1},
    ]});
    let (_, told) = post(&house, &format!("{LIVE}/{id}"), rows).await?;
    ensure!(told["stop"] == false, "{told:#}");
    let (_, one) = house.get(&format!("{LIVE}/{id}"), &[]).await?;
    ensure!(one["state"] == "running" && one["rows"][0]["response_p95_ms"] == 4.5, "{one:#}");
    let (_, list) = house.get(LIVE, &[]).await?;
    ensure!(
        list["runs"][0]["last"]["second"] == 2 && list["runs"][0]["rows"] == json!([]),
        "{list:#}"
    );
    let (_, changes) = house.get("/api/plimsoll/v1/changes", &[("service", "shop")]).await?;
    let text = changes["changes"][0]["text"].as_str().unwrap_or_default().to_owned();
    ensure!(
        text.contains("load test `shop`"),
        "whoever looks at an alert sees the load: {changes:#}"
    );
    clock.turn(Span::secs(11));
    let (_, one) = house.get(&format!("{LIVE}/{id}"), &[]).await?;
    ensure!(one["state"] == "lost", "{one:#}");
    let sent = json!({"id": id, "report": report("shop", 30, 700)});
    let (status, kept) = post(&house, "/api/plimsoll/v1/load/runs", sent).await?;
    ensure!(
        status == 201 && kept["run"]["by"] == "ann" && kept["run"]["service"] == "shop",
        "{kept:#}"
    );
    let (_, one) = house.get(&format!("{LIVE}/{id}"), &[]).await?;
    ensure!(one["state"] == "ended", "{one:#}");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_is_stopped_and_the_others_go_on() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let (one, other) = (begin(&house, "one").await?, begin(&house, "other").await?);
    let (status, told) = post(&house, &format!("{LIVE}/{one}/stop"), json!({"by": "bob"})).await?;
    ensure!(status == 200 && told["state"] == "stopping", "{told:#}");
    let (_, told) = post(&house, &format!("{LIVE}/{one}"), json!({})).await?;
    ensure!(told["stop"] == true && told["why"] == "stopped by bob", "{told:#}");
    let (_, told) = post(&house, &format!("{LIVE}/{other}"), json!({})).await?;
    ensure!(told["stop"] == false, "{told:#}");
    let (status, _) = post(&house, &format!("{LIVE}/abc/stop"), json!({})).await?;
    ensure!(status == 404, "no such run");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_for_all_holds_over_a_restart_until_it_is_released() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let runs = [begin(&house, "one").await?, begin(&house, "other").await?];
    let (_, told) = post(&house, STOP, json!({"by": "bob", "why": "orders fail"})).await?;
    ensure!(told["held"] == true && told["stopped"] == 2, "{told:#}");
    for id in &runs {
        let (_, told) = post(&house, &format!("{LIVE}/{id}"), json!({})).await?;
        ensure!(told["stop"] == true, "{told:#}");
    }
    let house = house.restart(QUIET, clock).await?;
    let begins = json!({"plan": "late", "targets": [], "seconds": 1.0});
    let (status, told) = post(&house, LIVE, begins).await?;
    let message = told["error"]["message"].as_str().unwrap_or_default().to_owned();
    ensure!(status == 409 && message.contains("stopped by bob: orders fail"), "{told:#}");
    let (_, told) = answer(house.request(Method::DELETE, STOP)?).await?;
    ensure!(told["held"] == false, "{told:#}");
    begin(&house, "again").await?;
    let (_, told) = house.get(STOP, &[]).await?;
    ensure!(told["held"] == false && told["at"] == NOW.millis(), "{told:#}");
    house.stop().await
}
