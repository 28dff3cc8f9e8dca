//! A small store whose files are changed: whatever happens to their bytes, it opens or says why not, never makes up a
//! sample, and can be tended and closed. The input is a list of changes.

#[path = "damage.rs"]
mod damage;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use model::{Labels, MatchOp, Matcher, Sample, SampleSink, Selection, Series, SeriesSource, Span, Time, TimeRange, Unlimited};
use store::{NoProgress, Store, StoreOptions};
use testkit::TurnedClock;

/// A noon in 2023, so that the rows lie in two days.
const NOON: i64 = 1_700_049_600;

/// Path below the store, and bytes.
type Files = Vec<(PathBuf, Vec<u8>)>;
/// What was written: labels, then times and bits of values.
type Truth = BTreeMap<String, BTreeMap<i64, u64>>;

struct Base {
    files: Files,
    truth: Truth,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let dir = folder();
    let mut truth = Truth::new();
    let clock = TurnedClock::at(Time::from_secs(NOON));
    let store = Store::open(dir.path(), options(), Arc::new(clock.clone()), &NoProgress).expect("a new store opens");
    write(&store, &mut truth, 0..60);
    store.close().expect("it closes");
    drop(store);
    let store = Store::open(dir.path(), options(), Arc::new(clock), &NoProgress).expect("it opens again");
    write(&store, &mut truth, 60..90);
    // As after `kill -9`: the last rows are in the log alone.
    let mut files = Files::new();
    read(dir.path(), dir.path(), &mut files);
    drop(store);
    Base { files, truth }
});

fn options() -> StoreOptions {
    StoreOptions::default()
}

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a temporary folder")
}

fn write(store: &Store, truth: &mut Truth, steps: std::ops::Range<i64>) {
    let mut all = Vec::new();
    for number in 0..12_i64 {
        let (name, host) = (format!("metric_{}", number % 3), format!("host-{number}"));
        let labels = Labels::from_pairs([("__name__", name.as_str()), ("host", host.as_str())]);
        // Three minutes apart from the day before on.
        let samples: Vec<Sample> = steps
            .clone()
            .map(|step| Sample { time: Time::from_secs(NOON - 16 * 3600 + step * 600), value: (step * (number + 1)) as f64 + if number % 4 == 0 { 0.1 } else { 0.0 } })
            .collect();
        let known = truth.entry(labels.to_string()).or_default();
        known.extend(samples.iter().map(|sample| (sample.time.millis(), sample.value.to_bits())));
        all.push(Series::new(labels, samples));
    }
    store.write(&all).expect("it takes samples");
}

fn read(root: &Path, dir: &Path, files: &mut Files) {
    let mut entries: Vec<_> = fs::read_dir(dir).expect("it can be read").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(root, &path, files);
        } else {
            files.push((path.strip_prefix(root).expect("it is below").to_owned(), fs::read(&path).expect("it can be read")));
        }
    }
}

fn check(store: &Store, truth: &Truth) -> usize {
    let all = [Matcher::new("__name__", MatchOp::Regex, ".+").expect("it is a pattern")];
    let found = store.select(&Selection::new(&all, TimeRange { from: Time::MIN, to: Time::MAX }, &Unlimited));
    let mut count = 0;
    for columns in found.unwrap_or_default() {
        let known = truth.get(&columns.labels.to_string()).expect("a series was made up");
        for (time, value) in columns.times.iter().zip(&columns.values) {
            assert_eq!(known.get(time), Some(&value.to_bits()), "a sample was made up: {} at {time}", columns.labels);
            count += 1;
        }
    }
    count
}

/// Changes the files that may change, and sees what the store makes of them.
pub fn run(may_change: fn(&Path) -> bool, input: &[u8]) {
    let base = &*BASE;
    let mut files = base.files.clone();
    let mut open: Vec<_> = files.iter_mut().filter(|(path, _)| may_change(path)).map(|(_, bytes)| bytes).collect();
    damage::damage(&mut open, input);
    let dir = folder();
    for (path, bytes) in &files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder is made");
        fs::write(path, bytes).expect("a file is written");
    }
    let clock = TurnedClock::at(Time::from_secs(NOON));
    match Store::open(dir.path(), options(), Arc::new(clock.clone()), &NoProgress) {
        Ok(store) => {
            let count = check(&store, &base.truth);
            if files == base.files {
                assert_eq!(count, base.truth.values().map(BTreeMap::len).sum::<usize>(), "nothing was damaged and something is missing");
            }
            clock.turn(Span::minutes(10));
            for _ in 0..3 {
                drop(store.maintain());
            }
            check(&store, &base.truth);
            drop(store.close());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
