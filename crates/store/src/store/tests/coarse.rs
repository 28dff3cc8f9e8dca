//! Days that grow coarser as they grow old.

use std::{
    io,
    sync::atomic::{AtomicI64, Ordering},
};

use model::{Coarse, Figure, MatchOp};

use super::*;
use crate::{
    KeepRule,
    disk::coarse::Figure as DiskFigure,
    disk::files::{Faults, Step},
    disk::part::{Column, Part, PartCursor, PartWriter, Source as _},
};

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

fn named(name: &str) -> Vec<Matcher> {
    vec![Matcher::new(METRIC_NAME, MatchOp::Equal, name).unwrap()]
}

/// Exact ones stay for twenty days and then go; others grow coarser after three days and after ten.
fn rules() -> Vec<KeepRule> {
    let exact =
        KeepRule { matchers: named("exact"), raw: Span::days(20), five_minutes: None, hour: None };
    let others = KeepRule {
        matchers: Vec::new(),
        raw: Span::days(3),
        five_minutes: Some(Span::days(10)),
        hour: Some(Span::days(30)),
    };
    vec![exact, others]
}

fn options() -> StoreOptions {
    StoreOptions { retention: Span::days(40), ..StoreOptions::default() }
}

fn ruled(room: Room) -> Room {
    let Room { dir, clock, options, store } = room;
    Room { dir, clock, options, store: store.with_rules(rules()) }
}

/// A counter that starts anew three times a day, and what it counts as a gauge.
fn rows_of(day: i64) -> Vec<Series> {
    let times = || (0..1440).map(move |minute| day * DAY + minute * MINUTE + 5000);
    let counter: Vec<(i64, f64)> = times()
        .map(|time| (time, ((time + day * 7 * MINUTE) / MINUTE % 467 * (day % 5 + 1)) as f64))
        .collect();
    let gauge: Vec<(i64, f64)> =
        times().map(|time| (time, (time / MINUTE * 37 % 101) as f64)).collect();
    vec![
        series(labels("served_total", "a"), &counter),
        series(labels("load", "a"), &gauge),
        series(labels("exact", "a"), &gauge),
    ]
}

fn ask(store: &Store, name: &str, figure: Figure) -> (Columns, Option<Coarse>, Vec<String>) {
    let matchers = named(name);
    let range = TimeRange { from: Time(i64::MIN), to: Time(i64::MAX) };
    let selection = Selection { figure, ..Selection::new(&matchers, range, &Unlimited) };
    let set = store.find(&selection).unwrap();
    let mut columns = Columns::default();
    if set.is_empty() {
        return (columns, None, Vec::new());
    }
    set.read(0, &mut columns).unwrap();
    assert!(columns.times.is_sorted());
    (columns, set.coarse(0), set.warnings())
}

/// The same number, to the bit.
#[track_caller]
fn exactly(found: f64, right: f64) {
    assert_eq!(found.to_bits(), right.to_bits(), "{found} is not {right}");
}

fn day_rows(columns: &Columns, day: i64) -> Vec<f64> {
    let rows = columns.times.iter().zip(&columns.values);
    rows.filter(|(time, _)| time.div_euclid(DAY) == day).map(|(_, value)| *value).collect()
}

/// What `increase` counts without extrapolation.
fn rise(values: &[f64]) -> f64 {
    values.windows(2).map(|pair| if pair[1] < pair[0] { pair[1] } else { pair[1] - pair[0] }).sum()
}

/// Writes a day as it goes by, and tends the store in the night after it.
fn live(room: &Room, day: i64) {
    let hours = (day + 1) * DAY - model::Clock::now(&room.clock).millis();
    room.clock.turn(Span::millis(hours));
    write(&room.store, &rows_of(day));
    room.flush();
    for _ in 0..12 {
        room.clock.turn(Span::minutes(20));
        room.store.maintain().unwrap();
    }
}

#[test]
fn days_grow_coarser_as_they_grow_old_and_go_in_the_end() {
    let mut room = ruled(Room::new(options()));
    let first = NOW / DAY;
    let days = 45;
    for day in first..first + days {
        live(&room, day);
        if day % 7 == 0 {
            room = ruled(room.reopen());
        }
    }
    assert_eq!(room.store.stats().quarantined, 0);
    let last = first + days - 1;
    let (count, _, warnings) = ask(&room.store, "load", Figure::Count);
    assert_eq!(warnings, ["some of it is answered from down-sampled samples, one for each 1h"]);
    let (sum, min, max) = (
        ask(&room.store, "load", Figure::Sum).0,
        ask(&room.store, "load", Figure::Min).0,
        ask(&room.store, "load", Figure::Max).0,
    );
    let mean = ask(&room.store, "load", Figure::Mean).0;
    let served = ask(&room.store, "served_total", Figure::Last).0;
    let mut rows_at = Vec::new();
    for day in first..=last {
        let (counts, age) = (day_rows(&count, day), last - day);
        rows_at.push(counts.len());
        if age >= 30 {
            assert!(counts.is_empty(), "{age}");
            continue;
        }
        let raw = rows_of(day);
        let values = |at: usize| raw[at].samples.iter().map(|own| own.value).collect::<Vec<f64>>();
        let load = values(1);
        exactly(counts.iter().sum::<f64>(), 1440.0);
        exactly(day_rows(&sum, day).iter().sum::<f64>(), load.iter().sum::<f64>());
        let least = |values: &[f64]| values.iter().copied().fold(f64::NAN, f64::min);
        exactly(least(&day_rows(&min, day)), least(&load));
        let most = |values: &[f64]| values.iter().copied().fold(f64::NAN, f64::max);
        exactly(most(&day_rows(&max, day)), most(&load));
        let means = day_rows(&mean, day);
        let weighted: f64 = means.iter().zip(&counts).map(|(mean, count)| mean * count).sum();
        assert!((weighted - load.iter().sum::<f64>()).abs() < 1e-6);
        // All that the counter rose, from its first sample of the day to its last.
        exactly(rise(&day_rows(&served, day)), rise(&values(0)));
    }
    rows_at.reverse();
    // The last stretch of a day ends with the first moment of the next one.
    assert_eq!((rows_at[1], rows_at[2], rows_at[3], rows_at[9]), (1440, 1440, 288, 288));
    assert_eq!((rows_at[10], rows_at[29], rows_at[30]), (24, 24, 0));
    let (exact, coarse, warnings) = ask(&room.store, "exact", Figure::Last);
    assert_eq!((coarse, warnings.len()), (None, 0));
    assert_eq!(exact.times.len(), 20 * 1440);
    let (_, coarse, _) = ask(&room.store, "load", Figure::Last);
    let until = Time((last - 2) * DAY - MINUTE + 5000);
    assert_eq!(coarse, Some(Coarse { step: Span::hours(1), until }));
    // Restarts change nothing, and there is nothing left to do.
    let before = bits(all(&room.store));
    let room = ruled(room.reopen());
    assert_eq!(bits(all(&room.store)), before);
    for _ in 0..20 {
        room.store.maintain().unwrap();
    }
    assert_eq!(room.store.stats().days_folded, 0);
    assert_eq!(bits(all(&room.store)), before);
}

#[test]
fn recent_days_are_exact_and_say_nothing() {
    let room = ruled(Room::new(options()));
    let first = NOW / DAY;
    for day in first..first + 6 {
        live(&room, day);
    }
    let stats = room.store.stats();
    let coarse: u64 = room
        .parts()
        .iter()
        .filter(|name| name.contains("coarse"))
        .map(|name| Part::open(Path::new(name), &quick()).unwrap().meta.rows)
        .sum();
    assert_eq!((stats.days_coarse, stats.days_folded, stats.samples_coarse), (3, 3, coarse));
    assert!(coarse > 0 && coarse < stats.samples);
    let matchers = named("load");
    let range = TimeRange { from: Time((first + 4) * DAY), to: Time((first + 6) * DAY) };
    let set = room.store.find(&Selection::new(&matchers, range, &Unlimited)).unwrap();
    let mut columns = Columns::default();
    set.read(0, &mut columns).unwrap();
    assert_eq!((columns.times.len(), set.warnings().len()), (2 * 1440, 0));
    assert_eq!((set.coarsest(), set.coarse(0)), (None, None));
}

#[test]
fn what_comes_late_fills_gaps_of_coarse_days_and_is_never_counted_twice() {
    let room = ruled(Room::new(options()));
    let first = NOW / DAY;
    for day in first..first + 6 {
        live(&room, day);
    }
    let before = ask(&room.store, "load", Figure::Count).0;
    // All of the first day again, and a series that it did not have.
    let mut late = rows_of(first);
    late.push(series(labels("late", "a"), &[(first * DAY + 1, 1.0), (first * DAY + 2, 3.0)]));
    write(&room.store, &late);
    let check = |room: &Room, rows: usize| {
        assert_eq!(ask(&room.store, "load", Figure::Count).0, before);
        let sum = ask(&room.store, "late", Figure::Sum).0;
        assert_eq!(sum.values.len(), rows);
        exactly(sum.values.iter().sum::<f64>(), 4.0);
    };
    check(&room, 2);
    room.flush();
    check(&room, 2);
    for _ in 0..5 {
        room.clock.turn(Span::minutes(20));
        room.store.maintain().unwrap();
    }
    check(&room, 1);
    assert!(room.files("raw").iter().filter(|name| name.contains("2026-11-20")).count() <= 2);
    check(&ruled(room.reopen()), 1);
}

/// Lets so many operations pass, then refuses all, as if the machine had stopped there.
#[derive(Debug)]
struct Stop(AtomicI64);

impl Faults for Stop {
    fn before(&self, _step: Step, _path: &Path) -> io::Result<()> {
        if self.0.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(io::Error::other("stopped"));
        }
        Ok(())
    }
}

#[test]
fn stopping_after_any_step_of_down_sampling_leaves_a_day_as_it_was_or_as_it_will_be() {
    let first = NOW / DAY;
    let mut step = 0;
    loop {
        let faults = Arc::new(Stop(AtomicI64::new(i64::MAX)));
        let room = ruled(Room::with(options(), Files::failing(Arc::<Stop>::clone(&faults))));
        live(&room, first);
        room.clock.turn(Span::days(3));
        faults.0.store(step, Ordering::SeqCst);
        for _ in 0..4 {
            room.clock.turn(Span::minutes(20));
            // Failing is what is tested; what matters is what is there afterwards.
            drop(room.store.maintain());
        }
        let done = faults.0.load(Ordering::SeqCst) > 0;
        let total =
            |room: &Room| ask(&room.store, "load", Figure::Sum).0.values.iter().sum::<f64>();
        let right = rows_of(first)[1].samples.iter().map(|own| own.value).sum::<f64>();
        exactly(total(&room), right);
        let room = ruled(room.reopen());
        exactly(total(&room), right);
        let found = ask(&room.store, "load", Figure::Count).0.values.len();
        assert!(found == 1440 || found == 288, "stopped after {step}: {found}");
        assert_eq!(room.store.stats().quarantined, 0);
        assert!(!room.files("raw").iter().any(|name| name.ends_with("tmp")));
        for _ in 0..3 {
            room.clock.turn(Span::minutes(20));
            room.store.maintain().unwrap();
        }
        assert_eq!(ask(&room.store, "load", Figure::Count).0.values.len(), 288);
        exactly(total(&room), right);
        assert_eq!(room.store.stats().parts, 1);
        if done {
            assert!(step > 5 && found == 288, "{step}");
            break;
        }
        step += 1;
    }
}

/// Writes a part anew without one of its columns, with all checksums right.
fn without(part: &Path, left_out: DiskFigure) {
    let part = Arc::new(Part::open(part, &quick()).unwrap());
    let mut cursor = PartCursor::open(&part).unwrap();
    let dir = part.path.parent().unwrap();
    let mut writer = PartWriter::create(dir, part.meta.origin, &quick()).unwrap();
    while let Some(key) = cursor.key() {
        while let Some((column, chunk)) = cursor.block().unwrap() {
            if !matches!(column, Column::Coarse(_, figure) if figure == left_out) {
                writer.push_column(column, &chunk.times, &chunk.values).unwrap();
            }
        }
        writer.end_series(key).unwrap();
        cursor.advance().unwrap();
    }
    assert_eq!(writer.finish().unwrap().unwrap().path, part.path);
}

#[test]
fn a_sum_without_its_count_is_damage_and_never_a_wrong_mean() {
    let room = ruled(Room::new(options()));
    let first = NOW / DAY;
    for day in first..first + 6 {
        live(&room, day);
    }
    let mean = |room: &Room| ask(&room.store, "load", Figure::Mean);
    let right = day_rows(&mean(&room).0, first);
    assert_eq!(right.len(), 288);
    let path = room.parts()[0].clone();
    let Room { dir, clock, options, store } = room;
    store.close().unwrap();
    drop(store);
    without(Path::new(&path), DiskFigure::Count);
    let store = open(dir.path(), options, &clock, quick());
    let room = ruled(Room { dir, clock, options, store });
    let (found, _, told) = mean(&room);
    assert!(day_rows(&found, first).is_empty(), "{:?}", day_rows(&found, first));
    assert!(told.iter().any(|own| own.contains("a sum has no count")), "{told:?}");
    assert_eq!(day_rows(&found, first + 1).len(), 288);
    // What is left of the day is written anew without figures, once; its last samples stay.
    for _ in 0..3 {
        let (found, _, told) = mean(&room);
        assert!(day_rows(&found, first).is_empty());
        assert!(!told.iter().any(|own| own.contains("damaged")), "{told:?}");
    }
    assert_eq!(room.store.stats().quarantined, 1);
    assert!(day_rows(&ask(&room.store, "load", Figure::Last).0, first).len() >= 288);
}
