//! The store itself: what others call.
//!
//! What it does when something outside is wrong:
//!
//! - A log that cannot be written to (a full disk, most likely) refuses batches as busy. Nothing of
//!   such a batch stays, in memory or in the log; the log is tried once a second, and everything
//!   goes on as soon as it can be written to. A log that cannot be synced, or cut back after half a
//!   record, poisons the store: what is on disk is no longer known.
//! - A wall clock that jumps is told from time that passed, and drops nothing: see `retention`.

mod catalog;
mod place;
mod read;
mod recover;
mod retention;
mod stats;
mod tend;
#[cfg(test)]
mod tests;
mod write;

use std::{
    fmt,
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use model::Clock;
use parking_lot::{Mutex, RwLock};

use crate::{
    KeepRule, Progress, StoreError, StoreOptions,
    disk::coarse::Keeping,
    disk::files::Files,
    disk::index::Index,
    disk::part::{Cache, Lost, Part},
    intake::{Intake, Run},
};
use catalog::Catalog;
use place::Place;
pub(crate) use place::{FORMAT, list, parse_day};
use read::Changes;
use retention::Timekeeper;
use stats::Counters;
pub use stats::StoreStats;
use tend::{Flushing, Merging, Touched};

/// An embedded time-series store in one directory, for one process. Share it in an `Arc`.
///
/// Dropping it without `close` is as good as killing the process: nothing acknowledged is lost, and
/// the next start replays the log.
pub struct Store {
    place: Place,
    options: StoreOptions,
    keeping: Keeping,
    clock: Arc<dyn Clock>,
    timekeeper: Mutex<Timekeeper>,
    files: Files,
    cache: Arc<Cache>,
    // Locks are taken in this order: flushing or merging, intake, touched, catalog; the others last.
    flushing: Mutex<Flushing>,
    merging: Mutex<Merging>,
    touched: Mutex<Touched>,
    intake: Mutex<Intake>,
    catalog: RwLock<Arc<Catalog>>,
    syncing: Mutex<()>,
    /// Bytes of the log that are known to be on disk, and when that was so, in milliseconds.
    synced: AtomicU64,
    synced_at: AtomicU64,
    next_part: AtomicU64,
    counters: Counters,
    changes: Mutex<Changes>,
    closed: AtomicBool,
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens a store, or makes one; replays the log. Takes the directory for this process.
    pub fn open(
        dir: &Path,
        options: StoreOptions,
        clock: Arc<dyn Clock>,
        progress: &dyn Progress,
    ) -> Result<Self, StoreError> {
        Self::open_with(dir, options, clock, progress, Files::default())
    }

    pub(crate) fn open_with(
        dir: &Path,
        options: StoreOptions,
        clock: Arc<dyn Clock>,
        progress: &dyn Progress,
        files: Files,
    ) -> Result<Self, StoreError> {
        let place = Place { dir: dir.to_owned() };
        let lock = place.lock()?;
        place.prepare(&files)?;
        let mut found = recover::find_parts(&place, &files, progress)?;
        let now = (clock.elapsed(), options);
        let intake = recover::replay_log(&place, &files, &mut found, now, progress)?;
        let timekeeper = Timekeeper::start(clock.as_ref(), &found.catalog, &intake.buffer);
        let store = Self {
            place,
            options,
            keeping: Keeping::default(),
            timekeeper: Mutex::new(timekeeper),
            files,
            cache: Arc::new(Cache::new(options.cache_bytes)),
            flushing: Mutex::default(),
            merging: Mutex::default(),
            touched: Mutex::default(),
            intake: Mutex::new(intake),
            catalog: RwLock::new(Arc::new(found.catalog)),
            syncing: Mutex::default(),
            synced: AtomicU64::new(0),
            synced_at: AtomicU64::new(millis(clock.elapsed())),
            next_part: AtomicU64::new(found.next_part),
            counters: Counters::new(found.quarantined),
            changes: Mutex::default(),
            closed: AtomicBool::new(false),
            lock: Mutex::new(Some(lock)),
            clock,
        };
        if store.intake.lock().rows() > store.options.memory_rows_max / 2 {
            store.flush()?;
        }
        Ok(store)
    }

    /// Has samples of some age down-sampled: of the rules that match a series the first one counts, and series that none
    /// matches stay as they came. Days change once they are past, one with each call of `maintain`. What is down-sampled
    /// stays so, whatever the rules of later starts say.
    #[must_use]
    pub fn with_rules(self, rules: Vec<KeepRule>) -> Self {
        Self { keeping: Keeping::new(rules), ..self }
    }

    /// Tends the store: forces the log to the disk, turns rows in memory into parts, merges some
    /// parts, drops days past retention. Call it about once a second where blocking is allowed.
    ///
    /// The first thing that fails is given back after the others were tried; all are tried again.
    pub fn maintain(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let synced = self.sync_log();
        self.drop_expired();
        let flushed = self.flush_if_due();
        self.forget_idle_series();
        let merged = self.merge_some();
        synced.and(flushed).and(merged)
    }

    /// Writes everything to parts and releases the directory. Later writes are refused; if this
    /// fails the log still has what it had, and the directory is released all the same.
    pub fn close(&self) -> Result<(), StoreError> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let synced = self.sync_log();
        let flushed = self.flush();
        drop(self.lock.lock().take());
        synced.and(flushed)
    }

    fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read())
    }

    /// Replaces the catalog by a changed one.
    fn change_catalog<T>(&self, change: impl FnOnce(&mut Catalog) -> T) -> T {
        let mut held = self.catalog.write();
        change(Arc::make_mut(&mut held))
    }

    fn add_run(&self, run: Run) {
        self.change_catalog(|catalog| catalog.runs.push(Arc::new(run)));
    }

    /// Sets a damaged part aside. What can be read of it is written anew and takes its place, so that a damaged block
    /// costs only itself; gives that part.
    fn set_aside(&self, part: &Arc<Part>, error: &StoreError) -> Option<Arc<Part>> {
        if !part.set_aside() {
            return None;
        }
        self.cache.forget(part.id);
        match self.replace_damaged(part) {
            Ok((salvaged, name)) => {
                tracing::error!(part = %part.path.display(), %error, "damaged part set aside");
                self.counters.quarantined(name);
                let known = self.change_catalog(|catalog| {
                    let known = catalog.remove(part);
                    if known && let Some(salvaged) = &salvaged {
                        catalog.add(Arc::clone(salvaged));
                    }
                    known
                });
                if !known && let Some(salvaged) = &salvaged {
                    // Others took its place meanwhile: the file goes once nobody reads it.
                    salvaged.replace();
                }
                self.changes.lock().everything();
                salvaged
            }
            Err(StoreError::Damaged { .. }) => {
                self.change_catalog(|catalog| catalog.remove(part));
                self.put_aside(&part.path, part.meta.rows, error);
                None
            }
            Err(failure) => {
                // The disk is full, say: the part stays as it is, and the next who meets the damage tries again.
                tracing::error!(part = %part.path.display(), %error, %failure, "a damaged part cannot be set aside yet");
                part.keep();
                None
            }
        }
    }

    /// Writes anew what can be read of a damaged part, in the place of the part, whose file is in quarantine by then. Gives
    /// that part, and the file's name there. The name in the store changes hands at once: a crash leaves either.
    fn replace_damaged(&self, part: &Arc<Part>) -> Result<(Option<Arc<Part>>, String), StoreError> {
        let (writer, Lost { rows, pages }) = part.salvage()?;
        let aside = match part.moved() {
            // An attempt before this one failed half-way.
            Some(path) => path.to_owned(),
            None => recover::link_aside(&self.place, &part.path)?,
        };
        part.moved_to(aside.clone());
        let salvaged = match writer.finish() {
            Ok(salvaged) => salvaged.map(Arc::new),
            Err(error) => {
                // What could not take its name for good may have taken the name with it.
                recover::link_back(&aside, &part.path)?;
                return Err(error);
            }
        };
        if salvaged.is_none() {
            self.files.remove(&part.path)?;
        }
        let kept = salvaged.as_ref().map_or(0, |own| own.meta.rows);
        tracing::warn!(part = %part.path.display(), kept, lost = rows, pages, "what can be read of a damaged part is kept");
        let name = aside.file_name().unwrap_or_default().display().to_string();
        Ok((salvaged, name))
    }

    /// Sets a damaged index segment aside: its series cannot be found on that day any more, but for those still written
    /// to, which the next flush indexes again.
    fn set_index_aside(&self, index: &Index, error: &StoreError) {
        if !index.set_aside() {
            return;
        }
        let day = index.origin().day;
        self.intake.lock().table.forget_days(|own| own == day);
        self.change_catalog(|catalog| catalog.remove_index(index));
        self.cache.forget(index.id);
        self.put_aside(&index.path, u64::from(index.series()), error);
    }

    fn put_aside(&self, path: &Path, held: u64, error: &StoreError) {
        self.changes.lock().everything();
        match recover::quarantine(&self.place, &self.files, path) {
            Ok(name) => {
                tracing::error!(file = %path.display(), held, %error, "damaged file set aside");
                self.counters.quarantined(name);
            }
            Err(failure) => {
                tracing::error!(file = %path.display(), %error, %failure, "damaged file is left out");
                self.counters.quarantined(path.display().to_string());
            }
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").field("dir", &self.place.dir).finish_non_exhaustive()
    }
}

fn millis(elapsed: std::time::Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
