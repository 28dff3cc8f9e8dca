//! The journal itself: opening it, writing to it, reading from it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{SqliteConnection, raw_sql};
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::{
    Entry, JournalError, Options,
    connection::{self, Read, Write, Writer},
    error::Doing,
    event::Checked,
    log, outbox, schema,
};

/// An append-only log of events with an outbox. Clones are the same journal.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    options: Options,
    writer: Mutex<Writer>,
    /// A second connection, so that reading need not wait for a commit. None in memory.
    reader: Option<Mutex<SqliteConnection>>,
    outbox_turn: watch::Sender<u64>,
    writes_failed: AtomicU64,
}

impl Journal {
    /// Opens the journal in this file, making or upgrading it; `:memory:` gives one for a test.
    pub async fn open(path: &Path) -> Result<Self, JournalError> {
        Self::open_with(path, Options::default()).await
    }

    /// Opens the journal with bounds of one's own.
    pub async fn open_with(path: &Path, options: Options) -> Result<Self, JournalError> {
        let mut connection = connection::open(path, &options).await?;
        schema::migrate(&mut connection, path).await?;
        let reader = if connection::in_memory(path) {
            None
        } else {
            let mut reader = connection::open(path, &options).await?;
            raw_sql("PRAGMA query_only = 1")
                .execute(&mut reader)
                .await
                .doing("opening the journal for reading")?;
            Some(Mutex::new(reader))
        };
        Ok(Self(Arc::new(Inner {
            path: path.into(),
            options,
            writer: Mutex::new(Writer::new(connection)),
            reader,
            outbox_turn: watch::Sender::new(0),
            writes_failed: AtomicU64::new(0),
        })))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Its bounds.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// How many writes have failed since it was opened.
    pub fn writes_failed(&self) -> u64 {
        self.0.writes_failed.load(Ordering::Relaxed)
    }

    /// Records an entry, on disk when this returns: all of it, or nothing and an error. Gives the
    /// places of its events. If the caller stops waiting, all or nothing still holds.
    pub async fn record(&self, entry: Entry) -> Result<Vec<i64>, JournalError> {
        let entry = Checked::new(entry, &self.0.options)?;
        if entry.events.is_empty() && entry.outbox.is_empty() {
            return Ok(Vec::new());
        }
        let mut write = self.write().await?;
        let result = record(write.connection(), &entry, &self.0.options).await;
        let seqs = write.end(result).await?;
        if !entry.outbox.is_empty() {
            self.outbox_turned();
        }
        Ok(seqs)
    }

    /// Closes the connections; what was recorded is on disk already.
    pub async fn close(&self) -> Result<(), JournalError> {
        // The write-ahead log goes back into the file. If a reader is in the way, the next
        // opening does it.
        let mut writer = self.writer().await;
        raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(writer.connection())
            .await
            .map(drop)
            .doing("closing the journal")
    }

    /// Begins a transaction.
    pub(crate) async fn write(&self) -> Result<Write<'_>, JournalError> {
        Write::begin(self.writer().await, &self.0.writes_failed).await
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Read<'_> {
        match &self.0.reader {
            Some(reader) => Read::Own(reader.lock().await),
            None => Read::Shared(self.writer().await),
        }
    }

    /// Tells whoever waits that the outbox may hold something new.
    pub(crate) fn outbox_turned(&self) {
        self.0.outbox_turn.send_modify(|turn| *turn = turn.wrapping_add(1));
    }

    /// Changes whenever a message is added to the outbox or its time is set anew.
    pub fn outbox_turns(&self) -> watch::Receiver<u64> {
        self.0.outbox_turn.subscribe()
    }

    async fn writer(&self) -> MutexGuard<'_, Writer> {
        let mut writer = self.0.writer.lock().await;
        writer.tidy().await;
        writer
    }
}

async fn record(
    connection: &mut SqliteConnection,
    entry: &Checked,
    options: &Options,
) -> Result<Vec<i64>, JournalError> {
    let seqs = log::append(connection, &entry.events).await?;
    let given_up = outbox::enqueue(connection, &entry.outbox, options).await?;
    log::append(connection, &given_up).await?;
    Ok(seqs)
}
