//! For tests: a clock they turn, an oracle store, case files, shared data, real peers on loopback.

mod cases;
mod clock;
mod memory;
mod peer;
pub mod planted;
mod postgres;
mod recorded;
mod shared;

pub use cases::{Case, cases};
pub use clock::TurnedClock;
pub use memory::MemoryStore;
pub use peer::{Peer, free_port, http_get};
pub use postgres::Postgres;
pub use recorded::Recorded;
pub use shared::shared;
