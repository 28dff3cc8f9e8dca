//! What can be typed after `plimsoll baseline`.

use clap::Args;

use super::Server;

#[derive(Debug, Args)]
pub(crate) struct Baseline {
    /// The PromQL expression; each of its series has a band of its own.
    pub(crate) expression: String,
    #[command(flatten)]
    pub(crate) server: Server,
    /// Shows the band of every hour of the week instead of that of now.
    #[arg(long)]
    pub(crate) week: bool,
    /// The IANA time zone whose hours count, such as Europe/Berlin; that of the server's settings if not given.
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// How wide the band is, as a factor; that of the server's settings if not given.
    #[arg(long, value_name = "FACTOR")]
    pub(crate) width: Option<f64>,
}
