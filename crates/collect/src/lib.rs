//! Samples come in: this host, scrapes, remote write, OpenTelemetry, imports.

pub mod exposition;
pub mod host;
pub mod import;
pub mod net;
pub mod otlp;
pub mod remote_write;
pub mod scrape;
mod wire;

pub use scrape::{discover, relabel};
