//! Runs that a server keeps, through what befalls servers: it is killed, and its disk is full.

use std::{fs, net::Ipv4Addr, process::Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{
    program::{QUIET, Server, launch, plimsoll, until},
    trouble::{SmallDisk, fill, may_mount},
    web::{self, Stub},
};

const RUNS: &str = "/api/plimsoll/v1/load/runs";
const LIVE: &str = "/api/plimsoll/v1/load/live";

/// The only run that is known as going on, if it has told more than so many seconds.
fn told_beyond(server: &Server, second: u64) -> Result<Option<(String, u64)>> {
    let live = server.json(LIVE)?;
    let run = &live["runs"][0];
    let last = run["last"]["second"].as_u64().unwrap_or(0);
    let goes_on = run["state"] == "running" && last > second;
    let id = run["id"].as_str().unwrap_or_default().to_owned();
    Ok(goes_on.then_some((id, last)))
}

#[test]
fn a_server_that_is_killed_finds_its_runs_again_stops_them_and_keeps_their_reports() -> Result<()> {
    let mut server = Server::start(QUIET)?;
    let target = Stub::receiver(0)?;
    let url = format!("http://{}/", target.address);
    let to = server.url();
    let child = plimsoll(server.folder())
        .args(["load", &url, "--rate", "20", "--for", "10m", "--output", "json"])
        .args(["--send", &to, "--service", "shop", "--by", "ann"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (id, last) = until("it is heard of", || told_beyond(&server, 0))?;
    server.kill_and_restart()?;
    let (again, _) = until("it is heard of again", || told_beyond(&server, last))?;
    assert_eq!(again, id, "it is the same run");
    let runs = server.json(RUNS)?;
    ensure!(runs["runs"] == json!([]), "nobody knows how it ends: {runs:#}");
    let stop = format!("POST {LIVE}/{id}/stop");
    let json = [("content-type", "application/json")];
    let (status, text) = web::send(server.address, &stop, &json, br#"{"by": "bob"}"#)?;
    ensure!(status == 200, "{text}");
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).context(said.clone())?;
    assert_eq!(report["ending"]["how"], "stopped", "{said}");
    // The report was acknowledged, so it is there whatever happens.
    server.kill_and_restart()?;
    let runs = server.json(RUNS)?;
    let kept = &runs["runs"][0];
    ensure!(kept["run"]["id"] == id.as_str() && kept["run"]["service"] == "shop", "{runs:#}");
    ensure!(kept["run"]["word"] == "invalid" && kept["report_kept"] == true, "{runs:#}");
    let mark = format!("POST {RUNS}/{id}/baseline");
    let (status, text) = web::send(server.address, &mark, &json, b"{}")?;
    ensure!(status == 409 && text.contains("ended early"), "{status} {text}");
    Ok(())
}

#[test]
fn a_report_waits_for_a_server_that_is_away_when_the_run_ends() -> Result<()> {
    let mut server = Server::start(QUIET)?;
    let target = Stub::receiver(0)?;
    let url = format!("http://{}/", target.address);
    let child = plimsoll(server.folder())
        .args(["load", &url, "--rate", "20", "--for", "3s", "--send", &server.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    until("it is heard of", || told_beyond(&server, 0))?;
    server.kill()?;
    // All sixty were sent: the run is over, and its report finds nobody.
    until("the run is over", || Ok((target.messages().len() >= 60).then_some(())))?;
    server.kill_and_restart()?;
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(matches!(output.status.code(), Some(0 | 4)), "{said}");
    ensure!(said.contains("the report is kept as"), "{said}");
    let runs = server.json(RUNS)?;
    ensure!(runs["runs"][0]["run"]["figures"]["good"] == 60, "{runs:#}");
    Ok(())
}

#[test]
fn a_report_for_which_there_is_no_room_is_refused_whole_and_taken_later() -> Result<()> {
    if !may_mount()? {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("plimsoll.yaml"), QUIET)?;
    let data = dir.path().join("small");
    let _disk = SmallDisk::mount(&data, "6m")?;
    let address = (Ipv4Addr::LOCALHOST, testkit::free_port()?).into();
    let mut peer = launch(dir.path(), address, &data)?;
    let target = Stub::receiver(0)?;
    let url = format!("http://{}/", target.address);
    let load = ["load", &url, "--rate", "20", "--for", "1s", "--json", "report.json"];
    let told = crate::program::run(dir.path(), &load)?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    let report: Value = serde_json::from_str(&fs::read_to_string(dir.path().join("report.json"))?)?;
    let body = json!({"id": "00ab-1", "report": report, "page": "<!doctype html>"}).to_string();
    let json = [("content-type", "application/json")];
    let send = || web::send(address, &format!("POST {RUNS}"), &json, body.as_bytes());
    fill(&data.join("filler"))?;
    let (status, text) = send()?;
    ensure!(status >= 500 && text.contains("space"), "{status} {text}");
    let runs = web::json(address, RUNS)?;
    ensure!(runs["runs"] == json!([]), "{runs:#}");
    let left: Vec<_> = fs::read_dir(data.join("load")).into_iter().flatten().flatten().collect();
    ensure!(left.is_empty(), "nothing half-written stays: {left:?}");
    assert_eq!(testkit::http_get(address, "/-/healthy")?.0, 200);
    fs::remove_file(data.join("filler"))?;
    until("it is taken", || Ok((send()?.0 == 201).then_some(())))?;
    peer.kill()?;
    let peer = launch(dir.path(), address, &data)?;
    let runs = web::json(address, RUNS)?;
    ensure!(
        runs["runs"][0]["run"]["id"] == "00ab-1" && runs["runs"][0]["page_kept"] == true,
        "{runs:#}"
    );
    ensure!(!peer.log_text().contains("panic"), "{}", peer.log_text());
    Ok(())
}
