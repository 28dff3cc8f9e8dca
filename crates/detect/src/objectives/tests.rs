//! What answers count, and who is said to cost the budget.

use model::{Indicator, Labels, Loudness, Objective, Period, Share, Span, Test, Time, Unit};
use query::InstantSample;

use super::*;

fn objective(indicator: Indicator) -> Objective {
    Objective {
        name: "a".into(),
        title: "A".into(),
        service: String::new(),
        owner: "nobody yet".into(),
        reason: String::new(),
        indicator,
        target: Share::new(0.99).unwrap(),
        period: Period::Rolling(Span::days(30)),
        alerts: Loudness::Page,
        needed: true,
    }
}

fn counted(bad: &str, total: &str) -> Measure {
    let indicator = Indicator::Bad { bad: bad.into(), total: total.into() };
    Measure::of(&objective(indicator)).unwrap()
}

fn minute(at: i64) -> Time {
    Time::from_secs(at * 60)
}

/// Series as `instance code value`, a line each.
fn answer(lines: &[&str]) -> Vec<InstantSample> {
    let sample = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let pairs = [("job", "api"), ("instance", words[0]), ("code", words[1])];
        InstantSample::float(Labels::from_pairs(pairs), Time(0), words[2].parse().unwrap())
    };
    lines.iter().map(sample).collect()
}

#[test]
fn a_minute_counts_what_counters_rose_by() {
    let measure = counted("r{code=~\"5..\"}", "r");
    assert_eq!(measure.questions().len(), 2);
    let mut meter = Meter::default();
    let mut step = |at, total: &[&str], bad: &[&str]| {
        let count = meter.step(&measure, &[answer(total), answer(bad)], minute(at)).unwrap();
        count.map(|count| (count.total, count.bad))
    };
    assert_eq!(step(0, &["a 200 100", "a 500 7"], &["a 500 7"]), Some((0.0, 0.0)));
    assert_eq!(step(1, &["a 200 110", "a 500 8"], &["a 500 8"]), Some((11.0, 1.0)));
    // The program started anew: counters began at nought.
    assert_eq!(step(2, &["a 200 4", "a 500 1"], &["a 500 1"]), Some((5.0, 1.0)));
    // The first error of its kind in a program that is known rose from nought as well.
    assert_eq!(
        step(3, &["a 200 4", "a 500 1", "a 503 2"], &["a 500 1", "a 503 2"]),
        Some((2.0, 2.0))
    );
    // What another program had counted before it was first read is nobody's minute.
    assert_eq!(step(4, &["a 200 4", "b 200 5000", "b 500 70"], &["b 500 70"]), Some((0.0, 0.0)));
    // A gap in scraping loses nothing.
    assert_eq!(step(5, &[], &[]), None);
    assert_eq!(step(9, &["a 200 9", "b 200 5001"], &["b 500 71"]), Some((6.0, 1.0)));
    // What was away for more than an hour begins anew.
    assert_eq!(step(80, &["a 200 50"], &[]), Some((0.0, 0.0)));
}

#[test]
fn what_is_not_good_is_bad() {
    let indicator =
        Indicator::Good { good: "sum(rate(r{code!~\"5..\"}[5m]))".into(), total: "r".into() };
    let measure = Measure::of(&objective(indicator)).unwrap();
    assert_eq!(measure.questions(), ["{__name__=\"r\"}", "{__name__=\"r\",code!~\"5..\"}"]);
    let mut meter = Meter::default();
    let first = [answer(&["a 200 10", "a 500 1"]), answer(&["a 200 10"])];
    meter.step(&measure, &first, minute(0)).unwrap();
    let second = [answer(&["a 200 18", "a 500 3"]), answer(&["a 200 18"])];
    let count = meter.step(&measure, &second, minute(1)).unwrap();
    assert_eq!(count, Some(Count { total: 10.0, bad: 2.0 }));
}

#[test]
fn each_element_of_a_value_is_an_event_and_not_a_number_is_none() {
    let indicator =
        Indicator::Value { expr: "up".into(), test: Test::AtLeast, line: 1.0, unit: Unit::Count };
    let measure = Measure::of(&objective(indicator)).unwrap();
    let mut meter = Meter::default();
    let mut step = |lines: &[&str]| meter.step(&measure, &[answer(lines)], minute(0)).unwrap();
    assert_eq!(step(&["a x 1", "b x 0", "c x 1"]), Some(Count { total: 3.0, bad: 1.0 }));
    assert_eq!(step(&["a x NaN"]), Some(Count::default()));
    assert_eq!(step(&[]), None);
}

#[test]
fn what_is_no_sum_of_counters_is_refused_with_its_key() {
    let indicator = Indicator::Bad { bad: "a / b".into(), total: "b".into() };
    let error = Measure::of(&objective(indicator)).unwrap_err();
    assert_eq!(error.to_string(), "`bad` of objective a is not a sum of counters");
    assert_eq!(error.kind(), model::Kind::Invalid);
}

#[test]
fn the_dearest_value_of_the_label_that_tells_most_comes_first() {
    let measure = counted("r{code=~\"5..\"}", "r");
    let parts = measure.over(Span::hours(1));
    assert_eq!(parts[1].text, "increase({__name__=\"r\",code=~\"5..\"}[1h])");
    let total = answer(&["a 200 800", "a 500 8", "b 200 100", "b 500 90", "b 503 2"]);
    let bad = answer(&["a 500 8", "b 500 90", "b 503 2"]);
    let found = costs(&parts, &[total, bad]);
    // The job is the same everywhere.
    let names: Vec<&str> = found.iter().map(|own| own.label.as_str()).collect();
    assert_eq!(names, ["code", "instance"]);
    let dearest = &found[1].costs[0];
    assert_eq!((dearest.value.as_str(), dearest.bad, dearest.total), ("b", 92.0, 192.0));
    assert!((dearest.share_of_bad - 0.92).abs() < 1e-12);
    assert!((dearest.share_of_total - 0.192).abs() < 1e-12);
    assert!(costs(&parts, &[answer(&["a 200 1"]), Vec::new()]).is_empty());
}

#[test]
fn an_error_in_the_first_hour_of_a_month_does_not_spend_the_month() {
    let mut own = objective(Indicator::Bad { bad: "b".into(), total: "t".into() });
    own.period = Period::Calendar { unit: model::CalendarUnit::Month, zone: "UTC".into() };
    let mut tally = Tally::default();
    for at in 1..=60 {
        tally.add_minute(minute(at), Count { total: 10.0, bad: if at == 5 { 10.0 } else { 0.0 } });
    }
    let account = Account::of(&own, &tally, Time(0), minute(60));
    assert_eq!((account.from, account.period), (Time(0), Span::days(31)));
    // A sixtieth is bad where a hundredth may be, for an hour of 744.
    let wanted = 1.0 - (10.0 / 600.0) / 0.01 / 744.0;
    assert!((account.left - wanted).abs() < 1e-9, "{}", account.left);
    assert_eq!(account.policy(), Policy::Free);
}
