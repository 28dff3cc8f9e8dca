//! Chance from a seed, for spreading retries.

use std::sync::atomic::{AtomicU64, Ordering};

/// `SplitMix64` (Steele, Lea and Flood, 2014, "Fast splittable pseudorandom number generators"):
/// a counter with a good mixer, which is all that spreading needs, and shared without a lock.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub(crate) fn next(&self) -> u64 {
        let mut mixed = self.0.fetch_add(Self::STEP, Ordering::Relaxed).wrapping_add(Self::STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, or nought if the bound is.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The first numbers for seed 1234567, as the reference implementation gives them.
    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let random = Random::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
