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
pub use snapshot::{Snapshot, snapshot};
pub use top::{Top, TopLabel, TopValue, top};
pub use verify::{Flaw, Verification, verify};

use crate::{
    StoreError,
    disk::files::failed,
    disk::index::INDEX_ENDING,
    disk::part::PART_ENDING,
    store::{list, parse_day},
};

/// The finished files of one day.
struct DayFiles {
    name: String,
    dir: PathBuf,
    parts: Vec<PathBuf>,
    indexes: Vec<PathBuf>,
}

/// The days of a store, oldest first.
fn days(dir: &Path) -> Result<Vec<DayFiles>, StoreError> {
    let raw = dir.join("raw");
    let mut found = Vec::new();
    for dir in list(&raw)? {
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if parse_day(name).is_none() {
            continue;
        }
        let mut day = DayFiles {
            name: name.to_owned(),
            dir: dir.clone(),
            parts: Vec::new(),
            indexes: Vec::new(),
        };
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

/// Refuses a directory that is no store.
fn check_place(dir: &Path) -> Result<String, StoreError> {
    let path = dir.join("FORMAT");
    fs::read_to_string(&path).map(|text| text.trim().to_owned()).map_err(failed("read", &path))
}

/// What was done, or nothing if the file went meanwhile.
fn gone_is_none<T>(outcome: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
