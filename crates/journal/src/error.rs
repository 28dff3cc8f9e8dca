//! What can go wrong with a journal, sorted by what an operator can do about it.

use std::path::PathBuf;

use model::Kind;

/// Why the journal could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened.
    #[error("cannot open the journal {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
    /// A later Plimsoll has written this file.
    #[error(
        "the journal {} has version {found}, this Plimsoll knows versions up to {known}: start the \
         newer Plimsoll, or restore the copy made before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: i64,
        /// The newest version we know.
        known: i64,
    },
    /// The file is a database of another program.
    #[error("{} is a database, but not a Plimsoll journal", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged, or no database at all.
    #[error(
        "the journal is damaged: {doing} failed; restore a copy, or move the file away to begin a new one"
    )]
    Damaged {
        /// What we were doing.
        doing: &'static str,
        /// What `SQLite` said.
        source: sqlx::Error,
    },
    /// Another process holds the file.
    #[error("another process holds the journal: {doing} failed")]
    Locked {
        /// What we were doing.
        doing: &'static str,
        /// What `SQLite` said.
        source: sqlx::Error,
    },
    /// The disk or the file's bound is full.
    #[error("no room for the journal: {doing} failed; free some disk space")]
    Full {
        /// What we were doing.
        doing: &'static str,
        /// What `SQLite` said.
        source: sqlx::Error,
    },
    /// An entry is larger than the bounds allow.
    #[error("{what} of {size} is larger than the {max} the journal takes")]
    TooLarge {
        /// What of it.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// How large it may be.
        max: usize,
    },
    /// The chain does not hold.
    #[error("the journal was changed from outside: event {seq} {why}")]
    Broken {
        /// The first event that does not fit.
        seq: i64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A body is not the JSON it was written as.
    #[error("the body of {what} {number} is not JSON")]
    Body {
        /// An event or a message.
        what: &'static str,
        /// Which.
        number: i64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// There is no such message, or it is no longer waiting.
    #[error("message {id} is not waiting in the outbox")]
    NotWaiting {
        /// The message.
        id: i64,
    },
    /// Anything else `SQLite` says.
    #[error("{doing} failed")]
    Sql {
        /// What we were doing.
        doing: &'static str,
        /// What `SQLite` said.
        source: sqlx::Error,
    },
}

impl JournalError {
    /// What the outside sees of it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::TooLarge { .. } | Self::Foreign { .. } => Kind::Invalid,
            Self::Newer { .. } => Kind::Conflict,
            Self::NotWaiting { .. } => Kind::Missing,
            Self::Locked { .. } | Self::Full { .. } => Kind::Busy,
            Self::Open { .. }
            | Self::Damaged { .. }
            | Self::Broken { .. }
            | Self::Body { .. }
            | Self::Sql { .. } => Kind::Internal,
        }
    }

    /// Sorts what `SQLite` says. Codes: <https://sqlite.org/rescode.html>, the low byte is the class.
    pub(crate) fn sorted(doing: &'static str, source: sqlx::Error) -> Self {
        if matches!(source, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
            return Self::Damaged { doing, source };
        }
        match sqlite_class(&source) {
            Some(5 | 6 | 15) => Self::Locked { doing, source },
            Some(11 | 26) => Self::Damaged { doing, source },
            Some(13) => Self::Full { doing, source },
            _ => Self::Sql { doing, source },
        }
    }
}

fn sqlite_class(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// Names what was being done when `SQLite` refused.
pub(crate) trait Doing<T> {
    /// What was being done, as a noun.
    fn doing(self, what: &'static str) -> Result<T, JournalError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: &'static str) -> Result<T, JournalError> {
        self.map_err(|source| JournalError::sorted(what, source))
    }
}
