//! Samples come in: this host, scrapes, remote write, OpenTelemetry, imports. And changes, by web hooks.

pub mod changes;
pub mod exposition;
pub mod host;
pub mod import;
pub mod net;
mod receive;
pub mod scrape;

pub use receive::{otlp, remote_write};
pub use scrape::{discover, files_matching, relabel};
