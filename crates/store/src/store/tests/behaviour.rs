//! What an operator relies on: limits, retention, damage, the lock, what is read.

use std::{fs, path::PathBuf, sync::Mutex};

use model::{Budget, BudgetSpent, Kind, WriteError};

use super::*;
use crate::{Progress, StoreError};

fn one(time: i64, value: f64) -> Vec<Series> {
    vec![series(labels("cpu", "a"), &[(NOW + time, value)])]
}

fn flip(path: &str, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_second_process_is_told_who_has_the_directory() {
    let room = Room::new(small());
    let clock = Arc::new(room.clock.clone());
    let error = Store::open(room.dir.path(), small(), clock, &NoProgress).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.to_string().contains(&format!("({})", std::process::id())), "{error}");
    room.store.close().unwrap();
    room.reopen();
}

#[test]
fn a_directory_of_another_format_is_refused() {
    let room = Room::new(small());
    let (dir, clock) = (room.dir, Arc::new(room.clock));
    drop(room.store);
    for text in ["plimsoll store 99\n", "", "\u{fffd}"] {
        fs::write(dir.path().join("FORMAT"), text).unwrap();
        let clock = Arc::<TurnedClock>::clone(&clock);
        let error = Store::open(dir.path(), small(), clock, &NoProgress).unwrap_err();
        assert!(matches!(error, StoreError::Format { .. }), "{error}");
    }
    fs::remove_file(dir.path().join("FORMAT")).unwrap();
    let error = Store::open(dir.path(), small(), clock, &NoProgress).unwrap_err();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
}

#[test]
fn samples_outside_what_is_kept_are_counted_and_left_out() {
    let room = Room::new(StoreOptions { retention: Span::days(10), ..StoreOptions::default() });
    let day = 86_400_000;
    let times = [0, day, day + 1, -10 * day, -10 * day - 1, i64::MIN, i64::MAX - NOW];
    let samples: Vec<(i64, f64)> =
        times.iter().map(|time| (NOW.saturating_add(*time), 1.0)).collect();
    let receipt = write(&room.store, &[series(labels("cpu", "a"), &samples)]);
    assert_eq!((receipt.accepted, receipt.out_of_range), (3, 4));
    assert_eq!(all(&room.store)[0].times, [NOW - 10 * day, NOW, NOW + day]);
    let receipt = write(&room.store, &[series(labels("old", "a"), &[(0, 1.0)])]);
    assert_eq!((receipt.accepted, receipt.out_of_range), (0, 1));
    let stats = room.store.stats();
    assert_eq!((stats.series, stats.samples_out_of_range), (1, 5));
}

#[test]
fn days_past_retention_are_dropped_whole() {
    let room = Room::new(StoreOptions { retention: Span::days(3), ..small() });
    for day in 0..3 {
        write(&room.store, &one(-day * 86_400_000, day as f64));
    }
    room.flush();
    assert_eq!((room.store.stats().partitions, room.parts().len()), (3, 3));
    room.clock.turn(Span::days(2));
    room.store.maintain().unwrap();
    let stats = room.store.stats();
    assert_eq!((stats.partitions, stats.partitions_dropped), (2, 1));
    assert_eq!(all(&room.store)[0].times, [NOW - 86_400_000, NOW]);
    assert_eq!(room.parts().len(), 2);
    // What is still in memory when its day goes is never written.
    write(&room.store, &one(0, 7.0));
    room.clock.turn(Span::days(10));
    room.store.maintain().unwrap();
    assert_eq!(room.files("raw"), Vec::<String>::new());
    assert!(all(&room.reopen().store).is_empty());
}

#[test]
fn a_damaged_part_costs_only_itself_and_is_named() {
    let mut room = Room::new(small());
    write(&room.store, &one(0, 1.0));
    room.flush();
    write(&room.store, &one(1, 2.0));
    room.flush();
    let path = room.parts()[0].clone();
    let bytes = fs::read(&path).unwrap();
    // The magic at the front is for people; nothing depends on it.
    for at in 8..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        fs::write(&path, damaged).unwrap();
        for aside in room.files("quarantine") {
            fs::remove_file(aside).unwrap();
        }
        room = room.reopen();
        for _ in 0..2 {
            let found = all(&room.store);
            assert_eq!((found.len(), &*found[0].times), (1, &[NOW + 1][..]), "byte {at}");
        }
        let stats = room.store.stats();
        assert_eq!((stats.quarantined, stats.parts), (1, 1), "byte {at}");
        assert_eq!(stats.quarantined_names, ["2026-11-20-0000000001-0000000001.part"]);
        assert!(!PathBuf::from(&path).try_exists().unwrap());
    }
    write(&room.store, &one(2, 3.0));
    room = room.reopen();
    assert_eq!(room.store.stats().quarantined, 1);
    assert_eq!(room.files("quarantine").len(), 1);
    assert_eq!(all(&room.store)[0].times, [NOW + 1, NOW + 2]);
}

#[test]
fn a_part_cut_short_anywhere_is_set_aside() {
    let room = Room::new(small());
    write(&room.store, &one(0, 1.0));
    room.flush();
    let bytes = fs::read(&room.parts()[0]).unwrap();
    let mut room = room;
    for length in 0..bytes.len() {
        let path = room.parts().first().cloned();
        let path = path.unwrap_or_else(|| {
            let day = room.dir.path().join("raw/2026-11-20");
            fs::create_dir_all(&day).unwrap();
            day.join("0000000001-0000000001.part").display().to_string()
        });
        fs::write(&path, &bytes[..length]).unwrap();
        for aside in room.files("quarantine") {
            fs::remove_file(aside).unwrap();
        }
        room = room.reopen();
        assert!(all(&room.store).is_empty());
        assert_eq!(room.store.stats().quarantined, 1);
    }
}

#[test]
fn a_part_damaged_while_it_is_merged_is_set_aside_and_the_others_are_merged_later() {
    let room = Room::new(small());
    for time in 0..8 {
        write(&room.store, &one(time, 1.0));
        room.clock.turn(Span::minutes(6));
        if time == 7 {
            flip(&room.parts()[3], 9);
        }
        room.store.maintain().unwrap();
    }
    let stats = room.store.stats();
    assert_eq!((stats.parts, stats.quarantined, stats.merges), (7, 1, 0));
    write(&room.store, &one(9, 1.0));
    room.flush();
    assert_eq!(room.store.stats().parts, 1);
    assert_eq!(all(&room.store)[0].times.len(), 8);
}

#[test]
fn a_torn_log_ends_at_its_last_whole_record() {
    let room = Room::new(small());
    for time in 0..3 {
        write(&room.store, &one(time, time as f64));
    }
    let path = room.files("log")[0].clone();
    let bytes = fs::read(&path).unwrap();
    let Room { dir, clock, options, store } = room;
    drop(store);
    let mut counts = Vec::new();
    for length in 0..=bytes.len() {
        let torn = tempfile::tempdir().unwrap();
        for sub in ["log", "raw"] {
            fs::create_dir(torn.path().join(sub)).unwrap();
        }
        fs::copy(dir.path().join("FORMAT"), torn.path().join("FORMAT")).unwrap();
        fs::write(torn.path().join("log/00000001.log"), &bytes[..length]).unwrap();
        let store = open(torn.path(), options, &clock, quick());
        counts.push(all(&store).first().map_or(0, |own| own.times.len()));
        assert_eq!(store.stats().quarantined, 0);
        write(&store, &one(10, 1.0));
        drop(store);
        let store = open(torn.path(), options, &clock, quick());
        assert_eq!(all(&store)[0].times.len(), counts[counts.len() - 1] + 1);
    }
    assert!(counts.is_sorted());
    assert_eq!((counts[0], counts[counts.len() - 1]), (0, 3));
}

#[test]
fn a_log_damaged_in_its_middle_keeps_what_came_before_and_is_named() {
    let room = Room::new(small());
    for time in 0..3 {
        write(&room.store, &one(time, 1.0));
    }
    let path = room.files("log")[0].clone();
    let middle = fs::read(&path).unwrap().len() / 2 + 8;
    flip(&path, middle);
    let room = room.reopen();
    assert!(all(&room.store)[0].times.len() < 3);
    let stats = room.store.stats();
    assert_eq!((stats.quarantined, &*stats.quarantined_names[0]), (1, "log-00000001.log"));
    room.flush();
    assert_eq!((room.files("log").len(), room.files("quarantine").len()), (1, 1));
    assert_eq!(room.reopen().store.stats().quarantined, 1);
}

#[test]
fn a_quiet_day_becomes_one_part() {
    let room = Room::new(small());
    for time in 0..3 {
        write(&room.store, &one(time - 86_400_000, 1.0));
        room.flush();
    }
    assert_eq!(room.store.stats().parts, 3);
    room.clock.turn(Span::minutes(20));
    room.store.maintain().unwrap();
    assert_eq!((room.store.stats().parts, room.store.stats().merges), (1, 1));
    assert_eq!(room.parts().len(), 1);
    assert_eq!(all(&room.reopen().store)[0].times.len(), 3);
}

#[test]
fn a_part_left_beside_the_one_that_replaced_it_is_removed_at_the_next_start() {
    let room = Room::new(small());
    let mut copies = Vec::new();
    for time in 0..8 {
        write(&room.store, &one(time, 1.0));
        room.clock.turn(Span::minutes(6));
        if time == 7 {
            copies =
                room.parts().iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        }
        room.store.maintain().unwrap();
    }
    assert_eq!(room.parts().len(), 1);
    for (path, bytes) in &copies {
        fs::write(path, bytes).unwrap();
    }
    let room = room.reopen();
    assert_eq!((room.parts().len(), room.store.stats().parts), (1, 1));
    assert_eq!(all(&room.store)[0].times.len(), 8);
}

/// Counts what it is charged.
#[derive(Debug, Default)]
struct Counted(Mutex<usize>);

impl Budget for Counted {
    fn charge(&self, samples: usize) -> Result<(), BudgetSpent> {
        let mut counted = self.0.lock().unwrap();
        *counted += samples;
        if *counted > 50 { Err(BudgetSpent::Samples { limit: 50 }) } else { Ok(()) }
    }
}

#[test]
fn a_selection_stops_when_its_budget_is_spent() {
    let room = Room::new(small());
    for time in 0..60 {
        write(&room.store, &one(time, 1.0));
    }
    let read = |range| {
        let budget = Counted::default();
        let matchers = [Matcher::equal(METRIC_NAME, "cpu")];
        let outcome = room.store.select(&Selection::new(&matchers, range, &budget));
        outcome.map(|found| found[0].times.len())
    };
    for _ in 0..2 {
        assert!(read(TimeRange::ALL).is_err());
        assert_eq!(read(TimeRange { from: Time(NOW), to: Time(NOW + 49) }).unwrap(), 50);
        room.flush();
    }
}

#[test]
fn opening_tells_how_far_it_is() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<(u64, u64, String)>>);
    impl Progress for Heard {
        fn report(&self, done: u64, total: u64, what: &str) {
            self.0.lock().unwrap().push((done, total, what.to_owned()));
        }
    }
    let room = Room::new(small());
    write(&room.store, &one(0, 1.0));
    room.flush();
    write(&room.store, &one(0, 1.0));
    drop(room.store);
    let heard = Heard::default();
    let clock = Arc::new(room.clock);
    Store::open(room.dir.path(), small(), clock, &heard).unwrap();
    let heard = heard.0.into_inner().unwrap();
    assert!(heard.contains(&(1, 1, "looking at days".to_owned())), "{heard:?}");
    assert!(heard.contains(&(1, 1, "replaying the log".to_owned())), "{heard:?}");
}

#[test]
fn writers_readers_and_tending_do_not_disturb_each_other() {
    let room = Room::with(small(), Files::default());
    let oracle = MemoryStore::new();
    std::thread::scope(|scope| {
        for host in ["a", "b"] {
            let (room, oracle) = (&room, &oracle);
            scope.spawn(move || {
                for time in 0..400i64 {
                    let batch = [series(labels("cpu", host), &[(NOW + time % 300, time as f64)])];
                    write(&room.store, &batch);
                    oracle.write(&batch).unwrap();
                }
            });
        }
        for _ in 0..60 {
            room.clock.turn(Span::minutes(6));
            room.store.maintain().unwrap();
            for found in all(&room.store) {
                assert!(found.times.is_sorted_by(|one, next| one < next));
            }
        }
    });
    same(&room.store, &oracle);
    same(&room.reopen().store, &oracle);
}

#[test]
fn a_closed_store_refuses_writes_and_has_an_empty_log() {
    let room = Room::new(small());
    write(&room.store, &one(0, 1.0));
    room.store.close().unwrap();
    room.store.close().unwrap();
    assert!(matches!(room.store.write(&one(1, 1.0)), Err(WriteError::Poisoned { .. })));
    assert!(matches!(room.store.maintain(), Err(StoreError::Closed)));
    let room = room.reopen();
    assert_eq!((room.store.stats().parts, all(&room.store)[0].times.len()), (1, 1));
}

#[test]
fn a_damaged_index_costs_what_is_no_longer_written_to() {
    let room = Room::new(StoreOptions { future_max: Span::days(10), ..StoreOptions::default() });
    let one = |host: &str, time: i64| series(labels("cpu", host), &[(time, 1.0)]);
    write(&room.store, &[one("a", NOW), one("b", NOW)]);
    room.flush();
    let index = room.files("raw").into_iter().find(|name| name.ends_with("index")).unwrap();
    let middle = fs::metadata(&index).unwrap().len() / 3;
    flip(&index, usize::try_from(middle).unwrap());
    assert!(all(&room.store).is_empty());
    assert_eq!(room.store.stats().quarantined, 1);
    // The next flush finds «a» missing in the day's indexes; its rows in all parts are found again.
    write(&room.store, &[one("a", NOW + 1000)]);
    room.flush();
    let room = room.reopen();
    let found = all(&room.store);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].times, [NOW, NOW + 1000]);
}

#[test]
fn a_series_that_comes_back_with_another_number_is_still_one() {
    let room = Room::new(StoreOptions { future_max: Span::days(10), ..StoreOptions::default() });
    let oracle = MemoryStore::new();
    for round in 0..3 {
        let batch = [series(labels("cpu", "a"), &[(NOW + round * 10, 1.0), (NOW, round as f64)])];
        write(&room.store, &batch);
        oracle.write(&batch).unwrap();
        // Idle for so long that it is forgotten.
        room.flush();
        room.clock.turn(Span::hours(2));
        room.store.maintain().unwrap();
        assert_eq!(room.store.stats().series, 0);
        same(&room.store, &oracle);
    }
    same(&room.reopen().store, &oracle);
}
