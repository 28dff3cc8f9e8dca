//! What can be typed after `plimsoll objectives` and `plimsoll budget`.

use clap::{Args, Subcommand};

use super::Server;

#[derive(Debug, Args)]
pub(crate) struct Objectives {
    /// An objective's name or part of its title; all objectives if not given.
    pub(crate) objective: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Budget {
    #[command(subcommand)]
    pub(crate) command: BudgetCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BudgetCommand {
    /// Asks whether enough is left of error budgets to release. Ends with 3 if not, and says why.
    Check(BudgetCheck),
}

#[derive(Debug, Args)]
pub(crate) struct BudgetCheck {
    /// Names of objectives; all of which something is known if none is given.
    pub(crate) names: Vec<String>,
    /// The least part of the budget that must be left, as in `10%`.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(crate) min_left: String,
    /// A budget that burns too fast right now is not enough either.
    #[arg(long)]
    pub(crate) not_burning: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}
