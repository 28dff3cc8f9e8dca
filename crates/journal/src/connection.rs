//! Connections to the file: how they are set up, and the transaction of the one that writes.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use sqlx::{
    ConnectOptions, SqliteConnection, raw_sql,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::MutexGuard;

use crate::{JournalError, Options, error::Doing};

/// The page cache of a connection, in KiB: what is read is nearly always the newest.
const CACHE_KIB: i64 = 512;
/// How far the write-ahead log may stay grown after a checkpoint, in bytes.
const LOG_BYTES_MAX: i64 = 4 << 20;
/// `SQLite`'s page, in bytes, as this program makes files.
const PAGE_BYTES: u32 = 4096;

/// Whether this path stands for a journal in memory, which dies with its one connection.
pub(crate) fn in_memory(path: &Path) -> bool {
    path == Path::new(":memory:")
}

/// A connection with every setting the journal relies on.
pub(crate) async fn open(path: &Path, options: &Options) -> Result<SqliteConnection, JournalError> {
    let pages_max = options.file_bytes_max / u64::from(PAGE_BYTES);
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(options.busy_timeout)
        .statement_cache_capacity(32)
        .pragma("cache_size", (-CACHE_KIB).to_string())
        .pragma("journal_size_limit", LOG_BYTES_MAX.to_string())
        .pragma("max_page_count", pages_max.max(1).to_string())
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|source| match JournalError::sorted("opening the journal", source) {
            JournalError::Sql { source, .. } => JournalError::Open { path: path.into(), source },
            known => known,
        })
}

/// The one connection that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: SqliteConnection,
    /// A transaction was begun, and nobody has ended it yet.
    open: bool,
}

impl Writer {
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        Self { connection, open: false }
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Ends a transaction whose caller went away, or that failed.
    pub(crate) async fn tidy(&mut self) {
        if !self.open {
            return;
        }
        // A full disk makes SQLite roll back by itself; there is then nothing to roll back, and
        // it says so. Any other trouble shows when the next transaction begins.
        if let Err(error) = raw_sql("ROLLBACK").execute(&mut self.connection).await {
            tracing::debug!(%error, "nothing to roll back in the journal");
        }
        self.open = false;
    }
}

/// A transaction. `sqlx` has its own, but it loses count when `SQLite` rolls back by itself.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    writer: MutexGuard<'a, Writer>,
    failed: &'a AtomicU64,
}

impl<'a> Write<'a> {
    pub(crate) async fn begin(
        mut writer: MutexGuard<'a, Writer>,
        failed: &'a AtomicU64,
    ) -> Result<Self, JournalError> {
        writer.open = true;
        if let Err(source) = raw_sql("BEGIN IMMEDIATE").execute(&mut writer.connection).await {
            writer.tidy().await;
            failed.fetch_add(1, Ordering::Relaxed);
            return Err(JournalError::sorted("beginning to write to the journal", source));
        }
        Ok(Self { writer, failed })
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.writer.connection
    }

    /// Commits what went well, undoes what did not.
    pub(crate) async fn end<T>(
        mut self,
        result: Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let committed = match result {
            Ok(value) => raw_sql("COMMIT")
                .execute(&mut self.writer.connection)
                .await
                .map(|_| value)
                .doing("writing to the journal"),
            Err(error) => Err(error),
        };
        if committed.is_ok() {
            self.writer.open = false;
        } else {
            self.failed.fetch_add(1, Ordering::Relaxed);
            self.writer.tidy().await;
        }
        committed
    }
}

/// A connection to read with: the reader's own, or the writer's where there is only one.
#[derive(Debug)]
pub(crate) enum Read<'a> {
    Own(MutexGuard<'a, SqliteConnection>),
    Shared(MutexGuard<'a, Writer>),
}

impl Read<'_> {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(reader) => reader,
            Self::Shared(writer) => &mut writer.connection,
        }
    }
}
