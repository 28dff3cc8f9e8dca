//! `plimsoll plan` and `plimsoll forecast`

mod benefit;
mod columns;
pub(crate) mod forecast;
mod frozen;
mod line;
mod scenario;
mod server;
mod sizes;
mod suggest;
mod table;

use std::process::ExitCode;

use model::Unit;

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
        PlanCommand::Rightsize(wanted) => sizes::run(wanted, output),
        PlanCommand::Quotas(wanted) => server::quotas(wanted, output),
        PlanCommand::Findings { server: wanted } => server::findings(wanted, output),
        PlanCommand::Benefit(wanted) => benefit::run(wanted, output),
        PlanCommand::Tested(wanted) => server::tested(wanted, output),
    }
}

/// An amount with what money is called, as far as the price list says.
fn money_in(amount: f64, currency: &str) -> String {
    let amount = Unit::Count.say(amount);
    if currency.is_empty() { amount } else { format!("{amount} {currency}") }
}
