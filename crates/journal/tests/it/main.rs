//! The journal as others use it: real files, a real PostgreSQL, other processes'
//! connections, full and broken disks, programs that are killed.

#[cfg(test)]
mod kills;
#[cfg(test)]
mod log;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod server;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod work;

#[cfg(test)]
mod common {
    use std::path::Path;

    use journal::{Entry, Journal, NewEvent, NewMessage, Options, Place};
    use model::Time;
    use serde_json::json;
    use sqlx::{
        AssertSqlSafe, Connection, SqliteConnection, raw_sql, sqlite::SqliteConnectOptions,
    };
    use testkit::Postgres;

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

    /// A journal that is nowhere yet, in one of the two databases.
    pub(crate) struct World {
        /// Holds the file, if it is one.
        folder: Option<tempfile::TempDir>,
        address: String,
    }

    impl World {
        pub(crate) fn file() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let address = folder.path().join("journal.db").display().to_string();
            Self { folder: Some(folder), address }
        }

        pub(crate) fn server() -> Self {
            Self { folder: None, address: Postgres::shared().database().unwrap() }
        }

        pub(crate) fn another(&self) -> Self {
            if self.folder.is_some() { Self::file() } else { Self::server() }
        }

        pub(crate) fn place(&self) -> Place {
            place(&self.address)
        }

        pub(crate) fn address(&self) -> &str {
            &self.address
        }

        pub(crate) fn is_server(&self) -> bool {
            self.folder.is_none()
        }

        pub(crate) async fn open(&self) -> Journal {
            self.open_with(Options::default()).await
        }

        pub(crate) async fn open_with(&self, options: Options) -> Journal {
            Journal::open_at(self.place(), options).await.unwrap()
        }

        /// What somebody does to it with a tool of their own.
        pub(crate) async fn meddle(&self, sql: &str) -> Result<(), String> {
            if self.is_server() {
                let sql = format!("SET search_path = plimsoll; {sql}");
                let done = Postgres::shared().sql_at(&self.address, &sql);
                return done.map(drop).map_err(|error| error.to_string());
            }
            let done = meddle(Path::new(&self.address), sql.to_owned()).await;
            done.map_err(|error| error.to_string())
        }
    }

    /// A file, or the address of a server.
    pub(crate) fn place(address: &str) -> Place {
        if address.starts_with("postgres:") {
            Place::server(address, None).unwrap()
        } else {
            Place::File(address.into())
        }
    }

    /// Runs each test against both databases.
    macro_rules! both {
        ($($name:ident,)+) => {
            $(mod $name {
                use crate::common::World;

                #[tokio::test]
                async fn in_a_file() {
                    super::$name(World::file()).await;
                }

                #[tokio::test]
                async fn in_postgresql() {
                    super::$name(World::server()).await;
                }
            })+
        };
    }
    pub(crate) use both;

    /// What somebody does to the file with a tool of their own.
    pub(crate) async fn meddle(path: &Path, sql: impl Into<String>) -> Result<(), sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        raw_sql(AssertSqlSafe(sql.into())).execute(&mut connection).await?;
        connection.close().await
    }
}
