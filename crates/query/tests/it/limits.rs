//! What a query may cost, and how it says so.

use std::sync::Arc;

use anyhow::Result;
use model::{Kind, Labels, Span, Time, Unlimited};
use query::{Answer, Engine, EngineOptions, Meter, QueryError, Steps, Value};
use testkit::{MemoryStore, TurnedClock};

fn store() -> MemoryStore {
    let store = MemoryStore::new();
    for number in 0..50 {
        let labels =
            Labels::from_pairs([("__name__", "load_total".to_owned()), ("n", number.to_string())]);
        store.add(&labels, (0..500).map(|step| (step * 10_000, step as f64)));
    }
    store
}

fn meter(samples_max: usize) -> (TurnedClock, Meter) {
    let clock = TurnedClock::at(Time(0));
    let meter = Meter::new(Arc::new(clock.clone()), Span::secs(60), samples_max);
    (clock, meter)
}

fn ask(text: &str, meter: &Meter) -> Result<Answer, QueryError> {
    let steps = Steps { from: Time(0), to: Time::from_secs(5000), step: Span::secs(10) };
    Engine::default().range(&store(), text, steps, meter)
}

#[test]
fn ten_years_at_one_second_are_refused_at_once_with_a_way_out() {
    let steps = Steps { from: Time(0), to: Time(0) + Span::days(3650), step: Span::secs(1) };
    let error = Engine::default().range(&store(), "load_total", steps, &Unlimited).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.error_type(), "bad_data");
    assert_eq!(
        error.to_string(),
        "exceeded maximum resolution of 11000 points per timeseries: 315360001 are asked for; try a step of at least 7h57m52s, or a shorter range",
    );
    let fitting = Steps { step: Span::secs(7 * 3600 + 57 * 60 + 52), ..steps };
    assert!(Engine::default().range(&store(), "load_total", fitting, &Unlimited).is_ok());
}

#[test]
fn the_whole_of_time_is_refused_too() {
    let steps = Steps { from: Time::MIN, to: Time::MAX, step: Span::millis(1) };
    assert!(Engine::default().range(&store(), "1", steps, &Unlimited).is_err());
    let steps = Steps { from: Time(1), to: Time(0), step: Span::secs(1) };
    assert!(Engine::default().range(&store(), "1", steps, &Unlimited).is_err());
    let steps = Steps { from: Time(0), to: Time(1), step: Span::ZERO };
    assert!(Engine::default().range(&store(), "1", steps, &Unlimited).is_err());
}

#[test]
fn a_query_that_reads_too_much_is_stopped() {
    let (_clock, meter) = meter(1000);
    let error = ask("sum(rate(load_total[1m]))", &meter).unwrap_err();
    assert_eq!((error.kind(), error.error_type()), (Kind::Busy, "execution"));
    assert_eq!(
        error.to_string(),
        "query would read more than 1000 samples, and load_total is what it reads; name more labels, ask for a shorter range, or use a longer step"
    );
}

#[test]
fn a_query_that_holds_too_much_is_stopped_and_names_what_it_reads() {
    for (text, named) in [
        ("load_total * 2", "load_total is what it reads (50 series)"),
        ("sum by (n) (load_total{n!=\"3\"})", "load_total{n!=\"3\"} is what it reads (49 series)"),
        ("quantile_over_time(0.5, load_total[1h])", "load_total is what it reads (50 series)"),
    ] {
        let (_clock, meter) = meter(usize::MAX);
        let meter = meter.with_memory_max(40_000);
        let error = ask(text, &meter).unwrap_err();
        assert_eq!((error.kind(), error.error_type()), (Kind::Busy, "execution"));
        let begins = format!(
            "query would need more than 40000 bytes of memory, and {named}; name more labels"
        );
        assert!(error.to_string().starts_with(&begins), "{error}");
        assert!(meter.bytes_peak() > 30_000);
    }
    // What is folded as it comes is not held.
    let (_clock, meter) = meter(usize::MAX);
    assert!(ask("sum(load_total)", &meter.with_memory_max(40_000)).is_ok());
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    let (clock, meter) = meter(usize::MAX);
    clock.turn(Span::secs(61));
    let error = ask("sum(rate(load_total[1m]))", &meter).unwrap_err();
    assert_eq!(error.error_type(), "timeout");
}

#[test]
fn a_cancelled_query_is_stopped() {
    let (_clock, meter) = meter(usize::MAX);
    meter.cancel();
    let error = ask("sum(rate(load_total[1m]))", &meter).unwrap_err();
    assert_eq!(error.error_type(), "canceled");
}

#[test]
fn a_subquery_with_too_many_steps_is_refused_at_once() {
    let engine = Engine::new(EngineOptions { samples_max: 100_000, ..EngineOptions::default() });
    let text = "max_over_time(vector(1)[10y:1ms])";
    let error = engine.instant(&store(), text, Time(0), &Unlimited).unwrap_err();
    assert!(error.to_string().contains("use a longer step"), "{error}");
}

#[test]
fn names_are_removed_at_once_unless_told_otherwise() {
    let store = store();
    let text =
        "label_replace(rate(load_total{n=\"1\"}[1m]), \"was\", \"$1\", \"__name__\", \"(.*)\")";
    let labels = |delayed_name_removal| {
        let engine =
            Engine::new(EngineOptions { delayed_name_removal, ..EngineOptions::default() });
        let answer = engine.instant(&store, text, Time::from_secs(1000), &Unlimited).unwrap();
        let Value::Vector(samples) = answer.value else { panic!("not a vector") };
        samples[0].labels.to_string()
    };
    assert_eq!(labels(false), "{n=\"1\"}");
    assert_eq!(labels(true), "{n=\"1\",was=\"load_total\"}");
}

#[test]
fn the_ends_of_time_are_asked_without_harm() {
    let store = store();
    for text in [
        "load_total",
        "rate(load_total[5m])",
        "predict_linear(load_total[5m] @ 600, 60)",
        "deriv(load_total[1y])",
        "max_over_time(load_total[10m:1m])",
        "load_total offset 100y",
        "load_total @ 9e15",
        "timestamp(load_total) + year()",
        "absent(load_total)",
    ] {
        for at in [Time::MIN, Time(-1), Time(0), Time::from_secs(1000), Time::MAX] {
            let answer = Engine::default().instant(&store, text, at, &Unlimited);
            assert!(answer.is_ok(), "{text} at {at:?}: {answer:?}");
        }
    }
}
