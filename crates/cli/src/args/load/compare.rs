//! What can be typed after `plimsoll load compare`.

use std::path::PathBuf;

use clap::Args;
use model::Share;

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
}

fn share(text: &str) -> Result<Share, String> {
    settings::parse_share(text).ok_or_else(|| "write a share, as in 3%".to_owned())
}
