//! Samples as they come in real life: a second twice, disorder, gaps, a counter that starts anew. An answer that says
//! what it did, or a refusal; never a confident wrong date.

use model::{Nature, Outlook, Share, Span, Time};
use plan::{ForecastOptions, History, Projection, forecast, outlook};

/// 31 December 2016, 23:59:59 UTC, before a leap second.
const LEAP: Time = Time(1_483_228_799_000);

fn options(nature: Nature) -> ForecastOptions {
    ForecastOptions {
        nature,
        confidence: Share::new(0.9).unwrap(),
        horizon: None,
        upper_bound: Some(100.0),
        lower_bound: Some(0.0),
        seed: 1,
    }
}

/// A disk that gains a half an hour, looked at every five minutes for four days around a moment.
fn filling(around: Time) -> Vec<(i64, f64)> {
    (-576..576_i32)
        .map(|at| (around.0 + i64::from(at) * 300_000, 20.0 + f64::from(at + 576) / 24.0))
        .collect()
}

fn told(samples: &[(i64, f64)], nature: Nature) -> (Projection, Outlook) {
    let (times, values): (Vec<i64>, Vec<f64>) = samples.iter().copied().unzip();
    let history = History { times: &times, values: &values };
    let now = Time(*times.iter().max().unwrap());
    let projection = forecast(history, &options(nature), now);
    let outlook = outlook(history, &projection, 90.0, now);
    (projection.unwrap(), outlook)
}

#[test]
fn a_leap_second_moves_no_date() {
    let plain = filling(LEAP);
    // The clock stands still for a second, and the same moment is told twice.
    let mut leap: Vec<(i64, f64)> = plain
        .iter()
        .map(|(time, value)| (if *time > LEAP.0 { time - 1_000 } else { *time }, *value))
        .collect();
    let again = leap[576];
    leap.insert(577, again);
    let (_, Outlook::Expected(plain)) = told(&plain, Nature::Stock) else { panic!() };
    let (_, Outlook::Expected(leap)) = told(&leap, Nature::Stock) else { panic!() };
    let moved = plain.likely.unwrap().since(leap.likely.unwrap());
    assert!(moved.0.abs() <= Span::minutes(30).0, "{moved}");
}

#[test]
fn the_order_in_which_samples_came_does_not_matter() {
    let samples = filling(LEAP);
    let mut mixed = samples.clone();
    mixed.reverse();
    mixed.swap(3, 900);
    assert_eq!(told(&samples, Nature::Stock).1, told(&mixed, Nature::Stock).1);
}

#[test]
fn a_gap_of_a_day_is_bridged_and_said() {
    let mut samples = filling(LEAP);
    samples.drain(400..688);
    let (projection, outlook) = told(&samples, Nature::Stock);
    assert_eq!(projection.notes, ["24 % of the time has no samples and is bridged"]);
    let Outlook::Expected(range) = outlook else { panic!("{outlook:?}") };
    // 22 more at a half an hour.
    let hours = range.likely.unwrap().since(projection.from).as_secs() / 3_600.0;
    assert!((hours - 44.0).abs() < 4.0, "{hours}");
}

#[test]
fn a_counter_that_starts_anew_is_a_step_that_is_said() {
    let mut samples = filling(LEAP);
    for (_, value) in &mut samples[700..] {
        *value -= 49.0;
    }
    let (projection, outlook) = told(&samples, Nature::Stock);
    assert_eq!(projection.notes.len(), 1, "{:?}", projection.notes);
    assert!(projection.notes[0].starts_with("a step down on 1 January"), "{:?}", projection.notes);
    // It stands at 19 and has 71 to go at twelve a day: beyond what four days of past can see.
    assert!(matches!(outlook, Outlook::NotBefore(_)), "{outlook:?}");
}

#[test]
fn what_lies_before_years_of_silence_is_left_out_and_said() {
    let mut samples = filling(LEAP);
    let old: Vec<(i64, f64)> =
        samples.iter().map(|(time, value)| (time - Span::days(700).0, 100.0 - value)).collect();
    samples.extend(old);
    let (projection, outlook) = told(&samples, Nature::Stock);
    let said = &projection.notes[..];
    assert!(said.len() == 1 && said[0].starts_with("what lies before a gap of 696d"), "{said:?}");
    assert!(matches!(outlook, Outlook::Expected(_)), "{outlook:?}");
}

#[test]
fn a_peak_that_the_limit_cuts_off_stays_below_it() {
    let samples: Vec<(i64, f64)> = (0..2_000_i32)
        .map(|at| {
            let value: f64 = 80.0 + f64::from(at % 288) / 6.0;
            (LEAP.0 + i64::from(at) * 300_000, value.min(100.0))
        })
        .collect();
    let (projection, _) = told(&samples, Nature::Flow);
    assert!(projection.points.iter().all(|point| point.high <= 100.0 && point.low >= 0.0));
}
