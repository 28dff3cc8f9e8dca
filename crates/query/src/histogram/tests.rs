//! Rules of arithmetic that hold whatever the buckets are.

use model::{Buckets, CUSTOM_BUCKETS, Histogram, Span32};
use proptest::prelude::*;

use super::*;

fn side(first: i32, counts: Vec<u16>) -> Buckets {
    let length = u32::try_from(counts.len()).unwrap();
    let counts = counts.into_iter().map(f64::from).collect();
    Buckets { spans: vec![Span32 { offset: first, length }], counts }
}

fn exponential() -> impl Strategy<Value = Histogram> {
    let counts = || prop::collection::vec(0_u16..50, 1..8);
    (-4_i8..=8, -9..9_i32, counts(), -9..9_i32, counts(), 0_u8..4, 0_u16..9).prop_map(
        |(schema, above, positive, below, negative, zero, zero_count)| {
            let (positive, negative) = (side(above, positive), side(below, negative));
            let zero_count = f64::from(zero_count);
            let count = zero_count
                + positive.counts.iter().sum::<f64>()
                + negative.counts.iter().sum::<f64>();
            // Buckets begin where the bucket of zero ends, or beyond.
            let edge = bounds::exponential(i64::from(above.min(below)) - 1, schema);
            let zero_threshold = edge * f64::from(zero) / 3.0;
            let sum = count * 1.5;
            Histogram {
                schema,
                zero_threshold,
                zero_count,
                count,
                sum,
                positive,
                negative,
                ..Histogram::default()
            }
        },
    )
}

fn custom() -> impl Strategy<Value = Histogram> {
    prop::collection::btree_set(-20_i16..20, 1..6).prop_flat_map(|bounds| {
        let counts = prop::collection::vec(0_u16..50, bounds.len() + 1);
        counts.prop_map(move |counts| {
            let positive = side(0, counts);
            let count = positive.counts.iter().sum();
            let bounds = bounds.iter().copied().map(f64::from).collect();
            Histogram {
                schema: CUSTOM_BUCKETS,
                count,
                sum: 7.0,
                positive,
                bounds,
                ..Histogram::default()
            }
        })
    })
}

fn in_buckets(histogram: &Histogram) -> f64 {
    buckets(histogram).iter().map(|bucket| bucket.count).sum()
}

proptest! {
    #[test]
    fn nothing_is_lost_in_a_sum(a in exponential(), b in exponential()) {
        let (sum, _) = add(&a, &b).unwrap();
        prop_assert_eq!(sum.check(), Ok(()));
        prop_assert!((in_buckets(&sum) - in_buckets(&a) - in_buckets(&b)).abs() < 1e-9);
        let doubled = add(&a, &a).unwrap().0;
        prop_assert!(!is_reset(&a, &doubled));
        let (other, _) = add(&b, &a).unwrap();
        prop_assert!(equal(&sum, &other));
    }

    #[test]
    fn nothing_is_lost_in_a_sum_of_custom_buckets(a in custom(), b in custom()) {
        let (sum, remarks) = add(&a, &b).unwrap();
        prop_assert_eq!(sum.check(), Ok(()));
        prop_assert_eq!(remarks.reconciled, a.bounds != b.bounds);
        prop_assert!((in_buckets(&sum) - in_buckets(&a) - in_buckets(&b)).abs() < 1e-9);
    }

    #[test]
    fn what_is_cut_off_on_one_side_is_what_stays_on_the_other(own in exponential(), at in -9.0..9.0_f64) {
        let below = trim(&own, Keep::Below, at);
        let above = trim(&own, Keep::Above, at);
        prop_assert!((below.count + above.count - own.count).abs() < 1e-6);
        if own.count > 0.0 {
            prop_assert!((fraction(f64::NEG_INFINITY, at, &own) * own.count - below.count).abs() < 1e-6);
        }
    }

    #[test]
    fn quantiles_rise_and_fractions_lie_between_none_and_all(own in exponential(), a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
        prop_assume!(own.count > 0.0);
        let value = |share| match quantile(share, &own) {
            Quantile::Value(value) => value,
            other => panic!("{other:?}"),
        };
        prop_assert!(value(a.min(b)) <= value(a.max(b)) + 1e-9);
        let share = fraction(a.min(b), a.max(b), &own);
        prop_assert!((-1e-9..=1.0 + 1e-9).contains(&share), "{}", share);
    }
}

#[test]
fn means_do_not_overflow_where_their_sum_would() {
    let large = Histogram { count: 1.7e308, sum: 2.0, ..Histogram::default() };
    let mut mean = Mean::of(&large);
    mean.add(&large).unwrap();
    mean.add(&large).unwrap();
    let mean = mean.to_histogram();
    assert!((mean.count / 1.7e308 - 1.0).abs() < 1e-12);
    assert!((mean.sum - 2.0).abs() < 1e-12);
}

#[test]
fn kinds_of_buckets_do_not_mix() {
    let custom = Histogram { schema: CUSTOM_BUCKETS, ..Histogram::default() };
    assert_eq!(add(&custom, &Histogram::default()), Err(Mixed));
}

#[test]
fn a_histogram_is_shown_from_the_lowest_bucket() {
    let own = Histogram {
        count: 4.0,
        sum: 1.5,
        zero_count: 1.0,
        zero_threshold: 0.5,
        positive: side(1, vec![2]),
        negative: side(1, vec![1]),
        ..Histogram::default()
    };
    let text = shown(&own, |number| number.to_string());
    assert_eq!(text, "{count:4, sum:1.5, [-2,-1):1, [-0.5,0.5]:1, (1,2]:2}");
}
