//! A copy of a store by hard links: it costs no room until the store lets go of what it shares.

use std::{
    collections::BTreeSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{check_place, days, gone_is_none, list};
use crate::{
    StoreError,
    disk::files::{Files, failed},
    intake::segments,
};

/// How often the days are looked at again because a merge was quicker than we.
const ROUNDS_MAX: usize = 100;

/// What a snapshot has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Files that are shared with the store.
    pub linked: usize,
    /// Their bytes.
    pub linked_bytes: u64,
    /// Bytes that were copied: the log.
    pub copied_bytes: u64,
}

/// Makes a snapshot in a directory that is not there yet, in the same file system. It has every sample that was
/// acknowledged before the call, and opens as any store does.
pub fn snapshot(dir: &Path, to: &Path) -> Result<Snapshot, StoreError> {
    take_snapshot(dir, to, &Files::default())
}

/// Makes a snapshot, and removes what there is of it if it cannot be made.
pub(crate) fn take_snapshot(dir: &Path, to: &Path, files: &Files) -> Result<Snapshot, StoreError> {
    let format = check_place(dir)?;
    fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed("create", to))?;
    fs::create_dir(to).map_err(failed("create", to))?;
    let made = fill(dir, to, format, files);
    if made.is_err()
        && let Err(error) = fs::remove_dir_all(to)
    {
        // It has no FORMAT, so that no store takes it for one.
        tracing::warn!(folder = %to.display(), %error, "half a snapshot stays");
    }
    made
}

fn fill(dir: &Path, to: &Path, format: &str, files: &Files) -> Result<Snapshot, StoreError> {
    let mut made = Snapshot::default();
    for part in ["log", "raw", "quarantine"] {
        files.create_dir(&to.join(part))?;
    }
    // The log first: rows that leave it meanwhile are in parts by then, and those are linked after.
    for segment in segments(&dir.join("log"))? {
        let name = segment.path.file_name().unwrap_or_default();
        let copy = to.join("log").join(name);
        let copied = fs::copy(&segment.path, &copy).map_err(failed("copy", &segment.path));
        let Some(bytes) = gone_is_none(copied)? else { continue };
        let file = fs::File::open(&copy).map_err(failed("open", &copy))?;
        files.sync(&file, &copy)?;
        made.copied_bytes += bytes;
    }
    let mut done = BTreeSet::new();
    let mut settled = false;
    for _ in 0..ROUNDS_MAX {
        // A round that finds nothing to do has seen all there was at its start.
        settled = !link_all(dir, to, &mut done, &mut made)?;
        if settled {
            break;
        }
    }
    if !settled {
        return Err(StoreError::Restless { dir: dir.to_owned() });
    }
    for day in list(&to.join("raw"))? {
        files.sync_dir(&day)?;
    }
    for part in ["log", "raw"] {
        files.sync_dir(&to.join(part))?;
    }
    // Last, so that half a snapshot is none.
    let path = to.join("FORMAT");
    let file = files.create(&path)?;
    files.write(&file, &path, format!("{format}\n").as_bytes())?;
    files.sync(&file, &path)?;
    files.sync_dir(to)?;
    Ok(made)
}

/// Links what is not linked yet; whether there was anything.
fn link_all(
    dir: &Path,
    to: &Path,
    done: &mut BTreeSet<PathBuf>,
    made: &mut Snapshot,
) -> Result<bool, StoreError> {
    let mut any = false;
    for day in days(dir)? {
        let own = to.join("raw").join(&day.name);
        for path in day.parts.iter().chain(&day.indexes) {
            if done.contains(path) {
                continue;
            }
            any = true;
            fs::create_dir_all(&own).map_err(failed("create", &own))?;
            let copy = own.join(path.file_name().unwrap_or_default());
            match fs::hard_link(path, &copy) {
                Ok(()) => {
                    made.linked += 1;
                    made.linked_bytes += fs::metadata(&copy).map_or(0, |own| own.len());
                    done.insert(path.clone());
                }
                // What it was merged into is found by the next round.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed("make a hard link of", path)(error)),
            }
        }
    }
    Ok(any)
}
