//! Nouns of planning: what load follows, what carries it, and what becomes of both.

mod driver;
mod forecast;
mod service;

pub use driver::{Anchor, Driver, Relation};
pub use forecast::{DateRange, Forecast, ForecastPoint, HistoryNeed, Outlook};
pub use service::{Launch, Service, ServiceLimit, Step};
