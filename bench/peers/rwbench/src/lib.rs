//! Remote-write load and PromQL queries for Prometheus-compatible servers: the parts of the peer bench, which
//! the differential fuzzer borrows.

pub mod churn;
pub mod data;
pub mod goals;
pub mod http;
pub mod live;
pub mod numbers;
pub mod procfs;
pub mod push;
pub mod query;
pub mod report;
pub mod soak;
pub mod suite;
pub mod target;
pub mod verify;
