//! A run told to programs: one document with a stable shape, described in `docs/reference/load-json.md`.

use serde_json::{Map, Value, json};
use stats::Histogram;

use super::{PERCENTILES, connections_word, course::last_row_seconds, model_word, protocol_word};
use crate::{
    engine::{Ending, Run},
    plan::Load,
    record::{Interval, Told, Troubles},
    verdict::{Trend, Verdict, Watching, begun_and_due, cpu_share, recovery},
};

/// The shape of the document; a change that breaks readers gets another number.
const SCHEMA: &str = "plimsoll.load/1";

/// The document.
pub fn json(run: &Run, verdict: &Verdict) -> Value {
    let together = run.recording.together();
    let seconds = run.took.as_secs_f64();
    let (begun, due) = begun_and_due(run).unzip();
    json!({
        "schema": SCHEMA,
        "plan": plan(run),
        "started_ms": run.started.millis(),
        "took_seconds": number(seconds),
        "ending": ending(run),
        "verdict": verdict_json(verdict),
        "journeys": { "due": due, "begun": begun, "unsent": run.recording.unsent },
        "requests": told(&together, seconds),
        "steps": steps(run, seconds),
        "generator": {
            "workers": run.workers,
            "machines": run.machines,
            "cpu_share": number(cpu_share(run)),
            "lateness": times(&run.recording.lateness),
            "clock_step_seconds": number(run.watch.clock_step().as_secs_f64()),
        },
        "connections": {
            "made": run.recording.connects.count(),
            "made_in": times(&run.recording.connects),
            "stale": run.recording.stale,
        },
        "recovery": recovery(run).map(|recovery| json!({
            "before_p95_ms": number(millis(recovery.before_ns)),
            "seconds": recovery.after.map(|after| number(after.as_secs_f64())),
        })),
        "trends": verdict.trends.iter().map(trend).collect::<Vec<_>>(),
        "timeline": {
            "seconds": run.timeline.seconds,
            "last_seconds": number(last_row_seconds(&run.timeline, run.took)),
            "rows": run.timeline.rows().map(|row| interval(&row)).collect::<Vec<_>>(),
        },
    })
}

fn plan(run: &Run) -> Value {
    let scenarios = run.plan.scenarios.iter().map(|scenario| {
        let load = match &scenario.load {
            Load::Open { rate, .. } => json!({
                "model": "open",
                "arrivals": number(rate.expected()),
                "rate_max": number(rate.greatest()),
            }),
            Load::Closed { users, .. } => json!({ "model": "closed", "users": users }),
        };
        json!({
            "name": scenario.name,
            "load": load,
            "seconds": number(scenario.load.length().as_secs_f64()),
            "connections": connections_word(scenario.connections),
            "http": protocol_word(scenario.protocol),
        })
    });
    json!({
        "name": run.plan.name,
        "seed": run.plan.seed,
        "model": model_word(&run.plan),
        "profile": run.plan.profile.map(|profile| profile.shape.as_str()),
        "compressed": run.plan.profile.map(|profile| number(profile.compress)),
        "targets": run.plan.origins.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "scenarios": scenarios.collect::<Vec<_>>(),
    })
}

fn trend(watching: &Watching) -> Value {
    let (word, each_minute, between) = match watching.trend {
        Trend::TooShort => ("too_short", None, None),
        Trend::Steady => ("steady", None, None),
        Trend::Grows { each_minute, between } => ("grows", Some(each_minute), Some(between)),
    };
    json!({
        "name": watching.name,
        "word": word,
        "each_minute": each_minute.map(number),
        "between": between.map(|(low, high)| [number(low), number(high)]),
    })
}

fn ending(run: &Run) -> Value {
    match &run.ending {
        Ending::Done => json!({ "how": "done" }),
        Ending::Stopped => json!({ "how": "stopped" }),
        Ending::Aborted { rule } => json!({ "how": "aborted", "rule": rule }),
    }
}

fn verdict_json(verdict: &Verdict) -> Value {
    let doubts = verdict.doubts.iter().map(
        |doubt| json!({ "kind": doubt.word(), "text": doubt.to_string(), "help": doubt.help() }),
    );
    let rules = verdict.rules.iter().map(|judged| {
        json!({
            "rule": judged.rule.text,
            "value": number(judged.value),
            "bound": number(judged.rule.bound),
            "kept": judged.kept,
        })
    });
    json!({
        "word": verdict.word().as_str(),
        "exit_code": verdict.word().exit_code(),
        "doubts": doubts.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
    })
}

fn told(told: &Told, seconds: f64) -> Value {
    let all = told.all();
    let statuses: Map<String, Value> =
        told.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
    json!({
        "good": told.good.count(),
        "failed": told.failed.count(),
        "failed_share": number(told.failed_share()),
        "good_per_second": number(told.good.count() as f64 / seconds),
        "body_bytes": told.body_bytes,
        "statuses": statuses,
        "troubles": troubles(&told.troubles),
        "response": times(&all.response),
        "service": times(&all.service),
        "send_lag": times(&all.lag),
        "response_good": times(&told.good.response),
    })
}

fn troubles(troubles: &Troubles) -> Value {
    let listed = troubles.listed().into_iter();
    Value::Object(
        listed.map(|(trouble, count)| (trouble.word().to_owned(), json!(count))).collect(),
    )
}

fn steps(run: &Run, seconds: f64) -> Vec<Value> {
    let mut all = Vec::new();
    for (scenario, step) in run.plan.steps() {
        let Some(recorded) = run.recording.steps.get(step.index) else { continue };
        let mut document = told(recorded, seconds);
        document["scenario"] = json!(scenario.name);
        document["step"] = json!(step.name);
        all.push(document);
    }
    all
}

fn interval(interval: &Interval) -> Value {
    let millis = |q: f64| interval.response.quantile(q).map(millis);
    json!({
        "sent": interval.sent,
        "good": interval.good,
        "failed": interval.failed,
        "in_flight": interval.in_flight,
        "response_p50_ms": millis(0.5),
        "response_p95_ms": millis(0.95),
        "response_p99_ms": millis(0.99),
        "cpu_seconds": number(interval.cpu_ns as f64 / 1e9),
        "response_buckets": buckets(&interval.response),
    })
}

/// The buckets that are not empty: how many places further each is than the one before, and how much is in it. At most
/// 600 rows of at most 1,920 buckets: some megabytes where every row is as wide as can be, some 300 kB in practice.
fn buckets(histogram: &Histogram) -> Vec<u64> {
    let mut told = Vec::new();
    let mut last = 0;
    for (place, count) in histogram.places() {
        told.extend([(place - last) as u64, count]);
        last = place;
    }
    told
}

/// A histogram in milliseconds; nothing but its count where it is empty.
fn times(histogram: &Histogram) -> Value {
    let mut document = Map::new();
    document.insert("count".to_owned(), json!(histogram.count()));
    if !histogram.is_empty() {
        document.insert("mean_ms".to_owned(), number(histogram.mean() / 1e6));
        for (name, q) in PERCENTILES {
            let key = format!("{}_ms", name.replace('.', "_"));
            document
                .insert(key, histogram.quantile(q).map_or(Value::Null, |ns| number(millis(ns))));
        }
    }
    Value::Object(document)
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// JSON has no number for what is not one.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
