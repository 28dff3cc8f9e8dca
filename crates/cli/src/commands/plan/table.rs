//! `plimsoll plan table`

use std::{fs, path::Path, process::ExitCode};

use model::{Driver, Kind, Time};
use plan::{Column, Range, Recorded, Source, read_drivers, reference, table};
use serde_json::{Value, json};

use super::{columns::Columns, suggest};
use crate::{
    args::plan::Table,
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// How many moments of the past a server is asked for.
const MOMENTS: i64 = 90;

/// More of anything nobody plans for.
const TENANTS_MAX: f64 = 1e9;

/// Says what so many tenants need.
pub(crate) fn run(command: &Table, output: &Output) -> Result<ExitCode, Fault> {
    if command.suggest {
        return suggest::run(command, output);
    }
    if let Some(wrong) =
        command.tenants.iter().find(|value| !(**value > 0.0 && **value <= TENANTS_MAX))
    {
        return Err(Fault::new(Kind::Invalid, format!("{wrong} is no number of {}", command.by))
            .help(
                "write numbers above nought, such as --tenants 100,1000,5000; a billion at most",
            ));
    }
    let drivers = match &command.drivers {
        None => reference(),
        Some(file) => read(file)?,
    };
    if !drivers.iter().any(|driver| driver.name == command.by) {
        let names: Vec<&str> = drivers.iter().map(|driver| driver.name.as_str()).collect();
        return Err(Fault::new(Kind::Missing, format!("there is no driver {:?}", command.by))
            .help(format!("drivers are {}", names.join(", "))));
    }
    let recorded = recorded(command, &drivers)?;
    let columns = table(&drivers, &recorded, &command.by, &command.tenants);
    if output.is_json() {
        output.json(&json!({ "by": command.by, "values": command.tenants,
            "drivers": columns.iter().map(column_json).collect::<Vec<_>>() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let known: Vec<&Column> =
        columns.iter().filter(|column| column.source != Source::Nothing).collect();
    let mut head = Vec::new();
    for column in &known {
        head.push(column.driver.title.as_str());
    }
    let rows = (0..command.tenants.len()).map(|row| {
        let cells = known.iter().map(|column| {
            let range = column.cells.get(row).copied().flatten();
            let guess = column.guesses.get(row).copied().unwrap_or_default();
            range.map_or_else(String::new, |range| cell(&column.driver, range, guess))
        });
        cells.collect()
    });
    output.table(&head, rows.collect())?;
    output.text(&notes(&columns))?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Vec<Driver>, Fault> {
    let text = fs::read_to_string(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })?;
    read_drivers(&file.display().to_string(), &text)
        .map_err(|mistakes| Fault::new(Kind::Invalid, mistakes.render(errors_in_colour())))
}

fn recorded(command: &Table, drivers: &[Driver]) -> Result<Recorded, Fault> {
    if let Some(file) = &command.csv {
        let columns = Columns::read(file)?;
        columns.column(&command.by)?;
        return columns.named(drivers.iter().map(|driver| driver.name.as_str()));
    }
    let Some(past) = &command.past else { return Ok(Recorded::new()) };
    let Some(past) = settings::parse_duration(past).filter(|past| past.as_millis() > 0) else {
        return Err(Fault::new(Kind::Invalid, format!("{past:?} is no duration"))
            .help("write for instance --past 90d"));
    };
    let remote = Remote::new(&command.server)?;
    let step = (past.as_millis() / MOMENTS).max(60_000);
    let runtime = small_runtime()?;
    let now = runtime.block_on(remote.get("/api/v1/query", &[("query", "time()")]))?;
    let now = now["data"]["result"][1].as_str().and_then(|text| text.parse::<f64>().ok());
    let Some(now) = now else {
        return Err(Fault::new(Kind::Upstream, "the server does not say what time it is"));
    };
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    let now = Time((now * 1_000.0) as i64 / step * step);
    let moments: Vec<i64> = (0..=MOMENTS).map(|at| now.millis() - (MOMENTS - at) * step).collect();
    let seconds = |millis: i64| (millis as f64 / 1_000.0).to_string();
    let (from, to, step) = (seconds(moments[0]), seconds(now.millis()), seconds(step));
    let mut recorded = Recorded::new();
    for driver in drivers {
        let Some(expression) = &driver.measured else { continue };
        let query =
            [("query", expression.as_str()), ("start", &from), ("end", &to), ("step", &step)];
        let answer = runtime.block_on(remote.get("/api/v1/query_range", &query))?;
        let series = answer["data"]["result"].as_array().map_or(&[][..], Vec::as_slice);
        let [one] = series else {
            if series.len() > 1 {
                let text =
                    format!("`{}` of {} gives {} series", expression, driver.name, series.len());
                return Err(Fault::new(Kind::Invalid, text)
                    .help("write an expression that gives one, such as sum(…)"));
            }
            continue;
        };
        recorded.insert(driver.name.clone(), values_at(&moments, &one["values"]));
    }
    Ok(recorded)
}

/// The values at these moments; not a number where there is none.
fn values_at(moments: &[i64], values: &Value) -> Vec<f64> {
    let mut found = vec![f64::NAN; moments.len()];
    for pair in values.as_array().into_iter().flatten() {
        let (Some(time), Some(text)) = (pair[0].as_f64(), pair[1].as_str()) else { continue };
        let near = |moment: &i64| (*moment as f64 / 1_000.0 - time).abs() < 0.5;
        if let (Some(at), Ok(value)) = (moments.iter().position(near), text.parse()) {
            found[at] = value;
        }
    }
    found
}

fn cell(driver: &Driver, range: Range, guess: bool) -> String {
    let say = |value: f64| driver.unit.say(value);
    if range.low >= range.high {
        return say(range.mid);
    }
    let mark = if guess { " ?" } else { "" };
    format!("{} ({} – {}){mark}", say(range.mid), say(range.low), say(range.high))
}

fn notes(columns: &[Column]) -> String {
    let mut text = String::from("\nin brackets: nine of ten systems like this lie between\n");
    if columns.iter().any(|column| column.guesses.contains(&true)) {
        text.push_str("?: more than twice what is known, so a guess\n");
    }
    for column in columns {
        let title = &column.driver.title;
        match (column.source, column.form, &column.why_not) {
            (Source::Measured, Some(form), why) => {
                let why = why.as_ref().map_or_else(String::new, |why| format!("; {why}"));
                text.extend([title, ": measured, ", form, &why, "\n"]);
            }
            (_, _, Some(why)) => {
                text.extend([title, ": what was measured is of no use: ", why, "\n"]);
            }
            (Source::Nothing, ..) => text.extend([title, ": nothing is known of it\n"]),
            _ => {}
        }
        text.extend(column.beyond.iter().flat_map(|own| [title, ": ", own, "\n"]));
    }
    text
}

fn column_json(column: &Column) -> Value {
    let cells = column.cells.iter().zip(&column.guesses).map(|(cell, guess)| match cell {
        Some(range) => {
            json!({ "low": range.low, "mid": range.mid, "high": range.high, "guess": guess })
        }
        None => Value::Null,
    });
    json!({ "name": column.driver.name, "title": column.driver.title, "unit": column.driver.unit.word(),
        "source": column.source.word(), "form": column.form, "why_not": column.why_not,
        "beyond": column.beyond, "cells": cells.collect::<Vec<_>>() })
}
