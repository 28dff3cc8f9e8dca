//! Whether every byte is what was written: all checksums, all blocks decoded, all series with labels.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hashbrown::HashMap;
use model::Labels;
use roaring::RoaringTreemap;

use super::{DayFiles, check_place, days, gone_is_none};
use crate::{
    StoreError,
    disk::files::Files,
    disk::index::Index,
    disk::part::{Cache, Part, check_part},
    intake::{Buffer, SeriesTable, replay, segments},
};

/// Series named for one flaw.
const NAMED_MAX: usize = 5;

/// Something that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The file.
    pub path: PathBuf,
    /// Where in it, if it is a piece and not the whole.
    pub offset: Option<u64>,
    /// What does not fit.
    pub what: String,
    /// Series that cannot be read there; all of the file's if it is the whole.
    pub series: u64,
    /// Some of them, as far as their labels are known.
    pub named: Vec<String>,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Files read to their end.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Samples decoded.
    pub samples: u64,
    /// What is wrong.
    pub flaws: Vec<Flaw>,
}

/// Reads everything. `progress` is told of each file.
pub fn verify(dir: &Path, mut progress: impl FnMut(&Path)) -> Result<Verification, StoreError> {
    check_place(dir)?;
    let mut found = Verification::default();
    for day in days(dir)? {
        verify_day(&day, &mut found, &mut progress)?;
    }
    for segment in segments(&dir.join("log"))? {
        progress(&segment.path);
        // Labels that lie in indexes are checked there; here any will do.
        let any = Labels::from_pairs([("__name__", "any")]);
        let (mut table, mut buffer) = (SeriesTable::default(), Buffer::default());
        let outcome = replay(
            &segment,
            (&mut table, &mut buffer),
            (&HashMap::new(), &mut |_| Some(any.clone())),
            Duration::ZERO,
        );
        let Some(replayed) = gone_is_none(outcome)? else { continue };
        found.files += 1;
        found.bytes += segment.bytes;
        found.samples += replayed.rows;
        if replayed.damaged {
            found.flaws.push(Flaw {
                path: segment.path.clone(),
                offset: None,
                what: "a record is wrong; what comes after it cannot be read".to_owned(),
                series: 0,
                named: Vec::new(),
            });
        }
    }
    Ok(found)
}

fn verify_day(
    day: &DayFiles,
    found: &mut Verification,
    progress: &mut impl FnMut(&Path),
) -> Result<(), StoreError> {
    let files = Files::default();
    let mut known = RoaringTreemap::new();
    let mut indexes = Vec::new();
    let mut whole = true;
    for path in &day.indexes {
        progress(path);
        let outcome = Index::open(path, &files).and_then(|index| {
            index.each(|_, key, _| known.extend([key.id]))?;
            index.find(&Cache::new(0), &[])?;
            Ok(index)
        });
        match gone_is_none(outcome) {
            Ok(Some(index)) => {
                found.files += 1;
                found.bytes += index.bytes;
                indexes.push(index);
            }
            // Its series are in another one that is read, or will be.
            Ok(None) => whole = false,
            Err(StoreError::Damaged { what, .. }) => {
                whole = false;
                found.flaws.push(flaw(path, what));
            }
            Err(error) => return Err(error),
        }
    }
    for path in &day.parts {
        progress(path);
        let part = match gone_is_none(Part::open(path, &files)) {
            Ok(Some(part)) => Arc::new(part),
            Ok(None) => continue,
            Err(StoreError::Damaged { what, .. }) => {
                found.flaws.push(flaw(path, what));
                continue;
            }
            Err(error) => return Err(error),
        };
        verify_part(&part, (&indexes, whole.then_some(&known)), found)?;
    }
    Ok(())
}

fn flaw(path: &Path, what: &str) -> Flaw {
    Flaw {
        path: path.to_owned(),
        offset: None,
        what: what.to_owned(),
        series: 0,
        named: Vec::new(),
    }
}

fn verify_part(
    part: &Arc<Part>,
    (indexes, known): (&[Index], Option<&RoaringTreemap>),
    found: &mut Verification,
) -> Result<(), StoreError> {
    let mut unknown = RoaringTreemap::new();
    let outcome = check_part(part, |key| {
        if known.is_some_and(|known| !known.contains(key.id)) {
            unknown.insert(key.id);
        }
    });
    let Some(checked) = gone_is_none(outcome)? else { return Ok(()) };
    found.files += 1;
    found.bytes += part.bytes;
    found.samples += checked.rows;
    for damage in checked.damages {
        found.flaws.push(Flaw {
            path: part.path.clone(),
            offset: Some(damage.offset),
            what: damage.what.to_owned(),
            series: damage.series.len(),
            named: names(indexes, &damage.series)?,
        });
    }
    if !unknown.is_empty() {
        let mut flaw = flaw(&part.path, "series are in no index of the day");
        flaw.series = unknown.len();
        found.flaws.push(flaw);
    }
    Ok(())
}

/// The labels of some series.
fn names(indexes: &[Index], series: &RoaringTreemap) -> Result<Vec<String>, StoreError> {
    let mut named = Vec::new();
    for index in indexes {
        index.each(|_, key, labels| {
            if named.len() < NAMED_MAX && series.contains(key.id) {
                named.push(labels.to_string());
            }
        })?;
    }
    Ok(named)
}
