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
    /// Says what is too large or too small, by walking recorded use, with risk and money by size; from a server, where each
    /// item is accepted or declined, or from CSV.
    Rightsize(Rightsize),
    /// Lists quotas and when more of each is to be asked for, and takes down what was decided this quarter.
    Quotas(Quotas),
    /// Says what checks of capacity found: sizes, redundancy, distribution of data, quotas.
    Findings {
        #[command(flatten)]
        server: Server,
    },
    /// Says what a change is worth beside doing nothing: net present value, chance of a gain, pay-back.
    Benefit(Benefit),
    /// Gives a server what `plimsoll load capacity`, or `load compare --impact`, wrote with `--output json`, as points of a
    /// service's load line.
    Tested(Tested),
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
    /// With --csv: the IANA time zone by whose clocks people live, such as Europe/Berlin: hours and weekends are known by
    /// it, across summer time.
    #[arg(long, value_name = "ZONE", requires = "csv", default_value = "UTC")]
    pub(crate) zone: String,
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
    /// Says instead which figure may follow which, found in the columns of --csv or in what a server has recorded.
    #[arg(long, conflicts_with_all = ["tenants", "by", "drivers"])]
    pub(crate) suggest: bool,
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
    /// A scenario that contradicts itself is refused, with its place. How resources follow their drivers is learnt from
    /// data where they are given, and said of each.
    Run {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// What was measured: rows of time, drivers and resources, columns named as in the file; or `-` for standard input.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Runs them on a server, by what is recorded there over so long, such as 90d: `measured` of drivers and resources,
        /// figures that were sent, or the load line of the scenario's `service`.
        #[arg(long, value_name = "DURATION", conflicts_with = "csv")]
        past: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Runs a scenario on a server and keeps it there with its numbers, to be followed by what happens.
    Freeze {
        /// The file.
        file: PathBuf,
        /// The plan's name, which no other has.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Who freezes it.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why, or what was decided.
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        server: Server,
    },
    /// Shows frozen plans, or one of them beside what happened.
    Track {
        /// The plan; all of them are listed if not given.
        name: Option<String>,
        #[command(flatten)]
        server: Server,
    },
}

/// What is decided of an item.
#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// Accepts what is proposed for the item, for this month; the journal keeps who did and why.
    #[arg(long, requires_all = ["item", "by"], conflicts_with_all = ["decline", "csv"])]
    pub(crate) accept: bool,
    /// Declines it, with a reason.
    #[arg(long, requires_all = ["item", "by", "reason"], conflicts_with = "csv")]
    pub(crate) decline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rightsize {
    /// The item to show with all its sizes, or to decide: its id, or part of its title. Without it: this month's list.
    pub(crate) item: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) decide: Decide,
    /// With --accept: another size than the one that is proposed, by its SKU or by the size itself, as the item's table has it.
    #[arg(long, value_name = "SIZE", requires = "accept")]
    pub(crate) offer: Option<String>,
    /// Why it is accepted or declined.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Shows earlier reviews instead: what was decided by whom, and what it really saved.
    #[arg(long, conflicts_with_all = ["item", "csv"])]
    pub(crate) reviews: bool,
    /// Recorded use: rows of time and machines, a column for each; or `-` for standard input. No server is asked.
    #[arg(long, value_name = "FILE", requires = "prices", conflicts_with = "item")]
    pub(crate) csv: Option<PathBuf>,
    /// With --csv: the price list, CSV with FOCUS' columns `SkuId`, `ListUnitPrice`, `PricingUnit` (Hours or Months),
    /// `BillingCurrency`, and `x_Size`, how much of the resource a SKU has, in the unit of use.
    #[arg(long, value_name = "FILE", requires = "csv")]
    pub(crate) prices: Option<PathBuf>,
    /// With --csv: which resource of the price list the columns are use of (its `x_Resource`); all SKUs if not given.
    #[arg(long, value_name = "NAME", requires = "csv")]
    pub(crate) resource: Option<String>,
    /// With --csv: what use is counted in: cores, bytes, or any word, such as connections or GiB. If not given, what the
    /// default policy counts that resource in.
    #[arg(long, value_name = "UNIT", requires = "csv")]
    pub(crate) unit: Option<String>,
    /// With --csv: what a machine has now, for what a change saves; the machine by its column, as the file writes it.
    #[arg(long, value_name = "MACHINE=SKU", requires = "csv")]
    pub(crate) current: Vec<String>,
    /// With --csv: in how many of the weeks that follow a size must do: above it at most 1 % of the time, and of bytes
    /// never.
    #[arg(long, value_name = "SHARE", default_value = "90%")]
    pub(crate) sure: String,
}

#[derive(Debug, Args)]
pub(crate) struct Quotas {
    /// The quota to decide of: its id, or part of its title. Without it: this quarter's list.
    pub(crate) item: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// Shows instead what was decided in every quarter, the newest first, and what was granted.
    #[arg(long, conflicts_with_all = ["asked", "kept"])]
    pub(crate) history: bool,
    /// Takes down that more was asked for, and how much.
    #[arg(long, value_name = "NUMBER", requires_all = ["item", "by"], conflicts_with = "kept")]
    pub(crate) asked: Option<f64>,
    /// Takes down that it stays as it is, with a reason.
    #[arg(long, requires_all = ["item", "by", "reason"])]
    pub(crate) kept: bool,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// Each figure is a number, `LEAST..MOST` or `LEAST..LIKELIEST..MOST`.
#[derive(Debug, Args)]
pub(crate) struct Benefit {
    /// What going on as now costs a month.
    #[arg(long, value_name = "MONEY", default_value = "0", allow_hyphen_values = true)]
    pub(crate) now: String,
    /// What the change costs once.
    #[arg(long, value_name = "MONEY", default_value = "0", allow_hyphen_values = true)]
    pub(crate) once: String,
    /// What it costs a month afterwards; below nought where it brings money.
    #[arg(long, value_name = "MONEY", default_value = "0", allow_hyphen_values = true)]
    pub(crate) month: String,
    /// For how many hours a month something does not do, as now.
    #[arg(long, value_name = "HOURS", default_value = "0")]
    pub(crate) over_now: String,
    /// For how many hours a month something does not do after the change.
    #[arg(long, value_name = "HOURS", default_value = "0")]
    pub(crate) over: String,
    /// What such an hour costs.
    #[arg(long, value_name = "MONEY", default_value_t = 0.0)]
    pub(crate) over_hour_cost: f64,
    /// Over how many months it is counted.
    #[arg(long, value_name = "NUMBER", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=120))]
    pub(crate) months: u16,
    /// By what part money of a year ahead is worth less.
    #[arg(long, value_name = "SHARE", default_value = "8%")]
    pub(crate) discount: String,
}

#[derive(Debug, Args)]
pub(crate) struct Tested {
    /// The service's name.
    pub(crate) service: String,
    /// The document, or `-` for standard input.
    pub(crate) file: PathBuf,
    /// How many units of the service's load one journey of the search is, or one request of the compared runs.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub(crate) times: f64,
    /// The release that was tested: where it is dearer, the line counts with that from when it comes out. Without it, the
    /// test counts for what runs.
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    /// The release that it was measured against: what both take adds up.
    #[arg(long, value_name = "VERSION", requires = "release")]
    pub(crate) release_before: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}
