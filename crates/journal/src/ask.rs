//! Questions to the log.

use futures_util::TryStreamExt;
use model::Time;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query, sqlite::SqliteRow};

use crate::{Event, EventQuery, Hash, Journal, JournalError, error::Doing, event::fits};

const DOING: &str = "reading events";
/// An answer stops growing past this many bytes of bodies, however few events it holds.
const ANSWER_BYTES_MAX: usize = 8 << 20;
const SELECT: &str = "SELECT seq, at, kind, subject, body, hash FROM events WHERE seq IN (";

/// How large a journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalStats {
    /// How many events it has.
    pub events: u64,
    /// How large its file is, in bytes, without the write-ahead log.
    pub file_bytes: u64,
    /// How many writes have failed since it was opened.
    pub writes_failed: u64,
}

impl Journal {
    /// How large it is; costs next to nothing.
    pub async fn stats(&self) -> Result<JournalStats, JournalError> {
        let row = query(
            "SELECT coalesce((SELECT max(seq) FROM events), 0) AS events,
             (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)
             AS bytes",
        )
        .fetch_one(self.read().await.connection())
        .await
        .doing(DOING)?;
        let number = |column| -> Result<u64, JournalError> {
            let number: i64 = row.try_get(column).doing(DOING)?;
            Ok(u64::try_from(number).unwrap_or(0))
        };
        Ok(JournalStats {
            events: number("events")?,
            file_bytes: number("bytes")?,
            writes_failed: self.writes_failed(),
        })
    }

    /// Reads events. A short answer does not mean that there are no more: it also ends early when
    /// bodies are very large. An empty one does.
    pub async fn events(&self, question: EventQuery) -> Result<Vec<Event>, JournalError> {
        fits("a question's list of kinds", question.kinds.len(), EventQuery::KINDS_MAX)?;
        let mut connection = self.read().await;
        let mut after = question.after.unwrap_or(0);
        if let Some(since) = question.since {
            let Some(first) = first_since(connection.connection(), since).await? else {
                return Ok(Vec::new());
            };
            after = after.max(first - 1);
        }
        let mut sql = QueryBuilder::new(SELECT);
        if question.kinds.is_empty() {
            pick(&mut sql, &question, None, after);
        }
        // Kind by kind, so that each walks its index from the right end and stops at the limit.
        for (place, kind) in question.kinds.iter().enumerate() {
            sql.push(if place > 0 { " UNION ALL " } else { "" });
            pick(&mut sql, &question, Some(kind), after);
        }
        sql.push(")").push(order(&question)).push_bind(bounded(question.limit));
        read_events(connection.connection(), sql).await
    }

    /// The newest event of every subject of a kind, newest first: the state of a fold that needs
    /// no more than the last word on each. Page on with `before`; short answers as in `events`.
    pub async fn latest(
        &self,
        kind: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Event>, JournalError> {
        let mut sql = QueryBuilder::new(SELECT);
        sql.push("SELECT max(seq) FROM events WHERE kind = ").push_bind(kind.to_owned());
        sql.push(" GROUP BY subject HAVING max(seq) < ").push_bind(before.unwrap_or(i64::MAX));
        sql.push(") ORDER BY seq DESC LIMIT ").push_bind(bounded(limit));
        read_events(self.read().await.connection(), sql).await
    }
}

/// The places of events of one kind, or of all.
fn pick(sql: &mut QueryBuilder<Sqlite>, question: &EventQuery, kind: Option<&str>, after: i64) {
    sql.push("SELECT seq FROM (SELECT seq FROM events WHERE seq > ").push_bind(after);
    sql.push(" AND seq < ").push_bind(question.before.unwrap_or(i64::MAX));
    if let Some(kind) = kind {
        sql.push(" AND kind = ").push_bind(kind.to_owned());
    }
    if let Some(subject) = &question.subject {
        sql.push(" AND subject = ").push_bind(subject.clone());
    }
    if let Some(since) = question.since {
        // The plus keeps SQLite from walking the index by time and then sorting by place.
        sql.push(" AND +at >= ").push_bind(since.millis());
    }
    sql.push(order(question)).push_bind(bounded(question.limit)).push(")");
}

fn order(question: &EventQuery) -> &'static str {
    if question.newest_first { " ORDER BY seq DESC LIMIT " } else { " ORDER BY seq LIMIT " }
}

/// A limit within bounds; nought asks for the most.
fn bounded(limit: u32) -> u32 {
    if limit == 0 { EventQuery::LIMIT_MAX } else { limit.min(EventQuery::LIMIT_MAX) }
}

/// The first place from which on events of this moment or later are found. Times mostly rise with
/// places, but a clock may be set back.
async fn first_since(
    connection: &mut SqliteConnection,
    since: Time,
) -> Result<Option<i64>, JournalError> {
    query("SELECT min(seq) FROM events WHERE at >= ?")
        .bind(since.millis())
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get(0))
        .doing(DOING)
}

async fn read_events(
    connection: &mut SqliteConnection,
    mut sql: QueryBuilder<Sqlite>,
) -> Result<Vec<Event>, JournalError> {
    let mut events = Vec::new();
    let mut bytes = 0;
    let mut rows = sql.build().fetch(connection);
    while bytes < ANSWER_BYTES_MAX
        && let Some(row) = rows.try_next().await.doing(DOING)?
    {
        bytes += row.try_get::<&str, _>("body").doing(DOING)?.len();
        events.push(read_event(&row)?);
    }
    Ok(events)
}

fn read_event(row: &SqliteRow) -> Result<Event, JournalError> {
    let seq: i64 = row.try_get("seq").doing(DOING)?;
    let body: &str = row.try_get("body").doing(DOING)?;
    let hash: &[u8] = row.try_get("hash").doing(DOING)?;
    Ok(Event {
        seq,
        at: Time(row.try_get("at").doing(DOING)?),
        kind: row.try_get("kind").doing(DOING)?,
        subject: row.try_get("subject").doing(DOING)?,
        body: serde_json::from_str(body).map_err(|source| JournalError::Body {
            what: "event",
            number: seq,
            source,
        })?,
        hash: Hash::from_bytes(hash)
            .ok_or(JournalError::Broken { seq, why: "has a hash of a wrong length" })?,
    })
}
