//! OpenTelemetry requests: what becomes of them, that both forms mean the same, and that no bytes do harm.

mod cases;
mod forms;
mod proto;
mod room;
mod tell;
