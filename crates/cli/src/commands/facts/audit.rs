//! `plimsoll audit`: what happened, and whether anybody changed it from outside.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    process::ExitCode,
};

use jiff::Timestamp;
use journal::{Journal, JournalError, Verified, read_export};
use model::{Kind, Time};
use serde_json::json;

use crate::commands::{read_settings, serve::default_data, small_runtime};
use crate::{
    args::audit::{AuditCommand, Verify, Whose},
    fault::Fault,
    output::Output,
};

/// Does what was asked.
pub(crate) fn run(command: &AuditCommand, output: &Output) -> Result<ExitCode, Fault> {
    match command {
        AuditCommand::Verify(Verify { file: Some(file), .. }) => {
            let found = read_export(open(file)?);
            tell(&file.display().to_string(), found, output)
        }
        AuditCommand::Verify(Verify { whose, .. }) => {
            let (name, found) = small_runtime()?.block_on(async {
                let journal = look(whose).await?;
                let found = journal.verify().await;
                close(&journal).await?;
                Ok::<_, Fault>((journal.place().to_string(), found))
            })?;
            tell(&name, found, output)
        }
        AuditCommand::Export(whose) => small_runtime()?.block_on(async {
            let journal = look(whose).await?;
            let exported = export(&journal, output).await;
            close(&journal).await?;
            exported.map(|()| ExitCode::SUCCESS)
        }),
    }
}

fn fault(error: &JournalError) -> Fault {
    Fault::from_error(error.kind(), error)
}

/// The journal that the settings and the data folder speak of.
async fn look(whose: &Whose) -> Result<Journal, Fault> {
    let (settings, _) = read_settings(&whose.settings)?;
    let data = whose.data.data.clone().map_or_else(default_data, Ok)?;
    let place = server::journal_place(&settings, &data)
        .map_err(|error| Fault::from_error(error.kind(), &error))?;
    let opened = Journal::look_at(place, journal::Options::default()).await;
    opened.map_err(|error| match error {
        JournalError::Absent { .. } => fault(&error).help(
            "say where the data are with --data, and with --config what `plimsoll serve` was given",
        ),
        _ => fault(&error),
    })
}

async fn close(journal: &Journal) -> Result<(), Fault> {
    journal.close().await.map_err(|error| fault(&error))
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Fault> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("see {}", file.display()))
    })?;
    Ok(Box::new(BufReader::new(opened)))
}

async fn export(journal: &Journal, output: &Output) -> Result<(), Fault> {
    let (first, mut after) = journal.export_head().await.map_err(|error| fault(&error))?;
    output.text(&first)?;
    while let Some((lines, last)) =
        journal.export_after(after).await.map_err(|error| fault(&error))?
    {
        output.text(&lines)?;
        after = last;
    }
    Ok(())
}

/// Says what was checked, or where the chain breaks first.
fn tell(
    name: &str,
    found: Result<Verified, JournalError>,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let verified = match found {
        Ok(verified) => verified,
        Err(error @ (JournalError::Broken { .. } | JournalError::Export { .. })) => {
            return tell_broken(name, &error, output);
        }
        Err(error) => return Err(fault(&error)),
    };
    let Verified { events, pruned, from, to, head } = verified;
    if output.is_json() {
        output.json(&json!({
            "journal": name, "holds": true, "events": events, "pruned": pruned,
            "from": from.map(shown), "to": to.map(shown), "head": head.to_string(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let first = pruned.saturating_add(1);
    let last = pruned.saturating_add_unsigned(events);
    let span = match (from, to) {
        (Some(from), Some(to)) => {
            format!("events {first} to {last}, of {} to {}", shown(from), shown(to))
        }
        _ => "no events".to_owned(),
    };
    let gone = if pruned > 0 {
        format!("events up to {pruned} were let go of, and an event of the chain says so\n")
    } else {
        String::new()
    };
    let text = format!(
        "{name}: {span}: the chain holds\n{gone}head {head}: noted elsewhere, it shows later whether a whole chain was made anew\n"
    );
    output.text(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn tell_broken(name: &str, error: &JournalError, output: &Output) -> Result<ExitCode, Fault> {
    let (what, place, why) = match error {
        JournalError::Broken { seq, why } => ("event", *seq, *why),
        JournalError::Export { line, why } => {
            ("line", i64::try_from(*line).unwrap_or(i64::MAX), *why)
        }
        _ => return Err(fault(error)),
    };
    if output.is_json() {
        let mut document = json!({ "journal": name, "holds": false, "why": why });
        document[what] = place.into();
        output.json(&document)?;
    } else {
        output.text(&format!(
            "{name}: the chain breaks: {what} {place} {why}\nwhat comes before it is as it was recorded\n"
        ))?;
    }
    Ok(ExitCode::FAILURE)
}

fn shown(time: Time) -> String {
    Timestamp::from_millisecond(time.millis())
        .map_or_else(|_far| time.millis().to_string(), |at| at.to_string())
}
