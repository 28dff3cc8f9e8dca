//! What can be typed after `plimsoll change`.

use clap::{Args, Subcommand, ValueEnum};

use super::Server;

#[derive(Debug, Args)]
pub(crate) struct Change {
    #[command(subcommand)]
    pub(crate) command: ChangeCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChangeCommand {
    /// Tells the server of a change, so that alerts after it name it. Telling it again under the
    /// same key is telling it once.
    Add(Box<Add>),
    /// Lists what was changed, newest first.
    List(List),
}

/// A kind of change that others tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangeWord {
    /// A version was brought into an environment.
    Deployment,
    /// A version was made ready.
    Release,
    /// Settings were changed.
    Configuration,
    /// There is more or less to run on.
    Scaling,
    /// Work went to what stood by.
    Failover,
    /// A feature flag was turned.
    Flag,
    /// Anything else.
    Other,
}

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusWord {
    /// It is being made.
    Started,
    /// It was made.
    Succeeded,
    /// It was tried in vain.
    Failed,
    /// What was there before is back.
    RolledBack,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    pub(crate) server: Server,
    /// What kind of change.
    #[arg(long, value_enum)]
    pub(crate) kind: ChangeWord,
    /// The service it is made to, as labels of alerts call it.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: String,
    /// Which version.
    #[arg(long, value_name = "TEXT")]
    pub(crate) version: Option<String>,
    /// Where: production, staging.
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// The revision of the source.
    #[arg(long, value_name = "HASH")]
    pub(crate) revision: Option<String>,
    /// Who makes it.
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Where to read more.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// How far it has come.
    #[arg(long, value_enum)]
    pub(crate) status: Option<StatusWord>,
    /// It was not planned.
    #[arg(long)]
    pub(crate) unplanned: bool,
    /// One sentence, instead of one made from the rest.
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// When: RFC 3339, seconds since 1970, or a duration before now; now if not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Its name, such as the run of a pipeline: what becomes of it is told under the same.
    #[arg(long, value_name = "TEXT")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Only these kinds, also those that Plimsoll notices: plimsoll, host, target, resource, alert.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kind: Vec<String>,
    /// Only those of this service, host or target.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// From when on: RFC 3339, seconds since 1970, or a duration before now.
    #[arg(long, value_name = "TIME", default_value = "1d")]
    pub(crate) since: String,
    /// Until when: as --since.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
}
