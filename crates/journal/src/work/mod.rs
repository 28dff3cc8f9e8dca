//! What goes on with the log over time: timers, who does the work, what is folded and pruned.

mod folds;
pub(crate) mod leases;
mod prune;
pub(crate) mod timers;

pub use leases::{Lease, LeaseSeen};
pub use prune::Pruned;
pub use timers::Timer;
