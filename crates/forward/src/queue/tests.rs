//! The queue as a whole: what is appended is read in order, whatever happens to the files in between.

mod chance;
mod damage;

use std::path::PathBuf;

use model::{Labels, Sample};
use tempfile::TempDir;
use testkit::TurnedClock;

use super::*;

const NOW: Time = Time(1_700_000_000_000);

struct Kit {
    dir: TempDir,
    clock: TurnedClock,
    options: QueueOptions,
}

impl Kit {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, clock: TurnedClock::at(NOW), options: QueueOptions::default() }
    }

    fn open(&self) -> Queue {
        let clock = Arc::new(self.clock.clone());
        Queue::open("test", self.dir.path(), self.options, Rewrite::default(), clock).unwrap()
    }

    /// The files of segments, in order.
    fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|own| own == "queue")).collect();
        paths.sort();
        paths
    }
}

/// A batch whose samples have these numbers as values.
fn batch(numbers: std::ops::Range<u32>) -> Batch {
    let mut batch = Batch::new("test");
    for number in numbers {
        batch.push(Sample { time: NOW, value: f64::from(number) });
        let name = format!("series_{}", number % 100);
        batch.end_packed(Labels::from_pairs([("__name__", name.as_str())]).as_ref());
    }
    batch
}

fn append(queue: &Queue, numbers: std::ops::Range<u32>) {
    queue.append(&batch(numbers), TimeRange::ALL);
}

fn numbers(batch: &Batch) -> Vec<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small whole numbers"
    )]
    batch.iter().flat_map(|own| own.samples).map(|own| own.value as u32).collect()
}

/// Everything from a place on, and where that ends.
fn rest(queue: &Queue, from: Position) -> (Vec<u32>, Position) {
    let (mut found, mut at) = (Vec::new(), from);
    loop {
        let read = queue.read(at, 500).unwrap();
        assert!(read.next >= at, "a position never goes back");
        if read.batch.is_empty() && read.next == at {
            return (found, at);
        }
        found.extend(numbers(&read.batch));
        at = read.next;
    }
}

#[test]
fn what_is_appended_is_read_in_order_and_after_a_restart_too() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    append(&queue, 10..30);
    let (found, end) = rest(&queue, queue.position());
    assert_eq!(found, (0..30).collect::<Vec<_>>());
    assert_eq!((queue.stats().samples, queue.samples_after(end)), (30, 0));
    // Killed: nothing was closed.
    drop(queue);
    let queue = kit.open();
    append(&queue, 30..40);
    assert_eq!(rest(&queue, queue.position()).0, (0..40).collect::<Vec<_>>());
    assert_eq!(queue.stats().samples, 40);
}

#[test]
fn what_is_confirmed_and_taken_down_is_not_read_again() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    let first = queue.read(queue.position(), 1).unwrap();
    append(&queue, 10..20);
    queue.confirm(first.next);
    drop(queue);
    let queue = kit.open();
    assert_eq!(queue.stats().samples, 10);
    assert_eq!(rest(&queue, queue.position()).0, (10..20).collect::<Vec<_>>());
}

#[test]
fn numbers_are_never_used_twice() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    let end = rest(&queue, queue.position()).1;
    queue.confirm(end);
    queue.close().unwrap();
    drop(queue);
    // All is delivered, and the segment was removed by hand.
    for path in kit.segments() {
        fs::remove_file(path).unwrap();
    }
    let queue = kit.open();
    append(&queue, 10..20);
    queue.confirm(end);
    assert_eq!(rest(&queue, queue.position()).0, (10..20).collect::<Vec<_>>());
}

#[test]
fn at_the_bound_of_bytes_the_oldest_go_and_are_counted() {
    let mut kit = Kit::new();
    kit.options.bytes_max = 64 << 10;
    let queue = kit.open();
    for at in 0..200 {
        append(&queue, at * 100..(at + 1) * 100);
        assert!(queue.stats().bytes <= 64 << 10);
        let on_disk: u64 =
            kit.segments().iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(on_disk <= 64 << 10, "{on_disk} bytes on disk");
    }
    let (found, _) = rest(&queue, queue.position());
    let dropped = queue.figures().dropped(Dropped::Full);
    assert!(dropped > 0 && found.len() > 1000);
    assert_eq!(found, (u32::try_from(dropped).unwrap()..20_000).collect::<Vec<_>>());
    assert_eq!(queue.stats().samples, found.len() as u64);
}

#[test]
fn a_reader_whose_segment_was_dropped_goes_on_with_the_oldest_that_is_left() {
    let mut kit = Kit::new();
    kit.options.bytes_max = 64 << 10;
    let queue = kit.open();
    append(&queue, 0..100);
    let early = queue.read(queue.position(), 1).unwrap().next;
    for at in 1..200 {
        append(&queue, at * 100..(at + 1) * 100);
    }
    let (found, _) = rest(&queue, early);
    assert_eq!(found.last(), Some(&19_999));
    assert!(found.is_sorted());
    queue.confirm(early);
    assert_eq!(queue.stats().samples, found.len() as u64);
}

#[test]
fn a_batch_that_never_fits_is_dropped_and_costs_no_other() {
    let mut kit = Kit::new();
    kit.options.bytes_max = 4 << 10;
    let queue = kit.open();
    append(&queue, 0..10);
    append(&queue, 10..100_000);
    assert_eq!(queue.figures().dropped(Dropped::Full), 99_990);
    assert_eq!(rest(&queue, queue.position()).0.len(), 10);
}

#[test]
fn what_waits_too_long_goes_and_is_counted() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    kit.clock.turn(Span::hours(12));
    queue.tend().unwrap();
    append(&queue, 10..30);
    kit.clock.turn(Span::hours(61));
    queue.tend().unwrap();
    assert_eq!(queue.figures().dropped(Dropped::Old), 10);
    assert_eq!(rest(&queue, queue.position()).0, (10..30).collect::<Vec<_>>());
    kit.clock.turn(Span::days(4));
    queue.tend().unwrap();
    assert_eq!((queue.figures().dropped(Dropped::Old), queue.stats().samples), (30, 0));
    append(&queue, 30..40);
    assert_eq!(rest(&queue, queue.position()).0, (30..40).collect::<Vec<_>>());
}

#[test]
fn segments_that_are_delivered_leave_the_disk() {
    let mut kit = Kit::new();
    kit.options.bytes_max = 256 << 10;
    let queue = kit.open();
    for at in 0..100 {
        append(&queue, at * 100..(at + 1) * 100);
    }
    assert!(kit.segments().len() > 2);
    let end = rest(&queue, queue.position()).1;
    queue.confirm(end);
    assert_eq!((kit.segments().len(), queue.stats().samples), (1, 0));
}

#[test]
fn many_append_while_one_reads_and_each_is_in_order() {
    let mut kit = Kit::new();
    kit.options.bytes_max = 8 << 20;
    let queue = kit.open();
    let (writers, each) = (4, 200);
    let found = std::thread::scope(|scope| {
        for writer in 0..writers {
            let queue = &queue;
            scope.spawn(move || {
                for at in 0..each {
                    let first = writer * 1_000_000 + at * 10;
                    append(queue, first..first + 10);
                }
            });
        }
        let (mut found, mut at) = (Vec::new(), queue.position());
        while found.len() < (writers * each * 10) as usize {
            let read = queue.read(at, 100).unwrap();
            found.extend(numbers(&read.batch));
            at = read.next;
            queue.confirm(at);
        }
        found
    });
    for writer in 0..writers {
        let own = found.iter().filter(|number| **number / 1_000_000 == writer).copied();
        let expected = (0..each * 10).map(|at| writer * 1_000_000 + at);
        assert!(own.eq(expected), "writer {writer}");
    }
    assert_eq!(queue.stats().samples, 0);
}
