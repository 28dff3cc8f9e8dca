//! OpenTelemetry requests: what becomes of them, that both forms mean the same, and that no bytes do harm.

mod as_json;
mod cases;
mod forms;
mod made;
mod proto;
mod room;
mod tell;
