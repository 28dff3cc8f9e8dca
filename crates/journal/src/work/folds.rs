//! Folds: the last word on every subject of a kind, as it was at some place of the log, so that a
//! start reads that and what came after it instead of everything since the beginning. A fold is a
//! copy of events; throwing it away and folding again gives the same.

use std::collections::BTreeMap;

use crate::{
    Event, Journal, JournalError,
    ask::read_event,
    database::{Connection, Row, Statement},
    error::Doing as _,
    log,
};

const DOING: &str = "folding the journal";
/// Places that one transaction folds, so that writers need not wait for long.
const STEP: i64 = 500;
/// Last words that are looked at together.
const PAGE: i64 = 500;

impl Journal {
    /// Folds what has been recorded of a kind up to now: of every subject the last event is kept
    /// at hand for [`Journal::latest`], and those that are over are dropped. Answers up to which
    /// place it is folded.
    pub async fn fold(
        &self,
        kind: &str,
        is_over: impl Fn(&Event) -> bool + Send + Sync,
    ) -> Result<i64, JournalError> {
        let upto = self.last_seq().await?;
        self.fold_upto(kind, upto, &is_over).await?;
        let mut after = 0;
        loop {
            let mut write = self.write().await?;
            let result = sweep(write.connection()?, kind, after, &is_over).await;
            match self.end(write, result).await? {
                Some(last) => after = last,
                None => return Ok(upto),
            }
        }
    }

    /// Up to which place a kind is folded; 0 if it never was.
    pub async fn folded(&self, kind: &str) -> Result<i64, JournalError> {
        folded(self.read().await?.connection()?, kind).await
    }

    /// Throws away what was folded of a kind. Refused once the journal was pruned: then what was
    /// folded is all there is of events that are gone.
    pub async fn unfold(&self, kind: &str) -> Result<(), JournalError> {
        let mut write = self.write().await?;
        let result = unfold(write.connection()?, kind).await;
        self.end(write, result).await
    }

    pub(super) async fn fold_upto(
        &self,
        kind: &str,
        upto: i64,
        is_over: &(impl Fn(&Event) -> bool + Send + Sync),
    ) -> Result<(), JournalError> {
        loop {
            let mut write = self.write().await?;
            let result = step(write.connection()?, kind, upto, is_over).await;
            if self.end(write, result).await? >= upto {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn folded(connection: &mut Connection, kind: &str) -> Result<i64, JournalError> {
    const FOLDED: &str = "SELECT coalesce(max(seq), 0) AS seq FROM folded WHERE kind = $1";
    let row = connection.one(Statement::new(FOLDED).bind(kind)).await.doing(DOING)?;
    row.number("seq").doing(DOING)
}

/// Folds the next events within a transaction; answers how far it is folded then.
async fn step(
    connection: &mut Connection,
    kind: &str,
    upto: i64,
    is_over: &(impl Fn(&Event) -> bool + Send + Sync),
) -> Result<i64, JournalError> {
    const EVENTS: &str = "SELECT seq, at, kind, subject, body, hash FROM events
        WHERE kind = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
    const MARK: &str = "INSERT INTO folded (kind, seq) VALUES ($1, $2)
        ON CONFLICT (kind) DO UPDATE SET seq = excluded.seq";
    let from = folded(connection, kind).await?;
    if from >= upto {
        return Ok(from);
    }
    let to = upto.min(from + STEP);
    let mut last: BTreeMap<String, (Event, String)> = BTreeMap::new();
    let take = |row: &Row| {
        let event = read_event(row)?;
        let body = row.text("body").doing(DOING)?.to_owned();
        last.insert(event.subject.clone(), (event, body));
        Ok(true)
    };
    let statement = Statement::new(EVENTS).bind(kind).bind(from).bind(to);
    connection.each(statement, take, DOING).await?;
    for (event, body) in last.values() {
        stand(connection, event, (!is_over(event)).then_some(body)).await?;
    }
    connection.execute(Statement::new(MARK).bind(kind).bind(to)).await.doing(DOING)?;
    Ok(to)
}

/// Puts a last word in the place of the one before it; without a body there is none any more.
async fn stand(
    connection: &mut Connection,
    event: &Event,
    body: Option<&String>,
) -> Result<(), JournalError> {
    const GONE: &str = "DELETE FROM standing WHERE kind = $1 AND subject = $2";
    const STANDS: &str = "INSERT INTO standing (kind, subject, seq, at, body, hash)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, subject) DO UPDATE SET
        seq = excluded.seq, at = excluded.at, body = excluded.body, hash = excluded.hash";
    let Some(body) = body else {
        let gone = Statement::new(GONE).bind(&event.kind).bind(&event.subject);
        return connection.execute(gone).await.map(drop).doing(DOING);
    };
    let stands = Statement::new(STANDS)
        .bind(&event.kind)
        .bind(&event.subject)
        .bind(event.seq)
        .bind(event.at.millis())
        .bind(body)
        .bind(&event.hash.0[..]);
    connection.execute(stands).await.map(drop).doing(DOING)
}

/// Drops last words that have become over by waiting; answers where to go on.
async fn sweep(
    connection: &mut Connection,
    kind: &str,
    after: i64,
    is_over: &(impl Fn(&Event) -> bool + Send + Sync),
) -> Result<Option<i64>, JournalError> {
    const STANDING: &str = "SELECT seq, at, kind, subject, body, hash FROM standing
        WHERE kind = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let statement = Statement::new(STANDING).bind(kind).bind(after).bind(PAGE);
    let mut last = None;
    let mut over = Vec::new();
    let look = |row: &Row| {
        let event = read_event(row)?;
        last = Some(event.seq);
        if is_over(&event) {
            over.push(event);
        }
        Ok(true)
    };
    connection.each(statement, look, DOING).await?;
    for event in &over {
        stand(connection, event, None).await?;
    }
    Ok(last)
}

async fn unfold(connection: &mut Connection, kind: &str) -> Result<(), JournalError> {
    const STANDING: &str = "DELETE FROM standing WHERE kind = $1";
    const FOLDED: &str = "DELETE FROM folded WHERE kind = $1";
    let log::Head { pruned, .. } = log::head(connection, DOING).await?;
    if pruned > 0 {
        return Err(JournalError::WasPruned { upto: pruned });
    }
    for sql in [STANDING, FOLDED] {
        connection.execute(Statement::new(sql).bind(kind)).await.doing(DOING)?;
    }
    Ok(())
}
