//! What happened: an append-only, hash-chained event log with an outbox.
