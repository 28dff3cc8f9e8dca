//! What is normal for the series that are watched, by hour of the week in a time zone.
//!
//! A [`Watch`] holds the bands of one expression's series, learns from what it answers every five minutes, and says
//! what is to be recorded. [`unfold`] tells for any series what the band was at moments of the past, each time by what was
//! known then.

mod instance;
mod unfold;
mod watch;
mod zone;

use model::{Kind, Span, Time};

pub use instance::instance;
pub use unfold::{Unfolded, unfold};
pub use watch::{Known, Row, Watch, Watched};
pub use zone::{Zone, ZoneError};

/// The metric of recorded bands.
pub const BASELINE: &str = "plimsoll_baseline";
/// The label that says of which baseline a band is.
pub const BASELINE_LABEL: &str = "baseline";
/// The label that says which of the three a recorded value is.
pub const BOUND: &str = "bound";
/// Its values, in rising order.
pub const BOUNDS: [&str; 3] = ["low", "mid", "high"];
/// The baseline that all readings of resources have.
pub const RESOURCES: &str = "resources";

/// Series are read at steps of this length: twelve readings make an hour.
pub const STEP: Span = Span::minutes(5);
/// How much of the past a band is learnt from before it is told: three weeks are kept of it, and the first week teaches
/// how far readings lie from what was told.
pub const PAST: Span = Span::days(28);

/// The last step that is not after a moment.
pub fn aligned(at: Time) -> Time {
    Time(at.millis().div_euclid(STEP.as_millis()) * STEP.as_millis())
}

/// Why series could not be learnt from. Nothing was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// Two series became one.
    #[error("{labels} comes up twice once other labels are left out")]
    Twice {
        /// The labels that both have.
        labels: String,
    },
}

impl BaselineError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

#[cfg(test)]
mod tests;
