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
    disk::index::{Index, check_index},
    disk::part::{Damage, Part, check_part},
    intake::{Buffer, SeriesTable, replay, segments},
    key::Key,
};

/// Series named for one flaw.
const NAMED_MAX: usize = 5;

/// Something that is not what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flaw {
    /// The file.
    pub path: PathBuf,
    /// Where in it, if it is a piece and not the whole.
    pub offset: Option<u64>,
    /// What does not fit.
    pub what: String,
    /// Series that lose something; at most so many if it is not known exactly which.
    pub series: u64,
    /// Samples that cannot be read, if that is known.
    pub samples: Option<u64>,
    /// Some of the series, as far as their labels are known.
    pub named: Vec<String>,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Files read to their end.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Samples decoded, native histograms among them.
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
            let rest = segment.bytes.saturating_sub(replayed.whole);
            found.flaws.push(Flaw {
                path: segment.path.clone(),
                offset: Some(replayed.whole),
                what: format!("a record is wrong; the {rest} bytes from it on cannot be read"),
                ..Flaw::default()
            });
        }
    }
    Ok(found)
}

/// What the indexes of a day say.
struct Known {
    indexes: Vec<Index>,
    /// In order.
    keys: Vec<Key>,
    ids: RoaringTreemap,
    /// Whether all of them could be read.
    whole: bool,
}

fn verify_day(
    day: &DayFiles,
    found: &mut Verification,
    progress: &mut impl FnMut(&Path),
) -> Result<(), StoreError> {
    let files = Files::default();
    let known = verify_indexes(day, found, progress)?;
    for path in &day.parts {
        progress(path);
        match gone_is_none(Part::open(path, &files)) {
            Ok(Some(part)) => verify_part(&Arc::new(part), (&known, day.number), found)?,
            Ok(None) => {}
            Err(StoreError::Damaged { what, .. }) => found.flaws.push(flaw(path, what)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn verify_indexes(
    day: &DayFiles,
    found: &mut Verification,
    progress: &mut impl FnMut(&Path),
) -> Result<Known, StoreError> {
    let files = Files::default();
    let mut known =
        Known { indexes: Vec::new(), keys: Vec::new(), ids: RoaringTreemap::new(), whole: true };
    for path in &day.indexes {
        progress(path);
        let outcome = Index::open(path, &files).and_then(|index| Ok((check_index(&index)?, index)));
        let (checked, index) = match gone_is_none(outcome) {
            Ok(Some(both)) => both,
            // Its series are in another one that is read, or will be.
            Ok(None) => {
                known.whole = false;
                continue;
            }
            Err(StoreError::Damaged { what, .. }) => {
                known.whole = false;
                found.flaws.push(flaw(path, what));
                continue;
            }
            Err(error) => return Err(error),
        };
        found.files += 1;
        found.bytes += index.bytes;
        if index.origin().day != day.number {
            found.flaws.push(flaw(path, "it is in the wrong day"));
        }
        known.whole &= checked.damages.is_empty();
        for damage in checked.damages {
            found.flaws.push(Flaw {
                offset: Some(damage.offset),
                series: damage.series,
                ..flaw(path, damage.what)
            });
        }
        known.ids.extend(checked.keys.iter().map(|key| key.id));
        known.keys.extend(checked.keys);
        known.indexes.push(index);
    }
    known.keys.sort_unstable();
    known.keys.dedup();
    Ok(known)
}

fn flaw(path: &Path, what: &str) -> Flaw {
    Flaw { path: path.to_owned(), what: what.to_owned(), ..Flaw::default() }
}

fn verify_part(
    part: &Arc<Part>,
    (known, day): (&Known, i64),
    found: &mut Verification,
) -> Result<(), StoreError> {
    let mut unknown = RoaringTreemap::new();
    let outcome = check_part(part, |key| {
        if !known.ids.contains(key.id) {
            unknown.insert(key.id);
        }
    });
    let Some(checked) = gone_is_none(outcome)? else { return Ok(()) };
    found.files += 1;
    found.bytes += part.bytes;
    found.samples += checked.rows;
    if part.meta.origin.day != day {
        found.flaws.push(flaw(&part.path, "it is in the wrong day"));
    }
    for damage in checked.damages {
        let lost = lost_series(&damage, known);
        found.flaws.push(Flaw {
            offset: Some(damage.offset),
            series: lost.len(),
            samples: damage.rows,
            named: names(&known.indexes, &lost)?,
            ..flaw(&part.path, damage.what)
        });
    }
    if known.whole && !unknown.is_empty() {
        let series = unknown.len();
        found.flaws.push(Flaw { series, ..flaw(&part.path, "series are in no index of the day") });
    }
    Ok(())
}

/// The series that a damage costs rows.
fn lost_series(damage: &Damage, known: &Known) -> RoaringTreemap {
    let Some((first, next)) = damage.between else { return damage.series.clone() };
    let start = known.keys.partition_point(|key| *key < first);
    let within = known.keys.iter().skip(start).take_while(|key| next.is_none_or(|end| **key < end));
    within.map(|key| key.id).collect()
}

/// The labels of some series. Where an index is damaged, those that come before in it.
fn names(indexes: &[Index], series: &RoaringTreemap) -> Result<Vec<String>, StoreError> {
    let mut named = Vec::new();
    for index in indexes {
        let outcome = index.each(|_, key, labels| {
            if named.len() < NAMED_MAX && series.contains(key.id) {
                named.push(labels.to_string());
            }
        });
        match outcome {
            Ok(()) | Err(StoreError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(named)
}
