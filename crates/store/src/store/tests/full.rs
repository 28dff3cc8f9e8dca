//! A disk without room refuses batches, keeps nothing of them, and needs no restart.

use std::io;

use model::{Kind, WriteError};
use proptest::prelude::*;

use super::{
    faults::{Refuse, one, refusing},
    *,
};
use crate::disk::files::Step;

fn refused(room: &Room, batch: &[Series]) -> String {
    match room.store.write(batch) {
        Err(error @ WriteError::Busy { .. }) => error.to_string(),
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn a_full_disk_refuses_batches_and_goes_on_when_there_is_room() {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::Other];
    for kind in kinds {
        let (room, faults) = refusing(small());
        write(&room.store, &one(1, 1.0));
        let before = room.store.stats();
        faults.set(Step::Write, "log", kind);
        let error = refused(&room, &one(2, 2.0));
        let why = io::Error::from(kind).to_string();
        assert!(error.contains("its log cannot be written to") && error.contains(&why), "{error}");
        refused(&room, &[series(labels("new", "b"), &[(NOW, 1.0)])]);
        let stats = room.store.stats();
        assert_eq!((stats.poisoned, stats.writes_refused), (None, 2));
        assert!(stats.trouble.unwrap().contains(&why));
        assert_eq!((stats.log_bytes, stats.series), (before.log_bytes, before.series));
        assert_eq!(all(&room.store)[0].times, [NOW + 1]);
        faults.clear();
        room.clock.turn(Span::secs(1));
        write(&room.store, &one(3, 3.0));
        assert_eq!(room.store.stats().trouble, None);
        let room = room.reopen();
        assert_eq!(room.store.stats().quarantined, 0);
        assert_eq!(all(&room.store).len(), 1);
        assert_eq!(all(&room.store)[0].times, [NOW + 1, NOW + 3]);
    }
}

#[test]
fn a_log_that_cannot_be_written_to_is_tried_once_a_second() {
    let (room, faults) = refusing(small());
    faults.set(Step::Write, "log", io::ErrorKind::StorageFull);
    refused(&room, &one(1, 1.0));
    faults.clear();
    refused(&room, &one(1, 1.0));
    room.clock.turn(Span::millis(999));
    refused(&room, &one(1, 1.0));
    room.clock.turn(Span::millis(1));
    write(&room.store, &one(1, 1.0));
    write(&room.store, &one(2, 1.0));
}

#[test]
fn series_of_a_refused_batch_take_no_room_and_are_named_anew_in_the_log() {
    let limits = crate::StoreLimits {
        series_max: 2,
        new_series_per_source: Some(2),
        ..crate::StoreLimits::default()
    };
    let (room, faults) = refusing(StoreOptions { limits, ..small() });
    let hosts = ["a", "b", "c", "d"].map(|host| series(labels("cpu", host), &[(NOW, 1.0)]));
    write(&room.store, &hosts[..1]);
    // The first series is to be defined again in the next segment, and its record is refused there.
    room.flush();
    faults.set(Step::Write, "log", io::ErrorKind::StorageFull);
    refused(&room, &[hosts[0].clone(), hosts[3].clone()]);
    room.clock.turn(Span::secs(1));
    refused(&room, &[hosts[0].clone(), hosts[2].clone()]);
    faults.clear();
    room.clock.turn(Span::secs(1));
    let later = [
        series(labels("cpu", "a"), &[(NOW + 1, 2.0)]),
        series(labels("cpu", "b"), &[(NOW + 1, 3.0)]),
    ];
    write(&room.store, &later);
    assert!(matches!(room.store.write(&hosts[2..3]), Err(WriteError::Limit { .. })));
    let room = room.reopen();
    let found = all(&room.store);
    let named: Vec<_> = found.iter().map(|own| own.labels.get("host").unwrap()).collect();
    assert_eq!(named, ["a", "b"]);
    assert_eq!((&*found[0].times, &*found[1].times), (&[NOW, NOW + 1][..], &[NOW + 1][..]));
    assert_eq!(room.store.stats().quarantined, 0);
}

#[test]
fn room_that_comes_back_is_noticed_without_a_write() {
    let (room, faults) = refusing(small());
    write(&room.store, &one(1, 1.0));
    faults.set(Step::Write, "log", io::ErrorKind::StorageFull);
    refused(&room, &one(2, 2.0));
    room.clock.turn(Span::minutes(6));
    room.store.maintain().unwrap_err();
    assert!(room.store.stats().trouble.is_some());
    faults.clear();
    room.flush();
    assert_eq!(room.store.stats().trouble, None);
}

#[derive(Clone, Debug)]
enum Act {
    Write(Vec<(u8, i64)>),
    Full(bool),
    Turn(i64),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let row = (0u8..8, -100_000_000i64..100_000_000);
    prop_oneof![
        8 => prop::collection::vec(row, 1..12).prop_map(Act::Write),
        4 => any::<bool>().prop_map(Act::Full),
        4 => prop_oneof![0i64..3000, 0i64..900_000].prop_map(Act::Turn),
        1 => Just(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_acknowledged_survives_and_what_is_refused_is_never_seen(
        acts in prop::collection::vec(act(), 1..60),
        parts_too in any::<bool>(),
    ) {
        let (mut room, faults) = refusing(small());
        let oracle = MemoryStore::new();
        let fill = |faults: &Refuse, full: bool| {
            faults.clear();
            if full {
                faults.set(Step::Write, "log", io::ErrorKind::StorageFull);
                if parts_too {
                    faults.set(Step::Write, "tmp", io::ErrorKind::StorageFull);
                }
            }
        };
        for (number, act) in acts.iter().enumerate() {
            match act {
                Act::Write(rows) => {
                    let own = |(host, time): &(u8, i64)| {
                        series(labels("cpu", &host.to_string()), &[(NOW + time, number as f64)])
                    };
                    let batch: Vec<Series> = rows.iter().map(own).collect();
                    match room.store.write(&batch) {
                        Ok(_) => drop(oracle.write(&batch).unwrap()),
                        Err(error) => prop_assert_eq!(error.kind(), Kind::Busy),
                    }
                }
                Act::Full(full) => fill(&faults, *full),
                Act::Turn(millis) => {
                    room.clock.turn(Span::millis(*millis));
                    // A full disk is said here too.
                    drop(room.store.maintain());
                }
                Act::Reopen => {
                    fill(&faults, false);
                    room = room.reopen_with(Files::failing(Arc::<Refuse>::clone(&faults)));
                    prop_assert_eq!(room.store.stats().quarantined, 0);
                }
            }
            prop_assert_eq!(bits(all(&room.store)), bits(all(&oracle)));
        }
        fill(&faults, false);
        let room = room.reopen();
        prop_assert_eq!(bits(all(&room.store)), bits(all(&oracle)));
        prop_assert_eq!(room.store.stats().quarantined, 0);
    }
}
