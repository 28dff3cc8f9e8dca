//! What a release takes, told to a server with whole programs: by a gate, later, and of a single run.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::gate::{SERVICE, seen, target};
use crate::{
    program::{Server, now_millis, run, series},
    web::Stub,
};

pub(super) const GATES: &str = "/api/plimsoll/v1/load/gates";
pub(super) const RUNS: &str = "/api/plimsoll/v1/load/runs";
/// A gate of three runs of each side, kept in a folder.
pub(super) const GATE: [&str; 8] =
    ["load", "gate", "before.yaml", "after.yaml", "--runs", "3", "--into", "runs"];

/// Plans of two releases, each of so many seconds.
pub(super) fn write_plans(folder: &Path, releases: [&Stub; 2], seconds: u32) -> Result<()> {
    for (name, release) in ["before.yaml", "after.yaml"].into_iter().zip(releases) {
        let plan = format!(
            "name: shop\ntarget: http://{}\nlimits: {{workers: 1}}\nscenarios:\n  - {{name: a, rate: 30, for: {seconds}s, steps: [{{get: /}}]}}\n",
            release.address
        );
        fs::write(folder.join(name), plan)?;
    }
    Ok(())
}

/// Tells the server five times a second how much the release that is asked takes of the processor, until it is enough.
fn watch(server: &Server, releases: [&Stub; 2], enough: &AtomicBool) -> Result<()> {
    let mut last = [0, 0];
    let mut used = 0.1;
    while !enough.load(Ordering::Relaxed) {
        let asked = releases.map(|own| own.messages().len());
        if asked[0] > last[0] {
            used = 0.2;
        } else if asked[1] > last[1] {
            used = 0.4;
        }
        last = asked;
        server.write(&[series(&[("__name__", "shop_cpu")], &[(now_millis(), used)])])?;
        thread::park_timeout(Duration::from_millis(200));
    }
    Ok(())
}

#[test]
fn a_gate_is_listed_with_what_the_release_takes_and_counts_for_the_load_line() -> Result<()> {
    let server = Server::start(SERVICE)?;
    let folder = server.folder();
    let (before, after) = (target(1)?, target(1)?);
    write_plans(folder, [&before, &after], 3)?;
    let url = server.url();
    let impact = ["--impact", &url, "--resource", "cpu=shop_cpu", "--stretch", "1s"];
    let sent = ["--send", &url, "--service", "shop", "--release-before", "4.2", "--release", "4.3"];
    let enough = AtomicBool::new(false);
    let (told, watched) = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&server, [&before, &after], &enough));
        let told = run(folder, &[&GATE[..], &impact, &sent, &["--by", "ann"]].concat());
        enough.store(true, Ordering::Relaxed);
        (told, watching.join())
    });
    let told = told?;
    watched.map_err(|_panicked| anyhow::anyhow!("whoever watched is gone"))??;
    let gates = server.json(GATES)?;
    let gate = &gates["gates"][0]["gate"];
    ensure!(gate["service"] == "shop" && gate["release_before"] == "4.2", "{gates:#}");
    let tests = server.json("/api/plimsoll/v1/services/shop/tests")?;
    // Other work on this machine may make a run invalid, and then nothing is said.
    if told.err.contains("the load line was told nothing") {
        ensure!(told.code == Some(4) && tests["tests"] == json!([]), "{tests:#}");
        println!("a run was invalid, so that nothing was counted: {}", told.err);
        return Ok(());
    }
    ensure!(gate["impact"][0]["resource"] == "cpu", "{gates:#}{}{}", told.out, told.err);
    let test = &tests["tests"][0];
    ensure!(
        test["id"] == gate["id"] && test["release"] == "4.3" && test["by"] == "ann",
        "{tests:#}"
    );
    let cpu = &test["resources"][0];
    ensure!(cpu["limit"] == "cpu" && cpu["points"] == 3, "one of each run after: {tests:#}");
    ensure!(cpu["difference"].as_f64() > Some(0.2), "it takes twice as much: {tests:#}");
    // What was told is not counted again.
    let again = run(folder, &["load", "send", "runs", "--server", &url])?;
    ensure!(again.code == Some(0) && again.out.contains("knew it"), "{}{}", again.out, again.err);
    let tests = server.json("/api/plimsoll/v1/services/shop/tests")?;
    ensure!(tests["tests"].as_array().map(Vec::len) == Some(1), "{tests:#}");
    let unknown = ["--impact", &url, "--send", &url, "--service", "nobody"];
    let refused = run(folder, &[&GATE[..6], &unknown].concat())?;
    ensure!(refused.code == Some(4) && refused.err.contains("nobody"), "{}", refused.err);
    ensure!(refused.out.is_empty() && !refused.err.contains("run before 1"), "{}", refused.err);
    Ok(())
}

#[test]
fn a_run_says_what_each_request_took_and_beside_its_baseline() -> Result<()> {
    let server = Server::start(SERVICE)?;
    let folder = server.folder();
    let target = target(1)?;
    write_plans(folder, [&target, &target], 6)?;
    let url = server.url();
    let enough = AtomicBool::new(false);
    let load = |more: &[&str]| {
        let load = ["load", "run", "before.yaml", "--output", "json", "--stretch", "1s"];
        let asked = ["--impact", &url, "--resource", "cpu=shop_cpu"];
        run(folder, &[&load[..], &asked, more].concat())
    };
    let (told, watched) = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&server, [&target, &target], &enough));
        let both = load(&["--json", "before.json"])
            .and_then(|first| Ok((first, load(&["--baseline", "before.json"])?)));
        enough.store(true, Ordering::Relaxed);
        (both, watching.join())
    });
    let (first, second) = told?;
    watched.map_err(|_panicked| anyhow::anyhow!("whoever watched is gone"))??;
    let report: Value = serde_json::from_str(&first.out).context(first.err)?;
    let cpu = &report["taken"]["resources"][0];
    ensure!(cpu["name"] == "cpu" && report["taken"]["impact"].is_null(), "{report:#}");
    let each = cpu["each"].as_f64().context("no figure")?;
    // A fifth of a processor for thirty requests a second; on a busy machine for fewer.
    ensure!(each > 0.004 && cpu["points"].as_array().map(Vec::len) > Some(4), "{cpu:#}");
    let report: Value = serde_json::from_str(&second.out).context(second.err)?;
    let impact = &report["taken"]["impact"];
    ensure!(impact["before"][0] == "before.json", "{impact:#}");
    // Other work on this machine may make a run invalid, and then nothing is compared.
    let is_told = impact["resources"][0]["name"] == "cpu" || impact["word"] == "refused";
    ensure!(is_told, "{impact:#}");
    let short = run(
        folder,
        &["load", "run", "before.yaml", "--impact", &url, "--resource", "cpu=shop_cpu"],
    )?;
    ensure!(short.out.contains("no resource was seen for 30 s"), "{}{}", short.out, short.err);
    Ok(())
}

#[test]
fn a_gate_that_is_sent_later_is_counted_once_for_the_load_line() -> Result<()> {
    let server = Server::start(SERVICE)?;
    let folder = server.folder();
    seen(folder, &server)?;
    let url = server.url();
    let compare = ["load", "compare", "before.json", "after.json", "--output", "json"];
    let asked = ["--impact", &url, "--resource", "cpu=shop_cpu"];
    let told = run(folder, &[&compare[..], &asked].concat())?;
    let comparison: Value = serde_json::from_str(&told.out).context(told.err)?;
    for side in ["before", "after"] {
        fs::create_dir_all(folder.join("runs").join(side))?;
        fs::copy(folder.join(format!("{side}.json")), folder.join(format!("runs/{side}/01.json")))?;
    }
    let gate = json!({
        "schema": "plimsoll.load-gate/1", "id": "19f-1", "plan": "shop", "service": null, "by": "ann",
        "release_before": "4.2", "release": "4.3", "times": 2.0, "comparison": comparison,
        "runs": [{"id": "19f-1-b01", "side": "before", "round": 1}, {"id": "19f-1-a01", "side": "after", "round": 1}],
    });
    fs::write(folder.join("runs/gate.json"), gate.to_string())?;
    let send = || run(folder, &["load", "send", "runs", "--service", "shop", "--server", &url]);
    let sent = send()?;
    ensure!(sent.code == Some(0) && sent.err.contains("told to the load line of shop"), "{sent:?}");
    let sent = send()?;
    ensure!(sent.code == Some(0) && sent.out.contains("knew it"), "{sent:?}");
    let tests = server.json("/api/plimsoll/v1/services/shop/tests")?;
    let [test] = tests["tests"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        anyhow::bail!("it is counted once: {tests:#}");
    };
    ensure!(test["id"] == "19f-1" && test["release"] == "4.3" && test["by"] == "ann", "{tests:#}");
    let cpu = &test["resources"][0];
    ensure!(cpu["limit"] == "cpu" && cpu["points"] == 10 && cpu["changed"] == true, "{tests:#}");
    let one = server.json(&format!("{GATES}/19f-1"))?;
    ensure!(
        one["gate"]["service"] == "shop" && one["gate"]["impact"][0]["changed"] == true,
        "{one:#}"
    );
    let releases: Vec<&str> = one["runs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|own| own["run"]["release"].as_str())
        .collect();
    ensure!(releases == ["4.2", "4.3"], "{one:#}");
    // One report alone is kept under the id that it always gets.
    for _ in 0..2 {
        let sent = run(folder, &["load", "send", "after.json", "--server", &url, "--by", "bob"])?;
        ensure!(sent.code == Some(0), "{sent:?}");
    }
    let runs = server.json(RUNS)?;
    ensure!(runs["runs"].as_array().map(Vec::len) == Some(3), "{runs:#}");
    for (path, code, words) in [
        ("nowhere", 4, "cannot read nowhere"),
        ("runs/before", 4, "gate.json"),
        ("plimsoll.yaml", 2, "is no JSON"),
    ] {
        let wrong = run(folder, &["load", "send", path, "--server", &url])?;
        ensure!(wrong.code == Some(code) && wrong.err.contains(words), "{path}: {wrong:?}");
    }
    Ok(())
}
