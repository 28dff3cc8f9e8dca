//! Numbers in, numbers out; pure.
//!
//! Sums that keep their digits, quantiles, robust spread, straight lines, seasons, what is normal at an hour of the week, regular grids, seeded chance,
//! histograms, and small models of how a series goes on. No clock, no input or output, and nothing here fails: what
//! cannot be answered is not-a-number.

mod baseline;
mod chance;
mod clean;
mod grid;
mod histogram;
mod line;
mod models;
mod quantile;
mod season;
mod shifts;
mod sum;

pub use baseline::{Band, Baseline, Basis, Moment, Shift, WEEK_HOURS};
pub use chance::Chance;
pub use clean::{Spikes, level_shifts};
pub use grid::{Cell, Grid};
pub use histogram::{Bucket, Histogram, HistogramParts};
pub use line::{Line, least_squares, theil_sen};
pub use models::{DoubleSeason, Holt, Lags, Teeth, Theta, waves};
pub use quantile::{mad, median, quantile, quantile_sorted};
pub use season::{Season, seasonal_naive};
pub use shifts::change_points;
pub use sum::{CompensatedSum, mean, stddev, sum, variance};
