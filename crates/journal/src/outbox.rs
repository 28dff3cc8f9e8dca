//! The outbox: messages that wait for delivery, beside what they tell of.

use std::collections::BTreeMap;

use model::Time;
use serde_json::{Value, json};

use crate::{
    DELIVERED, Journal, JournalError, Options, UNDELIVERED, chain,
    database::{Connection, Row, Statement},
    error::Doing,
    event::{Checked, CheckedEvent, CheckedMessage, Entry, NewEvent},
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

/// A message that was tried in vain and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Its name for all time.
    pub key: String,
    /// When it is tried next.
    pub due: Time,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub error: Option<String>,
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

    /// Every message that waits for this receiver, due or not, after one of them and oldest first.
    pub async fn waiting(
        &self,
        receiver: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Message>, JournalError> {
        const WAITING: &str =
            "SELECT id, receiver, lane, key, first_due, due, attempts, error, body
            FROM outbox WHERE settled_at IS NULL AND receiver = $1 AND id > $2 ORDER BY id LIMIT $3";
        let statement =
            Statement::new(WAITING).bind(receiver).bind(after).bind(limit.min(LIMIT_MAX));
        let rows = self.read().await?.connection()?.rows(statement).await.doing(READING)?;
        rows.iter().map(read_message).collect()
    }

    /// The messages for this receiver that were tried in vain and wait, oldest first. Their bodies, which may be large,
    /// are not read.
    pub async fn tried(&self, receiver: &str, limit: u32) -> Result<Vec<Tried>, JournalError> {
        const TRIED: &str = "SELECT key, due, attempts, error FROM outbox
            WHERE settled_at IS NULL AND receiver = $1 AND attempts > 0 ORDER BY id LIMIT $2";
        let statement = Statement::new(TRIED).bind(receiver).bind(limit.min(LIMIT_MAX));
        let rows = self.read().await?.connection()?.rows(statement).await.doing(READING)?;
        let tried = |row: &Row| {
            Ok(Tried {
                key: row.text("key").doing(READING)?.to_owned(),
                due: Time(row.number("due").doing(READING)?),
                attempts: u32::try_from(row.number("attempts").doing(READING)?).unwrap_or(u32::MAX),
                error: row.text_or_none("error").doing(READING)?.map(str::to_owned),
            })
        };
        rows.iter().map(tried).collect()
    }

    /// When the next message for this receiver is due.
    pub async fn next_due(&self, receiver: &str) -> Result<Option<Time>, JournalError> {
        const NEXT: &str = "SELECT min(due) AS due FROM outbox
            WHERE settled_at IS NULL AND receiver = $1 AND id IN
            (SELECT min(id) FROM outbox WHERE settled_at IS NULL AND receiver = $1 GROUP BY lane)";
        let statement = Statement::new(NEXT).bind(receiver);
        let row = self.read().await?.connection()?.one(statement).await.doing(READING)?;
        Ok(row.number_or_none("due").doing(READING)?.map(Time))
    }

    /// A message reached its receiver. An event says so.
    pub async fn done(&self, id: i64, now: Time) -> Result<(), JournalError> {
        self.settle(id, now, None).await
    }

    /// Messages reached their receiver, all at once in a message of this name. Events say so, and
    /// the others are recorded with them. What no longer waits is passed over.
    pub async fn done_together(
        &self,
        ids: &[i64],
        told_in: &str,
        now: Time,
        events: Vec<NewEvent>,
    ) -> Result<(), JournalError> {
        let entry = Entry { events, outbox: Vec::new() };
        let others = Checked::new(entry.into(), self.options())?.events;
        let settled_max = self.options().settled_max;
        let mut write = self.write().await?;
        let connection = write.connection()?;
        let result = async {
            let mut all = Vec::with_capacity(ids.len() + others.len());
            for id in ids {
                match mark(connection, *id, now, (None, Some(told_in))).await {
                    Ok(event) => all.push(event),
                    Err(JournalError::NotWaiting { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            all.extend(others);
            log::append(connection, &all).await?;
            forget(connection, settled_max).await
        };
        let result = result.await;
        self.end(write, result).await
    }

    /// A message will not reach its receiver. An event says so and why.
    pub async fn give_up(&self, id: i64, now: Time, error: &str) -> Result<(), JournalError> {
        self.settle(id, now, Some(error)).await
    }

    /// A try failed; the next is due then.
    pub async fn retry(&self, id: i64, due: Time, error: &str) -> Result<(), JournalError> {
        const RETRY: &str = "UPDATE outbox SET due = $1, attempts = attempts + 1, error = $2
            WHERE id = $3 AND settled_at IS NULL";
        let mut write = self.write().await?;
        let statement = Statement::new(RETRY).bind(due.millis()).bind(cut(error)).bind(id);
        let result = write.connection()?.execute(statement).await.doing(WRITING);
        let result = result.and_then(|rows| found(id, rows));
        self.end(write, result).await?;
        self.outbox_turned();
        Ok(())
    }

    /// What the outbox holds.
    pub async fn outbox_stats(&self) -> Result<OutboxStats, JournalError> {
        const WAITING: &str = "SELECT receiver, count(*) AS waiting, min(first_due) AS oldest,
            max(error) AS error FROM outbox WHERE settled_at IS NULL GROUP BY receiver";
        const SETTLED: &str = "SELECT count(*) AS settled FROM outbox WHERE settled_at IS NOT NULL";
        let mut read = self.read().await?;
        let connection = read.connection()?;
        let mut stats = OutboxStats::default();
        for row in connection.rows(Statement::new(WAITING)).await.doing(READING)? {
            let waiting = count(&row, "waiting")?;
            stats.waiting += waiting;
            stats.receivers.insert(
                row.text("receiver").doing(READING)?.to_owned(),
                ReceiverStats {
                    waiting,
                    oldest: Time(row.number("oldest").doing(READING)?),
                    error: row.text_or_none("error").doing(READING)?.map(str::to_owned),
                },
            );
        }
        let row = connection.one(Statement::new(SETTLED)).await.doing(READING)?;
        stats.settled = count(&row, "settled")?;
        Ok(stats)
    }

    async fn read_due(
        &self,
        receiver: Option<&str>,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Message>, JournalError> {
        const DUE: &str = "SELECT id, receiver, lane, key, first_due, due, attempts, error, body
            FROM outbox WHERE settled_at IS NULL AND due <= $1 AND id IN
            (SELECT min(id) FROM outbox WHERE settled_at IS NULL AND ($2 IS NULL OR receiver = $2)
             GROUP BY receiver, lane)
            ORDER BY due, id LIMIT $3";
        let statement =
            Statement::new(DUE).bind(now.millis()).bind(receiver).bind(limit.min(LIMIT_MAX));
        let rows = self.read().await?.connection()?.rows(statement).await.doing(READING)?;
        rows.iter().map(read_message).collect()
    }

    async fn settle(&self, id: i64, now: Time, error: Option<&str>) -> Result<(), JournalError> {
        let settled_max = self.options().settled_max;
        let mut write = self.write().await?;
        let result = settle(write.connection()?, id, now, error, settled_max).await;
        self.end(write, result).await
    }
}

/// Puts messages into the outbox within a transaction. If too many wait, the oldest are given up;
/// the events that say so are returned.
pub(crate) async fn enqueue(
    connection: &mut Connection,
    messages: &[CheckedMessage],
    options: &Options,
) -> Result<Vec<CheckedEvent>, JournalError> {
    const ADD: &str = "INSERT INTO outbox (key, receiver, lane, first_due, due, body)
        VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (key) DO NOTHING";
    const CROWDED: &str = "SELECT id FROM outbox WHERE settled_at IS NULL
        ORDER BY id DESC LIMIT $1 OFFSET $2";
    let Some(last) = messages.last() else {
        return Ok(Vec::new());
    };
    for message in messages {
        let statement = Statement::new(ADD)
            .bind(&message.key)
            .bind(&message.receiver)
            .bind(&message.lane)
            .bind(message.due.millis())
            .bind(&message.body);
        connection.execute(statement).await.doing(WRITING)?;
    }
    let statement = Statement::new(CROWDED).bind(i64::MAX).bind(options.waiting_max);
    let crowded = connection.rows(statement).await.doing(WRITING)?;
    let mut events = Vec::with_capacity(crowded.len());
    for row in crowded {
        let id = row.number("id").doing(WRITING)?;
        let why = (Some("too many messages wait"), None);
        events.push(mark(connection, id, last.due, why).await?);
    }
    Ok(events)
}

async fn settle(
    connection: &mut Connection,
    id: i64,
    now: Time,
    error: Option<&str>,
    settled_max: u32,
) -> Result<(), JournalError> {
    let event = mark(connection, id, now, (error, None)).await?;
    log::append(connection, &[event]).await?;
    forget(connection, settled_max).await
}

/// Forgets settled messages beyond those that are kept.
async fn forget(connection: &mut Connection, settled_max: u32) -> Result<(), JournalError> {
    const FORGET: &str = "DELETE FROM outbox WHERE settled_at IS NOT NULL AND id <=
        (SELECT id FROM outbox WHERE settled_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET $1)";
    connection.execute(Statement::new(FORGET).bind(settled_max)).await.map(drop).doing(WRITING)
}

/// Marks a message as settled, and gives the event that says so, with the error or the name of the
/// message it was told in.
async fn mark(
    connection: &mut Connection,
    id: i64,
    now: Time,
    (error, told_in): (Option<&str>, Option<&str>),
) -> Result<CheckedEvent, JournalError> {
    const MARK: &str = "UPDATE outbox SET settled_at = $1, outcome = $2,
        error = coalesce($3, error), attempts = attempts + 1
        WHERE id = $4 AND settled_at IS NULL RETURNING receiver, lane, key, attempts";
    let kind = if error.is_some() { UNDELIVERED } else { DELIVERED };
    let error = error.map(cut);
    let statement = Statement::new(MARK).bind(now.millis()).bind(kind).bind(error).bind(id);
    let row = connection.row(statement).await.doing(WRITING)?;
    let row = row.ok_or(JournalError::NotWaiting { id })?;
    let mut body = json!({
        "key": row.text("key").doing(WRITING)?,
        "lane": row.text("lane").doing(WRITING)?,
        "attempts": row.number("attempts").doing(WRITING)?,
    });
    if let Some(error) = error {
        body["error"] = error.into();
    }
    if let Some(told_in) = told_in.filter(|own| body["key"] != **own) {
        body["told_in"] = told_in.into();
    }
    Ok(CheckedEvent {
        at: now,
        kind: kind.to_owned(),
        subject: row.text("receiver").doing(WRITING)?.to_owned(),
        body: chain::canonical(&body),
    })
}

fn read_message(row: &Row) -> Result<Message, JournalError> {
    let id = row.number("id").doing(READING)?;
    let body = row.text("body").doing(READING)?;
    Ok(Message {
        id,
        receiver: row.text("receiver").doing(READING)?.to_owned(),
        lane: row.text("lane").doing(READING)?.to_owned(),
        key: row.text("key").doing(READING)?.to_owned(),
        first_due: Time(row.number("first_due").doing(READING)?),
        due: Time(row.number("due").doing(READING)?),
        attempts: u32::try_from(row.number("attempts").doing(READING)?).unwrap_or(u32::MAX),
        error: row.text_or_none("error").doing(READING)?.map(str::to_owned),
        body: serde_json::from_str(body).map_err(|source| JournalError::Body {
            what: "message",
            number: id,
            source,
        })?,
    })
}

fn count(row: &Row, column: &'static str) -> Result<u64, JournalError> {
    Ok(u64::try_from(row.number(column).doing(READING)?).unwrap_or(0))
}

fn found(id: i64, rows: u64) -> Result<(), JournalError> {
    if rows == 0 { Err(JournalError::NotWaiting { id }) } else { Ok(()) }
}

/// As much of an error as is kept.
fn cut(error: &str) -> &str {
    error.get(..error.floor_char_boundary(ERROR_BYTES_MAX)).unwrap_or(error)
}
