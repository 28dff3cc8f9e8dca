//! A copy of a store by hard links: it costs no room until the store lets go of what it shares.

use std::{
    collections::BTreeSet,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{check_place, days, gone_is_none};
use crate::{
    StoreError,
    disk::files::{Files, failed},
    intake::segments,
};

/// How often the days are looked at again because a merge was quicker than we.
const ROUNDS_MAX: usize = 10;

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
    let format = check_place(dir)?;
    let files = Files::default();
    fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed("create", to))?;
    fs::create_dir(to).map_err(failed("create", to))?;
    let mut made = Snapshot::default();
    for part in ["log", "raw", "quarantine"] {
        files.create_dir(&to.join(part))?;
    }
    // The log first: rows that leave it meanwhile are in parts by then, and those are linked after.
    for segment in segments(&dir.join("log"))? {
        let name = segment.path.file_name().unwrap_or_default();
        let copy = to.join("log").join(name);
        let copied = fs::copy(&segment.path, &copy).map_err(failed("copy", &segment.path));
        let Some(bytes) = gone_is_none(copied)? else {
            files.remove(&copy)?;
            continue;
        };
        let file = fs::File::open(&copy).map_err(failed("open", &copy))?;
        files.sync(&file, &copy)?;
        made.copied_bytes += bytes;
    }
    let mut done = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        if link_all(dir, to, &mut done, &mut made)? {
            break;
        }
    }
    // Last, so that half a snapshot is none.
    let path = to.join("FORMAT");
    let file = files.create(&path)?;
    files.write(&file, &path, format!("{format}\n").as_bytes())?;
    files.sync(&file, &path)?;
    for part in ["log", "raw", ""] {
        files.sync_dir(&to.join(part))?;
    }
    Ok(made)
}

/// Links what is not linked yet; false if something went meanwhile, so that another look is due.
fn link_all(
    dir: &Path,
    to: &Path,
    done: &mut BTreeSet<PathBuf>,
    made: &mut Snapshot,
) -> Result<bool, StoreError> {
    let mut settled = true;
    for day in days(dir)? {
        let own = to.join("raw").join(&day.name);
        fs::create_dir_all(&own).map_err(failed("create", &own))?;
        // Parts before indexes: an index that comes between is no harm, one that is missing is.
        for path in day.parts.iter().chain(&day.indexes) {
            if done.contains(path) {
                continue;
            }
            let copy = own.join(path.file_name().unwrap_or_default());
            match fs::hard_link(path, &copy) {
                Ok(()) => {
                    made.linked += 1;
                    made.linked_bytes += fs::metadata(&copy).map_or(0, |own| own.len());
                    done.insert(path.clone());
                }
                Err(error) if error.kind() == ErrorKind::NotFound => settled = false,
                Err(error) => return Err(failed("make a hard link of", path)(error)),
            }
        }
        Files::default().sync_dir(&own)?;
        // An index may have been merged after the parts were linked.
        settled &= day.dir.try_exists().unwrap_or_default();
    }
    Ok(settled)
}
