//! `plimsoll rules list`

use std::process::ExitCode;

use serde_json::Value;

use super::super::small_runtime;
use crate::{args::rules::List, client::Remote, fault::Fault, output::Output};

const PATH: &str = "/api/plimsoll/v1/rules";

/// Lists the rules that a server has loaded: how each goes, and what it costs.
pub(super) fn run(command: &List, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let mut query = Vec::new();
    query.extend(command.group.as_deref().map(|group| ("group", group)));
    query.extend(command.state.as_deref().map(|state| ("state", state)));
    let found = small_runtime()?.block_on(remote.get(PATH, &query))?;
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for group in found["groups"].as_array().into_iter().flatten() {
        let name = group["name"].as_str().unwrap_or_default();
        rows.extend(group["rules"].as_array().into_iter().flatten().map(|rule| row(name, rule)));
    }
    if let Some(why) = found["refused_because"].as_str() {
        output.note(&format!("the rule files were read in vain since: {why}"));
    }
    if rows.is_empty() {
        output.note("there are no such rules; `rule_files` in the settings names files");
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["health", "firing", "pending", "ms", "group", "kind", "name", "trouble"];
    output.table(&head, rows)?;
    let left_out = found["left_out"].as_u64().unwrap_or_default();
    if left_out > 0 {
        output.note(&format!("{left_out} more are not shown; `--group` or `--state` finds them"));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(group: &str, rule: &Value) -> Vec<String> {
    let text = |name: &str| rule[name].as_str().unwrap_or_default().to_owned();
    let count = |name: &str| rule[name].as_u64().unwrap_or_default().to_string();
    let seconds = rule["seconds"].as_f64().unwrap_or_default();
    vec![
        text("health"),
        count("firing"),
        count("pending"),
        format!("{:.1}", seconds * 1_000.0),
        group.to_owned(),
        text("kind"),
        text("name"),
        text("error").replace(['\n', '\r'], " "),
    ]
}
