//! What can be typed after `plimsoll alerts`, `silence`, `receivers` and `heartbeat`.

use clap::{Args, Subcommand};

use super::Server;

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    /// One alert, by its identity: what became of it, and who was told when.
    pub(crate) id: Option<String>,
    /// Those, too, that ended within seven days.
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Receivers {
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Silence {
    #[command(subcommand)]
    pub(crate) command: SilenceCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SilenceCommand {
    /// Keeps alerts quiet for a while. It is on disk when this ends.
    Add(Box<AddSilence>),
    /// Lists silences, those first that hold.
    List(ListSilences),
    /// Ends silences now.
    Expire(ExpireSilences),
    /// Says what a silence would keep quiet, and what speaks against it, without keeping it.
    Preview(Conditions),
}

/// Which alerts, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Conditions {
    /// Conditions such as `host=db-1` or `job=~"api|web"`; alerts that match all of them are meant.
    #[arg(required = true, value_name = "CONDITION")]
    pub(crate) matchers: Vec<String>,
    /// How long it lasts.
    #[arg(long = "for", value_name = "DURATION", default_value = "2h")]
    pub(crate) lasts: String,
    /// From when on: RFC 3339 or seconds since 1970; now if not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct AddSilence {
    #[command(flatten)]
    pub(crate) conditions: Conditions,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who wants it.
    #[arg(long, env = "USER", hide_env_values = true, value_name = "NAME")]
    pub(crate) by: String,
    /// Keeps it although it matches much, names no value or lasts long; the journal says so.
    #[arg(long)]
    pub(crate) confirm: bool,
    /// The silence that it takes the place of.
    #[arg(long, value_name = "ID")]
    pub(crate) replace: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListSilences {
    /// Those, too, that ended within five days.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct ExpireSilences {
    /// The silences.
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Heartbeat {
    #[command(subcommand)]
    pub(crate) command: HeartbeatCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HeartbeatCommand {
    /// Says that something is well, such as a backup that came to its end.
    Send(SendHeartbeat),
    /// Lists who is to be heard of, and when each is missing.
    List(Receivers),
    /// Expects somebody no longer whom the settings do not name.
    Forget(ForgetHeartbeat),
}

#[derive(Debug, Args)]
pub(crate) struct SendHeartbeat {
    /// Its name.
    pub(crate) name: String,
    /// How often it comes at least; needed where the settings do not know it.
    #[arg(long, value_name = "DURATION")]
    pub(crate) period: Option<String>,
    /// How much later it may be; a tenth of the period if not given.
    #[arg(long, value_name = "DURATION", requires = "period")]
    pub(crate) grace: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetHeartbeat {
    /// Its name.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) server: Server,
}
