//! The database under the journal: a file of `SQLite`, or a PostgreSQL. One SQL text speaks to both;
//! what differs (opening, tables, how a writer is alone) is here and nowhere else.

mod connection;
mod place;
mod schema;
mod slot;
mod statement;

pub(crate) use connection::{Connection, Use};
pub use place::Place;
pub use schema::VERSION;
pub(crate) use schema::{found, migrate};
pub(crate) use slot::{Read, Slot, Write};
pub(crate) use statement::{Row, Statement};
