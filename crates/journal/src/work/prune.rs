//! Retention: events that are older than is wanted go, and the chain stays provable: an event says
//! which went, with the hash of the last of them, from which the rest of the chain goes on.

use model::Time;
use serde_json::json;

use crate::{
    Journal, JournalError, PRUNED, chain,
    database::{Connection, Row, Statement},
    error::Doing as _,
    event::CheckedEvent,
    log,
};

const DOING: &str = "pruning the journal";
/// Events that one transaction deletes.
const STEP: i64 = 500;

/// What was pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// How many events went.
    pub events: u64,
    /// The last of all that ever went; 0 if none did.
    pub upto: i64,
}

impl Journal {
    /// Lets go of events older than a moment. The last word on every subject stays at hand for
    /// [`Journal::latest`], and so does at least one event.
    pub async fn prune(&self, before: Time, now: Time) -> Result<Pruned, JournalError> {
        let (from, upto) = {
            let mut read = self.read().await?;
            let connection = read.connection()?;
            let from = log::head(connection, DOING).await?.pruned;
            (from, last_before(connection, before).await?)
        };
        if upto <= from {
            self.clear(from).await?;
            return Ok(Pruned { events: 0, upto: from });
        }
        for kind in self.kinds_upto(upto).await? {
            self.fold_upto(&kind, upto, &|_: &crate::Event| false).await?;
        }
        let mut write = self.write().await?;
        let result = mark(write.connection()?, upto, now).await;
        self.end(write, result).await?;
        self.clear(upto).await?;
        Ok(Pruned { events: u64::try_from(upto - from).unwrap_or(0), upto })
    }

    async fn kinds_upto(&self, upto: i64) -> Result<Vec<String>, JournalError> {
        const KINDS: &str = "SELECT DISTINCT kind FROM events WHERE seq <= $1";
        let mut read = self.read().await?;
        let mut kinds = Vec::new();
        let note = |row: &Row| {
            kinds.push(row.text("kind").doing(DOING)?.to_owned());
            Ok(true)
        };
        read.connection()?.each(Statement::new(KINDS).bind(upto), note, DOING).await?;
        Ok(kinds)
    }

    /// Deletes what is marked as pruned, in small steps; what a crash leaves is deleted next time.
    async fn clear(&self, upto: i64) -> Result<(), JournalError> {
        const CLEAR: &str = "DELETE FROM events WHERE seq <= $1 AND seq <
            (SELECT min(seq) FROM events) + $2";
        loop {
            let mut write = self.write().await?;
            let statement = Statement::new(CLEAR).bind(upto).bind(STEP);
            let result = write.connection()?.execute(statement).await.doing(DOING);
            if self.end(write, result).await? == 0 {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The last event before the first that is young enough; never the last of all.
async fn last_before(connection: &mut Connection, before: Time) -> Result<i64, JournalError> {
    const FIRST: &str = "SELECT coalesce((SELECT min(seq) FROM events WHERE at >= $1),
        (SELECT max(seq) FROM events), 1) - 1 AS seq";
    let statement = Statement::new(FIRST).bind(before.millis());
    connection.one(statement).await.and_then(|row| row.number("seq")).doing(DOING)
}

/// Writes down that everything up to a place goes, and moves the beginning of the chain there.
async fn mark(connection: &mut Connection, upto: i64, now: Time) -> Result<(), JournalError> {
    const LAST: &str = "SELECT hash FROM events WHERE seq = $1";
    const MOVE: &str = "UPDATE head SET pruned = $1, pruned_hash = $2 WHERE id = 1";
    let row = connection.one(Statement::new(LAST).bind(upto)).await.doing(DOING)?;
    let hash = log::read_hash(&row, "hash", DOING)?;
    let event = CheckedEvent {
        at: now,
        kind: PRUNED.to_owned(),
        subject: "journal".to_owned(),
        body: chain::canonical(&json!({"upto": upto, "hash": hash.to_string()})),
    };
    log::append(connection, &[event]).await?;
    let moved = Statement::new(MOVE).bind(upto).bind(&hash.0[..]);
    connection.execute(moved).await.map(drop).doing(DOING)
}
