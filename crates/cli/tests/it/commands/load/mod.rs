//! Load tests from the command line: verdicts, exit codes, and the report of a run that was stopped.

mod away;
mod fleet;
mod gate;
mod kept;
mod placed;
mod runner;
mod told;

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::program::{QUIET, Server, plimsoll, run, run_with, until};

#[test]
fn a_load_test_is_told_to_people_and_to_programs() -> Result<()> {
    let server = Server::start(QUIET)?;
    let url = format!("{}/-/healthy", server.url());
    let load = |more: &[&str]| {
        run(server.folder(), &[&["load", &url, "--rate", "100", "--for", "500ms"], more].concat())
    };
    let told = load(&["--threshold", "errors < 1%"])?;
    // Other work on this machine may make the run invalid, which is a verdict as well.
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    for words in
        ["kept    errors < 1%   (was 0 %)", "50 of 50 journeys", "50 good", "response", "send lag"]
    {
        ensure!(told.out.contains(words), "{words}: {}", told.out);
    }
    let document: Value = serde_json::from_str(&load(&["--output", "json"])?.out)?;
    assert_eq!(document["schema"], "plimsoll.load/1");
    assert_eq!(document["requests"]["good"], 50);
    assert_eq!(document["requests"]["statuses"]["200"], 50);
    assert_eq!(document["requests"]["response"]["count"], 50);
    assert_eq!(document["plan"]["model"], "open");
    ensure!(document["timeline"]["rows"][0]["sent"].as_u64() > Some(0), "{document}");
    let broken = load(&["--threshold", "throughput > 100000/s"])?;
    ensure!(matches!(broken.code, Some(1 | 4)), "{}{}", broken.out, broken.err);
    ensure!(broken.out.contains("broken  throughput > 100000/s"), "{}", broken.out);
    Ok(())
}

#[test]
fn closed_users_are_labelled_as_such() -> Result<()> {
    let server = Server::start(QUIET)?;
    let url = format!("{}/-/healthy", server.url());
    let told = run(server.folder(), &["load", &url, "--users", "2", "--for", "300ms"])?;
    ensure!(told.out.contains("closed: 2 users"), "{}{}", told.out, told.err);
    Ok(())
}

#[test]
fn loads_that_may_not_or_cannot_be_run_say_why() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let gone = format!("http://127.0.0.1:{}/", testkit::free_port()?);
    let cases: [(&[&str], i32, &str); 6] = [
        (&["http://192.0.2.1/", "--rate", "1"], 4, "--allow 192.0.2.1"),
        (&["nowhere", "--rate", "1"], 2, "no web address"),
        (&["http://localhost/"], 2, "--rate"),
        (&["http://localhost/", "--rate", "0"], 2, "nothing would be sent"),
        (&["http://localhost/", "--rate", "1", "--threshold", "speed < 1"], 2, "measured"),
        (&[&gone, "--rate", "50", "--for", "200ms"], 5, "10 refused"),
    ];
    for (arguments, code, words) in cases {
        let told = run(dir.path(), &[&["load"], arguments].concat())?;
        assert_eq!(told.code, Some(code), "{arguments:?}: {}{}", told.out, told.err);
        ensure!(told.err.contains(words) || told.out.contains(words), "{}{}", told.out, told.err);
    }
    Ok(())
}

#[test]
fn more_users_than_this_machine_has_handles_for_are_refused_and_as_many_as_it_has_are_served()
-> Result<()> {
    let server = Server::start(QUIET)?;
    let url = format!("{}/-/healthy", server.url());
    let limited = |users: &str| {
        let line = "ulimit -n 4096; exec \"$@\"";
        let program = env!("CARGO_BIN_EXE_plimsoll");
        let load = ["load", &url, "--users", users, "--for", "300ms"];
        Command::new("sh").args(["-c", line, "sh", program]).args(load).output()
    };
    let told = limited("100000")?;
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    ensure!(told.status.code() == Some(5), "{:?}: {said}", told.status);
    ensure!(said.contains("100064 file handles") || said.contains("may open 4096"), "{said}");
    ensure!(told.stdout.is_empty(), "nothing ran");
    let told = limited("100")?;
    let (out, said) =
        (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(matches!(told.status.code(), Some(0 | 4)), "{out}{said}");
    ensure!(out.contains("closed: 100 users") && out.contains(" 0 failed"), "{out}{said}");
    Ok(())
}

#[test]
fn an_interrupted_load_tells_what_ran() -> Result<()> {
    let server = Server::start(QUIET)?;
    let url = format!("{}/-/healthy", server.url());
    let child = plimsoll(server.folder())
        .args(["load", &url, "--rate", "20", "--for", "10m", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let id = child.id().to_string();
    let status = format!("/proc/{id}/task");
    until("the load has begun", || {
        let threads = std::fs::read_dir(&status)?.count();
        Ok((threads >= 3).then_some(()))
    })?;
    std::thread::park_timeout(Duration::from_millis(700));
    ensure!(Command::new("kill").args(["-INT", &id]).status()?.success(), "cannot interrupt");
    let output = child.wait_with_output()?;
    let document: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    assert_eq!(document["ending"]["how"], "stopped");
    assert_eq!(output.status.code(), Some(4), "what was stopped passes nothing: {document}");
    ensure!(document["requests"]["good"].as_u64() > Some(0), "{document}");
    ensure!(document["took_seconds"].as_f64() < Some(60.0), "{document}");
    Ok(())
}

#[test]
fn a_plan_is_checked_and_run_and_told_in_files() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    let plan = format!(
        "name: health\ntarget: {}\nscenarios:\n  - name: a\n    rate: 50\n    for: 200ms\n    steps: [{{get: /-/healthy}}]\n",
        server.url()
    );
    std::fs::write(folder.join("plan.yaml"), &plan)?;
    std::fs::write(folder.join("wrong.yaml"), plan.replace("rate", "rates"))?;
    let told = run(folder, &["load", "check", "plan.yaml"])?;
    assert_eq!(told.out, "health: no mistakes (scenarios: 1, steps: 1, length: 200 ms)\n");
    let told = run(folder, &["load", "check", "wrong.yaml"])?;
    ensure!(told.code == Some(2) && told.err.contains("did you mean `rate`?"), "{}", told.err);
    let files = ["--html", "r.html", "--junit", "r.xml", "--markdown", "r.md"];
    let told = run(folder, &[&["load", "run", "plan.yaml"], &files[..]].concat())?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    ensure!(told.out.contains("10 good"), "{}", told.out);
    ensure!(std::fs::read_to_string(folder.join("r.html"))?.starts_with("<!doctype html>"), "html");
    ensure!(std::fs::read_to_string(folder.join("r.xml"))?.contains("<testsuite "), "junit");
    ensure!(std::fs::read_to_string(folder.join("r.md"))?.starts_with("### Load test"), "markdown");
    Ok(())
}

#[test]
fn runs_that_were_kept_are_compared_and_short_ones_are_not_believed() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    let url = format!("{}/-/healthy?token=abc", server.url());
    let load = |more: &[&str]| {
        run(folder, &[&["load", &url, "--rate", "50", "--for", "1s"], more].concat())
    };
    let told = load(&["--json", "a.json", "--hgrm", "a.hgrm"])?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    let kept = std::fs::read_to_string(folder.join("a.json"))?;
    ensure!(kept.contains("token=***") && !kept.contains("abc"), "{kept}");
    ensure!(std::fs::read_to_string(folder.join("a.hgrm"))?.contains("#[Max"), "hgrm");
    let told = load(&["--json", "b.json", "--baseline", "a.json"])?;
    ensure!(
        told.code == Some(4) && told.out.contains("refused: a.json against this run"),
        "{told:?}"
    );
    let told = run(folder, &["load", "compare", "a.json", "b.json", "--output", "json"])?;
    assert_eq!(told.code, Some(4), "{}{}", told.out, told.err);
    let document: Value = serde_json::from_str(&told.out)?;
    assert_eq!(document["schema"], "plimsoll.load-compare/1");
    ensure!(document["refused"][0].as_str().is_some(), "{document}");
    let told = run(folder, &["load", "compare", "a.json", "gone.json"])?;
    ensure!(told.code == Some(4) && told.err.contains("gone.json"), "{told:?}");
    std::fs::write(folder.join("none.json"), "{}")?;
    let told = run(folder, &["load", "compare", "a.json", "none.json"])?;
    ensure!(told.code == Some(2) && told.err.contains("no report of a load test"), "{told:?}");
    Ok(())
}

#[test]
fn a_search_for_the_capacity_says_what_it_cannot_go_by() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let plan = "name: closed\ntarget: http://localhost:1\nscenarios: [{name: users, users: 2, for: 1s, steps: [{get: /}]}]\n";
    std::fs::write(dir.path().join("closed.yaml"), plan)?;
    let gone = format!("http://127.0.0.1:{}/", testkit::free_port()?);
    let cases: [(&[&str], i32, &str); 5] = [
        (&["closed.yaml"], 2, "`users` is closed"),
        (&[&gone, "--threshold", "throughput > 5/s"], 2, "no objective for a search"),
        (&["http://192.0.2.1/"], 4, "a step of the search could not be made"),
        (&[&gone, "--resource", "pool=x"], 2, "--from"),
        (&[&gone, "--width", "0"], 2, "0.5%"),
    ];
    for (arguments, code, words) in cases {
        let told = run(dir.path(), &[&["load", "capacity"], arguments].concat())?;
        assert_eq!(told.code, Some(code), "{arguments:?}: {}{}", told.out, told.err);
        ensure!(told.err.contains(words), "{arguments:?}: {}{}", told.out, told.err);
    }
    Ok(())
}

/// Load and connections of a shop, which its load test is told to.
const SHOP: &str = "policy: none
host: {enabled: false}
services:
  - name: shop
    load: shop_load
    limits:
      - {name: connections, used: shop_connections, limit: '100', relation: held}
";

#[test]
fn a_search_is_told_to_the_load_line_of_its_service() -> Result<()> {
    let server = Server::start(SHOP)?;
    let (url, target) = (server.url(), format!("{}/-/healthy", server.url()));
    let search =
        ["load", "capacity", &target, "--start", "20", "--rate-max", "20", "--longest-step", "8s"];
    let sent = ["--send", &url, "--service", "shop", "--release", "4.3", "--times", "3"];
    let told = run(server.folder(), &[&search[..], &sent].concat())?;
    let tests = server.json("/api/plimsoll/v1/services/shop/tests")?;
    // Other work on this machine may keep the generator from its schedule, and then there is no point to tell.
    if told.code == Some(4) {
        ensure!(told.err.contains("was told nothing") && tests["tests"] == serde_json::json!([]));
        return Ok(());
    }
    ensure!(told.err.contains("told to the load line of shop"), "{}{}", told.out, told.err);
    let test = &tests["tests"][0];
    ensure!(test["sort"] == "capacity" && test["release"] == "4.3", "{tests:#}");
    ensure!(
        test["holds"] == 60.0 && test["breaks"].is_null(),
        "three requests a journey: {tests:#}"
    );
    let shop = server.json("/api/plimsoll/v1/services/shop")?;
    ensure!(shop["tested"]["holds"] == 60.0 && shop["tested"]["run"] == test["id"], "{shop:#}");
    for (wrong, words) in [
        (&["--send", &url][..], "--service NAME"),
        (&["--service", "shop"], "--send"),
        (&["--send", &url, "--service", "shop", "--times", "0"], "above nought"),
    ] {
        let told = run(server.folder(), &[&search[..], wrong].concat())?;
        ensure!(told.code == Some(2) && told.err.contains(words), "{}{}", told.out, told.err);
    }
    Ok(())
}

#[test]
fn a_profile_is_run_compressed_and_stamped() -> Result<()> {
    let server = Server::start(QUIET)?;
    let url = format!("{}/-/healthy", server.url());
    let load = |more: &[&str]| run(server.folder(), &[&["load", &url], more].concat());
    let told = load(&["--profile", "baseline", "--compress", "600"])?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    ensure!(told.out.contains("baseline, COMPRESSED 600 times"), "{}", told.out);
    ensure!(told.out.contains("25 of 25 journeys"), "{}", told.out);
    for (wrong, words) in [
        (&["--profile", "sustained"][..], "80 % of the capacity"),
        (&["--profile", "soak"], "no profile"),
        (&["--profile", "spike", "--rate", "5"], "cannot be used with"),
        (&["--profile", "spike", "--compress", "0"], "1 to 3600"),
    ] {
        let told = load(wrong)?;
        ensure!(told.code == Some(2) && told.err.contains(words), "{}{}", told.out, told.err);
    }
    Ok(())
}

#[test]
fn a_command_line_is_imported_and_the_plan_is_run() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    let line = format!("curl -s '{}/-/healthy' -H 'Authorization: Bearer x'", server.url());
    std::fs::write(folder.join("lines.sh"), line)?;
    let told = run(folder, &["load", "import", "lines.sh", "--to", "plan.yaml"])?;
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let told =
        run(folder, &["load", "run", "plan.yaml", "--profile", "baseline", "--compress", "600"])?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    ensure!(told.out.contains("25 good"), "{}", told.out);
    // What comes through a pipe is the same plan, but for its name, whether it is said what it is or not.
    let line = std::fs::read_to_string(folder.join("lines.sh"))?;
    let read = std::fs::read_to_string(folder.join("plan.yaml"))?;
    for more in [&[][..], &["--format", "commands"]] {
        let piped = run_with(folder, &[&["load", "import", "-"], more].concat(), &line)?;
        ensure!(piped.code == Some(0) && piped.out == read, "{}{}", piped.out, piped.err);
    }
    let piped = run_with(folder, &["load", "import", "-", "--format", "har"], &line)?;
    ensure!(piped.code == Some(2) && piped.err.contains("this is no HAR"), "{}", piped.err);
    let empty = run_with(folder, &["load", "import", "-"], "")?;
    ensure!(empty.code == Some(2) && empty.err.contains("standard input"), "{}", empty.err);
    std::fs::write(folder.join("none.txt"), "nothing of the kind")?;
    let told = run(folder, &["load", "import", "none.txt"])?;
    ensure!(told.code == Some(2) && told.err.contains("no HAR"), "{}{}", told.out, told.err);
    Ok(())
}

#[test]
fn a_run_is_told_to_a_server_which_keeps_it_and_can_stop_it() -> Result<()> {
    let server = Server::start(QUIET)?;
    let target = format!("{}/-/healthy", server.url());
    let to = server.url();
    let sent = ["--send", to.as_str(), "--release", "1.4", "--by", "ann"];
    let told = run(
        server.folder(),
        &[&["load", &target, "--rate", "50", "--for", "1s"], &sent[..]].concat(),
    )?;
    ensure!(matches!(told.code, Some(0 | 4)), "{}{}", told.out, told.err);
    let runs = server.json("/api/plimsoll/v1/load/runs")?;
    let run_told = &runs["runs"][0];
    ensure!(run_told["run"]["release"] == "1.4" && run_told["page_kept"] == true, "{runs:#}");
    ensure!(run_told["run"]["figures"]["good"] == 50, "{runs:#}");
    let child = plimsoll(server.folder())
        .args(["load", &target, "--rate", "20", "--for", "10m", "--output", "json"])
        .args(sent)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    until("the run is heard of", || {
        let live = server.json("/api/plimsoll/v1/load/live")?;
        let mut runs = live["runs"].as_array().into_iter().flatten();
        let heard =
            |own: &Value| own["state"] == "running" && own["last"]["second"].as_u64() >= Some(1);
        Ok(runs.any(heard).then_some(()))
    })?;
    let stop = ["load", "stop", "--why", "enough", "--by", "bob", "--server", to.as_str()];
    let stopped = run(server.folder(), &stop)?;
    ensure!(stopped.out.starts_with("runs told to stop: 1"), "{}{}", stopped.out, stopped.err);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let document: Value = serde_json::from_slice(&output.stdout).context(said.clone())?;
    assert_eq!(document["ending"]["how"], "stopped");
    ensure!(said.contains("stopped by bob: enough"), "{said}");
    let refused = run(
        server.folder(),
        &[&["load", &target, "--rate", "50", "--for", "1s"], &sent[..]].concat(),
    )?;
    ensure!(refused.code == Some(4) && refused.err.contains("--release"), "{}", refused.err);
    run(server.folder(), &["load", "stop", "--release", "--server", to.as_str()])?;
    ensure!(server.json("/api/plimsoll/v1/load/stop")?["held"] == false, "released");
    Ok(())
}
