//! The soak: half the top speed for an hour with queries beside and `kill -9` every few minutes. After each restart,
//! and at the end, count and sum of everything acknowledged are asked back, and memory must have stayed flat.

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{
    data::Chance,
    http::{Base, Client},
    live::{Content, Group, rack},
    procfs,
    push::{HEADERS, pct},
    query,
    target::{Inst, Target},
    verify,
};

const RACKS: u64 = 50;
const SERIES: u64 = RACKS * 2000;
const STEP_MS: i64 = 15_000;
const CONNECTIONS: u64 = 4;
/// Steps that one connection may be ahead of another.
const SKEW: u64 = 4;
/// Steps asked about in one question, so that no question reads more than about two million samples.
const STEPS_ASKED: u64 = 960;

/// Queries sent beside, with the end of the data as their time.
const BESIDE: [&str; 6] = [
    "sum by (rack) (rate(soak_01_total[5m]))",
    "topk(5, rate(soak_04_total{rack=\"r07\"}[10m]))",
    "count by (job) ({__name__=~\"soak_0[0-3]_total\"})",
    "max_over_time(sum(rate(soak_07_total{rack=~\"r1.\"}[5m]))[30m:1m])",
    "avg by (device) (soak_09_total)",
    "quantile_over_time(0.9, soak_11_total{instance=\"host-0042:9100\"}[1h])",
];

/// How long and how hard.
#[derive(Clone, Debug)]
pub struct Spec {
    pub minutes: f64,
    pub kill_every: Duration,
    /// Samples a second; 0 means half of what a trial of ten seconds reaches.
    pub rate: f64,
    pub end_s: i64,
    pub seed: u64,
}

struct Rack {
    group: Group,
    /// What the steps held that were acknowledged, in order; checked ones are taken out.
    acknowledged: Vec<Content>,
    /// How many were taken out.
    checked: u64,
}

struct Shared {
    racks: Vec<Mutex<Rack>>,
    /// The step each connection is at.
    at: Vec<AtomicU64>,
    sent: AtomicU64,
    /// Set while the server is away on purpose.
    pause: AtomicBool,
    end: AtomicBool,
    first_ms: i64,
    trouble: Mutex<Vec<String>>,
}

impl Shared {
    fn new(first_ms: i64) -> Self {
        let one =
            |number| Mutex::new(Rack { group: rack(number), acknowledged: Vec::new(), checked: 0 });
        Self {
            racks: (0..RACKS).map(one).collect(),
            at: (0..CONNECTIONS).map(|_| AtomicU64::new(0)).collect(),
            sent: AtomicU64::new(0),
            pause: AtomicBool::new(false),
            end: AtomicBool::new(false),
            first_ms,
            trouble: Mutex::new(Vec::new()),
        }
    }

    fn time(&self, step: u64) -> i64 {
        self.first_ms + step as i64 * STEP_MS
    }

    fn slowest(&self) -> u64 {
        self.at.iter().map(|at| at.load(Relaxed)).min().unwrap_or(0)
    }

    fn complain(&self, text: String) {
        eprintln!("    {text}");
        self.trouble.lock().unwrap().push(text);
    }
}

/// Sends until told to end; a request that was not acknowledged is sent again, the same bytes.
fn send(shared: &Shared, base: &Base, path: &str, connection: u64, rate: f64) {
    let start = Instant::now();
    let mut client = Client::new(base.clone(), Duration::from_secs(30));
    for step in 0.. {
        while shared.slowest() + SKEW < step && !shared.end.load(Relaxed) {
            std::thread::sleep(Duration::from_micros(500));
        }
        for number in (connection..RACKS).step_by(CONNECTIONS as usize) {
            let due = shared.sent.load(Relaxed) as f64 / rate;
            if due > start.elapsed().as_secs_f64() {
                std::thread::sleep(Duration::from_secs_f64(
                    (due - start.elapsed().as_secs_f64()).clamp(0.0, 1.0),
                ));
            }
            let rack = &mut *shared.racks[number as usize].lock().unwrap();
            let (body, content) = rack.group.request(step, shared.time(step));
            loop {
                if shared.end.load(Relaxed) {
                    return;
                }
                match client.request("POST", path, HEADERS, body) {
                    Ok(answer) if (200..300).contains(&answer.status) => break,
                    Ok(answer) if answer.status == 429 || answer.status == 503 => {}
                    Ok(answer) => shared.complain(format!(
                        "write refused: {} {}",
                        answer.status,
                        String::from_utf8_lossy(&answer.body).trim()
                    )),
                    Err(_) => {}
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            rack.acknowledged.push(content);
            shared.sent.fetch_add(content.count, Relaxed);
        }
        shared.at[connection as usize].store(step + 1, Relaxed);
    }
}

/// Asks all the time; answers how long each took.
fn ask(shared: &Shared, base: &Base, target: &Target, seed: u64) -> Vec<f64> {
    let mut chance = Chance::new(seed, 1);
    let mut client = query::client(base);
    let mut took = Vec::new();
    while !shared.end.load(Relaxed) {
        let expression = chance.pick(&BESIDE);
        let (away, start) = (shared.pause.load(Relaxed), Instant::now());
        let answer = verify::ask(
            &mut client,
            target,
            expression,
            shared.time(shared.slowest()) as f64 / 1000.0,
        );
        match answer {
            Ok(_) => took.push(start.elapsed().as_secs_f64() * 1e3),
            Err(_) if away || shared.pause.load(Relaxed) => {}
            Err(error) => shared.complain(format!("query failed: {expression}: {error}")),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    took.sort_by(f64::total_cmp);
    took
}

/// Asks back everything acknowledged since the last check; answers (samples checked, samples missing).
fn check(shared: &Shared, client: &mut Client, target: &Target) -> Result<(u64, u64), String> {
    let (mut checked, mut missing) = (0, 0);
    for (number, rack) in shared.racks.iter().enumerate() {
        let rack = &mut *rack.lock().unwrap();
        let number = format!("r{number:02}");
        for steps in rack.acknowledged.chunks(STEPS_ASKED as usize) {
            let last = rack.checked + steps.len() as u64 - 1;
            // Ranges are open to the left in Prometheus 3 and closed before; half a step is right for both.
            let (range, at) =
                (steps.len() as i64 * STEP_MS - STEP_MS / 2, shared.time(last) as f64 / 1000.0);
            let wanted = steps.iter().fold(Content::default(), |all, one| Content {
                count: all.count + one.count,
                sum: all.sum + one.sum,
            });
            let mut found = Content::default();
            for name in 0..20 {
                let selector = format!("soak_{name:02}_total{{rack=\"{number}\"}}[{range}ms]");
                found.count += verify::scalar(
                    client,
                    target,
                    &format!("sum(count_over_time({selector}))"),
                    at,
                )?
                .unwrap_or(0.0) as u64;
                found.sum +=
                    verify::scalar(client, target, &format!("sum(sum_over_time({selector}))"), at)?
                        .unwrap_or(0.0);
            }
            checked += wanted.count;
            missing += wanted.count.abs_diff(found.count);
            if wanted != found {
                shared.complain(format!(
                    "rack {number}, steps {}..={last}: {wanted:?} acknowledged, {found:?} found",
                    rack.checked
                ));
            }
            rack.checked += steps.len() as u64;
        }
        rack.acknowledged.clear();
    }
    Ok((checked, missing))
}

/// Samples a second that a fresh server takes when nothing holds us back.
fn top_speed(target: &Target, work: &Path, first_ms: i64) -> Result<f64, String> {
    let mut server = Inst::fresh(target, work, false)?;
    let shared = Shared::new(first_ms);
    let base = server.base.clone();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (shared, base) = (&shared, &base);
            scope.spawn(move || send(shared, base, &target.write, connection, f64::INFINITY));
        }
        std::thread::sleep(Duration::from_secs(10));
        shared.end.store(true, Relaxed);
    });
    let speed = shared.sent.load(Relaxed) as f64 / start.elapsed().as_secs_f64();
    server.stop();
    Ok(speed)
}

/// Runs it and prints the verdict; `true` means that nothing was lost and memory stayed flat.
pub fn run(spec: &Spec, target: &Target, work: &Path) -> Result<bool, String> {
    let rate = if spec.rate > 0.0 {
        spec.rate
    } else {
        top_speed(target, work, (spec.end_s - 86_400) * 1000)? / 2.0
    };
    let steps = (spec.minutes * 60.0 * rate / SERIES as f64) as i64 + 1;
    eprintln!(
        "soak: {rate:.0} samples/s for {} minutes, {SERIES} series, kill -9 every {:?}",
        spec.minutes, spec.kill_every
    );
    let shared = Shared::new(spec.end_s * 1000 - steps * STEP_MS);
    let mut server = Inst::fresh(target, work, false)?;
    let base = server.base.clone();
    let (mut memory, mut kills, mut checked, mut missing) = (Vec::new(), 0, 0, 0);
    let (start, length) = (Instant::now(), Duration::from_secs_f64(spec.minutes * 60.0));
    let took = std::thread::scope(|scope| -> Result<Vec<f64>, String> {
        for connection in 0..CONNECTIONS {
            let (shared, base) = (&shared, &base);
            scope.spawn(move || send(shared, base, &target.write, connection, rate));
        }
        let asking = scope.spawn(|| ask(&shared, &base, target, spec.seed));
        let mut work = || -> Result<(), String> {
            let mut killed = Instant::now();
            while start.elapsed() < length {
                std::thread::sleep(Duration::from_millis(500));
                memory.push((
                    start.elapsed().as_secs_f64() / length.as_secs_f64(),
                    procfs::status_mib(server.pid, "VmRSS"),
                ));
                if killed.elapsed() < spec.kill_every {
                    continue;
                }
                killed = Instant::now();
                kills += 1;
                shared.pause.store(true, Relaxed);
                server.kill9();
                server.spawn()?;
                let ready = server.wait_ready(Duration::from_secs(60))?;
                shared.pause.store(false, Relaxed);
                let mut client = query::client(&base);
                let (found, lost) = check(&shared, &mut client, target)?;
                (checked, missing) = (checked + found, missing + lost);
                eprintln!(
                    "    kill {kills}: ready after {ready:.2} s, {found} samples checked, {lost} missing, RSS before {:.0} MiB",
                    memory.last().map_or(0.0, |(_, mib)| *mib)
                );
            }
            Ok(())
        };
        let worked = work();
        shared.end.store(true, Relaxed);
        worked?;
        Ok(asking.join().expect("bug: the asking thread panicked"))
    })?;
    let (found, lost) = check(&shared, &mut query::client(&base), target)?;
    (checked, missing) = (checked + found, missing + lost);
    let disk = server.disk() / checked as f64;
    server.stop();
    Ok(verdict(
        &shared,
        &memory,
        &took,
        &[kills as f64, checked as f64, missing as f64, disk, rate],
    ))
}

fn verdict(shared: &Shared, memory: &[(f64, f64)], took: &[f64], figures: &[f64; 5]) -> bool {
    let [kills, checked, missing, disk, rate] = *figures;
    let greatest = |from: f64, to: f64| {
        memory
            .iter()
            .filter(|(at, mib)| (from..to).contains(at) && mib.is_finite())
            .fold(0.0, |most: f64, (_, mib)| most.max(*mib))
    };
    let (early, late) = (greatest(0.1, 0.5), greatest(0.5, 2.0));
    let flat = late <= early * 1.1 + 10.0;
    let trouble = shared.trouble.lock().unwrap();
    println!("| soak | figure |\n|---|---:|");
    println!(
        "| samples/s | {rate:.0} |\n| kill -9 | {kills} |\n| samples acknowledged and asked back | {checked} |\n| missing or changed | {missing} |"
    );
    println!(
        "| greatest memory, first half / second half, MiB | {early:.0} / {late:.0} |\n| bytes on disk a sample | {disk:.2} |"
    );
    println!(
        "| queries beside, p50 / p99, ms | {} of them: {:.1} / {:.1} |\n| complaints | {} |",
        took.len(),
        pct(took, 50.0),
        pct(took, 99.0),
        trouble.len()
    );
    for one in trouble.iter().take(20) {
        println!("\n- {one}");
    }
    let good = missing == 0.0 && flat && trouble.is_empty() && checked > 0.0;
    println!(
        "\nVerdict: {}, memory {}: {}",
        if missing == 0.0 { "nothing lost" } else { "SAMPLES LOST" },
        if flat { "flat" } else { "GREW" },
        if good { "met" } else { "MISSED" }
    );
    good
}
