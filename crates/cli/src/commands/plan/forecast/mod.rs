//! `plimsoll forecast`: of a server's resources, or of a file.

mod csv;
mod units;

use std::process::ExitCode;

use model::{Kind, Unit};
use serde_json::{Value, json};

use crate::{
    args::Forecast, client::Remote, commands::small_runtime, fault::Fault, output::Output,
};

pub(super) use csv::zone;

/// Says when things run out.
pub(crate) fn run(command: &Forecast, output: &Output) -> Result<ExitCode, Fault> {
    match &command.csv {
        Some(file) => csv::run(file, command, output),
        None => from_server(command, output),
    }
}

fn from_server(command: &Forecast, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let answer = small_runtime()?.block_on(remote.get("/api/plimsoll/v1/resources", &[]))?;
    let wanted = command.resource.as_deref().unwrap_or_default().to_lowercase();
    let named = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_lowercase();
    let rows: Vec<&Value> = answer["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| {
            wanted.is_empty()
                || named(row, "name") == wanted
                || named(row, "id") == wanted
                || named(row, "title").contains(&wanted)
        })
        .collect();
    if rows.is_empty() && !wanted.is_empty() {
        return Err(Fault::new(Kind::Missing, format!("no resource is called {wanted:?}"))
            .help("`plimsoll forecast` without a name lists all of them"));
    }
    if output.is_json() {
        output.json(&json!({ "at": answer["at"], "resources": rows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let table = rows.iter().map(|row| {
        let outlook = row["outlook"]["text"].as_str().unwrap_or_default().to_owned();
        vec![
            text(row, "level"),
            text(row, "title"),
            text_of_labels(row),
            text(row, "share_text"),
            text(row, "headroom_text"),
            outlook,
        ]
    });
    output.table(&["level", "resource", "where", "used", "left", "outlook"], table.collect())?;
    if let ([row], false) = (rows.as_slice(), wanted.is_empty()) {
        let path = format!("/api/plimsoll/v1/resources/{}", text(row, "id"));
        let detail = small_runtime()?.block_on(remote.get(&path, &[]))?;
        output.text(&text_of_detail(&detail))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Each line with its chance, and how earlier forecasts have fared.
fn text_of_detail(detail: &Value) -> String {
    let forecast = &detail["forecast"];
    let percent = |share: &Value| share.as_f64().map(|share| Unit::Share.say(share));
    let mut text = String::from("\n");
    for outlook in forecast["outlooks"].as_array().into_iter().flatten() {
        let words = |key: &str| outlook[key].as_str().unwrap_or_default().to_owned();
        text.extend([words("line"), ": ".into(), words("text")]);
        if let Some(chance) = percent(&outlook["chance_lead"]) {
            text.extend(["; before more can be had: ", &chance]);
        }
        text.push('\n');
    }
    for note in forecast["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        text.extend(["note: ", note, "\n"]);
    }
    for lead in forecast["record"]["leads"].as_array().into_iter().flatten() {
        let hours = lead["lead_ms"].as_i64().unwrap_or(0) / 3_600_000;
        let scored = lead["scored"].as_u64().unwrap_or(0);
        let held = percent(&lead["covered"]).unwrap_or_default();
        text.extend([format!(
            "record, {hours} h ahead: {scored} forecasts, {held} within their interval\n"
        )]);
    }
    text
}

/// The labels that tell a reading from others and that its title does not say already.
fn text_of_labels(row: &Value) -> String {
    let title = row["title"].as_str().unwrap_or_default();
    let labels = row["labels"].as_object().into_iter().flatten();
    labels
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .filter(|(_, value)| !title.contains(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}
