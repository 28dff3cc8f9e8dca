//! `plimsoll heartbeat`: somebody says that it is well.

use std::process::ExitCode;

use model::Kind;
use serde_json::Value;

use super::{minutes, moment_text, text};
use crate::{
    args::alerts::{Heartbeat, HeartbeatCommand, SendHeartbeat},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

pub(crate) fn run(command: &Heartbeat, output: &Output) -> Result<ExitCode, Fault> {
    match &command.command {
        HeartbeatCommand::Send(own) => send(own, output),
        HeartbeatCommand::List(list) => {
            let remote = Remote::new(&list.server)?;
            let path = "/api/plimsoll/v1/heartbeats";
            let found = small_runtime()?.block_on(remote.get(path, &[]))?;
            show(&found, output)
        }
        HeartbeatCommand::Forget(own) => {
            let remote = Remote::new(&own.server)?;
            let path = format!("/heartbeat/{}", named(&own.name)?);
            let told = small_runtime()?.block_on(remote.delete(&path))?;
            if output.is_json() {
                output.json(&told)?;
            } else {
                output.note(&format!("{} is expected no longer", own.name));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn send(own: &SendHeartbeat, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&own.server)?;
    let mut path = format!("/heartbeat/{}", named(&own.name)?);
    if let Some(period) = &own.period {
        path.push_str("?period=");
        path.push_str(plain(period, "--period")?);
    }
    if let Some(grace) = &own.grace {
        path.push_str("&grace=");
        path.push_str(plain(grace, "--grace")?);
    }
    let told = small_runtime()?.block_on(remote.post(&path))?;
    if output.is_json() {
        output.json(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let missing = moment_text(&told["missing_at"]).unwrap_or_default();
    output.text(&format!("{} was heard; it is missing from {missing} on\n", own.name))?;
    Ok(ExitCode::SUCCESS)
}

fn show(found: &Value, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let all = found.as_array().map_or(&[][..], Vec::as_slice);
    if all.is_empty() {
        output.note("nobody is to be heard of; `alerts: heartbeats:` in the settings names some");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |own: &Value| {
        let span = |name: &str| minutes(own[name].as_i64().unwrap_or_default());
        let heard = if own["heard"] == true { "yes" } else { "never" };
        let missing = moment_text(&own["missing_at"]).unwrap_or_default();
        vec![
            text(own, "name").to_owned(),
            span("period_ms"),
            span("grace_ms"),
            heard.to_owned(),
            missing,
        ]
    };
    let head = ["name", "every", "grace", "heard", "missing from"];
    output.table(&head, all.iter().map(row).collect())?;
    Ok(ExitCode::SUCCESS)
}

/// A name that can stand in an address as it is.
fn named(name: &str) -> Result<&str, Fault> {
    let fine = |own: char| own.is_ascii_alphanumeric() || "-_.".contains(own);
    if !name.is_empty() && name.chars().all(fine) {
        return Ok(name);
    }
    Err(Fault::new(Kind::Invalid, format!("{name:?} is no name of a heartbeat"))
        .help("letters, digits, `-`, `_` and `.` make one"))
}

fn plain<'a>(text: &'a str, option: &str) -> Result<&'a str, Fault> {
    if settings::parse_duration(text).is_some() {
        return Ok(text);
    }
    Err(Fault::new(Kind::Invalid, format!("{option} {text}: this is no duration"))
        .help(format!("write it as {option} 1h")))
}
