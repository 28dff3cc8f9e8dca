//! Stores as earlier versions left them: a small one of each format is kept beside this, and read for ever.
//!
//! `cargo test -p store a_store_to_keep -- --ignored` makes the one of the present format, once, when a format is new.

use std::{fs, path::PathBuf};

use model::{Buckets, Histogram, HistogramSample, STALE, Span32};

use super::*;
use crate::store::place::FORMAT;

const MINUTE: i64 = 60_000;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What the kept store holds: floats of several kinds over two days, a native histogram, a stale marker.
fn content(from: i64, to: i64) -> Vec<Series> {
    let times = || (from..to).map(|at| NOW - 1440 * MINUTE + at * MINUTE);
    let floats = |name: &str, value: fn(i64) -> f64| {
        let rows: Vec<(i64, f64)> = times().map(|time| (time, value(time / MINUTE))).collect();
        series(labels(name, "a"), &rows)
    };
    let histogram = |at: i64| {
        let counts = vec![(at % 7) as f64, 2.0];
        let count = counts.iter().sum();
        let positive = Buckets { spans: vec![Span32 { offset: -1, length: 2 }], counts };
        Arc::new(Histogram {
            schema: 1,
            count,
            sum: 0.25 * count,
            positive,
            ..Histogram::default()
        })
    };
    let histograms = times()
        .map(|time| HistogramSample { time: Time(time), histogram: histogram(time / MINUTE) })
        .collect();
    vec![
        floats("counter_total", |at| (at % 1000) as f64 * 3.0),
        floats("gauge", |at| (at as f64 * 0.1).sin()),
        floats("hundredths", |at| (at * 7 % 400) as f64 / 100.0),
        Series { labels: labels("native", "a"), samples: Vec::new(), histograms },
        floats("sometimes", |at| if at % 10 == 0 { STALE } else { 1.0 }),
    ]
}

/// Copies a folder, since opening a store changes it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
#[ignore = "makes the kept store of the present format, once, when a format is new"]
fn a_store_to_keep() {
    let room = Room::new(StoreOptions::default());
    write(&room.store, &content(0, 1000));
    room.flush();
    write(&room.store, &content(1000, 1300));
    room.flush();
    // These rows stay in the log.
    write(&room.store, &content(1300, 1440));
    let format = FORMAT.rsplit(' ').next().unwrap();
    let fixture = fixtures().join(format!("format-{format}"));
    copy(room.dir.path(), &fixture);
    fs::remove_file(fixture.join("LOCK")).unwrap();
}

#[test]
fn the_kept_store_of_each_format_is_read() {
    let kept: Vec<PathBuf> =
        fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!kept.is_empty());
    for fixture in &kept {
        read(fixture);
    }
}

fn read(fixture: &Path) {
    let dir = tempfile::tempdir().unwrap();
    copy(fixture, dir.path());
    let clock = TurnedClock::at(Time(NOW));
    let store = open(dir.path(), StoreOptions::default(), &clock, quick());
    let found = all(&store);
    let wanted = content(0, 1440);
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        let rows = wanted.samples.iter().map(|own| (own.time.millis(), own.value.to_bits()));
        let values = found.values.iter().map(|value| value.to_bits());
        assert_eq!(found.labels, wanted.labels);
        assert!(found.times.iter().copied().zip(values).eq(rows), "{}", wanted.labels);
        assert_eq!(found.histograms, wanted.histograms, "{}", wanted.labels);
    }
    assert_eq!(store.stats().quarantined, 0);
}
