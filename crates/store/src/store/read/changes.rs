//! Since when which times have changed, so that answers can be kept as long as they are right.

use std::collections::VecDeque;

/// Entries kept; who remembers an older version is told that all may have changed.
const ENTRIES_MAX: usize = 4096;

/// What has changed, as far back as it is remembered.
#[derive(Debug, Default)]
pub(in crate::store) struct Changes {
    version: u64,
    /// Versions and the earliest time that each of them changed, both rising: of a later version with an earlier time
    /// the ones before need not be known.
    entries: VecDeque<(u64, i64)>,
    /// The last version that is no longer remembered.
    forgotten: u64,
}

impl Changes {
    /// Notes that samples from a time on may have changed.
    pub(in crate::store) fn from(&mut self, time: i64) {
        self.version += 1;
        while self.entries.back().is_some_and(|(_, own)| *own >= time) {
            self.entries.pop_back();
        }
        self.entries.push_back((self.version, time));
        if self.entries.len() > ENTRIES_MAX
            && let Some((version, _)) = self.entries.pop_front()
        {
            self.forgotten = version;
        }
    }

    /// Notes that anything may have changed.
    pub(in crate::store) fn everything(&mut self) {
        self.from(i64::MIN);
    }

    /// The present version.
    pub(in crate::store) fn version(&self) -> u64 {
        self.version
    }

    /// The earliest time that changed after a version; `None` if nothing has.
    pub(in crate::store) fn since(&self, version: u64) -> Option<i64> {
        if version < self.forgotten {
            return Some(i64::MIN);
        }
        let at = self.entries.partition_point(|(own, _)| *own <= version);
        self.entries.get(at).map(|(_, time)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_change_after_a_version_is_told() {
        let mut changes = Changes::default();
        let start = changes.version();
        assert_eq!(changes.since(start), None);
        changes.from(100);
        let first = changes.version();
        changes.from(200);
        assert_eq!(changes.since(start), Some(100));
        assert_eq!(changes.since(first), Some(200));
        changes.from(50);
        assert_eq!(changes.since(start), Some(50));
        assert_eq!(changes.since(first), Some(50));
        changes.from(300);
        assert_eq!(changes.since(first), Some(50));
        assert_eq!(changes.since(changes.version()), None);
    }

    #[test]
    fn what_is_forgotten_counts_as_changed() {
        let mut changes = Changes::default();
        changes.from(0);
        let early = changes.version();
        for time in 1..=5000 {
            changes.from(time);
        }
        assert_eq!(changes.since(early), Some(i64::MIN));
        assert!(changes.entries.len() <= ENTRIES_MAX);
        assert_eq!(changes.since(changes.version() - 1), Some(5000));
    }
}
