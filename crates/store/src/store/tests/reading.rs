//! Reading while parts are merged and dropped, and reading with a budget that ends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use model::{Budget, BudgetSpent, SourceError};

use super::*;

const DAY: i64 = 86_400_000;

/// Lets something happen at one of the charges.
struct Meanwhile<'a> {
    left: AtomicUsize,
    happen: &'a (dyn Fn() + Sync),
}

impl Budget for Meanwhile<'_> {
    fn charge(&self, _samples: usize) -> Result<(), BudgetSpent> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            (self.happen)();
        }
        Ok(())
    }
}

/// Ends after so many samples; knows how many were asked for.
struct Ends {
    limit: usize,
    charged: AtomicUsize,
}

impl Ends {
    fn after(limit: usize) -> Self {
        Self { limit, charged: AtomicUsize::new(0) }
    }
}

impl Budget for Ends {
    fn charge(&self, samples: usize) -> Result<(), BudgetSpent> {
        let charged = self.charged.fetch_add(samples, Ordering::SeqCst) + samples;
        if charged > self.limit { Err(BudgetSpent::Samples { limit: self.limit }) } else { Ok(()) }
    }
}

fn ask(store: &Store, range: TimeRange, budget: &dyn Budget) -> Result<Vec<Columns>, SourceError> {
    store.select(&Selection::new(&[], range, budget))
}

fn batch(time: i64) -> Vec<Series> {
    ["a", "b", "c"].map(|host| series(labels("cpu", host), &[(time, time as f64)])).to_vec()
}

/// Parts of three days, one short of a merge, and rows in memory.
fn mixed() -> (Room, MemoryStore) {
    let room = Room::new(StoreOptions { retention: Span::days(3), ..small() });
    let oracle = MemoryStore::new();
    for round in 0..7 {
        for day in 0..3 {
            let batch = batch(NOW - day * DAY + round);
            write(&room.store, &batch);
            oracle.write(&batch).unwrap();
        }
        room.flush();
    }
    for time in 7..14 {
        write(&room.store, &batch(NOW + time));
        oracle.write(&batch(NOW + time)).unwrap();
    }
    (room, oracle)
}

#[test]
fn a_selection_during_which_parts_are_flushed_and_merged_gives_what_was_there_at_its_start() {
    for at in 1.. {
        let (room, oracle) = mixed();
        let merged = AtomicBool::new(false);
        let happen = || {
            room.clock.turn(Span::hours(1));
            for _ in 0..6 {
                room.store.maintain().unwrap();
            }
            merged.store(room.store.stats().merges > 0, Ordering::SeqCst);
        };
        let budget = Meanwhile { left: AtomicUsize::new(at), happen: &happen };
        let found = ask(&room.store, TimeRange::ALL, &budget).unwrap();
        assert_eq!(bits(found), bits(all(&oracle)), "at charge {at}");
        same(&room.store, &oracle);
        assert_eq!(room.store.stats().quarantined, 0, "at charge {at}");
        if !merged.into_inner() {
            assert!(at > 30);
            break;
        }
    }
}

#[test]
fn a_selection_during_which_days_are_dropped_gives_what_was_there_at_its_start() {
    for at in 1.. {
        let (room, oracle) = mixed();
        let dropped = AtomicBool::new(false);
        let happen = || {
            room.clock.turn(Span::days(20));
            room.store.maintain().unwrap();
            dropped.store(true, Ordering::SeqCst);
        };
        let budget = Meanwhile { left: AtomicUsize::new(at), happen: &happen };
        let found = ask(&room.store, TimeRange::ALL, &budget).unwrap();
        assert_eq!(bits(found), bits(all(&oracle)), "at charge {at}");
        let stats = room.store.stats();
        assert_eq!(stats.quarantined, 0, "at charge {at}");
        if !dropped.into_inner() {
            assert!(at > 30);
            break;
        }
        assert_eq!((stats.partitions_dropped, stats.parts), (3, 0));
        assert!(all(&room.store).is_empty());
        // The reader has let go: the files are gone.
        assert_eq!(room.files("raw"), Vec::<String>::new(), "at charge {at}");
    }
}

#[test]
fn a_spent_budget_ends_any_selection_and_spoils_none() {
    let (room, oracle) = mixed();
    let expected = bits(all(&oracle));
    let samples: usize = expected.iter().map(|own| own.1.len()).sum();
    for limit in 0..samples {
        let error = ask(&room.store, TimeRange::ALL, &Ends::after(limit)).unwrap_err();
        assert!(matches!(error, SourceError::Budget(BudgetSpent::Samples { .. })), "{error}");
    }
    let found = ask(&room.store, TimeRange::ALL, &Ends::after(samples)).unwrap();
    assert_eq!(bits(found), expected);
    assert_eq!(room.store.stats().quarantined, 0);
}

#[test]
fn whole_blocks_are_charged_before_they_are_read() {
    let room = Room::new(StoreOptions::default());
    let rows: Vec<(i64, f64)> = (0..10_000).map(|row| (NOW - row * 1000, 0.5)).collect();
    write(&room.store, &[series(labels("cpu", "a"), &rows)]);
    room.flush();
    let charge = |from: i64, limit: usize| {
        let budget = Ends::after(limit);
        let range = TimeRange { from: Time(from), to: Time::MAX };
        let found = ask(&room.store, range, &budget);
        (found.map(|found| found[0].times.len()), budget.charged.into_inner())
    };
    let (found, charged) = charge(i64::MIN, usize::MAX);
    assert_eq!((found.unwrap(), charged), (10_000, 10_000));
    // All of the series at once, by its headers.
    let (found, charged) = charge(i64::MIN, 10);
    assert_eq!((found.is_err(), charged), (true, 10_000));
    // No more than the range has, wherever it cuts a block.
    for rows in [1, 999, 5000, 9000] {
        let from = NOW - (rows - 1) * 1000;
        let rows = usize::try_from(rows).unwrap();
        let (found, charged) = charge(from, rows);
        assert_eq!((found.unwrap(), charged), (rows, rows));
        assert!(charge(from, rows - 1).0.is_err());
    }
    // Nothing of the rows is read: a damaged group is not noticed.
    let path = room.parts()[0].clone();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[12] ^= 0x40;
    std::fs::write(&path, bytes).unwrap();
    let room = room.reopen();
    let error = ask(&room.store, TimeRange::ALL, &Ends::after(10)).unwrap_err();
    assert!(matches!(error, SourceError::Budget(_)));
    assert_eq!(room.store.stats().quarantined, 0);
    assert!(all(&room.store).is_empty());
    assert_eq!(room.store.stats().quarantined, 1);
}

#[test]
fn questions_for_labels_end_with_their_budget_too() {
    struct Cancelled(AtomicUsize);
    impl Budget for Cancelled {
        fn charge(&self, _samples: usize) -> Result<(), BudgetSpent> {
            let left = self.0.fetch_sub(1, Ordering::SeqCst);
            if left == 0 { Err(BudgetSpent::Cancelled) } else { Ok(()) }
        }
    }
    let (room, _) = mixed();
    let matchers = [Matcher::equal(METRIC_NAME, "cpu")];
    for left in 0..20 {
        let budget = Cancelled(AtomicUsize::new(left));
        let selection = Selection::new(&matchers, TimeRange::ALL, &budget);
        assert!(matches!(room.store.series(&selection), Err(SourceError::Budget(_))), "{left}");
    }
}

#[test]
fn readers_on_other_threads_see_rows_in_order_while_days_are_dropped() {
    let room = Room::with(StoreOptions { retention: Span::days(2), ..small() }, Files::default());
    let ended = AtomicBool::new(false);
    let read = || {
        while !ended.load(Ordering::SeqCst) {
            let found = all(&room.store);
            assert!(found.iter().all(|own| own.times.is_sorted_by(|one, next| one < next)));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(read);
        scope.spawn(read);
        for round in 0..60 {
            write(&room.store, &batch(NOW + round * DAY / 4));
            room.clock.turn(Span::hours(6));
            room.store.maintain().unwrap();
        }
        ended.store(true, Ordering::SeqCst);
    });
    let stats = room.store.stats();
    assert_eq!(stats.quarantined, 0);
    assert!(stats.partitions_dropped > 10 && stats.partitions <= 3);
}
