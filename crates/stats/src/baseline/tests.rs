//! Weeks of readings every five minutes, made here so that what is normal is known.

use proptest::prelude::*;

use super::*;
use crate::Chance;

const STEP: i64 = 300;
/// A Monday, 0:00 UTC.
const MONDAY: i64 = 1_795_392_000;

fn moment(at: i64) -> Moment {
    let hours = at.div_euclid(HOUR);
    // 1970 began on a Thursday.
    let hour = u8::try_from((hours + 72).rem_euclid(168)).unwrap();
    Moment { hour, start: hours * HOUR, part: (at - hours * HOUR) as f64 / HOUR as f64 }
}

/// Feeds from one hour to another, counted from Monday.
fn feed(
    baseline: &mut Baseline,
    hours: std::ops::Range<i64>,
    mut value: impl FnMut(i64) -> f64,
) -> Vec<(f64, Option<Band>)> {
    (hours.start * 12..hours.end * 12)
        .map(|step| {
            let at = MONDAY + step * STEP;
            let value = value(step / 12);
            (value, baseline.take(moment(at), value))
        })
        .collect()
}

/// A shop: days above nights, quiet week-ends, and some noise.
fn shop(seed: u64) -> impl FnMut(i64) -> f64 {
    let mut chance = Chance::new(seed);
    move |hour| {
        let day = if (8..20).contains(&(hour % 24)) { 100.0 } else { 20.0 };
        let weekend = if hour.rem_euclid(168) >= 120 { 0.4 } else { 1.0 };
        day * weekend * (1.0 + 0.05 * chance.normal())
    }
}

fn inside(readings: &[(f64, Option<Band>)]) -> f64 {
    let known: Vec<bool> =
        readings.iter().filter_map(|(value, band)| Some(band.as_ref()?.holds(*value))).collect();
    known.iter().filter(|inside| **inside).count() as f64 / known.len() as f64
}

fn at(baseline: &Baseline, hour: i64) -> Band {
    baseline.band(moment(MONDAY + hour * HOUR + HOUR / 2)).unwrap()
}

#[test]
fn the_reference_monday_is_one() {
    assert_eq!(moment(MONDAY).hour, 0);
}

#[test]
fn nothing_is_known_before_two_days_and_weeks_only_after_seven() {
    let mut baseline = Baseline::default();
    let readings = feed(&mut baseline, 0..170, shop(1));
    let basis = |hour: usize| readings[hour * 12].1.map(|band| band.basis);
    assert_eq!((basis(0), basis(47)), (None, None));
    assert_eq!((basis(48), basis(167)), (Some(Basis::Day), Some(Basis::Day)));
    assert_eq!(basis(168), Some(Basis::Week));
}

#[test]
fn a_weekend_is_told_from_a_working_day_once_there_were_two_of_each() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0..4 * 168, shop(2));
    let (tuesday, sunday) = (at(&baseline, 4 * 168 + 24 + 12), at(&baseline, 4 * 168 + 144 + 12));
    assert!((90.0..110.0).contains(&tuesday.mid), "{tuesday:?}");
    assert!((30.0..50.0).contains(&sunday.mid), "{sunday:?}");
    assert!(!sunday.holds(95.0) && !tuesday.holds(40.0), "{sunday:?} {tuesday:?}");
}

#[test]
fn nearly_all_ordinary_readings_lie_inside_and_the_band_is_no_barn_door() {
    let mut baseline = Baseline::default();
    let mut shop = shop(3);
    feed(&mut baseline, 0..3 * 168, &mut shop);
    let readings = feed(&mut baseline, 3 * 168..6 * 168, shop);
    assert!(inside(&readings) > 0.97, "{}", inside(&readings));
    let noon = at(&baseline, 6 * 168 + 12);
    assert!(noon.high - noon.low < 60.0, "{noon:?}");
}

#[test]
fn an_incident_of_a_day_hardly_widens_the_band() {
    let (mut calm, mut hit) = (Baseline::default(), Baseline::default());
    feed(&mut calm, 0..5 * 168, shop(4));
    let mut shop = shop(4);
    let incident = 3 * 168 + 24..3 * 168 + 48;
    feed(&mut hit, 0..5 * 168, |hour| {
        shop(hour) + if incident.contains(&hour) { 500.0 } else { 0.0 }
    });
    for hour in [30, 60, 100, 150] {
        let (calm, hit) = (at(&calm, 5 * 168 + hour), at(&hit, 5 * 168 + hour));
        let times = (hit.high - hit.low) / (calm.high - calm.low);
        assert!(times < 1.6, "{hour} {times} {calm:?} {hit:?}");
        assert!((calm.mid - hit.mid).abs() < 0.1 * calm.mid, "{hour} {calm:?} {hit:?}");
    }
    assert_eq!(hit.shift(), None);
}

#[test]
fn a_lasting_shift_is_followed_within_two_days_and_told() {
    let (mut baseline, mut shop) = (Baseline::default(), shop(5));
    let begins = 3 * 168 + 5;
    let readings = feed(&mut baseline, 0..4 * 168, |hour| {
        shop(hour) + if hour >= begins { 300.0 } else { 0.0 }
    });
    let of = |from: i64, to: i64| {
        inside(&readings[usize::try_from(from * 12).unwrap()..usize::try_from(to * 12).unwrap()])
    };
    assert!(of(begins, begins + 36) < 0.05, "{}", of(begins, begins + 36));
    assert!(of(begins + 48, 4 * 168) > 0.9, "{}", of(begins + 48, 4 * 168));
    let shift = baseline.shift().unwrap();
    assert!((shift.at - MONDAY - begins * HOUR).abs() <= 3 * HOUR, "{shift:?}");
    assert!((shift.by - 300.0).abs() < 15.0 && shift.times.is_none(), "{shift:?}");
}

#[test]
fn traffic_that_doubles_is_followed_in_proportion() {
    let (mut baseline, mut shop) = (Baseline::default(), shop(6));
    let begins = 3 * 168;
    feed(&mut baseline, 0..begins + 60, |hour| shop(hour) * if hour >= begins { 3.0 } else { 1.0 });
    let shift = baseline.shift().unwrap();
    assert!((shift.times.unwrap() - 3.0).abs() < 0.15, "{shift:?}");
    // Hours that did not come again yet are three times as high as well.
    let (thursday, sunday) = (at(&baseline, begins + 72 + 12), at(&baseline, begins + 144 + 12));
    assert!((260.0..340.0).contains(&thursday.mid), "{thursday:?}");
    assert!((90.0..150.0).contains(&sunday.mid), "{sunday:?}");
}

#[test]
fn an_hour_that_comes_twice_when_clocks_go_back_counts_once() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0..200, |_| 5.0);
    let again = moment(MONDAY + 199 * HOUR);
    let twice = Moment { start: again.start + HOUR, ..again };
    assert!(baseline.take(twice, 5.0).is_some());
    assert!(baseline.take(Moment { part: 0.5, ..twice }, 5.0).is_some());
    feed(&mut baseline, 201..202, |_| 5.0);
    assert_eq!(baseline.take(again, 9.0), None, "what is over does not come again");
}

#[test]
fn a_series_that_never_moves_has_a_narrow_band() {
    let mut baseline = Baseline::default();
    feed(&mut baseline, 0..200, |_| 1e12);
    let band = at(&baseline, 200);
    assert!(band.holds(1.005e12) && !band.holds(1.02e12) && !band.holds(0.98e12), "{band:?}");
}

#[test]
fn a_series_takes_less_than_five_kilobytes() {
    let bytes = Baseline::default().bytes();
    assert!(bytes <= 4_700, "{bytes}");
}

#[test]
fn a_band_may_be_widened() {
    let band = Band { low: 8.0, mid: 10.0, high: 13.0, basis: Basis::Week };
    let wide = band.widened(2.0);
    assert!((wide.low - 6.0).abs() < 1e-9 && (wide.high - 16.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn edges_lie_around_the_middle_and_nothing_breaks(seed in any::<u64>(), size in -300.0_f64..300.0, odd in any::<f64>()) {
        let mut chance = Chance::new(seed);
        let scale = 10_f64.powf(size);
        let mut baseline = Baseline::default();
        let readings = feed(&mut baseline, 0..220, |hour| {
            if hour % 31 == 0 { odd } else { scale * chance.normal() }
        });
        for (_, band) in readings {
            if let Some(band) = band {
                prop_assert!(band.low <= band.mid && band.mid <= band.high, "{band:?}");
            }
        }
    }

    #[test]
    fn what_moves_by_a_constant_has_a_band_that_does(seed in any::<u64>(), by in -1e3_f64..1e3) {
        let (mut own, mut moved) = (Baseline::default(), Baseline::default());
        // Large beside the floor, which is a share of the middle.
        let noise = |chance: &mut Chance| 2_000.0 * chance.normal();
        let (mut first, mut second) = (Chance::new(seed), Chance::new(seed));
        feed(&mut own, 0..260, |_| noise(&mut first));
        feed(&mut moved, 0..260, |_| noise(&mut second) + by);
        let (own, moved) = (at(&own, 260), at(&moved, 260));
        prop_assert!((own.high + by - moved.high).abs() < 60.0, "{own:?} {moved:?}");
        prop_assert!((own.low + by - moved.low).abs() < 60.0, "{own:?} {moved:?}");
    }
}
