//! `plimsoll alerts` and `plimsoll receivers`: what holds, and who was told.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{minutes, moment_text, one_line, text};
use crate::{
    args::alerts::{Alerts, Receivers},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

const ALERTS: &str = "/api/plimsoll/v1/alerts";
const RECEIVERS: &str = "/api/plimsoll/v1/receivers";

/// Lists alerts, or tells all of one.
pub(crate) fn run(command: &Alerts, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    match &command.id {
        Some(id) => one(&remote, id, output),
        None => list(&remote, command.all, output),
    }
}

fn list(remote: &Remote, all: bool, output: &Output) -> Result<ExitCode, Fault> {
    let mut found = small_runtime()?.block_on(remote.get(ALERTS, &[]))?;
    if !all {
        found["recent"] = json!([]);
    }
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let both = [&found["active"], &found["recent"]];
    let alerts: Vec<&Value> = both.into_iter().filter_map(Value::as_array).flatten().collect();
    if alerts.is_empty() {
        output.note("no alert holds");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |own: &&Value| {
        let quiet = own["quiet_because"].as_array().map_or(0, Vec::len);
        let told = own["told"] == true;
        vec![
            text(own, "severity").to_owned(),
            text(own, "state").to_owned(),
            if quiet > 0 {
                "quiet"
            } else if told {
                "told"
            } else {
                ""
            }
            .to_owned(),
            moment_text(&own["fired_at"])
                .unwrap_or_else(|| moment_text(&own["active_at"]).unwrap_or_default()),
            text(own, "id").to_owned(),
            one_line(text(own, "name")),
            one_line(text(own, "summary")),
        ]
    };
    let head = ["severity", "state", "told", "since", "id", "alert", "what"];
    output.table(&head, alerts.iter().map(row).collect())?;
    Ok(ExitCode::SUCCESS)
}

fn one(remote: &Remote, id: &str, output: &Output) -> Result<ExitCode, Fault> {
    if !id.chars().all(|own| own.is_ascii_hexdigit()) {
        return Err(Fault::new(model::Kind::Invalid, format!("{id:?} is no identity of an alert"))
            .help("`plimsoll alerts` lists those there are"));
    }
    let found = small_runtime()?.block_on(remote.get(&format!("{ALERTS}/{id}"), &[]))?;
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let alert = &found["alert"];
    let mut lines = vec![
        format!(
            "{} {} {}",
            text(alert, "severity"),
            text(alert, "state"),
            one_line(text(alert, "name"))
        ),
        one_line(text(alert, "summary")),
    ];
    let labels = alert["labels"].as_object().into_iter().flatten();
    let labels = labels.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    lines.push(labels.join(" "));
    let evidence = &alert["evidence"];
    lines.extend(evidence["normal"]["text"].as_str().map(str::to_owned));
    for change in evidence["changes"].as_array().into_iter().flatten() {
        let at = moment_text(&change["at"]).unwrap_or_default();
        let what = format!("changed {at}: {}: {}", text(change, "subject"), text(change, "text"));
        lines.push(one_line(&what));
    }
    for reason in alert["quiet_because"].as_array().into_iter().flatten() {
        lines.push(format!("quiet: {}", reason.as_str().unwrap_or_default()));
    }
    output.text(&(lines.join("\n") + "\n\n"))?;
    let rows = |list: &Value, row: &dyn Fn(&Value) -> Vec<String>| {
        list.as_array().into_iter().flatten().map(row).collect::<Vec<_>>()
    };
    let became = rows(&found["history"], &|own| {
        let at = moment_text(&own["at"]).unwrap_or_default();
        vec![at, text(own, "became").to_owned(), text(own, "severity").to_owned()]
    });
    output.table(&["at", "became", "severity"], became)?;
    let told = rows(&found["told"], &|own| {
        vec![
            moment_text(&own["at"]).unwrap_or_default(),
            text(own, "receiver").to_owned(),
            text(own, "what").to_owned(),
            text(own, "state").to_owned(),
            one_line(text(own, "error")),
        ]
    });
    if told.is_empty() {
        output.text("\nnobody was told\n")?;
    } else {
        output.text("\n")?;
        output.table(&["at", "receiver", "what", "state", "trouble"], told)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists everybody who can be told, and how messages to them go.
pub(crate) fn receivers(command: &Receivers, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let found = small_runtime()?.block_on(remote.get(RECEIVERS, &[]))?;
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let receivers = found["receivers"].as_array().map_or(&[][..], Vec::as_slice);
    if receivers.is_empty() {
        output.note("nobody is told: name somebody under `receivers` of the settings");
        return Ok(ExitCode::SUCCESS);
    }
    let now = found["at"].as_i64().unwrap_or_default();
    let row = |own: &Value| {
        let count = |name: &str| own[name].as_u64().unwrap_or_default().to_string();
        let waits = own["oldest"].as_i64().map(|oldest| minutes(now.saturating_sub(oldest)));
        vec![
            text(own, "name").to_owned(),
            count("sent"),
            count("given_up"),
            count("waiting"),
            waits.unwrap_or_default(),
            moment_text(&own["last_sent"]).unwrap_or_default(),
            one_line(text(own, "error")),
        ]
    };
    let head = ["receiver", "sent", "given up", "waiting", "for", "last sent", "trouble"];
    output.table(&head, receivers.iter().map(row).collect())?;
    Ok(ExitCode::SUCCESS)
}
