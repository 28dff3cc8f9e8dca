//! `plimsoll load compare`, and a run against its baseline.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use load::{Kept, Outcome, Rules};
use model::Kind;

use super::write_file;
use crate::{args::load::Compare, fault::Fault, output::Output};

/// Largest report that is read: several times what ours can be.
const REPORT_BYTES_MAX: u64 = 64 << 20;
/// Most reports of one side.
const REPORTS_MAX: usize = 100;

/// Compares runs that were kept.
pub(super) fn run(command: &Compare, output: &Output) -> Result<ExitCode, Fault> {
    let (before, after) = (reports(&command.before)?, reports(&command.after)?);
    let rules = Rules {
        relevant: command.relevant.value(),
        noise: command.noise.value(),
        ..Rules::default()
    };
    let outcome = load::compare(&before, &after, rules);
    if let Some(file) = &command.markdown {
        write_file(file, &load::compared_markdown(&outcome))?;
    }
    if output.is_json() {
        output.json(&load::compared_json(&outcome))?;
    } else {
        output.text(&load::compared_text(&outcome))?;
    }
    Ok(ExitCode::from(outcome.word().exit_code()))
}

/// A run that has just been made against the one that was kept.
pub(super) fn with_baseline(file: &Path, report: &serde_json::Value) -> Result<Outcome, Fault> {
    let before = report_of(file)?;
    let after =
        Kept::of("this run", report).map_err(|error| Fault::from_error(error.kind(), &error))?;
    Ok(load::compare(&[before], &[after], Rules::default()))
}

/// One report, or all of a folder in the order of their names.
fn reports(path: &Path) -> Result<Vec<Kept>, Fault> {
    if !path.is_dir() {
        return Ok(vec![report_of(path)?]);
    }
    let cannot = |error: std::io::Error| {
        Fault::from_error(Kind::Missing, &error).help(format!("cannot read {}", path.display()))
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    if files.is_empty() || files.len() > REPORTS_MAX {
        let text = format!(
            "{} holds {} reports (*.json); it takes 1 to {REPORTS_MAX}",
            path.display(),
            files.len()
        );
        return Err(Fault::new(Kind::Invalid, text));
    }
    files.sort();
    files.iter().map(|file| report_of(file)).collect()
}

fn report_of(file: &Path) -> Result<Kept, Fault> {
    let name = file.display().to_string();
    let mut text = String::new();
    let read = File::open(file)
        .and_then(|opened| opened.take(REPORT_BYTES_MAX + 1).read_to_string(&mut text));
    read.map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("cannot read {name}"))
    })?;
    if text.len() as u64 > REPORT_BYTES_MAX {
        return Err(Fault::new(Kind::Invalid, format!("{name} is too large to be a report")));
    }
    Kept::parse(&name, &text).map_err(|error| Fault::from_error(error.kind(), &error))
}
