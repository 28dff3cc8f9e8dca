//! What the store takes stays small, however long it runs.

use super::*;

const SERIES: usize = 200;
const EVERY: Span = Span::secs(15);

/// Samples as they are in the field: gauges that wander, counters that rise, figures that stand.
fn scrape(hosts: &[Labels], time: i64, round: usize) -> Vec<Series> {
    let value = |number: usize| match number % 3 {
        0 => ((round * 31 + number * 17) % 1000) as f64 / 10.0,
        1 => (round * number) as f64,
        _ => number as f64,
    };
    let one = |(number, labels): (usize, &Labels)| series(labels.clone(), &[(time, value(number))]);
    hosts.iter().enumerate().map(one).collect()
}

#[test]
fn a_day_of_scrapes_keeps_memory_log_and_parts_small() {
    let room = Room::new(StoreOptions::default());
    let hosts: Vec<Labels> =
        (0..SERIES).map(|number| labels("cpu", &format!("host-{number}"))).collect();
    let (mut memory, mut log, mut parts_per_day) = (0, 0, 0);
    let rounds = 24 * 3600 * 1000 / EVERY.as_millis();
    let rounds = u64::try_from(rounds).unwrap();
    for round in 0..rounds {
        let time = NOW + i64::try_from(round).unwrap() * EVERY.as_millis();
        write(&room.store, &scrape(&hosts, time, usize::try_from(round).unwrap()));
        for _ in 0..2 {
            room.clock.turn(Span::millis(EVERY.as_millis() / 2));
            room.store.maintain().unwrap();
        }
        if round % 10 == 0 {
            // As alerts do: the last minutes of everything, which fills the cache.
            select(&room.store, &[], time - 600_000, time);
        }
        let stats = room.store.stats();
        memory = memory.max(stats.bytes_in_memory);
        log = log.max(stats.log_bytes);
        let catalog = room.store.catalog();
        parts_per_day =
            parts_per_day.max(catalog.days.values().map(|day| day.parts.len()).max().unwrap_or(0));
    }
    let stats = room.store.stats();
    assert_eq!((stats.samples, stats.trouble), (SERIES as u64 * rounds, None));
    // Four thousand rows wait at most; the rest is labels, and what was read lately.
    assert!(memory <= 2 << 20, "{memory} bytes in memory");
    assert!(log <= 128 << 10, "{log} bytes of log");
    // Seven of each tier and one more to be merged; a day of five-minute parts has three tiers.
    assert!(parts_per_day <= 22, "{parts_per_day} parts of a day");
    assert_eq!(room.store.catalog().days.values().next().unwrap().parts.len(), 1);
    assert_eq!((stats.series, room.files("log").len()), (SERIES, 1));
    assert_eq!(room.parts().len(), stats.parts);
    assert!(stats.bytes_on_disk < stats.samples * 4, "{} bytes on disk", stats.bytes_on_disk);
}

#[test]
fn series_that_come_and_go_leave_nothing_behind() {
    let room = Room::new(StoreOptions::default());
    let mut memory = Vec::new();
    for hour in 0..24 {
        for minute in 0..60i64 {
            let time = NOW + (hour * 60 + minute) * 60_000;
            // Each lives for ten minutes.
            let pod = |number: i64| labels("cpu", &format!("pod-{hour}-{}-{number}", minute / 10));
            let batch: Vec<Series> =
                (0..50).map(|number| series(pod(number), &[(time, 1.0)])).collect();
            write(&room.store, &batch);
            room.clock.turn(Span::minutes(1));
            room.store.maintain().unwrap();
        }
        let stats = room.store.stats();
        assert!(stats.series <= 50 * 8, "{} series", stats.series);
        memory.push(stats.bytes_in_memory);
    }
    // Nothing is read here, so that the cache is empty.
    assert!(memory[23] <= memory[2] + (64 << 10), "{memory:?}");
}

#[test]
fn past_its_bytes_a_store_drops_its_oldest_days_and_keeps_the_newest() {
    const DAY: i64 = 86_400_000;
    let mixed = |at: i64| ((at * 7919) % 10_007) as f64 * 0.37;
    let day = |room: &Room, ago: i64| {
        let samples: Vec<_> =
            (0..500).map(|at| (NOW - ago * DAY + at * 15_000, mixed(at + ago))).collect();
        write(&room.store, &[series(labels("cpu", "a"), &samples)]);
    };
    let room = Room::new(StoreOptions { future_max: Span::days(2), ..StoreOptions::default() });
    (0..6).rev().for_each(|ago| day(&room, ago));
    room.flush();
    let stats = room.store.stats();
    assert_eq!(stats.partitions, 6);
    let Room { dir, clock, store, .. } = room;
    drop(store);
    // Room for three days and a half.
    let most = stats.bytes_on_disk * 7 / 12;
    let options = StoreOptions { retention_bytes: Some(most), ..StoreOptions::default() };
    let store = open(dir.path(), options, &clock, quick());
    store.maintain().unwrap();
    let after = store.stats();
    assert_eq!((after.partitions, after.partitions_dropped), (3, 3));
    assert!(after.bytes_on_disk <= most && after.oldest >= Some(Time(NOW - 2 * DAY)), "{after:?}");
    drop(store);
    // A bound that not even one day keeps.
    let options = StoreOptions { retention_bytes: Some(1), ..StoreOptions::default() };
    let store = open(dir.path(), options, &clock, quick());
    store.maintain().unwrap();
    assert_eq!(store.stats().partitions, 1);
    assert_eq!(store.stats().oldest, Some(Time(NOW)));
}
