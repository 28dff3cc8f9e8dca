//! Gates of releases: their runs are listed as one gate, with its verdict.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use super::report;
use crate::house::{House, QUIET, answer};

const NOW: Time = Time(1_795_176_000_000);
const RUNS: &str = "/api/plimsoll/v1/load/runs";
const LIVE: &str = "/api/plimsoll/v1/load/live";
const GATES: &str = "/api/plimsoll/v1/load/gates";

async fn send(house: &House, path: &str, body: &Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, path)?.json(body)).await
}

/// What `plimsoll load gate --output json` writes, in short.
fn comparison() -> Value {
    let figure = |figure: &str, change: &str| {
        json!({ "step": null, "figure": figure, "before": 0.1, "after": 0.12, "difference": 0.2,
            "between": [0.1, 0.3], "detectable": 0.05, "likelihood": 0.001, "change": change })
    };
    json!({ "schema": "plimsoll.load-compare/1", "word": "no change", "exit_code": 0, "before": [], "after": [],
        "refused": [], "figures": [figure("p50", "none"), figure("p95", "worse")],
        "impact": { "schema": "plimsoll.load-impact/1", "word": "failed", "exit_code": 1, "refused": [],
            "resources": [{ "name": "cpu", "difference": 0.12, "changed": true,
                "budget": { "text": "cpu <= +5%", "kept": false } }] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runs_of_a_gate_are_listed_as_one_with_its_verdict_across_a_restart() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    for (at, (side, round)) in
        [("before", 1), ("after", 1), ("before", 2), ("after", 2)].into_iter().enumerate()
    {
        let mut report = report("shop", 10, 700);
        report["started_ms"] = json!(1_795_000_000_000_i64 + i64::try_from(at)? * 60_000);
        let gate = json!({ "id": "19f-1", "side": side, "round": round });
        let (status, told) = send(&house, RUNS, &json!({ "report": report, "gate": gate })).await?;
        ensure!(status == 201, "{told:#}");
    }
    let (_, one) = house.get(&format!("{GATES}/19f-1"), &[]).await?;
    ensure!(one["verdict"] == "goes_on" && one["gate"]["plan"] == "shop", "{one:#}");
    ensure!(one["runs"].as_array().map(Vec::len) == Some(4), "{one:#}");
    let other = json!({ "report": report("shop", 10, 700) });
    ensure!(send(&house, RUNS, &other).await?.0 == 201);
    let (_, list) = house.get(RUNS, &[]).await?;
    ensure!(list["runs"][1]["run"]["gate"]["round"] == 2, "{list:#}");
    ensure!(list["runs"][1]["gate_verdict"] == "goes_on", "nobody said it yet: {list:#}");
    let sent = json!({ "id": "19f-1", "plan": "shop", "service": "shop", "release_before": "4.2",
        "release": "4.3", "by": "anna", "comparison": comparison() });
    let (status, told) = send(&house, GATES, &sent).await?;
    ensure!(status == 201 && told["verdict"] == "failed", "the impact failed: {told:#}");
    ensure!(told["gate"]["changes"].as_array().map(Vec::len) == Some(1), "{told:#}");
    ensure!(told["gate"]["impact"][0]["kept"] == false, "{told:#}");
    ensure!(send(&house, GATES, &sent).await?.0 == 200, "told twice it is kept once");
    let house = house.restart(QUIET, clock).await?;
    let (_, one) = house.get(&format!("{GATES}/19f-1"), &[]).await?;
    let runs = one["runs"].as_array().context("runs")?;
    let turns: Vec<&str> =
        runs.iter().filter_map(|own| own["run"]["gate"]["side"].as_str()).collect();
    ensure!(turns == ["before", "after", "before", "after"], "{one:#}");
    let (_, list) = house.get(RUNS, &[]).await?;
    ensure!(list["runs"][0]["gate_verdict"].is_null() && list["runs"][0]["run"]["gate"].is_null());
    ensure!(list["runs"][1]["gate_verdict"] == "failed", "{list:#}");
    let (_, gates) = house.get(GATES, &[]).await?;
    ensure!(gates["gates"][0]["gate"]["release"] == "4.3", "{gates:#}");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_goes_on_from_its_first_run_until_nothing_is_heard_of_it() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let gate = |round: u32| json!({ "id": "19f-1", "side": "before", "round": round });
    let run = json!({ "report": report("shop", 10, 700), "gate": gate(1), "release": "4.2" });
    ensure!(send(&house, RUNS, &run).await?.0 == 201);
    let begins = json!({ "plan": "shop", "targets": [], "seconds": 600.0, "gate": gate(2) });
    let (status, told) = send(&house, LIVE, &begins).await?;
    ensure!(status == 201, "{told:#}");
    let id = told["id"].as_str().context("an id")?;
    let (_, live) = house.get(LIVE, &[]).await?;
    ensure!(live["runs"][0]["gate"] == gate(2), "{live:#}");
    let word = || async {
        let (_, list) = house.get(RUNS, &[]).await?;
        let (_, one) = house.get(&format!("{GATES}/19f-1"), &[]).await?;
        ensure!(list["runs"][0]["gate_verdict"] == one["verdict"], "{list:#} {one:#}");
        ensure!(one["gate"]["release_before"] == "4.2", "{one:#}");
        Ok(one["verdict"].as_str().unwrap_or_default().to_owned())
    };
    // A run takes longer than what is waited for, and is heard all the while.
    for second in 1..=6 {
        clock.turn(Span::minutes(1));
        let row = json!({ "second": second * 60, "sent": 1, "good": 1, "failed": 0, "in_flight": 0,
            "response_p50_ms": null, "response_p95_ms": null, "response_p99_ms": null });
        let (status, told) =
            send(&house, &format!("{LIVE}/{id}"), &json!({ "rows": [row] })).await?;
        ensure!(status == 200, "{told:#}");
        ensure!(word().await? == "goes_on", "after minute {second}");
    }
    clock.turn(Span::minutes(3));
    ensure!(word().await? == "broken_off");
    let wrong = json!({ "plan": "shop", "targets": [], "seconds": 1.0,
        "gate": { "id": "19f-1", "side": "middle", "round": 1 } });
    ensure!(send(&house, LIVE, &wrong).await?.0 == 400);
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_gate_is_refused() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let gate =
        |id: &str, comparison: Value| json!({ "id": id, "plan": "shop", "comparison": comparison });
    for wrong in [
        gate("../x", comparison()),
        gate("1", json!({ "schema": "plimsoll.load/1", "exit_code": 0 })),
        gate("1", json!({ "schema": "plimsoll.load-compare/1" })),
        json!({ "id": "1", "plan": "shop" }),
    ] {
        let (status, told) = send(&house, GATES, &wrong).await?;
        ensure!(status == 400, "{told:#}");
    }
    for side in ["middle", ""] {
        let of = json!({ "id": "1", "side": side, "round": 1 });
        let run = json!({ "report": report("shop", 10, 700), "gate": of });
        ensure!(send(&house, RUNS, &run).await?.0 == 400);
    }
    ensure!(house.get(&format!("{GATES}/abc"), &[]).await?.0 == 404);
    house.stop().await
}
