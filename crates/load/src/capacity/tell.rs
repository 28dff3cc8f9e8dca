//! What a search found, told to people and to programs.

use model::Unit;
use serde_json::{Value, json};

use super::{Capacity, Demand, SearchEnding, StepTold, StepVerdict};

/// The shape of the document; a change that breaks readers gets another number.
const SCHEMA: &str = "plimsoll.load-capacity/1";

/// The bracket first, then what it rests on.
pub fn capacity_text(capacity: &Capacity) -> String {
    let mut lines =
        vec![headline(capacity), format!("  objectives  {}", capacity.objectives.join(", "))];
    lines.extend(capacity.limit.as_ref().map(|limit| format!("  gave way    {limit}")));
    lines.push(String::new());
    lines.push(format!(
        "{:>10} {:>8} {:>10} {:>10} {:>9} {:>9} {:>8}  {}",
        "asked", "seconds", "good", "on way", "p50", "p95", "failed", "verdict"
    ));
    lines.extend(capacity.steps.iter().map(step_text));
    lines.extend(usl_text(capacity));
    lines.extend(demand_text(&capacity.demands));
    lines.join("\n") + "\n"
}

/// One step in a line.
pub fn step_text(step: &StepTold) -> String {
    let times = |place: usize| {
        let value = step.response[place];
        if value.is_finite() { Unit::Seconds.say(value) } else { "–".to_owned() }
    };
    let verdict = match &step.verdict {
        StepVerdict::Broken(objective) => format!("broken: {objective}"),
        StepVerdict::Spoiled(doubt) => format!("spoiled: {doubt}"),
        other => other.as_str().to_owned(),
    };
    format!(
        "{:>10} {:>8} {:>10} {:>10.1} {:>9} {:>9} {:>8}  {verdict}",
        Unit::PerSecond.say(step.rate),
        step.seconds,
        Unit::PerSecond.say(step.throughput),
        step.in_flight,
        times(0),
        times(1),
        if step.failed_share.is_finite() {
            Unit::Share.say(step.failed_share)
        } else {
            "–".to_owned()
        },
    )
}

fn headline(capacity: &Capacity) -> String {
    let name = &capacity.name;
    let rate = |value: f64| Unit::PerSecond.say(value);
    match (&capacity.ending, capacity.low, capacity.high) {
        (SearchEnding::Found, Some(low), Some(high)) => {
            format!("capacity: between {} and {} ({name})", rate(low), rate(high))
        }
        (SearchEnding::AtLeast, Some(low), _) => format!(
            "capacity: at least {}, the highest rate that was to be asked for ({name})",
            rate(low)
        ),
        (SearchEnding::Generator(why), low, _) => {
            let bears = low.map_or_else(String::new, |low| {
                format!("; the target bears at least {}", rate(low))
            });
            format!(
                "cannot be told: the generator gave way before the target: {why}{bears} ({name})"
            )
        }
        (SearchEnding::Unfinished(why), low, high) => format!(
            "not finished: {why}; at least {}, less than {} ({name})",
            low.map_or_else(|| "nothing sure".to_owned(), rate),
            high.map_or_else(|| "nobody knows".to_owned(), rate)
        ),
        _ => format!(
            "capacity: nothing; the objectives do not hold even at the lowest rate ({name})"
        ),
    }
}

fn usl_text(capacity: &Capacity) -> Vec<String> {
    let Some(usl) = capacity.usl else { return Vec::new() };
    let mut lines = vec![
        String::new(),
        format!(
            "scalability (USL): one alone {}, waiting {:.4}, agreeing {:.6}",
            Unit::PerSecond.say(usl.lambda),
            usl.sigma,
            usl.kappa
        ),
    ];
    if let Some((level, throughput)) = usl.peak() {
        lines.push(format!(
            "  most: {} with {level:.0} on their way; more of them bring less",
            Unit::PerSecond.say(throughput)
        ));
    }
    lines
}

fn demand_text(demands: &[Demand]) -> Vec<String> {
    if demands.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "resources, the first to be full first:".to_owned()];
    for demand in demands {
        let mark = if demand.is_limit { "  ran out first" } else { "" };
        lines.push(format!(
            "  {}: full at {}, {} used at most, {:.3} ms of it each{mark}",
            demand.name,
            Unit::PerSecond.say(demand.full_at),
            Unit::Share.say(demand.used_max),
            demand.each * 1e3
        ));
    }
    if !demands.iter().any(|demand| demand.is_limit) {
        lines.push("  none of them explains the capacity: what ran out is not watched".to_owned());
    }
    lines
}

/// The document, described in `docs/reference/load-json.md`.
pub fn capacity_json(capacity: &Capacity) -> Value {
    let (word, why) = match &capacity.ending {
        SearchEnding::Found => ("found", None),
        SearchEnding::AtLeast => ("at_least", None),
        SearchEnding::Generator(why) => ("generator", Some(why)),
        SearchEnding::Nothing => ("nothing", None),
        SearchEnding::Unfinished(why) => ("unfinished", Some(why)),
    };
    let peak = capacity.usl.and_then(|usl| usl.peak());
    json!({
        "schema": SCHEMA,
        "name": capacity.name,
        "objectives": capacity.objectives,
        "word": word,
        "why": why,
        "low": capacity.low.map(number),
        "high": capacity.high.map(number),
        "limit": capacity.limit,
        "steps": capacity.steps.iter().map(step_json).collect::<Vec<_>>(),
        "usl": capacity.usl.map(|usl| json!({
            "lambda": number(usl.lambda),
            "sigma": number(usl.sigma),
            "kappa": number(usl.kappa),
            "peak_in_flight": peak.map(|peak| number(peak.0)),
            "peak_throughput": peak.map(|peak| number(peak.1)),
        })),
        "resources": capacity.demands.iter().map(|demand| json!({
            "name": demand.name,
            "idle": number(demand.idle),
            "each": number(demand.each),
            "full_at": number(demand.full_at),
            "used_max": number(demand.used_max),
            "is_limit": demand.is_limit,
        })).collect::<Vec<_>>(),
    })
}

fn step_json(step: &StepTold) -> Value {
    let objective = match &step.verdict {
        StepVerdict::Broken(objective) => Some(objective),
        _ => None,
    };
    json!({
        "rate": number(step.rate),
        "began_ms": step.between.0.millis(),
        "ended_ms": step.between.1.millis(),
        "seconds": step.seconds,
        "verdict": step.verdict.as_str().replace(' ', "_"),
        "objective": objective,
        "throughput": number(step.throughput),
        "in_flight": number(step.in_flight),
        "response_p50_ms": number(step.response[0] * 1e3),
        "response_p95_ms": number(step.response[1] * 1e3),
        "response_p99_ms": number(step.response[2] * 1e3),
        "failed_share": number(step.failed_share),
    })
}

/// JSON has no number for what is not one.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
