//! Forgetting series that are no longer written to: after an hour, or sooner if they take much room.

use std::{sync::Arc, time::Duration};

use roaring::RoaringTreemap;

use crate::{
    intake::{Intake, Run},
    store::{Store, stats::count},
};

/// How long a series counts as active after its last sample.
const SERIES_IDLE: Duration = Duration::from_hours(1);
/// How often idle series are looked for.
const FORGET_EVERY: Duration = Duration::from_mins(1);
/// How often they are looked for while series take too much room: it is a walk through all of them.
const PRESSED_EVERY: Duration = Duration::from_secs(10);

impl Store {
    /// Forgets series that are no longer written to.
    pub(in crate::store) fn forget_idle_series(&self) {
        let now = self.clock.elapsed();
        let over = self.series_over(&self.intake.lock());
        {
            let mut flushing = self.flushing.lock();
            let every = if over > 0 { PRESSED_EVERY } else { FORGET_EVERY };
            if now < flushing.forgot_at + every {
                return;
            }
            // What waits for the disk still needs its labels.
            if flushing.trouble.is_some() {
                return;
            }
            flushing.forgot_at = now;
        }
        // Twice as long as rows wait for the disk. Who is scraped every five minutes stays, too.
        let least = self.options.flush_after.to_duration() * 2;
        if let Some(moment) = now.checked_sub(SERIES_IDLE.max(least)) {
            let mut intake = self.intake.lock();
            let generation = intake.buffer.generation();
            intake.table.forget_before(moment, generation);
        }
        if over > 0 {
            self.forget_early(now, least);
        }
    }

    /// Forgets those least lately seen until series take half the room they may, but none with rows in memory and only such
    /// as rest, by the clock or by the times of samples.
    fn forget_early(&self, now: Duration, rest: Duration) {
        // Most rows are looked at before writers have to wait for it.
        let runs = self.catalog().runs.clone();
        let mut held = RoaringTreemap::new();
        for run in &runs {
            run.add_ids(&mut held);
        }
        let mut intake = self.intake.lock();
        let known = |run: &&Arc<Run>| runs.iter().any(|own| Arc::ptr_eq(own, run));
        let catalog = self.catalog();
        for run in catalog.runs.iter().filter(|run| !known(run)) {
            run.add_ids(&mut held);
        }
        let wall = self.plausible_now();
        let (over, generation) = (self.series_over(&intake), intake.buffer.generation());
        let forgotten = intake.table.forget_least(over, (now, wall, rest), |slot| {
            !slot.is_in(generation) && !held.contains(slot.key.id)
        });
        drop(intake);
        if forgotten > 0 {
            count(&self.counters.forgotten_early, forgotten);
            tracing::info!(forgotten, over, "series at rest are forgotten early to make room");
        }
    }

    /// How many series there are beyond half the room they may take.
    fn series_over(&self, intake: &Intake) -> usize {
        let (limits, series) = (&self.options.limits, intake.table.len());
        let by_count = series.saturating_sub(limits.series_max / 2);
        let bytes = intake.table.bytes();
        let beyond = bytes.saturating_sub(limits.series_bytes_max / 2);
        // As many as take these bytes, if all are of one size.
        let by_bytes = beyond.div_ceil((bytes / series.max(1)).max(1));
        by_count.max(by_bytes)
    }
}
