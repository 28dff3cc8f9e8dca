//! A range query must answer at each step what an instant query answers at that time, whatever the expression.

use std::{
    collections::BTreeMap,
    hash::{Hash as _, Hasher as _},
    sync::Arc,
};

use model::{Buckets, Histogram, HistogramSample, Labels, STALE, Span, Span32, Time, Unlimited};
use proptest::{prelude::*, test_runner::RngSeed};
use query::{Engine, Steps, Value};
use testkit::MemoryStore;

/// Series with gaps, resets, stale markers, not-a-numbers and an end.
fn store() -> impl Strategy<Value = Vec<Vec<Option<i32>>>> {
    prop::collection::vec(prop::collection::vec(prop::option::of(-2..20), 40), 1..5)
}

fn fill(series: &[Vec<Option<i32>>]) -> MemoryStore {
    let store = MemoryStore::new();
    for (number, points) in series.iter().enumerate() {
        let name = if number % 2 == 0 { "a_total" } else { "b_total" };
        let labels =
            Labels::from_pairs([("__name__", name.to_owned()), ("n", (number / 2).to_string())]);
        let value = |point: &i32| match point {
            -2 => STALE,
            -1 => f64::NAN,
            other => f64::from(*other),
        };
        let samples = points
            .iter()
            .zip(0..)
            .filter_map(|(point, at)| Some((at * 15_000, value(point.as_ref()?))));
        store.add(&labels, samples);
        store.add_histograms(&labels.with("__name__", "c"), histograms(points));
    }
    store
}

/// Points as native histograms, some of another schema, with floats among them where they are not numbers.
fn histograms(points: &[Option<i32>]) -> impl Iterator<Item = HistogramSample> {
    points.iter().zip(0..).filter_map(|(point, at)| {
        let point = f64::from((*point)?);
        let counts = vec![point.max(0.0), 2.0];
        let spans = vec![Span32 { offset: 0, length: 2 }];
        let sum = if point < -1.0 { STALE } else { point };
        let histogram = Histogram {
            schema: i8::from(at % 7 == 0),
            count: point.max(0.0) + 2.0,
            sum,
            positive: Buckets { spans, counts },
            ..Histogram::default()
        };
        Some(HistogramSample { time: Time(at * 15_000), histogram: Arc::new(histogram) })
    })
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a_total",
        "b_total",
        "a_total offset 30s",
        "b_total @ 120",
        "a_total @ end() offset -10s",
        "vector(time())",
        "rate(a_total[1m])",
        "increase(b_total[2m:20s])",
        "max_over_time(a_total[45s])",
        "min_over_time(b_total[1m] @ 300)",
        "quantile_over_time(0.3, a_total[2m])",
        "avg_over_time(b_total[1m] offset 15s)",
        "changes(a_total[90s])",
        "deriv(b_total[2m])",
        "absent(a_total{n=\"0\"})",
        "absent_over_time(b_total[30s])",
        "timestamp(a_total)",
        "c",
        "rate(c[1m])",
        "sum_over_time(c[2m])",
        "last_over_time({__name__=~\"a_total|c\"}[45s])",
        "histogram_quantile(0.7, c)",
        "histogram_count(increase(c[2m]))",
        "resets(c[3m])",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|x| format!("sum by (n) ({x})")),
            inner.clone().prop_map(|x| format!("topk(1, {x})")),
            inner.clone().prop_map(|x| format!("quantile(0.5, {x})")),
            inner.clone().prop_map(|x| format!("count_values(\"v\", {x})")),
            inner.clone().prop_map(|x| format!("-({x})")),
            inner
                .clone()
                .prop_map(|x| format!("scalar({x}) + 1"))
                .prop_map(|x| format!("vector({x})")),
            inner.clone().prop_map(|x| format!("({x}) > bool 3")),
            inner.clone().prop_map(|x| format!("sum_over_time(({x})[1m:15s])")),
            inner.prop_map(|x| format!("label_replace({x}, \"m\", \"$1\", \"n\", \"(.*)\")")),
            pair.clone()
                .prop_map(|(x, y)| format!("({x}) + on (n) group_left () sum by (n) ({y})")),
            pair.clone().prop_map(|(x, y)| format!("({x}) and ({y})")),
            pair.clone().prop_map(|(x, y)| format!("({x}) or ({y})")),
            pair.clone().prop_map(|(x, y)| format!("({x}) unless on (n) ({y})")),
            pair.prop_map(|(x, y)| format!("({x}) <= ({y})")),
        ]
    })
}

/// Values by time and labels; their bits, so that not-a-numbers compare.
type Found = BTreeMap<(i64, String), u64>;

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

/// All of a histogram in one number.
fn bits_of(histogram: &Histogram) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    format!("{histogram:?}").hash(&mut hasher);
    hasher.finish()
}

fn ask_range(store: &MemoryStore, text: &str, steps: Steps) -> Result<Found, String> {
    let answer = Engine::default()
        .range(store, text, steps, &Unlimited)
        .map_err(|error| error.to_string())?;
    let Value::Matrix(columns) = answer.value else { return Err("not a matrix".to_owned()) };
    let mut found = Found::new();
    for columns in columns {
        for (time, value) in columns.times.iter().zip(&columns.values) {
            found.insert((*time, columns.labels.to_string()), bits(*value));
        }
        for own in &columns.histograms {
            let place = (own.time.millis(), columns.labels.to_string());
            found.insert(place, bits_of(&own.histogram));
        }
    }
    Ok(found)
}

fn ask_instants(store: &MemoryStore, text: &str, steps: Steps) -> Result<Found, String> {
    let mut found = Found::new();
    let mut at = steps.from;
    while at <= steps.to {
        let answer = Engine::default()
            .instant(store, text, at, &Unlimited)
            .map_err(|error| error.to_string())?;
        let Value::Vector(samples) = answer.value else { return Err("not a vector".to_owned()) };
        for sample in samples {
            let value =
                sample.histogram.as_ref().map_or_else(|| bits(sample.value), |own| bits_of(own));
            found.insert((at.millis(), sample.labels.to_string()), value);
        }
        at = at + steps.step;
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_range_answers_at_each_step_what_an_instant_answers_seed_7(series in store(), text in expression()) {
        let store = fill(&series);
        // The end of the range is fixed, so that `@ end()` means the same in both.
        let steps = Steps { from: Time::from_secs(60), to: Time::from_secs(600), step: Span::secs(27) };
        let text = text.replace("@ end()", "@ 600");
        let range = ask_range(&store, &text, steps);
        let instants = ask_instants(&store, &text, steps);
        match (&range, &instants) {
            (Ok(range), Ok(instants)) => prop_assert_eq!(range, instants, "{}", text),
            (range, instants) => prop_assert_eq!(range.is_err(), instants.is_err(), "{}: {:?} {:?}", text, range, instants),
        }
    }
}
