//! What is known beside the samples: deployments that moved a level or a pace, and days that are not like others.

use model::{Nature, Outlook, Share, Span, Time};
use plan::{
    Deployment, ForecastOptions, History, HowSpecial, Known, Projection, SpecialDay, forecast,
    forecast_knowing, outlook,
};
use stats::{Chance, mean};

/// 20 November 2026, midnight, a Friday.
const NOW: Time = Time(1_795_132_800_000);
const HOUR: Span = Span::hours(1);

fn options(nature: Nature) -> ForecastOptions {
    ForecastOptions {
        nature,
        confidence: Share::new(0.9).unwrap(),
        horizon: Some(Span::days(7)),
        upper_bound: None,
        lower_bound: Some(0.0),
        seed: 1,
    }
}

/// The hours up to now, each told by its number counted back from now.
fn hourly(count: i64, value: impl Fn(i64) -> f64) -> (Vec<i64>, Vec<f64>) {
    (0..count).rev().map(|back| (NOW.0 - back * HOUR.0, value(back))).unzip()
}

fn middles(told: &Projection) -> Vec<f64> {
    told.points.iter().map(|point| point.mid).collect()
}

/// Busy by day and on weekdays; a third more since a deployment five days ago.
fn deployed(back: i64) -> f64 {
    let mut chance = Chance::new(u64::try_from(back).unwrap_or(0) + 5);
    let hour = (24 * 70 - back).rem_euclid(24);
    let base = if (8..20).contains(&hour) { 60.0 } else { 30.0 };
    let level = if back < 120 { 1.35 } else { 1.0 };
    level * base + 2.0 * chance.normal()
}

#[test]
fn a_deployment_that_cost_a_third_more_is_named_and_not_taken_for_noise() {
    let (times, values) = hourly(24 * 28, deployed);
    let history = History { times: &times, values: &values };
    let release =
        |back: i64, name: &str| Deployment { at: NOW - Span::hours(back), name: name.into() };
    let changes = [release(120, "shop: release 4.2"), release(300, "shop: release 4.1")];
    let known = Known { changes: &changes, days: &[], zone: None };
    let told = forecast_knowing(history, &known, &options(Nature::Flow), NOW).unwrap();
    let said = "since «shop: release 4.2» on 15 November";
    assert!(told.notes.len() == 1 && told.notes[0].ends_with(said), "{:?}", told.notes);
    let plain = forecast(history, &options(Nature::Flow), NOW).unwrap();
    assert!(plain.notes.is_empty());
    let level = mean(&middles(&told));
    assert!((level / (1.35 * 45.0) - 1.0).abs() < 0.05, "{level}");
    // The step was not foreseeable, and is no reason to doubt what comes now.
    let width = |told: &Projection| {
        mean(&told.points.iter().map(|point| point.high - point.low).collect::<Vec<_>>())
    };
    assert!(width(&told) < 0.9 * width(&plain), "{} {}", width(&told), width(&plain));
}

#[test]
fn a_disk_that_fills_faster_since_a_release_is_told_by_its_new_pace() {
    let pace = |back: i64| if back < 60 { 0.3 } else { 0.1 };
    let level = |back: i64| 70.0 - (0..back).map(pace).sum::<f64>();
    let (times, values) = hourly(24 * 14, level);
    let history = History { times: &times, values: &values };
    let changes = [Deployment { at: NOW - Span::hours(60), name: "db: keeps audit rows".into() }];
    let known = Known { changes: &changes, days: &[], zone: None };
    let told = forecast_knowing(history, &known, &options(Nature::Stock), NOW);
    assert_eq!(
        told.as_ref().unwrap().notes,
        ["faster since «db: keeps audit rows» on 17 November"]
    );
    // 20 more at 0.3 an hour.
    let Outlook::Expected(range) = outlook(history, &told, 90.0, NOW) else { panic!() };
    let likely = range.likely.unwrap().since(NOW).as_secs() / 3_600.0;
    assert!((likely - 66.7).abs() < 4.0, "{likely}");
}

/// Ten by the hour on weekdays and two on Saturday and Sunday, for six weeks up to a Friday.
fn weekly(back: i64) -> f64 {
    let day = (back - 1).div_euclid(24).rem_euclid(7);
    // Counted back from Friday: Thursday, Wednesday, Tuesday, Monday, Sunday, Saturday, Friday.
    if day == 4 || day == 5 { 2.0 } else { 10.0 }
}

fn special(name: &str, days: i64, how: HowSpecial) -> SpecialDay {
    let from = NOW + Span::days(days);
    SpecialDay { name: name.into(), from, until: from + Span::days(1), how }
}

#[test]
fn a_holiday_ahead_is_told_as_the_sunday_it_is_like_and_one_past_is_no_habit() {
    let holiday = -15 * 24;
    let (times, values) = hourly(24 * 42, |back| match back {
        back if (-holiday - 23..=-holiday).contains(&back) => 2.0,
        back => weekly(back),
    });
    let history = History { times: &times, values: &values };
    // Next Tuesday is like the Sunday two days before; Thursday two weeks ago was like a Sunday too.
    let days = [
        special("holiday", -15, HowSpecial::Like(4)),
        special("bank holiday", 4, HowSpecial::Like(2)),
    ];
    let known = Known { changes: &[], days: &days, zone: None };
    let told = forecast_knowing(history, &known, &options(Nature::Flow), NOW).unwrap();
    assert_eq!(told.notes, ["«bank holiday» is told as a day of its own"]);
    let days: Vec<f64> = middles(&told).chunks(24).map(mean).collect();
    for (day, wanted) in days.iter().zip([10.0, 2.0, 2.0, 10.0, 2.0, 10.0, 10.0]) {
        assert!((day - wanted).abs() < 0.6, "{days:?}");
    }
}

#[test]
fn a_sale_ahead_is_as_high_as_the_one_before() {
    let (times, values) = hourly(24 * 42, |back| {
        let sale = (13 * 24 + 1..=14 * 24).contains(&back);
        weekly(back) * if sale { 2.5 } else { 1.0 }
    });
    let history = History { times: &times, values: &values };
    let days =
        [special("sale", -14, HowSpecial::AsBefore), special("sale", 0, HowSpecial::AsBefore)];
    let known = Known { changes: &[], days: &days, zone: None };
    let told = forecast_knowing(history, &known, &options(Nature::Flow), NOW).unwrap();
    let days: Vec<f64> = middles(&told).chunks(24).map(mean).collect();
    assert!((days[0] - 25.0).abs() < 1.0 && (days[1] - 2.0).abs() < 0.6, "{days:?}");
}
