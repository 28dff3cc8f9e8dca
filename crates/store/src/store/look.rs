//! Looking at an open store: who has its series, and a copy of it.

use std::path::Path;

use super::Store;
use crate::{
    StoreError,
    survey::{Snapshot, Tally, Top, TopValue, sort, take_snapshot},
};

/// Series counted at once, while writers wait.
const SERIES_AT_ONCE: usize = 1024;

impl Store {
    /// Counts the active series: so many rows of each kind. Writers go on meanwhile.
    pub fn top(&self, rows: usize) -> Top {
        let now = self.clock.elapsed();
        let mut tally = Tally::default();
        for start in (0..).step_by(SERIES_AT_ONCE) {
            let intake = self.intake.lock();
            let Some(slots) = intake.table.slots_at(start..start + SERIES_AT_ONCE) else { break };
            for slot in slots.iter().flatten() {
                tally.add(slot.labels.as_ref(), slot.is_new(now));
            }
        }
        let mut top = tally.finish(rows);
        let intake = self.intake.lock();
        let sources = intake.table.sources.iter().map(|own| TopValue {
            value: own.name.to_string(),
            series: own.series as u64,
            new: own.new_series(now),
            refused: own.refused,
        });
        top.sources = sources.collect();
        drop(intake);
        sort(&mut top.sources, rows);
        top
    }

    /// Makes a copy by hard links in a directory that is not there yet, in the same file system. It has every sample that
    /// was acknowledged before the call, and opens as any store does. Nothing is merged or put on disk meanwhile; writers
    /// go on.
    pub fn snapshot(&self, to: &Path) -> Result<Snapshot, StoreError> {
        let flushing = self.flushing.lock();
        let merging = self.merging.lock();
        let outcome = take_snapshot(&self.place.dir, to, &self.files);
        drop((merging, flushing));
        outcome
    }
}
