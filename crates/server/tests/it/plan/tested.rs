//! What a load test found as a point of a load line, what would not survive a loss, and what is due, over HTTP.

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::planted::Planted;

use super::services::{NOW, SETTINGS, house};
use crate::house::{House, answer};

/// Two zones, and data of which nine reads in ten are reads.
fn settings() -> String {
    SETTINGS.replace("    replicas: '3'\n", "    replicas: '3'\n    zones: '1'\n    data: {primary: connections, reads: '900', writes: '100', cache_hits: '50', cache_misses: '50', cache_evictions: '2'}\n")
}

fn document(low: &Value, high: &Value, word: &str) -> Value {
    let ended = NOW.millis() - 3_600_000;
    let step = |rate: f64, verdict: &str| {
        json!({ "rate": rate, "began_ms": ended - 60_000, "ended_ms": ended, "seconds": 30, "verdict": verdict,
            "throughput": rate, "response_p50_ms": 20.0, "response_p95_ms": 55.0 })
    };
    json!({ "schema": "plimsoll.load-capacity/1", "name": "checkout", "word": word, "low": low, "high": high,
        "limit": "p95<300ms", "steps": [step(250.0, "holds"), step(300.0, "broken")] })
}

async fn send(house: &House, times: &str, document: &Value) -> Result<(u16, Value)> {
    let path = format!("/api/plimsoll/v1/services/shop/tests{times}");
    answer(house.request(Method::POST, &path)?.json(document)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_test_bounds_the_line_and_findings_say_what_is_due() -> Result<()> {
    let planted = Planted::until(NOW, 11);
    let house = house(&settings(), &planted).await?;
    let (_, found) = house.get("/api/plimsoll/v1/findings", &[]).await?;
    let of = |subject: &str| {
        let all = found["findings"].as_array().into_iter().flatten();
        all.into_iter().find(|own| own["subject"] == subject).cloned()
    };
    let zone = of("shop/zone").with_context(|| format!("one zone only: {found:#}"))?;
    ensure!(zone["kind"] == "redundancy" && zone["severity"] == "critical", "{zone:#}");
    ensure!(of("shop/instance").is_none(), "two instances carry what three do: {found:#}");
    let replicas = of("shop/replicas").with_context(|| format!("{found:#}"))?;
    ensure!(replicas["evidence"].as_array().is_some_and(|all| all.len() == 2), "{replicas:#}");
    ensure!(of("shop/cache").is_some_and(|own| own["title"] == "Shop: the cache is too small"));
    for (times, wrong) in [
        ("", document(&json!(500), &json!(400), "found")),
        ("", document(&json!(null), &json!(null), "generator")),
        ("?times=-1", document(&json!(200), &json!(300), "found")),
        ("", json!({ "schema": "plimsoll.load-run/1" })),
    ] {
        let (status, told) = send(&house, times, &wrong).await?;
        ensure!(status == 400, "{told:#}");
    }
    // Two requests a journey: it gave way between 500 and 600 a second, sooner than connections would.
    let (status, shop) =
        send(&house, "?times=2", &document(&json!(250.0), &json!(300.0), "found")).await?;
    ensure!(
        status == 201 && shop["tested"]["binds"] == true && shop["binds"].is_null(),
        "{shop:#}"
    );
    let mid = shop["line"]["mid"].as_f64().context("a line")?;
    ensure!((mid - 550.0).abs() < 1.0, "{shop:#}");
    let text = shop["text"].as_str().context("a sentence")?;
    ensure!(text.contains("limited by what the load test of"), "{text}");
    ensure!(text.contains("with one zone gone nothing is left"), "{text}");
    // A test that bore more than the limits allow moves nothing; their targets are stricter.
    let (_, shop) = send(&house, "", &document(&json!(2_000.0), &json!(2_500.0), "found")).await?;
    ensure!(shop["binds"] == "connections" && shop["tested"]["binds"] == false, "{shop:#}");
    Ok(())
}

/// What release 4.3 takes of memory, which is 2,000 and 3 for each request so far: 12 % more.
fn impact() -> Value {
    let points: Vec<[f64; 2]> = (1..=14)
        .map(|at| f64::from(at) * 100.0)
        .map(|load| [load, 1.12 * (2_000.0 + 3.0 * load)])
        .collect();
    let ended = NOW.millis() - 3_600_000;
    json!({ "schema": "plimsoll.load-compare/1", "impact": {
        "schema": "plimsoll.load-impact/1", "word": "passed", "ran_ms": [ended - 600_000, ended],
        "resources": [
            { "name": "Memory", "before": 5.0, "after": 5.6, "difference": 0.12, "between": [0.1, 0.14],
              "changed": true, "points": points },
            { "name": "unheard of", "difference": 9.0, "between": [8.0, 10.0], "changed": true, "points": [[1.0, 1.0]] },
        ] } })
}

fn limit<'v>(service: &'v Value, name: &str) -> Result<&'v Value> {
    let all = service["limits"].as_array().context("limits")?;
    all.iter().find(|own| own["name"] == name).context("the limit")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_was_tested_counts_from_when_it_comes_out_and_its_points_are_told()
-> Result<()> {
    let planted = Planted::until(NOW, 11);
    let house = house(SETTINGS, &planted).await?;
    let deploy = async |text: &str, at: i64| -> Result<()> {
        let change = json!({ "kind": "deployment", "service": "shop", "text": text, "at": at });
        let told = house.request(Method::POST, "/api/plimsoll/v1/changes")?.json(&change);
        let (status, told) = answer(told).await?;
        ensure!(status == 201, "{told:#}");
        Ok(())
    };
    deploy("4.2", NOW.millis() - 20 * 86_400_000).await?;
    let alone = house.get("/api/plimsoll/v1/services/shop", &[]).await?.1;
    let line = |service: &Value| -> Result<f64> {
        limit(service, "memory")?["line"]["mid"].as_f64().context("a line")
    };
    let (status, told) = send(&house, "?release=4.3&run=../x", &impact()).await?;
    ensure!(status == 400, "{told:#}");
    // It is not out: it is announced, and moves nothing.
    let (status, shop) = send(&house, "?release=4.3&run=19f-2&by=anna", &impact()).await?;
    ensure!(status == 201, "{shop:#}");
    let memory = limit(&shop, "memory")?;
    ensure!(memory["announced"]["release"] == "4.3" && memory["announced"]["since"].is_null());
    ensure!(memory["points_tested"].as_array().is_some_and(Vec::is_empty), "{memory:#}");
    ensure!((line(&shop)? - line(&alone)?).abs() < 1e-6, "{memory:#}");
    // It comes out an hour ago: each request takes 12 % more of it, and its points count.
    deploy("release v4.3", NOW.millis() - 3_600_000).await?;
    // The next telling asks anew.
    let (_, shop) = send(&house, "?release=4.3&run=19f-2&by=anna", &impact()).await?;
    let memory = limit(&shop, "memory")?;
    let change = &memory["cost_change"];
    ensure!(change["tested"] == true && change["cause"] == "4.3", "{memory:#}");
    ensure!((change["times"].as_f64().unwrap_or(0.0) - 1.12).abs() < 1e-9, "{change:#}");
    ensure!(change["since"] == NOW.millis() - 3_600_000, "{change:#}");
    ensure!((line(&shop)? / 1_283.8 - 1.0).abs() < 0.03, "{}", line(&shop)?);
    let points = memory["points_tested"].as_array().context("points")?;
    ensure!(points.len() == 14, "{memory:#}");
    let (first, by) = (&points[0], &memory["tested_by"]);
    ensure!(first[0] == 100.0 && first[1].as_f64() > Some(2_500.0), "{first:#}");
    ensure!(by["run"] == "19f-2" && by["at"] == NOW.millis() - 3_600_000, "{memory:#}");
    // Both tellings are listed, and a search beside them.
    send(&house, "?run=a1", &document(&json!(2_000.0), &json!(2_500.0), "found")).await?;
    let (_, list) = house.get("/api/plimsoll/v1/services/shop/tests", &[]).await?;
    let tests = list["tests"].as_array().context("tests")?;
    ensure!(tests.len() == 3 && tests[0]["sort"] == "capacity" && tests[0]["id"] == "a1");
    ensure!(tests[0]["breaks"] == 2_500.0 && tests[2]["by"] == "anna", "{list:#}");
    ensure!(tests[1]["resources"][0]["difference"] == 0.12, "{list:#}");
    let (_, shop) = house.get("/api/plimsoll/v1/services/shop", &[]).await?;
    ensure!(shop["tested"]["run"] == "a1", "{:#}", shop["tested"]);
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_in_a_row_add_up_and_a_search_of_what_is_not_out_bounds_nothing() -> Result<()> {
    let planted = Planted::until(NOW, 11);
    let house = house(SETTINGS, &planted).await?;
    let deploy = async |text: &str, ago: i64| -> Result<()> {
        let at = NOW.millis() - ago * 3_600_000;
        let change = json!({ "kind": "deployment", "service": "shop", "text": text, "at": at });
        let told = house.request(Method::POST, "/api/plimsoll/v1/changes")?.json(&change);
        let (status, told) = answer(told).await?;
        ensure!(status == 201, "{told:#}");
        Ok(())
    };
    deploy("4.2", 480).await?;
    deploy("v4.3", 9).await?;
    deploy("v4.4", 2).await?;
    // A gate knows what it compared.
    let gate = json!({ "id": "19f-7", "plan": "shop", "service": "shop", "by": "anna",
        "release_before": "4.3", "release": "4.4",
        "comparison": { "schema": "plimsoll.load-compare/1", "exit_code": 0, "word": "no change" } });
    let told = house.request(Method::POST, "/api/plimsoll/v1/load/gates")?.json(&gate);
    let (status, told) = answer(told).await?;
    ensure!(status == 201, "{told:#}");
    send(&house, "?release=4.3&release_before=4.2", &impact()).await?;
    let mut second = impact();
    for point in second["impact"]["resources"][0]["points"].as_array_mut().into_iter().flatten() {
        point[1] = json!(1.12 * point[1].as_f64().unwrap_or(f64::NAN));
    }
    let (status, shop) = send(&house, "?release=4.4&run=19f-7", &second).await?;
    ensure!(status == 201, "{shop:#}");
    let memory = limit(&shop, "memory")?;
    ensure!(memory["announced"]["release"] == "4.4", "{:#}", memory["announced"]);
    ensure!(memory["announced_before"][0]["release"] == "4.3", "{:#}", memory["announced_before"]);
    // 80 % of 8,192 is 6,553.6, which 1.2544 (2,000 + 3 x) reaches at 1,074.8.
    let mid = memory["line"]["mid"].as_f64().context("a line")?;
    ensure!((mid / 1_074.8 - 1.0).abs() < 0.03, "{mid}");
    let (_, list) = house.get("/api/plimsoll/v1/services/shop/tests", &[]).await?;
    ensure!(list["tests"][0]["release_before"] == "4.3", "{list:#}");
    // A search of 4.5, which is not out.
    let search = document(&json!(250.0), &json!(300.0), "found");
    let (_, shop) = send(&house, "?times=2&release=4.5", &search).await?;
    ensure!(shop["tested"].is_null() && shop["tested_ahead"]["holds"] == 500.0, "{shop:#}");
    ensure!(shop["binds"] == "connections", "{shop:#}");
    let text = shop["text"].as_str().context("a sentence")?;
    ensure!(text.contains("release 4.5, tested on") && text.contains("bears 500"), "{text}");
    deploy("release 4.5", 1).await?;
    let (_, shop) = send(&house, "?times=2&release=4.5", &search).await?;
    ensure!(shop["tested"]["binds"] == true && shop["tested_ahead"].is_null(), "{shop:#}");
    house.stop().await
}
