//! One connection, to a file or to a server.

use std::{path::Path, time::Duration};

use futures_util::{Stream, TryStreamExt as _};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, SqliteConnection, raw_sql,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{Place, Row, Statement};
use crate::{
    JournalError, Options,
    error::{Doing as _, is_lost},
};

/// The page cache of a connection, in KiB: what is read is nearly always the newest.
const CACHE_KIB: i64 = 512;
/// How far the write-ahead log may stay grown after a checkpoint, in bytes.
const LOG_BYTES_MAX: i64 = 4 << 20;
/// `SQLite`'s page, in bytes, as this program makes files.
const PAGE_BYTES: u32 = 4096;
/// How long a server may take to answer a call; it ends statements of its own accord before that.
const ANSWER_MAX: Duration = Duration::from_secs(70);
/// How long a server may take to let us in.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A connection, and whether it broke.
#[derive(Debug)]
pub(crate) struct Connection {
    to: To,
    lost: bool,
}

#[derive(Debug)]
enum To {
    File(Box<SqliteConnection>),
    Server(Box<PgConnection>),
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Making tables, writing, reading.
    Write,
    /// Reading alone.
    Read,
    /// Reading a journal that nobody may make or change.
    Look,
}

impl Connection {
    /// Opens a connection with every setting the journal relies on.
    pub(crate) async fn open(
        place: &Place,
        options: &Options,
        purpose: Use,
    ) -> Result<Self, JournalError> {
        let mut own = match place {
            Place::File(path) => {
                let opened = file(path, options, purpose).await;
                let opened = opened.map_err(|source| JournalError::opening(place, source))?;
                Self { to: To::File(Box::new(opened)), lost: false }
            }
            Place::Server(server) => {
                let opened =
                    match tokio::time::timeout(CONNECT_MAX, server.options().connect()).await {
                        Ok(opened) => opened,
                        Err(_elapsed) => Err(too_late(CONNECT_MAX)),
                    };
                let opened = opened.map_err(|source| JournalError::opening(place, source))?;
                Self { to: To::Server(Box::new(opened)), lost: false }
            }
        };
        if purpose != Use::Write {
            let sql = if own.is_server() {
                "SET default_transaction_read_only = on"
            } else {
                "PRAGMA query_only = 1"
            };
            own.run(sql).await.doing("opening the journal for reading")?;
        }
        Ok(own)
    }

    /// Whether it is to a server.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self.to, To::Server(_))
    }

    /// Whether it broke, so that another is needed.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Runs SQL that has no values and gives no rows; several statements may follow each other.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let done = match &mut self.to {
            To::File(own) => raw_sql(sql).execute(&mut **own).await.map(drop),
            To::Server(own) => within(raw_sql(sql).execute(&mut **own)).await.map(drop),
        };
        self.noted(done)
    }

    /// Runs a statement, and answers how many rows it changed.
    pub(crate) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        let done = match &mut self.to {
            To::File(own) => {
                statement.for_file().execute(&mut **own).await.map(|done| done.rows_affected())
            }
            To::Server(own) => within(statement.for_server().execute(&mut **own))
                .await
                .map(|done| done.rows_affected()),
        };
        self.noted(done)
    }

    /// All rows of an answer that is known to be small.
    pub(crate) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<Row>, sqlx::Error> {
        let rows = match &mut self.to {
            To::File(own) => {
                let rows = statement.for_file().fetch_all(&mut **own).await;
                rows.map(|rows| rows.into_iter().map(Row::File).collect())
            }
            To::Server(own) => {
                let rows = within(statement.for_server().fetch_all(&mut **own)).await;
                rows.map(|rows| rows.into_iter().map(Row::Server).collect())
            }
        };
        self.noted(rows)
    }

    /// The first row of an answer, if it has any.
    pub(crate) async fn row(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The only row of an answer that always has one.
    pub(crate) async fn one(&mut self, statement: Statement<'_>) -> Result<Row, sqlx::Error> {
        self.row(statement).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// The rows of an answer one after the other, for as long as they are wanted.
    pub(crate) async fn each(
        &mut self,
        statement: Statement<'_>,
        mut wants_more: impl FnMut(&Row) -> Result<bool, JournalError> + Send,
        doing: &'static str,
    ) -> Result<(), JournalError> {
        let read = match &mut self.to {
            To::File(own) => {
                let rows = statement.for_file().fetch(&mut **own).map_ok(Row::File);
                walk(rows, &mut wants_more).await
            }
            To::Server(own) => {
                let rows = statement.for_server().fetch(&mut **own).map_ok(Row::Server);
                walk(rows, &mut wants_more).await
            }
        };
        self.noted(read).doing(doing)?
    }

    /// Copies a file as it is now into another that is not there yet.
    pub(crate) async fn copy_file(&mut self, to: &Path) -> Result<(), sqlx::Error> {
        let to = to.to_str().ok_or_else(|| {
            sqlx::Error::InvalidArgument("the name of the copy is not UTF-8".to_owned())
        })?;
        let statement = Statement::new("VACUUM INTO $1").bind(to);
        self.execute(statement).await.map(drop)
    }

    /// Closes it in order.
    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self.to {
            To::File(own) => own.close().await,
            To::Server(own) => within(own.close()).await,
        }
    }

    fn noted<T>(&mut self, done: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if let Err(error) = &done {
            self.lost |= self.is_server() && is_lost(error);
        }
        done
    }
}

/// Goes through rows: what the database said, and if nothing, what whoever looked at them said.
async fn walk(
    mut rows: impl Stream<Item = Result<Row, sqlx::Error>> + Send + Unpin,
    wants_more: &mut (impl FnMut(&Row) -> Result<bool, JournalError> + Send),
) -> Result<Result<(), JournalError>, sqlx::Error> {
    while let Some(row) = within(rows.try_next()).await? {
        match wants_more(&row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}

async fn file(
    path: &Path,
    options: &Options,
    purpose: Use,
) -> Result<SqliteConnection, sqlx::Error> {
    let pages_max = options.file_bytes_max / u64::from(PAGE_BYTES);
    let mut connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(purpose != Use::Look)
        .busy_timeout(options.busy_timeout)
        .statement_cache_capacity(32)
        .pragma("cache_size", (-CACHE_KIB).to_string())
        .disable_statement_logging();
    if purpose != Use::Look {
        connect = connect
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", LOG_BYTES_MAX.to_string())
            .pragma("max_page_count", pages_max.max(1).to_string());
    }
    connect.connect().await
}

async fn within<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(ANSWER_MAX, call).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(too_late(ANSWER_MAX)),
    }
}

fn too_late(limit: Duration) -> sqlx::Error {
    let text = format!("no answer within {} s", limit.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
}
