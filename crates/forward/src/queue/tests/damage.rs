//! Files that are not what they should be, and disks that refuse: what can be read is read, and the rest is counted.

use super::*;

/// A queue of several segments with the samples 0 to 4999.
fn several_segments() -> (Kit, Queue) {
    let mut kit = Kit::new();
    kit.options.bytes_max = 64 << 10;
    let queue = kit.open();
    for at in 0..50 {
        append(&queue, at * 100..(at + 1) * 100);
    }
    (kit, queue)
}

/// Reads to the end: what does not come is counted as damaged, and that is neither the beginning nor the end.
fn all_but_the_damaged(queue: &Queue) -> Position {
    let (found, end) = rest(queue, queue.position());
    let lost = queue.figures().dropped(Dropped::Damaged);
    assert!(lost > 0);
    assert_eq!(found.len() as u64 + lost, 5000);
    assert_eq!((found.first(), found.last()), (Some(&0), Some(&4999)));
    assert_eq!(queue.samples_after(end), 0);
    end
}

#[test]
fn damage_costs_the_rest_of_its_segment_and_is_counted() {
    let (kit, queue) = several_segments();
    drop(queue);
    let paths = kit.segments();
    let mut bytes = fs::read(&paths[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&paths[1], bytes).unwrap();
    let queue = kit.open();
    all_but_the_damaged(&queue);
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
fn a_segment_of_a_later_version_is_refused_by_name() {
    let kit = Kit::new();
    fs::write(kit.dir.path().join("0000000001.queue"), "PLMFWD99 whatever").unwrap();
    let clock = Arc::new(kit.clock.clone());
    let error =
        Queue::open("test", kit.dir.path(), kit.options, Rewrite::default(), clock).unwrap_err();
    assert!(matches!(error, QueueError::Foreign { .. }), "{error:?}");
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

/// Half a segment's samples are read, then its file gives way to something that can be opened and not be read.
#[test]
fn a_segment_that_the_disk_does_not_give_is_damage_and_the_rest_goes_on() {
    let (kit, queue) = several_segments();
    let paths = kit.segments();
    assert!(paths.len() > 3);
    fs::remove_file(&paths[1]).unwrap();
    fs::create_dir(&paths[1]).unwrap();
    // Somebody has removed another.
    fs::remove_file(&paths[2]).unwrap();
    let end = all_but_the_damaged(&queue);
    queue.confirm(end);
    assert_eq!(queue.stats().samples, 0);
}

#[test]
fn a_start_passes_over_a_segment_that_the_disk_does_not_give() {
    let (kit, queue) = several_segments();
    drop(queue);
    let paths = kit.segments();
    let last = paths.len() - 1;
    for at in [1, last] {
        fs::remove_file(&paths[at]).unwrap();
        fs::create_dir(&paths[at]).unwrap();
    }
    let queue = kit.open();
    append(&queue, 5000..5100);
    let (found, end) = rest(&queue, queue.position());
    assert!(queue.figures().dropped(Dropped::Damaged) > 0);
    assert!(found.len() > 1000 && found.is_sorted());
    assert_eq!((found.first(), found.last()), (Some(&0), Some(&5099)));
    assert_eq!(queue.samples_after(end), 0);
}

#[test]
fn a_segment_that_may_not_be_read_is_waited_for() {
    let kit = Kit::new();
    let queue = kit.open();
    append(&queue, 0..10);
    let path = kit.segments().pop().unwrap();
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let too_many = std::io::Error::from_raw_os_error(24);
    assert!(may_pass(&denied) && may_pass(&too_many));
    let broken = std::io::Error::from_raw_os_error(5);
    let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
    assert!(!may_pass(&broken) && !may_pass(&gone));
    let mode = |mode| {
        let allowed = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(&path, allowed).unwrap();
    };
    mode(0o000);
    // Nobody keeps anything from root.
    if fs::File::open(&path).is_err() {
        assert!(matches!(queue.read(queue.position(), 10), Err(QueueError::Io { .. })));
        assert_eq!(queue.figures().dropped(Dropped::Damaged), 0);
    }
    mode(0o600);
    assert_eq!(rest(&queue, queue.position()).0.len(), 10);
}
