//! Parts of a day become fewer, and so do its indexes.

use std::{sync::Arc, time::Duration};

use super::{REST, tiers};
use crate::{
    StoreError,
    disk::index::{self, Index},
    disk::part::{DAY_MILLIS, Merger, Origin, Part, PartCursor, PartWriter, Source},
    store::{Store, catalog::Day, stats::count},
};

/// Rows merged by one call of `maintain`: some tens of milliseconds.
const MERGE_ROWS: usize = 1 << 20;
/// How long a past day has had no new part before it becomes one.
const QUIET: Duration = Duration::from_mins(15);
/// How long after its end a day is past: late samples of the last scrapes have come by then.
const DAY_SLACK_MILLIS: i64 = 3_600_000;
/// Index segments that a day may have before they become one.
const INDEXES_MAX: usize = 8;

/// What merging remembers.
#[derive(Default)]
pub(in crate::store) struct Merging {
    job: Option<Job>,
    rest_until: Duration,
}

struct Job {
    merger: Merger,
    sources: Vec<Arc<Part>>,
}
impl Store {
    /// Merges parts, about as many rows as one call may.
    pub(in crate::store) fn merge_some(&self) -> Result<(), StoreError> {
        let mut merging = self.merging.lock();
        if self.clock.elapsed() < merging.rest_until {
            return Ok(());
        }
        let job = match merging.job.take() {
            Some(job) => Some(job),
            None => self.next_job()?,
        };
        let Some(mut job) = job else { return Ok(()) };
        let outcome = match job.merger.step(MERGE_ROWS) {
            Ok(false) => {
                merging.job = Some(job);
                return Ok(());
            }
            Ok(true) => job.merger.finish().map(|part| self.replace_parts(&job.sources, part)),
            Err(error) => Err(error),
        };
        let Err(error) = outcome else { return Ok(()) };
        merging.rest_until = self.clock.elapsed() + REST;
        if let StoreError::Damaged { path, .. } = &error
            && let Some(part) = job.sources.iter().find(|part| part.path == *path)
        {
            self.set_aside(part, &error);
            return Ok(());
        }
        Err(error)
    }

    fn next_job(&self) -> Result<Option<Job>, StoreError> {
        let catalog = self.catalog();
        let now = self.plausible_now().millis();
        let elapsed = self.clock.elapsed();
        for (day, Day { parts, indexes }) in catalog.days.iter().rev() {
            let levels: Vec<u32> = parts.iter().map(|part| part.meta.origin.level).collect();
            let touched = self.touched.lock().get(day).copied().unwrap_or_default();
            let past = (day + 1) * DAY_MILLIS + DAY_SLACK_MILLIS < now;
            let quiet = past && elapsed.saturating_sub(touched) >= QUIET;
            if indexes.len() > INDEXES_MAX || (quiet && indexes.len() > 1) {
                self.merge_indexes(indexes)?;
            }
            if let Some(range) = tiers::choose(&levels, quiet) {
                return self.start_job(&parts[range]).map(Some);
            }
        }
        Ok(None)
    }

    /// Makes one index of all those of a day.
    fn merge_indexes(&self, indexes: &[Arc<Index>]) -> Result<(), StoreError> {
        let Some(first) = indexes.first() else { return Ok(()) };
        let dir = self.place.day(first.origin().day);
        match index::merge(&dir, indexes, &self.files) {
            Ok(Some(merged)) => {
                let merged = Arc::new(merged);
                let kept = self.change_catalog(|catalog| {
                    let gone = indexes.iter().filter(|own| catalog.remove_index(own)).count();
                    if gone == indexes.len() {
                        catalog.add_index(Arc::clone(&merged));
                    }
                    gone == indexes.len()
                });
                let replaced = if kept { indexes } else { std::slice::from_ref(&merged) };
                for index in replaced {
                    index.replace();
                    self.cache.forget(index.id);
                }
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => {
                if let StoreError::Damaged { path, .. } = &error
                    && let Some(index) = indexes.iter().find(|index| index.path == *path)
                {
                    self.set_index_aside(index, &error);
                    return Ok(());
                }
                Err(error)
            }
        }
    }

    fn start_job(&self, sources: &[Arc<Part>]) -> Result<Job, StoreError> {
        let origins = || sources.iter().map(|part| &part.meta.origin);
        let origin = Origin {
            day: origins().map(|own| own.day).max().unwrap_or_default(),
            first: origins().map(|own| own.first).min().unwrap_or_default(),
            last: origins().map(|own| own.last).max().unwrap_or_default(),
            level: origins().map(|own| own.level).max().unwrap_or_default() + 1,
            log_through: origins().map(|own| own.log_through).max().unwrap_or_default(),
        };
        let mut cursors: Vec<Box<dyn Source>> = Vec::with_capacity(sources.len());
        for part in sources {
            match PartCursor::open(part) {
                Ok(cursor) => cursors.push(Box::new(cursor)),
                Err(error) => {
                    if matches!(error, StoreError::Damaged { .. }) {
                        self.set_aside(part, &error);
                    }
                    return Err(error);
                }
            }
        }
        let writer = PartWriter::create(&self.place.day(origin.day), origin, &self.files)?;
        Ok(Job { merger: Merger::new(cursors, writer), sources: sources.to_vec() })
    }

    /// Puts a merged part in the place of those it was made from.
    fn replace_parts(&self, sources: &[Arc<Part>], merged: Option<Part>) {
        let Some(merged) = merged else { return };
        let merged = Arc::new(merged);
        let kept = self.change_catalog(|catalog| {
            // The day may have been dropped meanwhile.
            let removed = sources.iter().filter(|part| catalog.remove(part)).count();
            if removed > 0 {
                catalog.add(Arc::clone(&merged));
            }
            removed > 0
        });
        if !kept {
            merged.replace();
            return;
        }
        for part in sources {
            part.replace();
            self.cache.forget(part.id);
        }
        count(&self.counters.merges, 1);
    }
}
