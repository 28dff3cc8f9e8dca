//! What can be typed after `plimsoll audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Settings, store::Data};

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Walks the chain of hashes over all events, also beside a running server, and says where it
    /// breaks. Ends with 1 if it does.
    Verify(Verify),
    /// Writes all events as JSON lines, with which the chain can be verified elsewhere.
    Export(Whose),
}

/// Whose journal.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// Verify what `plimsoll audit export` wrote into this file instead; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}
