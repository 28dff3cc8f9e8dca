//! Native histograms take the way of floats: log, buffer, runs, parts, merges.

use model::{Buckets, Histogram, HistogramSample, Span32};

use super::*;

fn histogram(round: usize) -> Arc<Histogram> {
    let width = u32::try_from(round % 4 + 1).unwrap();
    let counts: Vec<f64> = (0..width).map(|at| f64::from(at) + round as f64).collect();
    let count = counts.iter().sum();
    let spans = vec![Span32 { offset: -2, length: width }];
    let positive = Buckets { spans, counts };
    Arc::new(Histogram { schema: 3, count, sum: 0.5 * count, positive, ..Histogram::default() })
}

fn batch(host: &str, round: usize, time: i64) -> Series {
    let histograms = vec![HistogramSample { time: Time(time), histogram: histogram(round) }];
    Series { labels: labels("latency", host), samples: Vec::new(), histograms }
}

#[track_caller]
fn equal(room: &Room, oracle: &MemoryStore) {
    for (from, to) in [(i64::MIN, i64::MAX), (NOW - 50_000, NOW + 70_000)] {
        assert_eq!(select(&room.store, &[], from, to), select(oracle, &[], from, to));
    }
}

#[test]
fn histograms_are_found_wherever_they_lie() {
    let mut room = Room::new(StoreOptions { buffer_rows_max: 64, ..small() });
    let oracle = MemoryStore::default();
    for round in 0..40usize {
        let past = 15_000 * i64::try_from(round).unwrap();
        let time = NOW + past;
        let mut both = vec![batch("a", round, time), batch("b", round + 1, time)];
        both.push(series(labels("up", "a"), &[(time, 1.0)]));
        // Late ones, and one that replaces what is there.
        both.push(batch("late", round, NOW - past));
        both.push(batch("again", round, NOW));
        write(&room.store, &both);
        oracle.write(&both).unwrap();
        match round {
            10 | 25 => room.flush(),
            15 | 30 => room = room.reopen(),
            _ => {}
        }
        equal(&room, &oracle);
    }
    room.flush();
    equal(&room, &oracle);
    room.clock.turn(Span::days(2));
    for _ in 0..20 {
        room.clock.turn(Span::minutes(20));
        room.store.maintain().unwrap();
    }
    assert_eq!(room.parts().len(), 1, "{:?}", room.parts());
    equal(&room, &oracle);
    equal(&room.reopen(), &oracle);
}

#[test]
fn a_histogram_takes_the_place_of_a_float_of_its_time() {
    let room = Room::new(small());
    write(&room.store, &[series(labels("latency", "a"), &[(NOW, 1.0), (NOW + 1, 2.0)])]);
    write(&room.store, &[batch("a", 1, NOW)]);
    let found = all(&room.store);
    assert_eq!((found[0].times.as_slice(), found[0].histograms.len()), (&[NOW + 1][..], 1));
}

#[test]
fn large_histograms_fill_memory_by_their_bytes() {
    let options = StoreOptions { memory_rows_max: 5000, ..small() };
    let room = Room::new(options);
    let spans = vec![Span32 { offset: 0, length: 8000 }];
    let positive = Buckets { spans, counts: vec![1.0; 8000] };
    let large = Histogram { count: 8000.0, sum: 1.0, positive, ..Histogram::default() };
    let large = Arc::new(large);
    for round in 0..10 {
        let time = Time(NOW + round);
        let histograms = vec![HistogramSample { time, histogram: Arc::clone(&large) }];
        let labels = labels("latency", "a");
        write(&room.store, &[Series { labels, samples: Vec::new(), histograms }]);
    }
    assert!(!room.parts().is_empty());
    assert_eq!(all(&room.store)[0].histograms.len(), 10);
}
