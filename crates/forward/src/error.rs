//! What can go wrong with a queue on disk.

use std::{
    io,
    path::{Path, PathBuf},
};

use model::Kind;

/// Why a queue cannot be opened, appended to or read.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is of a later version, or none of ours.
    #[error("{} is not a segment of a queue that this version can read", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
}

impl QueueError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Io { .. } => Kind::Internal,
            Self::Foreign { .. } => Kind::Conflict,
        }
    }
}

/// Wraps what the system said with what was tried.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> QueueError {
    move |source| QueueError::Io { action, path: path.to_owned(), source }
}
