//! What the profiles say of targets whose truth is known: at full length, in no time, since both the load and the target
//! are computed. The target is a queue: Poisson arrivals, exponential service, so many servers, one line.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use load::{
    Arrivals, Ended, Ending, Interval, Load, Plan, Profile, Recording, Run, Shape, Spacing, Stripe,
    Threshold, Timeline, Times, Trend, Verdict, Watch, Word, recovery,
};
use model::Time;
use stats::Chance;

use crate::target::{at_rate, quick};

/// A target: how many servers it has, and how long each takes in the mean at a second of the run.
struct Queue {
    servers: usize,
    service: fn(f64) -> f64,
}

/// Four servers of 10 ms: more than 400 a second never, and p95 within 50 ms up to 326 (Erlang C).
const SMALL: Queue = Queue { servers: 4, service: |_| 0.010 };
const BEARS: f64 = 326.0;

/// A run of a profile at full length against a queue.
fn run_against(queue: &Queue, shape: Shape, rules: &[&str]) -> Result<Run> {
    let mut quick = quick("http://localhost/", at_rate(1.0, 1000));
    for rule in rules {
        quick.thresholds.push(rule.parse::<Threshold>()?);
    }
    let profile = Profile { shape, capacity: Some(BEARS), compress: 1.0 };
    let plan = quick.plan()?.with_profile(profile)?;
    let Load::Open { rate, .. } = &plan.scenarios[0].load else { anyhow::bail!("it is open") };
    let stripe = Stripe { own: 0, of: 1 };
    let arrivals = Arrivals::new(rate.clone(), Spacing::Poisson { seed: 7 }, stripe);
    Ok(ended(queue, arrivals, plan))
}

/// What the generator writes down of them.
fn ended(queue: &Queue, arrivals: Arrivals, plan: Plan) -> Run {
    let length = plan.length();
    let mut chance = Chance::new(11);
    let mut free = vec![0.0_f64; queue.servers];
    let mut recording = Recording::new(1, 1);
    let mut seconds = vec![Interval::default(); usize::try_from(length.as_secs()).unwrap_or(0)];
    for arrival in arrivals {
        let due = arrival.due_ns as f64 / 1e9;
        let first = (0..free.len()).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap_or(0);
        let begins = free[first].max(due);
        let service = -(queue.service)(due) * (1.0 - chance.share()).ln();
        let end = begins + service;
        free[first] = end;
        let (sent, done) = (whole(due), whole(end));
        seconds[sent].sent += 1;
        // What ends later is not waited for.
        let Some(interval) = seconds.get_mut(done) else { continue };
        let nanos = |seconds: f64| whole(seconds * 1e9) as u64;
        let times =
            Times { response_ns: nanos(end - due), service_ns: nanos(end - due), lag_ns: 0 };
        interval.good += 1;
        interval.response.record(times.response_ns);
        recording.steps[0].add(&Ended { times, status: 200, body_bytes: 2, trouble: None });
        recording.journeys[0].record(times.response_ns);
    }
    let (mut timeline, mut watch) = (Timeline::new(1), Watch::new(&plan));
    let mut on_their_way = 0;
    for (second, interval) in seconds.iter_mut().enumerate() {
        on_their_way = on_their_way + interval.sent - interval.good;
        interval.in_flight = on_their_way;
        timeline.take(second as u64, interval);
        watch.take(interval);
    }
    Run {
        plan: Arc::new(plan),
        started: Time(1_700_000_000_000),
        took: length,
        ending: Ending::Done,
        workers: 1,
        recording,
        timeline,
        watch,
        machines: 1,
        doubts: Vec::new(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a run")]
fn whole(value: f64) -> usize {
    value as usize
}

#[test]
fn the_baseline_passes_what_bears_it_and_fails_what_does_not() -> Result<()> {
    let rules = ["response p95 < 50ms", "throughput > 48/s"];
    let run = run_against(&SMALL, Shape::Baseline, &rules)?;
    let verdict = Verdict::of(&run);
    ensure!(verdict.word() == Word::Passed, "{verdict:?}");
    // Hardly anybody waits in line at 50 a second, so p95 is that of the service: 10 ms times ln 20.
    let p95 = verdict.rules[0].value;
    ensure!((p95 - 0.010 * 20_f64.ln()).abs() < 0.001, "{p95}");
    let slow = Queue { servers: 1, service: |_| 0.018 };
    let run = run_against(&slow, Shape::Baseline, &rules)?;
    ensure!(Verdict::of(&run).word() == Word::Failed, "nine tenths busy, everybody waits in line");
    Ok(())
}

#[test]
fn the_progressive_load_fails_where_the_target_gives_way_and_not_before() -> Result<()> {
    let rules = ["response p95 < 50ms in every 30s", "errors < 1%"];
    let run = run_against(&SMALL, Shape::Progressive, &rules)?;
    let verdict = Verdict::of(&run);
    ensure!(verdict.word() == Word::Failed && verdict.rules[1].kept, "{verdict:?}");
    let width = run.timeline.seconds;
    let p95_at = |second: u64| -> Result<f64> {
        let row = usize::try_from(second / width).ok().and_then(|at| run.timeline.rows().nth(at));
        let p95 = row.and_then(|row| row.response.quantile(0.95)).context("nothing ended")?;
        Ok(p95 as f64 / 1e9)
    };
    // 100 and 250 a second for three minutes each are borne; of 500, a hundred a second stay behind.
    ensure!(p95_at(100)? < 0.05 && p95_at(340)? < 0.06, "{} {}", p95_at(100)?, p95_at(340)?);
    ensure!(p95_at(400)? > 1.0 && p95_at(500)? > p95_at(400)?, "{}", p95_at(400)?);
    let large = Queue { servers: 16, service: |_| 0.010 };
    let run = run_against(&large, Shape::Progressive, &rules)?;
    let verdict = Verdict::of(&run);
    ensure!(verdict.word() == Word::Passed, "{verdict:?}");
    Ok(())
}

#[test]
fn a_spike_tells_how_long_its_backlog_took() -> Result<()> {
    let back = |queue: &Queue| -> Result<Option<Duration>> {
        let run = run_against(queue, Shape::Spike, &[])?;
        ensure!(load::text(&run, &Verdict::of(&run)).contains("recovery"), "it is told");
        Ok(recovery(&run).context("a spike has one")?.after)
    };
    // 400 a second at most: 192 000 stay behind, and three minutes are too short for them.
    ensure!(back(&SMALL)?.is_none(), "{:?}", back(&SMALL)?);
    // 1 818 a second: of the 2 000, 21 800 stay behind, which 1 718 a second more than come work off in 12.7 s.
    let some = back(&Queue { servers: 4, service: |_| 0.0022 })?.context("it comes back")?;
    ensure!((10.0..=17.0).contains(&some.as_secs_f64()), "{some:?}");
    let none = back(&Queue { servers: 4, service: |_| 0.001 })?.context("it comes back")?;
    ensure!(none.as_secs_f64() <= 3.0, "{none:?}");
    Ok(())
}

#[test]
fn a_sustained_load_passes_what_stays_and_fails_what_degrades() -> Result<()> {
    let run = run_against(&SMALL, Shape::Sustained, &["response p95 < 100ms"])?;
    let verdict = Verdict::of(&run);
    ensure!(verdict.word() == Word::Passed, "{:?}", verdict.trends);
    ensure!(verdict.trends.iter().all(|own| own.trend == Trend::Steady), "{:?}", verdict.trends);
    // Each request takes a quarter more after half an hour; no bound on waits is broken.
    let leaking = Queue { servers: 4, service: |second| 0.010 * (1.0 + second / 7_200.0) };
    let run = run_against(&leaking, Shape::Sustained, &["response p95 < 100ms"])?;
    let verdict = Verdict::of(&run);
    ensure!(verdict.rules[0].kept && verdict.word() == Word::Failed, "{:?}", verdict.trends);
    let names: Vec<&str> =
        verdict.trends.iter().filter(|own| own.grows()).map(|own| own.name.as_str()).collect();
    ensure!(names.contains(&"response p50 (seconds)"), "{names:?}");
    let document = load::json(&run, &verdict);
    ensure!(document["trends"][0]["word"] == "grows", "{}", document["trends"]);
    Ok(())
}
