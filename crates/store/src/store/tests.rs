//! The whole store in a temporary directory, against the oracle in memory.

mod behaviour;
mod bounds;
mod clock;
mod coarse;
mod damage;
mod faults;
mod formats;
mod full;
mod limits;
mod native;
mod property;
mod reading;

use std::{path::Path, sync::Arc};

use model::{
    Columns, Labels, METRIC_NAME, Matcher, Sample, SampleSink, Selection, Series, SeriesSource,
    Span, Time, TimeRange, Unlimited, WriteReceipt,
};
use testkit::{MemoryStore, TurnedClock};

use super::Store;
use crate::{
    NoProgress, StoreOptions, SyncPolicy,
    disk::files::{Files, NoFaults},
};

/// 2026-11-20, 12:00.
const NOW: i64 = 20_777 * 86_400_000 + 43_200_000;

/// A store in a directory with a clock to turn.
struct Room {
    dir: tempfile::TempDir,
    clock: TurnedClock,
    options: StoreOptions,
    store: Store,
}

impl Room {
    fn new(options: StoreOptions) -> Self {
        Self::with(options, quick())
    }

    fn with(options: StoreOptions, files: Files) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = TurnedClock::at(Time(NOW));
        let store = open(dir.path(), options, &clock, files);
        Self { dir, clock, options, store }
    }

    /// As after a kill: the store is dropped as it is.
    fn reopen(self) -> Self {
        self.reopen_with(quick())
    }

    fn reopen_with(self, files: Files) -> Self {
        let Self { dir, clock, options, store } = self;
        drop(store);
        let store = open(dir.path(), options, &clock, files);
        Self { dir, clock, options, store }
    }

    /// Turns everything in memory into parts.
    fn flush(&self) {
        self.clock.turn(Span::minutes(6));
        self.store.maintain().unwrap();
    }

    fn parts(&self) -> Vec<String> {
        self.files("raw")
            .into_iter()
            .filter(|name| name.rsplit('.').next() == Some("part"))
            .collect()
    }

    fn files(&self, sub: &str) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.dir.path().join(sub), &mut names);
        names.sort();
        names
    }
}

fn collect(dir: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else {
            names.push(path.display().to_string());
        }
    }
}

fn open(dir: &Path, options: StoreOptions, clock: &TurnedClock, files: Files) -> Store {
    Store::open_with(dir, options, Arc::new(clock.clone()), &NoProgress, files).unwrap()
}

/// Files that are not forced to the disk.
fn quick() -> Files {
    Files::failing(Arc::new(NoFaults))
}

/// Everything becomes full soon.
fn small() -> StoreOptions {
    StoreOptions {
        buffer_rows_max: 16,
        memory_rows_max: 200,
        future_max: Span::days(10),
        ..StoreOptions::default()
    }
}

fn labels(name: &str, host: &str) -> Labels {
    Labels::from_pairs([(METRIC_NAME, name), ("host", host)])
}

fn series(labels: Labels, samples: &[(i64, f64)]) -> Series {
    let sample = |(time, value): &(i64, f64)| Sample { time: Time(*time), value: *value };
    Series::new(labels, samples.iter().map(sample).collect())
}

fn write(store: &Store, batch: &[Series]) -> WriteReceipt {
    store.write(batch).unwrap()
}

fn select(source: &dyn SeriesSource, matchers: &[Matcher], from: i64, to: i64) -> Vec<Columns> {
    let range = TimeRange { from: Time(from), to: Time(to) };
    source.select(&Selection::new(matchers, range, &Unlimited)).unwrap()
}

fn all(source: &dyn SeriesSource) -> Vec<Columns> {
    select(source, &[], i64::MIN, i64::MAX)
}

/// With floats as bits, so that not-a-numbers compare.
fn bits(columns: Vec<Columns>) -> Vec<(Labels, Vec<i64>, Vec<u64>)> {
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect();
    columns.into_iter().map(|own| (own.labels, own.times, bits(own.values))).collect()
}

#[track_caller]
fn same(store: &Store, oracle: &MemoryStore) {
    assert_eq!(bits(all(store)), bits(all(oracle)));
}
