//! A wall clock that is wrong drops nothing; one that is right after all is believed in the end.

use super::*;

const DAY: i64 = 86_400_000;
const YEARS: Span = Span::days(731);

fn kept(days: i64) -> StoreOptions {
    StoreOptions { retention: Span::days(days), ..StoreOptions::default() }
}

fn one(time: i64) -> Vec<Series> {
    vec![series(labels("cpu", "a"), &[(time, 1.0)])]
}

/// A store with a part for each of so many days up to today.
fn filled(days: i64) -> Room {
    let room = Room::new(kept(10));
    for day in 0..days {
        write(&room.store, &one(NOW - day * DAY));
    }
    room.flush();
    assert_eq!(room.store.stats().parts, usize::try_from(days).unwrap());
    room
}

fn now(room: &Room) -> Time {
    model::Clock::now(&room.clock)
}

/// Tends the store each second.
fn tend(room: &Room, span: Span) {
    for _ in 0..span.as_millis() / 1000 {
        room.clock.turn(Span::secs(1));
        room.store.maintain().unwrap();
    }
}

#[test]
fn a_clock_two_years_ahead_for_ten_minutes_drops_nothing() {
    let room = filled(9);
    let before = bits(all(&room.store));
    for _ in 0..7 {
        room.clock.jump(now(&room) + YEARS);
        tend(&room, Span::minutes(10));
        room.clock.jump(now(&room) - YEARS);
        tend(&room, Span::minutes(10));
    }
    assert_eq!(room.store.stats().partitions_dropped, 0);
    assert_eq!(bits(all(&room.reopen().store)), before);
}

#[test]
fn a_clock_that_leaps_about_for_hours_is_not_believed() {
    let room = filled(9);
    for round in 1..20 {
        room.clock.jump(Time(NOW + round * YEARS.as_millis()));
        tend(&room, Span::minutes(30));
    }
    assert_eq!(room.store.stats().partitions_dropped, 0);
}

#[test]
fn after_a_sleep_of_three_days_samples_are_taken_at_once_and_days_dropped_within_two_hours() {
    let room = filled(10);
    room.clock.jump(now(&room) + Span::days(3));
    let receipt = write(&room.store, &one(now(&room).millis()));
    assert_eq!((receipt.accepted, receipt.out_of_range), (1, 0));
    tend(&room, Span::minutes(59));
    assert_eq!(room.store.stats().partitions_dropped, 0);
    tend(&room, Span::minutes(61));
    assert_eq!(room.store.stats().partitions_dropped, 2);
    // And from then on days go as they should.
    room.clock.turn(Span::days(1));
    room.store.maintain().unwrap();
    assert_eq!(room.store.stats().partitions_dropped, 3);
}

#[test]
fn a_clock_set_back_is_believed_and_so_is_its_return_within_an_hour() {
    let room = filled(10);
    room.clock.jump(now(&room) - YEARS);
    tend(&room, Span::minutes(5));
    room.clock.jump(now(&room) + YEARS + Span::days(2));
    tend(&room, Span::minutes(30));
    assert_eq!(room.store.stats().partitions_dropped, 0);
    tend(&room, Span::minutes(31));
    assert_eq!(room.store.stats().partitions_dropped, 1);
}

#[test]
fn samples_of_true_clocks_are_taken_while_ours_is_ahead() {
    let room = filled(1);
    room.clock.jump(now(&room) + YEARS);
    let receipt = write(&room.store, &one(NOW + 1000));
    assert_eq!((receipt.accepted, receipt.out_of_range), (1, 0));
}

#[test]
fn a_store_opened_with_a_clock_months_ahead_drops_nothing_for_an_hour() {
    let room = filled(9);
    room.clock.jump(now(&room) + Span::days(60));
    let room = room.reopen();
    tend(&room, Span::minutes(59));
    assert_eq!((room.store.stats().partitions_dropped, room.store.stats().parts), (0, 9));
    tend(&room, Span::minutes(2));
    assert_eq!((room.store.stats().partitions_dropped, room.store.stats().parts), (9, 0));
}

#[test]
fn a_store_opened_after_a_short_absence_drops_at_once() {
    let room = filled(9);
    room.clock.jump(now(&room) + Span::days(5));
    let room = room.reopen();
    room.store.maintain().unwrap();
    assert_eq!(room.store.stats().partitions_dropped, 3);
}

#[test]
fn samples_of_a_wrong_start_do_not_vouch_for_the_next_one() {
    let mut room = filled(5);
    let before = all(&room.store)[0].times.len();
    for round in 1..4 {
        room.clock.turn(Span::days(1));
        // Each start is two years ahead until a time server is heard; samples come meanwhile, and
        // reach a part, or are only in the log.
        room.clock.jump(now(&room) + YEARS);
        room = room.reopen();
        write(&room.store, &one(now(&room).millis()));
        tend(&room, if round == 2 { Span::minutes(8) } else { Span::secs(30) });
        room.clock.jump(now(&room) - YEARS);
        tend(&room, Span::minutes(1));
        assert_eq!(room.store.stats().partitions_dropped, 0, "start {round}");
        assert_eq!(all(&room.store)[0].times.len(), before + round, "start {round}");
    }
}

#[test]
fn a_late_clock_that_comes_right_takes_samples_at_once() {
    let room = filled(1);
    let right = now(&room);
    room.clock.jump(Time(0));
    let room = room.reopen();
    write(&room.store, &one(1000));
    room.clock.jump(right);
    let receipt = write(&room.store, &one(NOW + 1000));
    assert_eq!((receipt.accepted, receipt.out_of_range), (1, 0));
    tend(&room, Span::minutes(61));
    assert_eq!(all(&room.store)[0].times, [NOW, NOW + 1000]);
}
