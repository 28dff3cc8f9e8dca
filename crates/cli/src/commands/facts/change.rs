//! `plimsoll change`: tells a server what is changed, and lists what was.

use std::process::ExitCode;

use clap::ValueEnum as _;
use jiff::Timestamp;
use model::Kind;
use serde_json::{Map, Value};
use settings::parse_duration;

use crate::{
    args::change::{Add, Change, ChangeCommand, List},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

const PATH: &str = "/api/plimsoll/v1/changes";

pub(crate) fn run(command: &Change, output: &Output) -> Result<ExitCode, Fault> {
    match &command.command {
        ChangeCommand::Add(add) => tell(add, output),
        ChangeCommand::List(list) => show(list, output),
    }
}

fn tell(add: &Add, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&add.server)?;
    let at = add.at.as_deref().map(|text| moment(text, "--at")).transpose()?;
    let body = document(add, at);
    let told = small_runtime()?.block_on(remote.post_json(PATH, &body))?;
    if output.is_json() {
        output.json(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |name: &str| told["change"][name].as_str().unwrap_or_default().to_owned();
    let outcome = match told["outcome"].as_str() {
        Some("new") => "noted",
        Some("updated") => "noted, more of a change that was known",
        Some("known") => "known already",
        _ => "told too often; left as it is",
    };
    output.text(&format!("{}: {}: {outcome}\n", text("subject"), text("text")))?;
    Ok(ExitCode::SUCCESS)
}

/// The change as the server takes it; what is not given is left out.
fn document(add: &Add, at: Option<i64>) -> Value {
    let mut body = Map::new();
    let texts = [
        ("kind", add.kind.to_possible_value().map(|own| own.get_name().to_owned())),
        ("service", Some(add.service.clone())),
        ("version", add.version.clone()),
        ("environment", add.environment.clone()),
        ("revision", add.revision.clone()),
        ("actor", add.actor.clone()),
        ("url", add.url.clone()),
        ("text", add.text.clone()),
        ("key", add.key.clone()),
        (
            "status",
            add.status
                .and_then(|own| own.to_possible_value())
                .map(|own| own.get_name().replace('-', "_")),
        ),
    ];
    for (name, text) in texts {
        body.extend(text.map(|text| (name.to_owned(), text.into())));
    }
    body.extend(at.map(|at| ("at".to_owned(), at.into())));
    body.extend(add.unplanned.then(|| ("planned".to_owned(), false.into())));
    Value::Object(body)
}

fn show(list: &List, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&list.server)?;
    let kinds = list.kind.join(",");
    let since = moment(&list.since, "--since")?.to_string();
    let until = list.until.as_deref().map(|text| moment(text, "--until")).transpose()?;
    let until = until.map(|until| until.to_string());
    let limit = list.limit.to_string();
    let mut query = vec![("since", since.as_str()), ("limit", limit.as_str())];
    query.extend(until.as_deref().map(|until| ("until", until)));
    query.extend(list.service.as_deref().map(|service| ("service", service)));
    query.extend((!kinds.is_empty()).then_some(("kind", kinds.as_str())));
    let found = small_runtime()?.block_on(remote.get(PATH, &query))?;
    if output.is_json() {
        output.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let changes = found["changes"].as_array().map_or(&[][..], Vec::as_slice);
    if changes.is_empty() {
        output.note("nothing was changed; `plimsoll change add` tells of something");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |own: &Value| {
        let text = |name: &str| own[name].as_str().unwrap_or_default().to_owned();
        let at = own["at"].as_i64().unwrap_or_default();
        let at = Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), seconds);
        vec![at, text("kind"), text("subject"), text("text")]
    };
    output.table(&["at", "kind", "of", "what"], changes.iter().map(row).collect())?;
    Ok(ExitCode::SUCCESS)
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment in milliseconds since 1970: RFC 3339, seconds, or how long before now.
fn moment(text: &str, option: &str) -> Result<i64, Fault> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds.saturating_mul(1_000));
    }
    let before = parse_duration(text).ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("{option} {text}: this is no moment")).help(
            "write 2026-11-21T14:00:00Z, seconds since 1970, or a duration before now such as 2h",
        )
    })?;
    Ok(Timestamp::now().as_millisecond().saturating_sub(before.as_millis()))
}
