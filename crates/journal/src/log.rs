//! Appending to the log.

use sqlx::{Row, SqliteConnection, query};

use crate::{
    Hash, JournalError,
    chain::{self, Link},
    error::Doing,
    event::CheckedEvent,
};

/// The highest place ever given (which stays when somebody cuts the end off), and the last hash.
pub(crate) const HEAD: &str = "
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS seq,
       (SELECT hash FROM events ORDER BY seq DESC LIMIT 1) AS hash";

/// Appends events within a transaction, and gives their places.
pub(crate) async fn append(
    connection: &mut SqliteConnection,
    events: &[CheckedEvent],
) -> Result<Vec<i64>, JournalError> {
    const DOING: &str = "appending to the journal";
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let head = query(HEAD).fetch_one(&mut *connection).await.doing(DOING)?;
    let mut seq: i64 = head.try_get("seq").doing(DOING)?;
    let last: Option<&[u8]> = head.try_get("hash").doing(DOING)?;
    let mut hash = last.and_then(Hash::from_bytes).unwrap_or(Hash::NONE);
    let mut seqs = Vec::with_capacity(events.len());
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
        query("INSERT INTO events (seq, at, kind, subject, body, hash) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(seq)
            .bind(link.at)
            .bind(link.kind)
            .bind(link.subject)
            .bind(link.body)
            .bind(&hash.0[..])
            .execute(&mut *connection)
            .await
            .doing(DOING)?;
        seqs.push(seq);
    }
    Ok(seqs)
}
