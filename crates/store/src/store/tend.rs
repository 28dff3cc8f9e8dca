//! Tending: syncing the log, forgetting series that rest; rows in memory to parts, merging.

mod flush;
mod fold;
mod forget;
mod merge;
mod tiers;

use std::{sync::atomic::Ordering, time::Duration};

use hashbrown::HashMap;

use super::{Store, millis};
use crate::{StoreError, error::chain};

pub(super) use flush::Flushing;
pub(super) use merge::Merging;

/// How long a failed attempt to write parts rests: a full disk is not filled again every second.
const REST: Duration = Duration::from_secs(5);

/// When each day last had a new part from memory, as far as is known.
pub(super) type Touched = HashMap<i64, Duration>;

impl Store {
    /// Forces the log to the disk.
    pub(super) fn sync_log(&self) -> Result<(), StoreError> {
        let appended = self.intake.lock().log.appended();
        self.sync_log_to(appended)
    }

    /// Forces the log to the disk as far as a position; writers that wait share one sync.
    pub(super) fn sync_log_to(&self, position: u64) -> Result<(), StoreError> {
        if self.synced.load(Ordering::Acquire) >= position {
            return Ok(());
        }
        let syncing = self.syncing.lock();
        if self.synced.load(Ordering::Acquire) >= position {
            return Ok(());
        }
        let (appended, (file, path)) = {
            let intake = self.intake.lock();
            if let Some(why) = &intake.poisoned {
                return Err(StoreError::Poisoned { why: why.clone() });
            }
            (intake.log.appended(), intake.log.file())
        };
        let outcome = self.files.sync(&file, &path);
        match &outcome {
            Ok(()) => {
                self.synced.fetch_max(appended, Ordering::AcqRel);
                self.synced_at.store(millis(self.clock.elapsed()), Ordering::Relaxed);
            }
            Err(error) => self.poison(error),
        }
        drop(syncing);
        outcome
    }

    pub(super) fn poison(&self, error: &StoreError) {
        let why = chain(error);
        tracing::error!(error = %why, "the store refuses writes from now on");
        self.intake.lock().poisoned.get_or_insert(why);
    }
}
