//! Watches over answers made here.

use model::{Columns, Labels, Series};

use super::*;

const HOUR: i64 = 3_600_000;
/// Monday 2026-10-12, 0:00 UTC.
const MONDAY: i64 = 1_791_763_200_000;

fn watched(zone: &str) -> Watched {
    Watched {
        name: "requests".into(),
        expr: "requests".into(),
        labels: Vec::new(),
        zone: Zone::named(zone).unwrap(),
        width: 1.0,
        series_max: 3,
    }
}

fn columns(service: &str, from: i64, to: i64, value: impl Fn(i64) -> f64) -> Columns {
    let times: Vec<i64> = (from * 12..to * 12).map(|step| MONDAY + step * HOUR / 12).collect();
    let values = times.iter().map(|time| value(*time)).collect();
    let labels =
        Labels::from_pairs([("__name__", "requests"), ("service", service), ("pod", service)]);
    Columns::new(labels, times, values)
}

fn until(hours: i64) -> Time {
    Time(MONDAY) + Span::hours(hours)
}

fn value(series: &[Series], bound: &str) -> Option<f64> {
    let one = series.iter().find(|own| own.labels.get(BOUND) == Some(bound))?;
    Some(one.samples[0].value)
}

/// Busy from nine to five by clocks in Berlin.
fn office(time: i64) -> f64 {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    if (9..17).contains(&(berlin.moment(Time(time)).hour % 24)) { 100.0 } else { 10.0 }
}

#[test]
fn nothing_is_recorded_before_a_week_is_over() {
    let mut watch = Watch::new(watched("UTC"));
    watch.learn(&[columns("a", 0, 167, |_| 5.0)], until(167), 10).unwrap();
    assert!(watch.bands(until(167)).is_empty());
    assert_eq!(watch.rows(until(167), 9)[0].band.map(|band| band.basis), Some(stats::Basis::Day));
    watch.learn(&[columns("a", 167, 169, |_| 5.0)], until(169), 10).unwrap();
    let bands = watch.bands(until(169));
    assert_eq!(bands.len(), 3);
    let wanted = r#"plimsoll_baseline{baseline="requests",bound="low",pod="a",service="a"}"#;
    assert_eq!(bands[0].labels.to_string(), wanted);
    assert!(
        value(&bands, "low") <= value(&bands, "mid")
            && value(&bands, "mid") <= value(&bands, "high")
    );
}

#[test]
fn habits_move_with_summer_time_where_the_zone_has_it() {
    // Two weeks up to the last Sunday of October, then a day of winter time.
    let answer = [columns("a", 0, 14 * 24, office)];
    let mid = |zone: &str, hour: i64| {
        let mut watch = Watch::new(watched(zone));
        watch.learn(&answer, until(14 * 24), 10).unwrap();
        let row = watch.rows(until(14 * 24 + hour) + Span::minutes(30), 1).remove(0);
        row.band.unwrap().mid
    };
    // Monday 26 October, 16:30 in Berlin is 15:30 UTC now; it was 14:30 UTC before.
    let at = |hour: i64| (mid("Europe/Berlin", hour), mid("UTC", hour));
    assert!(at(15).0 > 50.0 && at(15).1 < 50.0, "{:?}", at(15));
}

#[test]
fn series_beyond_the_limit_are_left_out_and_counted_until_others_are_gone() {
    let mut watch = Watch::new(watched("UTC"));
    let answer: Vec<Columns> =
        ["a", "b", "c", "d", "e"].iter().map(|name| columns(name, 0, 1, |_| 1.0)).collect();
    watch.learn(&answer, until(1), 10).unwrap();
    assert_eq!((watch.len(), watch.left_out()), (3, 2));
    watch.learn(&[columns("d", 30, 31, |_| 1.0)], until(31), 0).unwrap();
    assert_eq!(
        (watch.len(), watch.left_out()),
        (1, 0),
        "it takes the place of those that are gone"
    );
    let answer: Vec<Columns> =
        ["d", "e"].iter().map(|name| columns(name, 31, 32, |_| 1.0)).collect();
    watch.learn(&answer, until(32), 0).unwrap();
    assert_eq!((watch.len(), watch.left_out()), (1, 1), "others have the rest of the room");
}

#[test]
fn labels_that_are_left_out_must_not_make_two_series_one() {
    let own = Watched { labels: vec!["service".into()], ..watched("UTC") };
    let mut watch = Watch::new(own);
    watch.learn(&[columns("a", 0, 1, |_| 1.0)], until(1), 10).unwrap();
    assert_eq!(watch.rows(until(1), 1)[0].labels.to_string(), r#"{service="a"}"#);
    let twice = [columns("b", 1, 2, |_| 1.0), columns("b", 1, 2, |_| 2.0)];
    let error = watch.learn(&twice, until(2), 10).unwrap_err();
    assert!(error.to_string().contains(r#"service="b""#), "{error}");
    assert_eq!(watch.len(), 1);
}

#[test]
fn what_is_learnt_in_bites_is_what_is_learnt_at_once() {
    let whole = columns("a", 0, 400, |time| office(time) + (time / HOUR % 7) as f64);
    let mut at_once = Watch::new(watched("Europe/Berlin"));
    at_once.learn(std::slice::from_ref(&whole), until(400), 10).unwrap();
    let mut bitten = Watch::new(watched("Europe/Berlin"));
    for bite in 0..40 {
        let part =
            columns("a", bite * 10, bite * 10 + 10, |time| office(time) + (time / HOUR % 7) as f64);
        bitten.learn(&[part], until(bite * 10 + 10), 10).unwrap();
    }
    assert_eq!(at_once.bands(until(400)), bitten.bands(until(400)));
    assert_eq!(bitten.next_step(until(500)), until(400) + STEP);
}

#[test]
fn the_band_of_the_past_is_what_was_known_then() {
    let readings =
        columns("a", 0, 30 * 24, |time| if time >= MONDAY + 500 * HOUR { 50.0 } else { 5.0 });
    let unfolded = unfold(&readings, &Zone::UTC, (until(160), Span::hours(10), 50));
    let holds = |at: usize, value| unfolded.bands[at].is_some_and(|band| band.holds(value));
    assert!(unfolded.bands[0].is_some_and(|band| band.basis == stats::Basis::Day));
    assert!(unfolded.bands[1].is_some_and(|band| band.basis == stats::Basis::Week));
    assert!(holds(33, 5.0) && !holds(34, 50.0), "an hour before the step, and when it comes");
    assert!(holds(40, 50.0), "two days later it is the new level");
    assert_eq!(unfolded.shift.map(|shift| shift.at), Some(MONDAY / 1000 + 500 * 3600));
}
