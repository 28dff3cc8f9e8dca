//! For tests: a clock they turn, an oracle store, case files, shared data, real peers on loopback.

mod cases;
mod clock;
mod described;
mod memory;
mod notation;
mod peer;
mod postgres;
mod shared;

pub use cases::{Case, cases};
pub use clock::TurnedClock;
pub use described::{Described, Point, describe};
pub use memory::MemoryStore;
pub use notation::{NotedHistogram, grown, parse_histogram};
pub use peer::{Peer, free_port, http_get};
pub use postgres::Postgres;
pub use shared::shared;
