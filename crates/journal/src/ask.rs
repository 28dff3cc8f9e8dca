//! Questions to the log.

use model::Time;

use crate::{
    Event, EventQuery, Journal, JournalError,
    database::{Connection, Row, Statement},
    error::Doing,
    event::fits,
    log,
};

const DOING: &str = "reading events";
/// An answer stops growing past this many bytes of bodies, however few events it holds.
const ANSWER_BYTES_MAX: usize = 8 << 20;
const SELECT: &str = "SELECT seq, at, kind, subject, body, hash FROM events WHERE seq IN (";

/// How large a journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalStats {
    /// How many events it has, without those that were pruned.
    pub events: u64,
    /// How large its file is, in bytes, without the write-ahead log; in a server, how large its
    /// tables and indexes are.
    pub file_bytes: u64,
    /// How many writes have failed since it was opened.
    pub writes_failed: u64,
}

impl Journal {
    /// How large it is; costs next to nothing.
    pub async fn stats(&self) -> Result<JournalStats, JournalError> {
        const FILE: &str = "SELECT (SELECT page_count FROM pragma_page_count)
            * (SELECT page_size FROM pragma_page_size) AS bytes";
        const SERVER: &str = "SELECT (pg_total_relation_size('events')
            + pg_total_relation_size('outbox') + pg_total_relation_size('standing')) AS bytes";
        let mut read = self.read().await?;
        let connection = read.connection()?;
        let head = log::head(connection, DOING).await?;
        let size = if connection.is_server() { SERVER } else { FILE };
        let row = connection.one(Statement::new(size)).await.doing(DOING)?;
        let bytes = row.number("bytes").doing(DOING)?;
        Ok(JournalStats {
            events: u64::try_from(head.seq - head.pruned).unwrap_or(0),
            file_bytes: u64::try_from(bytes).unwrap_or(0),
            writes_failed: self.writes_failed(),
        })
    }

    /// The place of the last event ever recorded; 0 if there is none. Costs next to nothing, and
    /// tells whether there is anything new to read.
    pub async fn last_seq(&self) -> Result<i64, JournalError> {
        Ok(log::head(self.read().await?.connection()?, DOING).await?.seq)
    }

    /// Reads events. A short answer does not mean that there are no more: it also ends early when
    /// bodies are very large. An empty one does.
    pub async fn events(&self, question: EventQuery) -> Result<Vec<Event>, JournalError> {
        fits("a question's list of kinds", question.kinds.len(), EventQuery::KINDS_MAX)?;
        let mut read = self.read().await?;
        let connection = read.connection()?;
        let mut after = question.after.unwrap_or(0);
        if let Some(since) = question.since {
            let Some(first) = first_since(connection, since).await? else {
                return Ok(Vec::new());
            };
            after = after.max(first - 1);
        }
        let mut sql = Statement::new(SELECT);
        if question.kinds.is_empty() {
            pick(&mut sql, &question, None, after);
        }
        // Kind by kind, so that each walks its index from the right end and stops at the limit.
        for (place, kind) in question.kinds.iter().enumerate() {
            sql.push(if place > 0 { " UNION ALL " } else { "" });
            pick(&mut sql, &question, Some(kind), after);
        }
        sql.push(")").push(order(&question)).push_bind(bounded(question.limit));
        read_events(connection, sql).await
    }

    /// The newest event of every subject of a kind, newest first: the state of a fold that needs
    /// no more than the last word on each. Page on with `before`; short answers as in `events`.
    ///
    /// What [`Journal::fold`] has folded already is not read again, so that the cost does not grow
    /// with the age of the journal; subjects that were over then are left out.
    pub async fn latest(
        &self,
        kind: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Event>, JournalError> {
        const LATEST: &str = "SELECT seq, at, kind, subject, body, hash FROM (
            SELECT seq, at, kind, subject, body, hash FROM standing WHERE kind = $1
            AND NOT EXISTS (SELECT 1 FROM events AS newer WHERE newer.kind = $1
                AND newer.subject = standing.subject
                AND newer.seq > (SELECT coalesce(max(seq), 0) FROM folded WHERE kind = $1))
            UNION ALL
            SELECT seq, at, kind, subject, body, hash FROM events WHERE seq IN (
                SELECT max(seq) FROM events WHERE kind = $1
                AND seq > (SELECT coalesce(max(seq), 0) FROM folded WHERE kind = $1)
                GROUP BY subject)
            ) AS last WHERE seq < $2 ORDER BY seq DESC LIMIT $3";
        let statement =
            Statement::new(LATEST).bind(kind).bind(before.unwrap_or(i64::MAX)).bind(bounded(limit));
        read_events(self.read().await?.connection()?, statement).await
    }
}

/// The places of events of one kind, or of all.
fn pick<'a>(
    sql: &mut Statement<'a>,
    question: &'a EventQuery,
    kind: Option<&'a String>,
    after: i64,
) {
    sql.push("SELECT seq FROM (SELECT seq FROM events WHERE seq > ").push_bind(after);
    sql.push(" AND seq < ").push_bind(question.before.unwrap_or(i64::MAX));
    if let Some(kind) = kind {
        sql.push(" AND kind = ").push_bind(kind);
    }
    if let Some(subject) = &question.subject {
        sql.push(" AND subject = ").push_bind(subject);
    }
    if let Some(since) = question.since {
        // The plus keeps SQLite from walking the index by time and then sorting by place.
        sql.push(" AND +at >= ").push_bind(since.millis());
    }
    if let Some(until) = question.until {
        sql.push(" AND +at <= ").push_bind(until.millis());
    }
    sql.push(order(question)).push_bind(bounded(question.limit)).push(") AS part");
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
    connection: &mut Connection,
    since: Time,
) -> Result<Option<i64>, JournalError> {
    let sql = "SELECT min(seq) AS seq FROM events WHERE at >= $1";
    let row = connection.one(Statement::new(sql).bind(since.millis())).await;
    row.and_then(|row| row.number_or_none("seq")).doing(DOING)
}

async fn read_events(
    connection: &mut Connection,
    statement: Statement<'_>,
) -> Result<Vec<Event>, JournalError> {
    let mut events = Vec::new();
    let mut bytes = 0;
    let read = |row: &Row| {
        bytes += row.text("body").doing(DOING)?.len();
        events.push(read_event(row)?);
        Ok(bytes < ANSWER_BYTES_MAX)
    };
    connection.each(statement, read, DOING).await?;
    Ok(events)
}

pub(crate) fn read_event(row: &Row) -> Result<Event, JournalError> {
    let seq = row.number("seq").doing(DOING)?;
    Ok(Event {
        seq,
        at: Time(row.number("at").doing(DOING)?),
        kind: row.text("kind").doing(DOING)?.to_owned(),
        subject: row.text("subject").doing(DOING)?.to_owned(),
        body: serde_json::from_str(row.text("body").doing(DOING)?)
            .map_err(|source| JournalError::Body { what: "event", number: seq, source })?,
        hash: log::read_hash(row, "hash", DOING)?,
    })
}
