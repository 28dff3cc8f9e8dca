//! Load tests by schedule, with whole programs: planned dry, approved by another, taken by a runner, and stopped.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    program::{Server, now_millis, plimsoll, run, until},
    web::Stub,
};

/// Settings whose window is open now and for hours, wherever the hands of the clock are.
fn settings() -> String {
    let minute = now_millis() / 60_000;
    let text = |minute: i64| {
        let minute = minute.rem_euclid(24 * 60);
        format!("{:02}:{:02}", minute / 60, minute % 60)
    };
    let (from, to) = (text(minute - 60), text(minute + 240));
    format!(
        "policy: none\nhost: {{enabled: false}}\nload: {{targets: [127.0.0.1], window: '{from}-{to}', notice: 1s}}\n"
    )
}

/// Plans a load test of so many seconds and has it approved; its id.
fn approved(server: &Server, target: &Stub, length: &str) -> Result<String> {
    let folder = server.folder();
    let url = server.url();
    let aim = format!("http://{}", target.address);
    let plan = format!(
        "name: shop\ntarget: {aim}\nlimits: {{workers: 1}}\nfeeds: {{rows: {{file: rows.csv}}}}\nscenarios:\n  - {{name: a, rate: 20, for: {length}, steps: [{{get: '/{{{{rows.id}}}}'}}]}}\n"
    );
    std::fs::write(folder.join("plan.yaml"), plan)?;
    std::fs::write(folder.join("rows.csv"), "id\n1\n2\n")?;
    let add =
        ["load", "schedule", "add", "plan.yaml", "--by", "ann", "--service", "shop", "--first"];
    let add = |more: &[&str]| run(folder, &[&add[..], &["--server", url.as_str()], more].concat());
    let dry = add(&[])?;
    assert_eq!(dry.code, Some(4), "{}{}", dry.out, dry.err);
    ensure!(dry.out.contains("refused: the targets are not confirmed"), "{}", dry.out);
    ensure!(dry.out.contains("nothing is planned yet"), "{}", dry.out);
    let planned = add(&["--confirm", &aim, "--apply", "--output", "json"])?;
    assert_eq!(planned.code, Some(0), "{}{}", planned.out, planned.err);
    let planned: Value = serde_json::from_str(&planned.out)?;
    let id = planned["schedule"]["id"].as_str().context("no id")?.to_owned();
    let approve =
        |by: &str| run(folder, &["load", "schedule", "approve", &id, "--by", by, "--server", &url]);
    let own = approve("ann")?;
    ensure!(own.code == Some(4) && own.err.contains("somebody else"), "{}{}", own.out, own.err);
    let other = approve("bob")?;
    ensure!(other.code == Some(0) && other.out.contains("approved"), "{}{}", other.out, other.err);
    Ok(id)
}

fn answering() -> Result<Stub> {
    Stub::receiver(0)
}

#[test]
fn a_runner_takes_what_is_due_and_its_report_is_kept() -> Result<()> {
    let server = Server::start(&settings())?;
    let target = answering()?;
    let id = approved(&server, &target, "1s")?;
    let url = server.url();
    let runner =
        ["load", "runner", "--once", "--by", "night", "--server", &url, "--output", "json"];
    let told = run(server.folder(), &runner)?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    let report: Value = serde_json::from_str(&told.out)?;
    assert_eq!(report["requests"]["good"], 20, "{report:#}");
    let listed = run(server.folder(), &["load", "schedule", "list", "--server", &url])?;
    ensure!(listed.out.contains(&id) && listed.out.contains("  done  shop"), "{}", listed.out);
    let runs = server.json("/api/plimsoll/v1/load/runs")?;
    let kept = &runs["runs"][0]["run"];
    ensure!(kept["by"] == "night" && kept["service"] == "shop", "{runs:#}");
    ensure!(runs["runs"].as_array().map(Vec::len) == Some(1), "it ran once: {runs:#}");
    Ok(())
}

#[test]
fn a_runner_stops_within_a_second_and_refuses_whom_nobody_allowed_it() -> Result<()> {
    let server = Server::start(&settings())?;
    let target = answering()?;
    approved(&server, &target, "10m")?;
    let url = server.url();
    let child = plimsoll(server.folder())
        .args(["load", "runner", "--once", "--server", &url, "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    until("it runs", || {
        let live = server.json("/api/plimsoll/v1/load/live")?;
        let run = &live["runs"][0];
        let runs = run["state"] == "running" && run["last"]["second"].as_u64() >= Some(1);
        Ok(runs.then_some(()))
    })?;
    let stopped = crate::program::instant();
    let stop = ["load", "stop", "--why", "orders fail", "--by", "eve", "--server", &url];
    assert_eq!(run(server.folder(), &stop)?.code, Some(0));
    let output = child.wait_with_output()?;
    let took = stopped.elapsed();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).context(said.clone())?;
    assert_eq!(report["ending"]["how"], "stopped");
    assert_eq!(output.status.code(), Some(4), "what was stopped passes nothing: {said}");
    ensure!(said.contains("stopped by eve: orders fail"), "{said}");
    // A second to stop, and what a busy machine takes for the end of a program.
    ensure!(took < Duration::from_secs(10), "{took:?}");
    let runs = server.json("/api/plimsoll/v1/load/runs")?;
    ensure!(runs["runs"][0]["run"]["unfit"] == "it ended early", "{runs:#}");
    Ok(())
}
