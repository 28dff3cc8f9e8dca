//! `plimsoll load schedule`

use std::process::ExitCode;

use jiff::Timestamp;
use load::Job;
use model::Kind;
use serde_json::{Value, json};

use super::read;
use crate::{
    args::load::{Schedule, ScheduleAdd, ScheduleCommand},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

const PATH: &str = "/api/plimsoll/v1/load/schedules";

/// Plans, lists, approves, takes back.
pub(super) fn run(command: Schedule, output: &Output) -> Result<ExitCode, Fault> {
    let runtime = small_runtime()?;
    let (answer, text) = match command.command {
        ScheduleCommand::Add(command) => return add(&command, output),
        ScheduleCommand::List { server } => {
            let answer = runtime.block_on(Remote::new(&server)?.get(PATH, &[]))?;
            let rows = answer["schedules"].as_array().map(Vec::as_slice).unwrap_or_default();
            let lines: Vec<String> = rows.iter().map(line).collect();
            let text =
                if lines.is_empty() { "nothing is scheduled\n".to_owned() } else { lines.concat() };
            (answer, text)
        }
        ScheduleCommand::Approve { id, by, server } => {
            let path = format!("{PATH}/{id}/approve");
            let asked = json!({ "by": by });
            let answer = runtime.block_on(Remote::new(&server)?.post_json(&path, &asked))?;
            let text = line(&answer);
            (answer, text)
        }
        ScheduleCommand::Cancel { id, server } => {
            let path = format!("{PATH}/{id}");
            let answer = runtime.block_on(Remote::new(&server)?.delete(&path))?;
            let text = line(&answer);
            (answer, text)
        }
    };
    tell(&answer, &text, output)
}

fn add(command: &ScheduleAdd, output: &Output) -> Result<ExitCode, Fault> {
    let plan = read(&command.plan)?;
    let job =
        Job::read(&command.plan, &plan).map_err(|error| Fault::from_error(error.kind(), &error))?;
    let at = match &command.at {
        None => None,
        Some(text) => {
            let at: Timestamp = text.parse().map_err(|error: jiff::Error| {
                Fault::from_error(Kind::Invalid, &error).help("write it as 2026-11-23T02:00:00Z")
            })?;
            Some(at.as_millisecond())
        }
    };
    let wish = json!({
        "job": serde_json::to_value(&job).unwrap_or(Value::Null),
        "at": at,
        "service": command.service,
        "release": command.release,
        "by": command.by,
        "confirm": command.confirm,
        "first": command.first,
        "dry_run": !command.apply,
    });
    let remote = Remote::new(&command.server)?;
    let answer = small_runtime()?.block_on(remote.post_json(PATH, &wish))?;
    let refused = answer["refused"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut text = line(&answer["schedule"]);
    for why in refused.iter().filter_map(Value::as_str) {
        text.extend(["  refused: ", why, "\n"]);
    }
    if !command.apply {
        text += "nothing is planned yet: --apply plans it\n";
    }
    tell(&answer, &text, output)?;
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(4) })
}

fn line(own: &Value) -> String {
    let text = |key: &str| own[key].as_str().unwrap_or_default();
    let at = own["at"].as_i64().and_then(|at| Timestamp::from_millisecond(at).ok());
    let targets = own["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let targets: Vec<&str> = targets.iter().filter_map(Value::as_str).collect();
    format!(
        "{}  {}  {}  {} of {} by {}\n",
        text("id"),
        at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default(),
        text("state"),
        text("plan"),
        targets.join(", "),
        text("by")
    )
}

fn tell(answer: &Value, text: &str, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(answer)?;
    } else {
        output.text(text)?;
    }
    Ok(ExitCode::SUCCESS)
}
