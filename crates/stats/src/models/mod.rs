//! Small models of how a series goes on, each a plain function of its past.

mod double;
mod holt;
mod lags;
mod ridge;
mod simplex;
mod teeth;
mod theta;
mod waves;

pub use double::DoubleSeason;
pub use holt::Holt;
pub use lags::Lags;
pub use teeth::Teeth;
pub use theta::Theta;
pub use waves::waves;
