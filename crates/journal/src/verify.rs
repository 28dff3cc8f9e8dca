//! Walking the chain, to see whether anybody changed it from outside.

use futures_util::TryStreamExt;
use sqlx::{Row, SqliteConnection, query, sqlite::SqliteRow};

use crate::{
    Hash, Journal, JournalError,
    chain::{self, Link},
    error::Doing,
    log,
};

const DOING: &str = "verifying the journal";
/// Events between two pauses, in which others may read.
const STRETCH: u32 = 500;

/// A chain that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many events it has.
    pub events: u64,
    /// The hash of the last one. Written down elsewhere, it shows later whether a whole chain was
    /// made anew, which no chain can tell of itself.
    pub head: Hash,
}

impl Journal {
    /// Walks the whole chain; the error names the first event that does not fit.
    pub async fn verify(&self) -> Result<Verified, JournalError> {
        let mut walk = Walk { seq: 0, hash: Hash::NONE };
        loop {
            let mut connection = self.read().await;
            let before = walk.seq;
            walk.stretch(connection.connection()).await?;
            if walk.seq == before {
                walk.end(connection.connection()).await?;
                return Ok(Verified {
                    events: u64::try_from(walk.seq).unwrap_or(0),
                    head: walk.hash,
                });
            }
            drop(connection);
            tokio::task::yield_now().await;
        }
    }
}

struct Walk {
    seq: i64,
    hash: Hash,
}

impl Walk {
    async fn stretch(&mut self, connection: &mut SqliteConnection) -> Result<(), JournalError> {
        let mut rows = query(
            "SELECT seq, at, kind, subject, body, hash FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(self.seq)
        .bind(STRETCH)
        .fetch(connection);
        while let Some(row) = rows.try_next().await.doing(DOING)? {
            self.step(&row)?;
        }
        Ok(())
    }

    fn step(&mut self, row: &SqliteRow) -> Result<(), JournalError> {
        let seq: i64 = row.try_get("seq").doing(DOING)?;
        if seq != self.seq + 1 {
            return Err(JournalError::Broken { seq: self.seq + 1, why: "is missing" });
        }
        let link = Link {
            seq,
            at: row.try_get("at").doing(DOING)?,
            kind: row.try_get("kind").doing(DOING)?,
            subject: row.try_get("subject").doing(DOING)?,
            body: row.try_get("body").doing(DOING)?,
        };
        let found: &[u8] = row.try_get("hash").doing(DOING)?;
        let hash = chain::hash(&self.hash, link);
        if found != hash.0 {
            return Err(JournalError::Broken { seq, why: "does not match its hash" });
        }
        (self.seq, self.hash) = (seq, hash);
        Ok(())
    }

    /// Whether the log once was longer than it is.
    async fn end(&self, connection: &mut SqliteConnection) -> Result<(), JournalError> {
        let head = query(log::HEAD).fetch_one(connection).await.doing(DOING)?;
        let highest: i64 = head.try_get("seq").doing(DOING)?;
        let last: Option<&[u8]> = head.try_get("hash").doing(DOING)?;
        // Events that came after the last stretch are not missing.
        let unchanged = last.and_then(Hash::from_bytes).unwrap_or(Hash::NONE) == self.hash;
        if unchanged && highest > self.seq {
            return Err(JournalError::Broken { seq: self.seq + 1, why: "is missing" });
        }
        Ok(())
    }
}
