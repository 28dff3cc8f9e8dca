//! What is beyond a limit is turned away and named, and costs nobody else anything.

use model::{Batch, Kind, LeftOut, WriteError};

use super::*;
use crate::StoreLimits;

fn limited(limits: StoreLimits) -> Room {
    Room::new(StoreOptions { limits, ..small() })
}

fn one(host: &str, step: i64) -> Series {
    series(labels("cpu", host), &[(NOW + step * 1000, step as f64)])
}

fn send(room: &Room, source: &str, batch: &[Series]) -> Result<WriteReceipt, WriteError> {
    room.store.write_batch(&Batch::of(source, batch))
}

fn left_out(room: &Room, source: &str, batch: &[Series]) -> LeftOut {
    *send(room, source, batch).unwrap().left_out.unwrap()
}

fn hosts(room: &Room) -> Vec<String> {
    let name = |own: &Columns| own.labels.get("host").unwrap_or_default().to_owned();
    all(&room.store).iter().map(name).collect()
}

fn counted(room: &Room) -> Vec<(&'static str, u64)> {
    room.store.stats().samples_left_out.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_series_beyond_a_limit_is_left_out_and_the_rest_of_its_batch_is_kept() {
    let room = limited(StoreLimits {
        labels_per_series_max: 3,
        label_bytes_max: 50,
        batch_samples_max: 5,
        ..StoreLimits::default()
    });
    let many = Labels::from_pairs([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
    let bad = [
        (series(many, &[(NOW, 1.0)]), "4 labels, 3 are the limit, in series {a=\"1\""),
        (series(labels("cpu", &"x".repeat(60)), &[(NOW, 1.0)]), "a label of 64 bytes"),
        (series(Labels::empty(), &[(NOW, 1.0)]), "no labels at all"),
    ];
    for (bad, what) in bad {
        let said = left_out(&room, "ward", &[bad.clone(), one("a", 0)]);
        assert_eq!((&*said.series, said.samples), (&[0][..], 1));
        assert!(said.what.contains(what), "{}", said.what);
        let alone = send(&room, "ward", &[bad]).unwrap_err();
        assert!(alone.kind() == Kind::Invalid && alone.to_string().contains(what), "{alone}");
    }
    assert_eq!(hosts(&room), ["a"]);
    assert_eq!(counted(&room), [("labels", 4), ("label_bytes", 2)]);
    let large = [one("a", 1), series(labels("cpu", "b"), &[(NOW, 1.0); 5])];
    let error = send(&room, "ward", &large).unwrap_err().to_string();
    assert!(error.contains("6 samples in one batch"), "{error}");
    assert_eq!(all(&room.store)[0].times, [NOW], "such a batch is refused as a whole");
}

#[test]
fn beyond_the_most_series_those_that_are_known_go_on() {
    let room = limited(StoreLimits { series_max: 2, ..StoreLimits::default() });
    let said = left_out(&room, "ward", &["a", "b", "c"].map(|host| one(host, 0)));
    assert_eq!((&*said.series, said.samples), (&[2][..], 1));
    assert_eq!(
        said.what,
        "more than 2 active series (ward has 2 series, 2 of them new, most of cpu (2), whose label host has 2 values) \
         in series cpu{host=\"c\"}"
    );
    // By another source as well; and what came first in the batch does not matter.
    let said = left_out(&room, "icu", &["d", "b", "e", "a"].map(|host| one(host, 1)));
    assert_eq!(&*said.series, [0, 2]);
    assert_eq!(all(&room.store).iter().map(|own| own.times.len()).sum::<usize>(), 4);
    assert!(matches!(send(&room, "icu", &[one("d", 2)]), Err(WriteError::Limit { .. })));
    let room = room.reopen();
    assert_eq!(hosts(&room), ["a", "b"], "the log has nothing of the others");
    // Series that end make room.
    room.flush();
    room.clock.turn(Span::minutes(61));
    room.store.maintain().unwrap();
    assert_eq!(send(&room, "icu", &[one("d", 3)]).unwrap().left_out, None);
}

#[test]
fn one_source_that_brings_ever_new_series_is_stopped_and_named_and_others_are_not() {
    let limits = StoreLimits { new_series_per_source: Some(10), ..StoreLimits::default() };
    let room = limited(limits);
    let path = |number: i64| {
        let labels = Labels::from_pairs([
            (METRIC_NAME, "requests"),
            ("path", &format!("/{number}")),
            ("code", "200"),
        ]);
        series(labels, &[(NOW, number as f64)])
    };
    let first: Vec<Series> = (0..8).map(path).chain([one("a", 0)]).collect();
    assert_eq!(send(&room, "shop", &first).unwrap().left_out, None);
    let more: Vec<Series> = (8..12).map(path).chain([one("a", 1)]).collect();
    let said = left_out(&room, "shop", &more);
    assert_eq!((&*said.series, said.samples), (&[1, 2, 3][..], 3));
    assert!(
        said.what.starts_with(
            "more than 10 new series within an hour from one source (shop has 10 series, 10 of them new, most of requests \
             (9), whose label path has 9 values) in series requests{"
        ),
        "{}",
        said.what
    );
    assert_eq!(counted(&room), [("new_series", 3)]);
    assert_eq!(send(&room, "ward", &[one("b", 0)]).unwrap().left_out, None);
    // What another source brought is known, whoever sends it.
    assert_eq!(send(&room, "shop", &[one("b", 1)]).unwrap().left_out, None);
    room.clock.turn(Span::minutes(66));
    room.store.maintain().unwrap();
    let again: Vec<Series> = (20..24).map(path).collect();
    assert_eq!(send(&room, "shop", &again).unwrap().left_out, None, "an hour later it may again");
}

#[test]
fn what_was_there_before_a_start_is_not_new() {
    let limits = StoreLimits { new_series_per_source: Some(3), ..StoreLimits::default() };
    let room = limited(limits);
    let three = ["a", "b", "c"].map(|host| one(host, 0));
    write(&room.store, &three);
    room.flush();
    let room = room.reopen();
    let next = ["a", "b", "c", "d", "e", "f", "g"].map(|host| one(host, 1));
    assert_eq!(left_out(&room, "plimsoll", &next).series, [6]);
}

#[test]
fn under_churn_series_at_rest_are_forgotten_early_and_those_written_to_are_not() {
    let limits = StoreLimits { series_max: 1000, ..StoreLimits::default() };
    let room = Room::new(StoreOptions { limits, ..StoreOptions::default() });
    let steady: Vec<String> = (0..100).map(|number| format!("steady-{number}")).collect();
    let mut left = 0;
    for minute in 0..120i64 {
        let pods = (0..40).map(|number| format!("pod-{minute}-{number}"));
        let batch: Vec<Series> = steady
            .iter()
            .cloned()
            .chain(pods)
            .map(|host| series(labels("cpu", &host), &[(NOW + minute * 60_000, 1.0)]))
            .collect();
        left += usize::from(send(&room, "pods", &batch).unwrap().left_out.is_some());
        room.clock.turn(Span::minutes(1));
        room.store.maintain().unwrap();
    }
    // Forty a minute would be 2400 an hour.
    let stats = room.store.stats();
    assert_eq!(left, 0);
    assert!(stats.series <= 600 && stats.series_forgotten_early > 3000, "{stats:?}");
    let intake = room.store.intake.lock();
    let ids: Vec<u64> =
        intake.table.slots().map(|slot| slot.key.id).filter(|id| *id <= 100).collect();
    assert_eq!(ids.len(), 100, "those that go on keep their numbers");
    drop(intake);
    let found = all(&room.store);
    assert_eq!(found.len(), 100 + 40 * 120);
    assert!(found.iter().all(|own| own.times.len() == 120 || own.times.len() == 1));
}

#[test]
fn under_churn_of_the_past_series_are_forgotten_by_the_times_of_samples() {
    let limits = StoreLimits { series_max: 1000, ..StoreLimits::default() };
    let room = Room::new(StoreOptions { limits, ..StoreOptions::default() });
    let steady: Vec<String> = (0..100).map(|number| format!("steady-{number}")).collect();
    let mut left = 0;
    // Two hours of data come within two minutes of the clock.
    for minute in 0..120i64 {
        let pods = (0..40).map(|number| format!("pod-{minute}-{number}"));
        let time = NOW - (120 - minute) * 60_000;
        let batch: Vec<Series> = steady
            .iter()
            .cloned()
            .chain(pods)
            .map(|host| series(labels("cpu", &host), &[(time, 1.0)]))
            .collect();
        left += usize::from(send(&room, "pods", &batch).unwrap().left_out.is_some());
        room.clock.turn(Span::secs(1));
        if minute % 5 == 4 {
            room.store.flush().unwrap();
        }
        room.store.maintain().unwrap();
    }
    assert_eq!((left, room.store.stats().series_forgotten_early > 3000), (0, true));
    let intake = room.store.intake.lock();
    let kept = intake.table.slots().filter(|slot| slot.key.id <= 100).count();
    assert_eq!(kept, 100, "those that go on keep their numbers");
    drop(intake);
    assert_eq!(all(&room.store).len(), 100 + 40 * 120);
}

#[test]
fn what_came_back_for_an_earlier_day_is_not_outlived_by_its_first_number() {
    let day = 86_400_000;
    let room = Room::new(StoreOptions { future_max: Span::days(2), ..StoreOptions::default() });
    let at = |time: i64, value: f64| vec![series(labels("cpu", "a"), &[(NOW + time, value)])];
    let forget = |room: &Room| {
        room.flush();
        room.clock.turn(Span::hours(2));
        room.store.forget_idle_series();
        assert_eq!(room.store.stats().series, 0);
    };
    write(&room.store, &at(0, 1.0));
    write(&room.store, &at(day, 1.0));
    forget(&room);
    // Its second number is known in the earlier day alone.
    write(&room.store, &at(0, 2.0));
    forget(&room);
    let mut room = room.reopen();
    for value in 3..10_i32 {
        write(&room.store, &at(0, f64::from(value)));
        room.flush();
    }
    for _ in 0..20 {
        room.clock.turn(Span::minutes(1));
        room.store.maintain().unwrap();
    }
    assert!(room.store.stats().merges > 0);
    assert_eq!(values(&room.store), [9.0, 1.0], "the last that was written counts");
    room = room.reopen();
    assert_eq!(values(&room.store), [9.0, 1.0]);
}

fn values(store: &Store) -> Vec<f64> {
    all(store).into_iter().flat_map(|own| own.values).collect()
}

#[test]
fn no_series_with_rows_in_memory_is_forgotten_however_many_there_are() {
    let limits = StoreLimits { series_max: 100, ..StoreLimits::default() };
    let options = StoreOptions { limits, flush_after: Span::minutes(5), ..StoreOptions::default() };
    let room = Room::new(options);
    let batch: Vec<Series> = (0..90).map(|number| one(&format!("host-{number}"), 0)).collect();
    write(&room.store, &batch);
    room.clock.turn(Span::minutes(30));
    room.store.forget_idle_series();
    assert_eq!(room.store.stats().series, 90, "their rows are in the buffer");
    let run = room.store.intake.lock().seal().unwrap();
    room.store.add_run(run);
    room.clock.turn(Span::minutes(1));
    room.store.forget_idle_series();
    assert_eq!(room.store.stats().series, 90, "their rows are in a run");
    room.store.flush().unwrap();
    room.clock.turn(Span::minutes(1));
    room.store.forget_idle_series();
    assert_eq!(room.store.stats().series, 50, "half of the limit stays");
    assert_eq!(all(&room.store).len(), 90);
}

#[test]
fn memory_of_series_is_bounded_and_those_least_lately_seen_go_first() {
    let limits = StoreLimits { series_bytes_max: 40_000, ..StoreLimits::default() };
    let room = Room::new(StoreOptions { limits, ..StoreOptions::default() });
    let batch: Vec<Series> = (0..1000).map(|number| one(&format!("host-{number}"), 0)).collect();
    let said = left_out(&room, "ward", &batch);
    assert!(
        said.what.starts_with("active series take more than 0 MiB of memory (ward has "),
        "{}",
        said.what
    );
    let stats = room.store.stats();
    assert!(stats.series_bytes <= 40_000 && stats.series > 100, "{stats:?}");
    assert_eq!(said.series.len(), 1000 - stats.series);
    room.clock.turn(Span::secs(1));
    write(&room.store, &batch[50..60]);
    room.flush();
    room.clock.turn(Span::minutes(11));
    room.store.maintain().unwrap();
    let after = room.store.stats();
    assert!(after.series_bytes <= 20_000 && after.series > 50, "{after:?}");
    let intake = room.store.intake.lock();
    let stay = intake.table.slots().filter(|slot| (51..=60).contains(&slot.key.id)).count();
    assert_eq!(stay, 10);
}
