//! Which parts there are, in memory and on disk, as one value that readers hold while it is replaced.

use std::{collections::BTreeMap, sync::Arc};

use crate::{intake::Run, part::Part};

/// All parts at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalog {
    /// Parts in memory, the latest last; all later than those on disk.
    pub(super) runs: Vec<Arc<Run>>,
    /// Parts on disk by day, the latest last.
    pub(super) days: BTreeMap<i64, Vec<Arc<Part>>>,
}

impl Catalog {
    /// All parts on disk, day by day.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Arc<Part>> {
        self.days.values().flatten()
    }

    /// Adds a part on disk.
    pub(super) fn add(&mut self, part: Arc<Part>) {
        let parts = self.days.entry(part.meta.origin.day).or_default();
        parts.push(part);
        parts.sort_by_key(|part| part.meta.origin.last);
    }

    /// Removes a part on disk; false if it was not there.
    pub(super) fn remove(&mut self, part: &Part) -> bool {
        let day = part.meta.origin.day;
        let Some(parts) = self.days.get_mut(&day) else { return false };
        let before = parts.len();
        parts.retain(|own| own.id != part.id);
        let removed = parts.len() < before;
        if parts.is_empty() {
            self.days.remove(&day);
        }
        removed
    }
}
