//! `plimsoll store top`: who has so many series.

use std::process::ExitCode;

use ::store::survey;
use serde_json::{Value, json};

use super::{fault, place, remote};
use crate::{args::store::Top, commands::small_runtime, fault::Fault, output::Output};

/// Shows it, of a folder or of a server.
pub(super) fn run(command: &Top, output: &Output) -> Result<ExitCode, Fault> {
    let rows = command.rows.to_string();
    let found = if command.place.server.is_some() {
        let remote = remote(&command.place)?;
        let query = [("rows", rows.as_str())];
        small_runtime()?.block_on(remote.get("/api/plimsoll/v1/store/top", &query))?
    } else {
        let place = place(&command.place.data)?;
        let found = survey::top(&place, command.day.as_deref(), command.rows)
            .map_err(|error| fault(&error))?;
        if found.day.is_empty() {
            output.note(
                "there is no such day on disk; what came within the last minutes is in memory: ask with --server",
            );
        }
        document(&found)
    };
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (series, new) = (&found["series"], &found["new"]);
    match found["day"].as_str() {
        Some("") => return Ok(ExitCode::SUCCESS),
        Some(day) => output
            .text(&format!("{day}: {series} series, {new} of them not there the day before\n"))?,
        None => output.text(&format!(
            "now: {series} active series, {new} of them came within the last hour\n"
        ))?,
    }
    let tables: [(&str, &[(&str, &str)]); 4] = [
        ("metrics", &[("series", "series"), ("new", "new"), ("value", "metric")]),
        (
            "sources",
            &[("series", "series"), ("new", "new"), ("refused", "refused"), ("value", "source")],
        ),
        ("pairs", &[("series", "series"), ("new", "new"), ("name", "label"), ("value", "value")]),
        ("labels", &[("values", "values"), ("series", "series"), ("name", "label")]),
    ];
    for (of, columns) in tables {
        let list = found[of].as_array().map_or(&[][..], Vec::as_slice);
        let heads: Vec<&str> = columns.iter().map(|(_, head)| *head).collect();
        let cells = |row: &Value| columns.iter().map(|(field, _)| cell(&row[*field])).collect();
        output.text("\n")?;
        output.table(&heads, list.iter().map(cells).collect())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// In the shape of the server's answer.
fn document(found: &survey::Top) -> Value {
    let values = |all: &[survey::TopValue]| -> Vec<Value> {
        let value = |own: &survey::TopValue| {
            json!({
                "value": own.value, "series": own.series, "new": own.new, "refused": own.refused,
            })
        };
        all.iter().map(value).collect()
    };
    let pair = |own: &survey::TopPair| {
        json!({
            "name": own.name, "value": own.value, "series": own.series, "new": own.new,
        })
    };
    let label = |own: &survey::TopLabel| {
        json!({
            "name": own.name, "values": own.values, "series": own.series,
        })
    };
    json!({
        "day": found.day, "series": found.series, "new": found.new,
        "metrics": values(&found.metrics), "sources": values(&found.sources),
        "pairs": found.pairs.iter().map(pair).collect::<Vec<_>>(),
        "labels": found.labels.iter().map(label).collect::<Vec<_>>(),
    })
}
