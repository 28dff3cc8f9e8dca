//! A load from several machines: a coordinator hands out the plan and the moment to begin, each machine takes its
//! stripe of the arrivals, and what they write down is merged exactly. A machine that is lost makes the run invalid,
//! not smaller.
//!
//! Both sides prove that they know a shared token, which itself is never sent, and every message carries a seal of
//! the session. Nothing is hidden from whoever listens in between: see docs/concepts/load-tests.md.

mod coordinator;
mod error;
mod job;
mod merge;
mod seal;
mod sent;
mod word;
mod worker;

pub use coordinator::Fleet;
pub use error::FleetError;
pub use job::Job;
pub(crate) use job::at_rate;
pub use worker::{Worker, serve_one};
