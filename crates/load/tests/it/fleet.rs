//! Several machines as one: workers in threads of this process, each behind a socket of its own.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use load::{Ending, Fleet, Job, Plan, Verdict, Word, Worker, serve_one};
use model::{Kind, Secret};

use crate::target::{RealClock, Target};

const TOKEN: &str = "a token that both know";

fn token() -> Secret {
    Secret::new(TOKEN.to_owned())
}

/// A worker on a free port, and its end of the connections it took.
fn worker() -> Result<(SocketAddr, Arc<Mutex<Vec<TcpStream>>>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    let worker = Worker { clock: Arc::new(RealClock::new()), token: token(), allowed: Vec::new() };
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let (Ok(other), Ok(mut kept)) = (stream.try_clone(), kept.lock()) {
                kept.push(other);
            }
            // What a coordinator makes of it is what the tests look at.
            drop(serve_one(&worker, stream, &mut |_| {}));
        }
    });
    Ok((address, taken))
}

fn plan(target: &Target, rest: &str) -> Result<(tempfile::TempDir, Plan, Job)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("plan.yaml");
    let text = format!(
        "name: together\ntarget: http://{}\nlimits: {{workers: 1}}\nfeeds: {{rows: {{file: rows.csv, order: once}}}}\nscenarios:\n  - name: a\n    rate: 40\n    for: 2s\n    steps: [{{get: '/{{{{rows.id}}}}'}}]\n{rest}",
        target.address
    );
    std::fs::write(&path, text)?;
    let rows: Vec<String> = (0..100).map(|row| row.to_string()).collect();
    std::fs::write(folder.path().join("rows.csv"), format!("id\n{}\n", rows.join("\n")))?;
    let plan = Plan::read(&path).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
    let job = Job::read(&path, &plan)?;
    Ok((folder, plan, job))
}

fn gather(addresses: &[SocketAddr]) -> Result<Fleet> {
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Ok(Fleet::gather(&names, &token(), Arc::new(RealClock::new()))?)
}

#[test]
fn two_workers_send_each_arrival_once_and_are_told_as_one() -> Result<()> {
    let target = Target::answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec())?;
    let (one, other) = (worker()?.0, worker()?.0);
    let rules = "thresholds: ['errors < 1%', 'errors < 1% in every 1s']\n";
    let (_folder, plan, job) = plan(&target, rules)?;
    let mut fleet = gather(&[one, other])?;
    let seconds = AtomicUsize::new(0);
    let run = fleet.run(&job, plan.clone(), &mut |progress| {
        seconds.fetch_add(usize::try_from(progress.interval.sent).unwrap_or(0), Ordering::Relaxed);
    })?;
    ensure!(run.ending == Ending::Done && run.machines == 2, "{:?}", run.ending);
    let together = run.recording.together();
    ensure!(together.good.count() == 80, "{} good", together.good.count());
    let rows: u64 = run.timeline.rows().map(|row| row.response.count()).sum();
    ensure!(rows == 80, "every second of both is in the timeline: {rows}");
    ensure!(seconds.into_inner() > 0, "seconds were told while it went on");
    let mut asked: Vec<u32> = target
        .asked
        .lock()
        .ok()
        .context("poisoned")?
        .iter()
        .filter_map(|asked| asked.line.split(['/', ' ']).nth(2)?.parse().ok())
        .collect();
    asked.sort_unstable();
    ensure!(asked == (0..80).collect::<Vec<_>>(), "each row once, whichever worker: {asked:?}");
    let verdict = Verdict::of(&run);
    ensure!(verdict.rules.len() == 2 && verdict.rules.iter().all(|rule| rule.kept), "{verdict:?}");
    // The same workers take the next run, as a search asks for.
    let again = fleet.run(&job.at(10.0, Duration::from_secs(1)), plan, &mut |_| {})?;
    ensure!(again.recording.together().count() == 10, "{}", again.recording.together().count());
    Ok(())
}

#[test]
fn a_worker_that_is_lost_makes_the_run_invalid_and_ends_it() -> Result<()> {
    let target = Target::answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec())?;
    let ((one, _), (other, taken)) = (worker()?, worker()?);
    let (_folder, plan, job) = plan(&target, "")?;
    let mut fleet = gather(&[one, other])?;
    let job = job.at(20.0, Duration::from_mins(10));
    let run = fleet.run(&job, plan, &mut |progress| {
        if progress.seconds == 1 {
            for stream in taken.lock().into_iter().flat_map(|mut taken| std::mem::take(&mut *taken))
            {
                stream.shutdown(std::net::Shutdown::Both).ok();
            }
        }
    })?;
    ensure!(run.ending == Ending::Stopped, "{:?}", run.ending);
    ensure!(run.took < Duration::from_secs(30), "the rest was stopped: {:?}", run.took);
    let verdict = Verdict::of(&run);
    ensure!(verdict.word() == Word::Invalid, "{verdict:?}");
    let lost = verdict.doubts.iter().any(|doubt| doubt.word() == "lost_worker");
    ensure!(lost && verdict.word().exit_code() == 4, "{:?}", verdict.doubts);
    ensure!(run.recording.together().count() > 0, "what the others did is told");
    Ok(())
}

#[test]
fn a_rule_that_ends_a_run_is_judged_on_the_whole() -> Result<()> {
    let target = Target::answering(|asked| {
        let bad = asked.line.starts_with("GET /1") || asked.line.starts_with("GET /3");
        let status = if bad { "500 Broken" } else { "200 OK" };
        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    })?;
    let (one, other) = (worker()?.0, worker()?.0);
    let (_folder, plan, job) = plan(&target, "abort: ['errors > 10% in any 1s']\n")?;
    let mut fleet = gather(&[one, other])?;
    let run = fleet.run(&job, plan, &mut |_| {})?;
    ensure!(
        matches!(&run.ending, Ending::Aborted { rule } if rule.contains("10%")),
        "{:?}",
        run.ending
    );
    Ok(())
}

#[test]
fn workers_refuse_strangers_and_targets_that_nobody_allowed_them() -> Result<()> {
    let (address, _) = worker()?;
    let names = [address.to_string()];
    let stranger = Secret::new("another token altogether".to_owned());
    let refused = Fleet::gather(&names, &stranger, Arc::new(RealClock::new()));
    ensure!(refused.is_err_and(|error| error.kind() == Kind::Denied), "a stranger was heard");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("plan.yaml");
    // The plan allows itself what the worker's owner did not.
    let text = "name: far\ntarget: http://192.0.2.1\nallow: [192.0.2.1]\nscenarios:\n  - {name: a, rate: 1, for: 1s, steps: [{get: /}]}\n";
    std::fs::write(&path, text)?;
    let plan = Plan::read(&path).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
    let job = Job::read(&path, &plan)?;
    let mut fleet = gather(&[address])?;
    let run = fleet.run(&job, plan, &mut |_| {})?;
    let verdict = Verdict::of(&run);
    let why: Vec<String> = verdict.doubts.iter().map(ToString::to_string).collect();
    ensure!(why.iter().any(|why| why.contains("nobody allowed")), "{why:?}");
    Ok(())
}
