//! `plimsoll store`: looks at the files of a store, beside a running server or without one.

mod export;
mod top;

use std::{path::PathBuf, process::ExitCode};

use ::store::{StoreError, survey};
use journal::Journal;
use model::Kind;
use serde_json::{Value, json};

use super::{serve::default_data, small_runtime};
use crate::{
    args::{
        Server,
        store::{Data, Place, Snapshot, StoreCommand},
    },
    client::Remote,
    fault::Fault,
    output::Output,
};

/// Does what was asked.
pub(crate) fn run(command: &StoreCommand, output: &Output) -> Result<ExitCode, Fault> {
    match command {
        StoreCommand::Verify(data) => verify(data, output),
        StoreCommand::Inspect(data) => inspect(data, output),
        StoreCommand::Snapshot(command) => snapshot(command, output),
        StoreCommand::Export(command) => export::run(command, output),
        StoreCommand::Top(command) => top::run(command, output),
    }
}

/// The folder with the samples.
fn place(data: &Data) -> Result<PathBuf, Fault> {
    let data = data.data.clone().map_or_else(default_data, Ok)?;
    let place = data.join("metrics");
    if place.join("FORMAT").is_file() {
        return Ok(place);
    }
    Err(Fault::new(Kind::Missing, format!("there is no store in {}", place.display()))
        .help("say where the data are with --data, as for `plimsoll serve`"))
}

/// The server that was named.
fn remote(place: &Place) -> Result<Remote, Fault> {
    let server = place.server.clone().unwrap_or_default();
    Remote::new(&Server { server, token_file: place.token_file.clone() })
}

fn fault(error: &StoreError) -> Fault {
    Fault::from_error(error.kind(), error)
}

fn verify(data: &Data, output: &Output) -> Result<ExitCode, Fault> {
    let place = place(data)?;
    let talk = output.shows_progress();
    let found = survey::verify(&place, |path| {
        if talk {
            output.note(&format!("reading {}", path.display()));
        }
    })
    .map_err(|error| fault(&error))?;
    if output.is_json() {
        let flaws: Vec<_> = found
            .flaws
            .iter()
            .map(|flaw| {
                json!({
                    "file": flaw.path, "offset": flaw.offset, "what": flaw.what,
                    "series": flaw.series, "samples": flaw.samples, "named": flaw.named,
                })
            })
            .collect();
        output.json(&json!({
            "files": found.files, "bytes": found.bytes, "samples": found.samples, "flaws": flaws,
        }))?;
    } else {
        for flaw in &found.flaws {
            let at = flaw.offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
            output.text(&format!("{}{at}: {}\n", flaw.path.display(), flaw.what))?;
            let lost =
                flaw.samples.map_or_else(|| "samples".to_owned(), |own| format!("{own} samples"));
            if flaw.series > 0 {
                output.text(&format!("  it costs {lost} of {} series:\n", flaw.series))?;
            }
            for series in &flaw.named {
                output.text(&format!("    {series}\n"))?;
            }
            if flaw.series > flaw.named.len() as u64 && !flaw.named.is_empty() {
                output.text("    …\n")?;
            }
        }
        output.text(&format!(
            "{} files, {} samples, {}: {}\n",
            found.files,
            found.samples,
            bytes(found.bytes),
            match found.flaws.len() {
                0 => "nothing is damaged".to_owned(),
                1 => "1 damage".to_owned(),
                more => format!("{more} damages"),
            }
        ))?;
    }
    Ok(if found.flaws.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn inspect(data: &Data, output: &Output) -> Result<ExitCode, Fault> {
    let found = survey::inspect(&place(data)?).map_err(|error| fault(&error))?;
    let each = |bytes: u64, samples: u64| bytes as f64 / samples.max(1) as f64;
    if output.is_json() {
        let days: Vec<_> = found
            .days
            .iter()
            .map(|day| {
                json!({
                    "day": day.day, "parts": day.parts, "indexes": day.indexes, "series": day.series,
                    "samples": day.samples, "histograms": day.histograms, "coarse": day.coarse, "blocks": day.blocks,
                    "part_bytes": day.part_bytes, "index_bytes": day.index_bytes,
                })
            })
            .collect();
        output.json(&json!({
            "format": found.format, "samples": found.samples(), "bytes": found.bytes(),
            "log_segments": found.log_segments, "log_bytes": found.log_bytes, "days": days,
            "quarantined": found.quarantined,
            "unreadable": found.unreadable.iter().map(|(file, what)| json!({ "file": file, "what": what })).collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = found.days.iter().map(|day| {
        let all = day.part_bytes + day.index_bytes;
        vec![
            day.day.clone(),
            day.parts.to_string(),
            day.indexes.to_string(),
            day.series.to_string(),
            day.samples.to_string(),
            day.histograms.to_string(),
            day.coarse.to_string(),
            bytes(day.part_bytes),
            bytes(day.index_bytes),
            format!("{:.2}", each(all, day.samples)),
        ]
    });
    let head = [
        "day",
        "parts",
        "indexes",
        "series",
        "samples",
        "histograms",
        "coarse",
        "parts' size",
        "indexes' size",
        "bytes/sample",
    ];
    output.table(&head, rows.collect())?;
    output.text(&format!(
        "{}: {} samples in {}, {:.2} bytes a sample; log {} in {} pieces\n",
        found.format,
        found.samples(),
        bytes(found.bytes()),
        each(found.bytes(), found.samples()),
        bytes(found.log_bytes),
        found.log_segments
    ))?;
    for (file, what) in &found.unreadable {
        output.text(&format!("cannot be read: {file}: {what}\n"))?;
    }
    for name in &found.quarantined {
        output.text(&format!("set aside as damaged: {name}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn snapshot(command: &Snapshot, output: &Output) -> Result<ExitCode, Fault> {
    let Some(folder) = &command.to else {
        let remote = remote(&command.place)?;
        let made = small_runtime()?.block_on(remote.post("/api/plimsoll/v1/store/snapshots"))?;
        return tell_snapshot(&made, output);
    };
    let place = place(&command.place.data)?;
    if folder.try_exists().unwrap_or_default() {
        let text = format!("{} is there already", folder.display());
        return Err(Fault::new(Kind::Conflict, text).help("name a folder that is not there yet"));
    }
    let made = survey::snapshot(&place, &folder.join("metrics")).map_err(|error| fault(&error))?;
    let journal = place.with_file_name("journal.db");
    let copy = folder.join("journal.db");
    let copied = small_runtime()?
        .block_on(Journal::copy_file(&journal, &copy))
        .map_err(|error| Fault::from_error(error.kind(), &error))?;
    let document = json!({
        "folder": folder, "linked": made.linked, "linked_bytes": made.linked_bytes,
        "copied_bytes": made.copied_bytes, "journal": copied,
    });
    tell_snapshot(&document, output)
}

fn tell_snapshot(made: &Value, output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(made)?;
    } else {
        let number = |name: &str| made[name].as_u64().unwrap_or_default();
        output.text(&format!(
            "{}: {} files shared ({}), {} of log copied{}\n",
            made["folder"].as_str().unwrap_or_default(),
            number("linked"),
            bytes(number("linked_bytes")),
            bytes(number("copied_bytes")),
            if made["journal"].as_bool() == Some(true) { ", the journal too" } else { "" }
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A number of bytes as people read it.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}
