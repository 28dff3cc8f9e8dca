//! `plimsoll load compare`, and a run against its baseline.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use load::{Impact, Kept, Outcome, Rules, Seen};
use model::Kind;

use super::{capacity, send, watched, write_file};
use crate::{
    args::{
        Server,
        load::{Compare, ImpactArguments, LineArguments},
    },
    client::Remote,
    fault::Fault,
    output::Output,
};

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
        ..command.impact.cutting.rules()
    };
    let outcome = load::compare(&before, &after, rules);
    let remote = send::told_to(&command.line.sent, command.impact.token_file.as_ref())?;
    capacity::needs_service(&command.line, remote.is_some())?;
    if remote.is_some() && command.impact.from.is_none() {
        return Err(Fault::new(Kind::Invalid, "there is nothing to tell a load line of")
            .help("ask what the release takes as well: --impact URL"));
    }
    let impact = impact_of(&command.impact, (&before, &after), rules)?;
    let code = tell(&outcome, impact.as_ref(), command.markdown.as_deref(), output)?;
    if let (Some(remote), Some(impact)) = (&remote, &impact) {
        tell_line(remote, &command.line, (impact, None), output)?;
    }
    Ok(code)
}

/// Tells a server what a release takes, if anything can be said of it.
pub(super) fn tell_line(
    remote: &Remote,
    line: &LineArguments,
    (impact, run): (&Impact, Option<&str>),
    output: &Output,
) -> Result<(), Fault> {
    if impact.resources.is_empty() {
        output
            .note("the load line was told nothing: nothing can be said of what the release takes");
        return Ok(());
    }
    let document = load::impact_json(impact);
    let Some(to) = send::ToLine::of(line, run) else { return Ok(()) };
    send::tell_line(remote, &to, &document, output)
}

/// A comparison with what the release takes, as one document.
pub(super) fn document(outcome: &Outcome, impact: Option<&Impact>) -> serde_json::Value {
    let mut document = load::compared_json(outcome);
    if let Some(impact) = impact {
        document["impact"] = load::impact_json(impact);
    }
    document
}

/// What a comparison comes to, and what the release takes; the worse of both decides.
pub(super) fn tell(
    outcome: &Outcome,
    impact: Option<&Impact>,
    markdown: Option<&Path>,
    output: &Output,
) -> Result<ExitCode, Fault> {
    if let Some(file) = markdown {
        write_file(file, &load::compared_markdown(outcome))?;
    }
    if output.is_json() {
        output.json(&document(outcome, impact))?;
    } else {
        output.text(&load::compared_text(outcome))?;
        if let Some(impact) = impact {
            output.text(&format!("\n{}", load::impact_text(impact)))?;
        }
    }
    let beside = impact.map_or(0, Impact::exit_code);
    Ok(ExitCode::from(outcome.word().exit_code().max(beside)))
}

/// What each request takes of each resource, if anybody asks.
pub(super) fn impact_of(
    asked: &ImpactArguments,
    (before, after): (&[Kept], &[Kept]),
    rules: Rules,
) -> Result<Option<Impact>, Fault> {
    let Some(server) = asked.from.clone() else { return Ok(None) };
    let server = Server { server, token_file: asked.token_file.clone() };
    let wanted = watched::asked(&asked.resources, &watched::TAKEN);
    let see = |runs: &[Kept]| -> Result<Vec<Seen>, Fault> {
        let each = runs.iter().map(|run| {
            let resources = watched::watched(&server, &wanted, run.between())?;
            Ok(Seen { run: run.clone(), resources })
        });
        each.collect()
    };
    Ok(Some(load::impact(&see(before)?, &see(after)?, &asked.budgets, rules)))
}

/// A run that has just been made against the one that was kept.
pub(super) fn with_baseline(before: Kept, report: &serde_json::Value) -> Result<Outcome, Fault> {
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

/// One report that was kept.
pub(super) fn report_of(file: &Path) -> Result<Kept, Fault> {
    Kept::parse(&file.display().to_string(), &text_of(file)?)
        .map_err(|error| Fault::from_error(error.kind(), &error))
}

/// The text of a report.
pub(super) fn text_of(file: &Path) -> Result<String, Fault> {
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
    Ok(text)
}
