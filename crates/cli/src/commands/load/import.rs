//! `plimsoll load import`

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    process::ExitCode,
};

use load::Plan;
use model::Kind;

use super::write_file;
use crate::{args::load::Import, fault::Fault, output::Output};

/// Largest file that is read: recordings of an afternoon have some hundred megabytes.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// Makes a plan of a file.
pub(super) fn run(command: &Import, output: &Output) -> Result<ExitCode, Fault> {
    let is_piped = command.file == Path::new("-");
    let name =
        if is_piped { "standard input".to_owned() } else { command.file.display().to_string() };
    let mut bytes = Vec::new();
    let read = open(&command.file, is_piped)
        .and_then(|source| source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("cannot read {name}"))
    })?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Fault::new(Kind::Invalid, format!("{name} has more than 512 MiB")));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(Fault::new(Kind::Invalid, format!("{name} is empty")));
    }
    let how = load::Import {
        format: command.format,
        target: command.target.clone(),
        writes: command.writes,
        all_files: command.all_files,
    };
    let stem = command.file.file_stem().filter(|_| !is_piped);
    let title =
        stem.map_or_else(|| "imported".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let plan = load::import(&title, &String::from_utf8_lossy(&bytes), &how)
        .map_err(|error| Fault::new(error.kind(), format!("{name}: {error}")))?;
    // What cannot be read again was no import.
    Plan::parse(&name, &plan, Path::new(".")).map_err(|mistakes| {
        Fault::new(Kind::Invalid, mistakes.render(crate::output::errors_in_colour()))
            .help("the plan that came out has these mistakes; please report them")
    })?;
    match &command.to {
        Some(file) => write_file(file, &plan)?,
        None => output.text(&plan)?,
    }
    let to_do = plan.matches("# TO DO: ").count() + plan.matches("\"TO-DO\"").count();
    if to_do > 0 {
        output.note(&format!("{to_do} places are left to do: they are marked in the plan"));
    }
    Ok(ExitCode::SUCCESS)
}

fn open(file: &Path, is_piped: bool) -> io::Result<Box<dyn Read>> {
    if is_piped {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(file)?))
}
