//! What can be typed after `plimsoll store`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Where the data are.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// The folder that `plimsoll serve --data` was given. Without it: ~/.local/share/plimsoll.
    #[arg(long, env = "PLIMSOLL_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// The data folder, or a running server.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Ask the server at this address instead of looking at a folder.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// A file with the token the server wants.
    #[arg(long = "server-token-file", env = "PLIMSOLL_SERVER_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Reads every byte and says which file, block and series is damaged. Ends with 3 if any is.
    Verify(Data),
    /// Shows days, parts, series, samples and bytes.
    Inspect(Data),
    /// Makes a copy of samples by hard links, and of the journal, also beside a running server: samples cost no room at
    /// first.
    Snapshot(Snapshot),
    /// Writes samples as OpenMetrics text, JSON lines or CSV, also beside a running server.
    Export(Export),
    /// Says which metrics, sources, labels and values have the most series: on a day in a folder, or now in a server.
    Top(Top),
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    pub(crate) place: Place,
    /// A folder that is not there yet, in the same file system. `plimsoll serve --data` can be given it. With --server
    /// it is not given: the server makes a folder below `snapshots` in its data folder, and says which.
    #[arg(value_name = "FOLDER", required_unless_present = "server", conflicts_with = "server")]
    pub(crate) to: Option<PathBuf>,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// OpenMetrics text with time stamps.
    Openmetrics,
    /// One JSON object for each series: `metric`, `timestamps`, `values`, and `histograms` where there are native ones.
    Jsonl,
    /// Rows of time, value and one column for each label.
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Which series, such as `up` or `{job="node"}`.
    #[arg(value_name = "SELECTOR")]
    pub(crate) selector: String,
    /// From when on: RFC 3339 or seconds since 1970.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// How they are written.
    #[arg(long, value_enum, default_value_t = ExportFormat::Openmetrics)]
    pub(crate) format: ExportFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Which day, such as 2026-11-20; the newest on disk if not given.
    #[arg(long, value_name = "DAY", conflicts_with = "server")]
    pub(crate) day: Option<String>,
    /// How many rows of each kind.
    #[arg(long, default_value_t = 10, value_name = "NUMBER")]
    pub(crate) rows: usize,
}
