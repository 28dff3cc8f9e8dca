//! `plimsoll import openslo`

use std::process::ExitCode;

use model::{Indicator, Kind, Loudness, Objective, Period};
use serde_json::{Value, json};
use settings::{ObjectiveFile, Untaken};

use crate::{
    args::ImportOpenslo,
    commands::check_expression,
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// Looked and found it wanting.
const WANTING: u8 = 3;

/// Reads an `OpenSLO` file, writes what is taken from it in our own form, and says what is not.
pub(crate) fn run(command: &ImportOpenslo, output: &Output) -> Result<ExitCode, Fault> {
    let name = command.file.display().to_string();
    let text = settings::read_text(&command.file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {name}"))
    })?;
    let parameters = std::collections::BTreeMap::new();
    let found = settings::read_objectives(&name, &text, &parameters, &check_expression);
    let mut found =
        found.map_err(|mistakes| Fault::new(Kind::Invalid, mistakes.render(errors_in_colour())))?;
    leave_out_uncounted(&mut found);
    let lost = found.untaken.iter().any(|own| own.lost);
    if output.is_json() {
        output.json(&json!({
            "objectives": found.objectives.iter().map(document).collect::<Vec<_>>(),
            "not_taken": found.untaken.iter().map(note).collect::<Vec<_>>(),
        }))?;
    } else {
        tell(&name, &found, output)?;
    }
    Ok(if lost { ExitCode::from(WANTING) } else { ExitCode::SUCCESS })
}

/// An expression may be PromQL and no sum of counters.
fn leave_out_uncounted(found: &mut ObjectiveFile) {
    let mut untaken = Vec::new();
    found.objectives.retain(|objective| {
        let Err(error) = detect::objectives::Measure::of(objective) else { return true };
        let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        untaken.push(Untaken {
            line: 1,
            what: format!("{error}: {why}"),
            instead: "write counters, or a `value` and a line".to_owned(),
            lost: true,
        });
        false
    });
    found.untaken.extend(untaken);
}

fn note(untaken: &Untaken) -> Value {
    let Untaken { line, what, instead, lost } = untaken;
    json!({"line": line, "what": what, "instead": instead, "lost": lost})
}

/// Keys and values of an objective in our own form.
fn keys(objective: &Objective) -> Vec<(&'static str, Value)> {
    let mut keys = vec![("name", json!(objective.name)), ("title", json!(objective.title))];
    let mut text = |key, text: &str| {
        if !text.is_empty() {
            keys.push((key, json!(text)));
        }
    };
    text("service", &objective.service);
    text("owner", if objective.owner == "nobody yet" { "" } else { &objective.owner });
    text("reason", &objective.reason);
    match &objective.indicator {
        Indicator::Good { good, total } => {
            keys.extend([("good", json!(good)), ("total", json!(total))]);
        }
        Indicator::Bad { bad, total } => {
            keys.extend([("bad", json!(bad)), ("total", json!(total))]);
        }
        Indicator::Value { expr, test, line, unit } => {
            keys.extend([("value", json!(expr)), (test.word(), json!(line))]);
            keys.push(("unit", json!(unit.word())));
        }
    }
    keys.push(("target", json!(detect::objectives::say_target(objective.target))));
    match &objective.period {
        Period::Rolling(span) => keys.push(("period", json!(span.to_string()))),
        Period::Calendar { unit, zone } => {
            keys.extend([("period", json!(unit.word())), ("zone", json!(zone))]);
        }
    }
    if objective.alerts != Loudness::Page {
        keys.push(("alerts", json!(objective.alerts.word())));
    }
    keys
}

fn document(objective: &Objective) -> Value {
    Value::Object(keys(objective).into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn tell(name: &str, found: &ObjectiveFile, output: &Output) -> Result<(), Fault> {
    let mut text = String::new();
    if found.objectives.is_empty() {
        text.push_str("# Nothing is taken.\n");
    } else {
        text.push_str("objectives:\n");
    }
    for objective in &found.objectives {
        for (number, (key, value)) in keys(objective).into_iter().enumerate() {
            let begin = if number == 0 { "  - " } else { "    " };
            // A text in JSON is a text in YAML.
            text += &[begin, key, ": ", &value.to_string(), "\n"].concat();
        }
    }
    output.text(&text)?;
    for own in &found.untaken {
        let lost = if own.lost { "an objective is lost: " } else { "not taken: " };
        output.note(&format!("{name}:{}: {lost}{}; {}", own.line, own.what, own.instead));
    }
    Ok(())
}
