//! Seeded chance: the same seed gives the same numbers on every machine.

use std::f64::consts::TAU;

/// A small generator of reproducible numbers (`SplitMix64`, Steele, Lea and Flood 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Starts from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `bound`; nought where the bound is nought.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.bits()) * (bound as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A draw from the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (TAU * self.share()).cos()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{mean, stddev};

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..5).map(|_| chance.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn normal_draws_are_normal_with_seed_11() {
        let mut chance = Chance::new(11);
        let draws: Vec<f64> = (0..20_000).map(|_| chance.normal()).collect();
        assert!(mean(&draws).abs() < 0.03 && (stddev(&draws) - 1.0).abs() < 0.03);
    }

    proptest! {
        #[test]
        fn draws_stay_below_their_bound(seed in any::<u64>(), bound in 1_usize..1_000) {
            let mut chance = Chance::new(seed);
            prop_assert!(chance.below(bound) < bound);
            let share = chance.share();
            prop_assert!((0.0..1.0).contains(&share));
            prop_assert!(chance.normal().is_finite());
        }
    }
}
