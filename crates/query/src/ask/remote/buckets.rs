//! A native histogram from the buckets that an answer shows. The schema is not among them; it follows from the bounds.

use model::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, Span32};

use crate::histogram::exponential;

/// A bucket as it is shown: its lower and upper bound, and how much is in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) count: f64,
}

/// Bounds that differ by less than this share are the same: others reckon them in another way. Bounds of the finest
/// schema differ by 0.0027.
const SAME: f64 = 1e-6;

/// The histogram that is shown by these buckets; nothing if none is.
///
/// Buckets with nothing in them are not shown. What is left of custom buckets may look like exponential ones, and is
/// taken for such: it holds the same counts between the same bounds.
pub(super) fn histogram(count: f64, sum: f64, shown: &[Shown]) -> Option<Histogram> {
    let bounded = |own: &Shown| own.lower < own.upper || (own.lower == 0.0 && own.upper == 0.0);
    let apart = |pair: &[Shown]| pair[0].upper <= pair[1].lower;
    if !shown.iter().all(bounded) || !shown.windows(2).all(apart) {
        return None;
    }
    // Only those that go up and down may be below nought.
    let below = count < 0.0 || shown.iter().any(|own| own.count < 0.0);
    let reset = if below { ResetHint::Gauge } else { ResetHint::Unknown };
    let plain = Histogram { count, sum, reset, ..Histogram::default() };
    let made = by_schema(&plain, shown).or_else(|| by_bounds(&plain, shown))?;
    made.check().is_ok().then_some(made)
}

/// With exponential buckets, if all bounds fit one schema.
fn by_schema(plain: &Histogram, shown: &[Shown]) -> Option<Histogram> {
    let mut made = plain.clone();
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for own in shown {
        if own.lower + own.upper == 0.0 {
            (made.zero_threshold, made.zero_count) = (own.upper, own.count);
        } else if own.lower >= 0.0 {
            positive.push(*own);
        } else if own.upper <= 0.0 {
            negative.push(Shown { lower: -own.upper, upper: -own.lower, count: own.count });
        } else {
            return None;
        }
    }
    negative.reverse();
    made.schema = schema_of(positive.iter().chain(&negative));
    made.positive = sparse(indexes(&positive, made.schema)?);
    made.negative = sparse(indexes(&negative, made.schema)?);
    Some(made)
}

/// The schema that the first bucket with two plain bounds has; the others have to fit.
fn schema_of<'s>(mut shown: impl Iterator<Item = &'s Shown>) -> i8 {
    let plain = |own: &&Shown| own.lower > 0.0 && own.upper.is_finite();
    let width = shown.find(plain).map_or(1.0, |own| own.upper.log2() - own.lower.log2());
    // A width of `2^-schema`; out of its range it fits no bounds.
    [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        .into_iter()
        .find(|schema| ((-f64::from(*schema)).exp2() / width - 1.0).abs() < 1e-3)
        .unwrap_or_default()
}

fn indexes(shown: &[Shown], schema: i8) -> Option<Vec<(i32, f64)>> {
    let per_power = f64::from(schema).exp2();
    let index = |own: &Shown| {
        // Below infinity is the largest float, which counts as the last power of two.
        let at = if own.upper.is_infinite() {
            1024.0 * per_power + 1.0
        } else {
            (own.upper.log2() * per_power).round()
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 1024 * 256, and checked")]
        let at = at as i32;
        let fits = |bound: f64, index: i64| {
            let expected = exponential(index, schema);
            expected.total_cmp(&bound).is_eq() || (expected / bound - 1.0).abs() < SAME
        };
        let both = fits(own.upper, i64::from(at)) && fits(own.lower, i64::from(at) - 1);
        both.then_some((at, own.count))
    };
    shown.iter().map(index).collect()
}

fn sparse(indexed: Vec<(i32, f64)>) -> Buckets {
    let mut buckets = Buckets::default();
    let mut next = None;
    for (index, count) in indexed {
        match buckets.spans.last_mut() {
            Some(span) if next == Some(index) => span.length += 1,
            _ => buckets.spans.push(Span32 { offset: index - next.unwrap_or(0), length: 1 }),
        }
        buckets.counts.push(count);
        next = Some(index + 1);
    }
    buckets
}

/// With bounds given one by one.
fn by_bounds(plain: &Histogram, shown: &[Shown]) -> Option<Histogram> {
    // What is shown rises, so its bounds do. Nought is made to have no sign.
    let mut bounds: Vec<f64> = shown
        .iter()
        .flat_map(|own| [own.lower, own.upper])
        .filter(|bound| bound.is_finite())
        .map(|bound| bound + 0.0)
        .collect();
    bounds.dedup();
    let index = |own: &Shown| {
        let at = bounds.partition_point(|bound| *bound < own.upper);
        Some((i32::try_from(at).ok()?, own.count))
    };
    let positive = sparse(shown.iter().map(index).collect::<Option<_>>()?);
    Some(Histogram { schema: CUSTOM_BUCKETS, bounds, positive, ..plain.clone() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::histogram_buckets;

    fn shown(histogram: &Histogram) -> Vec<Shown> {
        histogram_buckets(histogram)
            .into_iter()
            .filter(|own| own.count != 0.0)
            .map(|own| Shown { lower: own.lower, upper: own.upper, count: own.count })
            .collect()
    }

    fn near(a: f64, b: f64) -> bool {
        a.total_cmp(&b).is_eq() || (a - b).abs() < 1e-4
    }

    fn side(at: i32, counts: Vec<f64>) -> Buckets {
        let length = u32::try_from(counts.len()).unwrap();
        let spans = if length == 0 { vec![] } else { vec![Span32 { offset: at, length }] };
        Buckets { spans, counts }
    }

    proptest! {
        #[test]
        fn what_is_shown_of_a_histogram_is_found_in_the_one_made_from_it(
            schema in -4_i8..=8,
            (up, down) in (-40_i32..40, -40_i32..40),
            above in proptest::collection::vec(0_u8..4, 0..8),
            below in proptest::collection::vec(0_u8..4, 0..8),
            zero in 0_u8..3,
        ) {
            let counts = |own: Vec<u8>| own.into_iter().map(f64::from).collect::<Vec<_>>();
            // Bounds of the widest schema leave the range of floats soon.
            let narrow = if schema < 0 { 8 << -schema } else { 1 };
            let original = Histogram {
                schema,
                count: 50.0,
                sum: 7.5,
                zero_threshold: 1e-300,
                zero_count: f64::from(zero),
                positive: side(up / narrow, counts(above)),
                negative: side(down / narrow, counts(below)),
                ..Histogram::default()
            };
            let made = histogram(50.0, 7.5, &shown(&original)).unwrap();
            prop_assert_eq!(shown(&made), shown(&original));
            prop_assert!(!made.has_custom_bounds());
        }

        #[test]
        fn custom_bounds_are_found_too(
            bounds in proptest::collection::btree_set(-50_i32..50, 1..8),
            counts in proptest::collection::vec(0_u8..4, 0..9),
        ) {
            let bounds: Vec<f64> = bounds.into_iter().map(|own| f64::from(own) * 1.1).collect();
            let counts = counts.into_iter().map(f64::from).take(bounds.len() + 1).collect();
            let positive = side(0, counts);
            let original = Histogram {
                schema: CUSTOM_BUCKETS, count: 9.0, positive, bounds, ..Histogram::default()
            };
            let made = histogram(9.0, 0.0, &shown(&original)).unwrap();
            let (made, original) = (shown(&made), shown(&original));
            prop_assert_eq!(made.len(), original.len());
            for (own, wanted) in made.iter().zip(&original) {
                prop_assert!(near(own.lower, wanted.lower) && near(own.upper, wanted.upper));
                prop_assert!(near(own.count, wanted.count), "{made:?} {original:?}");
            }
        }

        #[test]
        fn whatever_is_shown_nothing_breaks(
            numbers in proptest::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..5),
        ) {
            let shown: Vec<Shown> = numbers
                .into_iter()
                .map(|(lower, upper, count)| Shown { lower, upper, count })
                .collect();
            if let Some(made) = histogram(1.0, 1.0, &shown) {
                prop_assert!(made.check().is_ok());
            }
        }
    }

    #[test]
    fn buckets_that_overlap_are_no_histogram() {
        let bucket = |lower, upper| Shown { lower, upper, count: 1.0 };
        assert_eq!(histogram(2.0, 0.0, &[bucket(1.0, 2.0), bucket(1.5, 4.0)]), None);
        assert_eq!(histogram(1.0, 0.0, &[bucket(2.0, 1.0)]), None);
        assert_eq!(histogram(1.0, 0.0, &[bucket(f64::NAN, 1.0)]), None);
    }
}
