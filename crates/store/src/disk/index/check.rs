//! Reading all of an index segment to see whether it is what was written, and whether its directory finds every label.

use super::{Directory, Index, Keys, meta::MAGIC};
use crate::{StoreError, disk::part::begins_with, key::Key};

/// A piece that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IndexDamage {
    /// Where it begins.
    pub(crate) offset: u64,
    pub(crate) what: &'static str,
    /// How many series cannot be named, or found.
    pub(crate) series: u64,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct IndexChecked {
    /// The keys of all series, as far as they can be read.
    pub(crate) keys: Vec<Key>,
    pub(crate) damages: Vec<IndexDamage>,
}

/// What could be read, or what is damaged.
fn readable<T>(outcome: Result<T, StoreError>) -> Result<Result<T, &'static str>, StoreError> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(StoreError::Damaged { what, .. }) => Ok(Err(what)),
        Err(error) => Err(error),
    }
}

/// Reads keys, labels and directory.
pub(crate) fn check_index(index: &Index) -> Result<IndexChecked, StoreError> {
    let file = index.file()?;
    let mut checked = IndexChecked::default();
    let all = index.meta.series;
    let mut damage = |offset, what, series: u32| {
        checked.damages.push(IndexDamage { offset, what, series: u64::from(series) });
    };
    if !begins_with(&file, &index.path, *MAGIC)? {
        damage(0, "its first bytes are wrong", 0);
    }
    match readable(index.meta.keys.fetch(&file, &index.path))?
        .and_then(|bytes| Keys::decode(&bytes, all).ok_or("its keys are wrong"))
    {
        Ok(keys) => checked.keys.extend((0..all).map_while(|at| keys.get(at))),
        Err(what) => damage(index.meta.keys.offset, what, all),
    }
    let (mut pairs, mut whole) = (0_u64, true);
    for (number, page) in index.meta.pages.iter().enumerate() {
        let end = index.meta.pages.get(number + 1).map_or(all, |next| next.first);
        let series = end.saturating_sub(page.first);
        let read = readable(index.fetch_page(&file, number))?.and_then(|labels| {
            if labels.len() != series as usize {
                return Err("a page has not as many series as it should");
            }
            let labels = (0..labels.len()).map(|at| labels.labels(at));
            labels
                .map(|own| own.map(|own| own.iter().count() as u64))
                .sum::<Option<u64>>()
                .ok_or("labels are wrong")
        });
        match read {
            Ok(own) => pairs += own,
            Err(what) => {
                whole = false;
                damage(page.extent.offset, what, series);
            }
        }
    }
    let directory = readable(index.meta.directory.fetch(&file, &index.path))?
        .and_then(|bytes| Directory::parse(&bytes, all).ok_or("its directory is wrong"))
        .and_then(|directory| directory.pairs().ok_or("its directory is wrong"));
    match directory {
        Ok(found) if whole && found != pairs => {
            let what = "its directory has not the labels that its series have";
            damage(index.meta.directory.offset, what, all);
        }
        Ok(_) => {}
        Err(what) => damage(index.meta.directory.offset, what, all),
    }
    Ok(checked)
}
