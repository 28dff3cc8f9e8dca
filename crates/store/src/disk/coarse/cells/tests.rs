//! Folding against what the samples themselves say.

use proptest::prelude::*;

use super::*;

const STEP: i64 = 300_000;

fn samples(rows: &[(i64, f64)]) -> Cells {
    let (times, values) = rows.iter().copied().unzip();
    Cells::of_samples(Chunk { times, values, ..Chunk::default() })
}

fn five(rows: &[(i64, f64)], counter: bool) -> Cells {
    samples(rows).fold(Resolution::FiveMinutes, counter)
}

fn lasts(cells: &Cells) -> Vec<(i64, f64)> {
    cells.last.times.iter().copied().zip(cells.last.values.iter().copied()).collect()
}

/// What `increase` counts without extrapolation.
fn rise(rows: &[(i64, f64)]) -> f64 {
    rows.windows(2)
        .map(|pair| if pair[1].1 < pair[0].1 { pair[1].1 } else { pair[1].1 - pair[0].1 })
        .sum()
}

#[test]
fn a_stretch_ends_with_its_last_minute_and_not_with_its_first() {
    let rows: Vec<(i64, f64)> = (0..=10).map(|at| (at * 60_000, at as f64)).collect();
    let cells = five(&rows, false);
    assert_eq!(lasts(&cells), [(0, 0.0), (STEP, 5.0), (2 * STEP, 10.0)]);
    assert_eq!(cells.times, [0, STEP, 2 * STEP]);
    assert_eq!((cells.min, cells.max), (vec![0.0, 1.0, 6.0], vec![0.0, 5.0, 10.0]));
    assert_eq!((cells.sum, cells.count), (vec![0.0, 15.0, 40.0], vec![1.0, 5.0, 5.0]));
}

#[test]
fn what_goes_up_and_down_keeps_one_row_for_a_stretch_and_the_first() {
    let rows: Vec<(i64, f64)> =
        (1..=20).map(|at| (at * 15_000, 50.0 + (at * 7 % 5) as f64)).collect();
    assert_eq!(five(&rows, false).last.times, [15_000, 300_000]);
    // It may fall by much now and then, but not in one scrape after the other.
    let rows: Vec<(i64, f64)> = (1..=20).map(|at| (at * 15_000, (at % 2) as f64)).collect();
    assert_eq!(five(&rows, false).last.times, [15_000, 300_000]);
}

#[test]
fn stale_markers_end_a_stretch_and_count_for_nothing() {
    let rows = [
        (1, 4.0),
        (2, 6.0),
        (3, STALE),
        (STEP + 1, STALE),
        (2 * STEP + 5, STALE),
        (2 * STEP + 9, 7.0),
    ];
    let cells = five(&rows, false);
    let stale: Vec<bool> = cells.last.values.iter().map(|value| is_stale(*value)).collect();
    assert_eq!(cells.last.times, [1, 2, 3, STEP + 1, 2 * STEP + 9]);
    assert_eq!(stale, [false, false, true, true, false]);
    assert_eq!((cells.times, cells.sum), (vec![2, 2 * STEP + 9], vec![10.0, 7.0]));
}

#[test]
fn what_comes_late_fills_gaps_and_changes_nothing_else() {
    let mut cells = five(&[(10, 1.0), (20, 2.0), (2 * STEP + 10, 5.0)], false);
    let before = cells.clone();
    cells.add_missing(&five(&[(15, 9.0), (20, 2.0)], false), Resolution::FiveMinutes);
    assert_eq!(cells, before);
    cells.add_missing(
        &five(&[(STEP + 1, 3.0), (STEP + 2, 4.0), (2 * STEP + 11, 9.0)], false),
        Resolution::FiveMinutes,
    );
    assert_eq!(cells.times, [20, STEP + 2, 2 * STEP + 10]);
    assert_eq!(cells.sum, [3.0, 7.0, 5.0]);
    assert_eq!(cells.last.times, [10, 20, STEP + 1, STEP + 2, 2 * STEP + 10]);
}

/// The same bits, or no number either.
fn alike(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
}

/// Values of a counter that starts anew now and then, at uneven times.
fn counter() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let row = (1_000i64..60_000, 0u32..1000, 0u8..12);
    prop::collection::vec(row, 1..400).prop_map(|rows| {
        let (mut time, mut value) = (0, 0.0);
        rows.into_iter()
            .map(|(wait, more, fate)| {
                time += wait;
                value = if fate == 0 { f64::from(more) / 3.0 } else { value + f64::from(more) };
                (time, value)
            })
            .collect()
    })
}

fn anything() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let value = prop_oneof![
        8 => (-1000i32..1000).prop_map(f64::from),
        1 => Just(STALE),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ];
    prop::collection::vec((1i64..200_000, value), 0..300).prop_map(|rows| {
        let mut time = 0;
        rows.into_iter()
            .map(|(wait, value)| {
                time += wait;
                (time, value)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn every_rise_of_a_counter_is_counted_at_either_resolution(rows in counter()) {
        let five = five(&rows, true);
        let hour = five.fold(Resolution::Hour, true);
        for cells in [&five, &hour] {
            let kept = lasts(cells);
            prop_assert!(kept.iter().all(|row| rows.contains(row)));
            // From any stretch's end to any later one's.
            let last_before = |end: i64, of: &[(i64, f64)]| of.iter().filter(|row| row.0 <= end).count();
            for (from, to) in [(0, i64::MAX), (2 * 3_600_000, 5 * 3_600_000), (3_600_000, 2 * 3_600_000)] {
                let all = &rows[last_before(from, &rows).saturating_sub(1)..last_before(to, &rows)];
                let some = &kept[last_before(from, &kept).saturating_sub(1)..last_before(to, &kept)];
                prop_assert!((rise(all) - rise(some)).abs() < 1e-6, "{from} {to}: {} {}", rise(all), rise(some));
            }
        }
    }

    #[test]
    fn figures_are_those_of_the_samples_of_each_stretch(rows in anything()) {
        let five = five(&rows, false);
        let cells = [(Resolution::FiveMinutes, five.clone()), (Resolution::Hour, five.fold(Resolution::Hour, false))];
        for (resolution, cells) in cells {
            let mut ends: Vec<i64> = rows.iter().filter(|row| !is_stale(row.1)).map(|row| resolution.end_of(row.0)).collect();
            ends.dedup();
            prop_assert_eq!(ends.len(), cells.times.len());
            for (at, end) in ends.into_iter().enumerate() {
                let own: Vec<(i64, f64)> = rows.iter().copied().filter(|row| !is_stale(row.1) && resolution.end_of(row.0) == end).collect();
                let values = || own.iter().map(|row| row.1);
                prop_assert_eq!(cells.times[at], own.last().unwrap().0);
                prop_assert!(alike(cells.count[at], own.len() as f64));
                // `f64::min` gives way to numbers as `min_over_time` does.
                let (min, max) = (values().fold(f64::NAN, f64::min), values().fold(f64::NAN, f64::max));
                prop_assert!(alike(cells.min[at], min));
                prop_assert!(alike(cells.max[at], max));
                let sum: f64 = values().sum();
                prop_assert!(alike(cells.sum[at], sum));
            }
        }
    }

    #[test]
    fn folding_again_changes_nothing(rows in anything()) {
        let once = five(&rows, false);
        let twice = once.fold(Resolution::FiveMinutes, false);
        prop_assert_eq!(&once.times, &twice.times);
        prop_assert_eq!(&once.count, &twice.count);
        let mut filled = once.clone();
        filled.add_missing(&once, Resolution::FiveMinutes);
        prop_assert_eq!(filled.last.times, once.last.times);
    }
}

#[test]
fn of_native_histograms_the_last_of_a_stretch_stays_and_those_around_new_starts() {
    let sample = |time: i64, count: f64, reset: ResetHint| HistogramSample {
        time: model::Time(time),
        histogram: std::sync::Arc::new(model::Histogram {
            count,
            reset,
            ..model::Histogram::default()
        }),
    };
    let times = |rows: &[HistogramSample]| -> Vec<i64> {
        let chunk = Chunk { histograms: rows.to_vec(), ..Chunk::default() };
        let folded = Cells::of_samples(chunk).fold(Resolution::FiveMinutes, false);
        folded.last.histograms.iter().map(|own| own.time.millis()).collect()
    };
    let counts = [1.0, 5.0, 9.0, 2.0, 3.0, 4.0, 8.0];
    let rows = |reset| -> Vec<HistogramSample> {
        (1..).zip(counts).map(|(at, count)| sample(at * 60_000, count, reset)).collect()
    };
    let minutes = |times: Vec<i64>| times.into_iter().map(|time| time / 60_000).collect::<Vec<_>>();
    assert_eq!(minutes(times(&rows(ResetHint::Unknown))), [1, 3, 4, 5, 7]);
    assert_eq!(minutes(times(&rows(ResetHint::Gauge))), [1, 5, 7]);
}

#[test]
fn figures_that_do_not_belong_together_are_forgotten() {
    let chunk = |times: &[i64]| Chunk {
        times: times.to_vec(),
        values: vec![1.0; times.len()],
        ..Chunk::default()
    };
    let figures = [Figure::Min, Figure::Max, Figure::Sum, Figure::Count];
    for (counts, agree) in [(&[10, 20][..], true), (&[10, 21], false), (&[10], true)] {
        let mut cells = Cells::default();
        let mut all = true;
        for figure in figures {
            let times = if figure == Figure::Count { counts } else { &[10, 20] };
            all &= cells.add_figure(figure, &mut chunk(times));
        }
        assert_eq!(all, agree, "{counts:?}");
        cells.even_out(all);
        let left = if counts == [10, 20] { 2 } else { 0 };
        assert_eq!((cells.times.len(), cells.sum.len(), cells.count.len()), (left, left, left));
    }
}
