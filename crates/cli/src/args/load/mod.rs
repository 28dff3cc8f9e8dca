//! What can be typed after `plimsoll load`.

mod capacity;
mod compare;
mod import;

use std::path::PathBuf;

pub(crate) use capacity::Capacity;
use clap::{Args, Subcommand, ValueEnum};
pub(crate) use compare::Compare;
pub(crate) use import::Import;
use load::{Allowed, Shape, Threshold};
use model::Span;

/// Which requests share a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConnectionsWord {
    /// Any: as a service with a connection pool asks.
    Shared,
    /// Those of one user: as browsers ask.
    PerUser,
    /// None: each request makes its own.
    New,
}

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exit codes: 0 passed, 1 a rule was broken, 2 wrong arguments, 4 refused, or the run cannot be \
                  believed, 5 the target never answered."
)]
pub(crate) struct Load {
    #[command(subcommand)]
    pub(crate) command: Option<LoadCommand>,
    #[command(flatten)]
    pub(crate) quick: QuickLoad,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LoadCommand {
    /// Runs a plan from a file: journeys of several steps, feeds, checks, rules.
    Run(Box<RunPlan>),
    /// Reads a plan and shows every mistake at once; contacts nobody.
    Check {
        /// The plan.
        plan: PathBuf,
    },
    /// Makes a plan of a recording, a description, a collection, an access log or command lines; contacts nobody.
    Import(Import),
    /// Finds the highest rate at which the objectives still hold, as a bracket, and names what ran out.
    Capacity(Box<Capacity>),
    /// Compares runs before with runs after by their JSON reports, and says what the comparison could have seen.
    Compare(Compare),
}

#[derive(Debug, Args)]
pub(crate) struct RunPlan {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// Somebody besides this machine who may be asked, in addition to whom the plan allows.
    #[arg(long = "allow", value_name = "HOST|NETWORK")]
    pub(crate) allowed: Vec<Allowed>,
    #[command(flatten)]
    pub(crate) profile: ProfileArguments,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// A ready-made load in place of one's own.
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    /// `baseline` (50/s for 5 min), `progressive` (100, 250, 500, 750, 1000/s for 3 min each), `spike` (100/s for 5 min,
    /// 2000/s for 2 min, 100/s for 3 min, with the time until all is as before), or `sustained` (80 % of --capacity for
    /// 30 min, watched for what grows). A plan's scenarios keep their shares.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<Shape>,
    /// Divides the durations of the profile, never its rates; the report is stamped, and is no baseline.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, requires = "profile")]
    pub(crate) compress: f64,
    /// Journeys a second that the target bears, as `plimsoll load capacity` finds it.
    #[arg(long, value_name = "PER-SECOND", requires = "profile")]
    pub(crate) capacity: Option<f64>,
    #[command(flatten)]
    pub(crate) watching: Watching,
}

/// A server that watches the target meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Watching {
    /// A server that watches the target, ours or any Prometheus: the sustained profile looks there for what grows.
    #[arg(long = "from", value_name = "URL")]
    pub(crate) from: Option<String>,
    /// A file with the token that server wants.
    #[arg(long = "server-token-file", value_name = "FILE", requires = "from")]
    pub(crate) token_file: Option<PathBuf>,
    /// What to look at, as PromQL, as in `heap=jvm_memory_used_bytes`; instead of the memory, file handles and resources
    /// that the server knows.
    #[arg(long = "resource", value_name = "NAME=PROMQL", requires = "from", value_parser = capacity::resource)]
    pub(crate) resources: Vec<(String, String)>,
}

/// Files that are written at the end, besides what is said.
#[derive(Debug, Args)]
pub(crate) struct Reports {
    /// Writes a page that needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Writes the JSON report, which later runs are compared with.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the percentiles in the format of HDR histograms (.hgrm).
    #[arg(long, value_name = "FILE")]
    pub(crate) hgrm: Option<PathBuf>,
    /// Compares with the JSON report of an earlier run of the same load, and fails where this one is worse.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Writes JUnit XML: one test case for each rule.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Writes Markdown, for a comment on a change.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// A load test of one address.
#[derive(Debug, Args)]
pub(crate) struct QuickLoad {
    /// The address to ask for. This machine may always be asked, others only if --allow names them.
    #[arg(value_name = "URL", required = true)]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) much: Much,
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// What must hold in the end, such as `response p99 < 500ms`, `errors < 1%` or `throughput > 450/s`; with
    /// `in every 10s` behind it, in each stretch of that length.
    #[arg(long = "threshold", value_name = "RULE")]
    pub(crate) thresholds: Vec<Threshold>,
    #[command(flatten)]
    pub(crate) profile: ProfileArguments,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// How much load.
#[derive(Debug, Args)]
pub(crate) struct Much {
    /// Requests a second, sent when they are due, however the target does (open model).
    #[arg(long, value_name = "PER-SECOND", required_unless_present_any = ["users", "profile"], conflicts_with = "profile")]
    pub(crate) rate: Option<f64>,
    /// This many users instead, each of whom waits for the answer before asking again (closed model): a target that
    /// slows down is asked less, and looks better than it is.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["rate", "profile"])]
    pub(crate) users: Option<u32>,
    /// For how long.
    #[arg(long = "for", value_name = "DURATION", default_value = "30s", value_parser = length, conflicts_with = "profile")]
    pub(crate) length: Span,
    /// The rate, or the number of users, grows from nought for so long first.
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = length, conflicts_with = "profile")]
    pub(crate) ramp: Span,
    /// Requests come by chance, as independent people do, instead of evenly.
    #[arg(long, conflicts_with = "users")]
    pub(crate) poisson: bool,
    /// Where chance starts; the same seed gives the same load.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What is asked.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// The method.
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    pub(crate) method: String,
    /// A header.
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// A text that is sent along.
    #[arg(long, value_name = "TEXT", conflicts_with = "body_file")]
    pub(crate) body: Option<String>,
    /// A file that is sent along.
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// How long an answer may take.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = length)]
    pub(crate) timeout: Span,
}

/// How it is sent.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Somebody besides this machine who may be asked: a host, `*.domain` or a network.
    #[arg(long = "allow", value_name = "HOST|NETWORK")]
    pub(crate) allowed: Vec<Allowed>,
    /// Which requests share a connection.
    #[arg(long, value_enum, default_value_t = ConnectionsWord::Shared)]
    pub(crate) connections: ConnectionsWord,
    /// Speaks HTTP/2; without TLS the target must expect it.
    #[arg(long)]
    pub(crate) http2: bool,
    /// Requests on their way at once; beyond that they wait, and their waiting is counted.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) in_flight: u32,
    /// Threads that send; one less than there are processors if not given.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) workers: Option<u8>,
    /// A file with certificate authorities to trust besides those of the system.
    #[arg(long, value_name = "FILE")]
    pub(crate) authorities: Option<PathBuf>,
    /// Accepts any certificate.
    #[arg(long)]
    pub(crate) insecure_skip_verify: bool,
}

fn length(text: &str) -> Result<Span, String> {
    settings::parse_duration(text).filter(|span| *span <= Span::days(7)).ok_or_else(|| {
        "write a number and a unit, as in 250ms, 15s or 1h30m; at most 7d".to_owned()
    })
}
