//! What can be typed after `plimsoll load capacity`.

use std::path::PathBuf;

use clap::Args;
use load::Threshold;
use model::{Share, Span};

use super::{FleetArguments, RequestArguments, Sending, compare::LineArguments};

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 found, 1 it bears nothing or less than --at-least, 2 wrong arguments, 4 refused, \
                  stopped, or the generator gave way first."
)]
pub(crate) struct Capacity {
    /// An address, or a plan whose scenarios are sent at their share of each rate.
    pub(crate) target: String,
    /// What must hold, such as `response p95 < 300ms` or `errors < 1%`; may be given several times. If nobody says, not
    /// even the plan: `response p95 < 500ms` and `errors < 1%`.
    #[arg(long = "threshold", value_name = "RULE")]
    pub(crate) thresholds: Vec<Threshold>,
    /// The first rate, in journeys a second.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 20.0)]
    pub(crate) start: f64,
    /// Asks for no more than this.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 100_000.0)]
    pub(crate) rate_max: f64,
    /// How wide the bracket may be; the narrower, the longer it takes.
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = width)]
    pub(crate) width: Share,
    /// The longest step; shorter ones save time where the target is quiet, and more ends in «too close to tell» where
    /// it is not.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = longest_step)]
    pub(crate) longest_step: Span,
    /// Fails if it does not surely bear so many journeys a second.
    #[arg(long, value_name = "PER-SECOND")]
    pub(crate) at_least: Option<f64>,
    /// A server that watched the target meanwhile, to name what ran out: ours, or any Prometheus.
    #[arg(long = "from", value_name = "URL")]
    pub(crate) from: Option<String>,
    /// A file with the token that server wants, and the one of --send.
    #[arg(long = "server-token-file", env = "PLIMSOLL_SERVER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// A resource as PromQL that goes from 0 to 1, as in `pool=db_connections_used / db_connections_max`; instead of
    /// the resources that the server knows and the processors of its hosts.
    #[arg(long = "resource", value_name = "NAME=PROMQL", requires = "from", value_parser = resource)]
    pub(crate) resources: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) fleet: FleetArguments,
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    #[command(flatten)]
    pub(crate) sending: Sending,
    #[command(flatten)]
    pub(crate) line: LineArguments,
}

fn longest_step(text: &str) -> Result<Span, String> {
    let span = super::length(text)?;
    let is_enough = (8..=3600).contains(&span.to_duration().as_secs());
    if is_enough { Ok(span) } else { Err("a step takes from 8s to 1h".to_owned()) }
}

fn width(text: &str) -> Result<Share, String> {
    let share = settings::parse_share(text).filter(|share| (0.005..=1.0).contains(&share.value()));
    share.ok_or_else(|| "write a share from 0.5% to 100%".to_owned())
}

pub(super) fn resource(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, expression)) if !name.trim().is_empty() && !expression.trim().is_empty() => {
            Ok((name.trim().to_owned(), expression.trim().to_owned()))
        }
        _ => Err("write a name, `=`, and PromQL".to_owned()),
    }
}
