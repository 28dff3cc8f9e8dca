//! What can be typed after `plimsoll load compare`.

use std::path::PathBuf;

use clap::Args;
use load::{Allowed, Budget};
use model::Share;

use super::{Cutting, Sent, capacity::resource};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no worse, 1 worse, 2 no reports, 4 nothing can be said: a run is invalid, ended early, \
                  was not steady or had another load."
)]
pub(crate) struct Compare {
    /// The run before: a report that --json wrote, or a folder of some.
    pub(crate) before: PathBuf,
    /// The run after. Of folders, the runs must have taken turns: before, after, before, after, five times each.
    pub(crate) after: PathBuf,
    /// Smaller changes matter to nobody.
    #[arg(long, value_name = "SHARE", default_value = "3%", value_parser = share)]
    pub(crate) relevant: Share,
    /// How much two runs of the same thing differ (standard deviation) beyond what one run shows of itself; several
    /// runs of each side show it themselves.
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = share)]
    pub(crate) noise: Share,
    /// Writes Markdown, for a comment on a change.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) impact: ImpactArguments,
    #[command(flatten)]
    pub(crate) line: LineArguments,
}

/// Whose load line is told what was found.
#[derive(Debug, Args)]
pub(crate) struct LineArguments {
    #[command(flatten)]
    pub(crate) sent: Sent,
    /// How many units of the service's load one request, or one journey of a search, is.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, requires = "service")]
    pub(crate) times: f64,
}

/// What a release takes from the machines.
#[derive(Debug, Args)]
pub(crate) struct ImpactArguments {
    /// Compares what each request takes of processor, memory, disk, network and connections, too, as a server saw it
    /// meanwhile: ours, or any Prometheus.
    #[arg(long = "impact", value_name = "URL")]
    pub(crate) from: Option<String>,
    /// A file with the token that server wants, and the one of --send.
    #[arg(long = "server-token-file", env = "PLIMSOLL_SERVER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// A resource and how much of it is in use, as PromQL, as in `cpu=sum(rate(process_cpu_seconds_total{job="shop"}[30s]))`;
    /// instead of the usual ones of node-exporter.
    #[arg(long = "resource", value_name = "NAME=PROMQL", requires = "from", value_parser = resource)]
    pub(crate) resources: Vec<(String, String)>,
    /// What each request may take of a resource: `cpu <= +5%` more than before, or `cpu <= 0.012` in its own unit.
    /// Fails where that is surely exceeded.
    #[arg(long = "budget", value_name = "RULE", requires = "from")]
    pub(crate) budgets: Vec<Budget>,
    #[command(flatten)]
    pub(crate) cutting: Cutting,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no worse, 1 worse, or a budget is exceeded, 2 wrong arguments, 4 refused, or nothing can be said."
)]
pub(crate) struct Gate {
    /// The plan whose target has the release before.
    pub(crate) before: PathBuf,
    /// The same load on a target that has the release after.
    pub(crate) after: PathBuf,
    /// Runs of each side, in turns: before, after, before, after …; five see a change of some 10 %.
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u8).range(3..=50))]
    pub(crate) runs: u8,
    /// Keeps the JSON reports in the folders `before` and `after` of this one.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
    /// Smaller changes matter to nobody.
    #[arg(long, value_name = "SHARE", default_value = "3%", value_parser = share)]
    pub(crate) relevant: Share,
    /// Writes Markdown, for a comment on a change.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Somebody besides this machine who may be asked, in addition to whom the plans allow.
    #[arg(long = "allow", value_name = "HOST|NETWORK")]
    pub(crate) allowed: Vec<Allowed>,
    /// With --send: the release that the side before has; --release is that of the side after.
    #[arg(long, value_name = "VERSION", requires = "to")]
    pub(crate) release_before: Option<String>,
    #[command(flatten)]
    pub(crate) impact: ImpactArguments,
    #[command(flatten)]
    pub(crate) line: LineArguments,
}

fn share(text: &str) -> Result<Share, String> {
    settings::parse_share(text).ok_or_else(|| "write a share, as in 3%".to_owned())
}
