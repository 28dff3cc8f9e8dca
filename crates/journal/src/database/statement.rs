//! A statement with its values, and a row, whichever the database.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, Postgres, Row as _, Sqlite,
    postgres::{PgArguments, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

/// SQL that both databases understand, with its values: `$1` is the first.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    sql: Cow<'static, str>,
    values: Vec<Value<'a>>,
}

/// A value of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Number(Option<i64>),
    Text(Option<&'a str>),
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(Some(number.into()))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> Statement<'a> {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Adds the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds a piece of SQL.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Adds a value, and its place to the SQL.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value<'a>>) -> &mut Self {
        self.values.push(value.into());
        let place = format!("${}", self.values.len());
        self.push(&place)
    }

    pub(super) fn for_file(&self) -> Query<'a, Sqlite, SqliteArguments> {
        let sql = AssertSqlSafe(self.sql.clone());
        self.values.iter().fold(sqlx::query(sql), |query, value| match *value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }

    pub(super) fn for_server(&self) -> Query<'a, Postgres, PgArguments> {
        let sql = AssertSqlSafe(self.sql.clone());
        self.values.iter().fold(sqlx::query(sql), |query, value| match *value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }
}

/// A row of an answer.
pub(crate) enum Row {
    File(SqliteRow),
    Server(PgRow),
}

impl Row {
    pub(crate) fn number(&self, column: &str) -> Result<i64, sqlx::Error> {
        match self {
            Self::File(row) => row.try_get(column),
            Self::Server(row) => row.try_get(column),
        }
    }

    pub(crate) fn number_or_none(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::File(row) => row.try_get(column),
            Self::Server(row) => row.try_get(column),
        }
    }

    pub(crate) fn text(&self, column: &str) -> Result<&str, sqlx::Error> {
        match self {
            Self::File(row) => row.try_get(column),
            Self::Server(row) => row.try_get(column),
        }
    }

    pub(crate) fn text_or_none(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        match self {
            Self::File(row) => row.try_get(column),
            Self::Server(row) => row.try_get(column),
        }
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<&[u8], sqlx::Error> {
        match self {
            Self::File(row) => row.try_get(column),
            Self::Server(row) => row.try_get(column),
        }
    }
}
