//! What others send: remote write and OpenTelemetry, both protobuf.

pub mod otlp;
pub mod remote_write;
mod wire;
