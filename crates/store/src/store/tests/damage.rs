//! A damaged block costs only itself.

use std::{fs, io};

use super::{faults::refusing, *};
use crate::disk::files::Step;

/// Values that nothing makes small, so that a part has many groups.
fn noise(host: usize) -> Vec<(i64, f64)> {
    let mut state = host as u64 + 1;
    let row = |at: i64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (NOW + at * 1000, f64::from_bits(state >> 12 | 0x3ff0_0000_0000_0000))
    };
    (0..500).map(row).collect()
}

fn noises() -> Vec<Series> {
    (0..60).map(|host| series(labels("noise", &format!("{host:02}")), &noise(host))).collect()
}

/// What a question gets, and what it is told.
fn ask(store: &Store) -> (Vec<Columns>, Vec<String>) {
    let range = TimeRange { from: Time(i64::MIN), to: Time(i64::MAX) };
    let found = store.find(&Selection::new(&[], range, &Unlimited)).unwrap();
    let mut all = Vec::new();
    for at in 0..found.len() {
        let mut columns = Columns::default();
        found.read(at, &mut columns).unwrap();
        all.push(columns);
    }
    all.sort_by(|one, other| one.labels.cmp(&other.labels));
    (all, found.warnings())
}

#[test]
fn a_damaged_block_costs_only_itself_and_whoever_asks_is_told() {
    let options = StoreOptions { buffer_rows_max: 1 << 16, memory_rows_max: 1 << 18, ..small() };
    let mut room = Room::new(options);
    write(&room.store, &noises());
    room.flush();
    let path = room.parts()[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 150_000, "{}", bytes.len());
    bytes[60_000] ^= 1;
    fs::write(&path, &bytes).unwrap();
    room = room.reopen();

    let (first, told) = ask(&room.store);
    assert_eq!(told.len(), 1, "{told:?}");
    let wanted = "0000000001-0000000001.part is damaged: a checksum does not fit";
    assert!(told[0].contains(wanted), "{told:?}");
    let (second, told) = ask(&room.store);
    assert!(told.is_empty(), "{told:?}");
    for found in [&first, &second] {
        let lost = 60 - found.iter().filter(|own| !own.times.is_empty()).count();
        assert!((1..=12).contains(&lost), "{lost} of 60 series");
        for columns in found.iter().filter(|own| !own.times.is_empty()) {
            let host: usize = columns.labels.get("host").unwrap().parse().unwrap();
            let rows = columns.times.iter().copied().zip(columns.values.iter().copied());
            assert!(rows.eq(noise(host)), "host {host}");
        }
    }
    // The damaged file is kept for whoever wants to look.
    assert_eq!(room.files("quarantine").len(), 1);
    assert_eq!(fs::read(&room.files("quarantine")[0]).unwrap(), bytes);
    let stats = room.store.stats();
    assert_eq!((stats.parts, stats.quarantined), (1, 1));
    let (again, told) = ask(&room.reopen().store);
    assert!(told.is_empty() && again.len() == second.len());
}

#[test]
fn a_damaged_part_stays_while_the_disk_refuses_what_is_to_take_its_place() {
    let options = StoreOptions { buffer_rows_max: 1 << 16, memory_rows_max: 1 << 18, ..small() };
    let steps = [
        (Step::Create, "tmp"),
        (Step::Write, "tmp"),
        (Step::Sync, "tmp"),
        (Step::Rename, "part"),
        (Step::SyncDir, "2026-11-20"),
    ];
    for (step, ending) in steps {
        let (room, faults) = refusing(options);
        write(&room.store, &noises());
        room.flush();
        let path = room.parts()[0].clone();
        let mut bytes = fs::read(&path).unwrap();
        bytes[60_000] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let whole = |found: &[Columns]| found.iter().filter(|own| !own.times.is_empty()).count();
        faults.set(step, ending, io::ErrorKind::StorageFull);
        for _ in 0..3 {
            let (found, told) = ask(&room.store);
            assert!((48..60).contains(&whole(&found)) && told.len() == 1, "{step:?} {told:?}");
        }
        // The damaged file keeps its name, so that nothing more is lost by a start now.
        assert_eq!(fs::read(&path).unwrap(), bytes, "{step:?}");
        assert!(room.files("quarantine").len() <= 1, "{step:?}");
        assert_eq!((room.store.stats().parts, room.store.stats().quarantined), (1, 0), "{step:?}");
        faults.clear();
        ask(&room.store);
        let (found, told) = ask(&room.store);
        assert!((48..60).contains(&whole(&found)) && told.is_empty(), "{step:?} {told:?}");
        assert_eq!((room.store.stats().parts, room.store.stats().quarantined), (1, 1), "{step:?}");
        assert_eq!(fs::read(&room.files("quarantine")[0]).unwrap(), bytes);
        assert_eq!(whole(&ask(&room.reopen().store).0), whole(&found), "{step:?}");
    }
}

#[test]
fn a_damaged_page_costs_its_series() {
    let options = StoreOptions { buffer_rows_max: 1 << 16, memory_rows_max: 1 << 18, ..small() };
    let mut room = Room::new(options);
    let many: Vec<Series> = (0..8000)
        .map(|host| series(labels("few", &format!("{host:04}")), &[(NOW, 1.0), (NOW + 1, 2.0)]))
        .collect();
    write(&room.store, &many);
    room.flush();
    let path = room.parts()[0].clone();
    let whole = fs::read(&path).unwrap();
    let mut kept = Vec::new();
    for at in [whole.len() / 4, whole.len() / 2, whole.len() * 3 / 4] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        for aside in room.files("quarantine") {
            fs::remove_file(aside).unwrap();
        }
        room = room.reopen();
        let (found, told) = ask(&room.store);
        assert_eq!(told.len(), 1);
        kept.push(found.iter().filter(|own| own.times == [NOW, NOW + 1]).count());
    }
    assert!(kept.iter().all(|kept| (1000..8000).contains(kept)), "{kept:?}");
}
