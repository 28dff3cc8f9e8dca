//! `plimsoll rules test`

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use detect::rules::{
    self,
    trial::{Failure, Line, Mark, Options, Outcome, TestFile},
};
use model::Kind;
use regex::Regex;
use serde_json::{Value, json};

use super::{files, junit};
use crate::{args::rules::Test, fault::Fault, output::Output};

/// What became of a file of tests.
pub(super) struct Tried {
    /// The file as it was named.
    pub(super) name: String,
    /// How its tests went, or why it could not be read.
    pub(super) outcomes: Result<Vec<Outcome>, Fault>,
}

impl Tried {
    fn passed(&self) -> bool {
        self.outcomes
            .as_ref()
            .is_ok_and(|outcomes| outcomes.iter().all(|outcome| outcome.failures.is_empty()))
    }
}

/// Runs every file, shows how each went, and ends with 1 unless all is well.
pub(super) fn run(command: &Test, output: &Output) -> Result<ExitCode, Fault> {
    let options = Options { only: patterns(&command.run)?, dump: command.debug };
    let mut tried = Vec::new();
    for path in &command.files {
        let one = Tried { name: path.display().to_string(), outcomes: try_file(path, &options) };
        if !output.is_json() {
            show(&one, output)?;
        }
        tried.push(one);
    }
    if output.is_json() {
        let documents: Vec<Value> = tried.iter().map(document).collect();
        output.json(&json!({ "files": documents }))?;
    }
    if let Some(path) = &command.junit {
        fs::write(path, junit::report(&tried)).map_err(|error| {
            Fault::from_error(Kind::Invalid, &error).help(format!("writing {}", path.display()))
        })?;
    }
    Ok(if tried.iter().all(Tried::passed) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn patterns(texts: &[String]) -> Result<Vec<Regex>, Fault> {
    let one = |text: &String| {
        Regex::new(text).map_err(|error| {
            Fault::from_error(Kind::Invalid, &error).help("--run wants a regular expression")
        })
    };
    texts.iter().map(one).collect()
}

fn try_file(path: &Path, options: &Options) -> Result<Vec<Outcome>, Fault> {
    let name = path.display().to_string();
    let file = TestFile::parse(&name, &files::text(path)?).map_err(|mistakes| {
        Fault::new(Kind::Invalid, mistakes.render(crate::output::errors_in_colour()))
    })?;
    let base = path.parent().map(PathBuf::from).unwrap_or_default();
    let mut groups = Vec::new();
    for pattern in &file.rule_files {
        for path in server::files_matching(&base, pattern) {
            groups.push(files::groups(&path)?);
        }
    }
    Ok(file.run(&rules::join(groups), options))
}

/// A test's name, or its number if it has none.
pub(super) fn title(outcome: &Outcome) -> String {
    match outcome.name.as_str() {
        "" => format!("test {}", outcome.number),
        name => name.to_owned(),
    }
}

/// What a failure says, line by line.
pub(super) fn lines(failure: &Failure) -> Vec<Line> {
    let said = failure.error.iter().flat_map(|error| error.lines());
    let said = said.map(|text| Line { mark: Mark::Same, text: text.to_owned() });
    said.chain(failure.lines.iter().cloned()).collect()
}

fn show(tried: &Tried, output: &Output) -> Result<(), Fault> {
    let outcomes = match &tried.outcomes {
        Ok(outcomes) => outcomes,
        Err(fault) => {
            output.text(&format!("{}: cannot be run\n", tried.name))?;
            output.fault(fault);
            return Ok(());
        }
    };
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    let count = outcomes.len();
    let tests = if count == 1 { "test" } else { "tests" };
    let mut text = match failed {
        0 => format!("{}: {count} {tests} passed\n", tried.name),
        _ => format!("{}: {failed} of {count} {tests} failed\n", tried.name),
    };
    for outcome in outcomes {
        if outcome.failures.is_empty() && outcome.series.is_empty() {
            continue;
        }
        let verdict = if outcome.failures.is_empty() { "passed" } else { "failed" };
        add(&mut text, format_args!("\n  {} {verdict}\n", title(outcome)));
        for failure in &outcome.failures {
            add(&mut text, format_args!("    {}, at {}\n", failure.subject, failure.at));
            for line in lines(failure) {
                let style = style(line.mark);
                let (sign, told) = (line.mark.sign(), &line.text);
                add(&mut text, format_args!("      {style}{sign} {told}{style:#}\n"));
            }
        }
        for line in &outcome.series {
            add(&mut text, format_args!("    {}\n", line.text));
        }
    }
    output.text(&text)
}

/// Writing to a text cannot fail.
fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _infallible = text.write_fmt(words);
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Same => Style::new(),
        Mark::Missing => Style::new().fg_color(Some(AnsiColor::Red.into())),
        Mark::Surplus => Style::new().fg_color(Some(AnsiColor::Green.into())),
    }
}

fn document(tried: &Tried) -> Value {
    let outcomes = match &tried.outcomes {
        Ok(outcomes) => outcomes,
        Err(fault) => {
            return json!({ "file": tried.name, "passed": false, "error": fault.text, "tests": [] });
        }
    };
    let tests: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            let failures: Vec<Value> = outcome.failures.iter().map(failure).collect();
            let series: Vec<&str> = outcome.series.iter().map(|line| line.text.as_str()).collect();
            json!({
                "name": outcome.name,
                "number": outcome.number,
                "passed": outcome.failures.is_empty(),
                "failures": failures,
                "series": series,
            })
        })
        .collect();
    json!({ "file": tried.name, "passed": tried.passed(), "error": null, "tests": tests })
}

fn failure(failure: &Failure) -> Value {
    let line = |line: &Line| json!({ "mark": line.mark.word(), "text": line.text });
    json!({
        "subject": failure.subject,
        "at": failure.at.to_string(),
        "error": failure.error,
        "lines": failure.lines.iter().map(line).collect::<Vec<_>>(),
    })
}
