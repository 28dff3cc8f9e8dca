//! The embedded time-series store: immutable column parts by day, a short bounded log before them,
//! and nothing kept per series but its labels.
//!
//! Samples go to the log and to one buffer for all series. A full buffer is sorted into a run in
//! memory; after some minutes the runs become one part on disk for each day, and the log segment
//! that held their rows goes. Parts of a day are merged in tiers. Late samples, back-fill and
//! samples written twice take the same way; of two for one time the later write stays.

mod disk;
mod error;
mod intake;
mod key;
mod options;
mod store;
pub mod survey;

pub use disk::coarse::KeepRule;
pub use error::StoreError;
pub use options::{NoProgress, Progress, StoreLimits, StoreOptions, SyncPolicy};
pub use store::{Store, StoreStats};
