//! How many bytes of bodies may be on their way through the house at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The bound, shared by all doors through which samples come.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    used: Arc<AtomicUsize>,
    bytes_max: usize,
}

/// Bytes that somebody holds; they are free again when it is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    all: InFlight,
    bytes: usize,
}

impl InFlight {
    /// So many bytes at once.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { used: Arc::default(), bytes_max }
    }

    /// Room for so many bytes, or `None` at once. Whoever is alone gets it whatever the bound is: a
    /// body has limits of its own, and would never come through otherwise.
    pub(super) fn acquire(&self, bytes: usize) -> Option<Permit> {
        let mut permit = Permit { all: self.clone(), bytes: 0 };
        permit.grow(bytes).then_some(permit)
    }

    /// Bytes on their way now.
    pub(super) fn bytes(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Permit {
    /// Takes room for so many bytes more; says whether there was any.
    pub(super) fn grow(&mut self, more: usize) -> bool {
        let own = self.bytes;
        let taken = self.all.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            let sum = used.checked_add(more)?;
            (sum <= self.all.bytes_max || used == own).then_some(sum)
        });
        if taken.is_ok() {
            self.bytes += more;
        }
        taken.is_ok()
    }

    /// Bytes that others hold now.
    pub(super) fn others(&self) -> usize {
        self.all.bytes().saturating_sub(self.bytes)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.all.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_house_turns_the_next_away_and_a_dropped_permit_lets_one_in() {
        let all = InFlight::new(100);
        let mut first = all.acquire(60).unwrap();
        assert!(all.acquire(41).is_none());
        let second = all.acquire(30).unwrap();
        assert!(!first.grow(11));
        assert!(first.grow(10));
        assert_eq!(all.bytes(), 100);
        drop(first);
        assert_eq!(all.bytes(), 30);
        drop(second);
        assert_eq!(all.bytes(), 0);
    }

    #[test]
    fn whoever_is_alone_gets_in_however_large() {
        let all = InFlight::new(100);
        let mut alone = all.acquire(1000).unwrap();
        assert!(alone.grow(1000));
        assert!(all.acquire(1).is_none());
        drop(alone);
        assert!(all.acquire(1).is_some());
    }

    #[test]
    fn sizes_beyond_all_bounds_do_not_wrap_around() {
        let all = InFlight::new(100);
        let mut first = all.acquire(10).unwrap();
        assert!(!first.grow(usize::MAX));
        assert_eq!(all.bytes(), 10);
    }
}
