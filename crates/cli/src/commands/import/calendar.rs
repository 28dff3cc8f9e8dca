//! `plimsoll import calendar`

use std::process::ExitCode;

use model::Kind;
use serde_json::json;
use settings::CalendarDay;

use crate::{args::ImportCalendar, fault::Fault, output::Output};

/// Looked and found it wanting.
const WANTING: u8 = 3;

/// Writes the whole days of a calendar as entries of the settings' `calendar`, and says what is not taken.
pub(crate) fn run(command: &ImportCalendar, output: &Output) -> Result<ExitCode, Fault> {
    let name = command.file.display().to_string();
    let text = settings::read_text(&command.file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {name}"))
    })?;
    let found = settings::read_icalendar(&text)
        .map_err(|error| Fault::from_error(error.kind(), &error).help(format!("reading {name}")))?;
    let like = command.like.as_deref();
    if output.is_json() {
        let days = found.days.iter().map(|day| {
            json!({ "name": day.name, "date": day.first, "until": day.last, "yearly": day.yearly,
                "like": like })
        });
        let untaken = found.untaken.iter().map(|(line, why)| json!({ "line": line, "what": why }));
        output.json(&json!({ "calendar": days.collect::<Vec<_>>(),
            "not_taken": untaken.collect::<Vec<_>>() }))?;
    } else {
        for (line, why) in &found.untaken {
            output.note(&format!("not taken: {name}:{line}: {why}"));
        }
        if found.days.is_empty() {
            output.note("no whole days were found");
        } else {
            let lines: Vec<String> = found.days.iter().map(|day| entry(day, like)).collect();
            output.text(&format!("calendar:\n{}", lines.concat()))?;
        }
    }
    Ok(if found.days.is_empty() { ExitCode::from(WANTING) } else { ExitCode::SUCCESS })
}

fn entry(day: &CalendarDay, like: Option<&str>) -> String {
    let until = day.last.as_ref().map_or_else(String::new, |last| format!(", until: {last}"));
    let yearly = if day.yearly { ", yearly: true" } else { "" };
    let like = like.map_or_else(String::new, |like| format!(", like: {like}"));
    // Within apostrophes, YAML doubles them.
    let name = day.name.replace('\'', "''");
    format!("  - {{name: '{name}', date: {}{until}{yearly}{like}}}\n", day.first)
}
