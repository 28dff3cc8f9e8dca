//! The journal itself: opening it, writing to it, reading from it.

use std::{
    path::Path,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::{
    Act, JournalError, Lease, Options,
    database::{self, Connection, Place, Read, Slot, Use, Write},
    error::Doing as _,
    event::Checked,
    log, outbox,
    work::{leases, timers},
};

const COPYING: &str = "copying the journal";

/// An append-only log of events with an outbox, timers and leases. Clones are the same journal.
#[derive(Clone, Debug)]
pub struct Journal {
    inner: Arc<Inner>,
    /// What must hold for this handle to write.
    lease: Option<Lease>,
}

#[derive(Debug)]
struct Inner {
    place: Place,
    options: Options,
    writer: Mutex<Slot>,
    /// A second connection, so that reading need not wait for a commit. None in memory.
    reader: Option<Mutex<Slot>>,
    outbox_turn: watch::Sender<u64>,
    health: Health,
}

/// How writing and reading went.
#[derive(Debug, Default)]
struct Health {
    writes_failed: AtomicU64,
    writing: std::sync::Mutex<Option<String>>,
    reading: std::sync::Mutex<Option<String>>,
}

impl Journal {
    /// Opens the journal in this file, making or upgrading it; `:memory:` gives one for a test.
    pub async fn open(path: &Path) -> Result<Self, JournalError> {
        Self::open_with(path, Options::default()).await
    }

    /// Opens the journal with bounds of one's own.
    pub async fn open_with(path: &Path, options: Options) -> Result<Self, JournalError> {
        Self::open_at(path.into(), options).await
    }

    /// Opens the journal in a file or a server, making or upgrading it.
    pub async fn open_at(place: Place, options: Options) -> Result<Self, JournalError> {
        let mut connection = Connection::open(&place, &options, Use::Write).await?;
        database::migrate(&mut connection, &place).await?;
        let reader = if place.in_memory() {
            None
        } else {
            let reader = Connection::open(&place, &options, Use::Read).await?;
            Some(Mutex::new(Slot::new(Use::Read, reader)))
        };
        Ok(Self::new(place, options, Slot::new(Use::Write, connection), reader))
    }

    /// Opens a journal to look at: it must be there, is not upgraded, and cannot be written to.
    /// A server may be using it meanwhile.
    pub async fn look_at(place: Place, options: Options) -> Result<Self, JournalError> {
        if let Place::File(path) = &place
            && !path.is_file()
        {
            return Err(JournalError::Absent { place: place.to_string() });
        }
        let mut connection = Connection::open(&place, &options, Use::Look).await?;
        match database::found(&mut connection, &place).await? {
            0 => Err(JournalError::Absent { place: place.to_string() }),
            database::VERSION => {
                Ok(Self::new(place, options, Slot::new(Use::Look, connection), None))
            }
            _ => Err(JournalError::Older { place: place.to_string() }),
        }
    }

    fn new(place: Place, options: Options, writer: Slot, reader: Option<Mutex<Slot>>) -> Self {
        let inner = Inner {
            place,
            options,
            writer: Mutex::new(writer),
            reader,
            outbox_turn: watch::Sender::new(0),
            health: Health::default(),
        };
        Self { inner: Arc::new(inner), lease: None }
    }

    /// The same journal, but everything written through this handle is refused with
    /// [`JournalError::LeaseLost`] once another server has taken the lease.
    #[must_use]
    pub fn under(&self, lease: Lease) -> Self {
        Self { inner: Arc::clone(&self.inner), lease: Some(lease) }
    }

    /// The lease of this handle, if it has one.
    pub fn held(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.inner.place
    }

    /// Its bounds.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// How many writes have failed since it was opened.
    pub fn writes_failed(&self) -> u64 {
        self.inner.health.writes_failed.load(Ordering::Relaxed)
    }

    /// Why the last write did not succeed, or why it cannot be read; nothing while all is well.
    pub fn trouble(&self) -> Option<String> {
        let health = &self.inner.health;
        let said = |slot: &std::sync::Mutex<Option<String>>| {
            slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        said(&health.writing).or_else(|| said(&health.reading))
    }

    /// Records an act, on disk when this returns: all of it, or nothing and an error. Gives the
    /// places of its events. If the caller stops waiting, all or nothing still holds.
    ///
    /// One error leaves open which of the two it is: see [`JournalError::is_unsure`].
    pub async fn record(&self, act: impl Into<Act> + Send) -> Result<Vec<i64>, JournalError> {
        let act = Checked::new(act.into(), self.options())?;
        if act.is_empty() {
            return Ok(Vec::new());
        }
        let mut write = self.write().await?;
        let result = record(&mut write, &act, self.options()).await;
        let seqs = self.end(write, result).await?;
        if !act.outbox.is_empty() {
            self.outbox_turned();
        }
        Ok(seqs)
    }

    /// Copies the journal as it is now into a file that is not there yet, also while it is written
    /// to. False if it is in a server, which has tools of its own for that.
    pub async fn copy_to(&self, path: &Path) -> Result<bool, JournalError> {
        let own = self.place();
        if own.is_shared() {
            return Ok(false);
        }
        if own.in_memory() {
            let mut read = self.read().await?;
            read.connection()?.copy_file(path).await.doing(COPYING)?;
            return Ok(true);
        }
        // A connection of its own, so that a long copy keeps nobody waiting.
        copy(own, self.options(), path).await.map(|()| true)
    }

    /// Copies a journal's file, of whatever version, into another that is not there yet. False if
    /// there is no such file.
    pub async fn copy_file(from: &Path, to: &Path) -> Result<bool, JournalError> {
        if !from.is_file() {
            return Ok(false);
        }
        copy(&from.into(), &Options::default(), to).await.map(|()| true)
    }

    /// Closes the connections; what was recorded is on disk already.
    pub async fn close(&self) -> Result<(), JournalError> {
        const DOING: &str = "closing the journal";
        let mut writer = self.inner.writer.lock().await;
        let own = writer.ready(self.place(), self.options()).await?;
        // A look has nothing to put in order, and leaves nothing behind.
        let is_look = self.inner.reader.is_none() && !self.place().in_memory();
        if is_look || own.is_server() {
            if let Some(connection) = writer.take() {
                connection.close().await.doing(DOING)?;
            }
            return Ok(());
        }
        // The write-ahead log goes back into the file. If a reader is in the way, the next
        // opening does it.
        own.run("PRAGMA wal_checkpoint(TRUNCATE)").await.doing(DOING)
    }

    /// Begins a transaction; the lease of this handle, if it has one, holds until its end.
    pub(crate) async fn write(&self) -> Result<Write<'_>, JournalError> {
        let mut begun = self.begin().await;
        // A connection that was cut while it was idle tells only when it is used.
        if matches!(begun, Err(JournalError::Away { .. })) {
            begun = self.begin().await;
        }
        let mut write = match begun {
            Ok(write) => write,
            failed => self.noted(failed)?,
        };
        let Some(lease) = &self.lease else { return Ok(write) };
        match leases::check(write.connection()?, lease).await {
            Ok(()) => Ok(write),
            Err(error) => Err(match self.end::<()>(write, Err(error)).await {
                Err(error) => error,
                Ok(()) => JournalError::LeaseLost { name: lease.name.clone() },
            }),
        }
    }

    async fn begin(&self) -> Result<Write<'_>, JournalError> {
        let slot = self.inner.writer.lock().await;
        Write::begin(slot, self.place(), self.options()).await
    }

    /// Ends a transaction: commits what went well, undoes what did not.
    pub(crate) async fn end<T>(
        &self,
        write: Write<'_>,
        result: Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let ended = write.end(result).await;
        self.noted(ended)
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Result<Read<'_>, JournalError> {
        let slot: MutexGuard<'_, Slot> = match &self.inner.reader {
            Some(reader) => reader.lock().await,
            None => self.inner.writer.lock().await,
        };
        let begun = Read::begin(slot, self.place(), self.options()).await;
        self.inner.health.read(begun.as_ref().err());
        begun
    }

    /// Tells whoever waits that the outbox may hold something new; for whoever learns of it that
    /// another server has recorded.
    pub fn outbox_turned(&self) {
        self.inner.outbox_turn.send_modify(|turn| *turn = turn.wrapping_add(1));
    }

    /// Changes whenever a message is added to the outbox or its time is set anew.
    pub fn outbox_turns(&self) -> watch::Receiver<u64> {
        self.inner.outbox_turn.subscribe()
    }

    fn noted<T>(&self, done: Result<T, JournalError>) -> Result<T, JournalError> {
        self.inner.health.written(done.as_ref().err());
        done
    }
}

impl Health {
    fn written(&self, error: Option<&JournalError>) {
        if error.is_some() {
            self.writes_failed.fetch_add(1, Ordering::Relaxed);
        }
        Self::note(&self.writing, error);
    }

    fn read(&self, error: Option<&JournalError>) {
        Self::note(&self.reading, error);
    }

    /// What a caller asked amiss is no trouble of the journal's.
    fn note(slot: &std::sync::Mutex<Option<String>>, error: Option<&JournalError>) {
        use model::Kind;
        let text = match error {
            None => None,
            Some(error) => match error.kind() {
                Kind::Busy | Kind::Upstream | Kind::Internal => Some(error.to_string()),
                _ => return,
            },
        };
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

async fn copy(from: &Place, options: &Options, to: &Path) -> Result<(), JournalError> {
    let mut connection = Connection::open(from, options, Use::Write).await?;
    let copied = connection.copy_file(to).await.doing(COPYING);
    let closed = connection.close().await.doing(COPYING);
    copied.and(closed)
}

async fn record(
    write: &mut Write<'_>,
    act: &Checked,
    options: &Options,
) -> Result<Vec<i64>, JournalError> {
    let connection = write.connection()?;
    timers::change(connection, act).await?;
    let seqs = log::append(connection, &act.events).await?;
    let given_up = outbox::enqueue(connection, &act.outbox, options).await?;
    log::append(connection, &given_up).await?;
    Ok(seqs)
}
