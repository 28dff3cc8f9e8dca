//! What the open model promises: nothing dropped, nothing held back in silence, and the truth about waiting.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use load::{Connections, Ending, Limits, Load, Spacing, Stop, Stripe, Trouble, Word};

use crate::target::{Target, answer, at_rate, instant, pause, quick, run, run_with};

/// A target that stands still for a tenth of each period.
fn stalling(period: Duration) -> Result<Target> {
    let started = instant();
    let stall = period / 10;
    Target::answering(move |_| {
        let at = started.elapsed().as_nanos() % period.as_nanos();
        // The stall is the last tenth of each period.
        let begins = period.saturating_sub(stall).as_nanos();
        if at >= begins {
            let left = period.as_nanos() - at;
            pause(Duration::from_nanos(u64::try_from(left).unwrap_or(0)));
        }
        answer("200 OK", "", "hello")
    })
}

#[test]
fn a_target_that_stalls_a_tenth_of_the_time_is_told_as_users_wait_for_it() -> Result<()> {
    // The same with few connections, where most requests cannot even be sent while the target stands still.
    let few = std::thread::spawn(|| stall_is_told(5));
    stall_is_told(10_000)?;
    few.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A tenth of all requests come during the stall and wait from all of it to nothing: the 99th percentile is nine
/// tenths of its length, the 95th a half.
fn stall_is_told(in_flight: u32) -> Result<()> {
    let stall_ms = 200.0;
    let target = stalling(Duration::from_secs(2))?;
    let mut quick = quick(&target.url("/"), at_rate(500.0, 4000));
    quick.limits.in_flight = in_flight;
    let (run, _) = run(quick.plan()?)?;
    let told = run.recording.together();
    assert_eq!((told.count(), told.good.count()), (2000, 2000), "{:?}", told.troubles);
    assert_eq!(run.recording.unsent, 0);
    let millis = |q| told.all().response.quantile(q).unwrap_or(0) as f64 / 1e6;
    let (p95, p99) = (millis(0.95), millis(0.99));
    // The machine that runs the tests has other work to do, and the scaled stall is short.
    assert!((p99 - 0.9 * stall_ms).abs() < 0.2 * stall_ms, "{in_flight}: p99 {p99} ms");
    assert!((p95 - 0.5 * stall_ms).abs() < 0.25 * stall_ms, "{in_flight}: p95 {p95} ms");
    if in_flight == 5 {
        // Five at a time wait, the others are not even sent: a tool that times from sending sees nothing.
        let service = told.all().service.quantile(0.95).unwrap_or(0) as f64 / 1e6;
        assert!(service < 0.25 * stall_ms, "service p95 {service} ms");
        assert!(told.all().lag.quantile(0.95) > Some(50_000_000));
    }
    Ok(())
}

#[test]
fn every_arrival_is_sent_once_and_when_it_is_due() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", "hello"))?;
    let mut plan = quick(&target.url("/"), at_rate(1000.0, 1000));
    plan.limits.workers = Some(2);
    let (run, verdict) = run(plan.plan()?)?;
    let told = run.recording.together();
    assert_eq!((told.good.count(), told.failed.count()), (1000, 0), "{:?}", told.troubles);
    assert_eq!(target.heard().len(), 1000);
    assert_eq!(told.body_bytes, 5000);
    assert_eq!(told.statuses, [(200, 1000)]);
    assert_eq!(run.workers, 2);
    assert_eq!(run.recording.lateness.count(), 1000);
    let rows: Vec<_> = run.timeline.rows().collect();
    assert_eq!(rows.iter().map(|row| row.sent).sum::<u64>(), 1000);
    assert_eq!(rows.iter().map(|row| row.good).sum::<u64>(), 1000);
    assert!(verdict.rules.is_empty() && !verdict.unanswered);
    Ok(())
}

#[test]
fn a_request_is_sent_as_it_was_written() -> Result<()> {
    let target = Target::answering(|_| answer("201 Created", "", ""))?;
    let mut quick = quick(&target.url("/orders?x=1"), at_rate(20.0, 50));
    quick.method = "POST".to_owned();
    quick.headers = vec!["Content-Type: application/json".to_owned()];
    quick.body = Some("{\"a\": 1}".to_owned());
    run(quick.plan()?)?;
    let heard = target.heard();
    assert_eq!((heard.len(), heard[0].line.as_str()), (1, "POST /orders?x=1 HTTP/1.1"));
    assert_eq!(heard[0].body, "{\"a\": 1}");
    let head = heard[0].head.to_lowercase();
    for header in
        ["host: 127.0.0.1:", "user-agent: plimsoll-load/", "content-type: application/json"]
    {
        assert!(head.contains(header), "{head}");
    }
    Ok(())
}

#[test]
fn two_machines_share_a_load_without_a_word_between_them() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    let mut counts = Vec::new();
    for own in 0..2 {
        let mut engine = load::Engine::new(Arc::new(crate::target::RealClock::new()));
        engine.stripe = Stripe { own, of: 2 };
        let mut plan = quick(&target.url("/"), at_rate(101.0, 500)).plan()?;
        let spacing = Spacing::Poisson { seed: 7 };
        if let Load::Open { spacing: own, .. } = &mut plan.scenarios[0].load {
            *own = spacing;
        }
        let run = engine.run(plan, &mut |_| ())?;
        counts.push(run.recording.together().count());
    }
    let rate = load::Rate::constant(101.0, Duration::from_millis(500));
    let all = load::Arrivals::new(rate, Spacing::Poisson { seed: 7 }, Stripe { own: 0, of: 1 });
    assert_eq!(counts.iter().sum::<u64>(), all.count() as u64);
    assert!(counts[0].abs_diff(counts[1]) <= 1, "{counts:?}");
    Ok(())
}

#[test]
fn connections_are_shared_or_not_as_the_plan_says() -> Result<()> {
    for (connections, made) in [(Connections::Shared, 1..=20), (Connections::New, 50..=50)] {
        let target = Target::answering(|_| answer("200 OK", "", "hello"))?;
        let mut quick = quick(&target.url("/"), at_rate(100.0, 500));
        quick.connections = connections;
        let (run, _) = run(quick.plan()?)?;
        assert_eq!(run.recording.together().good.count(), 50);
        let counted = target.connections.load(std::sync::atomic::Ordering::Relaxed);
        assert!(made.contains(&counted), "{connections:?}: {counted}");
        assert_eq!(run.recording.connects.count(), counted);
    }
    Ok(())
}

#[test]
fn closed_users_ask_again_when_they_are_answered_and_only_then() -> Result<()> {
    let target = Target::answering(|_| {
        pause(Duration::from_millis(20));
        answer("200 OK", "", "")
    })?;
    let users = Load::Closed { users: 4, length: Duration::from_millis(600), ramp: Duration::ZERO };
    let mut quick = quick(&target.url("/"), users);
    quick.connections = Connections::PerUser;
    let (run, _) = run(quick.plan()?)?;
    let told = run.recording.together();
    // Four users, each at most every 20 ms for 600 ms; fewer where the machine is busy.
    assert!((20..=124).contains(&told.good.count()), "{}", told.good.count());
    assert_eq!(target.connections.load(std::sync::atomic::Ordering::Relaxed), 4);
    assert!(run.recording.lateness.is_empty());
    Ok(())
}

#[test]
fn a_run_that_is_stopped_tells_what_ran_within_a_second() -> Result<()> {
    let target = Target::raw(|stream| {
        pause(Duration::from_secs(5));
        drop(stream);
        Ok(())
    })?;
    let stop = Stop::default();
    let switch = stop.clone();
    std::thread::spawn(move || {
        pause(Duration::from_millis(300));
        switch.ask();
    });
    let started = instant();
    let (run, verdict) = run_with(quick(&target.url("/"), at_rate(50.0, 60_000)).plan()?, &stop)?;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(run.ending, Ending::Stopped);
    let told = run.recording.together();
    assert!(told.troubles.count(Trouble::Unfinished) > 5, "{:?}", told.troubles);
    assert!(verdict.cut_short);
    assert_eq!(verdict.word(), Word::Unanswered);
    Ok(())
}

#[test]
fn a_run_that_is_stopped_passes_nothing_but_may_have_broken_a_rule() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    let cases = [
        ("response p50 < 5s", &[Word::Invalid][..]),
        ("throughput > 5000/s", &[Word::Failed, Word::Invalid]),
    ];
    for (rule, words) in cases {
        let mut quick = quick(&target.url("/"), at_rate(50.0, 60_000));
        quick.thresholds = vec![rule.parse()?];
        let stop = Stop::default();
        let switch = stop.clone();
        std::thread::spawn(move || {
            pause(Duration::from_millis(300));
            switch.ask();
        });
        let (run, verdict) = run_with(quick.plan()?, &stop)?;
        assert!(words.contains(&verdict.word()), "{rule}: {verdict:?}");
        assert!(verdict.doubts.iter().any(|doubt| doubt.word() == "stopped"), "{verdict:?}");
        let kept = load::Kept::of("it", &load::json(&run, &verdict))?;
        assert_eq!(kept.unfit.as_deref(), Some("it ended early"));
    }
    Ok(())
}

#[test]
fn what_cannot_be_sent_before_the_drain_ends_makes_the_run_invalid() -> Result<()> {
    let target = Target::answering(|_| {
        pause(Duration::from_millis(100));
        answer("200 OK", "", "")
    })?;
    let mut quick = quick(&target.url("/"), at_rate(100.0, 500));
    quick.limits = Limits { in_flight: 1, drain: Duration::from_millis(100), ..quick.limits };
    let (run, verdict) = run(quick.plan()?)?;
    assert!(run.recording.unsent > 30, "{}", run.recording.unsent);
    assert_eq!(verdict.word(), Word::Invalid);
    assert!(verdict.doubts.iter().any(|doubt| doubt.word() == "too_few"), "{:?}", verdict.doubts);
    let told = run.recording.together();
    assert_eq!(told.count() + run.recording.unsent, 50);
    Ok(())
}

#[test]
fn rules_decide_over_a_run_that_can_be_believed() -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    for (rule, kept) in [("response p50 < 5s", true), ("throughput > 5000/s", false)] {
        let mut quick = quick(&target.url("/"), at_rate(100.0, 300));
        quick.thresholds = vec![rule.parse()?];
        let (_, verdict) = run(quick.plan()?)?;
        assert_eq!(verdict.rules[0].kept, kept, "{:?}", verdict.rules);
        if verdict.doubts.is_empty() {
            assert_eq!(verdict.word(), if kept { Word::Passed } else { Word::Failed });
        }
    }
    Ok(())
}
