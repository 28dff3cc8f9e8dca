//! The four profiles, compressed, against real sockets, on a clock that is turned as fast as the machine keeps up.

mod judged;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Result;
use load::{Engine, Pace, Plan, Profile, Run, Shape, Verdict, recovery};
use model::{Span, Time};
use testkit::TurnedClock;

use crate::target::{Target, answer, at_rate, pause, quick};

/// Half an hour is half a minute of the turned clock, and some seconds of real ones.
const COMPRESS: f64 = 60.0;

/// Runs a plan while somebody turns the clock, a millisecond whenever the engine waits for it.
fn run_turned(plan: Plan) -> Result<(Run, Verdict)> {
    let clock = TurnedClock::at(Time(1_700_000_000_000));
    let done = Arc::new(AtomicBool::new(false));
    let (turned, over) = (clock.clone(), Arc::clone(&done));
    let turner = thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            if turned.sleepers() > 0 {
                turned.turn(Span::millis(1));
            }
            pause(Duration::from_micros(50));
        }
    });
    let mut engine = Engine::new(Arc::new(clock));
    engine.pace = Pace::Clock;
    let run = engine.run(plan, &mut |_| ());
    done.store(true, Ordering::Relaxed);
    turner.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let run = run?;
    let verdict = Verdict::of(&run);
    Ok((run, verdict))
}

#[test]
fn every_profile_sends_what_it_should_and_is_stamped() -> Result<()> {
    let each = [
        (Shape::Baseline, 250.0, 1),
        (Shape::Progressive, 7800.0, 5),
        (Shape::Spike, 4800.0, 3),
        (Shape::Sustained, 2400.0, 1),
    ];
    let threads = each.map(|(shape, arrivals, phases)| {
        thread::spawn(move || profile_is_sent(shape, arrivals, phases))
    });
    for thread in threads {
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(())
}

fn profile_is_sent(shape: Shape, arrivals: f64, phases: usize) -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", "hello"))?;
    let plan = quick(&target.url("/"), at_rate(7.0, 1000)).plan()?;
    let profile = Profile { shape, capacity: Some(100.0), compress: COMPRESS };
    assert_eq!(profile.phases()?.len(), phases);
    let plan = plan.with_profile(profile)?;
    assert!((plan.expected() - arrivals).abs() < 1e-6, "{shape:?}: {}", plan.expected());
    let (run, verdict) = run_turned(plan)?;
    assert!((target.heard().len() as f64 - arrivals).abs() < 0.5, "{shape:?}");
    assert!(shape == Shape::Spike || recovery(&run).is_none(), "{shape:?}");
    assert_eq!(verdict.trends.is_empty(), shape != Shape::Sustained);
    // Half an hour in half a minute says nothing of what grows.
    assert!(verdict.trends.iter().all(|watching| watching.trend == load::Trend::TooShort));
    let document = load::json(&run, &verdict);
    assert_eq!(document["plan"]["profile"], shape.as_str());
    assert_eq!(document["plan"]["compressed"], COMPRESS);
    assert!(load::text(&run, &verdict).contains("COMPRESSED 60 times"));
    assert!(load::html(&run, &verdict, &load::Beside::default()).contains("COMPRESSED 60 times"));
    Ok(())
}
