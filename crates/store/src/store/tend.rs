//! Tending: syncing the log, rows in memory to parts, merging.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hashbrown::HashMap;
use model::Labels;
use roaring::RoaringTreemap;

use super::{Store, catalog::Day, millis, stats::count, tiers};
use crate::{
    StoreError,
    error::chain,
    index::{self, Index, IndexWriter},
    intake::{RotateError, Run, RunCursor},
    key::Key,
    part::{DAY_MILLIS, Merger, Origin, Part, PartCursor, PartWriter, Source},
};

/// How long a failed attempt to write parts rests: a full disk is not filled again every second.
const REST: Duration = Duration::from_secs(5);
/// Rows merged by one call of `maintain`: some tens of milliseconds.
const MERGE_ROWS: usize = 1 << 20;
/// How long a past day has had no new part before it becomes one.
const QUIET: Duration = Duration::from_mins(15);
/// How long after its end a day is past: late samples of the last scrapes have come by then.
const DAY_SLACK_MILLIS: i64 = 3_600_000;
/// How long a series counts as active after its last sample.
const SERIES_IDLE: Duration = Duration::from_hours(1);
/// Index segments that a day may have before they become one.
const INDEXES_MAX: usize = 8;
/// Days whose series are known by heart from one flush to the next.
const KNOWN_DAYS: usize = 16;
/// How often idle series are looked for.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// What turning rows into parts remembers.
#[derive(Debug, Default)]
pub(super) struct Flushing {
    /// What failed last, until it succeeds.
    pub(super) trouble: Option<String>,
    rest_until: Duration,
    forgot_at: Duration,
    /// The series that the indexes of days flushed lately have, by day, and which indexes these are.
    known: HashMap<i64, Known>,
}

#[derive(Debug, Default)]
struct Known {
    indexes: Vec<u64>,
    ids: RoaringTreemap,
}

impl Flushing {
    fn resting(&self, now: Duration) -> bool {
        self.trouble.is_some() && now < self.rest_until
    }
}

/// What merging remembers.
#[derive(Default)]
pub(super) struct Merging {
    job: Option<Job>,
    rest_until: Duration,
}

/// When each day last had a new part from memory, as far as is known.
pub(super) type Touched = HashMap<i64, Duration>;

/// Runs, the oldest first, and the last log segment that has rows of them.
type Sealed = (Vec<Arc<Run>>, u64);

/// What a flush made of one day.
struct Made {
    day: i64,
    part: Option<Part>,
    index: Option<Index>,
    /// The series that the index has.
    new: Vec<u64>,
}

impl Made {
    fn take_back(&self) {
        self.part.iter().for_each(Part::replace);
        self.index.iter().for_each(Index::replace);
    }
}

struct Job {
    merger: Merger,
    sources: Vec<Arc<Part>>,
}

impl Store {
    /// Forces the log to the disk.
    pub(super) fn sync_log(&self) -> Result<(), StoreError> {
        let appended = self.intake.lock().log.appended();
        self.sync_log_to(appended)
    }

    /// Forces the log to the disk as far as a position; writers that wait share one sync.
    pub(super) fn sync_log_to(&self, position: u64) -> Result<(), StoreError> {
        if self.synced.load(Ordering::Acquire) >= position {
            return Ok(());
        }
        let syncing = self.syncing.lock();
        if self.synced.load(Ordering::Acquire) >= position {
            return Ok(());
        }
        let (appended, (file, path)) = {
            let intake = self.intake.lock();
            if let Some(why) = &intake.poisoned {
                return Err(StoreError::Poisoned { why: why.clone() });
            }
            (intake.log.appended(), intake.log.file())
        };
        let outcome = self.files.sync(&file, &path);
        match &outcome {
            Ok(()) => {
                self.synced.fetch_max(appended, Ordering::AcqRel);
                self.synced_at.store(millis(self.clock.elapsed()), Ordering::Relaxed);
            }
            Err(error) => self.poison(error),
        }
        drop(syncing);
        outcome
    }

    fn poison(&self, error: &StoreError) {
        let why = chain(error);
        tracing::error!(error = %why, "the store refuses writes from now on");
        self.intake.lock().poisoned.get_or_insert(why);
    }

    /// Turns rows in memory into parts if they are old or many.
    pub(super) fn flush_if_due(&self) -> Result<(), StoreError> {
        let due = {
            let intake = self.intake.lock();
            let waited =
                intake.waiting_since.map(|since| self.clock.elapsed().saturating_sub(since));
            let old = waited.is_some_and(|own| own >= self.options.flush_after.to_duration());
            old || intake.rows() >= self.options.memory_rows_max / 2
        };
        if due { self.flush_unless_resting() } else { Ok(()) }
    }

    /// Turns rows in memory into parts, unless that failed a moment ago.
    fn flush_unless_resting(&self) -> Result<(), StoreError> {
        let mut flushing = self.flushing.lock();
        if flushing.resting(self.clock.elapsed()) { Ok(()) } else { self.flush_held(&mut flushing) }
    }

    /// Makes room for so many rows, unless another writer just did, or it failed a moment ago.
    pub(super) fn make_room(&self, rows: usize) -> Result<(), StoreError> {
        let mut flushing = self.flushing.lock();
        let has_room = self.intake.lock().rows() + rows <= self.options.memory_rows_max;
        if has_room || flushing.resting(self.clock.elapsed()) {
            return Ok(());
        }
        self.flush_held(&mut flushing)
    }

    /// Turns all rows in memory into parts, and removes the log segments that held them.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.flush_held(&mut self.flushing.lock())
    }

    fn flush_held(&self, flushing: &mut Flushing) -> Result<(), StoreError> {
        let outcome = self.flush_runs(&mut flushing.known);
        match &outcome {
            Ok(()) => flushing.trouble = None,
            Err(error) => {
                let now = self.clock.elapsed();
                flushing.trouble = Some(chain(error));
                flushing.rest_until = now + REST;
                // What is in memory still waits, and is tried again by `maintain`.
                self.intake.lock().waiting_since.get_or_insert(now);
            }
        }
        outcome
    }

    fn flush_runs(&self, known: &mut HashMap<i64, Known>) -> Result<(), StoreError> {
        // Most of the log is synced before writers have to wait for it.
        if self.intake.lock().poisoned.is_none() {
            self.sync_log()?;
        }
        let Some((runs, through)) = self.seal_all()? else { return Ok(()) };
        let mut days = BTreeSet::new();
        for run in &runs {
            run.add_days(&mut days);
        }
        let first_kept = self.first_kept_day();
        let mut made = Vec::new();
        for day in days.into_iter().filter(|day| *day >= first_kept) {
            match self.write_day(&runs, day, through, known) {
                Ok(day) => made.push(day),
                Err(error) => {
                    // The rows are all still in memory and in the log: try again with all days.
                    made.iter().for_each(Made::take_back);
                    known.clear();
                    return Err(error);
                }
            }
        }
        let mut intake = self.intake.lock();
        let mut touched = self.touched.lock();
        self.change_catalog(|catalog| {
            catalog.runs.drain(..runs.len());
            for Made { day, part, index, new } in made {
                touched.insert(day, self.clock.elapsed());
                if let Some(index) = index {
                    known.entry(day).or_default().indexes.push(index.id);
                    catalog.add_index(Arc::new(index));
                }
                intake.table.known(day, new.into_iter());
                if let Some(part) = part {
                    catalog.add(Arc::new(part));
                }
            }
        });
        drop(touched);
        intake.run_rows -= runs.iter().map(|run| run.rows()).sum::<usize>();
        intake.log.remove_through(through)
    }

    /// Writes what the runs have of a day: an index of the series that the day did not have, and a part.
    fn write_day(
        &self,
        runs: &[Arc<Run>],
        day: i64,
        through: u64,
        known: &mut HashMap<i64, Known>,
    ) -> Result<Made, StoreError> {
        let known = self.known_of(day, known)?;
        let mut new: Vec<(Key, &Labels)> = Vec::new();
        for run in runs {
            run.each_of_day(day, |key, labels| {
                if !known.ids.contains(key.id) {
                    new.push((key, labels));
                }
            });
        }
        new.sort_unstable_by_key(|(key, _)| *key);
        new.dedup_by_key(|(key, _)| *key);
        let number = self.next_part.fetch_add(1, Ordering::Relaxed);
        let origin = Origin { day, first: number, last: number, level: 0, log_through: through };
        let mut index = None;
        if !new.is_empty() {
            let mut writer = IndexWriter::create(&self.place.day(day), origin, &self.files)?;
            for (key, labels) in &new {
                writer.add(*key, labels.as_ref())?;
            }
            index = writer.finish()?;
        }
        let new: Vec<u64> = new.into_iter().map(|(key, _)| key.id).collect();
        let part = self.write_part(runs, origin);
        if part.is_err()
            && let Some(index) = &index
        {
            index.replace();
        }
        known.ids.extend(new.iter().copied());
        Ok(Made { day, part: part?, index, new })
    }

    /// The series that a day's indexes have.
    fn known_of<'k>(
        &self,
        day: i64,
        known: &'k mut HashMap<i64, Known>,
    ) -> Result<&'k mut Known, StoreError> {
        let indexes =
            self.catalog().days.get(&day).map(|own| own.indexes.clone()).unwrap_or_default();
        let ids = || indexes.iter().map(|index| index.id);
        if known.len() > KNOWN_DAYS && !known.contains_key(&day) {
            known.clear();
        }
        let own = known.entry(day).or_default();
        if !own.indexes.iter().copied().eq(ids()) {
            *own = Known { indexes: ids().collect(), ids: RoaringTreemap::new() };
            for index in &indexes {
                match index.keys(&self.cache) {
                    Ok(keys) => own.ids |= keys.ids(),
                    Err(error @ StoreError::Damaged { .. }) => self.set_index_aside(index, &error),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(own)
    }

    /// Seals the buffer and begins a new log segment. Gives all runs and the last segment that
    /// holds rows of them.
    fn seal_all(&self) -> Result<Option<Sealed>, StoreError> {
        let mut intake = self.intake.lock();
        if intake.rows() == 0 {
            return Ok(None);
        }
        let through = if intake.poisoned.is_some() {
            intake.log.number()
        } else {
            match intake.log.rotate() {
                Ok(number) => number,
                Err(RotateError::Begin(error)) => return Err(error),
                Err(RotateError::Sync(error)) => {
                    drop(intake);
                    self.poison(&error);
                    return Err(error);
                }
            }
        };
        self.synced.fetch_max(intake.log.appended(), Ordering::AcqRel);
        if through != intake.log.number() {
            intake.mended();
        }
        if let Some(run) = intake.seal() {
            self.add_run(run);
        }
        intake.waiting_since = None;
        Ok(Some((self.catalog().runs.clone(), through)))
    }

    fn write_part(&self, runs: &[Arc<Run>], origin: Origin) -> Result<Option<Part>, StoreError> {
        let writer = PartWriter::create(&self.place.day(origin.day), origin, &self.files)?;
        let mut sources: Vec<Box<dyn Source>> = Vec::with_capacity(runs.len());
        for run in runs {
            sources.push(Box::new(RunCursor::new(run, origin.day)));
        }
        let mut merger = Merger::new(sources, writer);
        while !merger.step(usize::MAX)? {}
        merger.finish()
    }

    /// Merges parts, about as many rows as one call may.
    pub(super) fn merge_some(&self) -> Result<(), StoreError> {
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

    /// Forgets series that are no longer written to.
    pub(super) fn forget_idle_series(&self) {
        let now = self.clock.elapsed();
        {
            let mut flushing = self.flushing.lock();
            if now < flushing.forgot_at + FORGET_EVERY {
                return;
            }
            flushing.forgot_at = now;
        }
        let Some(moment) = now.checked_sub(SERIES_IDLE) else { return };
        let mut intake = self.intake.lock();
        let generation = intake.buffer.generation();
        intake.table.forget_before(moment, generation);
    }
}
