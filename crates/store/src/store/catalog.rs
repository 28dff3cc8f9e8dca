//! Which parts and index segments there are, in memory and on disk, as one value that readers hold while it is replaced.

use std::{collections::BTreeMap, sync::Arc};

use crate::{disk::index::Index, disk::part::Part, intake::Run};

/// What a day has on disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    /// Its parts, the latest last.
    pub(super) parts: Vec<Arc<Part>>,
    /// Its index segments, the latest last: every series of its parts is in one of them.
    pub(super) indexes: Vec<Arc<Index>>,
}

/// All parts at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    /// Parts in memory, the latest last; all later than those on disk.
    pub(super) runs: Vec<Arc<Run>>,
    /// What is on disk, by day.
    pub(super) days: BTreeMap<i64, Day>,
}

impl Catalog {
    /// All parts on disk, day by day.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Arc<Part>> {
        self.days.values().flat_map(|day| &day.parts)
    }

    /// All index segments on disk, day by day.
    pub(super) fn indexes(&self) -> impl DoubleEndedIterator<Item = &Arc<Index>> {
        self.days.values().flat_map(|day| &day.indexes)
    }

    /// Adds a part on disk.
    pub(super) fn add(&mut self, part: Arc<Part>) {
        let parts = &mut self.days.entry(part.meta.origin.day).or_default().parts;
        parts.push(part);
        parts.sort_by_key(|part| part.meta.origin.last);
    }

    /// Adds an index segment.
    pub(super) fn add_index(&mut self, index: Arc<Index>) {
        let indexes = &mut self.days.entry(index.origin().day).or_default().indexes;
        indexes.push(index);
        indexes.sort_by_key(|index| index.origin().last);
    }

    /// Removes a part on disk; false if it was not there.
    pub(super) fn remove(&mut self, part: &Part) -> bool {
        let day = part.meta.origin.day;
        let Some(own) = self.days.get_mut(&day) else { return false };
        let before = own.parts.len();
        own.parts.retain(|own| own.id != part.id);
        let removed = own.parts.len() < before;
        self.forget_empty(day);
        removed
    }

    /// Puts a part in the place of others, or nothing; false, and nothing is changed, unless all of them are there: a day
    /// may be dropped and a part set aside at any time.
    pub(super) fn replace_parts(&mut self, old: &[Arc<Part>], new: Option<&Arc<Part>>) -> bool {
        let all = old.iter().all(|part| {
            let day = self.days.get(&part.meta.origin.day);
            day.is_some_and(|day| day.parts.iter().any(|own| own.id == part.id))
        });
        if all {
            for part in old {
                self.remove(part);
            }
            if let Some(new) = new {
                self.add(Arc::clone(new));
            }
        }
        all
    }

    /// The same for index segments.
    pub(super) fn replace_indexes(&mut self, old: &[Arc<Index>], new: &Arc<Index>) -> bool {
        let all = old.iter().all(|index| {
            let day = self.days.get(&index.origin().day);
            day.is_some_and(|day| day.indexes.iter().any(|own| own.id == index.id))
        });
        if all {
            for index in old {
                self.remove_index(index);
            }
            self.add_index(Arc::clone(new));
        }
        all
    }

    /// Removes an index segment; false if it was not there.
    pub(super) fn remove_index(&mut self, index: &Index) -> bool {
        let day = index.origin().day;
        let Some(own) = self.days.get_mut(&day) else { return false };
        let before = own.indexes.len();
        own.indexes.retain(|own| own.id != index.id);
        let removed = own.indexes.len() < before;
        self.forget_empty(day);
        removed
    }

    fn forget_empty(&mut self, day: i64) {
        if self.days.get(&day).is_some_and(|own| own.parts.is_empty() && own.indexes.is_empty()) {
            self.days.remove(&day);
        }
    }
}
