//! Where a journal is: a file, or a database of a PostgreSQL server.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use model::Secret;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

use crate::JournalError;

/// What PostgreSQL shows of us in `pg_stat_activity`.
const APPLICATION_NAME: &str = "plimsoll journal";

/// The tables stand in a schema of their own, so that the database may hold other things as well.
/// A statement that takes longer than these is in trouble; a writer that has gone away while it
/// wrote must not keep others from writing.
const SESSION: [(&str, &str); 6] = [
    ("search_path", "plimsoll"),
    ("lock_timeout", "10s"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("synchronous_commit", "on"),
    ("client_min_messages", "warning"),
];

/// Where a journal is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of `SQLite`; `:memory:` stands for one that dies with the program.
    File(PathBuf),
    /// A database of a PostgreSQL server.
    Server(Box<Server>),
}

/// A database of a PostgreSQL server.
#[derive(Clone)]
pub struct Server {
    options: PgConnectOptions,
    shown: String,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl Place {
    /// A database of a PostgreSQL server, by an address such as
    /// `postgres://plimsoll@db.example/plimsoll?sslmode=verify-full`. What the address and
    /// `password` leave open is taken from PostgreSQL's own environment and password file.
    pub fn server(url: &str, password: Option<&Secret>) -> Result<Self, JournalError> {
        let wrong = |why: String| JournalError::Address { why };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("it does not begin with `postgres://`".to_owned()));
        }
        // What the parser says may repeat parts of the address, and with it a password.
        let mut options = PgConnectOptions::from_str(url)
            .map_err(|_unsaid| wrong("write `postgres://USER@HOST:5432/DATABASE`".to_owned()))?
            .application_name(APPLICATION_NAME)
            .statement_cache_capacity(64)
            .options(SESSION)
            .disable_statement_logging();
        if let Some(password) = password {
            options = options.password(password.reveal());
        }
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let shown = format!(
            "postgres://{}@{host}:{}/{}",
            options.get_username(),
            options.get_port(),
            options.get_database().unwrap_or_else(|| options.get_username()),
        );
        Ok(Self::Server(Box::new(Server { options, shown })))
    }

    /// Whether several servers may share it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Whether it is in memory, and dies with its one connection.
    pub(crate) fn in_memory(&self) -> bool {
        matches!(self, Self::File(path) if path == Path::new(":memory:"))
    }
}

impl Server {
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }
}

/// Without the password.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Server(server) => formatter.write_str(&server.shown),
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_nowhere() {
        let password = Secret::new("hush".into());
        for (url, password) in [
            ("postgres://me:hush@db.example:5433/facts", None),
            ("postgres://me@db.example:5433/facts?sslmode=require", Some(&password)),
        ] {
            let place = Place::server(url, password).unwrap();
            assert_eq!(place.to_string(), "postgres://me@db.example:5433/facts");
            assert!(!format!("{place:?}").contains("hush"));
        }
        let error = Place::server("postgres://me:hush@[db/facts", None).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }

    #[test]
    fn what_is_no_address_of_a_postgresql_is_refused() {
        for url in ["mysql://me@db/facts", "db.example", "", "postgres://me@db:port/facts"] {
            assert!(matches!(Place::server(url, None), Err(JournalError::Address { .. })), "{url}");
        }
    }
}
