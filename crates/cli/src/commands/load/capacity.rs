//! `plimsoll load capacity`

use std::{path::Path, process::ExitCode, sync::Arc};

use load::{Engine, Load, Plan, Rate, SearchRules, Spacing, Watched};
use model::{Kind, Time};
use serde_json::Value;
use server::SystemClock;

use super::{line, quick, read, stop_on_interrupt};
use crate::{
    args::{self, load::Capacity},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

/// What is asked of a server if nobody says: what it records of resources, and the processors of its hosts.
const RESOURCES: [(&str, &str); 2] = [
    ("", "plimsoll_resource_used / plimsoll_resource_limit"),
    ("cpu", "1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[30s]))"),
];
/// How far apart samples are, in seconds.
const STEP: &str = "5s";
/// Most series of one expression.
const SERIES_MAX: usize = 100;

/// Searches, and says what ran out.
pub(super) fn run(command: Capacity, output: &Output) -> Result<ExitCode, Fault> {
    let rules = SearchRules {
        start: command.start.max(1.0),
        rate_max: command.rate_max,
        width: command.width.value(),
        ..SearchRules::default()
    };
    let (from, resources) = (command.from.clone(), command.resources.clone());
    let (at_least, token_file) = (command.at_least, command.token_file.clone());
    let plan = plan(command)?;
    let engine = Engine::new(Arc::new(SystemClock::new()));
    stop_on_interrupt(engine.stop.clone())?;
    let bar = line(output);
    let mut told = |step: &load::StepTold| {
        bar.suspend(|| output.note(&load::step_text(step)));
    };
    let mut passing = |interval: &load::Interval, rate: f64| {
        bar.set_message(format!(
            "asked {rate:.0} a second, {} good, {} on their way",
            interval.good, interval.in_flight
        ));
    };
    let found = load::capacity_of(&engine, &plan, rules, &mut told, &mut passing);
    bar.finish_and_clear();
    let mut capacity = found.map_err(|error| Fault::from_error(error.kind(), &error))?;
    if let Some(server) = from {
        let server = args::Server { server, token_file };
        let watched = watched(&server, &resources, &capacity.steps)?;
        capacity.demands = load::demands(&capacity.steps, &watched, capacity.high);
    }
    if output.is_json() {
        output.json(&load::capacity_json(&capacity))?;
    } else {
        output.text(&load::capacity_text(&capacity))?;
    }
    Ok(ExitCode::from(capacity.exit_code(at_least)))
}

fn plan(command: Capacity) -> Result<Plan, Fault> {
    let is_address = command.target.contains("://");
    if !is_address {
        let mut plan = read(Path::new(&command.target))?;
        plan.allowed.extend(command.sending.allowed);
        if !command.thresholds.is_empty() {
            plan.thresholds = command.thresholds;
        }
        return Ok(plan);
    }
    // The rate is that of each step.
    let rate = Rate::constant(1.0, std::time::Duration::from_secs(1));
    let load = Load::Open { rate, spacing: Spacing::Even };
    let quick = quick::quick(command.target, load, command.request, command.sending)?;
    let quick = load::Quick { thresholds: command.thresholds, ..quick };
    quick.plan().map_err(|error| Fault::from_error(error.kind(), &error))
}

/// What a server saw of resources while the steps were made.
fn watched(
    server: &args::Server,
    asked: &[(String, String)],
    steps: &[load::StepTold],
) -> Result<Vec<Watched>, Fault> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Ok(Vec::new()) };
    let at = |time: Time| format!("{:.3}", time.millis() as f64 / 1e3);
    let (start, end) = (at(first.between.0), at(last.between.1));
    let defaults = RESOURCES.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let asked = if asked.is_empty() { &defaults } else { asked };
    let remote = Remote::new(server)?;
    let mut all = Vec::new();
    for (name, expression) in asked {
        let query =
            [("query", expression.as_str()), ("start", &start), ("end", &end), ("step", STEP)];
        let answer = small_runtime()?.block_on(remote.get("/api/v1/query_range", &query))?;
        let series = answer["data"]["result"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.extend(series.iter().take(SERIES_MAX).map(|series| told(name, series)));
    }
    if all.is_empty() {
        let text = "the server has seen none of the resources during the search";
        return Err(Fault::new(Kind::Missing, text).help("name them: --resource NAME=PROMQL"));
    }
    Ok(all)
}

fn told(name: &str, series: &Value) -> Watched {
    let mut words: Vec<&str> = Some(name).filter(|name| !name.is_empty()).into_iter().collect();
    let labels = series["metric"].as_object();
    words.extend(labels.and_then(|labels| labels.get("resource")).and_then(Value::as_str));
    for (key, value) in labels.into_iter().flatten() {
        if key != "resource" && key != "__name__" {
            words.extend(value.as_str());
        }
    }
    let values = series["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let points = values.iter().filter_map(|point| {
        let seconds = point[0].as_f64()?;
        let value = point[1].as_str()?.parse::<f64>().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float in range; beyond it saturates"
        )]
        let millis = (seconds * 1e3).round() as i64;
        Some((Time(millis), value))
    });
    Watched { name: words.join(" "), points: points.collect() }
}
