//! `plimsoll plan scenario freeze` and `track`

use std::{fs, path::Path, process::ExitCode};

use model::{Kind, Time, Unit};
use plan::say_date;
use serde_json::{Value, json};

use crate::{args::Server, client::Remote, commands::small_runtime, fault::Fault, output::Output};

const PATH: &str = "/api/plimsoll/v1/plans";

/// Freezes a scenario on a server.
pub(super) fn freeze(
    (file, server): (&Path, &Server),
    [name, by, note]: [&str; 3],
    output: &Output,
) -> Result<ExitCode, Fault> {
    let text = fs::read_to_string(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })?;
    let remote = Remote::new(server)?;
    let body = json!({ "name": name, "text": text, "by": by, "note": note });
    let told = small_runtime()?.block_on(remote.post_json(PATH, &body))?;
    shown(&told, output)
}

/// Lists plans, or shows one beside what happened.
pub(super) fn track(
    name: Option<&str>,
    server: &Server,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let remote = Remote::new(server)?;
    let Some(name) = name else {
        let list = small_runtime()?.block_on(remote.get(PATH, &[]))?;
        if output.is_json() {
            output.json(&list)?;
            return Ok(ExitCode::SUCCESS);
        }
        let plans = list["plans"].as_array().map_or(&[][..], Vec::as_slice);
        if plans.is_empty() {
            output.note("no plan is frozen; `plimsoll plan scenario freeze FILE` freezes one");
            return Ok(ExitCode::SUCCESS);
        }
        let now = Time(list["at"].as_i64().unwrap_or(0));
        let rows = plans.iter().map(|own| {
            let frozen = say_date(Time(own["frozen_at"].as_i64().unwrap_or(0)), now);
            vec![text(own, "name"), text(own, "scenario"), frozen, text(own, "by")]
        });
        output.table(&["plan", "scenario", "frozen", "by"], rows.collect())?;
        return Ok(ExitCode::SUCCESS);
    };
    let told = small_runtime()?.block_on(remote.get(&format!("{PATH}/{name}"), &[]))?;
    shown(&told, output)
}

fn shown(told: &Value, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Time(told["at"].as_i64().unwrap_or(0));
    let day = |value: &Value| value.as_i64().map(|at| say_date(Time(at), now));
    let frozen = day(&told["frozen_at"]).unwrap_or_default();
    output.text(&format!(
        "{}, frozen on {frozen} by {}: {}\n\n",
        text(told, "name"),
        text(told, "by"),
        text(told, "text")
    ))?;
    let number =
        |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |own| Unit::Count.say(own));
    let mut rows = Vec::new();
    for own in
        ["drivers", "resources"].iter().flat_map(|key| told[key].as_array().into_iter().flatten())
    {
        for month in own["months"].as_array().into_iter().flatten() {
            let planned = &month["planned"];
            rows.push(vec![
                text(own, "name"),
                day(&month["end"]).unwrap_or_default(),
                format!(
                    "{} ({} – {})",
                    number(&planned["p50"]),
                    number(&planned["p10"]),
                    number(&planned["p90"])
                ),
                number(&month["seen"]),
            ]);
        }
        // Servers that do not say it in words have a word for it.
        let said = text(own, "text");
        let state = if said.is_empty() { text(own, "state").replace('_', " ") } else { said };
        let order = day(&own["order_by"]).map_or_else(String::new, |day| format!("order by {day}"));
        rows.push(vec![
            text(own, "name"),
            "now".to_owned(),
            format!("{state}; {order}").trim_end_matches("; ").to_owned(),
            number(&own["now"]),
        ]);
    }
    output.table(&["what", "at the end of", "planned", "seen"], rows)?;
    Ok(ExitCode::SUCCESS)
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}
