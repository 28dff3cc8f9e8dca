//! A journey recorded in a browser drives a real shop behind nginx and PostgreSQL, and the search for its capacity names
//! the pool of connections that was made small on purpose.

mod app;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context as _, Result, bail, ensure};
use app::Running;
use serde_json::{Value, json};

use crate::{
    program::{Server, run, until},
    web,
};

/// Seconds that a search may take; on a quiet machine it takes some 35.
const LONGEST: &str = "150";
/// How often a search is made before a pool that is not named is a failure.
const ATTEMPTS: usize = 2;
const POOL: &str =
    "database pool=rate(shop_pool_held_seconds_total[5s]) / shop_pool_connections_max";
const PROCESSORS: &str = "processors=1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[5s]))";

#[test]
fn a_recorded_login_drives_a_real_shop_and_the_small_pool_is_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let shop = Running::start(dir.path())?;
    record(&shop, dir.path())?;
    let told = run(dir.path(), &["load", "import", "session.har", "--to", "plan.yaml"])?;
    ensure!(told.code == Some(0), "{}{}", told.out, told.err);
    let plan = fs::read_to_string(dir.path().join("plan.yaml"))?;
    for words in ["token: \"$.session.token\"", "Bearer {{ token }}"] {
        ensure!(plan.contains(words), "{words}: {plan}");
    }
    every_user_orders_as_who_signed_in(&shop, dir.path(), &plan)?;
    the_pool_is_what_ran_out(&shop, dir.path())
}

/// What a browser would have written down of one visit.
fn record(shop: &Running, folder: &Path) -> Result<()> {
    let mut entries = Vec::new();
    let json_headers = [("Content-Type", "application/json")];
    let mut visit = |head: &str, headers: &[(&str, &str)], body: &str| -> Result<Value> {
        let (status, text) = web::send(shop.nginx.address, head, headers, body.as_bytes())?;
        ensure!(status < 300, "{head}: {status} {text}");
        let (method, path) = head.split_once(' ').context("a method and a path")?;
        let headers: Vec<Value> =
            headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let post = if body.is_empty() { Value::Null } else { json!({ "text": body }) };
        entries.push(json!({
            "startedDateTime": format!("2026-11-21T10:00:00.{:03}Z", entries.len() * 100), "time": 20.0,
            "request": { "method": method, "url": format!("http://{}{path}", shop.nginx.address), "headers": headers, "postData": post },
            "response": { "status": status, "content": { "mimeType": "application/json", "text": text } },
        }));
        Ok(serde_json::from_str(&text)?)
    };
    let signed_in =
        visit("POST /login", &json_headers, r#"{"name": "ann", "password": "correct horse"}"#)?;
    let token = signed_in["session"]["token"].as_str().context("a token")?;
    visit("GET /products", &[], "")?;
    let bearer = format!("Bearer {token}");
    let headers = [json_headers[0], ("Authorization", bearer.as_str())];
    visit("POST /orders", &headers, r#"{"product": 7}"#)?;
    let har = json!({ "log": { "version": "1.2", "entries": entries } });
    fs::write(folder.join("session.har"), har.to_string())?;
    Ok(())
}

/// The plan as it was imported, at a rate that is no trouble: each journey signs in for itself and orders by that.
fn every_user_orders_as_who_signed_in(shop: &Running, folder: &Path, plan: &str) -> Result<()> {
    let plan = plan.replace("    rate: 1\n    for: 60s", "    rate: 6\n    for: 4s");
    fs::write(folder.join("short.yaml"), plan)?;
    shop.sql("TRUNCATE orders; DELETE FROM sessions")?;
    let told = run(folder, &["load", "run", "short.yaml", "--output", "json"])?;
    let report: Value = serde_json::from_str(&told.out).with_context(|| told.err.clone())?;
    assert_eq!(
        (&report["requests"]["good"], &report["requests"]["failed"]),
        (&json!(72), &json!(0))
    );
    let kept = shop.sql("SELECT count(*), count(DISTINCT token) FROM orders WHERE product = 7")?;
    assert_eq!(kept, "24|24", "twenty-four journeys, as many sessions, an order by each");
    Ok(())
}

fn the_pool_is_what_ran_out(shop: &Running, folder: &Path) -> Result<()> {
    let server = Server::start(&format!(
        "host: {{interval: 1s}}\nscrape_configs:\n- job_name: shop\n  scrape_interval: 1s\n  \
         static_configs: [{{targets: ['{}']}}]\n",
        shop.app
    ))?;
    until("the shop is scraped", || {
        Ok(web::value(server.address, "shop_pool_connections_max")?.filter(|most| *most > 1.0))
    })?;
    let mut told = String::new();
    for _ in 0..ATTEMPTS {
        let search = search(&server.url(), folder)?;
        told = String::from_utf8_lossy(&[search.stdout.clone(), search.stderr].concat()).into();
        let found = serde_json::from_slice::<Value>(&search.stdout).unwrap_or_default();
        if names_the_pool(&found) {
            return Ok(());
        }
        eprintln!("searched again: {told}");
    }
    bail!("the pool is not what ran out: {told}")
}

/// From a third of what the pool bears; all that matters is which of 3.5, 7 and 14 journeys a second are too many.
fn search(server: &str, folder: &Path) -> Result<Output> {
    // Other tests have the processors as well; who may goes before them.
    let output = Command::new("timeout")
        .args([LONGEST, "nice", "-n", "-15", env!("CARGO_BIN_EXE_plimsoll")])
        .args(["load", "capacity", "plan.yaml", "--start", "3.5", "--width", "100%"])
        .args(["--longest-step", "8s", "--threshold", "response p50 < 400ms", "--from", server])
        .args(["--resource", POOL, "--resource", PROCESSORS, "--output", "json"])
        .current_dir(folder)
        .output()?;
    Ok(output)
}

/// Whether the bracket is about what the pool bears, and the pool is what ran out.
fn names_the_pool(found: &Value) -> bool {
    let journeys = f64::from(app::POOL) / app::SEARCH_SECONDS;
    let (low, high) = (found["low"].as_f64(), found["high"].as_f64());
    let resources = found["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let limit = resources.iter().find(|resource| resource["is_limit"] == true);
    let name = limit.and_then(|limit| limit["name"].as_str()).unwrap_or_default();
    // Slower statements on a busy machine make it less, and nothing makes it more.
    found["word"] == "found"
        && low < Some(journeys)
        && high > Some(journeys / 2.0)
        && name.starts_with("database pool")
}
