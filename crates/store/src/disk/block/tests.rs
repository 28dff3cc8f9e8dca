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

/// Buckets of one histogram: each holds what the one before does.
fn buckets(rows: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut state = seed | 1;
    let mut dice = move |most: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let mut own = [0u64; 12];
    let mut buckets = vec![Vec::new(); 12];
    for row in 0..rows {
        let mut total = 0;
        for (at, count) in own.iter_mut().enumerate() {
            *count += dice([40, 90, 120, 70, 30, 8, 3, 2, 2, 1, 1, 1][at]);
            total += *count;
            buckets[at].push(if row == rows / 2 { model::STALE } else { total as f64 });
        }
    }
    buckets
}

#[test]
fn buckets_told_by_the_one_before_come_back_one_by_one_and_cost_less() {
    let times: Vec<i64> = (0..1000).map(|at| at * 15_000).collect();
    let buckets = buckets(times.len(), 7);
    let (mut alone, mut group) = (0, Vec::new());
    let mut encoder = Encoder::default();
    let mut places = Vec::new();
    for values in &buckets {
        alone += round_trip(&times, values);
        let start = group.len();
        encoder.encode(&times, values, &mut group);
        places.push(Place { start, bytes: group.len() - start, first: 0, rows: times.len() });
    }
    assert!(group.len() * 4 < alone * 3, "{} {alone}", group.len());
    let (mut decoder, mut chunk) = (Decoder::default(), Chunk::default());
    for (round, at) in (0..12).chain([11, 0, 7, 8, 9, 9, 10, 3, 4, 11]).enumerate() {
        // At first with everything that a block stands on, then with what is remembered of its group.
        if round >= 6 {
            decoder.enter((1, 0));
        }
        decoder.decode(&group, places[at], &mut chunk).unwrap();
        let same = |(one, other): (&f64, &f64)| one.to_bits() == other.to_bits();
        assert!(chunk.times == times && chunk.values.iter().zip(&buckets[at]).all(same));
    }
}

#[test]
fn a_gap_and_a_missed_scrape_cost_a_few_bytes() {
    let mut times: Vec<i64> = (0..2000).map(|at| at * 15_000).collect();
    times.drain(500..700);
    times.remove(1000);
    assert!(round_trip(&times, &vec![1.0; times.len()]) < 32);
}

proptest! {
    #[test]
    fn walks_jumps_and_resets_come_back_bit_for_bit(
        start in any::<i32>(),
        scale in prop::sample::select(vec![1.0, 4096.0, 0.01, 1e-9, 1000.0]),
        steps in prop::collection::vec(
            prop_oneof![8 => -50i64..50, 4 => 0i64..2, 1 => any::<i32>().prop_map(i64::from)],
            1..600,
        ),
        jitter in prop::collection::vec(0i64..3, 600),
    ) {
        let (mut at, mut time) = (i64::from(start), 0);
        let (mut values, mut times) = (Vec::new(), Vec::new());
        for (step, late) in steps.iter().zip(&jitter) {
            at += step;
            time += 15_000;
            values.push(at as f64 * scale);
            times.push(time + late);
        }
        round_trip(&times, &values);
    }

    #[test]
    fn damaged_blocks_never_panic(seed in any::<u64>(), at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<bool>()) {
        let times: Vec<i64> = (0..200).map(|at| at * 15_000 + (at * at) % 3).collect();
        let mut encoder = Encoder::default();
        let (mut group, mut places) = (Vec::new(), Vec::new());
        for values in buckets(times.len(), seed) {
            let start = group.len();
            encoder.encode(&times, &values, &mut group);
            places.push(Place { start, bytes: group.len() - start, first: 0, rows: times.len() });
        }
        let at = at.index(group.len());
        if cut { group.truncate(at) } else { group[at] = to }
        let (mut decoder, mut chunk) = (Decoder::default(), Chunk::default());
        for place in places {
            if decoder.decode(&group, place, &mut chunk).is_some() {
                assert_eq!(chunk.times.len(), chunk.values.len());
            }
        }
    }

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
        let chunk = Chunk { values: times.iter().map(|_| 1.0).collect(), times: times.clone(), ..Chunk::default() };
        let kept: Vec<i64> =
            times.into_iter().filter(|time| (from..=to).contains(time)).collect();
        let cut = chunk.cut(from, to);
        prop_assert_eq!(cut.values.len(), kept.len());
        prop_assert_eq!(cut.times, kept);
    }
}
