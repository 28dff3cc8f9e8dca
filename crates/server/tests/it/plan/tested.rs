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
