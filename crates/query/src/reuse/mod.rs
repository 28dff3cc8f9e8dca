//! What was computed is kept and used again: of a panel that is asked again and again, only steps that are new, or
//! whose samples changed since, are computed anew. The answer is the same, bit by bit, as if nothing had been kept.

mod key;
mod round;
mod shelf;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use model::SeriesSource;

pub(crate) use key::{Key, Reach, normal};
pub use round::Round;
pub(crate) use shelf::{Kept, Stretch};

use crate::{Answer, run::rows::Grid};
use shelf::Shelf;

/// How often what was kept could be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reused {
    /// Steps that were not computed again.
    pub steps: u64,
    /// Steps that were computed.
    pub computed: u64,
    /// Bytes that are kept now.
    pub bytes: u64,
}

/// What was computed before, up to a number of bytes; what was not used for longest goes first.
#[derive(Debug)]
pub(crate) struct Reuse {
    shelf: Mutex<Shelf>,
    steps: AtomicU64,
    computed: AtomicU64,
}

/// What is known before a query is computed.
pub(crate) struct Prior {
    key: Key,
    /// The version of the source that the answer will be good for.
    version: u64,
}

impl Reuse {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            shelf: Mutex::new(Shelf::new(bytes_max)),
            steps: AtomicU64::new(0),
            computed: AtomicU64::new(0),
        }
    }

    /// The steps of a range that need not be computed, and what to keep the others under. Nothing if the source
    /// cannot tell what changes.
    pub(crate) fn range(
        &self,
        source: &dyn SeriesSource,
        (key, reach): (Key, Reach),
        (text, grid): (&str, Grid),
    ) -> Option<(Prior, Option<Stretch>)> {
        let version = told(source)?;
        let kept = self.shelf().get(&key);
        let stretch = kept.and_then(|kept| match kept {
            Kept::Range(stretch) if stretch.may_serve(text) => {
                let changed = source.changed_from(stretch.version);
                stretch.valid(changed, reach, grid)
            }
            _ => None,
        });
        let reused = stretch.as_ref().map_or(0, |stretch| stretch.grid.points);
        self.steps.fetch_add(reused as u64, Ordering::Relaxed);
        self.computed.fetch_add((grid.points - reused) as u64, Ordering::Relaxed);
        Some((Prior { key, version }, stretch))
    }

    /// The answer at one time, if it was computed before; or what to keep it under.
    pub(crate) fn instant(
        &self,
        source: &dyn SeriesSource,
        (key, reach): (Key, Reach),
        (text, at): (&str, i64),
    ) -> Option<Result<Answer, Prior>> {
        let version = told(source)?;
        if let Some(Kept::Instant(answer, since)) = self.shelf().get(&key)
            && (answer.0.infos.is_empty() || answer.1 == text)
            && reach.is_valid(at, source.changed_from(since))
        {
            self.steps.fetch_add(1, Ordering::Relaxed);
            return Some(Ok(answer.0.clone()));
        }
        self.computed.fetch_add(1, Ordering::Relaxed);
        Some(Err(Prior { key, version }))
    }

    /// Keeps what was computed.
    pub(crate) fn keep(&self, prior: Prior, kept: impl FnOnce(u64) -> Kept) {
        let kept = kept(prior.version);
        self.shelf().put(prior.key, kept);
    }

    /// How often what was kept could be used.
    pub(crate) fn told(&self) -> Reused {
        Reused {
            steps: self.steps.load(Ordering::Relaxed),
            computed: self.computed.load(Ordering::Relaxed),
            bytes: self.shelf().bytes() as u64,
        }
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The version of a source that can tell what changes.
fn told(source: &dyn SeriesSource) -> Option<u64> {
    let version = source.version();
    (source.changed_from(version) != Some(model::Time::MIN)).then_some(version)
}
