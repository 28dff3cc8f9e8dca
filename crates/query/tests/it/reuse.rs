//! Answers that are made of what was known are those of a cold run, bit by bit.

use std::fmt::Write as _;

use model::{Labels, Span, Time, Unlimited};
use proptest::prelude::*;
use query::{Answer, Engine, EngineOptions, Round, Steps, Value};
use testkit::MemoryStore;

/// Expressions whose every value follows from the samples before it, and some that depend on other steps.
const EXPRESSIONS: &[&str] = &[
    "a_total",
    "rate(a_total[1m])",
    "sum by (x) (rate(a_total[1m]))",
    "sum(rate(a_total[2m] offset 1m))",
    "sum(b offset -1m) by (y)",
    "avg(b) - avg(b offset 5m)",
    "avg_over_time(b[5m])",
    "stddev_over_time(b[3m])",
    "sum_over_time(b[90s]) / count_over_time(b[90s])",
    "quantile_over_time(0.7, b[4m])",
    "max_over_time(b[2m]) - min_over_time(b[2m])",
    "changes(b[3m]) + resets(b[3m])",
    "deriv(b[5m])",
    "predict_linear(b[5m], 60)",
    "topk(2, b)",
    "bottomk by (x) (1, rate(a_total[1m]))",
    "limitk(2, b)",
    "count_values(\"v\", round(b))",
    "quantile by (x) (0.3, b)",
    "stddev(b)",
    "b * on (x, y) group_left () a_total",
    "b and on (x) (a_total > 50)",
    "a_total unless b",
    "absent(b{x=\"1\"})",
    "absent_over_time(b{x=\"1\"}[1m])",
    "max_over_time(sum(rate(a_total[1m]))[5m:30s])",
    "sum_over_time(avg(b)[3m:20s])",
    "b @ 600",
    "b - on () group_left () sum(b @ 1200)",
    "b @ start()",
    "sum(b @ end())",
    "b + end() - start()",
    "timestamp(b)",
    "time() + vector(1)",
    "time()",
    "last_over_time(b[1m])",
    "-b > -50",
    "label_replace(b, \"z\", \"$1\", \"x\", \"(.*)\")",
    "sort_desc(b)",
    "sum(b) / 0",
];

#[derive(Clone, Debug)]
enum Act {
    /// Samples of a series around a time.
    Write { series: usize, at: i64, values: Vec<f64> },
    /// A range query: expression, start, points, step.
    Ask { expression: usize, from: i64, points: i64, step: i64 },
    /// A query at one time.
    Instant { expression: usize, at: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let value = prop_oneof![
        8 => 0.0..100.0_f64,
        1 => Just(f64::NAN),
        1 => Just(model::STALE),
        1 => Just(1e17),
    ];
    let write = (0_usize..8, 0_i64..180, prop::collection::vec(value, 1..12))
        .prop_map(|(series, at, values)| Act::Write { series, at: at * 10_000, values });
    // Few expressions, steps and phases, so that what is known is asked for again.
    let expression = prop_oneof![2 => 0_usize..4, 1 => 0..EXPRESSIONS.len()];
    let ask = (expression.clone(), 0_i64..40, 1_i64..40, 0_usize..2).prop_map(
        |(expression, from, points, step)| {
            let step = [30_000, 45_000][step];
            Act::Ask { expression, from: from * step, points, step }
        },
    );
    let instant = (expression, 0_i64..4)
        .prop_map(|(expression, at)| Act::Instant { expression, at: at * 300_000 });
    prop::collection::vec(prop_oneof![2 => write, 4 => ask, 1 => instant], 1..60)
}

fn labels(series: usize) -> Labels {
    let name = if series.is_multiple_of(2) { "a_total" } else { "b" };
    let (x, y) = ((series / 2 % 2).to_string(), (series / 4).to_string());
    Labels::from_pairs([("__name__", name.to_owned()), ("x", x), ("y", y)])
}

/// An answer with every bit of its values.
fn shown(answer: &Answer) -> String {
    let mut text = String::new();
    match &answer.value {
        Value::Matrix(series) => {
            for own in series {
                let bits: Vec<u64> = own.values.iter().map(|value| value.to_bits()).collect();
                writeln!(text, "{} {:?} {bits:x?}", own.labels, own.times).unwrap();
            }
        }
        Value::Vector(samples) => {
            for own in samples {
                writeln!(text, "{} {:?} {:x}", own.labels, own.time, own.value.to_bits()).unwrap();
            }
        }
        Value::Scalar(sample) => {
            writeln!(text, "{:?} {:x}", sample.time, sample.value.to_bits()).unwrap();
        }
        Value::Text(time, own) => writeln!(text, "{time:?} {own}").unwrap(),
    }
    text
}

fn check(acts: &[Act], expressions: &[&str], reuse_bytes: usize) -> Result<Engine, TestCaseError> {
    let store = MemoryStore::new();
    let engine = Engine::new(EngineOptions { reuse_bytes, threads: 1, ..EngineOptions::default() });
    for act in acts {
        let (told, cold) = match act {
            Act::Write { series, at, values } => {
                let times = (0..).map(|number| at + number * 15_000);
                store.add(&labels(*series), times.zip(values.iter().copied()));
                continue;
            }
            Act::Ask { expression, from, points, step } => {
                let steps = Steps {
                    from: Time(*from),
                    to: Time(from + points * step),
                    step: Span::millis(*step),
                };
                let text = expressions[*expression];
                let ask = |engine: &Engine| engine.range(&store, text, steps, &Unlimited);
                (ask(&engine), ask(&engine.fresh()))
            }
            Act::Instant { expression, at } => {
                let text = expressions[*expression];
                let ask = |engine: &Engine| engine.instant(&store, text, Time(*at), &Unlimited);
                (ask(&engine), ask(&engine.fresh()))
            }
        };
        match (told, cold) {
            (Ok(told), Ok(cold)) => {
                prop_assert_eq!(shown(&told), shown(&cold), "{:?}", act);
                prop_assert_eq!(told.warnings, cold.warnings);
            }
            (told, cold) => prop_assert_eq!(told.is_err(), cold.is_err()),
        }
    }
    Ok(engine)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_was_known_changes_no_bit_of_an_answer(
        acts in acts(),
        turn in 0..EXPRESSIONS.len(),
    ) {
        let mut expressions = EXPRESSIONS.to_vec();
        expressions.rotate_left(turn);
        check(&acts, &expressions, 1 << 20)?;
        // With next to no room, results go as fast as they come.
        check(&acts, &expressions, 4 << 10)?;
    }
}

#[test]
fn a_panel_that_slides_computes_only_its_new_steps() {
    let store = MemoryStore::new();
    for series in 0..8 {
        store.add(&labels(series), (0..200).map(|at| (at * 15_000, at as f64)));
    }
    let options = EngineOptions { reuse_bytes: 1 << 20, ..EngineOptions::default() };
    let engine = Engine::new(options);
    let ask = |from: i64| {
        let steps = Steps {
            from: Time::from_secs(from),
            to: Time::from_secs(from + 1500),
            step: Span::secs(15),
        };
        engine.range(&store, "sum by (x) (rate(a_total[1m]))", steps, &Unlimited).unwrap()
    };
    ask(0);
    assert_eq!((engine.reused().steps, engine.reused().computed), (0, 101));
    ask(150);
    assert_eq!((engine.reused().steps, engine.reused().computed), (91, 111));
    ask(150);
    assert_eq!((engine.reused().steps, engine.reused().computed), (192, 111));
    // A late sample: steps from it on are computed again.
    store.add(&labels(0), [(1_500_000, 7.0)]);
    ask(150);
    assert_eq!((engine.reused().steps, engine.reused().computed), (192 + 90, 111 + 11));
    assert!(engine.reused().bytes > 0);
}

/// Rules that have parts in common.
fn rules(expressions: &[usize]) -> Vec<String> {
    let forms = ["{}", "({}) > 5", "-({})", "sum by (x) ({})", "({}) / ({}) < 3", "absent({})"];
    let of = |number: &usize| {
        let text = EXPRESSIONS[*number];
        forms.map(|form| form.replace("{}", text))
    };
    expressions.iter().flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn questions_of_a_round_are_answered_as_if_each_were_alone(
        values in prop::collection::vec(prop::collection::vec(0.0..100.0_f64, 0..60), 8),
        expressions in prop::collection::vec(0..EXPRESSIONS.len(), 1..6),
        writes in prop::collection::vec((0_usize..40, 0_usize..8, 0.0..100.0_f64), 0..6),
    ) {
        let store = MemoryStore::new();
        for (series, values) in values.into_iter().enumerate() {
            store.add(&labels(series), (0..).map(|at| at * 15_000).zip(values));
        }
        let options = EngineOptions { expressions_kept: 1000, ..EngineOptions::default() };
        let (engine, alone) = (Engine::new(options), Engine::new(EngineOptions::default()));
        let rules = rules(&expressions);
        for at in [Time::from_secs(600), Time::from_secs(615)] {
            let round = Round::at(at);
            for (number, text) in rules.iter().enumerate() {
                let told = engine.instant_in((&store, &Unlimited), text, at, &round);
                let cold = alone.instant(&store, text, at, &Unlimited);
                match (told, cold) {
                    (Ok(told), Ok(cold)) => {
                        prop_assert_eq!(shown(&told), shown(&cold), "{}", text);
                        prop_assert_eq!((told.warnings, told.infos), (cold.warnings, cold.infos));
                    }
                    (told, cold) => prop_assert_eq!(told.is_err(), cold.is_err(), "{}", text),
                }
                // What a rule records, the rules after it see.
                for (_, series, value) in writes.iter().filter(|(after, ..)| *after == number) {
                    store.add(&labels(*series), [(at.millis(), *value)]);
                    round.written([&labels(*series)]);
                }
            }
        }
    }
}

#[test]
fn what_rules_have_in_common_is_read_once_in_a_round() {
    let store = MemoryStore::new();
    for series in 0..8 {
        store.add(&labels(series), (0..60).map(|at| (at * 15_000, at as f64)));
    }
    let options = EngineOptions { expressions_kept: 1000, ..EngineOptions::default() };
    let engine = Engine::new(options);
    let rules = ["sum(rate(a_total[5m])) > 1", "sum (rate(a_total[300s])) > 2", "b > 3"];
    let samples = |at: Time| {
        let round = Round::at(at);
        rules.map(|text| {
            let clock = testkit::TurnedClock::at(Time(0));
            let meter = query::Meter::new(std::sync::Arc::new(clock), Span::minutes(1), 1 << 20);
            engine.instant_in((&store, &meter), text, at, &round).unwrap();
            meter.samples()
        })
    };
    // What they have in common is known once all of them were read.
    samples(Time::from_secs(600));
    let [first, second, other] = samples(Time::from_secs(615));
    assert!(first > 0 && other > 0);
    assert_eq!(second, 0);
}
