//! Habits by the clocks of those who live by them: summer time that ends and begins, and weekends on the other side of
//! the earth.

use jiff::{Timestamp, tz::TimeZone};
use model::{Nature, Share, Span, Time};
use plan::{ForecastOptions, History, Known, Projection, Zone, forecast_knowing};
use stats::{Chance, mean};

const HOUR: i64 = 3_600_000;

/// People at work from 8 to 18 on five days a week, by the clocks of a place, so many of them at a moment.
fn at_work(zone: &TimeZone, at: i64) -> f64 {
    let local = zone.to_datetime(Timestamp::from_millisecond(at).unwrap());
    let day = local.weekday().to_monday_zero_offset();
    let mut chance = Chance::new(at.unsigned_abs() / 1_000);
    let base = if day < 5 && (8..18).contains(&local.hour()) { 60.0 } else { 20.0 };
    base + chance.normal()
}

/// The forecast of so many hours, after so many days, by the clocks of a place and by UTC; and what will come.
fn told(place: &str, now: &str, (days, ahead): (i64, i64)) -> ([Projection; 2], Vec<f64>) {
    let zone = TimeZone::get(place).unwrap();
    let now = Time(now.parse::<Timestamp>().unwrap().as_millisecond());
    let times: Vec<i64> = (0..24 * days).rev().map(|back| now.0 - back * HOUR).collect();
    // A value stands at the end of its hour.
    let values: Vec<f64> = times.iter().map(|at| at_work(&zone, at - HOUR / 2)).collect();
    let options = ForecastOptions {
        nature: Nature::Flow,
        confidence: Share::new(0.9).unwrap(),
        horizon: Some(Span::hours(ahead)),
        upper_bound: None,
        lower_bound: Some(0.0),
        seed: 1,
    };
    let history = History { times: &times, values: &values };
    let clocks = Zone::named(place, Time(times[0]), now).unwrap();
    let forecasts = [Some(&clocks), None].map(|zone| {
        let known = Known { zone, ..Known::default() };
        forecast_knowing(history, &known, &options, now).unwrap()
    });
    let comes = (1..=ahead).map(|hour| at_work(&zone, now.0 + hour * HOUR - HOUR / 2));
    (forecasts, comes.collect())
}

fn error(told: &Projection, comes: &[f64]) -> f64 {
    let errors = told.points.iter().zip(comes).map(|(point, value)| (point.mid - value).abs());
    mean(&errors.collect::<Vec<_>>())
}

#[test]
fn work_begins_at_the_same_hour_when_clocks_were_turned() {
    // Tuesdays, two days after summer time ended and began.
    for now in ["2026-10-27T00:00:00Z", "2026-03-31T00:00:00Z"] {
        let ([by_clocks, by_utc], comes) = told("Europe/Berlin", now, (56, 48));
        let (own, other) = (error(&by_clocks, &comes), error(&by_utc, &comes));
        assert!(own < 2.0 && own < 0.5 * other, "{now}: {own} and {other}");
    }
}

#[test]
fn clocks_that_will_be_turned_are_foreseen_and_points_stay_even() {
    // Fridays before summer time ends and begins; Monday to Wednesday lie beyond.
    for now in ["2026-10-23T00:00:00Z", "2026-03-27T00:00:00Z"] {
        let ([by_clocks, by_utc], comes) = told("Europe/Berlin", now, (56, 144));
        assert_eq!(by_clocks.points.len(), 144);
        let from = by_clocks.from;
        for (point, hour) in by_clocks.points.iter().zip(1..) {
            assert_eq!(point.at, from + Span::hours(hour));
        }
        let (own, other) = (error(&by_clocks, &comes), error(&by_utc, &comes));
        assert!(own < 2.0 && own < 0.8 * other, "{now}: {own} and {other}");
    }
}

#[test]
fn a_weekend_begins_when_it_does_where_people_are() {
    // Twelve days by the clocks of Auckland, whose Saturday begins on Friday noon of UTC; no week was seen twice.
    let ([by_clocks, by_utc], comes) = told("Pacific/Auckland", "2026-07-15T12:00:00Z", (12, 144));
    let (own, other) = (error(&by_clocks, &comes), error(&by_utc, &comes));
    assert!(own < other, "{own} and {other}");
}
