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
    /// Makes a copy by hard links, also beside a running server: it costs no room at first.
    Snapshot(Snapshot),
    /// Writes samples as OpenMetrics text, JSON lines or CSV, also beside a running server.
    Export(Export),
    /// Says which metrics, jobs and labels have the most series.
    Top(Top),
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    pub(crate) data: Data,
    /// A folder that is not there yet, in the same file system. `plimsoll serve --data` can be given it.
    #[arg(value_name = "FOLDER")]
    pub(crate) to: PathBuf,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// OpenMetrics text with time stamps.
    Openmetrics,
    /// One JSON object for each series: `metric`, `timestamps`, `values`.
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
    pub(crate) data: Data,
    /// Which day, such as 2026-11-20; the newest if not given.
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Option<String>,
    /// How many rows of each kind.
    #[arg(long, default_value_t = 10, value_name = "NUMBER")]
    pub(crate) rows: usize,
}
