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

/// Whether what the system said has to do with this moment or with permissions, and not with what the disk holds: it
/// may be gone in a while. Anything else that keeps a file from being read is damage.
pub(crate) fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind as Is;
    /// `ENFILE` and `EMFILE` of Linux: too many files are open, here or on the machine. Rust has no name for them.
    const FILES_OPEN: [i32; 2] = [23, 24];
    matches!(
        error.kind(),
        Is::PermissionDenied
            | Is::OutOfMemory
            | Is::Interrupted
            | Is::WouldBlock
            | Is::ResourceBusy
            | Is::TimedOut
            | Is::StaleNetworkFileHandle
    ) || error.raw_os_error().is_some_and(|own| FILES_OPEN.contains(&own))
}

/// Wraps what the system said with what was tried.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> QueueError {
    move |source| QueueError::Io { action, path: path.to_owned(), source }
}

/// An error with its cause.
pub(crate) fn told(error: &QueueError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
