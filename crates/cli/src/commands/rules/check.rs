//! `plimsoll rules check`

use std::process::ExitCode;

use detect::{Rule, rules};
use model::Kind;
use serde_json::json;

use super::files;
use crate::{
    args::rules::Files,
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// Reads every file, and shows what each holds and what is wrong with it.
pub(super) fn run(command: &Files, output: &Output) -> Result<ExitCode, Fault> {
    let mut wrong = Vec::new();
    let (mut rows, mut documents) = (Vec::new(), Vec::new());
    for path in &command.files {
        let name = path.display().to_string();
        let found = rules::read(&name, &files::text(path)?);
        let all = found.groups.iter().flat_map(|group| &group.rules);
        let alerting = all.clone().filter(|rule| matches!(rule, Rule::Alert(_))).count();
        let recording = all.count() - alerting;
        rows.push(vec![
            name.clone(),
            found.groups.len().to_string(),
            alerting.to_string(),
            recording.to_string(),
            found.mistakes.len().to_string(),
        ]);
        documents.push(json!({
            "file": name,
            "groups": found.groups.len(),
            "alerting": alerting,
            "recording": recording,
            "mistakes": found.mistakes.iter().map(|mistake| json!({
                "line": mistake.line(),
                "column": mistake.column(),
                "message": mistake.message(),
                "label": mistake.label_text(),
                "help": mistake.help_texts(),
            })).collect::<Vec<_>>(),
        }));
        if !found.mistakes.is_empty() {
            wrong.push(found.mistakes.render(errors_in_colour()));
        }
    }
    if output.is_json() {
        output.json(&json!({ "files": documents }))?;
    } else {
        output.table(&["file", "groups", "alerting", "recording", "mistakes"], rows)?;
    }
    if wrong.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Fault::new(Kind::Invalid, wrong.join("\n\n")))
}
