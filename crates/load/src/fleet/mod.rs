//! A load from several machines: a coordinator hands out the plan and the moment to begin, each machine takes its
//! stripe of the arrivals, and what they write down is merged exactly. A machine that is lost makes the run invalid,
//! not smaller.
//!
//! Both sides prove that they know a shared token, which itself is never sent, and all they say is encrypted with keys
//! of the connection: see docs/decisions/load-from-several-machines.md.

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
