//! Churn: a million new series an hour for hours, as pods that live ten minutes make them, and what a server's
//! memory does meanwhile. Data time may run faster than the clock.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::{
    data::SERIES_PER_HOST,
    http::{Base, Client},
    live::{Group, pod},
    procfs,
    push::{HEADERS, deliver},
    suite::Results,
    target::{Inst, Target},
    verify,
};

const SCRAPE_S: i64 = 60;
/// Scrapes in the life of a pod.
const LIFE: u64 = 10;

/// How much, how long, how fast.
#[derive(Clone, Debug)]
pub struct Spec {
    pub series_per_hour: u64,
    pub hours: f64,
    /// Data time to clock time.
    pub speed: f64,
    pub end_s: i64,
}

struct Sent {
    samples: u64,
    refused: u64,
    retries: u64,
    error: String,
}

/// Pods alive at a step, sent by one connection of several.
fn lane(
    spec: &Spec,
    base: &Base,
    path: &str,
    lane: u64,
    lanes: u64,
    start: Instant,
    live: &AtomicU64,
) -> Sent {
    let steps = (spec.hours * 3600.0 / SCRAPE_S as f64) as u64;
    let per_step = spec.series_per_hour as f64 / SERIES_PER_HOST as f64 * SCRAPE_S as f64 / 3600.0;
    let mut client = Client::new(base.clone(), Duration::from_secs(30));
    let mut alive: VecDeque<(u64, Group)> = VecDeque::new();
    let mut sent = Sent { samples: 0, refused: 0, retries: 0, error: String::new() };
    let mut next = 0;
    for step in 0..steps {
        while alive.front().is_some_and(|(born, _)| born + LIFE <= step) {
            alive.pop_front();
        }
        let upto = ((step + 1) as f64 * per_step) as u64;
        for number in next..upto {
            if number % lanes == lane {
                alive.push_back((step, pod(number)));
            }
        }
        next = upto;
        let due = Duration::from_secs_f64(step as f64 * SCRAPE_S as f64 / spec.speed);
        if let Some(wait) = due.checked_sub(start.elapsed()) {
            std::thread::sleep(wait);
        }
        let time_ms = (spec.end_s - (steps - step) as i64 * SCRAPE_S) * 1000;
        for (_, group) in &mut alive {
            let (body, content) = group.request(step, time_ms);
            match deliver(&mut client, path, HEADERS, body, &mut sent.retries) {
                Ok(()) => sent.samples += content.count,
                Err(error) => {
                    sent.refused += content.count;
                    sent.error = error;
                }
            }
            live.fetch_add(content.count, Relaxed);
        }
    }
    sent
}

/// Runs it on an empty target; adds `H.*` to its results.
pub fn run(
    spec: &Spec,
    target: &Target,
    work: &std::path::Path,
    results: &mut Results,
) -> Result<(), String> {
    let mut server = Inst::fresh(target, work, false)?;
    procfs::reset_peak(server.pid);
    let (lanes, start, live) = (4, Instant::now(), AtomicU64::new(0));
    let (base, cpu) = (server.base.clone(), procfs::cpu_s(server.pid));
    let mut by_hour: Vec<f64> = Vec::new();
    let outcomes: Vec<Sent> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..lanes)
            .map(|at| {
                let (base, live) = (&base, &live);
                scope.spawn(move || lane(spec, base, &target.write, at, lanes, start, live))
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(500));
            let hour = (start.elapsed().as_secs_f64() * spec.speed / 3600.0) as usize;
            by_hour.resize(by_hour.len().max(hour + 1), 0.0);
            let now = procfs::status_mib(server.pid, "VmRSS");
            by_hour[hour] = by_hour[hour].max(if now.is_finite() { now } else { 0.0 });
        }
        threads.into_iter().map(|thread| thread.join().expect("bug: a lane panicked")).collect()
    });
    let samples: u64 = outcomes.iter().map(|sent| sent.samples).sum();
    let refused: u64 = outcomes.iter().map(|sent| sent.refused).sum();
    let wall = start.elapsed().as_secs_f64();
    results.add("H.rate", samples as f64 / wall);
    results.add("H.peak", procfs::status_mib(server.pid, "VmHWM"));
    results.add("H.cpu_per_m", (procfs::cpu_s(server.pid) - cpu) / samples as f64 * 1e6);
    results.add("H.refused", refused as f64);
    server.settle(Duration::from_secs(60));
    results.add("H.rest", procfs::status_mib(server.pid, "VmRSS"));
    results.add("H.disk", server.disk() / samples as f64);
    // The greatest of the last third to the greatest of the middle third: 1 means that it no longer grows.
    let hours = by_hour.len().min((spec.hours.ceil() as usize).max(1));
    let greatest =
        |from: usize, to: usize| by_hour[from..to].iter().fold(0.0, |a: f64, b| a.max(*b));
    if hours >= 3 {
        results.add(
            "H.growth",
            greatest(hours * 2 / 3, by_hour.len()) / greatest(hours / 3, hours * 2 / 3),
        );
    }
    let text: Vec<String> = by_hour.iter().map(|mib| format!("{mib:.0}")).collect();
    results.note(format!(
        "{}: churn: greatest memory by hour of data, MiB: {}; data ran at {:.0} times the clock",
        target.name,
        text.join(" "),
        spec.hours * 3600.0 / wall
    ));
    let retries: u64 = outcomes.iter().map(|sent| sent.retries).sum();
    if retries + refused > 0 {
        let error = outcomes
            .iter()
            .map(|sent| &sent.error)
            .find(|error| !error.is_empty())
            .cloned()
            .unwrap_or_default();
        results.note(format!(
            "{}: churn: {retries} retries, {refused} samples refused: {error}",
            target.name
        ));
    }
    let mut client = crate::query::client(&server.base);
    let expression = format!("sum(count_over_time(churn_00[{}m]))", (spec.hours * 60.0) as u64 + 5);
    let found = verify::scalar(&mut client, target, &expression, spec.end_s as f64)?.unwrap_or(0.0);
    if refused == 0 {
        results.add("H.missing", samples as f64 / 25.0 - found);
    }
    server.stop();
    Ok(())
}
