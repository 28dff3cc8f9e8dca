//! The journal as others use it: real files, other processes' connections, full and broken disks.

#[cfg(test)]
mod log;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod trouble;

#[cfg(test)]
mod common {
    use std::path::Path;

    use journal::{Entry, NewEvent, NewMessage};
    use model::Time;
    use serde_json::json;
    use sqlx::{Connection, SqliteConnection, raw_sql, sqlite::SqliteConnectOptions};

    pub(crate) fn event(at: i64, kind: &str, subject: &str) -> NewEvent {
        let body = json!({"text": format!("{kind} of {subject}")});
        NewEvent { at: Time(at), kind: kind.into(), subject: subject.into(), body }
    }

    pub(crate) fn message(receiver: &str, lane: &str, key: &str, due: i64) -> NewMessage {
        NewMessage {
            receiver: receiver.into(),
            lane: lane.into(),
            key: key.into(),
            due: Time(due),
            body: json!({"key": key}),
        }
    }

    pub(crate) fn events(events: impl IntoIterator<Item = NewEvent>) -> Entry {
        Entry { events: events.into_iter().collect(), outbox: Vec::new() }
    }

    pub(crate) fn messages(outbox: impl IntoIterator<Item = NewMessage>) -> Entry {
        Entry { events: Vec::new(), outbox: outbox.into_iter().collect() }
    }

    /// What somebody does to the file with a tool of their own.
    pub(crate) async fn meddle(path: &Path, sql: &'static str) -> Result<(), sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        raw_sql(sql).execute(&mut connection).await?;
        connection.close().await
    }
}
