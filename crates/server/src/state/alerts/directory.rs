//! Who is told of which alert, from the settings and the routing file they name.

use std::path::Path;

use model::{Secret, Span};
use respond::{
    Receiver,
    routing::{
        Alertmanager, Directory, DirectoryError, Timing, read_alertmanager, render, render_all,
    },
};
use settings::{Mistakes, Settings};
use tracing::warn;

/// How long an alert stands that was sent here without an end, where no routing file says.
const RESOLVE_TIMEOUT: Span = Span::minutes(5);

/// Why it is not known who is told.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryFault {
    /// A file cannot be read.
    #[error("cannot read {file}")]
    File {
        /// The file.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The routing file has mistakes.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// Receivers and routes do not go together.
    #[error(transparent)]
    Receivers(#[from] DirectoryError),
}

impl DirectoryFault {
    /// What the outside sees.
    pub fn kind(&self) -> model::Kind {
        match self {
            Self::File { .. } => model::Kind::Missing,
            Self::Mistakes(_) => model::Kind::Invalid,
            Self::Receivers(error) => error.kind(),
        }
    }
}

/// Who is told of what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tellings {
    pub(crate) directory: Directory,
    /// How long an alert stands that was sent here without an end.
    pub(crate) resolve_timeout: Span,
    /// The routes as Alertmanager's configuration has them, without secrets, for those who ask.
    pub(crate) routing: String,
    /// The names of everybody who can be told.
    pub(crate) names: Vec<String>,
}

/// Reads who is told of what; what the routing file says that has no effect is logged.
pub(crate) fn tellings(settings: &Settings) -> Result<Tellings, DirectoryFault> {
    let mut own = Vec::new();
    for receiver in &settings.receivers {
        own.push(receiver_of(receiver)?);
    }
    let Some(path) = &settings.alerts.routing else {
        return Ok(Tellings {
            resolve_timeout: RESOLVE_TIMEOUT,
            routing: render_all(&own),
            names: own.iter().map(|(receiver, _)| receiver.name.clone()).collect(),
            directory: Directory::of(own),
        });
    };
    let file = routing_file(path)?;
    for note in &file.notes {
        let place = format!("{}:{}", path.display(), note.line);
        warn!(place, what = note.what, instead = note.instead, "not taken from the routing file");
    }
    let mut names: Vec<String> = file.receivers.iter().map(|named| named.name.clone()).collect();
    names.extend(own.iter().map(|(receiver, _)| receiver.name.clone()));
    names.sort();
    names.dedup();
    let directory = Directory::routed(own, &file)?;
    let (resolve_timeout, routing) = (file.resolve_timeout, render(&file));
    Ok(Tellings { directory, resolve_timeout, routing, names })
}

/// Checks who is told of what without keeping it; for `plimsoll check`.
pub fn check_tellings(settings: &Settings) -> Result<Option<Alertmanager>, DirectoryFault> {
    let own = settings.receivers.iter().map(receiver_of).collect::<Result<Vec<_>, _>>()?;
    let Some(path) = &settings.alerts.routing else { return Ok(None) };
    let file = routing_file(path)?;
    Directory::routed(own, &file)?;
    Ok(Some(file))
}

fn routing_file(path: &Path) -> Result<Alertmanager, DirectoryFault> {
    let name = path.display().to_string();
    let text = settings::read_text(path)
        .map_err(|source| DirectoryFault::File { file: name.clone(), source })?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    read_alertmanager(&name, &text, base).map_err(DirectoryFault::Mistakes)
}

/// A receiver, its token read from its file if it has one, and when it is told.
fn receiver_of(own: &settings::Receiver) -> Result<(Receiver, Timing), DirectoryFault> {
    let token: Option<Secret> =
        match (&own.token, &own.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => Some(settings::read_secret(path).map_err(|source| {
                DirectoryFault::File { file: path.display().to_string(), source }
            })?),
            (None, None) => None,
        };
    let mut receiver = Receiver::web_hook(&own.name, &own.url, token);
    receiver.send_resolved = own.send_resolved;
    let timing = Timing {
        group_wait: own.group_wait,
        group_interval: None,
        repeat_interval: own.repeat_interval,
        group_by: own.group_by.clone(),
    };
    Ok((receiver, timing))
}
