//! Quantiles, the median, and the median's own measure of spread.

use std::cmp::Ordering;

/// How much the median absolute deviation is scaled so that it equals the standard deviation of a normal
/// distribution: one over its third quartile.
const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// The `q`-quantile with linear interpolation between neighbours, as PromQL's `quantile` has it.
///
/// Not-a-number for no values or a `q` that is one; below nought `q` gives minus infinity, above one plus infinity.
/// Not-a-numbers among the values sort below everything else.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let place = match Place::of(values.len(), q) {
        Ok(place) => place,
        Err(outside) => return outside,
    };
    let mut rest = values.to_vec();
    let (_, &mut below, after) = rest.select_nth_unstable_by(place.below, |a, b| order(*a, *b));
    let above = after.iter().copied().min_by(|a, b| order(*a, *b)).unwrap_or(below);
    place.between(below, above)
}

/// As [`quantile`], of values that are already sorted.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> f64 {
    match Place::of(sorted.len(), q) {
        Ok(place) => {
            let above = (place.below + 1).min(sorted.len() - 1);
            place.between(sorted[place.below], sorted[above])
        }
        Err(outside) => outside,
    }
}

/// Where a quantile lies among sorted values: at or behind one of them.
struct Place {
    below: usize,
    weight: f64,
}

impl Place {
    /// The answer itself where there is no such place.
    fn of(count: usize, q: f64) -> Result<Self, f64> {
        if count == 0 || q.is_nan() {
            return Err(f64::NAN);
        }
        if q < 0.0 {
            return Err(f64::NEG_INFINITY);
        }
        if q > 1.0 {
            return Err(f64::INFINITY);
        }
        let rank = q * (count - 1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank lies between nought and the length"
        )]
        let below = rank.floor() as usize;
        Ok(Self { below, weight: rank - rank.floor() })
    }

    fn between(&self, below: f64, above: f64) -> f64 {
        if self.weight == 0.0 { below } else { below * (1.0 - self.weight) + above * self.weight }
    }
}

/// The middle value; not-a-number for no values.
pub fn median(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mut rest = values.to_vec();
    let middle = rest.len() / 2;
    let (below, &mut upper, _) = rest.select_nth_unstable_by(middle, |a, b| order(*a, *b));
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().max_by(|a, b| order(*a, *b)).unwrap_or(upper);
    lower * 0.5 + upper * 0.5
}

/// The median absolute deviation from the median, scaled to read as a standard deviation where values are normal.
/// Not-a-number for no values.
pub fn mad(values: &[f64]) -> f64 {
    let middle = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    MAD_TO_SIGMA * median(&deviations)
}

/// Not-a-numbers first.
fn order(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(&b),
        (a_missing, b_missing) => b_missing.cmp(&a_missing),
    }
}

/// A value held within edges that come of data themselves. Where sums of huge values leave an edge that is no number, it
/// holds nothing; [`f64::clamp`] would end the program.
pub(crate) fn held(value: f64, low: f64, high: f64) -> f64 {
    value.max(low).min(high)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), 2.5);
        assert_eq!(quantile(&[1.0, 2.0], 0.0), 1.0);
        assert_eq!(quantile(&[1.0, 2.0], 1.0), 2.0);
    }

    #[test]
    fn quantiles_outside_a_share_are_infinite() {
        assert_eq!(quantile(&[1.0], -0.1), f64::NEG_INFINITY);
        assert_eq!(quantile(&[1.0], 1.1), f64::INFINITY);
        assert!(quantile(&[], 0.5).is_nan() && quantile(&[1.0], f64::NAN).is_nan());
    }

    #[test]
    fn one_wild_value_does_not_move_the_spread() {
        let tame = mad(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(tame, mad(&[1.0, 2.0, 3.0, 4.0, 5e9]));
    }

    proptest! {
        #[test]
        fn quantiles_rise_with_their_share(values in prop::collection::vec(-1e9_f64..1e9, 1..80), a in 0.0_f64..=1.0, b in 0.0_f64..=1.0) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(quantile(&values, low) <= quantile(&values, high) + 1e-6);
        }

        #[test]
        fn half_lie_on_each_side_of_the_median(values in prop::collection::vec(-1e9_f64..1e9, 1..80)) {
            let middle = median(&values);
            prop_assert!(values.iter().filter(|&&value| value < middle).count() * 2 <= values.len());
            prop_assert!(values.iter().filter(|&&value| value > middle).count() * 2 <= values.len());
        }

        #[test]
        fn the_median_is_the_half_quantile(values in prop::collection::vec(-1e9_f64..1e9, 1..80)) {
            prop_assert!((median(&values) - quantile(&values, 0.5)).abs() < 1e-6);
        }

        #[test]
        fn any_bits_give_an_answer(bits in prop::collection::vec(any::<u64>(), 0..40), q in any::<f64>()) {
            let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
            quantile(&values, q);
            mad(&values);
        }
    }
}
