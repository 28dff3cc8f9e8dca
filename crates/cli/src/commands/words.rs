//! `plimsoll version`, `completions` and `man`

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use model::Kind;
use serde_json::json;

use crate::{args::Arguments, fault::Fault, output::Output};

/// Which version this is.
pub(crate) fn version(output: &Output) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(&json!({ "name": "plimsoll", "version": server::VERSION }))?;
    } else {
        output.text(&format!("plimsoll {}\n", server::VERSION))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A completion script. Made in memory first, so that a closed pipe breaks nothing.
pub(crate) fn completions(shell: Shell, output: &Output) -> Result<ExitCode, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "plimsoll", &mut script);
    output.text(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// The manual page, commands included.
pub(crate) fn man(output: &Output) -> Result<ExitCode, Fault> {
    let mut page = Vec::new();
    let mut command = Arguments::command();
    command.build();
    let failed = |error: std::io::Error| Fault::from_error(Kind::Internal, &error);
    Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for own in command.get_subcommands().filter(|own| own.get_name() != "help") {
        Man::new(own.clone()).render(&mut page).map_err(failed)?;
    }
    output.text(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::SUCCESS)
}
