//! When will it be too small: forecasts and the date a line is reached; pure.
//!
//! [`forecast`] lays a series' past onto a regular grid, lets a pool of small models compete over the recorded past,
//! and gives the weighted winner with an interval made of the errors it would have made. [`outlook`] runs many
//! possible futures, each bent by a whole recorded error, against a line and tells when they reach it; [`say`] puts
//! that into words, and what was told is scored when its time has come. It takes an hour of history to say anything,
//! and a day to speak of days; nothing is said about a time further ahead than the history reaches back. The same
//! history, options and seed always give the same answer.

mod benefit;
mod drivers;
mod due;
mod forecast;
mod line;
mod scenarios;
mod sizes;
mod zone;

pub use benefit::{BENEFIT_MONTHS_MAX, Benefit, Stake, Way, benefit};
pub use drivers::{
    Column, Curve, Figure, Following, Form, NoResponse, Range, Recorded, Response, Source,
    Suggestion, read_drivers, reference, respond, suggest, table,
};
pub use due::{DataPast, due, exposed};
pub use forecast::{
    DatesScore, DatesTold, ForecastOptions, History, HowSpecial, Known, LEADS, Projection, Reach,
    Score, SpecialDay, Told, forecast, forecast_knowing, outlook, reached, say, say_date, score,
    score_dates,
};
pub use line::{
    Announced, CostChange, Deployment, KnownLimit, LimitLine, LimitPast, LineDates, LineOptions,
    LoadLine, Lost, NextStep, ReleaseCost, ServicePast, Tested, TestedBy, TestedPoints, TestedStep,
    Unknown, Without, dates, load_line, say_line,
};
pub use scenarios::{
    Bar, Basis, Effect, Event, LearntBasis, LimitOf, Month, Outcome, Portion, ResourceOutcome,
    Scenario, ScenarioBasis, ScenarioDriver, ScenarioPast, ScenarioResource, Spread, Triangle,
    run_scenario, run_scenario_knowing,
};
pub use sizes::{
    Advice, CachePast, Candidate, Machine, Need, NoSizing, Offer, Part, PriceError, Prices, Rate,
    Review, Risk, SURE, SizePolicy, Sizing, Walk, need, review, say_review, size, size_benefit,
    walked,
};
pub use zone::{Zone, ZoneError};
