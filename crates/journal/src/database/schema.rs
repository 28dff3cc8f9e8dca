//! The tables, and how an older journal becomes a newer one.

use super::{Connection, Place, Statement};
use crate::{JournalError, error::Doing as _};

/// The version of the tables that this program writes.
pub const VERSION: i64 = 2;

/// `Plim`, so that no other program's database is taken for a journal.
const APPLICATION: i64 = 0x506c_696d;

/// Steps with the version they lead to. Steps are never changed once released.
type Steps = [(i64, &'static str)];

const FILE: &Steps = &[(1, include_str!("file_1.sql")), (2, include_str!("file_2.sql"))];
const SERVER: &Steps = &[(2, include_str!("server_2.sql"))];

/// Two servers that start at the same moment make the tables one after the other.
const ALONE: &str = "SELECT pg_advisory_xact_lock(1349282157)";

/// Brings the journal to our version, in one transaction.
pub(crate) async fn migrate(
    connection: &mut Connection,
    place: &Place,
) -> Result<(), JournalError> {
    const DOING: &str = "preparing the journal's tables";
    if found(connection, place).await? == VERSION {
        return Ok(());
    }
    let begin = if connection.is_server() { "BEGIN" } else { "BEGIN IMMEDIATE" };
    connection.run(begin).await.doing(DOING)?;
    let done = step(connection, place).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.run(end).await.doing(DOING);
    done.and(ended)
}

/// The version of the journal, 0 where there is none; an error if it is not for us.
pub(crate) async fn found(connection: &mut Connection, place: &Place) -> Result<i64, JournalError> {
    let found = version(connection, place).await?;
    if found > VERSION {
        return Err(JournalError::Newer { place: place.to_string(), found, known: VERSION });
    }
    Ok(found)
}

async fn step(connection: &mut Connection, place: &Place) -> Result<(), JournalError> {
    const DOING: &str = "preparing the journal's tables";
    if connection.is_server() {
        connection.run(ALONE).await.doing(DOING)?;
    }
    let at = found(connection, place).await?;
    let steps = if connection.is_server() { SERVER } else { FILE };
    for (_, sql) in steps.iter().filter(|(to, _)| *to > at) {
        connection.run(sql).await.doing(DOING)?;
    }
    connection
        .execute(Statement::new("UPDATE schema_version SET version = $1").bind(VERSION))
        .await
        .doing(DOING)?;
    if !connection.is_server() {
        connection.run("PRAGMA application_id = 1349282157").await.doing(DOING)?;
    }
    Ok(())
}

/// The version of the journal; 0 where there is none yet.
async fn version(connection: &mut Connection, place: &Place) -> Result<i64, JournalError> {
    const DOING: &str = "reading the journal's version";
    const TABLES: &str = "SELECT count(*) AS n FROM information_schema.tables
        WHERE table_schema = 'plimsoll' AND table_name IN ('schema_version', 'events')";
    const FOREIGN: &str = "SELECT count(*) AS n FROM sqlite_schema";
    const OURS: &str = "SELECT max(version) AS n FROM schema_version";
    if connection.is_server() {
        return match number(connection, TABLES).await.doing(DOING)? {
            0 => Ok(0),
            2 => number(connection, OURS).await.doing(DOING),
            _ => Err(JournalError::Foreign { place: place.to_string() }),
        };
    }
    let signed = "SELECT application_id AS n FROM pragma_application_id";
    let application = number(connection, signed).await.doing(DOING)?;
    if application == APPLICATION {
        return number(connection, OURS).await.doing(DOING);
    }
    if application != 0 || number(connection, FOREIGN).await.doing(DOING)? != 0 {
        return Err(JournalError::Foreign { place: place.to_string() });
    }
    Ok(0)
}

async fn number(connection: &mut Connection, sql: &'static str) -> Result<i64, sqlx::Error> {
    connection.one(Statement::new(sql)).await?.number("n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_signed_with_our_name() {
        assert_eq!(APPLICATION, 1_349_282_157);
    }

    #[test]
    fn the_steps_lead_to_our_version() {
        for steps in [FILE, SERVER] {
            assert_eq!(steps.last().map(|(to, _)| *to), Some(VERSION));
            assert!(steps.is_sorted_by_key(|(to, _)| *to));
        }
    }
}
