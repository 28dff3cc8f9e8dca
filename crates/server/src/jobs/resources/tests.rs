//! What counts as a change of a resource.

use model::{Labels, Nature, Share, Thresholds, Unit};

use super::*;

fn resource() -> Arc<Resource> {
    let share = |value| Share::new(value).unwrap();
    Arc::new(Resource {
        name: "disk".into(),
        title: "Disk space {{mountpoint}}".into(),
        used: "used".into(),
        limit: "limit".into(),
        unit: Unit::Bytes,
        nature: Nature::Stock,
        thresholds: Thresholds::new(share(0.75), share(0.8), share(0.85), share(0.95)).unwrap(),
        hold: Span::minutes(5),
        lead_time: Span::days(14),
        owner: "infrastructure".into(),
        advice: String::new(),
        quota: None,
        cache: None,
        alerts: true,
    })
}

fn round(disks: &[(&str, f64)]) -> Round {
    let reading = |(mountpoint, limit): &(&str, f64)| Reading {
        id: ResourceId {
            resource: "disk".into(),
            labels: Labels::from_pairs([("mountpoint", *mountpoint)]),
        },
        at: Time(0),
        used: 1.0,
        limit: *limit,
    };
    vec![(resource(), disks.iter().map(reading).collect())]
}

fn texts(disks: &[(&str, f64)], known: &mut Known, minute: i64) -> Vec<String> {
    changes(&round(disks), known, minute == 0, Time::from_secs(minute * 60))
        .into_iter()
        .map(|change| format!("{} {}", change.subject, change.text))
        .collect()
}

#[test]
fn the_first_look_is_no_news_but_what_comes_moves_and_goes_is() {
    const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
    let mut known = Known::new();
    let none: [&str; 0] = [];
    assert_eq!(texts(&[("/", GIB)], &mut known, 0), none);
    assert_eq!(
        texts(&[("/", GIB), ("/data", 4.0 * GIB)], &mut known, 1),
        ["Disk space /data is new here, with 4 GiB"]
    );
    assert_eq!(
        texts(&[("/", 2.0 * GIB), ("/data", 4.0 * GIB)], &mut known, 2),
        ["Disk space / limit moved from 1 GiB to 2 GiB"]
    );
    assert_eq!(texts(&[("/", 2.0 * GIB)], &mut known, 3), none);
    assert_eq!(texts(&[("/", 2.0 * GIB)], &mut known, 8), ["Disk space /data is no longer there"]);
}

#[test]
fn what_is_not_here_is_looked_for_once_a_minute_until_it_comes() {
    let (mut absent, mut known) = (Absent::new(), Known::new());
    let at = Time::from_secs;
    assert!(!rests(&absent, &resource(), at(0)), "it was never looked for");
    note_absent(&mut absent, &round(&[]), &known, at(0));
    assert!(rests(&absent, &resource(), at(59)) && !rests(&absent, &resource(), at(60)));
    note_absent(&mut absent, &round(&[("/", 1.0)]), &known, at(60));
    assert!(!rests(&absent, &resource(), at(61)));
    // It was here until now: its alerts have to end before it is left alone.
    texts(&[("/", 1.0)], &mut known, 0);
    note_absent(&mut absent, &round(&[]), &known, at(90));
    assert!(!rests(&absent, &resource(), at(91)));
}
