//! What happened: an append-only, hash-chained event log with an outbox.
//!
//! One `SQLite` file holds both. What was decided and who is to be told of it are written in one
//! transaction, so that neither exists without the other; every event carries a hash over itself
//! and the event before it, so that a later change shows.

mod ask;
mod chain;
mod connection;
mod error;
mod event;
mod file;
mod log;
mod options;
mod outbox;
mod schema;
mod verify;

pub use ask::JournalStats;
pub use chain::Hash;
pub use error::JournalError;
pub use event::{Entry, Event, EventQuery, NewEvent, NewMessage};
pub use file::Journal;
pub use options::Options;
pub use outbox::{Message, OutboxStats, ReceiverStats};
pub use schema::VERSION;
pub use verify::Verified;

/// The kind of the event that says a message reached its receiver; its subject is the receiver.
pub const DELIVERED: &str = "delivered";
/// The kind of the event that says a message was given up; its subject is the receiver.
pub const UNDELIVERED: &str = "undelivered";
