//! `plimsoll rules`

mod check;
mod export;
mod files;
mod junit;
mod list;
mod replay;
mod test;

use std::process::ExitCode;

use crate::{
    args::rules::{Rules, RulesCommand},
    fault::Fault,
    output::Output,
};

/// Works with rule files.
pub(crate) fn run(command: &Rules, output: &Output) -> Result<ExitCode, Fault> {
    match &command.command {
        RulesCommand::List(wanted) => list::run(wanted, output),
        RulesCommand::Check(files) => check::run(files, output),
        RulesCommand::Test(wanted) => test::run(wanted, output),
        RulesCommand::Replay(wanted) => replay::run(wanted, output),
        RulesCommand::Export(settings) => export::run(settings, output),
    }
}
