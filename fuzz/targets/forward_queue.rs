//! Files of a queue of samples: whatever happens to their bytes, it opens or says why not, gives nothing that was not
//! appended and nothing out of order, and takes more. The input is a list of changes to segments and position.
#![no_main]

#[path = "kit/damage.rs"]
mod damage;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use forward::{Position, Queue, QueueOptions, Rewrite};
use libfuzzer_sys::fuzz_target;
use model::{Batch, Labels, Sample, Time, TimeRange};
use testkit::TurnedClock;

const NOW: Time = Time(1_700_000_000_000);
/// Samples that are in the files.
const APPENDED: u32 = 3000;
/// Samples that are appended after the damage.
const MORE: u32 = 20;

/// Names in the queue's folder, and bytes.
type Files = Vec<(PathBuf, Vec<u8>)>;

static BASE: LazyLock<Files> = LazyLock::new(|| {
    let dir = folder();
    let queue = open(dir.path()).expect("a new queue opens");
    for first in (0..APPENDED).step_by(100) {
        append(&queue, first..first + 100);
    }
    let read = queue.read(queue.position(), 500).expect("it can be read");
    queue.confirm(read.next);
    queue.close().expect("it closes");
    drop(queue);
    let mut files: Files = fs::read_dir(dir.path())
        .expect("it can be read")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.file_name().expect("a name").into(), fs::read(&path).expect("it can be read")))
        .collect();
    files.sort();
    assert!(files.len() > 3, "there are several segments and a position");
    files
});

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a temporary folder")
}

fn open(dir: &Path) -> Result<Queue, forward::QueueError> {
    let options = QueueOptions { bytes_max: 64 << 10, ..QueueOptions::default() };
    Queue::open("fuzz", dir, options, Rewrite::default(), Arc::new(TurnedClock::at(NOW)))
}

fn append(queue: &Queue, numbers: std::ops::Range<u32>) {
    let mut batch = Batch::new("fuzz");
    for number in numbers {
        batch.push(Sample { time: NOW, value: f64::from(number) });
        let name = format!("series_{}", number % 30);
        batch.end_packed(Labels::from_pairs([("__name__", name.as_str())]).as_ref());
    }
    queue.append(&batch, TimeRange::ALL);
}

/// All that is left, in the order it is read.
fn rest(queue: &Queue) -> (Vec<f64>, Position) {
    let (mut found, mut at) = (Vec::new(), queue.position());
    loop {
        let read = queue.read(at, 700).expect("files that are there can be read");
        assert!(read.next >= at, "a place goes back");
        found.extend(read.batch.iter().flat_map(|own| own.samples).map(|own| own.value));
        if read.next == at {
            return (found, at);
        }
        at = read.next;
    }
}

fuzz_target!(|input: &[u8]| {
    let mut files = BASE.clone();
    let mut open: Vec<_> = files.iter_mut().map(|(_, bytes)| bytes).collect();
    damage::damage(&mut open, input);
    let dir = folder();
    for (name, bytes) in &files {
        fs::write(dir.path().join(name), bytes).expect("a file is written");
    }
    let queue = match open(dir.path()) {
        Ok(queue) => queue,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (found, _) = rest(&queue);
    assert!(found.iter().all(|own| own.fract() == 0.0 && (0.0..f64::from(APPENDED)).contains(own)), "a sample was made up");
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "samples are out of order");
    if files == *BASE {
        assert_eq!(found.last(), Some(&f64::from(APPENDED - 1)), "nothing was damaged and something is missing");
    }
    append(&queue, APPENDED..APPENDED + MORE);
    let (after, end) = rest(&queue);
    assert!(after.ends_with(&(APPENDED..APPENDED + MORE).map(f64::from).collect::<Vec<_>>()), "what is new is missing");
    queue.confirm(end);
    drop(queue.tend());
    assert_eq!(queue.stats().samples, 0, "something waits that was confirmed");
});
