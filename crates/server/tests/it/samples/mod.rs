//! Samples come in by remote write and OTLP, and are sent on.

mod otlp;
mod receive;
mod sent;
