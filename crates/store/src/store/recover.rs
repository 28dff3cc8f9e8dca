//! Opening a store: parts are looked at, not read; the log is replayed; what is damaged is set aside.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hashbrown::HashMap;
use model::Labels;

use super::{
    catalog::Catalog,
    place::{Place, list, parse_day},
};
use crate::{
    Progress, StoreError, StoreOptions,
    disk::files::{Files, failed},
    disk::index::{INDEX_ENDING, Index},
    disk::part::{PART_ENDING, Part, UNFINISHED_ENDING},
    intake::{Buffer, Intake, Log, SeriesTable, replay, segments},
};

/// So many series that came late are looked at when a store is opened; if there are more, all series get new numbers.
const LATE_SERIES_MAX: u64 = 1 << 18;
/// Names tried for a file that is set aside.
const NAMES_TRIED: usize = 1000;

/// What was found on disk.
pub(super) struct Found {
    pub(super) catalog: Catalog,
    /// The number of the next part.
    pub(super) next_part: u64,
    /// What is set aside, earlier runs included.
    pub(super) quarantined: Vec<String>,
}

/// Looks at all parts.
pub(super) fn find_parts(
    place: &Place,
    files: &Files,
    progress: &dyn Progress,
) -> Result<Found, StoreError> {
    let mut found = Found { catalog: Catalog::default(), next_part: 1, quarantined: Vec::new() };
    let dirs = list(&place.raw())?;
    for (done, dir) in dirs.iter().enumerate() {
        progress.report(done as u64, dirs.len() as u64, "looking at days");
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(day) = parse_day(name) {
            find_day(place, files, (day, dir), &mut found)?;
        }
    }
    progress.report(dirs.len() as u64, dirs.len() as u64, "looking at days");
    for path in list(&place.quarantine())? {
        found.quarantined.push(name_of(&path));
    }
    Ok(found)
}

fn find_day(
    place: &Place,
    files: &Files,
    (day, dir): (i64, &Path),
    found: &mut Found,
) -> Result<(), StoreError> {
    let (mut parts, mut indexes) = (Vec::new(), Vec::new());
    for path in list(dir)? {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ending == UNFINISHED_ENDING {
            files.remove(&path)?;
        } else if ending == PART_ENDING {
            let outcome = Part::open(&path, files).and_then(|part| {
                if part.meta.origin.day == day {
                    return Ok(part);
                }
                Err(StoreError::Damaged { path: path.clone(), what: "it is in the wrong day" })
            });
            match outcome {
                Ok(part) => parts.push(Arc::new(part)),
                Err(error @ StoreError::Damaged { .. }) => {
                    tracing::error!(part = %path.display(), %error, "damaged part set aside");
                    quarantine(place, files, &path)?;
                }
                Err(error) => return Err(error),
            }
        } else if ending == INDEX_ENDING {
            match Index::open(&path, files) {
                Ok(index) => indexes.push(Arc::new(index)),
                Err(error @ StoreError::Damaged { .. }) => {
                    tracing::error!(index = %path.display(), %error, "damaged index set aside");
                    quarantine(place, files, &path)?;
                }
                Err(error) => return Err(error),
            }
        }
    }
    for index in &indexes {
        found.next_part = found.next_part.max(index.origin().last + 1);
        if indexes.iter().any(|other| other.origin().covers(&index.origin())) {
            index.replace();
        } else if index.origin().day == day {
            found.catalog.add_index(Arc::clone(index));
        }
    }
    for part in &parts {
        found.next_part = found.next_part.max(part.meta.origin.last + 1);
        if parts.iter().any(|other| other.meta.origin.covers(&part.meta.origin)) {
            part.replace();
        } else {
            found.catalog.add(Arc::clone(part));
        }
    }
    if parts.is_empty() && indexes.is_empty() {
        // Left by a merge or a retention that did not come to its end; a full one stays.
        fs::remove_dir(dir).or_else(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
            _ => Err(failed("remove", dir)(error)),
        })?;
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Moves a damaged file out of the way; gives its new name.
pub(super) fn quarantine(place: &Place, files: &Files, path: &Path) -> Result<String, StoreError> {
    let (name, target) = free_name(place, path);
    files.rename(path, &target)?;
    Ok(name)
}

/// The same, leaving the file's name where it is, for another to take.
pub(super) fn link_aside(place: &Place, path: &Path) -> Result<PathBuf, StoreError> {
    let (_, target) = free_name(place, path);
    fs::hard_link(path, &target).map_err(failed("set aside", path))?;
    Ok(target)
}

/// Gives a file that was set aside its name back, unless it still has it.
pub(super) fn link_back(aside: &Path, path: &Path) -> Result<(), StoreError> {
    if matches!(path.try_exists(), Ok(false)) {
        fs::hard_link(aside, path).map_err(failed("bring back", path))?;
    }
    Ok(())
}

/// A name in quarantine that nothing has yet: what was set aside before stays.
fn free_name(place: &Place, path: &Path) -> (String, PathBuf) {
    let day = path.parent().map(name_of).unwrap_or_default();
    let first = format!("{day}-{}", name_of(path));
    let names = std::iter::once(first.clone()).chain((2..).map(|at| format!("{first}.{at}")));
    let free = |name: &String| matches!(place.quarantine().join(name).try_exists(), Ok(false));
    let name = names.take(NAMES_TRIED).find(free).unwrap_or(first);
    let target = place.quarantine().join(&name);
    (name, target)
}

/// Replays the log into a fresh intake. Gives the names of segments that are damaged, too.
pub(super) fn replay_log(
    place: &Place,
    files: &Files,
    found: &mut Found,
    (now, options): (Duration, StoreOptions),
    progress: &dyn Progress,
) -> Result<Intake, StoreError> {
    let mut through: HashMap<i64, u64> = HashMap::new();
    for part in found.catalog.parts() {
        let last = through.entry(part.meta.origin.day).or_default();
        *last = part.meta.origin.log_through.max(*last);
    }
    let mut older = segments(&place.log())?;
    // Parts may know of segments that are gone: numbers go on from there, never back.
    let mut last_number = through.values().copied().max().unwrap_or_default();
    let total = older.len() as u64;
    let (mut table, mut buffer) = (restore_series(found, (now, options))?, Buffer::default());
    let mut elsewhere = Elsewhere::new(&found.catalog);
    let mut runs_rows = 0;
    let (mut kept, mut runs) = (Vec::new(), Vec::new());
    for (done, mut segment) in older.drain(..).enumerate() {
        progress.report(done as u64, total, "replaying the log");
        let replayed = replay(
            &segment,
            (&mut table, &mut buffer),
            (&through, &mut |id| elsewhere.labels(id)),
            now,
        )?;
        if replayed.damaged {
            let name = format!("log-{}", name_of(&segment.path));
            tracing::error!(
                segment = %segment.path.display(), rows = replayed.rows,
                "damaged log segment is set aside, with what could not be read of it"
            );
            segment.aside = Some(place.quarantine().join(&name));
            found.quarantined.push(name);
        }
        last_number = last_number.max(segment.number);
        if replayed.rows > 0 || replayed.damaged {
            kept.push(segment);
        } else {
            files.remove(&segment.path)?;
        }
        if buffer.weight() >= options.buffer_rows_max {
            let run = buffer.seal(&table);
            runs_rows += run.weight();
            runs.push(Arc::new(run));
        }
    }
    progress.report(total, total, "replaying the log");
    found.catalog.runs = runs;
    let log = Log::start(&place.log(), files, kept, last_number)?;
    let mut intake = Intake::new(table, buffer, log);
    intake.run_rows = runs_rows;
    if intake.rows() > 0 {
        intake.waiting_since = Some(now);
    }
    Ok(intake)
}

/// The series of the newest day, with the numbers they have there: most of them will be written to again.
fn restore_series(
    found: &Found,
    (now, options): (Duration, StoreOptions),
) -> Result<SeriesTable, StoreError> {
    let mut table = SeriesTable::default();
    if let Some(last) = found.catalog.indexes().map(|index| index.last_id()).max() {
        table.reserve_id(last);
    }
    let Some((day, newest)) = found.catalog.days.iter().next_back() else { return Ok(table) };
    // A series that was forgotten and came back with samples of an earlier day has a later number there: of what one
    // moment has under two numbers, the later counts, so that the earlier must not be written under again.
    let first = newest.indexes.iter().map(|index| index.origin().first).min().unwrap_or_default();
    let late = |index: &&Arc<Index>| index.origin().day != *day && index.origin().last > first;
    let late: Vec<&Arc<Index>> = found.catalog.indexes().filter(late).collect();
    if late.iter().map(|index| u64::from(index.series())).sum::<u64>() > LATE_SERIES_MAX {
        return Ok(table);
    }
    for index in &newest.indexes {
        let room = (options.limits.series_max / 2).saturating_sub(table.len());
        if index.series() as usize > room {
            break;
        }
        let mut ids = Vec::with_capacity(index.series() as usize);
        let outcome = index.each(|_, key, labels| {
            table.restore(&labels, key.id, now);
            ids.push(key.id);
        });
        match outcome {
            Ok(()) => table.known(*day, ids.into_iter()),
            // Whoever reads it next sets it aside.
            Err(StoreError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for index in late {
        let outcome = index.each(|_, key, labels| table.renumber_known(&labels, key.id));
        if let Err(error) = outcome
            && !matches!(error, StoreError::Damaged { .. })
        {
            return Err(error);
        }
    }
    Ok(table)
}

/// Finds labels of series that the log takes for known, in the indexes of all days, the newest first.
struct Elsewhere {
    indexes: Vec<Arc<Index>>,
    found: HashMap<u64, Labels>,
}

impl Elsewhere {
    fn new(catalog: &Catalog) -> Self {
        Self { indexes: catalog.indexes().cloned().collect(), found: HashMap::new() }
    }

    fn labels(&mut self, id: u64) -> Option<Labels> {
        loop {
            if let Some(labels) = self.found.get(&id) {
                return Some(labels.clone());
            }
            let index = self.indexes.pop()?;
            let found = &mut self.found;
            if let Err(error) = index.each(|_, key, labels| drop(found.insert(key.id, labels))) {
                tracing::warn!(index = %index.path.display(), %error, "an index cannot be read");
            }
        }
    }
}
