//! Samples go out: whatever the store has taken is sent on to others by remote write, from a queue on disk that survives
//! restarts of ours and outages of theirs.
//!
//! [`Forwarding`] stands before the store and appends what it accepted to one [`Queue`] for each receiver; a [`Sender`]
//! carries a queue to its receiver, in order within each series, at least once.

mod error;
mod figures;
mod forwarding;
mod queue;
mod rewrite;
mod sender;

pub use error::QueueError;
pub use figures::{Dropped, Figures};
pub use forwarding::Forwarding;
pub use queue::{Position, Queue, QueueOptions, QueueStats, Read, Syncing};
pub use rewrite::Rewrite;
pub use sender::{Receiver, SendLimits, Sender};
