//! Timers: moments at which something is to be done, kept with what they follow from. A timer is
//! removed in the transaction that records what it led to, so it leads to it once.

use model::Time;
use serde_json::Value;

use crate::{
    Journal, JournalError,
    database::{Connection, Row, Statement},
    error::Doing as _,
    event::Checked,
};

const READING: &str = "reading timers";
const WRITING: &str = "setting timers";
/// The most timers one question answers.
const LIMIT_MAX: u32 = 256;

/// A timer that is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    /// Which one; moving a timer gives it another number.
    pub id: i64,
    /// Its name.
    pub key: String,
    /// What is to be done.
    pub kind: String,
    /// When.
    pub due: Time,
    /// The rest.
    pub body: Value,
}

impl Journal {
    /// Timers of a kind whose moment has come, oldest first. Whoever acts on one names it in
    /// [`crate::Act::ran`]; of several who do, one succeeds.
    pub async fn timers_due(
        &self,
        kind: &str,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Timer>, JournalError> {
        const DUE: &str = "SELECT id, key, kind, due, body FROM timers
            WHERE due <= $1 AND kind = $2 ORDER BY due, id LIMIT $3";
        let statement =
            Statement::new(DUE).bind(now.millis()).bind(kind).bind(limit.min(LIMIT_MAX));
        let rows = self.read().await?.connection()?.rows(statement).await.doing(READING)?;
        rows.iter().map(read_timer).collect()
    }

    /// When the next timer of a kind is due.
    pub async fn next_timer(&self, kind: &str) -> Result<Option<Time>, JournalError> {
        const NEXT: &str = "SELECT min(due) AS due FROM timers WHERE kind = $1";
        let statement = Statement::new(NEXT).bind(kind);
        let row = self.read().await?.connection()?.one(statement).await.doing(READING)?;
        Ok(row.number_or_none("due").doing(READING)?.map(Time))
    }
}

/// Removes timers that ran or are taken back, and sets others, within a transaction.
pub(crate) async fn change(connection: &mut Connection, act: &Checked) -> Result<(), JournalError> {
    const RAN: &str = "DELETE FROM timers WHERE id = $1";
    const UNSET: &str = "DELETE FROM timers WHERE key = $1";
    const SET: &str = "INSERT INTO timers (key, kind, due, body) VALUES ($1, $2, $3, $4)";
    for id in &act.ran {
        if connection.execute(Statement::new(RAN).bind(*id)).await.doing(WRITING)? == 0 {
            return Err(JournalError::NotSet { id: *id });
        }
    }
    // A timer that is moved gets another number, so that nobody who saw it before runs it.
    for key in act.unset.iter().chain(act.set.iter().map(|timer| &timer.key)) {
        connection.execute(Statement::new(UNSET).bind(key)).await.doing(WRITING)?;
    }
    for timer in &act.set {
        let statement = Statement::new(SET)
            .bind(&timer.key)
            .bind(&timer.kind)
            .bind(timer.due.millis())
            .bind(&timer.body);
        connection.execute(statement).await.doing(WRITING)?;
    }
    Ok(())
}

fn read_timer(row: &Row) -> Result<Timer, JournalError> {
    let id = row.number("id").doing(READING)?;
    let body = row.text("body").doing(READING)?;
    Ok(Timer {
        id,
        key: row.text("key").doing(READING)?.to_owned(),
        kind: row.text("kind").doing(READING)?.to_owned(),
        due: Time(row.number("due").doing(READING)?),
        body: serde_json::from_str(body).map_err(|source| JournalError::Body {
            what: "timer",
            number: id,
            source,
        })?,
    })
}
