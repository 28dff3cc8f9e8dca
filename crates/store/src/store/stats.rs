//! What a store says of itself: figures, who has its series; and a copy of it.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use model::Time;
use parking_lot::Mutex;

use super::Store;
use crate::{
    StoreError,
    intake::Limit,
    survey::{Snapshot, Tally, Top, TopValue, sort, take_snapshot},
};

/// Figures of a store at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Series written to within the last hour.
    pub series: usize,
    /// Samples kept, in memory and on disk; a sample written twice may count twice until merged. Of down-sampled ones
    /// every figure counts.
    pub samples: u64,
    /// Days that have parts on disk.
    pub partitions: usize,
    /// Parts on disk.
    pub parts: usize,
    /// Bytes of all parts and their indexes on disk.
    pub bytes_on_disk: u64,
    /// Bytes of rows and labels in memory, about.
    pub bytes_in_memory: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Samples taken since the store was opened.
    pub samples_written: u64,
    /// Samples left out since the store was opened, because their time lies outside what is kept.
    pub samples_out_of_range: u64,
    /// Samples of new series left out since the store was opened, by the limit that these were beyond: `labels`,
    /// `label_bytes`, `series`, `series_memory`, `new_series`.
    pub samples_left_out: Vec<(&'static str, u64)>,
    /// Series forgotten before their hour was over, to make room, since the store was opened.
    pub series_forgotten_early: u64,
    /// Bytes of memory that series take.
    pub series_bytes: u64,
    /// Batches refused since the store was opened, whatever the reason.
    pub writes_refused: u64,
    /// Parts and pieces of log that were set aside as damaged, earlier runs included.
    pub quarantined: u64,
    /// Names of what is set aside, at most a hundred.
    pub quarantined_names: Vec<String>,
    /// Parts made by merging since the store was opened.
    pub merges: u64,
    /// Days down-sampled since the store was opened, or down-sampled further.
    pub days_folded: u64,
    /// Days on disk that have down-sampled rows.
    pub days_coarse: usize,
    /// Of the samples, those in parts of such days: figures, and what is left as it came beside them.
    pub samples_coarse: u64,
    /// Days dropped since the store was opened because they were past retention.
    pub partitions_dropped: u64,
    /// Why writes are refused, if they are.
    pub poisoned: Option<String>,
    /// What the last failed attempt to write to the log or to put rows on disk said, until one succeeds.
    pub trouble: Option<String>,
    /// The oldest sample.
    pub oldest: Option<Time>,
    /// The newest sample.
    pub newest: Option<Time>,
}

/// Series counted at once, while writers wait.
const SERIES_AT_ONCE: usize = 1024;
/// Names kept of what is set aside.
const NAMES_MAX: usize = 100;

/// What is counted while the store is open.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) written: AtomicU64,
    pub(super) out_of_range: AtomicU64,
    pub(super) left_out: [AtomicU64; Limit::ALL.len()],
    pub(super) forgotten_early: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) merges: AtomicU64,
    pub(super) folds: AtomicU64,
    pub(super) partitions_dropped: AtomicU64,
    aside: Mutex<(u64, Vec<String>)>,
}

impl Counters {
    pub(super) fn new(mut quarantined: Vec<String>) -> Self {
        let count = quarantined.len() as u64;
        quarantined.truncate(NAMES_MAX);
        Self { aside: Mutex::new((count, quarantined)), ..Self::default() }
    }

    pub(super) fn quarantined(&self, name: String) {
        let mut aside = self.aside.lock();
        aside.0 += 1;
        if aside.1.len() < NAMES_MAX {
            aside.1.push(name);
        }
    }
}

pub(super) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

impl Store {
    /// Figures of this moment.
    pub fn stats(&self) -> StoreStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let trouble = self.flushing.try_lock().map(|flushing| flushing.trouble.clone());
        let intake = self.intake.lock();
        let catalog = self.catalog();
        let (quarantined, quarantined_names) = self.counters.aside.lock().clone();
        let mut stats = StoreStats {
            series: intake.table.len(),
            samples: intake.buffer.len() as u64,
            bytes_in_memory: (intake.table.bytes() + intake.buffer.bytes() + self.cache.bytes())
                as u64,
            log_bytes: intake.log.bytes(),
            partitions: catalog.days.len(),
            samples_written: get(&self.counters.written),
            samples_out_of_range: get(&self.counters.out_of_range),
            samples_left_out: (Limit::ALL.iter().zip(&self.counters.left_out))
                .map(|(limit, own)| (limit.word(), get(own)))
                .collect(),
            series_forgotten_early: get(&self.counters.forgotten_early),
            series_bytes: intake.table.bytes() as u64,
            writes_refused: get(&self.counters.refused),
            merges: get(&self.counters.merges),
            days_folded: get(&self.counters.folds),
            partitions_dropped: get(&self.counters.partitions_dropped),
            quarantined,
            quarantined_names,
            poisoned: intake.poisoned.clone(),
            trouble: intake
                .failing
                .as_ref()
                .map(|own| own.why.clone())
                .or_else(|| trouble.flatten()),
            ..StoreStats::default()
        };
        let mut span = intake.buffer.span();
        drop(intake);
        let mut widen = |min: i64, max: i64| {
            let (from, to) = span.unwrap_or((min, max));
            span = Some((from.min(min), to.max(max)));
        };
        for run in &catalog.runs {
            stats.samples += run.rows() as u64;
            stats.bytes_in_memory += run.bytes() as u64;
            widen(run.span.0, run.span.1);
        }
        for part in catalog.parts() {
            stats.parts += 1;
            if part.meta.origin.coarse.is_some() {
                stats.days_coarse += 1;
                stats.samples_coarse += part.meta.rows;
            }
            stats.samples += part.meta.rows;
            stats.bytes_on_disk += part.bytes;
            widen(part.meta.min_time, part.meta.max_time);
        }
        stats.bytes_on_disk += catalog.indexes().map(|index| index.bytes).sum::<u64>();
        (stats.oldest, stats.newest) = (span.map(|own| Time(own.0)), span.map(|own| Time(own.1)));
        stats
    }

    /// Counts the active series: so many rows of each kind. Writers go on meanwhile.
    pub fn top(&self, rows: usize) -> Top {
        let now = self.clock.elapsed();
        let mut tally = Tally::default();
        for start in (0..).step_by(SERIES_AT_ONCE) {
            let intake = self.intake.lock();
            let Some(slots) = intake.table.slots_at(start..start + SERIES_AT_ONCE) else { break };
            for slot in slots.iter().flatten() {
                tally.add(slot.labels.as_ref(), slot.is_new(now));
            }
        }
        let mut top = tally.finish(rows);
        let intake = self.intake.lock();
        let sources = intake.table.sources.iter().map(|own| TopValue {
            value: own.name.to_string(),
            series: own.series as u64,
            new: own.new_series(now),
            refused: own.refused,
        });
        top.sources = sources.collect();
        drop(intake);
        sort(&mut top.sources, rows);
        top
    }

    /// Makes a copy by hard links in a directory that is not there yet, in the same file system. It has every sample that
    /// was acknowledged before the call, and opens as any store does. Nothing is merged or put on disk meanwhile; writers
    /// go on.
    pub fn snapshot(&self, to: &Path) -> Result<Snapshot, StoreError> {
        let flushing = self.flushing.lock();
        let merging = self.merging.lock();
        let outcome = take_snapshot(&self.place.dir, to, &self.files);
        drop((merging, flushing));
        outcome
    }
}
