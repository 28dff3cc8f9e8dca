//! Numbers in, numbers out; pure.
//!
//! Sums that keep their digits, quantiles, robust spread, straight lines, smoothing, seasons, regular grids, and
//! seeded chance. No clock, no input or output, and nothing here fails: what cannot be answered is not-a-number.

mod chance;
mod clean;
mod grid;
mod histogram;
mod holt;
mod line;
mod quantile;
mod season;
mod sum;
mod teeth;

pub use chance::Chance;
pub use clean::{despike, level_shifts};
pub use grid::{Cell, Grid};
pub use histogram::{Bucket, Histogram};
pub use holt::Holt;
pub use line::{Line, least_squares, theil_sen};
pub use quantile::{mad, median, quantile, quantile_sorted};
pub use season::{Season, seasonal_naive};
pub use sum::{CompensatedSum, mean, stddev, sum, variance};
pub use teeth::Teeth;
