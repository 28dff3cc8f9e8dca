//! When will it be too small: forecasts and the date a line is reached; pure.
//!
//! [`forecast`] lays a series' past onto a regular grid, lets a pool of small models compete over the recorded past,
//! and gives the weighted winner with an interval made of the errors it would have made. [`outlook`] runs many
//! possible futures, each bent by a whole recorded error, against a line and tells when they reach it; [`say`] puts
//! that into words, and what was told is scored when its time has come. It takes an hour of history to say anything, and a day to speak of days; nothing is said about a
//! time further ahead than the history reaches back. The same history, options and seed always give the same answer.

mod backtest;
mod forecast;
mod history;
mod ledger;
mod outlook;
mod pool;
mod reach;
mod rung;
mod say;
mod spread;

pub use forecast::{ForecastOptions, Projection, forecast};
pub use history::History;
pub use ledger::{DatesScore, DatesTold, LEADS, Score, Told, reached, score, score_dates};
pub use outlook::outlook;
pub use reach::Reach;
pub use say::say;
