//! `plimsoll import alertmanager`

use std::{path::Path, process::ExitCode};

use model::{Kind, Labels};
use respond::routing::{Alertmanager, Directory, Route, matchers_text, read_alertmanager};
use serde_json::json;

use crate::{
    args::ImportAlertmanager,
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// Looked and found it wanting.
const WANTING: u8 = 3;

/// Reads an Alertmanager's configuration and says what is taken from it and what is not.
pub(crate) fn run(command: &ImportAlertmanager, output: &Output) -> Result<ExitCode, Fault> {
    let path = &command.file;
    let name = path.display().to_string();
    let text = settings::read_text(path).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {name}"))
    })?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let file = read_alertmanager(&name, &text, base)
        .map_err(|mistakes| Fault::new(Kind::Invalid, mistakes.render(errors_in_colour())))?;
    if !command.route.is_empty() {
        return route(&file, &command.route, output);
    }
    let nobody: Vec<&str> = (file.receivers.iter())
        .filter(|own| own.ways.is_empty() && !own.left_out.is_empty())
        .map(|own| own.name.as_str())
        .collect();
    if output.is_json() {
        output.json(&document(&file, &nobody))?;
    } else {
        tell(&file, (&name, path), &nobody, output)?;
    }
    Ok(if nobody.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(WANTING) })
}

/// Says who is told of an alert with these labels.
fn route(file: &Alertmanager, pairs: &[String], output: &Output) -> Result<ExitCode, Fault> {
    let mut labels = Vec::new();
    for pair in pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Fault::new(Kind::Invalid, format!("--route {pair:?} has no `=`"))
                .help("write it as --route severity=critical")
        })?;
        labels.push((name, value));
    }
    let directory = Directory::routed([], file).unwrap_or_default();
    let labels = Labels::from_pairs(labels);
    // What leads to nobody still leads somewhere.
    let told = match directory.route() {
        Some(_) => directory.told_of(&labels),
        None => file.route.taken(&labels).iter().map(|own| own.receiver.clone()).collect(),
    };
    if output.is_json() {
        output.json(&json!({ "receivers": told }))?;
    } else {
        output.text(&format!("{}\n", told.join(",")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn document(file: &Alertmanager, nobody: &[&str]) -> serde_json::Value {
    let notes: Vec<_> = (file.notes.iter())
        .map(|note| json!({"line": note.line, "what": note.what, "instead": note.instead}))
        .collect();
    json!({
        "routes": file.route.all().len(),
        "receivers": file.receivers.len(),
        "inhibit_rules": file.inhibit.len(),
        "time_intervals": file.intervals.len(),
        "not_taken": notes,
        "receivers_nobody_hears": nobody,
    })
}

fn tell(
    file: &Alertmanager,
    (name, path): (&str, &Path),
    nobody: &[&str],
    output: &Output,
) -> Result<(), Fault> {
    let mut text = format!(
        "{name}: {} routes, {} receivers, {} inhibition rules, {} named time intervals\n\n",
        file.route.all().len(),
        file.receivers.len(),
        file.inhibit.len(),
        file.intervals.len(),
    );
    tree(&file.route, 0, &mut text);
    text.push_str("\nTo use it as it is, write into the settings:\n\nalerts:\n  routing: ");
    text += &[&format!("{:?}", path.display().to_string()), "\n"].concat();
    if file.notes.is_empty() {
        text.push_str("\nEverything in it is taken.\n");
    } else {
        text.push_str("\nNot taken:\n");
        for note in &file.notes {
            let line = note.line.to_string();
            text += &["  ", name, ":", &line, ": ", &note.what, ": ", &note.instead, "\n"].concat();
        }
    }
    for name in nobody {
        let help = "write a receiver of this name under `receivers` of the settings";
        text += &["\nNobody is told as `", name, "`: ", help, ".\n"].concat();
    }
    output.text(&text)
}

fn tree(route: &Route, depth: usize, text: &mut String) {
    let goes_on = if route.goes_on { ", goes on" } else { "" };
    let conditions = if depth == 0 { "all".to_owned() } else { matchers_text(&route.matchers) };
    text.push_str(&"  ".repeat(depth));
    *text += &[&conditions, " -> ", &route.receiver, goes_on, "\n"].concat();
    for below in &route.routes {
        tree(below, depth + 1, text);
    }
}
