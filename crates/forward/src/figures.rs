//! What became of samples on their way to a receiver, counted.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use model::{Span, Time};
use parking_lot::Mutex;

/// Letters of a receiver's last complaint that are kept.
const COMPLAINT_LETTERS: usize = 300;

/// Why samples never reached a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The queue was full, and these were the oldest.
    Full,
    /// They waited longer than they may.
    Old,
    /// The receiver refused them for good.
    Refused,
    /// A part of the queue could not be read.
    Damaged,
    /// They could not be written to the queue.
    Unwritten,
}

impl Dropped {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Full, Self::Old, Self::Refused, Self::Damaged, Self::Unwritten];

    /// The word that metrics use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "queue_full",
            Self::Old => "too_old",
            Self::Refused => "refused",
            Self::Damaged => "damaged",
            Self::Unwritten => "unwritten",
        }
    }
}

/// The counters of one receiver; all since the start.
#[derive(Debug, Default)]
pub struct Figures {
    sent: AtomicU64,
    requests: AtomicU64,
    requests_failed: AtomicU64,
    samples_retried: AtomicU64,
    bytes: AtomicU64,
    dropped: [AtomicU64; Dropped::ALL.len()],
    shards: AtomicU64,
    /// Milliseconds since 1970; nought means never.
    last_success: AtomicI64,
    /// When the oldest samples under way were appended, likewise.
    oldest: AtomicI64,
    complaint: Mutex<Option<String>>,
}

impl Figures {
    /// Samples the receiver has taken.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Requests made, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Requests that failed and are made again.
    pub fn requests_failed(&self) -> u64 {
        self.requests_failed.load(Ordering::Relaxed)
    }

    /// Samples in requests that failed and are made again.
    pub fn samples_retried(&self) -> u64 {
        self.samples_retried.load(Ordering::Relaxed)
    }

    /// Bytes of bodies that were taken.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Samples that never reached the receiver, for one reason.
    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped[why as usize].load(Ordering::Relaxed)
    }

    /// Connections in use at this moment.
    pub fn shards(&self) -> u64 {
        self.shards.load(Ordering::Relaxed)
    }

    /// When the receiver last took something.
    pub fn last_success(&self) -> Option<Time> {
        Some(self.last_success.load(Ordering::Relaxed)).filter(|at| *at != 0).map(Time)
    }

    /// How long the oldest samples under way have waited; nothing if none are.
    pub fn delay(&self, now: Time) -> Span {
        match self.oldest.load(Ordering::Relaxed) {
            0 => Span::ZERO,
            at => now.since(Time(at)).max(Span::ZERO),
        }
    }

    /// What the receiver said when it last refused something, shortened; nothing once it took something again.
    pub fn complaint(&self) -> Option<String> {
        self.complaint.lock().clone()
    }

    pub(crate) fn drop_samples(&self, why: Dropped, samples: u64) {
        self.dropped[why as usize].fetch_add(samples, Ordering::Relaxed);
    }

    pub(crate) fn note_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_taken(&self, samples: u64, bytes: u64, at: Time) {
        self.sent.fetch_add(samples, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.last_success.store(at.millis(), Ordering::Relaxed);
        *self.complaint.lock() = None;
    }

    pub(crate) fn note_failed(&self, samples: u64) {
        self.requests_failed.fetch_add(1, Ordering::Relaxed);
        self.samples_retried.fetch_add(samples, Ordering::Relaxed);
    }

    pub(crate) fn complain(&self, what: &str) {
        *self.complaint.lock() = Some(what.chars().take(COMPLAINT_LETTERS).collect());
    }

    pub(crate) fn set_oldest(&self, appended: Option<Time>) {
        self.oldest.store(appended.map_or(0, Time::millis), Ordering::Relaxed);
    }

    pub(crate) fn set_shards(&self, shards: usize) {
        self.shards.store(shards as u64, Ordering::Relaxed);
    }
}
