//! `plimsoll objectives` and `plimsoll budget check`

use std::process::ExitCode;

use model::{Kind, Unit};
use serde_json::{Value, json};

use super::small_runtime;
use crate::{
    args::objectives::{BudgetCheck, Objectives},
    client::Remote,
    fault::Fault,
    output::Output,
};

/// Looked and found it wanting.
const WANTING: u8 = 3;
const PATH: &str = "/api/plimsoll/v1/objectives";

/// Says where objectives stand.
pub(crate) fn list(command: &Objectives, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let answer = small_runtime()?.block_on(remote.get(PATH, &[]))?;
    let wanted = command.objective.as_deref().unwrap_or_default().to_lowercase();
    let rows: Vec<&Value> = rows(&answer)
        .filter(|row| {
            text(row, "name") == wanted || text(row, "title").to_lowercase().contains(&wanted)
        })
        .collect();
    if rows.is_empty() && !wanted.is_empty() {
        return Err(missing(&wanted));
    }
    if output.is_json() {
        let document =
            json!({ "at": answer["at"], "objectives": rows, "troubles": answer["troubles"] });
        output.json(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    let table = rows.iter().map(|row| {
        vec![
            text(row, "state").to_owned(),
            text(row, "name").to_owned(),
            text(row, "target_text").to_owned(),
            text(row, "period").to_owned(),
            share(&row["good_share"]),
            text(row, "budget_left_text").to_owned(),
            text(row, "gone_text").to_owned(),
            text(row, "owner").to_owned(),
        ]
    });
    let head = ["state", "objective", "target", "period", "good", "left", "gone", "owner"];
    output.table(&head, table.collect())?;
    if let [row] = rows.as_slice() {
        output.text(&detail(row))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn detail(row: &Value) -> String {
    let mut lines = vec![String::new(), text(row, "title").to_owned()];
    lines.push(text(row, "text").to_owned());
    for burn in row["burns"].as_array().into_iter().flatten() {
        let rate = |key: &str| match burn[key].as_f64() {
            Some(rate) => Unit::Count.say(rate),
            None => "no events".to_owned(),
        };
        let factor = burn["factor"].as_f64().unwrap_or_default();
        lines.push(format!(
            "{} over {}: {} and {} times what is allowed; too fast from {} on",
            text(burn, "severity"),
            text(burn, "windows_text"),
            rate("rate_long"),
            rate("rate_short"),
            Unit::Count.say(factor),
        ));
    }
    if !text(row, "reason").is_empty() {
        lines.push(text(row, "reason").to_owned());
    }
    lines.join("\n") + "\n"
}

/// Asks whether enough is left.
pub(crate) fn check(command: &BudgetCheck, output: &Output) -> Result<ExitCode, Fault> {
    let least = settings::parse_share(&command.min_left).ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("--min-left {:?} is no share", command.min_left))
            .help("write it as --min-left 10%")
    })?;
    let remote = Remote::new(&command.server)?;
    let answer = small_runtime()?.block_on(remote.get(PATH, &[]))?;
    let mut checked = Vec::new();
    for name in &command.names {
        let row = rows(&answer).find(|row| text(row, "name") == name);
        checked.push(row.ok_or_else(|| missing(name))?);
    }
    if command.names.is_empty() {
        checked.extend(rows(&answer).filter(|row| text(row, "state") != "waiting"));
    }
    let demand = Demand { least: least.value(), not_burning: command.not_burning };
    let verdicts: Vec<(&Value, Option<String>)> =
        checked.iter().map(|row| (*row, demand.broken_by(row))).collect();
    let broken = verdicts.iter().filter(|(_, why)| why.is_some()).count();
    if output.is_json() {
        let verdict = |(row, why): &(&Value, Option<String>)| {
            json!({ "name": row["name"], "holds": why.is_none(), "why": why,
                "budget_left": row["budget_left"], "policy": row["policy"], "state": row["state"] })
        };
        let all: Vec<Value> = verdicts.iter().map(verdict).collect();
        output
            .json(&json!({ "holds": broken == 0, "min_left": demand.least, "objectives": all }))?;
    } else {
        output.text(&said(&verdicts, demand.least))?;
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::from(WANTING) })
}

fn said(verdicts: &[(&Value, Option<String>)], least: f64) -> String {
    let mut lines = Vec::new();
    for (row, why) in verdicts {
        let (name, left) = (text(row, "name"), text(row, "budget_left_text"));
        lines.push(match why {
            Some(why) => format!("{name}: not enough: {why}"),
            None => format!("{name}: {left} of its budget is left"),
        });
    }
    if lines.is_empty() {
        lines.push("no objective has any data yet".to_owned());
    }
    let broken = verdicts.iter().filter(|(_, why)| why.is_some()).count();
    if broken > 0 {
        let least = if least > 0.0 {
            format!(", of which {} are to be left", Unit::Share.say(least))
        } else {
            String::new()
        };
        lines.push(format!("{broken} of {} do not have what is asked for{least}", verdicts.len()));
    }
    lines.join("\n") + "\n"
}

/// What is demanded of a budget.
struct Demand {
    least: f64,
    not_burning: bool,
}

impl Demand {
    /// Why an objective does not meet it.
    fn broken_by(&self, row: &Value) -> Option<String> {
        let state = text(row, "state");
        if matches!(state, "silent" | "waiting") {
            // Nobody can say that a promise is kept of which nothing is known.
            return Some("there is no data".to_owned());
        }
        let Some(left) = row["budget_left"].as_f64() else {
            return Some("nothing is known yet".to_owned());
        };
        let bad = row["events_bad"].as_f64().unwrap_or_default();
        let events = row["events"].as_f64().unwrap_or_default();
        let of = format!(
            "{} of {} events of the last {} were bad",
            Unit::Count.say(bad.round()),
            Unit::Count.say(events.round()),
            text(row, "period"),
        );
        let said = Unit::Share.say(left);
        if left <= 0.0 {
            return Some(format!("the budget is gone ({said}): {of}"));
        }
        if left < self.least {
            return Some(format!("{said} is left: {of}"));
        }
        let burns = self.not_burning && state == "burning";
        burns.then(|| {
            format!("{said} is left, and it burns too fast: gone {}", text(row, "gone_text"))
        })
    }
}

fn rows(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["objectives"].as_array().into_iter().flatten()
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

fn share(value: &Value) -> String {
    let digits = |share: f64| format!("{:.3} %", share * 100.0);
    value.as_f64().map_or_else(|| "unknown".to_owned(), digits)
}

fn missing(name: &str) -> Fault {
    Fault::new(Kind::Missing, format!("no objective is called {name:?}"))
        .help("`plimsoll objectives` lists all of them")
}
