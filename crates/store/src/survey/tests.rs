//! A store looked at from outside, whole and damaged, open and closed.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
};

use model::{
    Batch, Buckets, Clock, Histogram, HistogramSample, Labels, MatchOp, Matcher, Sample,
    SampleSink as _, Selection, Series, SeriesSource as _, Span, Span32, Time, TimeRange,
    Unlimited,
};
use testkit::TurnedClock;

use super::{inspect, snapshot, top, verify};
use crate::{NoProgress, Store, StoreOptions};

const NOON: i64 = 1_700_049_600;

fn open(dir: &Path) -> Store {
    let clock: Arc<dyn Clock> = Arc::new(TurnedClock::at(Time::from_secs(NOON)));
    Store::open(dir, StoreOptions::default(), clock, &NoProgress).unwrap()
}

fn write(store: &Store, from: i64, count: i64) {
    let series: Vec<Series> = (0..20_i32)
        .map(|number| {
            let host = format!("host-{number}");
            let labels = Labels::from_pairs([
                ("__name__", if number % 2 == 0 { "up" } else { "load" }),
                ("host", &host),
                ("job", "node"),
            ]);
            let at = |step: i64| Time::from_secs(NOON - 7200 + (from + step) * 15);
            Series::new(
                labels,
                (0..count)
                    .map(|step| Sample {
                        time: at(step),
                        value: (step * 3 + i64::from(number)) as f64,
                    })
                    .collect(),
            )
        })
        .collect();
    store.write_batch(&Batch::of("test", &series)).unwrap();
}

fn samples(dir: &Path) -> usize {
    let store = open(dir);
    let all = [Matcher::new("__name__", MatchOp::Regex, ".+").unwrap()];
    let range = TimeRange { from: Time::MIN, to: Time::MAX };
    let found = store.select(&Selection::new(&all, range, &Unlimited)).unwrap();
    found.iter().map(|columns| columns.times.len()).sum()
}

fn file(dir: &Path, ending: &str) -> std::path::PathBuf {
    let day = fs::read_dir(dir.join("raw")).unwrap().next().unwrap().unwrap().path();
    let mut all: Vec<_> = fs::read_dir(day).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all.into_iter().find(|path| path.extension().is_some_and(|own| own == ending)).unwrap()
}

#[test]
fn a_snapshot_of_an_open_store_has_everything_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let store = open(&dir);
    write(&store, 0, 100);
    store.close().unwrap();
    drop(store);
    let store = open(&dir);
    write(&store, 100, 50);
    // From outside, and by the store itself.
    let made = store.snapshot(&folder.path().join("own")).unwrap();
    assert_eq!(made, snapshot(&dir, &copy).unwrap());
    assert!(made.linked >= 2 && made.copied_bytes > 0, "{made:?}");
    write(&store, 150, 10);
    assert_eq!(samples(&copy), 20 * 150);
    // What the store lets go of stays in the snapshot.
    store.close().unwrap();
    drop(store);
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(samples(&copy), 20 * 150);
    assert_eq!(samples(&folder.path().join("own")), 20 * 150);
    assert!(snapshot(&copy, &copy).is_err(), "it does not write over what is there");
}

#[test]
fn a_whole_store_has_no_flaw_and_its_figures_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, 0, 100);
    store.close().unwrap();
    drop(store);
    let store = open(folder.path());
    write(&store, 100, 7);
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!(found.flaws, []);
    assert_eq!(found.samples, 20 * 107);
    let inspection = inspect(folder.path()).unwrap();
    assert_eq!(
        (inspection.samples(), inspection.days.len(), inspection.days[0].series),
        (2000, 1, 20)
    );
    assert_eq!(inspection.days[0].day, "2023-11-15");
    assert!(inspection.bytes() > 0 && inspection.log_bytes > 0);
    let top = top(folder.path(), None, 3).unwrap();
    assert_eq!((top.series, top.new, top.metrics.len()), (20, 20, 2));
    assert_eq!((top.sources[0].value.as_str(), top.sources[0].series), ("node", 20));
    assert_eq!((top.pairs[0].name.as_str(), top.pairs[0].value.as_str()), ("job", "node"));
    assert_eq!((top.pairs[0].series, top.pairs[1].series), (20, 1));
    assert_eq!((top.labels[0].name.as_str(), top.labels[0].values), ("host", 20));
}

#[test]
fn a_flipped_bit_is_named_with_its_file_and_series() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, 0, 100);
    store.close().unwrap();
    drop(store);
    let path = file(folder.path(), "part");
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!(found.flaws.len(), 1, "{:?}", found.flaws);
    let flaw = &found.flaws[0];
    assert_eq!((&flaw.path, flaw.offset), (&path, Some(8)));
    assert!(flaw.series > 0 && flaw.named[0].contains("host-"), "{flaw:?}");
    assert_eq!(flaw.samples, Some(2000 - found.samples));
    assert_eq!(flaw.samples, Some(flaw.series * 100));
    // A part whose end is gone is named as a whole.
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!((found.flaws.len(), found.flaws[0].offset), (1, None));
    fs::write(&path, &whole).unwrap();
    assert_eq!(verify(folder.path(), |_| {}).unwrap().flaws, []);
    let path = file(folder.path(), "index");
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!(found.flaws.len(), 1, "{:?}", found.flaws);
    assert_eq!((&found.flaws[0].path, found.flaws[0].series), (&path, 20));
    assert_eq!(found.samples, 2000, "samples are where they were");
}

#[test]
fn every_flipped_bit_is_found_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, 0, 30);
    store.close().unwrap();
    drop(store);
    let store = open(folder.path());
    write(&store, 30, 5);
    drop(store);
    let log = fs::read_dir(folder.path().join("log")).unwrap().next().unwrap().unwrap().path();
    for path in [file(folder.path(), "part"), file(folder.path(), "index"), log] {
        let whole = fs::read(&path).unwrap();
        let ending = path.extension().unwrap().to_owned();
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, &bytes).unwrap();
            let found = verify(folder.path(), |_| {}).unwrap();
            // The last record of the log may be one that was never written to its end.
            let torn = ending == "log" && found.samples == 20 * 30;
            assert!(!found.flaws.is_empty() || torn, "byte {at} of {}", path.display());
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(verify(folder.path(), |_| {}).unwrap().flaws, []);
}

#[test]
fn damage_in_the_log_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, 0, 30);
    write(&store, 30, 30);
    write(&store, 60, 30);
    drop(store);
    let log = fs::read_dir(folder.path().join("log")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&log).unwrap();
    let second = 16 + u64::from(u32::from_le_bytes(bytes[8..12].try_into().unwrap()));
    bytes[usize::try_from(second).unwrap() + 20] ^= 1;
    fs::write(&log, &bytes).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!((found.samples, found.flaws.len()), (20 * 30, 1));
    assert_eq!((&found.flaws[0].path, found.flaws[0].offset), (&log, Some(second)));
}

#[test]
fn native_histograms_are_checked_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, 0, 10);
    let histogram = Histogram {
        count: 3.0,
        sum: 4.5,
        positive: Buckets { spans: vec![Span32 { offset: 1, length: 2 }], counts: vec![1.0, 2.0] },
        ..Histogram::default()
    };
    let mut batch = Batch::new("test");
    for step in 0..50 {
        let time = Time::from_secs(NOON - 3600 + step * 15);
        batch.push_histogram(HistogramSample { time, histogram: histogram.clone().into() });
    }
    batch.end_packed(Labels::from_pairs([("__name__", "latency")]).as_ref());
    store.write_batch(&batch).unwrap();
    store.close().unwrap();
    drop(store);
    assert_eq!(verify(folder.path(), |_| {}).unwrap().samples, 20 * 10 + 50);
    let day = &inspect(folder.path()).unwrap().days[0];
    assert_eq!((day.samples, day.histograms, day.series), (250, 50, 21));
    assert!(day.blocks >= 21);
}

#[test]
fn a_folder_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(verify(folder.path(), |_| {}).is_err());
    assert!(inspect(folder.path()).is_err());
    assert!(snapshot(folder.path(), &folder.path().join("x")).is_err());
    assert!(!folder.path().join("x").try_exists().unwrap());
}

#[test]
fn an_open_store_says_who_brings_its_series() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    write(&store, 0, 1);
    let one = Series::new(
        Labels::from_pairs([("__name__", "up"), ("host", "other")]),
        vec![Sample { time: Time::from_secs(NOON), value: 1.0 }],
    );
    store.write_batch(&Batch::of("ward", &[one])).unwrap();
    let top = store.top(2);
    assert_eq!((top.day.as_str(), top.series, top.new), ("", 21, 21));
    let values = |all: &[super::TopValue]| -> Vec<(String, u64, u64)> {
        all.iter().map(|own| (own.value.clone(), own.series, own.new)).collect()
    };
    assert_eq!(values(&top.sources), [("test".to_owned(), 20, 20), ("ward".to_owned(), 1, 1)]);
    assert_eq!(values(&top.metrics), [("up".to_owned(), 11, 11), ("load".to_owned(), 10, 10)]);
    assert_eq!(
        (top.labels[0].name.as_str(), top.labels[0].values, top.labels.len()),
        ("host", 21, 2)
    );
    store.close().unwrap();
    drop(store);
    let top = open(folder.path()).top(5);
    assert_eq!((top.series, top.new), (21, 0));
    assert_eq!(values(&top.sources), [(String::new(), 21, 0)]);
}

#[test]
fn snapshots_beside_a_store_that_flushes_and_merges_have_everything_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    let clock = TurnedClock::at(Time::from_secs(NOON));
    let options = StoreOptions { flush_after: Span::millis(1), ..StoreOptions::default() };
    let store = Store::open(&dir, options, Arc::new(clock.clone()), &NoProgress).unwrap();
    let (acknowledged, stop) = (AtomicI64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            // An end, in case that a snapshot fails.
            for step in 0..50_000 {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                write(&store, step, 1);
                acknowledged.store(step + 1, Ordering::Release);
                clock.turn(Span::secs(1));
                if step % 3 == 0 {
                    store.maintain().unwrap();
                }
            }
        });
        for round in 0..8 {
            let copy = folder.path().join(format!("copy-{round}"));
            while acknowledged.load(Ordering::Acquire) < 50 * (round + 1) {
                thread::yield_now();
            }
            let least = acknowledged.load(Ordering::Acquire);
            if round % 2 == 0 {
                snapshot(&dir, &copy).unwrap();
            } else {
                store.snapshot(&copy).unwrap();
            }
            let most = acknowledged.load(Ordering::Acquire) + 1;
            assert_eq!(verify(&copy, |_| {}).unwrap().flaws, []);
            let found = i64::try_from(samples(&copy)).unwrap();
            assert!((20 * least..=20 * most).contains(&found), "{found} of {least} to {most}");
        }
        stop.store(true, Ordering::Release);
    });
    assert!(store.stats().merges > 0, "nothing was merged meanwhile");
}
