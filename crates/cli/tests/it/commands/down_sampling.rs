//! Questions about old days, asked of a store that down-sampled them and of all samples.

use std::{path::Path, sync::Arc};

use model::{Clock, Labels, METRIC_NAME, Sample, SampleSink, Series, Span, Time, Unlimited};
use query::{Answer, Engine, EngineOptions, Steps, Value};
use store::{KeepRule, NoProgress, Store, StoreOptions};
use testkit::{MemoryStore, TurnedClock};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-11-20.
const FIRST: i64 = 20_777;
/// Days written; the first one is three days old then, and has rows for an hour.
const DAYS: i64 = 4;

/// An hour's rows after two days, and one series that stays as it is.
fn rules() -> Vec<KeepRule> {
    let rule = |matchers, raw, five_minutes, hour| KeepRule { matchers, raw, five_minutes, hour };
    let exact = query::parse_selector("exact{host=\"a\"}").unwrap();
    vec![
        rule(exact, Span::days(30), None, None),
        rule(Vec::new(), Span::days(1), Some(Span::days(2)), Some(Span::days(300))),
    ]
}

/// A counter that starts anew every nine hours and some, and a gauge, every 30 s.
fn day(day: i64) -> Vec<Series> {
    let series = |name: &str, value: &dyn Fn(i64) -> f64| {
        let times = (0..DAY / 30_000).map(|at| day * DAY + at * 30_000 + 7_000);
        let samples = times.map(|time| Sample { time: Time(time), value: value(time) });
        Series::new(Labels::from_pairs([(METRIC_NAME, name), ("host", "a")]), samples.collect())
    };
    vec![
        series("served_total", &|time| (time / 1000 % 33_333 * 3) as f64),
        series("load", &|time| (time / 30_000 * 37 % 101) as f64),
        series("exact", &|time| (time / 30_000 * 37 % 101) as f64),
    ]
}

struct Room {
    store: Store,
    all: MemoryStore,
    engine: Engine,
    _dir: tempfile::TempDir,
}

/// A store some days later, and all samples that were written to it.
fn room() -> Room {
    let dir = tempfile::tempdir().unwrap();
    let clock = TurnedClock::at(Time(FIRST * DAY));
    let store = open(dir.path(), &clock);
    let all = MemoryStore::new();
    for number in FIRST..FIRST + DAYS {
        let left = (number + 1) * DAY - Clock::now(&clock).millis();
        clock.turn(Span::millis(left));
        store.write(&day(number)).unwrap();
        all.write(&day(number)).unwrap();
        store.maintain().unwrap();
        clock.turn(Span::minutes(6));
        store.maintain().unwrap();
        for _ in 0..8 {
            clock.turn(Span::minutes(20));
            store.maintain().unwrap();
        }
    }
    Room { store, all, engine: Engine::new(EngineOptions::default()), _dir: dir }
}

fn open(dir: &Path, clock: &TurnedClock) -> Store {
    let clock = Arc::new(clock.clone());
    Store::open(dir, StoreOptions::default(), clock, &NoProgress).unwrap().with_rules(rules())
}

impl Room {
    /// What the store says, and what all samples say.
    fn both(&self, text: &str, at: i64) -> (Answer, Answer) {
        let ask = |source| self.engine.instant(source, text, Time(at), &Unlimited).unwrap();
        (ask(&self.store), ask(&self.all))
    }

    fn values(&self, text: &str, at: i64) -> (f64, f64) {
        let (one, other) = self.both(text, at);
        (value(&one, text), value(&other, text))
    }
}

fn value(answer: &Answer, text: &str) -> f64 {
    match &answer.value {
        Value::Vector(samples) if samples.len() == 1 => samples[0].value,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn windows_that_begin_and_end_with_hours_are_answered_exactly() {
    let room = room();
    let at = (FIRST + 1) * DAY - HOUR;
    for function in ["min", "max", "sum", "count"] {
        for range in ["1h", "5h", "20h"] {
            let text = format!("{function}_over_time(load[{range}])");
            let (found, right) = room.values(&text, at);
            assert_eq!(found.to_bits(), right.to_bits(), "{text} {found} {right}");
        }
    }
    let (found, right) = room.values("avg_over_time(load[5h])", at);
    assert!((found - right).abs() < 1e-9);
    let (answer, _) = room.both("max_over_time(load[5h])", at);
    assert_eq!(
        answer.warnings,
        ["some of it is answered from down-sampled samples, one for each 1h"]
    );
}

#[test]
fn a_counter_that_started_anew_has_risen_as_much() {
    let room = room();
    for (range, hours) in [("5h", 5), ("20h", 20), ("2d", 48)] {
        for at in [(FIRST + 1) * DAY - HOUR, (FIRST + 2) * DAY - HOUR, (FIRST + 3) * DAY] {
            let text = format!("increase(served_total[{range}])");
            if at - hours * HOUR <= FIRST * DAY {
                continue;
            }
            let (found, right) = room.values(&text, at);
            // A sample or two at new starts and edges, 90 each.
            assert!((found - right).abs() <= 400.0, "{text} {found} {right}");
            let (found, right) = room.values(&format!("rate(served_total[{range}])"), at);
            assert!((found - right).abs() < 0.03, "{range} {found} {right}");
        }
    }
}

#[test]
fn moments_and_narrow_windows_are_answered_by_the_last_stretch() {
    let room = room();
    let at = FIRST * DAY + 12 * HOUR + 40 * MINUTE;
    let (_, last) = room.values("load", FIRST * DAY + 12 * HOUR);
    for text in ["load", "last_over_time(load[5m])", "load offset 1m"] {
        assert_eq!(room.values(text, at).0.to_bits(), last.to_bits(), "{text}");
    }
    let (found, right) = room.values("rate(served_total[5m])", at);
    assert!((found - right).abs() < 0.01, "{found} {right}");
    let (found, right) = room.values("increase(served_total[5m])", at);
    assert!((found - right).abs() / right < 0.01, "{found} {right}");
    let (found, right) = room.values("count_over_time(load[5m])", at);
    assert_eq!((found, right), (10.0, 10.0));
    for text in ["absent(load)", "absent_over_time(load[5m])"] {
        assert_eq!(room.both(text, at).0.value, Value::Vector(Vec::new()), "{text}");
    }
    // Before the first sample there is nothing, and long after the last neither.
    let (answer, right) = room.both("load", FIRST * DAY - MINUTE);
    assert_eq!(answer.value, right.value);
}

#[test]
fn a_graph_over_all_ages_has_no_holes() {
    let room = room();
    let steps = Steps {
        from: Time(FIRST * DAY + HOUR),
        to: Time((FIRST + DAYS) * DAY - HOUR),
        step: Span::minutes(10),
    };
    for text in ["load", "max_over_time(load[10m])", "rate(served_total[10m])", "sum(load)"] {
        let ask = |source| match room.engine.range(source, text, steps, &Unlimited).unwrap().value {
            Value::Matrix(mut columns) => columns.remove(0).times,
            other => panic!("{other:?}"),
        };
        assert_eq!(ask(&room.store as &dyn model::SeriesSource), ask(&room.all), "{text}");
    }
}

#[test]
fn where_samples_are_as_they_came_answers_are_too() {
    let room = room();
    let recent = (FIRST + DAYS) * DAY - HOUR;
    let old = FIRST * DAY + 13 * HOUR + 7 * MINUTE;
    for (text, at) in [
        ("load", recent),
        ("rate(served_total[5m])", recent),
        ("count_over_time(load[3h])", recent),
        ("exact", old),
        ("count_over_time(exact[7m])", old),
        ("sum_over_time(exact[2h:1m])", old),
    ] {
        let (found, right) = room.both(text, at);
        assert_eq!(found, right, "{text}");
    }
}
