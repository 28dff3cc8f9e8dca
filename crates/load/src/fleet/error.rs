//! Why several machines cannot send together.

use std::{io, path::PathBuf};

use model::Kind;

use super::seal::TOKEN_BYTES_MIN;
use crate::error::LoadError;

/// Why several machines cannot send together.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// A token that can be guessed.
    #[error("the token that workers and coordinator share has {TOKEN_BYTES_MIN} bytes at least")]
    ShortToken,
    /// There is nobody to send.
    #[error("there are no workers, or more than {0}")]
    Count(usize),
    /// Nobody can be reached.
    #[error("cannot reach the worker {worker}")]
    Connect {
        /// Which.
        worker: String,
        /// What the system said.
        source: io::Error,
    },
    /// The other side does not know the token.
    #[error("{0} does not know the token, or is no worker of ours")]
    Stranger(String),
    /// The other side speaks another version, or its messages were changed on their way.
    #[error("{0} sent what is no message of ours")]
    Garbled(String),
    /// The other side is gone.
    #[error("{who} is gone: {why}")]
    Gone {
        /// Who.
        who: String,
        /// Why.
        why: String,
    },
    /// A worker does not take the plan.
    #[error("the worker {worker} does not take the plan: {why}")]
    Refused {
        /// Which.
        worker: String,
        /// Why.
        why: String,
    },
    /// A file that the plan names cannot be handed out.
    #[error("cannot hand out {}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No keys can be made: the system gives no random bytes.
    #[error("cannot make keys for the talk between machines")]
    Keys,
    /// A thread or a socket of our own failed.
    #[error("cannot {what}")]
    Own {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl FleetError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ShortToken | Self::Count(_) | Self::File { .. } | Self::Refused { .. } => {
                Kind::Invalid
            }
            Self::Stranger(_) => Kind::Denied,
            Self::Connect { .. } | Self::Garbled(_) | Self::Gone { .. } => Kind::Upstream,
            Self::Keys | Self::Own { .. } => Kind::Internal,
        }
    }
}

impl From<FleetError> for LoadError {
    fn from(error: FleetError) -> Self {
        Self::Fleet(Box::new(error))
    }
}
