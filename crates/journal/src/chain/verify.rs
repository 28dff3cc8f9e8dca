//! Walking the chain, to see whether anybody changed it from outside.

use std::collections::BTreeSet;

use model::Time;

use crate::{
    Hash, Journal, JournalError, PRUNED,
    chain::{self, Link},
    database::{Connection, Row, Statement},
    error::Doing,
    log,
};

const DOING: &str = "verifying the journal";
/// Events between two pauses, in which others may read.
const STRETCH: u32 = 2_000;

/// A chain that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many events were checked.
    pub events: u64,
    /// The last event that is no longer here, because the journal was pruned; 0 if all are here.
    pub pruned: i64,
    /// When the first event that is here happened.
    pub from: Option<Time>,
    /// When the last one happened.
    pub to: Option<Time>,
    /// The hash of the last one. Written down elsewhere, it shows later whether a whole chain was
    /// made anew, which no chain can tell of itself.
    pub head: Hash,
}

impl Journal {
    /// Walks the whole chain, and what was folded from it; the error names the first event that
    /// does not fit.
    pub async fn verify(&self) -> Result<Verified, JournalError> {
        let mut walk = Walk::begin(self).await?;
        loop {
            let mut read = self.read().await?;
            let connection = read.connection()?;
            let before = walk.seq;
            match walk.stretch(connection).await {
                // Somebody may have pruned the journal under our feet.
                Err(JournalError::Broken { .. }) if walk.is_overtaken(connection).await? => {
                    drop(read);
                    walk = Walk::begin(self).await?;
                    continue;
                }
                walked => walked?,
            }
            if walk.seq == before && walk.end(connection).await? {
                return Ok(walk.verified());
            }
            drop(read);
            tokio::task::yield_now().await;
        }
    }
}

/// What stands before an event whose own words alone are hashed.
const ALONE: Hash = Hash([0; 32]);

fn link_of(row: &Row) -> Result<Link<'_>, JournalError> {
    Ok(Link {
        seq: row.number("seq").doing(DOING)?,
        at: row.number("at").doing(DOING)?,
        kind: row.text("kind").doing(DOING)?,
        subject: row.text("subject").doing(DOING)?,
        body: row.text("body").doing(DOING)?,
    })
}

struct Walk {
    pruned: i64,
    pruned_hash: Hash,
    seq: i64,
    hash: Hash,
    from: Option<Time>,
    to: Option<Time>,
    /// Whether an event of the chain itself says what was pruned.
    pruning_told: bool,
    /// Last words on subjects that are still to be met, by place: their hashes in the chain, and
    /// over what they say alone.
    standing: BTreeSet<(i64, Hash, Hash)>,
    /// The head was one event further than the walk at its end.
    short: bool,
}

impl Walk {
    async fn begin(journal: &Journal) -> Result<Self, JournalError> {
        const STANDING: &str =
            "SELECT seq, at, kind, subject, body, hash FROM standing WHERE seq > $1";
        let mut read = journal.read().await?;
        let connection = read.connection()?;
        let log::Head { pruned, pruned_hash, .. } = log::head(connection, DOING).await?;
        let mut standing = BTreeSet::new();
        let note = |row: &Row| {
            let hash = log::read_hash(row, "hash", DOING)?;
            let link = link_of(row)?;
            standing.insert((link.seq, hash, chain::hash(&ALONE, link)));
            Ok(true)
        };
        connection.each(Statement::new(STANDING).bind(pruned), note, DOING).await?;
        let (seq, hash, pruning_told) = (pruned, pruned_hash, pruned == 0);
        let (from, to, short) = (None, None, false);
        Ok(Self { pruned, pruned_hash, seq, hash, from, to, pruning_told, standing, short })
    }

    async fn is_overtaken(&self, connection: &mut Connection) -> Result<bool, JournalError> {
        Ok(log::head(connection, DOING).await?.pruned > self.pruned)
    }

    async fn stretch(&mut self, connection: &mut Connection) -> Result<(), JournalError> {
        const NEXT: &str = "SELECT seq, at, kind, subject, body, hash FROM events
            WHERE seq > $1 ORDER BY seq LIMIT $2";
        let statement = Statement::new(NEXT).bind(self.seq).bind(STRETCH);
        connection.each(statement, |row| self.step(row).map(|()| true), DOING).await
    }

    fn step(&mut self, row: &Row) -> Result<(), JournalError> {
        let seq = row.number("seq").doing(DOING)?;
        if seq != self.seq + 1 {
            return Err(JournalError::Broken { seq: self.seq + 1, why: "is missing" });
        }
        let link = link_of(row)?;
        let found = row.bytes("hash").doing(DOING)?;
        let hash = chain::hash(&self.hash, link);
        if found != hash.0 {
            return Err(JournalError::Broken { seq, why: "does not match its hash" });
        }
        let stands = self.standing.first().is_some_and(|(place, ..)| *place <= seq);
        if stands && !self.standing.remove(&(seq, hash, chain::hash(&ALONE, link))) {
            let why = "is not what was folded from it";
            return Err(JournalError::Broken { seq, why });
        }
        self.pruning_told |= link.kind == PRUNED && self.tells_of_pruning(link.body);
        self.from = self.from.or(Some(Time(link.at)));
        self.to = Some(Time(link.at));
        (self.seq, self.hash, self.short) = (seq, hash, false);
        Ok(())
    }

    /// Whether the body of an event says that exactly what is missing was pruned.
    fn tells_of_pruning(&self, body: &str) -> bool {
        serde_json::from_str(body).is_ok_and(|body: serde_json::Value| {
            body["upto"].as_i64() == Some(self.pruned)
                && body["hash"].as_str() == Some(&*self.pruned_hash.to_string())
        })
    }

    /// Whether this is the end; an error if the log once was longer than it is.
    async fn end(&mut self, connection: &mut Connection) -> Result<bool, JournalError> {
        let head = log::head(connection, DOING).await?;
        if head.seq > self.seq {
            if self.short {
                return Err(JournalError::Broken { seq: self.seq + 1, why: "is missing" });
            }
            // Or it came after the last stretch; the next one tells.
            self.short = true;
            return Ok(false);
        }
        let seq = self.seq;
        if (head.seq, head.hash) != (seq, self.hash) {
            return Err(JournalError::Broken { seq, why: "is not the one that was recorded last" });
        }
        if !self.pruning_told {
            let why = "and those before it are missing, and no event says that they were pruned";
            return Err(JournalError::Broken { seq: self.pruned, why });
        }
        if let Some((seq, ..)) = self.standing.first() {
            return Err(JournalError::Broken { seq: *seq, why: "is not what was folded from it" });
        }
        Ok(true)
    }

    fn verified(&self) -> Verified {
        Verified {
            events: u64::try_from(self.seq - self.pruned).unwrap_or(0),
            pruned: self.pruned,
            from: self.from,
            to: self.to,
            head: self.hash,
        }
    }
}
