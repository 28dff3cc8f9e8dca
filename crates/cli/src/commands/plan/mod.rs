//! `plimsoll plan` and `plimsoll forecast`

mod columns;
pub(crate) mod forecast;
mod line;
mod rightsize;
mod scenario;
mod table;

use std::process::ExitCode;

use crate::{
    args::plan::{Plan, PlanCommand},
    fault::Fault,
    output::Output,
};

/// Plans capacity.
pub(crate) fn run(command: &Plan, output: &Output) -> Result<ExitCode, Fault> {
    match &command.command {
        PlanCommand::Line(wanted) => line::run(wanted, output),
        PlanCommand::Table(wanted) => table::run(wanted, output),
        PlanCommand::Scenario(wanted) => scenario::run(wanted, output),
        PlanCommand::Rightsize(wanted) => rightsize::run(wanted, output),
    }
}
