//! A place for a connection that is opened when it is needed, and anew when it broke; and the
//! transaction of the one that writes.

use tokio::sync::MutexGuard;

use super::{Connection, Place, connection::Use};
use crate::{JournalError, Options, error::Doing as _};

/// What begins a transaction that no other writer can come between. In a file that is `SQLite`'s own
/// lock; in a server the row that holds the end of the chain, which every writer needs.
const BEGIN_FILE: &str = "BEGIN IMMEDIATE";
const BEGIN_SERVER: &str = "BEGIN; SELECT seq FROM head WHERE id = 1 FOR UPDATE";

/// A place for a connection.
#[derive(Debug)]
pub(crate) struct Slot {
    purpose: Use,
    connection: Option<Connection>,
    /// A transaction was begun, and nobody has ended it yet.
    open: bool,
}

impl Slot {
    pub(crate) fn new(purpose: Use, connection: Connection) -> Self {
        Self { purpose, connection: Some(connection), open: false }
    }

    /// A connection that works as far as is known; ends what a caller left who went away.
    pub(crate) async fn ready(
        &mut self,
        place: &Place,
        options: &Options,
    ) -> Result<&mut Connection, JournalError> {
        self.tidy().await;
        if self.connection.as_ref().is_some_and(Connection::is_lost) {
            self.connection = None;
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(place, options, self.purpose).await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Ends a transaction whose caller went away, or that failed.
    async fn tidy(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let Some(connection) = &mut self.connection else { return };
        if connection.is_server() {
            // Half an answer may still be on its way: the server ends what its client has left.
            self.connection = None;
            return;
        }
        // A full disk makes SQLite roll back by itself; there is then nothing to roll back, and
        // it says so. Any other trouble shows when the next transaction begins.
        if let Err(error) = connection.run("ROLLBACK").await {
            tracing::debug!(%error, "nothing to roll back in the journal");
        }
    }

    /// Lets go of the connection.
    pub(crate) fn take(&mut self) -> Option<Connection> {
        self.connection.take()
    }
}

/// A transaction. `sqlx` has its own, but it loses count when `SQLite` rolls back by itself.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    slot: MutexGuard<'a, Slot>,
}

impl<'a> Write<'a> {
    pub(crate) async fn begin(
        mut slot: MutexGuard<'a, Slot>,
        place: &Place,
        options: &Options,
    ) -> Result<Self, JournalError> {
        const DOING: &str = "beginning to write to the journal";
        slot.ready(place, options).await?;
        // Said first: whoever goes away while it begins leaves something to end.
        slot.open = true;
        let mut own = Self { slot };
        let connection = own.connection()?;
        let begin = if connection.is_server() { BEGIN_SERVER } else { BEGIN_FILE };
        match connection.run(begin).await.doing(DOING) {
            Ok(()) => Ok(own),
            Err(error) => {
                own.slot.tidy().await;
                Err(error)
            }
        }
    }

    /// The connection of this transaction.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, JournalError> {
        self.slot.connection.as_mut().ok_or(JournalError::Closed)
    }

    /// Commits what went well, undoes what did not.
    pub(crate) async fn end<T>(
        mut self,
        result: Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        const DOING: &str = "writing to the journal";
        let committed = match (result, &mut self.slot.connection) {
            (Ok(value), Some(connection)) => connection
                .run("COMMIT")
                .await
                .map(|()| value)
                .map_err(|source| JournalError::committing(DOING, source)),
            (Ok(_), None) => Err(JournalError::Closed),
            (Err(error), _) => Err(error),
        };
        if committed.is_ok() {
            self.slot.open = false;
        } else {
            self.slot.tidy().await;
        }
        committed
    }
}

/// A connection to read with: the reader's own, or the writer's where there is only one.
#[derive(Debug)]
pub(crate) struct Read<'a>(MutexGuard<'a, Slot>);

impl<'a> Read<'a> {
    pub(crate) async fn begin(
        mut slot: MutexGuard<'a, Slot>,
        place: &Place,
        options: &Options,
    ) -> Result<Self, JournalError> {
        let connection = slot.ready(place, options).await?;
        // A connection that was cut while it was idle tells only when it is asked.
        if connection.is_server() && connection.run("SELECT 1").await.is_err() {
            slot.ready(place, options).await?;
        }
        Ok(Self(slot))
    }

    pub(crate) fn connection(&mut self) -> Result<&mut Connection, JournalError> {
        self.0.connection.as_mut().ok_or(JournalError::Closed)
    }
}
