//! What can be typed after `plimsoll load send`.

use std::path::PathBuf;

use clap::Args;

use crate::args::Server;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the server has all of it, 2 no report, 4 refused, or no such file, 5 no server. Sent twice it \
                  is kept once."
)]
pub(crate) struct SendLater {
    /// The folder of a gate (`load gate --into`), or one report (`--json`).
    pub(crate) path: PathBuf,
    /// The service that it is about, as the settings of that server name it; what a gate says of itself if not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// The release that was tested.
    #[arg(long, value_name = "VERSION")]
    pub(crate) release: Option<String>,
    /// Who ran it.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Of one report: the id under which its run was followed.
    #[arg(long, value_name = "RUN")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}
