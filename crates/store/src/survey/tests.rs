//! A store looked at from outside, whole and damaged, open and closed.

use std::{fs, path::Path, sync::Arc};

use model::{
    Batch, Clock, Labels, MatchOp, Matcher, Sample, SampleSink as _, Selection, Series,
    SeriesSource as _, Time, TimeRange, Unlimited,
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
    let made = snapshot(&dir, &copy).unwrap();
    assert!(made.linked >= 2 && made.copied_bytes > 0, "{made:?}");
    write(&store, 150, 10);
    assert_eq!(samples(&copy), 20 * 150);
    // What the store lets go of stays in the snapshot.
    store.close().unwrap();
    drop(store);
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(samples(&copy), 20 * 150);
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
    assert_eq!((top.jobs[0].value.as_str(), top.jobs[0].series), ("node", 20));
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
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!(found.flaws.len(), 1, "{:?}", found.flaws);
    let flaw = &found.flaws[0];
    assert_eq!((&flaw.path, flaw.offset), (&path, Some(8)));
    assert!(flaw.series > 0 && flaw.named[0].contains("host-"), "{flaw:?}");
    // A part whose end is gone is named as a whole.
    fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert_eq!((found.flaws.len(), found.flaws[0].offset), (1, None));
    let index = file(folder.path(), "index");
    let mut bytes = fs::read(&index).unwrap();
    bytes[20] ^= 1;
    fs::write(&index, &bytes).unwrap();
    let found = verify(folder.path(), |_| {}).unwrap();
    assert!(found.flaws.iter().any(|flaw| flaw.path == index), "{:?}", found.flaws);
}

#[test]
fn a_folder_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(verify(folder.path(), |_| {}).is_err());
    assert!(inspect(folder.path()).is_err());
    assert!(snapshot(folder.path(), &folder.path().join("x")).is_err());
    assert!(!folder.path().join("x").try_exists().unwrap());
}
