//! Searches for the highest rate: against a queue whose capacity is known, and a real target on loopback.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Result;
use load::{
    Capacity, Engine, Interval, Objective, SearchEnding, SearchRules, StepEnd, StepVerdict, Steps,
    capacity_of, search,
};
use model::Time;
use stats::Histogram;

use crate::{
    searches::{searched, truth},
    target::{RealClock, Target, answer, at_rate, pause, quick},
};

#[test]
fn a_bracket_holds_the_truth_and_is_narrow() {
    let truth = truth();
    assert!((truth - 326.1).abs() < 0.1, "{truth}");
    let (mut held, mut narrow) = (0, 0);
    let count = 12;
    for seed in 0..count {
        let (found, _) = searched(seed);
        let (Some(low), Some(high)) = (found.low, found.high) else { continue };
        assert_eq!(found.limit.as_deref(), Some("response p95 < 50ms"));
        held += usize::from(low <= truth && truth <= high);
        narrow += usize::from(high / low <= 1.0505);
    }
    assert!(held >= 11 && narrow >= 11, "{held} {narrow}");
}

/// A target that answers at once up to a rate and not at all beyond.
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
    let objective = Objective::of(&"response p99 < 100ms".parse().unwrap()).unwrap();
    let rules = SearchRules { rate_max: 5_000.0, ..SearchRules::default() };
    let Ok(found) =
        search("cliff", &mut Cliff { edge, doubt_from }, &[objective], rules, &mut |_| ());
    found
}

#[test]
fn a_steep_edge_is_found_by_sure_steps_and_its_lower_end_is_confirmed() {
    let found = at_cliff(1234.0, f64::INFINITY);
    let (low, high) = (found.low.unwrap(), found.high.unwrap());
    assert!(low <= 1234.0 && 1234.0 < high && high / low <= 1.05, "{low} {high}");
    let last = found.steps.last().unwrap();
    assert!((last.rate - low).abs() < 1e-9 && last.seconds == 60, "{last:?}");
    assert_eq!((last.verdict.clone(), found.exit_code(None)), (StepVerdict::Holds, 0));
    assert_eq!((found.exit_code(Some(1000.0)), found.exit_code(Some(2000.0))), (0, 1));
    let text = load::capacity_text(&found);
    assert!(text.starts_with("capacity: between "), "{text}");
    assert!(text.contains("gave way    response p99 < 100ms"), "{text}");
    assert_eq!(load::capacity_json(&found)["word"], "found");
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

/// How often a search is made before a machine that is too busy is a failure.
const ATTEMPTS: usize = 3;

#[test]
fn a_real_target_that_serves_one_at_a_time_is_measured() -> Result<()> {
    // Each answer takes 4 ms of the only place: 250 a second at most, and less within the objective.
    let place = Arc::new(Mutex::new(()));
    let target = Target::answering(move |_| {
        let held = place.lock();
        pause(Duration::from_millis(4));
        drop(held);
        answer("200 OK", "", "")
    })?;
    let mut quick = quick(&target.url("/"), at_rate(1.0, 1000));
    quick.thresholds = vec!["response p90 < 400ms".parse()?];
    let plan = quick.plan()?;
    let rules = SearchRules {
        start: 100.0,
        width: 0.5,
        steps_max: 12,
        step_max: Duration::from_secs(12),
        ..SearchRules::default()
    };
    // Whoever may goes before the other tests, which the generator would otherwise have to wait for.
    let _allowed = rustix::process::nice(-10);
    let mut told = String::new();
    for _ in 0..ATTEMPTS {
        let mut engine = Engine::new(Arc::new(RealClock::new()));
        let mut seconds = 0;
        let found = capacity_of(&mut engine, &plan, rules, &mut |_| (), &mut |_, _| seconds += 1)?;
        assert!(seconds > 10, "{seconds}");
        told = load::capacity_text(&found);
        // A machine that is too busy to say is asked again.
        if found.ending == SearchEnding::Found {
            let (low, high) = (found.low.unwrap_or(0.0), found.high.unwrap_or(0.0));
            assert!(low <= 250.0 && high >= 60.0 && low < high, "{told}");
            return Ok(());
        }
        assert_eq!(found.exit_code(None), 4, "{told}");
    }
    anyhow::bail!("nothing was found in {ATTEMPTS} attempts: {told}")
}
