//! A series by number: what everything on disk is sorted by.

use model::{LabelsRef, METRIC_NAME};

/// A series. The name comes first, so that the series of one metric lie together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The lower half of the metric name's hash (xxh3); two names with one hash only share a neighbourhood.
    pub(crate) name: u32,
    /// Given when the series first came, and never to another one. A series that was forgotten and comes back may get a
    /// second one.
    pub(crate) id: u64,
}

impl Key {
    /// The key of a series with this number.
    pub(crate) fn new(labels: LabelsRef<'_>, id: u64) -> Self {
        let name = labels.get(METRIC_NAME).unwrap_or_default();
        Self { name: (xxhash_rust::xxh3::xxh3_64(name.as_bytes()) & 0xffff_ffff) as u32, id }
    }
}
