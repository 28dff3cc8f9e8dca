//! Releases compared by whole programs: the gate with its runs in turns, and what a release takes against budgets.

use std::{fs, io::Write as _, path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use model::Series;
use serde_json::{Value, json};

use crate::{
    program::{QUIET, Server, now_millis, run, series},
    web::Stub,
};

/// Length of each run below, and requests of each second.
const SECONDS: u64 = 300;
const RATE: u64 = 100;

/// A target that takes so long for each answer.
pub(super) fn target(millis: u64) -> Result<Stub> {
    Stub::start(move |stream| {
        pause(Duration::from_millis(millis));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
    })
}

#[expect(clippy::disallowed_methods, reason = "the real program lives in real time")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// All runs of the gate are kept as one, with its verdict.
fn is_listed(server: &Server, code: Option<i32>) -> Result<()> {
    let gates = server.json("/api/plimsoll/v1/load/gates")?;
    let id = gates["gates"][0]["gate"]["id"].as_str().context("a gate")?;
    let gate = server.json(&format!("/api/plimsoll/v1/load/gates/{id}"))?;
    let verdict = if code == Some(1) { "failed" } else { "refused" };
    ensure!(gate["verdict"] == verdict && gate["gate"]["by"] == "ann", "{gate:#}");
    let runs = gate["runs"].as_array().context("runs")?;
    ensure!(runs.len() == 6 && runs[5]["gate_verdict"] == verdict, "{gate:#}");
    let told = |run: &Value| {
        let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (of(&run["run"]["gate"]["side"]), of(&run["run"]["release"]))
    };
    let (before, after) = (("before".into(), "4.2".into()), ("after".into(), "4.3".into()));
    ensure!(told(&runs[0]) == before && told(&runs[1]) == after, "{gate:#}");
    ensure!(runs.iter().all(|own| own["page_kept"] == true), "{gate:#}");
    Ok(())
}

#[test]
fn the_gate_of_a_release_runs_both_sides_in_turns_and_refuses_what_is_slower() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (fast, slow) = (target(1)?, target(40)?);
    for (name, target) in [("before.yaml", &fast), ("after.yaml", &slow)] {
        let plan = format!(
            "name: shop\ntarget: http://{}\nlimits: {{workers: 1}}\nscenarios:\n  - {{name: a, rate: 30, for: 1s, steps: [{{get: /}}]}}\n",
            target.address
        );
        fs::write(folder.path().join(name), plan)?;
    }
    let gate = ["load", "gate", "before.yaml", "after.yaml", "--runs", "3", "--into", "runs"];
    let server = Server::start(QUIET)?;
    let url = server.url();
    let sent =
        ["--send", url.as_str(), "--release-before", "4.2", "--release", "4.3", "--by", "ann"];
    let told = run(folder.path(), &[&gate[..], &["--markdown", "m.md"], &sent].concat())?;
    is_listed(&server, told.code)?;
    // Other work on this machine may make a run invalid, and then nothing is said.
    ensure!(matches!(told.code, Some(1 | 4)), "{}{}", told.out, told.err);
    let says = if told.code == Some(1) { "worse" } else { "cannot be believed" };
    ensure!(told.out.contains(says), "{}{}", told.out, told.err);
    let reports = |side: &str| -> Result<Vec<Value>> {
        let read = |round: u8| -> Result<Value> {
            let path = folder.path().join(format!("runs/{side}/{round:02}.json"));
            Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
        };
        (1..=3).map(read).collect()
    };
    let (before, after) = (reports("before")?, reports("after")?);
    let started: Vec<_> = before
        .iter()
        .zip(&after)
        .flat_map(|(one, other)| [one["started_ms"].as_i64(), other["started_ms"].as_i64()])
        .collect();
    ensure!(started.is_sorted() && started.len() == 6, "they take turns: {started:?}");
    ensure!(before.iter().all(|own| own["requests"]["good"] == 30), "{before:?}");
    let markdown = fs::read_to_string(folder.path().join("m.md"))?;
    ensure!(markdown.starts_with("### Load comparison: "), "{markdown}");
    let again = run(folder.path(), &["load", "compare", "runs/before", "runs/after"])?;
    assert_eq!(again.code, told.code, "{}{}", again.out, again.err);
    let few = run(folder.path(), &[&gate[..4], &["--runs", "2"]].concat())?;
    assert_eq!(few.code, Some(2), "{}{}", few.out, few.err);
    Ok(())
}

/// A service whose processor is one of its limits.
pub(super) const SERVICE: &str = "policy: none
host: {enabled: false}
services:
  - name: shop
    load: shop_load
    limits:
      - {name: cpu, used: shop_cpu, limit: '4', relation: work}
";

/// A report as `--json` writes it, of five minutes that differ a little, as real ones do.
fn report(started_ms: i64) -> Value {
    let row = |second: u64| {
        json!({"sent": RATE, "good": RATE, "failed": 0, "in_flight": 2,
            "response_buckets": [700 + (second * 7) % 3, 60, 1, 40]})
    };
    let told = json!({"scenario": "a", "step": "get", "good": RATE * SECONDS, "failed": 0,
        "failed_share": 0.0, "good_per_second": RATE,
        "response": {"p50_ms": 1.0, "p95_ms": 4.0, "p99_ms": 5.0}});
    json!({
        "schema": "plimsoll.load/1",
        "plan": {"name": "shop", "model": "open", "profile": null, "compressed": null,
            "scenarios": [{"name": "a", "seconds": SECONDS,
                "load": {"model": "open", "arrivals": RATE * SECONDS, "rate_max": RATE}}]},
        "started_ms": started_ms,
        "ending": {"how": "done"},
        "verdict": {"word": "passed"},
        "requests": told, "steps": [told],
        "timeline": {"seconds": 1, "rows": (0..SECONDS).map(row).collect::<Vec<_>>()},
    })
}

/// A value that wavers by two parts of a hundred, from a moment on.
fn wavering(name: &str, from: i64, value: f64) -> Series {
    let samples: Vec<(i64, f64)> = (0..60)
        .map(|at| (from + at * 5_000, value * (1.0 + 0.02 * (at as f64 * 1.7).sin())))
        .collect();
    series(&[("__name__", name)], &samples)
}

/// Two runs of which a server has seen what they took: the release after takes a fifth more of the processor.
pub(super) fn seen(folder: &Path, server: &Server) -> Result<()> {
    let (before, after) = (now_millis() - 900_000, now_millis() - 450_000);
    for (file, started) in [("before.json", before), ("after.json", after)] {
        fs::write(folder.join(file), report(started).to_string())?;
    }
    let (status, text) = server
        .write(&[wavering("shop_cpu", before, 0.5), wavering("shop_connections", before, 20.0)])?;
    ensure!(status == 204, "{status} {text}");
    let (status, text) = server
        .write(&[wavering("shop_cpu", after, 0.6), wavering("shop_connections", after, 20.0)])?;
    ensure!(status == 204, "{status} {text}");
    Ok(())
}

#[test]
fn what_a_release_takes_is_told_and_a_budget_that_is_exceeded_fails() -> Result<()> {
    let server = Server::start(SERVICE)?;
    let folder = server.folder();
    seen(folder, &server)?;
    let url = server.url();
    let compare = |more: &[&str]| {
        let all = ["load", "compare", "before.json", "after.json", "--impact", url.as_str()];
        let named = ["--resource", "cpu=shop_cpu", "--resource", "connections=shop_connections"];
        run(folder, &[&all[..], &named, more].concat())
    };
    let told = compare(&["--budget", "cpu <= +5%", "--budget", "connections <= 0.3"])?;
    assert_eq!(told.code, Some(1), "{}{}", told.out, told.err);
    for words in
        ["no change: before.json", "impact failed", "EXCEEDS cpu <= +5%", "kept connections <= 0.3"]
    {
        ensure!(told.out.contains(words), "{words}: {}", told.out);
    }
    let told = compare(&["--budget", "cpu <= +40%", "--output", "json"])?;
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let document: Value = serde_json::from_str(&told.out)?;
    let cpu = &document["impact"]["resources"][0];
    ensure!(cpu["name"] == "cpu" && cpu["changed"] == true, "{document:#}");
    let difference = cpu["difference"].as_f64().context("no difference")?;
    ensure!((difference - 0.2).abs() < 0.03, "{document:#}");
    let each = cpu["after"].as_f64().context("no figure")?;
    ensure!((each - 0.006).abs() < 0.000_2, "processor seconds of a request: {each}");
    ensure!(cpu["points"].as_array().map(Vec::len) == Some(10), "{document:#}");
    // The load line of the service hears of it by itself.
    let sent = ["--send", url.as_str(), "--service", "shop", "--release", "4.3", "--by", "ann"];
    let told = compare(&sent)?;
    ensure!(told.err.contains("told to the load line of shop"), "{}{}", told.out, told.err);
    let tests = server.json("/api/plimsoll/v1/services/shop/tests")?;
    let test = &tests["tests"][0];
    ensure!(
        test["sort"] == "impact" && test["release"] == "4.3" && test["by"] == "ann",
        "{tests:#}"
    );
    let line = &test["resources"][0];
    ensure!(line["limit"] == "cpu" && line["points"] == 10 && line["changed"] == true, "{tests:#}");
    let nobody = compare(&["--send", url.as_str()])?;
    ensure!(nobody.code == Some(2) && nobody.err.contains("--service NAME"), "{}", nobody.err);
    let steady = &document["impact"]["resources"][1];
    ensure!(steady["changed"] == false && steady["detectable"].as_f64() > Some(0.0), "{steady:#}");
    Ok(())
}

#[test]
fn an_impact_that_cannot_be_told_is_refused_with_a_reason() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    seen(folder, &server)?;
    let (url, gone) = (server.url(), format!("http://127.0.0.1:{}", testkit::free_port()?));
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &["--impact", &url, "--resource", "cpu=shop_cpu", "--budget", "heap <= +5%"],
            4,
            "`heap` was not seen",
        ),
        (
            &["--impact", &url, "--resource", "cpu=nobody_counts_this"],
            4,
            "seen none of the resources",
        ),
        (&["--impact", &url, "--resource", "cpu=sum("], 2, "parenthesis"),
        (&["--impact", &gone, "--resource", "cpu=shop_cpu"], 5, "is a server running"),
        (&["--impact", &url, "--budget", "cpu is small"], 2, "--budget"),
    ];
    for (more, code, words) in cases {
        let told =
            run(folder, &[&["load", "compare", "before.json", "after.json"], more].concat())?;
        assert_eq!(told.code, Some(code), "{more:?}: {}{}", told.out, told.err);
        ensure!(told.out.contains(words) || told.err.contains(words), "{}{}", told.out, told.err);
    }
    Ok(())
}
