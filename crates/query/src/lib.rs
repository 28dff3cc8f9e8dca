//! PromQL over any source of series.
//!
//! The grammar is `promql-parser`'s; the executor is ours. It evaluates each node of an expression for all steps at
//! once, one column per series: selectors are read once per query, windows slide over one series' column, and the
//! operators between vectors match labels once per series instead of once per step.

mod answer;
mod ask;
mod engine;
mod error;
mod explain;
mod histogram;
mod meter;
mod parse;
mod reuse;
mod run;
mod steps;

pub use answer::{Answer, Checked, InstantSample, Steps, Value, ValueKind};
pub use ask::{
    Listed, Listing, Local, Queries, Question, Refusal, Remote, RemoteError, RemoteOptions,
    Request, Response, Transport, TransportError,
};
pub use engine::{Engine, EngineOptions};
pub use error::{Position, QueryError};
pub use explain::{Explained, PlanNode};
pub use histogram::{Bucket, buckets as histogram_buckets};
pub use meter::{MemoryPool, Meter};
pub use parse::{Counter, Needs, check, counters, may_read, parse_duration, parse_selector};
pub use reuse::{Reused, Round};
