//! Searches for the highest rate: against a queue whose capacity is known, and a real target on loopback.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use load::{
    Capacity, Engine, Interval, LoadError, Objective, Plan, Progress, Run, SearchEnding,
    SearchRules, Sends, StepEnd, StepTold, StepVerdict, Steps, Stop, capacity_of,
};
use model::Time;
use stats::Histogram;

use crate::{
    searches::{FOUR, Known, looked_for, searched, searched_by},
    target::{RealClock, Target, answer, at_rate, instant, pause, quick},
};

#[test]
fn a_bracket_holds_the_truth_and_is_narrow() {
    let truth = FOUR.truth();
    assert!((truth - 326.1).abs() < 0.1, "{truth}");
    let (mut held, mut narrow) = (0, 0);
    let count = 8;
    for seed in 0..count {
        let (found, _) = searched(FOUR, seed);
        let (Some(low), Some(high)) = (found.low, found.high) else { continue };
        assert_eq!(found.limit.as_deref(), Some("response p95 < 50ms"));
        held += usize::from(low <= truth && truth <= high);
        narrow += usize::from(high / low <= 1.0505);
    }
    assert!(held >= 7 && narrow == 8, "{held} {narrow}");
}

/// A target that answers at once up to a rate and not at all beyond.
#[derive(Clone, Copy)]
struct Cliff {
    edge: f64,
    doubt_from: f64,
}

impl Steps for Cliff {
    type Error = Infallible;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, Infallible> {
        let mut response = Histogram::coarse();
        let slow = if rate > self.edge { 900_000_000 } else { 5_000_000 };
        (0..100).for_each(|_| response.record(slow));
        let good = response.count();
        let interval = Interval { sent: good, good, response, ..Interval::default() };
        for _ in 0..longest.as_secs() {
            if enough(&interval) {
                break;
            }
        }
        let doubt = (rate >= self.doubt_from).then(|| "the generator was late".to_owned());
        Ok(StepEnd { between: (Time(0), Time(0)), doubt, stopped: false })
    }
}

fn at_cliff(edge: f64, doubt_from: f64) -> Capacity {
    let rules = SearchRules { rate_max: 5_000.0, ..SearchRules::default() };
    looked_for(&mut Cliff { edge, doubt_from }, quick_answers(), rules)
}

/// What a cliff keeps up to its edge.
fn quick_answers() -> Objective {
    Objective::of(&"response p99 < 100ms".parse().unwrap()).unwrap()
}

/// Whether a narrow bracket holds the edge of a cliff.
fn holds(found: &Capacity, edge: f64) -> bool {
    found.low.zip(found.high).is_some_and(|(low, high)| {
        found.ending == SearchEnding::Found && low <= edge && edge < high && high / low <= 1.05
    })
}

#[test]
fn a_steep_edge_is_found_by_sure_steps_and_both_its_ends_are_borne_out_by_whole_ones() {
    let found = at_cliff(1234.0, f64::INFINITY);
    let (low, high) = (found.low.unwrap(), found.high.unwrap());
    assert!(holds(&found, 1234.0), "{low} {high}");
    let whole = |rate: f64| {
        let mut steps = found.steps.iter().rev();
        steps.find(|step| (step.rate - rate).abs() < 1e-9 && step.seconds == 60).unwrap()
    };
    assert_eq!((whole(low).verdict.clone(), found.exit_code(None)), (StepVerdict::Holds, 0));
    assert!(matches!(whole(high).verdict, StepVerdict::Broken(_)), "{:?}", whole(high));
    assert_eq!((found.exit_code(Some(1000.0)), found.exit_code(Some(2000.0))), (0, 1));
    let text = load::capacity_text(&found);
    assert!(text.starts_with("capacity: between "), "{text}");
    assert!(text.contains("gave way    response p99 < 100ms"), "{text}");
    assert_eq!(load::capacity_json(&found)["word"], "found");
}

/// A cliff whose generator is late in some of the steps.
struct Spoiling {
    cliff: Cliff,
    steps: usize,
    spoiled: fn(usize) -> bool,
}

impl Steps for Spoiling {
    type Error = Infallible;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, Infallible> {
        self.steps += 1;
        let Ok(mut end) = self.cliff.step(rate, longest, enough);
        end.doubt = (self.spoiled)(self.steps).then(|| "it was late".to_owned());
        Ok(end)
    }
}

#[test]
fn a_step_that_the_generator_spoiled_is_made_again_but_not_for_ever() {
    let searched = |spoiled| {
        let cliff = Cliff { edge: 1234.0, doubt_from: f64::INFINITY };
        let mut steps = Spoiling { cliff, steps: 0, spoiled };
        looked_for(&mut steps, quick_answers(), SearchRules::default())
    };
    let found = searched(|step| step % 2 == 0);
    assert!(holds(&found, 1234.0), "{found:?}");
    assert_eq!(found.steps[1].verdict, StepVerdict::Spoiled("it was late".to_owned()));
    assert!(load::capacity_text(&found).contains("spoiled: it was late"));
    let never = searched(|step| step > 3);
    assert!(matches!(&never.ending, SearchEnding::Generator(why) if why.contains("late")));
    assert_eq!(never.steps.len(), 6, "tried three times");
}

#[test]
fn a_wide_bracket_around_a_rate_that_is_too_close_to_tell_takes_a_step_on_either_side() {
    let truth = FOUR.truth();
    let start = truth * 0.995;
    let rules = SearchRules {
        start,
        width: 0.5,
        step_max: Duration::from_secs(20),
        ..SearchRules::default()
    };
    let (mut found, mut wide) = (0, 0);
    for seed in 0..6 {
        let (told, _) = searched_by(FOUR, seed, rules);
        let (Some(low), Some(high)) = (told.low, told.high) else { continue };
        found += usize::from(low <= truth && truth <= high && high / low <= 1.5);
        wide += usize::from(told.steps.len() <= 7 && low < start && start < high);
    }
    assert!(found >= 5 && wide >= 3, "{found} {wide}");
}

/// A target that is said to break for a moment at one rate, the first time.
struct Wrong {
    cliff: Cliff,
    at: std::ops::Range<f64>,
    times: usize,
}

impl Steps for Wrong {
    type Error = Infallible;

    fn step(
        &mut self,
        rate: f64,
        longest: Duration,
        enough: &mut dyn FnMut(&Interval) -> bool,
    ) -> Result<StepEnd, Infallible> {
        if self.at.contains(&rate) && self.times > 0 {
            self.times -= 1;
            let mut slow = Cliff { edge: 0.0, ..self.cliff };
            return slow.step(rate, longest, enough);
        }
        self.cliff.step(rate, longest, enough)
    }
}

#[test]
fn a_wrong_word_of_a_moment_does_not_stand_at_an_end_of_the_bracket() {
    let cliff = Cliff { edge: 1234.0, doubt_from: f64::INFINITY };
    let mut steps = Wrong { cliff, at: 700.0..1200.0, times: 1 };
    let found = looked_for(&mut steps, quick_answers(), SearchRules::default());
    assert_eq!(steps.times, 0, "it was wrong once");
    assert!(holds(&found, 1234.0), "{found:?}");
}

#[test]
fn a_low_rate_with_too_few_requests_to_tell_is_not_taken_for_the_knee() {
    // One of a hundred may take longer than 60 ms; at 20 a second a minute has a dozen such at most.
    let known = Known { servers: 4, service: 0.01, longest: 0.06, allowed: 0.01, start: 20.0 };
    let rules = SearchRules { start: 20.0, steps_max: 9, ..SearchRules::default() };
    for seed in 0..4 {
        let (told, _) = searched_by(known, seed, rules);
        assert!(told.steps.iter().any(|step| step.rate > 200.0), "{told:?}");
    }
}

#[test]
fn what_cannot_be_found_is_said() {
    let endless = at_cliff(f64::INFINITY, f64::INFINITY);
    assert_eq!((&endless.ending, endless.low), (&SearchEnding::AtLeast, Some(5_000.0)));
    let nothing = at_cliff(0.0, f64::INFINITY);
    assert_eq!((&nothing.ending, nothing.exit_code(None)), (&SearchEnding::Nothing, 1));
    let starved = at_cliff(f64::INFINITY, 300.0);
    assert!(matches!(&starved.ending, SearchEnding::Generator(why) if why.contains("late")));
    assert!(starved.low.is_some_and(|low| low < 300.0) && starved.exit_code(None) == 4);
    assert!(load::capacity_text(&starved).contains("the generator gave way"), "{starved:?}");
}

#[test]
fn rules_that_are_no_objectives_are_refused() {
    for text in [
        "throughput > 5/s",
        "service p95 < 1s",
        "response p95 > 1s",
        "response p95 of a < 1s",
        "errors < 1% in every 10s",
    ] {
        assert!(Objective::of(&text.parse().unwrap()).is_err(), "{text}");
    }
}

/// A machine that runs all tests at once is late; what the target bears is found nonetheless.
struct Patient(Engine);

impl Sends for Patient {
    fn stop(&self) -> Stop {
        self.0.stop.clone()
    }

    fn now(&self) -> Time {
        self.0.clock.now()
    }

    fn send(
        &mut self,
        plan: Plan,
        _at: (f64, Duration),
        watcher: &mut dyn FnMut(&Progress<'_>),
    ) -> Result<Run, LoadError> {
        let mut run = self.0.run(plan, watcher)?;
        run.recording.lateness = Histogram::fine();
        Ok(run)
    }
}

#[test]
fn a_real_target_that_serves_one_at_a_time_is_measured() -> Result<()> {
    // Each answer takes ten milliseconds of the only place, or longer on a busy machine: the target notes how long.
    let (place, held_ns) = (Arc::new(Mutex::new(0_u64)), Arc::new(AtomicU64::new(0)));
    let (counted, noted) = (Arc::clone(&place), Arc::clone(&held_ns));
    let target = Target::answering(move |_| {
        if let Ok(mut count) = place.lock() {
            let since = instant();
            pause(Duration::from_millis(10));
            *count += 1;
            let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(0);
            held_ns.fetch_add(nanos, Ordering::Relaxed);
        }
        answer("200 OK", "", "")
    })?;
    let mut quick = quick(&target.url("/"), at_rate(1.0, 1000));
    quick.thresholds = vec!["response p50 < 100ms".parse()?];
    let rules = SearchRules {
        start: 35.0,
        width: 1.0,
        step_max: Duration::from_secs(6),
        ..SearchRules::default()
    };
    let mut engine = Patient(Engine::new(Arc::new(RealClock::new())));
    let mut seconds = 0;
    let mut told = |step: &StepTold| println!("{}", load::step_text(step));
    let found =
        capacity_of(&mut engine, &quick.plan()?, rules, &mut told, &mut |_, _| seconds += 1)?;
    let count = counted.lock().map_or(0, |count| *count);
    let truth = count as f64 * 1e9 / noted.load(Ordering::Relaxed) as f64;
    let told = format!("{truth}: {}", load::capacity_text(&found));
    let (low, high) = (found.low.unwrap_or(0.0), found.high.unwrap_or(0.0));
    assert_eq!(found.ending, SearchEnding::Found, "{told}");
    // Other tests come and go while it goes on.
    assert!(low < 1.1 * truth && 0.9 * truth < high && high / low < 2.001, "{told}");
    assert!(seconds > 10, "{seconds}");
    Ok(())
}
