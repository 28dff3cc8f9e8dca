//! Appending to the log.

use crate::{
    Hash, JournalError,
    chain::{self, Link},
    database::{Connection, Row, Statement},
    error::Doing,
    event::CheckedEvent,
};

/// Events that one statement adds.
const ROWS_MAX: usize = 32;
/// The highest place ever given and its hash, which stay when somebody cuts the end off; and the
/// last place that was pruned, with its hash.
const HEAD: &str = "SELECT seq, hash, pruned, pruned_hash FROM head WHERE id = 1";

/// Where the chain begins and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
    /// The last event that is no longer here; 0 if all are.
    pub(crate) pruned: i64,
    pub(crate) pruned_hash: Hash,
}

/// Where the chain begins and ends.
pub(crate) async fn head(
    connection: &mut Connection,
    doing: &'static str,
) -> Result<Head, JournalError> {
    let row = connection.one(Statement::new(HEAD)).await.doing(doing)?;
    Ok(Head {
        seq: row.number("seq").doing(doing)?,
        hash: read_hash(&row, "hash", doing)?,
        pruned: row.number("pruned").doing(doing)?,
        pruned_hash: read_hash(&row, "pruned_hash", doing)?,
    })
}

/// A hash as it is stored; the tables see to its length.
pub(crate) fn read_hash(
    row: &Row,
    column: &str,
    doing: &'static str,
) -> Result<Hash, JournalError> {
    let bytes = row.bytes(column).doing(doing)?;
    Hash::from_bytes(bytes).ok_or_else(|| JournalError::Damaged {
        doing,
        source: sqlx::Error::Decode("a hash of a wrong length".into()),
    })
}

/// Appends events within a transaction, and gives their places.
pub(crate) async fn append(
    connection: &mut Connection,
    events: &[CheckedEvent],
) -> Result<Vec<i64>, JournalError> {
    const DOING: &str = "appending to the journal";
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let Head { mut seq, mut hash, .. } = head(connection, DOING).await?;
    let mut links = Vec::with_capacity(events.len());
    for event in events {
        seq += 1;
        let link = Link {
            seq,
            at: event.at.millis(),
            kind: &event.kind,
            subject: &event.subject,
            body: &event.body,
        };
        hash = chain::hash(&hash, link);
        links.push((link, hash));
    }
    for rows in links.chunks(ROWS_MAX) {
        connection.execute(insert(rows)).await.doing(DOING)?;
    }
    let moved = Statement::new("UPDATE head SET seq = $1, hash = $2 WHERE id = 1")
        .bind(seq)
        .bind(&hash.0[..]);
    connection.execute(moved).await.doing(DOING)?;
    Ok(links.iter().map(|(link, _)| link.seq).collect())
}

fn insert<'a>(rows: &'a [(Link<'a>, Hash)]) -> Statement<'a> {
    let mut statement =
        Statement::new("INSERT INTO events (seq, at, kind, subject, body, hash) VALUES ");
    for (place, (link, hash)) in rows.iter().enumerate() {
        statement.push(if place > 0 { ", (" } else { "(" }).push_bind(link.seq);
        statement.push(", ").push_bind(link.at);
        for text in [link.kind, link.subject, link.body] {
            statement.push(", ").push_bind(text);
        }
        statement.push(", ").push_bind(&hash.0[..]).push(")");
    }
    statement
}
