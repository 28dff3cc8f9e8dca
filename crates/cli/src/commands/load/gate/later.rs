//! `plimsoll load send`: reports and gates that a server was not told of when they were made.

use std::{fs, path::Path, process::ExitCode};

use model::Kind;
use serde_json::{Value, json};

use super::{FILE, SCHEMA};
use crate::{
    args::load::SendLater,
    client::Remote,
    commands::{
        load::{compare, send},
        small_runtime,
    },
    fault::Fault,
    output::Output,
};

/// Sends a gate that was kept in a folder, or one report. What the server has already stays as it is.
pub(in crate::commands::load) fn run(
    command: &SendLater,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    if !command.path.is_dir() {
        let run = run_of(command)?;
        let kept = send::keep(&remote, "runs", &run)?;
        output.text(&format!("the report is kept as {}\n", text(&kept["run"]["id"])))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut gate = read(&command.path.join(FILE))?;
    if gate["schema"] != SCHEMA {
        let text = format!("{} holds no gate ({SCHEMA})", command.path.display());
        return Err(Fault::new(Kind::Invalid, text)
            .help("`plimsoll load gate --into DIR` keeps one; reports are also sent one by one"));
    }
    let named = [("service", &command.service), ("release", &command.release), ("by", &command.by)];
    for (key, value) in named {
        if let Some(value) = value {
            gate[key] = json!(value);
        }
    }
    let runs = gate["runs"].as_array().cloned().unwrap_or_default();
    for run in &runs {
        send::keep(&remote, "runs", &of_gate(&command.path, &gate, run)?)?;
    }
    let mut document = json!({});
    for key in ["id", "plan", "service", "release_before", "release", "by", "comparison"] {
        document[key] = gate[key].clone();
    }
    send::keep(&remote, "gates", &document)?;
    let line = tell_line(&remote, &gate, output)?;
    output.text(&format!(
        "the gate is kept as {}, with {} runs{line}\n",
        text(&gate["id"]),
        runs.len()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// A report as a server keeps it.
fn run_of(command: &SendLater) -> Result<Value, Fault> {
    let report = read(&command.path)?;
    let started = report["started_ms"].as_i64().unwrap_or_default();
    // The same report has the same id, so that it is kept once.
    let id = command.id.clone().unwrap_or_else(|| {
        format!("{:09x}-{:010x}", started.max(0) / 1000, sum(&report.to_string()) >> 24)
    });
    Ok(json!({
        "id": id, "service": command.service, "release": command.release, "by": command.by,
        "report": report,
    }))
}

/// A run of a gate as a server keeps it.
fn of_gate(folder: &Path, gate: &Value, run: &Value) -> Result<Value, Fault> {
    let (side, round) = (text(&run["side"]), run["round"].as_u64().unwrap_or_default());
    let file = folder.join(side).join(format!("{round:02}.json"));
    let release = if side == "before" { &gate["release_before"] } else { &gate["release"] };
    let mut body = json!({
        "id": run["id"], "service": gate["service"], "release": release, "by": gate["by"],
        "gate": {"id": gate["id"], "side": side, "round": round},
        "report": read(&file)?,
    });
    // Only of runs that could not be sent there is a page.
    if let Ok(page) = fs::read_to_string(file.with_extension("html")) {
        body["page"] = json!(page);
    }
    Ok(body)
}

/// Tells the load line what the release takes, unless it was told.
fn tell_line(remote: &Remote, gate: &Value, output: &Output) -> Result<String, Fault> {
    let impact = &gate["comparison"]["impact"];
    let has_points = impact["resources"].as_array().is_some_and(|all| !all.is_empty());
    let Some(service) = gate["service"].as_str().filter(|_| has_points) else {
        return Ok(String::new());
    };
    let path = ["/api/plimsoll/v1/services/", service, "/tests"].concat();
    let known = small_runtime()?.block_on(remote.get(&path, &[]))?;
    let mut tests = known["tests"].as_array().into_iter().flatten();
    if tests.any(|test| test["id"] == gate["id"]) {
        return Ok(format!("; the load line of {service} knew it"));
    }
    let times = gate["times"].as_f64().unwrap_or(1.0);
    let of = send::ToLine {
        service,
        release: gate["release"].as_str(),
        by: text(&gate["by"]),
        times,
        run: gate["id"].as_str(),
    };
    send::tell_line(remote, &of, impact, output)?;
    Ok(String::new())
}

fn read(file: &Path) -> Result<Value, Fault> {
    let text = compare::text_of(file)?;
    serde_json::from_str(&text).map_err(|error| {
        let fault = Fault::from_error(Kind::Invalid, &error);
        fault.help(format!("{} is no JSON", file.display()))
    })
}

/// FNV-1a: tells texts apart, and is the same in every version.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
