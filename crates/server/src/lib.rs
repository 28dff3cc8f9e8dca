//! The server: wires the stages together, and shows them by HTTP and pages.

mod clock;
mod convert;
mod http;
mod jobs;
mod running;
mod runs;
mod start;
mod state;
mod tasks;

pub use clock::SystemClock;
pub use collect::files_matching;
pub use convert::JobError;
pub use http::{description, outcome_view};
pub use jobs::{ReloadError, Reloaded, UntakenIn, read_objective_files};
pub use running::Running;
pub use start::{Options, StartError, start};
pub use state::meters::{DEFINITIONS, Definition, metrics_reference};
pub use state::{ClusterError, DirectoryFault, check_tellings, facts::place as journal_place};

pub(crate) use jobs::HOST_JOB;

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
