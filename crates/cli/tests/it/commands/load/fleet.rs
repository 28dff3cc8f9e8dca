//! A load from several machines, with whole programs: merged as one, invalid when a worker is lost, and over when the
//! coordinator is.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    program::{QUIET, Server, instant, plimsoll, until},
    web::Stub,
};

/// A worker in a process of its own, and where it listens.
fn worker(folder: &std::path::Path) -> Result<(std::process::Child, String)> {
    let arguments = ["load", "worker", "--listen", "127.0.0.1:0", "--token-file", "token"];
    let mut child =
        plimsoll(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut line = String::new();
    let out = child.stdout.take().context("no output")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line)?;
    let address = line.trim().strip_prefix("worker listens on ").context(line.clone())?;
    Ok((child, address.to_owned()))
}

#[test]
fn two_workers_are_one_load_and_one_that_is_killed_makes_it_invalid() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    std::fs::write(folder.join("token"), "a token that both know\n")?;
    let plan = |seconds: u32| {
        format!(
            "name: health\ntarget: {}\nlimits: {{workers: 1}}\nscenarios:\n  - name: a\n    rate: 40\n    for: {seconds}s\n    steps: [{{get: /-/healthy}}]\n",
            server.url()
        )
    };
    std::fs::write(folder.join("short.yaml"), plan(2))?;
    std::fs::write(folder.join("long.yaml"), plan(600))?;
    let ((mut one, first), (mut other, second)) = (worker(folder)?, worker(folder)?);
    let workers = format!("{first},{second}");
    let load = |plan: &str| {
        let mut command = plimsoll(folder);
        command.args(["load", "run", plan, "--workers", &workers, "--worker-token-file", "token"]);
        command.args(["--output", "json", "--send", &server.url()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    };
    let told = load("short.yaml")?.wait_with_output()?;
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    let report: Value = serde_json::from_slice(&told.stdout).context(said)?;
    assert_eq!(report["generator"]["machines"], 2, "{report:#}");
    assert_eq!(report["requests"]["good"], 80);
    let running = load("long.yaml")?;
    until("both send", || {
        let live = server.json("/api/plimsoll/v1/load/live")?;
        let runs = live["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let goes_on =
            |run: &&Value| run["state"] == "running" && run["last"]["good"].as_u64() > Some(0);
        Ok(runs.iter().any(|run| goes_on(&run)).then_some(()))
    })?;
    other.kill()?;
    other.wait()?;
    let told = running.wait_with_output()?;
    let report: Value = serde_json::from_slice(&told.stdout)?;
    assert_eq!(told.status.code(), Some(4), "{report:#}");
    assert_eq!(report["verdict"]["word"], "invalid");
    let doubts = report["verdict"]["doubts"].to_string();
    ensure!(doubts.contains("lost_worker") && doubts.contains(&second), "{doubts}");
    one.kill()?;
    one.wait()?;
    Ok(())
}

#[test]
fn a_worker_stops_when_its_coordinator_is_killed_and_serves_the_next() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let target = Stub::receiver(0)?;
    std::fs::write(folder.join("token"), "a token that both know\n")?;
    for (name, length) in [("long.yaml", "10m"), ("short.yaml", "1s")] {
        let plan = format!(
            "name: health\ntarget: http://{}\nlimits: {{workers: 1}}\nscenarios:\n  - {{name: a, rate: 20, for: {length}, steps: [{{get: /}}]}}\n",
            target.address
        );
        std::fs::write(folder.join(name), plan)?;
    }
    let (mut worker, address) = worker(folder)?;
    let load = |plan: &str| {
        let mut command = plimsoll(folder);
        command.args(["load", "run", plan, "--workers", &address, "--worker-token-file", "token"]);
        command.args(["--output", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    };
    let mut coordinator = load("long.yaml")?;
    until("it sends", || Ok((target.messages().len() > 5).then_some(())))?;
    coordinator.kill()?;
    coordinator.wait()?;
    // Twenty a second came before; silence for a second is the end of it.
    let mut last = (target.messages().len(), instant());
    until("it sends no more", || {
        let sent = target.messages().len();
        if sent != last.0 {
            last = (sent, instant());
        }
        Ok((last.1.elapsed().as_secs() >= 1).then_some(()))
    })?;
    let told = load("short.yaml")?.wait_with_output()?;
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    let report: Value = serde_json::from_slice(&told.stdout).context(said)?;
    assert_eq!(report["requests"]["good"], 20, "{report:#}");
    worker.kill()?;
    worker.wait()?;
    Ok(())
}
