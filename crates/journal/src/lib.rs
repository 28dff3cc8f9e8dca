//! What happened: an append-only, hash-chained event log with an outbox, timers and leases.
//!
//! One file of `SQLite`, or one database of a PostgreSQL that several servers share, holds all of
//! it. What was decided, who is to be told of it and what is to be done later are written in one
//! transaction, so that none exists without the others; every event carries a hash over itself and
//! the event before it, so that a later change shows.

mod ask;
mod chain;
mod database;
mod error;
mod event;
mod journal;
mod options;
mod outbox;
mod work;

pub use ask::JournalStats;
use chain::log;
pub use chain::{Hash, Verified, read_export};
pub use database::{Place, VERSION};
pub use error::JournalError;
pub use event::{Act, Entry, Event, EventQuery, NewEvent, NewMessage, NewTimer};
pub use journal::Journal;
pub use options::Options;
pub use outbox::{Message, OutboxStats, ReceiverStats, Tried};
pub use work::{Lease, LeaseSeen, Pruned, Timer};

/// The kind of the event that says a message reached its receiver; its subject is the receiver.
pub const DELIVERED: &str = "delivered";
/// The kind of the event that says a message was given up; its subject is the receiver.
pub const UNDELIVERED: &str = "undelivered";
/// The kind of the event that says which server has a lease; its subject is the lease.
pub const LEASE: &str = "lease";
/// The kind of the event that says which events were let go of; its subject is the journal.
pub const PRUNED: &str = "journal_pruned";
