//! `plimsoll plan table --suggest`: which figure may follow which.

use std::process::ExitCode;

use model::Unit;
use plan::{Figure, Suggestion};
use serde_json::{Value, json};

use super::columns::Columns;
use crate::{
    args::plan::Table, client::Remote, commands::small_runtime, fault::Fault, output::Output,
};

/// Says what may follow what, the best told first.
pub(crate) fn run(command: &Table, output: &Output) -> Result<ExitCode, Fault> {
    let told = if let Some(file) = &command.csv {
        of_columns(&Columns::read(file)?)
    } else {
        let past = command.past.as_deref().unwrap_or("90d");
        let path = "/api/plimsoll/v1/drivers/suggestions";
        let remote = Remote::new(&command.server)?;
        small_runtime()?.block_on(remote.get(path, &[("past", past)]))?
    };
    if output.is_json() {
        output.json(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let found = told["suggestions"].as_array().map_or(&[][..], Vec::as_slice);
    if found.is_empty() {
        output.note(
            "nothing was found that follows something else: it takes 24 moments in common, and figures that have varied",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["figure", "follows", "by", "later by", "missed", "had it stayed", "moments"];
    output.table(&head, found.iter().map(row).collect())?;
    output.text(
        "\nmissed: the newest third of the past, by a curve that was learnt from what came before\n",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn row(own: &Value) -> Vec<String> {
    let text = |key: &str| own[key].as_str().unwrap_or_default().to_owned();
    let share = |key: &str| Unit::Share.say(own[key].as_f64().unwrap_or(f64::NAN));
    let lag = match (own["lag_ms"].as_f64(), own["lag"].as_u64()) {
        (Some(millis), _) if millis > 0.0 => Unit::Seconds.say(millis / 1_000.0),
        (None, Some(rows)) if rows > 0 => format!("{rows} rows"),
        _ => String::new(),
    };
    let declared = if own["declared"] == true { " (declared)" } else { "" };
    vec![
        text("figure"),
        text("follows") + declared,
        text("form"),
        lag,
        share("error"),
        share("error_stays"),
        own["moments"].to_string(),
    ]
}

/// Any column may lead.
fn of_columns(columns: &Columns) -> Value {
    let figures: Vec<Figure<'_>> =
        columns.values.iter().map(|(name, values)| Figure { name, values, leads: true }).collect();
    let found = plan::suggest(&figures);
    let suggestions: Vec<Value> = found.iter().map(told).collect();
    json!({ "figures": figures.len(), "suggestions": suggestions })
}

fn told(own: &Suggestion) -> Value {
    json!({ "figure": own.figure, "follows": own.follows, "lag": own.lag, "form": own.form.word(),
        "error": own.error, "error_stays": own.error_stays, "together": own.together,
        "moments": own.moments })
}
