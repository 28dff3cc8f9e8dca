//! Parts of a day become fewer, and so do its indexes.

use std::{sync::Arc, time::Duration};

use super::{
    REST,
    fold::{Folder, Work},
    tiers,
};
use crate::{
    StoreError,
    disk::coarse::Plan,
    disk::index::{self, Index},
    disk::part::{Coarsening, DAY_MILLIS, Merger, Origin, Part, PartCursor, PartWriter, Source},
    store::{Store, catalog::Day, stats::count},
};

/// Rows merged by one call of `maintain`: some tens of milliseconds.
const MERGE_ROWS: usize = 1 << 20;
/// How long a past day has had no new part before it becomes one, whatever it costs.
const QUIET: Duration = Duration::from_mins(15);
/// The same if it costs little: see [`tiers::pays`].
const PAUSE: Duration = Duration::from_secs(5);
/// How long after its end a day is past: late samples of the last scrapes have come by then.
const DAY_SLACK_MILLIS: i64 = 3_600_000;

/// What merging remembers.
#[derive(Default)]
pub(in crate::store) struct Merging {
    job: Option<Job>,
    rest_until: Duration,
}

struct Job {
    work: Work,
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
            None => self.next_job().inspect_err(|_error| {
                merging.rest_until = self.clock.elapsed() + REST;
            })?,
        };
        let Some(mut job) = job else { return Ok(()) };
        let outcome = match job.work.step(MERGE_ROWS) {
            Ok(false) => {
                merging.job = Some(job);
                return Ok(());
            }
            Ok(true) => {
                job.work.finish().map(|part| self.replace_parts(&job.sources, part.as_ref()))
            }
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
            let since = elapsed.saturating_sub(touched);
            let quiet = past && since >= QUIET;
            let settled = quiet || (past && since >= PAUSE && pays(parts));
            let series: Vec<u32> = indexes.iter().map(|index| index.series()).collect();
            if let Some(range) = tiers::choose_indexes(&series, settled) {
                self.merge_indexes(&indexes[range])?;
            }
            if let Some(range) = tiers::choose(&levels, settled) {
                return self.start_job(&parts[range], (*day, now)).map(Some);
            }
            if quiet && self.grows_coarser(parts, (*day, now)) {
                return self.start_job(parts, (*day, now)).map(Some);
            }
        }
        Ok(None)
    }

    /// Makes one index of several of a day.
    fn merge_indexes(&self, indexes: &[Arc<Index>]) -> Result<(), StoreError> {
        let Some(first) = indexes.first() else { return Ok(()) };
        let dir = self.place.day(first.origin().day);
        match index::merge(&dir, indexes, &self.files) {
            Ok(Some(merged)) => {
                let merged = Arc::new(merged);
                let kept = self.change_catalog(|catalog| catalog.replace_indexes(indexes, &merged));
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

    /// Whether a day is due to be down-sampled, or further: all of it is one part by then.
    fn grows_coarser(&self, parts: &[Arc<Part>], (day, now): (i64, i64)) -> bool {
        let [part] = parts else { return false };
        let number = self.keeping.number(day, now);
        number != 0 && part.meta.origin.coarse.is_none_or(|coarse| coarse.rules != number)
    }

    fn start_job(&self, sources: &[Arc<Part>], (day, now): (i64, i64)) -> Result<Job, StoreError> {
        let origins = || sources.iter().map(|part| &part.meta.origin);
        let mut origin = Origin {
            day: origins().map(|own| own.day).max().unwrap_or_default(),
            first: origins().map(|own| own.first).min().unwrap_or_default(),
            last: origins().map(|own| own.last).max().unwrap_or_default(),
            level: origins().map(|own| own.level).max().unwrap_or_default() + 1,
            log_through: origins().map(|own| own.log_through).max().unwrap_or_default(),
            coarse: None,
        };
        let mut cursors = Vec::with_capacity(sources.len());
        for part in sources {
            match PartCursor::open(part) {
                Ok(cursor) => cursors.push(cursor),
                Err(error) => {
                    if matches!(error, StoreError::Damaged { .. }) {
                        self.set_aside(part, &error);
                    }
                    return Err(error);
                }
            }
        }
        let folds = sources.len() == 1 || origins().any(|own| own.coarse.is_some());
        let dir = self.place.day(origin.day);
        let work = if folds {
            let indexes = self.catalog().days.get(&day).map(|own| own.indexes.clone());
            let plan = self.plan((day, now), &indexes.unwrap_or_default())?;
            let before = || origins().filter_map(|own| own.coarse);
            origin.coarse = Some(Coarsening {
                times: before().map(|own| own.times).max().unwrap_or_default() + 1,
                coarsest: before().filter_map(|own| own.coarsest).max().max(plan.coarsest()),
                rules: self.keeping.number(day, now),
            });
            let writer = PartWriter::create(&dir, origin, &self.files)?;
            Work::Fold(Box::new(Folder::new(cursors, plan, writer)))
        } else {
            let boxed = |own| Box::new(own) as Box<dyn Source>;
            let writer = PartWriter::create(&dir, origin, &self.files)?;
            let merger = Merger::new(cursors.into_iter().map(boxed).collect(), writer);
            Work::Merge(Box::new(merger))
        };
        Ok(Job { work, sources: sources.to_vec() })
    }

    fn plan(&self, moment: (i64, i64), indexes: &[Arc<Index>]) -> Result<Plan, StoreError> {
        self.keeping.plan(moment, indexes, &self.cache).inspect_err(|error| {
            if let StoreError::Damaged { path, .. } = error
                && let Some(index) = indexes.iter().find(|index| index.path == *path)
            {
                self.set_index_aside(index, error);
            }
        })
    }

    /// Puts a merged part in the place of those it was made from.
    fn replace_parts(&self, sources: &[Arc<Part>], merged: Option<&Arc<Part>>) {
        let kept = self.change_catalog(|catalog| catalog.replace_parts(sources, merged));
        if !kept {
            if let Some(merged) = merged {
                merged.replace();
            }
            return;
        }
        let coarse = |part: &Arc<Part>| part.meta.origin.coarse.is_some();
        if let Some(first) = sources.first()
            && merged.is_none_or(coarse)
        {
            self.changes.lock().from(first.meta.origin.day.saturating_mul(DAY_MILLIS));
            count(&self.counters.folds, 1);
        }
        for part in sources {
            part.replace();
            self.cache.forget(part.id);
        }
        count(&self.counters.merges, 1);
    }
}

fn pays(parts: &[Arc<Part>]) -> bool {
    tiers::pays(parts.iter().map(|part| part.meta.rows))
}
