//! Runs that are over: kept across restarts, listed, laid over each other, and compared with the baseline.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use model::Time;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use super::report;
use crate::house::{House, QUIET, answer};

const NOW: Time = Time(1_795_176_000_000);
const RUNS: &str = "/api/plimsoll/v1/load/runs";

async fn send(house: &House, body: Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, RUNS)?.json(&body)).await
}

async fn kept(house: &House, body: Value) -> Result<String> {
    let (status, told) = send(house, body).await?;
    ensure!(status == 201, "{told:#}");
    Ok(told["run"]["id"].as_str().context("no id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_kept_with_its_report_and_its_page_across_a_restart() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let page = "<!doctype html><html><title>run</title></html>\n";
    let sent =
        json!({"report": report("shop", 30, 700), "page": page, "release": "1.4", "by": "ann"});
    let id = kept(&house, sent).await?;
    let house = house.restart(QUIET, clock).await?;
    let (_, list) = house.get(RUNS, &[]).await?;
    let run = &list["runs"][0];
    ensure!(run["run"]["id"] == id.as_str() && run["report_kept"] == true, "{list:#}");
    ensure!(
        run["run"]["figures"]["response_p95_ms"] == 4.0 && run["page_kept"] == true,
        "{list:#}"
    );
    ensure!(run["run"]["release"] == "1.4" && run["baseline"] == false, "{list:#}");
    let (_, one) = house.get(&format!("{RUNS}/{id}"), &[]).await?;
    let rows = one["report"]["timeline"]["rows"].as_array().context("rows")?;
    ensure!(rows.len() == 30 && rows[0]["response_buckets"].is_null(), "{one:#}");
    let (_, whole) = house.get(&format!("{RUNS}/{id}/report"), &[]).await?;
    ensure!(whole == report("shop", 30, 700), "the report is another: {whole:#}");
    let shown = house.request(Method::GET, &format!("{RUNS}/{id}/page"))?.send().await?;
    let policy = shown.headers()["content-security-policy"].to_str()?.to_owned();
    ensure!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    ensure!(shown.text().await? == page, "the page is another");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_lie_over_each_other_and_against_the_baseline() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let before = kept(&house, json!({"report": report("shop", 60, 700)})).await?;
    let (status, told) = house.get(&format!("{RUNS}/{before}/comparison"), &[]).await?;
    ensure!(status == 404, "there is no baseline yet: {told:#}");
    let marking = house.request(Method::POST, &format!("{RUNS}/{before}/baseline"))?;
    let (status, marked) = answer(marking.json(&json!({"by": "ann"}))).await?;
    ensure!(status == 200 && marked["baseline"] == true, "{marked:#}");
    let same = kept(&house, json!({"report": report("shop", 60, 700)})).await?;
    // 32 places further is twice as long.
    let slower = kept(&house, json!({"report": report("shop", 60, 732)})).await?;
    let (_, told) = house.get(&format!("{RUNS}/{same}/comparison"), &[]).await?;
    ensure!(told["word"] == "no change" && told["before"][0] == before.as_str(), "{told:#}");
    ensure!(told["figures"][0]["detectable"].as_f64() > Some(0.0), "{told:#}");
    let (_, told) = house.get(&format!("{RUNS}/{slower}/comparison"), &[]).await?;
    ensure!(told["word"] == "worse" && told["exit_code"] == 1, "{told:#}");
    let (_, told) = house.get(&format!("{RUNS}/{before}/comparison"), &[("with", &slower)]).await?;
    ensure!(told["word"] == "better", "{told:#}");
    let chosen = format!("{before},{slower}");
    let (_, over) = house.get("/api/plimsoll/v1/load/overlay", &[("runs", &chosen)]).await?;
    let runs = over["runs"].as_array().context("runs")?;
    ensure!(runs.len() == 2 && runs[1]["id"] == slower.as_str(), "{over:#}");
    ensure!(runs[0]["good"].as_array().is_some_and(|good| good.len() == 60), "{over:#}");
    // It took a whole number of seconds; one that was cut off is counted by what was left of its last.
    ensure!(
        runs[0]["last_seconds"] == 1.0 && runs[0]["good"][59] == runs[0]["good"][0],
        "{over:#}"
    );
    let mut short = report("shop", 60, 700);
    short["took_seconds"] = json!(59.5);
    short["timeline"]["last_seconds"] = json!(0.5);
    let short = kept(&house, json!({"report": short})).await?;
    let (_, over) = house.get("/api/plimsoll/v1/load/overlay", &[("runs", &short)]).await?;
    let run = &over["runs"][0];
    let last = |at: usize| run["good"][at].as_f64().unwrap_or_default();
    ensure!(run["last_seconds"] == 0.5 && last(59) > 1.9 * last(58), "{over:#}");
    let unmarking = house.request(Method::DELETE, &format!("{RUNS}/{before}/baseline"))?;
    let (_, unmarked) = answer(unmarking).await?;
    ensure!(unmarked["baseline"] == false, "{unmarked:#}");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_run_is_no_baseline_and_what_is_no_run_is_refused() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let mut invalid = report("shop", 30, 700);
    invalid["verdict"]["word"] = json!("invalid");
    let id = kept(&house, json!({"report": invalid})).await?;
    let marking = house.request(Method::POST, &format!("{RUNS}/{id}/baseline"))?;
    let (status, told) = answer(marking.json(&json!({}))).await?;
    ensure!(
        status == 409
            && told["error"]["message"].as_str().is_some_and(|text| text.contains("believed")),
        "{told:#}"
    );
    let cases = [
        (json!({"report": {"schema": "other"}}), 400),
        (json!({"report": report("shop", 1, 1), "id": "../../etc/passwd"}), 400),
        (json!({"report": report("shop", 1, 1), "colour": "red"}), 400),
        (json!([1]), 400),
    ];
    for (body, wanted) in cases {
        let (status, told) = send(&house, body).await?;
        ensure!(status == wanted, "{told:#}");
    }
    for path in ["/nope", "/..%2f..%2fx/report", "/abc/page", "/abc/comparison"] {
        let (status, told) = house.get(&format!("{RUNS}{path}"), &[]).await?;
        ensure!(status == 404, "{path}: {told:#}");
    }
    let sent = json!({"report": report("shop", 5, 700), "id": "00ab-1"});
    ensure!(send(&house, sent.clone()).await?.0 == 201, "the first time");
    ensure!(send(&house, sent).await?.0 == 200, "sent again after an answer that was lost");
    let (_, list) = house.get(RUNS, &[("plan", "shop")]).await?;
    ensure!(list["runs"].as_array().map(Vec::len) == Some(2), "{list:#}");
    let (_, none) = house.get(RUNS, &[("plan", "other")]).await?;
    ensure!(none["runs"] == json!([]), "{none:#}");
    house.stop().await
}
