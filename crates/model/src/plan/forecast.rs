//! Forecasts: a future of a series with intervals, and the date a resource's line is reached.

use crate::{Share, Span, Time};

/// One step of the future.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastPoint {
    /// When.
    pub at: Time,
    /// The lower end of the interval.
    pub low: f64,
    /// The middle: as likely above as below.
    pub mid: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// A future of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// When the last value it knows was taken.
    pub from: Time,
    /// The time between points.
    pub step: Span,
    /// How sure the interval is, such as 0.9.
    pub confidence: Share,
    /// The future, in order of time.
    pub points: Vec<ForecastPoint>,
    /// The model that made it, by name.
    pub model: String,
    /// The mean absolute error of the model over the recorded past, in the series' unit.
    pub error_past: f64,
    /// How many times the model was tried on the recorded past.
    pub trials: usize,
}

/// From when to when, with the most likely moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The earliest of the interval.
    pub earliest: Time,
    /// As likely before as after; nothing if beyond the horizon.
    pub likely: Option<Time>,
    /// The latest of the interval; nothing if beyond the horizon.
    pub latest: Option<Time>,
}

/// What is missing before a forecast can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryNeed {
    /// How much history there is.
    pub have: Span,
    /// How much it takes.
    pub need: Span,
    /// When there will be enough, if samples keep coming.
    pub ready_at: Time,
}

/// When a line is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It is reached already.
    Now,
    /// It will be reached between these dates.
    Expected(DateRange),
    /// Not before this date.
    NotBefore(Time),
    /// It is falling or level: no crossing lies ahead.
    NotFilling,
    /// There is too little history to say.
    TooLittleHistory(HistoryNeed),
}
