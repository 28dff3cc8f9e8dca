//! What can go wrong with a journal, sorted by what an operator can do about it.

use model::Kind;
use sqlx::{postgres::PgDatabaseError, sqlite::SqliteError};

use crate::Place;

/// Why the journal could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The address of a server is none.
    #[error("this is not the address of a PostgreSQL: {why}")]
    Address {
        /// What is wrong, without the address, which may hold a password.
        why: String,
    },
    /// It cannot be opened.
    #[error("cannot open the journal {place}")]
    Open {
        /// Where it is.
        place: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// The server does not answer, or does not let us in.
    #[error("cannot reach the journal {place}")]
    Unreachable {
        /// Where it is.
        place: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// There is none, and none is to be made.
    #[error("there is no journal in {place}")]
    Absent {
        /// Where it should be.
        place: String,
    },
    /// It must be brought to our version first, which only a server does.
    #[error(
        "the journal {place} is of an older version: start `plimsoll serve` once to bring it up to date"
    )]
    Older {
        /// Where it is.
        place: String,
    },
    /// A later Plimsoll has written it.
    #[error(
        "the journal {place} has version {found}, this Plimsoll knows versions up to {known}: start the \
         newer Plimsoll, or restore the copy made before the upgrade"
    )]
    Newer {
        /// Where it is.
        place: String,
        /// The version of the journal.
        found: i64,
        /// The newest version we know.
        known: i64,
    },
    /// It is a database of another program.
    #[error("{place} is a database, but not a Plimsoll journal")]
    Foreign {
        /// Where it is.
        place: String,
    },
    /// The server went away in the middle of something; nothing of it holds.
    #[error("the journal's server went away: {doing} failed")]
    Away {
        /// What we were doing.
        doing: &'static str,
        /// What was heard last.
        source: sqlx::Error,
    },
    /// The server went away at the very end: all of it is recorded or nothing, and only reading
    /// the journal again tells which.
    #[error(
        "the journal's server went away before it said whether it had recorded: {doing} failed"
    )]
    Unsure {
        /// What we were doing.
        doing: &'static str,
        /// What was heard last.
        source: sqlx::Error,
    },
    /// Another server has taken over what this one was doing; nothing of it holds.
    #[error("another server has taken the lease {name}")]
    LeaseLost {
        /// Which lease.
        name: String,
    },
    /// The timer has run or was taken back; nothing of what followed from it holds.
    #[error("timer {id} is no longer set")]
    NotSet {
        /// Which timer.
        id: i64,
    },
    /// Old events are gone, so what was folded from them cannot be thrown away.
    #[error("events up to {upto} were pruned: what was folded from them must stay")]
    WasPruned {
        /// The last event that is gone.
        upto: i64,
    },
    /// A line of an export is not what was written.
    #[error("line {line} {why}")]
    Export {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An export cannot be read.
    #[error("cannot read the export")]
    Read(#[source] std::io::Error),
    /// The connection was closed.
    #[error("the journal is closed")]
    Closed,
    /// The file is damaged, or no database at all.
    #[error(
        "the journal is damaged: {doing} failed; restore a copy, or move the file away to begin a new one"
    )]
    Damaged {
        /// What we were doing.
        doing: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Another process holds the file.
    #[error("another process holds the journal: {doing} failed")]
    Locked {
        /// What we were doing.
        doing: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The disk or the file's bound is full.
    #[error("no room for the journal: {doing} failed; free some disk space")]
    Full {
        /// What we were doing.
        doing: &'static str,
        /// What the database said.
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
    /// Anything else the database says.
    #[error("{doing} failed")]
    Sql {
        /// What we were doing.
        doing: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl JournalError {
    /// What the outside sees of it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::TooLarge { .. }
            | Self::Foreign { .. }
            | Self::Address { .. }
            | Self::Export { .. }
            | Self::Read(_) => Kind::Invalid,
            Self::Newer { .. }
            | Self::Older { .. }
            | Self::LeaseLost { .. }
            | Self::WasPruned { .. } => Kind::Conflict,
            Self::NotWaiting { .. } | Self::NotSet { .. } | Self::Absent { .. } => Kind::Missing,
            Self::Locked { .. } | Self::Full { .. } => Kind::Busy,
            Self::Unreachable { .. } | Self::Away { .. } | Self::Unsure { .. } => Kind::Upstream,
            Self::Open { .. }
            | Self::Damaged { .. }
            | Self::Broken { .. }
            | Self::Body { .. }
            | Self::Closed
            | Self::Sql { .. } => Kind::Internal,
        }
    }

    /// Whether what was to be recorded may have been, so that whoever keeps a state that follows
    /// from the journal must read it again before going on.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Unsure { .. })
    }

    /// Sorts what the database says.
    pub(crate) fn sorted(doing: &'static str, source: sqlx::Error) -> Self {
        if is_lost(&source) {
            return Self::Away { doing, source };
        }
        match class(&source) {
            Class::Locked => Self::Locked { doing, source },
            Class::Damaged => Self::Damaged { doing, source },
            Class::Full => Self::Full { doing, source },
            Class::Other => Self::Sql { doing, source },
        }
    }

    /// Sorts what is said when a database is opened.
    pub(crate) fn opening(place: &Place, source: sqlx::Error) -> Self {
        if place.is_shared() {
            return Self::Unreachable { place: place.to_string(), source };
        }
        match Self::sorted("opening the journal", source) {
            Self::Sql { source, .. } | Self::Away { source, .. } => {
                Self::Open { place: place.to_string(), source }
            }
            known => known,
        }
    }

    /// Sorts what is said to a commit: a server that is lost then may have done it.
    pub(crate) fn committing(doing: &'static str, source: sqlx::Error) -> Self {
        match Self::sorted(doing, source) {
            Self::Away { doing, source } => Self::Unsure { doing, source },
            known => known,
        }
    }
}

enum Class {
    Locked,
    Damaged,
    Full,
    Other,
}

/// What a database's own code means. Codes of `SQLite`: <https://sqlite.org/rescode.html>, the low
/// byte is the class. Codes of PostgreSQL: its manual, appendix A.
fn class(error: &sqlx::Error) -> Class {
    if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
        return Class::Damaged;
    }
    let Some(error) = error.as_database_error() else { return Class::Other };
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(5 | 6 | 15) => Class::Locked,
            Ok(11 | 26) => Class::Damaged,
            Ok(13) => Class::Full,
            _ => Class::Other,
        };
    }
    match &*code {
        "55P03" | "57014" | "40P01" | "40001" => Class::Locked,
        "53100" => Class::Full,
        "XX001" | "XX002" => Class::Damaged,
        _ => Class::Other,
    }
}

/// Whether a server is no longer there, or no longer talks to us: class 08 is about connections,
/// 57P01 to 57P05 end one, 53300 is a server without a place for us.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            error.try_downcast_ref::<PgDatabaseError>().is_some()
                && (code.starts_with("08")
                    || code.starts_with("57P0")
                    || matches!(&*code, "53300" | "25P03" | "25006"))
        }
        _ => false,
    }
}

/// Names what was being done when the database refused.
pub(crate) trait Doing<T> {
    /// What was being done, as a noun.
    fn doing(self, what: &'static str) -> Result<T, JournalError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: &'static str) -> Result<T, JournalError> {
        self.map_err(|source| JournalError::sorted(what, source))
    }
}
