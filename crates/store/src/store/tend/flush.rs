//! Rows in memory become parts and indexes on disk.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hashbrown::HashMap;
use model::Labels;
use roaring::RoaringTreemap;

use super::REST;
use crate::{
    StoreError,
    disk::block::Chunk,
    disk::index::{Index, IndexWriter},
    disk::part::{Origin, Part, PartWriter},
    error::chain,
    intake::{RotateError, Run, RunsWalk},
    key::Key,
    store::Store,
};

/// Days whose series are known by heart from one flush to the next.
const KNOWN_DAYS: usize = 16;

/// What turning rows into parts remembers.
#[derive(Debug, Default)]
pub(in crate::store) struct Flushing {
    /// What failed last, until it succeeds.
    pub(in crate::store) trouble: Option<String>,
    rest_until: Duration,
    pub(super) forgot_at: Duration,
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

impl Store {
    /// Turns rows in memory into parts if they are old or many.
    pub(in crate::store) fn flush_if_due(&self) -> Result<(), StoreError> {
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
    pub(in crate::store) fn make_room(&self, rows: usize) -> Result<(), StoreError> {
        let mut flushing = self.flushing.lock();
        let has_room = self.intake.lock().rows() + rows <= self.options.memory_rows_max;
        if has_room || flushing.resting(self.clock.elapsed()) {
            return Ok(());
        }
        self.flush_held(&mut flushing)
    }

    /// Turns all rows in memory into parts, and removes the log segments that held them.
    pub(in crate::store) fn flush(&self) -> Result<(), StoreError> {
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
        intake.run_rows -= runs.iter().map(|run| run.weight()).sum::<usize>();
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
        let mut new: Vec<Key> = Vec::new();
        for run in runs {
            run.each_of_day(day, |key| {
                if !known.ids.contains(key.id) {
                    new.push(key);
                }
            });
        }
        new.sort_unstable();
        new.dedup();
        let new = self.labelled(new);
        let number = self.next_part.fetch_add(1, Ordering::Relaxed);
        let origin =
            Origin { day, first: number, last: number, log_through: through, ..Origin::default() };
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

    /// Keys with their labels, which the table has as long as their rows are in memory.
    fn labelled(&self, keys: Vec<Key>) -> Vec<(Key, Labels)> {
        let intake = self.intake.lock();
        let labelled = |key: Key| Some((key, intake.table.by_id(key.id)?.labels.clone()));
        keys.into_iter().filter_map(labelled).collect()
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
        let mut writer = PartWriter::create(&self.place.day(origin.day), origin, &self.files)?;
        let mut walk = RunsWalk::new(runs, origin.day);
        let mut rows = Chunk::default();
        while let Some(key) = walk.next(&mut rows) {
            writer.push(&rows.times, &rows.values)?;
            writer.push_histograms(&rows.histograms)?;
            writer.end_series(key)?;
        }
        writer.finish()
    }
}
