//! Leases: of several servers that share a journal, one does a piece of work. Its lease has an
//! epoch that rises whenever the lease changes hands, and what is written under a lease is written
//! only while the epoch still is the same: a server that was thought dead and wakes up writes
//! nothing.
//!
//! No clock takes part. The holder lets the lease beat; who wants it watches, by a clock of its own
//! that never goes back, whether it still does, and takes it when it has been silent for long.

use model::Time;
use serde_json::json;

use crate::{
    Journal, JournalError, LEASE, chain,
    database::{Connection, Statement, Write},
    error::Doing as _,
    event::CheckedEvent,
    log,
};

const DOING: &str = "taking a lease";

/// The right to do a piece of work, until somebody else takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which work.
    pub name: String,
    /// How often the lease has changed hands.
    pub epoch: i64,
}

/// A lease as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseSeen {
    /// Who has it; empty if it was given back.
    pub holder: String,
    /// How often it has changed hands.
    pub epoch: i64,
    /// How often its holder has said that it is alive.
    pub beat: i64,
}

impl Journal {
    /// A lease as it is now; nothing if nobody ever took it.
    pub async fn lease(&self, name: &str) -> Result<Option<LeaseSeen>, JournalError> {
        const SEE: &str = "SELECT holder, epoch, beat FROM leases WHERE name = $1";
        let statement = Statement::new(SEE).bind(name);
        let row = self.read().await?.connection()?.row(statement).await.doing(DOING)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(LeaseSeen {
            holder: row.text("holder").doing(DOING)?.to_owned(),
            epoch: row.number("epoch").doing(DOING)?,
            beat: row.number("beat").doing(DOING)?,
        }))
    }

    /// Takes a lease if it still is as it was seen; an event says who has it now. Nothing if its
    /// holder is alive after all, or somebody was faster.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        seen: Option<&LeaseSeen>,
        now: Time,
    ) -> Result<Option<Lease>, JournalError> {
        let mut write = self.write().await?;
        let result = take(&mut write, (name, holder), seen, now).await;
        self.end(write, result).await
    }

    /// Says that the holder of this handle's lease is alive.
    pub async fn beat(&self, lease: &Lease) -> Result<(), JournalError> {
        const BEAT: &str = "UPDATE leases SET beat = beat + 1 WHERE name = $1 AND epoch = $2";
        let mut write = self.write().await?;
        let statement = Statement::new(BEAT).bind(&lease.name).bind(lease.epoch);
        let done = write.connection()?.execute(statement).await.doing(DOING);
        let result = done.and_then(|rows| held(rows, lease));
        self.end(write, result).await
    }

    /// Gives a lease back, so that another need not wait until it has been silent for long.
    pub async fn give_back(&self, lease: &Lease) -> Result<(), JournalError> {
        const BACK: &str = "UPDATE leases SET holder = '', epoch = epoch + 1
            WHERE name = $1 AND epoch = $2";
        let mut write = self.write().await?;
        let statement = Statement::new(BACK).bind(&lease.name).bind(lease.epoch);
        let done = write.connection()?.execute(statement).await.doing(DOING);
        let result = done.and_then(|rows| held(rows, lease));
        self.end(write, result).await
    }
}

async fn take(
    write: &mut Write<'_>,
    (name, holder): (&str, &str),
    seen: Option<&LeaseSeen>,
    now: Time,
) -> Result<Option<Lease>, JournalError> {
    const FIRST: &str = "INSERT INTO leases (name, holder, epoch, beat) VALUES ($1, $2, 1, 0)
        ON CONFLICT (name) DO NOTHING";
    const NEXT: &str = "UPDATE leases SET holder = $1, epoch = epoch + 1, beat = 0
        WHERE name = $2 AND epoch = $3 AND beat = $4";
    let connection = write.connection()?;
    let statement = match seen {
        None => Statement::new(FIRST).bind(name).bind(holder),
        Some(seen) => Statement::new(NEXT).bind(holder).bind(name).bind(seen.epoch).bind(seen.beat),
    };
    if connection.execute(statement).await.doing(DOING)? == 0 {
        return Ok(None);
    }
    let epoch = seen.map_or(1, |seen| seen.epoch + 1);
    let before = seen.map(|seen| seen.holder.as_str());
    let event = CheckedEvent {
        at: now,
        kind: LEASE.to_owned(),
        subject: name.to_owned(),
        body: chain::canonical(&json!({"holder": holder, "epoch": epoch, "before": before})),
    };
    log::append(connection, &[event]).await?;
    Ok(Some(Lease { name: name.to_owned(), epoch }))
}

/// Whether a lease still holds, within a transaction that nobody else can come between.
pub(crate) async fn check(connection: &mut Connection, lease: &Lease) -> Result<(), JournalError> {
    const HELD: &str = "SELECT epoch FROM leases WHERE name = $1 AND epoch = $2";
    let statement = Statement::new(HELD).bind(&lease.name).bind(lease.epoch);
    let row = connection.row(statement).await.doing(DOING)?;
    held(u64::from(row.is_some()), lease)
}

fn held(rows: u64, lease: &Lease) -> Result<(), JournalError> {
    if rows == 0 { Err(JournalError::LeaseLost { name: lease.name.clone() }) } else { Ok(()) }
}
