//! What can be typed after `plimsoll rules`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Server, Settings};

#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Lists the rules that a server has loaded, how each goes and what it costs.
    List(List),
    /// Reads rule files and shows every mistake at once. Ends with 2 if there is any.
    Check(Files),
    /// Runs unit tests of rules, in the files that `promtool test rules` takes. Ends with 1 if a test fails or a file
    /// cannot be read.
    Test(Test),
    /// Says how often alerting rules would have fired over some past, and how many pages that would have been.
    Replay(Replay),
    /// Writes the rules and the resources' lines as a Prometheus rule file, for a Prometheus beside us.
    Export(Settings),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only the groups of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// Only rules in this state: firing, pending or failing.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Files {
    /// Rule files: Prometheus' own, or manifests of its operator.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files of tests. The rule files they name stand relative to them.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Runs only tests whose name this regular expression finds; may be given more than once.
    #[arg(long, value_name = "REGEX")]
    pub(crate) run: Vec<String>,
    /// Shows every series at the end of each test.
    #[arg(long)]
    pub(crate) debug: bool,
    /// Also writes the results to this file, in the XML that most build servers read.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Rule files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// From when on: a length of time before now, a moment in RFC 3339, or seconds since 1970.
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub(crate) from: String,
    /// Until when; now if not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// From one evaluation to the next, of groups that do not say it.
    #[arg(long, value_name = "DURATION", default_value = "1m")]
    pub(crate) interval: String,
}
