//! Looking at a store from outside: what it holds, whether every byte is right, who has so many series, and a copy
//! by hard links. Nothing here takes the directory or changes it, so all of it works beside a running server.
//!
//! Files of a store are written once and then only removed. One that goes while we look was merged into another or
//! is past retention, and is no fault.

mod inspect;
mod snapshot;
#[cfg(test)]
mod tests;
mod top;
mod verify;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

pub use inspect::{DayFigures, Inspection, inspect};
pub(crate) use snapshot::take_snapshot;
pub use snapshot::{Snapshot, snapshot};
pub(crate) use top::{Tally, sort};
pub use top::{Top, TopLabel, TopPair, TopValue, top};
pub use verify::{Flaw, Verification, verify};

use crate::{
    StoreError,
    disk::files::failed,
    disk::index::INDEX_ENDING,
    disk::part::PART_ENDING,
    store::{FORMAT, list, parse_day},
};

/// The finished files of one day.
struct DayFiles {
    number: i64,
    name: String,
    parts: Vec<PathBuf>,
    indexes: Vec<PathBuf>,
}

/// The days of a store, oldest first.
fn days(dir: &Path) -> Result<Vec<DayFiles>, StoreError> {
    let raw = dir.join("raw");
    let mut found = Vec::new();
    for dir in list(&raw)? {
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(number) = parse_day(name) else { continue };
        let mut day =
            DayFiles { number, name: name.to_owned(), parts: Vec::new(), indexes: Vec::new() };
        for path in gone_is_none(list(&dir))?.unwrap_or_default() {
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(PART_ENDING) => day.parts.push(path),
                Some(INDEX_ENDING) => day.indexes.push(path),
                _ => {}
            }
        }
        found.push(day);
    }
    Ok(found)
}

/// Refuses a directory that is no store, or one that another version wrote.
fn check_place(dir: &Path) -> Result<&'static str, StoreError> {
    let path = dir.join("FORMAT");
    let text = fs::read(&path).map_err(failed("read", &path))?;
    let found: String = String::from_utf8_lossy(&text).trim().chars().take(60).collect();
    if found == FORMAT {
        return Ok(FORMAT);
    }
    Err(StoreError::Format { dir: dir.to_owned(), found, expected: FORMAT })
}

/// What was done, or nothing if the file went meanwhile.
fn gone_is_none<T>(outcome: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        // It went between two looks at it.
        Err(StoreError::Damaged { path, .. }) if path.try_exists().is_ok_and(|own| !own) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
