//! What goes in comes out, bit for bit, and foreign bytes never panic.

use proptest::prelude::*;

use super::*;

fn encode(times: &[i64], values: &[f64], into: &mut Vec<u8>) {
    Encoder::default().encode(times, values, into);
}

fn decode(bytes: &[u8], first: i64, rows: usize) -> Option<Chunk> {
    let mut chunk = Chunk::default();
    let place = Place { start: 0, bytes: bytes.len(), first, rows };
    Decoder::default().decode(bytes, place, &mut chunk)?;
    Some(chunk)
}

fn round_trip(times: &[i64], values: &[f64]) -> usize {
    let mut bytes = Vec::new();
    encode(times, values, &mut bytes);
    let chunk = decode(&bytes, times[0], times.len()).unwrap();
    assert_eq!(chunk.times, times);
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&chunk.values), bits(values));
    bytes.len()
}

#[test]
fn a_regular_step_and_a_constant_cost_next_to_nothing() {
    let times: Vec<i64> = (0..4096).map(|at| at * 5000).collect();
    assert!(round_trip(&times, &vec![1.5; 4096]) < 20);
}

#[test]
fn a_steady_counter_costs_next_to_nothing() {
    let times: Vec<i64> = (0..4096).map(|at| at * 5000).collect();
    let values: Vec<f64> = (0..4096).map(|at| f64::from(at) * 1234.0).collect();
    assert!(round_trip(&times, &values) < 80);
}

#[test]
fn hundredths_with_a_stale_marker_stay_small_and_exact() {
    let times: Vec<i64> = (0..1000).map(|at| at * 5000).collect();
    let mut values: Vec<f64> = (0..1000).map(|at| f64::from(at * 7 % 100) / 100.0).collect();
    values[500] = model::STALE;
    values[501] = -0.0;
    assert!(round_trip(&times, &values) < 1200);
}

#[test]
fn the_odd_floats_survive() {
    let odd = [
        f64::NAN,
        f64::from_bits(0x7ff8_0000_0000_1234),
        model::STALE,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        0.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::MIN,
        9_007_199_254_740_992.0,
        0.1 + 0.2,
    ];
    let times: Vec<i64> = (0..13).map(|at| at * at).collect();
    round_trip(&times, &odd);
    for value in odd {
        round_trip(&[i64::MIN], &[value]);
        round_trip(&[1, 2], &[1.0, value]);
        round_trip(&[i64::MIN, i64::MAX], &[value, 1.0]);
    }
}

#[test]
fn a_counter_with_stale_markers_survives() {
    let times: Vec<i64> = (0..240).map(|at| at * 15_000).collect();
    let mut values = Vec::new();
    let mut total = 3_000_000.0;
    for at in 0..240i32 {
        total += f64::from(1400 + at * 7919 % 97);
        values.push(total / 100.0);
    }
    values[125] = model::STALE;
    values[202] = model::STALE;
    round_trip(&times, &values);
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-1000i32..1000).prop_map(f64::from),
        (-100_000i32..100_000).prop_map(|number| f64::from(number) / 1000.0),
        any::<i32>().prop_map(|number| f64::from(number) * 1e9),
        Just(model::STALE),
        Just(0.1 + 0.2),
    ]
}

proptest! {
    #[test]
    fn any_rows_come_back_bit_for_bit(
        first in any::<i32>(),
        rows in prop::collection::vec((1i64..100_000, value()), 1..300),
    ) {
        let mut time = i64::from(first);
        let mut times = Vec::new();
        for (step, _) in &rows {
            time += step;
            times.push(time);
        }
        let values: Vec<f64> = rows.iter().map(|(_, value)| *value).collect();
        round_trip(&times, &values);
    }

    #[test]
    fn foreign_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        first in any::<i64>(),
        rows in 0usize..5000,
    ) {
        drop(decode(&bytes, first, rows));
    }

    #[test]
    fn a_cut_keeps_what_lies_within(from in -10i64..40, to in -10i64..40) {
        let times: Vec<i64> = (0..30).collect();
        let chunk = Chunk { values: times.iter().map(|_| 1.0).collect(), times: times.clone() };
        let kept: Vec<i64> =
            times.into_iter().filter(|time| (from..=to).contains(time)).collect();
        let cut = chunk.cut(from, to);
        prop_assert_eq!(cut.values.len(), kept.len());
        prop_assert_eq!(cut.times, kept);
    }
}
