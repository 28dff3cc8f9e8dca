//! The tables, and how an older file becomes a newer one.

use std::path::Path;

use sqlx::{Connection, Row, SqliteConnection, query, raw_sql};

use crate::{JournalError, error::Doing};

/// The version of the tables that this program writes.
pub const VERSION: i64 = 1;

/// `Plim`, so that no other program's database is taken for a journal.
const APPLICATION: i64 = 0x506c_696d;

/// Step n turns version n into version n + 1. Steps are never changed once released.
const MIGRATIONS: [&str; 1] = [FIRST];

// REPLACE deletes without firing a delete trigger, hence the trigger on insert.
const FIRST: &str = "
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (0);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX events_by_kind ON events (kind);
CREATE INDEX events_by_kind_and_subject ON events (kind, subject);
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_by_time ON events (at);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    lane TEXT NOT NULL,
    first_due INTEGER NOT NULL,
    due INTEGER NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    settled_at INTEGER,
    outcome TEXT CHECK (outcome IN ('delivered', 'undelivered'))
) STRICT;
CREATE INDEX outbox_waiting ON outbox (receiver, lane, id) WHERE settled_at IS NULL;
CREATE INDEX outbox_settled ON outbox (id) WHERE settled_at IS NOT NULL;
";

/// Brings the file to our version, in one transaction.
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), JournalError> {
    const DOING: &str = "preparing the journal's tables";
    let found = version(connection, path).await?;
    if found > VERSION {
        return Err(JournalError::Newer { path: path.into(), found, known: VERSION });
    }
    if found == VERSION {
        return Ok(());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.doing(DOING)?;
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        raw_sql(*step).execute(&mut *transaction).await.doing(DOING)?;
    }
    query("UPDATE schema_version SET version = ?")
        .bind(VERSION)
        .execute(&mut *transaction)
        .await
        .doing(DOING)?;
    raw_sql("PRAGMA application_id = 1349282157").execute(&mut *transaction).await.doing(DOING)?;
    transaction.commit().await.doing(DOING)
}

/// The version of the file; 0 for an empty one.
async fn version(connection: &mut SqliteConnection, path: &Path) -> Result<i64, JournalError> {
    const DOING: &str = "reading the journal's version";
    let application = number(connection, "PRAGMA application_id").await.doing(DOING)?;
    if application == APPLICATION {
        return number(connection, "SELECT max(version) FROM schema_version").await.doing(DOING);
    }
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").await.doing(DOING)?;
    if application != 0 || tables != 0 {
        return Err(JournalError::Foreign { path: path.into() });
    }
    Ok(0)
}

pub(crate) async fn number(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<i64, sqlx::Error> {
    query(sql).fetch_one(connection).await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_signed_with_our_name() {
        assert_eq!(APPLICATION, 1_349_282_157);
    }

    #[test]
    fn there_is_a_step_to_every_version() {
        assert_eq!(i64::try_from(MIGRATIONS.len()), Ok(VERSION));
    }
}
