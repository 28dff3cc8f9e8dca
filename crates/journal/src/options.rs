//! The bounds of a journal.

use std::time::Duration;

/// The bounds of a journal; the defaults suit one server watching a few hundred hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How large the file may become, in bytes. Past it, nothing more can be recorded.
    pub file_bytes_max: u64,
    /// How large one event's body may be, in bytes of JSON.
    pub event_bytes_max: usize,
    /// How large one message's body may be, in bytes of JSON.
    pub message_bytes_max: usize,
    /// How many events and messages one entry may hold.
    pub entry_items_max: usize,
    /// How many messages may wait; past it the oldest is given up for the newest.
    pub waiting_max: u32,
    /// How many delivered and given-up messages are kept, newest first.
    pub settled_max: u32,
    /// How long to wait for another process that holds the file.
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // At 400 bytes an event, forty million events: decades of an ordinary server.
            file_bytes_max: 16 << 30,
            event_bytes_max: 256 << 10,
            message_bytes_max: 1 << 20,
            // Every series of a large rule changing at once; measured at four seconds of writing, without optimisation.
            entry_items_max: 50_000,
            waiting_max: 10_000,
            settled_max: 1_000,
            busy_timeout: Duration::from_secs(5),
        }
    }
}
