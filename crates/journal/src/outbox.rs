//! The outbox: messages that wait for delivery, in the same file as what they tell of.

use std::collections::BTreeMap;

use model::Time;
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection, query, sqlite::SqliteRow};

use crate::{
    DELIVERED, Journal, JournalError, Options, UNDELIVERED, chain,
    error::Doing,
    event::{CheckedEvent, CheckedMessage},
    log,
};

/// How much of an error is kept with a message, in bytes.
const ERROR_BYTES_MAX: usize = 500;
/// The most messages one question answers.
const LIMIT_MAX: u32 = 256;
const WRITING: &str = "writing to the outbox";
const READING: &str = "reading the outbox";

/// A message that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Which one.
    pub id: i64,
    /// Who gets it.
    pub receiver: String,
    /// What it must not overtake.
    pub lane: String,
    /// Its name for all time.
    pub key: String,
    /// When it was to be delivered first.
    pub first_due: Time,
    /// When it is to be delivered now.
    pub due: Time,
    /// How often delivery was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// What is sent.
    pub body: Value,
}

/// What the outbox holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Messages that wait.
    pub waiting: u64,
    /// Delivered and given-up messages that are still kept.
    pub settled: u64,
    /// Every receiver that messages wait for.
    pub receivers: BTreeMap<String, ReceiverStats>,
}

/// What waits for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverStats {
    /// How many messages.
    pub waiting: u64,
    /// When the oldest was to be delivered first.
    pub oldest: Time,
    /// Why the last try failed, if any did.
    pub error: Option<String>,
}

impl Journal {
    /// Messages whose time has come, oldest first: of every receiver and lane the first, and
    /// those behind it not before it is settled.
    pub async fn due(&self, now: Time, limit: u32) -> Result<Vec<Message>, JournalError> {
        self.read_due(None, now, limit).await
    }

    /// The same for one receiver.
    pub async fn due_for(
        &self,
        receiver: &str,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Message>, JournalError> {
        self.read_due(Some(receiver), now, limit).await
    }

    /// When the next message for this receiver is due.
    pub async fn next_due(&self, receiver: &str) -> Result<Option<Time>, JournalError> {
        let row = query(
            "SELECT min(due) FROM outbox WHERE settled_at IS NULL AND receiver = ?1 AND id IN
             (SELECT min(id) FROM outbox WHERE settled_at IS NULL AND receiver = ?1 GROUP BY lane)",
        )
        .bind(receiver)
        .fetch_one(self.read().await.connection())
        .await
        .doing(READING)?;
        Ok(row.try_get::<Option<i64>, _>(0).doing(READING)?.map(Time))
    }

    /// A message reached its receiver. An event says so.
    pub async fn done(&self, id: i64, now: Time) -> Result<(), JournalError> {
        self.settle(id, now, None).await
    }

    /// A message will not reach its receiver. An event says so and why.
    pub async fn give_up(&self, id: i64, now: Time, error: &str) -> Result<(), JournalError> {
        self.settle(id, now, Some(error)).await
    }

    /// A try failed; the next is due then.
    pub async fn retry(&self, id: i64, due: Time, error: &str) -> Result<(), JournalError> {
        let mut write = self.write().await?;
        let result = query(
            "UPDATE outbox SET due = ?, attempts = attempts + 1, error = ?
             WHERE id = ? AND settled_at IS NULL",
        )
        .bind(due.millis())
        .bind(cut(error))
        .bind(id)
        .execute(write.connection())
        .await
        .doing(WRITING)
        .and_then(|done| found(id, done.rows_affected()));
        write.end(result).await?;
        self.outbox_turned();
        Ok(())
    }

    /// What the outbox holds.
    pub async fn outbox_stats(&self) -> Result<OutboxStats, JournalError> {
        let mut connection = self.read().await;
        let rows = query(
            "SELECT receiver, count(*) AS waiting, min(first_due) AS oldest, max(error) AS error
             FROM outbox WHERE settled_at IS NULL GROUP BY receiver",
        )
        .fetch_all(connection.connection())
        .await
        .doing(READING)?;
        let mut stats = OutboxStats::default();
        for row in rows {
            let waiting = count(&row, "waiting")?;
            stats.waiting += waiting;
            stats.receivers.insert(
                row.try_get("receiver").doing(READING)?,
                ReceiverStats {
                    waiting,
                    oldest: Time(row.try_get("oldest").doing(READING)?),
                    error: row.try_get("error").doing(READING)?,
                },
            );
        }
        let row = query("SELECT count(*) AS settled FROM outbox WHERE settled_at IS NOT NULL")
            .fetch_one(connection.connection())
            .await
            .doing(READING)?;
        stats.settled = count(&row, "settled")?;
        Ok(stats)
    }

    async fn read_due(
        &self,
        receiver: Option<&str>,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Message>, JournalError> {
        let rows = query(
            "SELECT id, receiver, lane, key, first_due, due, attempts, error, body FROM outbox
             WHERE settled_at IS NULL AND due <= ?1 AND id IN
             (SELECT min(id) FROM outbox WHERE settled_at IS NULL AND (?2 IS NULL OR receiver = ?2)
              GROUP BY receiver, lane)
             ORDER BY due, id LIMIT ?3",
        )
        .bind(now.millis())
        .bind(receiver)
        .bind(limit.min(LIMIT_MAX))
        .fetch_all(self.read().await.connection())
        .await
        .doing(READING)?;
        rows.iter().map(read_message).collect()
    }

    async fn settle(&self, id: i64, now: Time, error: Option<&str>) -> Result<(), JournalError> {
        let settled_max = self.options().settled_max;
        let mut write = self.write().await?;
        let result = settle(write.connection(), id, now, error, settled_max).await;
        write.end(result).await
    }
}

/// Puts messages into the outbox within a transaction. If too many wait, the oldest are given up;
/// the events that say so are returned.
pub(crate) async fn enqueue(
    connection: &mut SqliteConnection,
    messages: &[CheckedMessage],
    options: &Options,
) -> Result<Vec<CheckedEvent>, JournalError> {
    let Some(last) = messages.last() else {
        return Ok(Vec::new());
    };
    for message in messages {
        query(
            "INSERT INTO outbox (key, receiver, lane, first_due, due, body)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5) ON CONFLICT (key) DO NOTHING",
        )
        .bind(&message.key)
        .bind(&message.receiver)
        .bind(&message.lane)
        .bind(message.due.millis())
        .bind(&message.body)
        .execute(&mut *connection)
        .await
        .doing(WRITING)?;
    }
    let crowded =
        query("SELECT id FROM outbox WHERE settled_at IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?")
            .bind(options.waiting_max)
            .fetch_all(&mut *connection)
            .await
            .doing(WRITING)?;
    let mut events = Vec::with_capacity(crowded.len());
    for row in crowded {
        let id: i64 = row.try_get(0).doing(WRITING)?;
        events.push(mark(connection, id, last.due, Some("too many messages wait")).await?);
    }
    Ok(events)
}

async fn settle(
    connection: &mut SqliteConnection,
    id: i64,
    now: Time,
    error: Option<&str>,
    settled_max: u32,
) -> Result<(), JournalError> {
    let event = mark(connection, id, now, error).await?;
    log::append(connection, &[event]).await?;
    query(
        "DELETE FROM outbox WHERE settled_at IS NOT NULL AND id <=
         (SELECT id FROM outbox WHERE settled_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)",
    )
    .bind(settled_max)
    .execute(connection)
    .await
    .map(drop)
    .doing(WRITING)
}

/// Marks a message as settled, and gives the event that says so.
async fn mark(
    connection: &mut SqliteConnection,
    id: i64,
    now: Time,
    error: Option<&str>,
) -> Result<CheckedEvent, JournalError> {
    let kind = if error.is_some() { UNDELIVERED } else { DELIVERED };
    let row = query(
        "UPDATE outbox SET settled_at = ?, outcome = ?, error = coalesce(?, error),
         attempts = attempts + 1 WHERE id = ? AND settled_at IS NULL
         RETURNING receiver, lane, key, attempts",
    )
    .bind(now.millis())
    .bind(kind)
    .bind(error.map(cut))
    .bind(id)
    .fetch_optional(connection)
    .await
    .doing(WRITING)?
    .ok_or(JournalError::NotWaiting { id })?;
    let mut body = json!({
        "key": row.try_get::<&str, _>("key").doing(WRITING)?,
        "lane": row.try_get::<&str, _>("lane").doing(WRITING)?,
        "attempts": row.try_get::<i64, _>("attempts").doing(WRITING)?,
    });
    if let Some(error) = error {
        body["error"] = cut(error).into();
    }
    Ok(CheckedEvent {
        at: now,
        kind: kind.to_owned(),
        subject: row.try_get("receiver").doing(WRITING)?,
        body: chain::canonical(&body),
    })
}

fn read_message(row: &SqliteRow) -> Result<Message, JournalError> {
    let id: i64 = row.try_get("id").doing(READING)?;
    let body: &str = row.try_get("body").doing(READING)?;
    Ok(Message {
        id,
        receiver: row.try_get("receiver").doing(READING)?,
        lane: row.try_get("lane").doing(READING)?,
        key: row.try_get("key").doing(READING)?,
        first_due: Time(row.try_get("first_due").doing(READING)?),
        due: Time(row.try_get("due").doing(READING)?),
        attempts: row.try_get("attempts").doing(READING)?,
        error: row.try_get("error").doing(READING)?,
        body: serde_json::from_str(body).map_err(|source| JournalError::Body {
            what: "message",
            number: id,
            source,
        })?,
    })
}

fn count(row: &SqliteRow, column: &'static str) -> Result<u64, JournalError> {
    let count: i64 = row.try_get(column).doing(READING)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn found(id: i64, rows: u64) -> Result<(), JournalError> {
    if rows == 0 { Err(JournalError::NotWaiting { id }) } else { Ok(()) }
}

/// As much of an error as is kept.
fn cut(error: &str) -> &str {
    error.get(..error.floor_char_boundary(ERROR_BYTES_MAX)).unwrap_or(error)
}
