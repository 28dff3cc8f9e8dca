//! `plimsoll silence`: what people do not want to be told for a while.

use std::process::ExitCode;

use jiff::Timestamp;
use model::Kind;
use serde_json::{Map, Value, json};
use settings::parse_duration;

use super::{moment_text, one_line, text};
use crate::{
    args::alerts::{AddSilence, Conditions, ExpireSilences, ListSilences, Silence, SilenceCommand},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

const PATH: &str = "/api/plimsoll/v1/silences";

pub(crate) fn run(command: &Silence, output: &Output) -> Result<ExitCode, Fault> {
    match &command.command {
        SilenceCommand::Add(add) => keep(add, output),
        SilenceCommand::List(list) => show(list, output),
        SilenceCommand::Expire(ids) => end(ids, output),
        SilenceCommand::Preview(conditions) => preview(conditions, output),
    }
}

/// The silence as the server takes it.
fn wish(conditions: &Conditions) -> Result<Map<String, Value>, Fault> {
    let lasts = parse_duration(&conditions.lasts).ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("--for {}: this is no duration", conditions.lasts))
            .help("write it as --for 2h or --for 1d12h")
    })?;
    let mut body = Map::new();
    body.insert("matchers".into(), json!(conditions.matchers));
    body.insert("duration_ms".into(), lasts.as_millis().into());
    if let Some(from) = &conditions.from {
        body.insert("starts_at".into(), moment(from)?.into());
    }
    Ok(body)
}

fn moment(text: &str) -> Result<i64, Fault> {
    let seconds = || text.parse::<i64>().ok().map(|own| own.saturating_mul(1_000));
    let stamp = text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    stamp.or_else(seconds).ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("--from {text}: this is no moment"))
            .help("write 2026-11-21T14:00:00Z, or seconds since 1970")
    })
}

fn keep(add: &AddSilence, output: &Output) -> Result<ExitCode, Fault> {
    let mut body = wish(&add.conditions)?;
    body.insert("reason".into(), add.reason.as_str().into());
    body.insert("created_by".into(), add.by.as_str().into());
    body.insert("confirm".into(), add.confirm.into());
    body.extend(add.replace.as_ref().map(|id| ("id".to_owned(), id.as_str().into())));
    let remote = Remote::new(&add.conditions.server)?;
    let kept = small_runtime()?.block_on(remote.post_json(PATH, &Value::Object(body)))?;
    if output.is_json() {
        output.json(&kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    output.text(&format!("{}\n", text(&kept, "id")))?;
    output.note(&format!(
        "{} until {}; it keeps {} alerts quiet that fire now",
        conditions_text(&kept),
        moment_text(&kept["ends_at"]).unwrap_or_default(),
        kept["matches"].as_u64().unwrap_or_default(),
    ));
    Ok(ExitCode::SUCCESS)
}

fn show(list: &ListSilences, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&list.server)?;
    let mut found = small_runtime()?.block_on(remote.get(PATH, &[]))?;
    if let Some(silences) = found["silences"].as_array_mut().filter(|_| !list.all) {
        silences.retain(|own| own["state"] != "expired");
    }
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let silences = found["silences"].as_array().map_or(&[][..], Vec::as_slice);
    let windows = found["windows"].as_array().map_or(&[][..], Vec::as_slice);
    if silences.is_empty() && windows.is_empty() {
        output.note("nothing is kept quiet; `plimsoll silence add` does that");
        return Ok(ExitCode::SUCCESS);
    }
    if !silences.is_empty() {
        let row = |own: &Value| {
            vec![
                text(own, "id").to_owned(),
                text(own, "state").to_owned(),
                moment_text(&own["starts_at"]).unwrap_or_default(),
                moment_text(&own["ends_at"]).unwrap_or_default(),
                one_line(text(own, "created_by")),
                own["matches"].as_u64().unwrap_or_default().to_string(),
                conditions_text(own),
                one_line(text(own, "reason")),
            ]
        };
        let head = ["id", "state", "from", "until", "by", "quiet now", "conditions", "why"];
        output.table(&head, silences.iter().map(row).collect())?;
    }
    if !windows.is_empty() {
        let row = |own: &Value| {
            let state = if own["active"] == true { "active" } else { "waiting" };
            let why = text(own, "reason").to_owned();
            vec![text(own, "name").to_owned(), state.to_owned(), conditions_text(own), why]
        };
        output
            .table(&["window", "state", "conditions", "why"], windows.iter().map(row).collect())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn end(command: &ExpireSilences, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let runtime = small_runtime()?;
    let mut ended = Vec::new();
    for id in &command.ids {
        if !id.chars().all(|own| own.is_ascii_alphanumeric() || own == '-') {
            return Err(Fault::new(Kind::Invalid, format!("{id:?} is no identity of a silence"))
                .help("`plimsoll silence list` shows those there are"));
        }
        ended.push(runtime.block_on(remote.delete(&format!("{PATH}/{id}")))?);
    }
    if output.is_json() {
        output.json(&json!({ "silences": ended }))?;
    } else {
        output.note(&format!("{} ended", ended.len()));
    }
    Ok(ExitCode::SUCCESS)
}

fn preview(conditions: &Conditions, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&conditions.server)?;
    let body = Value::Object(wish(conditions)?);
    let mut found =
        small_runtime()?.block_on(remote.post_json(&format!("{PATH}/preview"), &body))?;
    // Who wants it and why is asked when it is kept.
    if let Some(own) = found.as_object_mut() {
        own.remove("wrong");
    }
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let count = |name: &str| found[name].as_u64().unwrap_or_default();
    output.text(&format!(
        "{}: {} alerts that fire now; {} of the {} different ones of the last 24 hours\n",
        conditions_text(&found),
        count("firing"),
        count("matched"),
        count("seen"),
    ))?;
    for alert in found["alerts"].as_array().into_iter().flatten() {
        let line = format!(
            "{} {}: {}",
            text(alert, "severity"),
            text(alert, "name"),
            text(alert, "summary")
        );
        output.text(&format!("  {}\n", one_line(&line)))?;
    }
    for doubt in found["doubts"].as_array().into_iter().flatten() {
        output.text(&format!("needs --confirm: {}\n", doubt.as_str().unwrap_or_default()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn conditions_text(own: &Value) -> String {
    let matchers = own["matchers"].as_array().into_iter().flatten();
    one_line(&matchers.filter_map(Value::as_str).collect::<Vec<_>>().join(","))
}
