//! The queue as a whole: what is appended is read in order, whatever happens to the files in between.

use model::{Labels, Sample};
use proptest::prelude::*;
use std::path::PathBuf;

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
fn a_position_that_says_nothing_means_the_beginning() {
    let kit = Kit::new();
    append(&kit.open(), 0..10);
    let place = |offset| Position { segment: 1, offset, samples: 0 };
    let mut changed = place(99_999).line();
    changed.replace_range(30..31, "7");
    for (text, left) in [
        ("", 10),
        ("nothing", 10),
        ("\u{0}\u{0}", 10),
        (changed.as_str(), 10),
        (place(9).line().as_str(), 10),
        // As after a power cut that took the end of the segment.
        (place(99_999).line().as_str(), 0),
    ] {
        fs::write(kit.dir.path().join("position"), text).unwrap();
        let queue = kit.open();
        assert_eq!(rest(&queue, queue.position()).0.len(), left, "{text:?}");
        drop(queue);
    }
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
fn damage_costs_the_rest_of_its_segment_and_is_counted() {
    let mut kit = Kit::new();
    kit.options.bytes_max = 64 << 10;
    let queue = kit.open();
    for at in 0..50 {
        append(&queue, at * 100..(at + 1) * 100);
    }
    drop(queue);
    let paths = kit.segments();
    let mut bytes = fs::read(&paths[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&paths[1], bytes).unwrap();
    let queue = kit.open();
    let (found, end) = rest(&queue, queue.position());
    let lost = queue.figures().dropped(Dropped::Damaged);
    assert!(lost > 0);
    assert_eq!(found.len() as u64 + lost, 5000);
    assert_eq!((found.first(), found.last()), (Some(&0), Some(&4999)));
    assert_eq!(queue.samples_after(end), 0);
}

#[test]
fn a_disk_that_refuses_costs_samples_and_no_write_and_heals() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    drop(queue);
    let queue = kit.open();
    // The next segment cannot be made: something stands in its place.
    let next = kit.dir.path().join("0000000002.queue");
    fs::create_dir(&next).unwrap();
    append(&queue, 10..20);
    assert_eq!(queue.figures().dropped(Dropped::Unwritten), 10);
    fs::remove_dir(&next).unwrap();
    append(&queue, 20..30);
    let expected: Vec<u32> = (0..10).chain(20..30).collect();
    assert_eq!(rest(&queue, queue.position()).0, expected);
}

#[test]
fn a_write_that_fails_half_way_leaves_nothing_behind() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    // The file takes half a frame and then nothing more.
    let path = kit.segments().pop().unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, &[77; 30]).unwrap();
    queue.state.lock().writer = Some(Arc::new(fs::File::open(&path).unwrap()));
    append(&queue, 10..20);
    assert_eq!(queue.figures().dropped(Dropped::Unwritten), 10);
    append(&queue, 20..30);
    let expected: Vec<u32> = (0..10).chain(20..30).collect();
    assert_eq!(rest(&queue, queue.position()).0, expected);
    drop(queue);
    let queue = kit.open();
    assert_eq!(rest(&queue, queue.position()).0, expected);
    assert_eq!(queue.figures().dropped(Dropped::Damaged), 0);
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

#[test]
fn a_segment_of_a_later_version_is_refused_by_name() {
    let kit = Kit::new();
    fs::write(kit.dir.path().join("0000000001.queue"), "PLMFWD99 whatever").unwrap();
    let clock = Arc::new(kit.clock.clone());
    let error =
        Queue::open("test", kit.dir.path(), kit.options, Rewrite::default(), clock).unwrap_err();
    assert!(matches!(error, QueueError::Foreign { .. }), "{error:?}");
}

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Confirm(u8),
    Tend,
    Restart,
    Wait(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_u8..200).prop_map(Step::Append),
        3 => any::<u8>().prop_map(Step::Confirm),
        1 => Just(Step::Tend),
        1 => Just(Step::Restart),
        1 => any::<u8>().prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut off anywhere, a queue gives a beginning of what was appended, and takes more.
    #[test]
    fn a_queue_that_is_cut_anywhere_gives_a_beginning(records in 1_u32..12, cut in 0.0_f64..=1.0) {
        let kit = Kit::new();
        let queue = kit.open();
        for at in 0..records {
            append(&queue, at * 7..(at + 1) * 7);
        }
        drop(queue);
        let path = kit.segments().pop().unwrap();
        let length = fs::metadata(&path).unwrap().len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the length")]
        let kept = (length as f64 * cut) as u64;
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(kept).unwrap();
        let queue = kit.open();
        let (found, _) = rest(&queue, queue.position());
        prop_assert_eq!(&found, &(0..u32::try_from(found.len()).unwrap()).collect::<Vec<_>>());
        prop_assert_eq!(found.len() % 7, 0);
        prop_assert!(kept < length || found.len() == records as usize * 7);
        append(&queue, 1000..1007);
        let (after, _) = rest(&queue, queue.position());
        prop_assert_eq!(after.len(), found.len() + 7);
        let torn = kept > 8 && kept < length && found.len() < records as usize * 7;
        prop_assert!(torn || queue.figures().dropped(Dropped::Damaged) == 0);
    }

    /// Whatever happens, what is read is in order, without gaps but for what was counted as dropped, the position only
    /// goes forward, and the bound holds.
    #[test]
    fn nothing_is_lost_that_was_not_counted(steps in steps()) {
        let mut kit = Kit::new();
        kit.options.bytes_max = 16 << 10;
        let mut queue = kit.open();
        let (mut appended, mut dropped, mut delivered_max) = (0_u32, 0_u64, 0_u32);
        let mut last = queue.position();
        for step in steps {
            match step {
                Step::Append(count) => {
                    append(&queue, appended..appended + u32::from(count));
                    appended += u32::from(count);
                }
                Step::Confirm(samples) => {
                    let read = queue.read(queue.position(), u64::from(samples)).unwrap();
                    if let Some(end) = numbers(&read.batch).last() {
                        delivered_max = delivered_max.max(end + 1);
                    }
                    queue.confirm(read.next);
                }
                Step::Tend => queue.tend().unwrap(),
                Step::Wait(hours) => {
                    kit.clock.turn(Span::hours(i64::from(hours)));
                }
                Step::Restart => {
                    dropped += Dropped::ALL.iter().map(|why| queue.figures().dropped(*why)).sum::<u64>();
                    // As a clean stop does; the place would go back else, which is allowed, and tested above.
                    queue.close().unwrap();
                    drop(queue);
                    queue = kit.open();
                }
            }
            prop_assert!(queue.position() >= last || matches!(step, Step::Restart));
            last = queue.position();
            prop_assert!(queue.stats().bytes <= 16 << 10);
            let (found, _) = rest(&queue, queue.position());
            prop_assert_eq!(found.len() as u64, queue.stats().samples);
            prop_assert!(found.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            if let Some(newest) = found.last() {
                prop_assert_eq!(*newest + 1, appended);
            }
            let now_dropped = dropped + Dropped::ALL.iter().map(|why| queue.figures().dropped(*why)).sum::<u64>();
            let first = u64::from(found.first().copied().unwrap_or(appended));
            prop_assert!(first <= u64::from(delivered_max) + now_dropped, "{first} {delivered_max} {now_dropped}");
        }
    }

    /// Whatever bytes change, what is read was appended, in order, and the rest is counted.
    #[test]
    fn changed_bytes_cost_samples_and_nothing_else(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let kit = Kit::new();
        let queue = kit.open();
        for at in 0..20 {
            append(&queue, at * 7..(at + 1) * 7);
        }
        drop(queue);
        // Damage may lie in a segment that is not the last one, too.
        let path = kit.segments().pop().unwrap();
        append(&kit.open(), 1000..1007);
        let mut bytes = fs::read(&path).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fs::write(&path, bytes).unwrap();
        let clock = Arc::new(kit.clock.clone());
        let opened = Queue::open("test", kit.dir.path(), kit.options, Rewrite::default(), clock);
        let Ok(queue) = opened else { return Ok(()) };
        let (found, _) = rest(&queue, queue.position());
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found);
        prop_assert!(found.iter().all(|number| *number < 140 || (1000..1007).contains(number)));
        prop_assert!(found.ends_with(&(1000..1007).collect::<Vec<_>>()), "{:?}", found);
        let damaged = queue.figures().dropped(Dropped::Damaged);
        prop_assert!(found.len() == 147 || (1..=147).contains(&damaged), "{damaged} damaged");
        prop_assert_eq!(queue.stats().samples, found.len() as u64);
    }
}
