//! What can be typed after `plimsoll load`.

mod capacity;
mod compare;
mod import;
mod later;
mod schedule;

use std::{net::SocketAddr, path::PathBuf};

pub(crate) use capacity::Capacity;
use clap::{Args, Subcommand, ValueEnum};
pub(crate) use compare::{Compare, Gate, ImpactArguments, LineArguments};
pub(crate) use import::Import;
pub(crate) use later::SendLater;
use load::{Allowed, Shape, Threshold};
use model::Span;
pub(crate) use schedule::{Runner, Schedule, ScheduleAdd, ScheduleCommand};

use super::Server;

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
    Compare(Box<Compare>),
    /// Makes several runs of two releases in turns and says whether the second is worse: the gate of a release.
    Gate(Box<Gate>),
    /// Sends a gate that `load gate --into` kept, or a report of --json, to a server that was not told of it, or away.
    Send(SendLater),
    /// Sends its part of a load that another machine coordinates (`load run --workers`).
    Worker(WorkerArguments),
    /// Schedules load tests on a server: dry first, told a day before, approved by somebody else.
    Schedule(Schedule),
    /// Waits for scheduled load tests and runs them when they are due.
    Runner(Runner),
    /// Stops all load that a server knows of within a second, and lets none begin until it is released.
    Stop(StopLoad),
}

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 done, 2 wrong arguments, 4 no such run, 5 no server.")]
pub(crate) struct StopLoad {
    /// Only the run of this id; others may go on and begin.
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Lets load begin again.
    #[arg(long, conflicts_with = "run")]
    pub(crate) release: bool,
    /// Why, for whoever wonders.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) why: String,
    /// Who stops it.
    #[arg(
        long,
        env = "USER",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        hide_env = true
    )]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// Where to listen for the coordinator.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7547")]
    pub(crate) listen: SocketAddr,
    /// A file with the token that coordinator and workers share: 16 bytes at least.
    #[arg(long, env = "PLIMSOLL_WORKER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// Somebody besides this machine who may be put under load from here, whatever a plan says.
    #[arg(long = "allow", value_name = "HOST|NETWORK")]
    pub(crate) allowed: Vec<Allowed>,
    /// Ends when the first coordinator is gone: for jobs that an engine starts anew.
    #[arg(long)]
    pub(crate) once: bool,
}

/// Machines that send together.
#[derive(Clone, Debug, Args)]
pub(crate) struct FleetArguments {
    /// Workers (`plimsoll load worker`) that send in place of this machine, each its part, told and judged as one.
    #[arg(long = "machines", value_name = "HOST:PORT", value_delimiter = ',')]
    pub(crate) machines: Vec<String>,
    /// A file with the token that workers want.
    #[arg(long, env = "PLIMSOLL_WORKER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) worker_token_file: Option<PathBuf>,
    /// How long workers may take until they listen: those that were only just placed somewhere are not there at once.
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = length)]
    pub(crate) worker_wait: Span,
}

#[derive(Debug, Args)]
pub(crate) struct RunPlan {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// Somebody besides this machine who may be asked, in addition to whom the plan allows.
    #[arg(long = "allow", value_name = "HOST|NETWORK")]
    pub(crate) allowed: Vec<Allowed>,
    /// The same as --machines.
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',', conflicts_with = "machines")]
    pub(crate) workers: Vec<String>,
    #[command(flatten)]
    pub(crate) fleet: FleetArguments,
    #[command(flatten)]
    pub(crate) profile: ProfileArguments,
    #[command(flatten)]
    pub(crate) reports: Reports,
    #[command(flatten)]
    pub(crate) sent: Sent,
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
    #[command(flatten)]
    pub(crate) watchers: Watchers,
    /// A file with the token that server wants, and the one of --send.
    #[arg(long = "server-token-file", env = "PLIMSOLL_SERVER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// What to look at, as PromQL, as in `heap=jvm_memory_used_bytes`; instead of the processors, memory, file handles
    /// and resources that the server knows.
    #[arg(long = "resource", value_name = "NAME=PROMQL", requires = "Watchers", value_parser = capacity::resource)]
    pub(crate) resources: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) cutting: Cutting,
}

/// Where the target is watched, and what for.
#[derive(Debug, Args)]
pub(crate) struct Watchers {
    /// A server that watches the target, ours or any Prometheus: the report says what the machines did meanwhile, and
    /// the sustained profile looks there for what grows.
    #[arg(long = "from", value_name = "URL")]
    pub(crate) from: Option<String>,
    /// Such a server, too: the report says what each request took of processor, memory, disk, network and connections,
    /// and with --baseline what is different from that run, if its report has it.
    #[arg(long = "impact", value_name = "URL")]
    pub(crate) impact: Option<String>,
}

/// How runs are cut to see how what they take varies.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Cutting {
    /// The shortest stretch into which a run is cut for --impact: no shorter than what is asked of the server looks back
    /// (`[30s]`).
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = stretch)]
    stretch: Span,
}

impl Cutting {
    /// The rules of a comparison with this stretch.
    pub(crate) fn rules(self) -> load::Rules {
        load::Rules { stretch: self.stretch.as_secs(), ..load::Rules::default() }
    }
}

/// A server that is told of the run: each second while it goes on, and its report in the end.
#[derive(Debug, Args)]
pub(crate) struct Sent {
    /// The address of a server of ours that keeps the report, shows the run while it goes on, and can stop it.
    #[arg(long = "send", value_name = "URL")]
    pub(crate) to: Option<String>,
    /// The service that the run is about, as the settings of that server name it.
    #[arg(long, value_name = "NAME", requires = "to")]
    pub(crate) service: Option<String>,
    /// The release that is tested.
    #[arg(long, value_name = "VERSION", requires = "to")]
    pub(crate) release: Option<String>,
    /// Who runs it.
    #[arg(
        long,
        env = "USER",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        hide_env = true
    )]
    pub(crate) by: String,
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
    #[command(flatten)]
    pub(crate) sent: Sent,
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

fn stretch(text: &str) -> Result<Span, String> {
    let span = length(text)?;
    let is_one = (1.0..=3600.0).contains(&span.as_secs());
    if is_one { Ok(span) } else { Err("a stretch takes from 1s to 1h".to_owned()) }
}

fn length(text: &str) -> Result<Span, String> {
    settings::parse_duration(text).filter(|span| *span <= Span::days(7)).ok_or_else(|| {
        "write a number and a unit, as in 250ms, 15s or 1h30m; at most 7d".to_owned()
    })
}
