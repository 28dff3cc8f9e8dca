//! Seeded chance: the same numbers for the same seed, on every machine.

/// A stream of numbers made from two seeds (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Chance for one thing (`b`) of one seed (`a`).
    pub fn new(a: u64, b: u64) -> Chance {
        let mut r = Chance(
            a.wrapping_mul(0x9E37_79B9_7F4A_7C15)
                ^ b.wrapping_mul(0xD1B5_4A32_D192_ED03)
                ^ 0x1234_5678_9ABC_DEF1,
        );
        r.bits();
        r.bits();
        r
    }
    /// 64 even bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// From 0 to 1, 1 left out.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// about normal(0, 1): sum of four 16-bit uniforms
    pub fn normal(&mut self) -> f64 {
        let x = self.bits();
        let s = (x & 0xffff) + ((x >> 16) & 0xffff) + ((x >> 32) & 0xffff) + (x >> 48);
        (s as f64 / 65536.0 - 2.0) * 1.732_050_8
    }
    /// integer with mean e (randomised rounding)
    pub fn round(&mut self, e: f64) -> f64 {
        (e.max(0.0) + self.share()).floor()
    }
    /// One of several.
    pub fn pick<'a>(&mut self, v: &[&'a str]) -> &'a str {
        v[(self.bits() % v.len() as u64) as usize]
    }
}
