//! What a store is told when it is opened.

use model::Span;

/// When the log is forced to the disk. A killed process loses nothing either way; a power cut does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// At most this long after a write, or at the next `maintain` if no further write comes.
    Interval(Span),
    /// Before a write is acknowledged.
    Always,
}

/// What may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Series written to within the last hour. Past half of it those that rest, by the clock or by the times of samples,
    /// are forgotten sooner; at the limit new ones
    /// are turned away.
    pub series_max: usize,
    /// Bytes of memory that these series take, labels and all; the same goes for them.
    pub series_bytes_max: usize,
    /// New series that one source may bring within an hour, if there is such a limit.
    pub new_series_per_source: Option<u64>,
    /// Labels of one series, the metric's name included.
    pub labels_per_series_max: usize,
    /// Bytes of one label, name and value together.
    pub label_bytes_max: usize,
    /// Samples in one batch.
    pub batch_samples_max: usize,
}

/// A million series at a few hundred bytes each is what a small machine can hold; the other
/// figures are several times what exporters of the field send.
impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            series_max: 1_000_000,
            series_bytes_max: 1 << 30,
            new_series_per_source: None,
            labels_per_series_max: 64,
            label_bytes_max: 4096,
            batch_samples_max: 1_000_000,
        }
    }
}

/// How a store keeps what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long samples are kept; whole days are dropped once all of the day is older.
    pub retention: Span,
    /// How many bytes parts and indexes may take; past it the oldest days go first. The newest day stays, whatever it
    /// takes.
    pub retention_bytes: Option<u64>,
    /// How far ahead of the clock a sample may be.
    pub future_max: Span,
    /// When the log is forced to the disk.
    pub sync: SyncPolicy,
    /// What may come in.
    pub limits: StoreLimits,
    /// Rows in the buffer that takes writes, before they are sorted and set aside.
    pub buffer_rows_max: usize,
    /// Rows in memory altogether (16 to 24 bytes each); past it writes wait for the disk, or are told to.
    pub memory_rows_max: usize,
    /// Bytes of files that are kept in memory since they were read lately.
    pub cache_bytes: usize,
    /// How long rows stay in memory and in the log before they become a part on disk.
    pub flush_after: Span,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            retention: Span::days(400),
            retention_bytes: None,
            future_max: Span::days(1),
            sync: SyncPolicy::Interval(Span::millis(100)),
            limits: StoreLimits::default(),
            buffer_rows_max: 65_536,
            memory_rows_max: 1_048_576,
            cache_bytes: 32 << 20,
            flush_after: Span::minutes(5),
        }
    }
}

/// Who is told how far opening a store has come.
pub trait Progress {
    /// So many of so many are done of this.
    fn report(&self, done: u64, total: u64, what: &str);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn report(&self, _done: u64, _total: u64, _what: &str) {}
}
