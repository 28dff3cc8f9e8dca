//! `plimsoll query`, and what is usual: `plimsoll baseline`.

pub(crate) mod baseline;

use std::process::ExitCode;

use jiff::Timestamp;
use model::Kind;
use serde_json::Value;

use super::small_runtime;
use crate::{args::Query, client::Remote, fault::Fault, output::Output};

/// Asks a server and shows its answer.
pub(crate) fn run(command: &Query, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let now = Timestamp::now().to_string();
    let wishes = [("explain", "1"), ("nocache", "1")];
    let explain = command.explain.then_some(wishes).into_iter().flatten();
    let answer = small_runtime()?.block_on(async {
        match &command.from {
            None => {
                let mut query = vec![("query", command.expression.as_str())];
                query.extend(command.at.as_deref().map(|at| ("time", at)));
                query.extend(explain);
                remote.get("/api/v1/query", &query).await
            }
            Some(from) => {
                let mut query = vec![
                    ("query", command.expression.as_str()),
                    ("start", from),
                    ("end", command.to.as_deref().unwrap_or(&now)),
                    ("step", &command.step),
                ];
                query.extend(explain);
                remote.get("/api/v1/query_range", &query).await
            }
        }
    })?;
    for note in ["warnings", "infos"].iter().filter_map(|kind| answer[*kind].as_array()).flatten() {
        output.note(&format!("note: {}", note.as_str().unwrap_or_default()));
    }
    if command.explain {
        return explained(&answer["data"]["explain"], output);
    }
    if output.is_json() {
        output.json(&answer["data"])?;
        return Ok(ExitCode::SUCCESS);
    }
    let result = &answer["data"]["result"];
    match answer["data"]["resultType"].as_str() {
        Some("vector") => {
            let rows =
                list(result).iter().map(|row| vec![series(&row["metric"]), point(&row["value"]).1]);
            output.table(&["series", "value"], rows.collect())?;
        }
        Some("matrix") => {
            let mut rows = Vec::new();
            for row in list(result) {
                for value in list(&row["values"]) {
                    let (time, value) = point(value);
                    rows.push(vec![time, value, series(&row["metric"])]);
                }
            }
            output.table(&["time", "value", "series"], rows)?;
        }
        Some("scalar" | "string") => output.text(&format!("{}\n", point(result).1))?,
        _ => return Err(Fault::new(Kind::Upstream, "the server's answer has no result")),
    }
    if list(result).is_empty() && result.is_array() {
        output.note("no series matches");
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows how an answer came about.
fn explained(told: &Value, output: &Output) -> Result<ExitCode, Fault> {
    if told.is_null() {
        return Err(Fault::new(Kind::Upstream, "this server does not explain its answers"));
    }
    if output.is_json() {
        output.json(told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    add_node(&told["plan"], 0, &mut rows);
    let heads = ["node", "at", "series in", "out", "samples", "bytes", "ms"];
    output.table(&heads, rows)?;
    output.note(&format!(
        "{} samples read, at most {} bytes held, {} ms",
        told["samples"],
        told["bytesPeak"],
        millis(&told["runSeconds"])
    ));
    Ok(ExitCode::SUCCESS)
}

/// A node and those below it, further to the right. What was folded as it came has its time in the node above.
fn add_node(node: &Value, depth: usize, rows: &mut Vec<Vec<String>>) {
    let indent = "  ".repeat(depth);
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| node[name].as_u64().unwrap_or_default().to_string();
    let folded = node["folded"].as_bool().unwrap_or_default();
    rows.push(vec![
        format!("{indent}{}", text("node")),
        text("at"),
        number("seriesIn"),
        number("seriesOut"),
        number("samples"),
        number("bytes"),
        if folded { "with the above".to_owned() } else { millis(&node["seconds"]) },
    ]);
    for input in list(&node["inputs"]) {
        add_node(input, depth + 1, rows);
    }
}

fn millis(seconds: &Value) -> String {
    format!("{:.3}", seconds.as_f64().unwrap_or_default() * 1000.0)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A series as PromQL writes it.
fn series(metric: &Value) -> String {
    let pairs = metric.as_object().into_iter().flatten();
    model::Labels::from_pairs(
        pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())),
    )
    .to_string()
}

/// A time and a value.
fn point(pair: &Value) -> (String, String) {
    let seconds = pair[0].as_f64().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date fit")]
    let time = Timestamp::from_millisecond((seconds * 1000.0).round() as i64)
        .map_or_else(|_| seconds.to_string(), |time| time.to_string());
    (time, pair[1].as_str().unwrap_or_default().to_owned())
}
