//! What can be typed: commands, options, and the environment that stands for them.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod baseline;
pub(crate) mod change;
pub(crate) mod load;
pub(crate) mod objectives;
pub(crate) mod plan;
pub(crate) mod rules;
pub(crate) mod store;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Capacity and performance management: is anything wrong now, and when do we run out of what.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 a bug of ours, 2 wrong arguments or settings, 3 looked and found it \
                  wanting, 4 refused or not there, 5 busy or something needed is away."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// How answers are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
    /// What is logged: error, warn, info, debug, trace, or by module, such as `info,store=debug`.
    #[arg(long, global = true, env = "PLIMSOLL_LOG", default_value = "info", value_name = "LEVEL")]
    pub(crate) log: String,
    /// How the log is written.
    #[arg(long, global = true, env = "PLIMSOLL_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    pub(crate) log_format: Format,
    /// No progress, no hints: only answers and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one document with a stable shape.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watches this host, and what the settings name, and serves the pages and APIs.
    Serve(Serve),
    /// Reads the settings and rule files, and shows every mistake at once.
    Check(Settings),
    /// Asks a PromQL expression.
    Query(Query),
    /// Says what is normal for series at this hour of the week, and whether they are.
    Baseline(baseline::Baseline),
    /// Takes in samples from a file: CSV, JSON lines or OpenMetrics text.
    Import(Import),
    /// Says when a resource runs out, from a server or from CSV on standard input.
    Forecast(Forecast),
    /// Plans capacity: load lines, and what growth needs.
    Plan(Box<plan::Plan>),
    /// Says where objectives stand, and what is left of their error budgets.
    Objectives(objectives::Objectives),
    /// Checks error budgets, for pipelines.
    Budget(objectives::Budget),
    /// Puts a service under load, and says how it bore that.
    Load(Box<load::Load>),
    /// Checks, tests, replays and exports rule files.
    Rules(rules::Rules),
    /// Lists alerts, and says of each what became of it and who was told.
    Alerts(alerts::Alerts),
    /// Keeps alerts quiet for a while, after showing which.
    Silence(alerts::Silence),
    /// Says how messages to each receiver go.
    Receivers(alerts::Receivers),
    /// Says that something is well, and lists who is to be heard of.
    Heartbeat(alerts::Heartbeat),
    /// Tells of changes, such as deployments, and lists them.
    Change(change::Change),
    /// Verifies and exports the journal: what happened, and who was told.
    Audit(audit::Audit),
    /// Looks at the files of the store, copies and exports them.
    Store(store::Store),
    /// Says which version this is.
    Version,
    /// Writes a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Writes the manual page.
    Man,
}

/// Where the settings are.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// The settings file. Without it: ./plimsoll.yaml, ~/.config/plimsoll/plimsoll.yaml,
    /// /etc/plimsoll/plimsoll.yaml, or none at all, which watches this host.
    #[arg(long, env = "PLIMSOLL_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Where everything is kept. Without it: ~/.local/share/plimsoll.
    #[arg(long, env = "PLIMSOLL_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where to listen, instead of what the settings say. Other addresses than this machine's own
    /// loopback need a token.
    #[arg(long, env = "PLIMSOLL_LISTEN", value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// A file with the token that callers must bring.
    #[arg(long, env = "PLIMSOLL_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Which server to ask.
#[derive(Clone, Debug, Args)]
pub(crate) struct Server {
    /// The server to ask.
    #[arg(
        long,
        env = "PLIMSOLL_SERVER",
        default_value = "http://127.0.0.1:7546",
        value_name = "URL"
    )]
    pub(crate) server: String,
    /// A file with the token the server wants.
    #[arg(long = "server-token-file", env = "PLIMSOLL_SERVER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The PromQL expression.
    pub(crate) expression: String,
    #[command(flatten)]
    pub(crate) server: Server,
    /// At which moment: RFC 3339 or seconds since 1970; now if not given.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "step"])]
    pub(crate) at: Option<String>,
    /// From when on; makes it a range.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Until when; now if not given.
    #[arg(long, value_name = "TIME", requires = "from")]
    pub(crate) to: Option<String>,
    /// How far apart the values are.
    #[arg(long, value_name = "DURATION", default_value = "1m", requires = "from")]
    pub(crate) step: String,
    /// How the answer comes about instead of the answer: each node of the expression with its series, samples,
    /// bytes and time. Nothing that was computed before is used.
    #[arg(long)]
    pub(crate) explain: bool,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Rows with a header.
    Csv,
    /// One JSON object in each line.
    Jsonl,
    /// OpenMetrics text with time stamps, as `promtool tsdb dump-openmetrics` writes it.
    Openmetrics,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) of: Option<ImportOf>,
    #[command(flatten)]
    pub(crate) samples: ImportSamples,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportOf {
    /// Reads an Alertmanager's configuration and says what is taken from it and what is not.
    Alertmanager(ImportAlertmanager),
    /// Reads a calendar (.ics) and writes its whole days as entries of `calendar`, for forecasts to know.
    Calendar(ImportCalendar),
    /// Reads an `OpenSLO` file, writes its objectives in Plimsoll's own form, and says what is not taken.
    Openslo(ImportOpenslo),
}

#[derive(Debug, Args)]
pub(crate) struct ImportCalendar {
    /// The file, as calendars and lists of public holidays are exported: iCalendar, RFC 5545.
    pub(crate) file: PathBuf,
    /// The day of the week that each of its days is like; without it they will be as they were on earlier days of the same name.
    #[arg(long, value_name = "DAY", value_parser = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])]
    pub(crate) like: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportOpenslo {
    /// The file, with `openslo/v1` or `openslo/v1alpha` in it.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportAlertmanager {
    /// The file, usually alertmanager.yml.
    pub(crate) file: PathBuf,
    /// Says only who is told of an alert with these labels.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) route: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportSamples {
    /// The file, or `-` for standard input.
    #[arg(required = true)]
    pub(crate) file: Option<PathBuf>,
    /// How it is written; told from the file's ending if not given.
    #[arg(long, value_enum)]
    pub(crate) format: Option<FileFormat>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// Writes into the data of a server that is not running, instead of sending to one that is.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A label that every series gets.
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
    /// CSV: the column with the time.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// CSV: a column with values, and the metric they belong to if its name is another.
    #[arg(long = "value", value_name = "COLUMN[=METRIC]")]
    pub(crate) values: Vec<String>,
    /// CSV: a column with values of a label, and the label's name if it is another.
    #[arg(long = "label-column", value_name = "COLUMN[=NAME]")]
    pub(crate) label_columns: Vec<String>,
    /// CSV: put before the metric names that come from column names.
    #[arg(long, default_value = "", value_name = "TEXT", hide_default_value = true)]
    pub(crate) prefix: String,
    /// Leaves out lines that are wrong and counts them, instead of stopping at the first.
    #[arg(long)]
    pub(crate) skip_wrong: bool,
    /// Reads everything and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Forecast {
    /// A resource's name or part of its title; all resources if not given.
    pub(crate) resource: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// Reads `time,value` rows from this file, or `-` for standard input, and asks no server.
    #[arg(long, value_name = "FILE", conflicts_with = "resource")]
    pub(crate) csv: Option<PathBuf>,
    /// With --csv: the limit that the value must stay below, in the values' unit; without it only how they go on is told.
    #[arg(long, value_name = "NUMBER", requires = "csv")]
    pub(crate) limit: Option<f64>,
    /// With --csv: whether the value piles up (stock) or comes and goes (flow).
    #[arg(long, value_enum, default_value_t = NatureWord::Stock)]
    pub(crate) nature: NatureWord,
    /// With --csv: the shares of the limit whose dates are told, in percent.
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_values_t = [80.0, 95.0, 100.0])]
    pub(crate) lines: Vec<f64>,
    /// With --csv: the IANA time zone by whose clocks people live, such as Europe/Berlin: hours and weekends are known by
    /// it, across summer time.
    #[arg(long, value_name = "ZONE", requires = "csv", default_value = "UTC")]
    pub(crate) zone: String,
}

/// Stock or flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NatureWord {
    /// Piles up: disk space.
    Stock,
    /// Comes and goes: CPU.
    Flow,
}
