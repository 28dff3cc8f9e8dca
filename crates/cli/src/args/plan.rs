//! What can be typed after `plimsoll plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Server;

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(subcommand)]
    pub(crate) command: PlanCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Says how much load a service carries, what limits it, when that is reached, and the cheapest next step.
    Line(Line),
    /// Says what so many tenants need: users, connections, cores, memory, storage.
    Table(Table),
    /// Says what a roadmap, a sales pipeline and growth come to, from scenario files.
    Scenario(Scenarios),
    /// Says which size each machine needs, by walking its recorded use, with risk and cost of every size of a price list.
    Rightsize(Rightsize),
}

#[derive(Debug, Args)]
pub(crate) struct Line {
    /// The service's name; all services if not given.
    pub(crate) service: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// Reads rows of time, load and use from this file, or `-` for standard input, and asks no server.
    #[arg(long, value_name = "FILE", conflicts_with = "service", requires_all = ["load", "limits"])]
    pub(crate) csv: Option<PathBuf>,
    /// With --csv: the column with the load.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) load: Option<String>,
    /// With --csv: a column with use and its limit, perhaps how it follows load: `connections=200:held`. Relations are
    /// work, held, cached, latency; unknown if not given.
    #[arg(long = "limit", value_name = "COLUMN=LIMIT[:RELATION]", id = "limits")]
    pub(crate) limits: Vec<String>,
    /// With --csv: the share of each limit that is meant to be used.
    #[arg(long, value_name = "SHARE", default_value = "80%")]
    pub(crate) target: String,
}

#[derive(Debug, Args)]
pub(crate) struct Table {
    /// The numbers of tenants to speak of.
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = [100.0, 500.0, 1_000.0, 2_500.0, 5_000.0])]
    pub(crate) tenants: Vec<f64>,
    /// The driver that those numbers are of, where it is not called `tenants`.
    #[arg(long, value_name = "NAME", default_value = "tenants")]
    pub(crate) by: String,
    /// A file of drivers, instead of the reference that ships with Plimsoll (policy/drivers.yaml).
    #[arg(long, value_name = "FILE")]
    pub(crate) drivers: Option<PathBuf>,
    /// What was measured: rows of time and drivers, columns named as the drivers; or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// What was measured: asks a server for each driver's expression over so long, such as 90d.
    #[arg(long, value_name = "DURATION", conflicts_with = "csv")]
    pub(crate) past: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Scenarios {
    #[command(subcommand)]
    pub(crate) command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// Runs scenarios and shows demand, gap, order-by date and cost by the month; several files stand side by side.
    /// A scenario that contradicts itself is refused, with its place.
    Run {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Rightsize {
    /// Recorded use: rows of time and machines, a column for each; or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: PathBuf,
    /// The price list: CSV with FOCUS' columns `SkuId`, `ListUnitPrice`, `PricingUnit` (Hours or Months),
    /// `BillingCurrency`, and `x_Size`, how much of the resource a SKU has, in the unit of use.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: PathBuf,
    /// What a machine has now, for what a change saves.
    #[arg(long, value_name = "MACHINE=SKU")]
    pub(crate) current: Vec<String>,
    /// In how many of the weeks that follow a size must do: above it at most 1 % of the time.
    #[arg(long, value_name = "SHARE", default_value = "90%")]
    pub(crate) sure: String,
}
