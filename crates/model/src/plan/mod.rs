//! Nouns of planning: what load follows, what carries it, and what becomes of both.

mod driver;
mod finding;
mod forecast;
mod service;

pub use driver::{Anchor, Driver, Relation};
pub use finding::{Finding, FindingKind};
pub use forecast::{DateRange, Forecast, ForecastPoint, HistoryNeed, Outlook};
pub use service::{DataExpressions, Launch, Service, ServiceLimit, Step};
