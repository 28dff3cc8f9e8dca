//! What can go wrong with a store, as a person reads it.

use std::{io, path::PathBuf};

use model::Kind;

/// Why a store cannot be opened, tended or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the directory.
    #[error("the store in {} is in use by another process{holder}; stop that one first, or choose another directory", dir.display())]
    Locked {
        /// The store.
        dir: PathBuf,
        /// What the lock file says of who has it, or nothing.
        holder: String,
    },
    /// The directory was written by something we do not know.
    #[error("the store in {} has format {found:?}, this program reads {expected:?}", dir.display())]
    Format {
        /// The store.
        dir: PathBuf,
        /// What its format file says.
        found: String,
        /// What we would read.
        expected: &'static str,
    },
    /// The system refused something.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: a verb and its object.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes on disk are not what was written.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// Files come and go faster than they can be looked at.
    #[error("the files of the store in {} change all the time; try again in a minute", dir.display())]
    Restless {
        /// The store.
        dir: PathBuf,
    },
    /// The log cannot be written any more; the store refuses writes until it is opened anew.
    #[error("the store refuses writes since it failed: {why}")]
    Poisoned {
        /// What failed first.
        why: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Locked { .. } | Self::Format { .. } => Kind::Conflict,
            Self::Restless { .. } => Kind::Busy,
            Self::Io { .. } | Self::Damaged { .. } | Self::Poisoned { .. } | Self::Closed => {
                Kind::Internal
            }
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
