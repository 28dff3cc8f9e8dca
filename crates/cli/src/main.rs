//! The program people start.

mod args;
mod client;
mod commands;
mod fault;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command, ImportOf, objectives::BudgetCommand};
use output::Output;

/// Many threads take in what is sent; this one does not keep for each of them what was freed.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let output = Output::new(&arguments.common);
    let done = match arguments.command {
        Command::Serve(command) => commands::serve::run(command, &arguments.common),
        Command::Check(command) => commands::check::run(&command, &output),
        Command::Query(command) => commands::query::run(&command, &output),
        Command::Baseline(command) => commands::query::baseline::run(&command, &output),
        Command::Import(command) => match &command.of {
            Some(ImportOf::Alertmanager(of)) => commands::import::alertmanager::run(of, &output),
            Some(ImportOf::Calendar(of)) => commands::import::calendar::run(of, &output),
            Some(ImportOf::Openslo(of)) => commands::import::openslo::run(of, &output),
            None => commands::import::run(&command.samples, &output),
        },
        Command::Forecast(command) => commands::plan::forecast::run(&command, &output),
        Command::Plan(command) => commands::plan::run(&command, &output),
        Command::Objectives(command) => commands::objectives::list(&command, &output),
        Command::Budget(command) => match &command.command {
            BudgetCommand::Check(of) => commands::objectives::check(of, &output),
        },
        Command::Load(command) => commands::load::run(*command, &output),
        Command::Rules(command) => commands::rules::run(&command, &output),
        Command::Alerts(command) => commands::facts::alerts::run(&command, &output),
        Command::Silence(command) => commands::facts::silence::run(&command, &output),
        Command::Receivers(command) => commands::facts::alerts::receivers(&command, &output),
        Command::Heartbeat(command) => commands::facts::heartbeat::run(&command, &output),
        Command::Change(command) => commands::facts::change::run(&command, &output),
        Command::Audit(command) => commands::facts::audit::run(&command.command, &output),
        Command::Store(command) => commands::store::run(&command.command, &output),
        Command::Version => commands::words::version(&output),
        Command::Completions { shell } => commands::words::completions(shell, &output),
        Command::Man => commands::words::man(&output),
    };
    match done {
        Ok(code) => code,
        Err(fault) => {
            output.fault(&fault);
            ExitCode::from(fault.exit_code())
        }
    }
}
