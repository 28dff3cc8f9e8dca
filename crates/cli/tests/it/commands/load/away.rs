//! Gates that are told to a server, through what befalls servers: it hangs, it is killed, and its disk is full.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{
    gate::target,
    told::{GATE, GATES, RUNS, write_plans},
};
use crate::{
    program::{Outcome, QUIET, Server, launch, run, until},
    trouble::{SmallDisk, fill, may_mount},
    web,
};

/// The gate is kept once, with all its runs, and says what the reports say.
fn is_kept(url: SocketAddr, told: &Outcome, folder: &Path) -> Result<()> {
    let gates = web::json(url, GATES)?;
    ensure!(gates["gates"].as_array().map(Vec::len) == Some(1), "{gates:#}");
    let id = gates["gates"][0]["gate"]["id"].as_str().context("a gate")?;
    let gate = web::json(url, &format!("{GATES}/{id}"))?;
    let runs = gate["runs"].as_array().context("runs")?;
    ensure!(runs.len() == 6 && runs.iter().all(|own| own["report_kept"] == true), "{gate:#}");
    let turns: Vec<&str> =
        runs.iter().filter_map(|own| own["run"]["gate"]["side"].as_str()).collect();
    ensure!(turns == ["before", "after", "before", "after", "before", "after"], "{gate:#}");
    let listed = web::json(url, RUNS)?;
    ensure!(listed["runs"].as_array().map(Vec::len) == Some(6), "each is there once: {listed:#}");
    let again = run(folder, &["load", "compare", "runs/before", "runs/after"])?;
    ensure!(again.code == told.code, "{}{} {}{}", told.out, told.err, again.out, again.err);
    ensure!(gate["gate"]["exit_code"].as_i64() == told.code.map(i64::from), "{gate:#}");
    Ok(())
}

/// Goes on as it is.
const OPEN: u8 = 0;
/// Takes connections, and nothing comes out of them.
const HANGS: u8 = 1;
/// Lets all through but the verdict of a gate, which it holds until it is opened, and then lets go of.
const HOLDS: u8 = 2;
/// Holds the verdict.
const HELD: u8 = 3;

/// What stands before a server, and does what befalls servers.
struct Way {
    address: SocketAddr,
    state: Arc<AtomicU8>,
}

impl Way {
    fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(AtomicU8::new(OPEN));
        let own = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&own);
                // Whoever hangs up ends this.
                thread::spawn(move || drop(pass(stream, server, &state)));
            }
        });
        Ok(Self { address, state })
    }

    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Passes what comes on to the server, and back what that says.
fn pass(mut from: TcpStream, server: SocketAddr, state: &Arc<AtomicU8>) -> std::io::Result<()> {
    let mut to: Option<TcpStream> = None;
    let mut piece = [0; 16_384];
    loop {
        let count = from.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        let is_verdict = piece[..count].starts_with(b"POST /api/plimsoll/v1/load/gates");
        match state.load(Ordering::SeqCst) {
            HANGS => continue,
            HOLDS if is_verdict => {
                state.store(HELD, Ordering::SeqCst);
                while state.load(Ordering::SeqCst) == HELD {
                    thread::park_timeout(Duration::from_millis(20));
                }
                from.shutdown(Shutdown::Both)?;
                return Err(ErrorKind::ConnectionAborted.into());
            }
            _ => {}
        }
        if to.is_none() {
            let (stream, mut back) = (TcpStream::connect(server)?, from.try_clone()?);
            let mut answers = stream.try_clone()?;
            thread::spawn(move || drop(std::io::copy(&mut answers, &mut back)));
            to = Some(stream);
        }
        if let Some(to) = &mut to {
            to.write_all(&piece[..count])?;
        }
    }
}

#[test]
fn a_server_that_hangs_ends_no_gate_changes_no_verdict_and_is_told_later() -> Result<()> {
    let server = Server::start(QUIET)?;
    let folder = server.folder();
    let (before, after) = (target(1)?, target(1)?);
    write_plans(folder, [&before, &after], 1)?;
    let way = Way::to(server.address)?;
    let url = way.url();
    let told = thread::scope(|scope| {
        let sent = ["--send", &url, "--release", "4.3", "--by", "ann"];
        let gate = [&GATE[..], &sent].concat();
        let gate = scope.spawn(move || run(folder, &gate));
        until("the first run is kept", || {
            let runs = server.json(RUNS)?;
            Ok(runs["runs"].as_array().is_some_and(|all| !all.is_empty()).then_some(()))
        })?;
        way.set(HANGS);
        gate.join().map_err(|_panicked| anyhow::anyhow!("the gate is gone"))?
    })?;
    ensure!(matches!(told.code, Some(0 | 1 | 4)), "{}{}", told.out, told.err);
    for words in ["did not answer within", "plimsoll load send runs --server", "is sent later"] {
        ensure!(told.err.contains(words), "{words}: {}{}", told.out, told.err);
    }
    let gates = server.json(GATES)?;
    ensure!(gates["gates"] == json!([]), "{gates:#}");
    way.set(OPEN);
    for _ in 0..2 {
        let sent = run(folder, &["load", "send", "runs", "--server", &url])?;
        ensure!(
            sent.code == Some(0) && sent.out.contains("with 6 runs"),
            "{}{}",
            sent.out,
            sent.err
        );
        is_kept(server.address, &told, folder)?;
    }
    // Nothing has begun yet, so that nothing is lost: whoever cannot be told is found out before the load.
    way.set(HANGS);
    let told = run(folder, &[&GATE[..6], &["--send", &url]].concat())?;
    ensure!(
        told.code == Some(5) && told.err.contains("did not answer"),
        "{}{}",
        told.out,
        told.err
    );
    ensure!(!told.err.contains("run before 1"), "{}", told.err);
    Ok(())
}

#[test]
fn a_server_that_is_killed_before_the_verdict_has_the_runs_and_hears_it_after_its_start()
-> Result<()> {
    let mut server = Server::start(QUIET)?;
    let folder = server.folder().to_owned();
    let (before, after) = (target(1)?, target(1)?);
    write_plans(&folder, [&before, &after], 1)?;
    let way = Way::to(server.address)?;
    way.set(HOLDS);
    let url = way.url();
    let told = thread::scope(|scope| {
        let gate = [&GATE[..], &["--send", &url, "--release", "4.3"]].concat();
        let folder = &folder;
        let gate = scope.spawn(move || run(folder, &gate));
        until("the verdict is on its way", || {
            Ok((way.state.load(Ordering::SeqCst) == HELD).then_some(()))
        })?;
        server.kill_and_restart()?;
        let runs = server.json(RUNS)?;
        let all = runs["runs"].as_array().context("runs")?;
        ensure!(all.len() == 6 && all[0]["gate_verdict"] == "goes_on", "{runs:#}");
        ensure!(server.json(GATES)?["gates"] == json!([]), "nothing half");
        way.set(OPEN);
        gate.join().map_err(|_panicked| anyhow::anyhow!("the gate is gone"))?
    })?;
    // A busy machine may take longer for a start than a gate waits for its server.
    if !told.err.contains("the gate is kept as") {
        let sent = run(&folder, &["load", "send", "runs", "--server", &url])?;
        ensure!(sent.code == Some(0), "{}{} {}{}", told.out, told.err, sent.out, sent.err);
    }
    is_kept(server.address, &told, &folder)?;
    server.kill_and_restart()?;
    is_kept(server.address, &told, &folder)
}

#[test]
fn a_journal_that_takes_nothing_refuses_a_gate_with_a_reason_and_takes_it_later() -> Result<()> {
    if !may_mount()? {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let (before, after) = (target(1)?, target(1)?);
    write_plans(dir.path(), [&before, &after], 1)?;
    let told = run(dir.path(), &GATE)?;
    ensure!(matches!(told.code, Some(0 | 1 | 4)), "{}{}", told.out, told.err);
    fs::write(dir.path().join("plimsoll.yaml"), QUIET)?;
    let data = dir.path().join("small");
    let _disk = SmallDisk::mount(&data, "6m")?;
    let address: SocketAddr = (Ipv4Addr::LOCALHOST, testkit::free_port()?).into();
    let peer = launch(dir.path(), address, &data)?;
    let url = format!("http://{address}");
    let send = || run(dir.path(), &["load", "send", "runs", "--server", &url]);
    fill(&data.join("filler"))?;
    let gate: Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("runs/gate.json"))?)?;
    let body = json!({"id": gate["id"], "plan": gate["plan"], "by": "ann", "comparison": gate["comparison"]});
    let as_json = [("content-type", "application/json")];
    let (status, text) =
        web::send(address, &format!("POST {GATES}"), &as_json, body.to_string().as_bytes())?;
    ensure!(status == 429 && text.contains("free some disk space"), "{status} {text}");
    let refused = send()?;
    ensure!(
        refused.code == Some(5) && refused.err.contains("space"),
        "{}{}",
        refused.out,
        refused.err
    );
    ensure!(web::json(address, GATES)?["gates"] == json!([]), "nothing half");
    fs::remove_file(data.join("filler"))?;
    until("it is taken", || Ok((send()?.code == Some(0)).then_some(())))?;
    is_kept(address, &told, dir.path())?;
    ensure!(!peer.log_text().contains("panic"), "{}", peer.log_text());
    Ok(())
}
