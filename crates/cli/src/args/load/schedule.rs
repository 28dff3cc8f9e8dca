//! What can be typed after `plimsoll load schedule` and `plimsoll load runner`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use load::Allowed;

use crate::args::Server;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 2 wrong arguments, 4 refused, or no such schedule, 5 no server."
)]
pub(crate) struct Schedule {
    #[command(subcommand)]
    pub(crate) command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Says when a plan could run and what speaks against it; plans it with --apply.
    Add(Box<ScheduleAdd>),
    /// Lists those that are to come, and those that were over lately.
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Approves one: not the person who planned it.
    Approve {
        /// The schedule's id.
        id: String,
        /// Who approves it.
        #[arg(long, env = "USER", value_name = "NAME", hide_env = true)]
        by: String,
        #[command(flatten)]
        server: Server,
    },
    /// Takes one back that has not begun.
    Cancel {
        /// The schedule's id.
        id: String,
        #[command(flatten)]
        server: Server,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ScheduleAdd {
    /// The plan; files that it names go along.
    pub(crate) plan: PathBuf,
    /// When: RFC 3339, as in 2026-11-23T02:00:00Z; the next time that the server allows if not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The service it is about.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// The release that is tested.
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    /// Who plans it.
    #[arg(long, env = "USER", value_name = "NAME", hide_env = true)]
    pub(crate) by: String,
    /// A target of the plan, typed once more: `--confirm https://staging.example.org`. Each has to be.
    #[arg(long, value_name = "TARGET")]
    pub(crate) confirm: Vec<String>,
    /// The plan has no baseline yet, and this run is to become it.
    #[arg(long)]
    pub(crate) first: bool,
    /// Plans it, instead of only saying what would be.
    #[arg(long)]
    pub(crate) apply: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Runner {
    /// Somebody besides this machine who may be put under load from here, whatever a plan says.
    #[arg(long = "allow", value_name = "HOST|NETWORK")]
    pub(crate) allowed: Vec<Allowed>,
    /// Who this runner is, in the journal.
    #[arg(long, value_name = "NAME", default_value = "runner")]
    pub(crate) by: String,
    /// Ends after one load test, with its exit code.
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}
