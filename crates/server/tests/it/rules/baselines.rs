//! What is normal, over weeks that pass in a moment: told, recorded, judged by, and known again after a restart.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use model::{Series, Span, Time};
use serde_json::Value;
use testkit::TurnedClock;

use crate::house::{House, QUIET, series};

const HOUR: i64 = 3_600_000;
/// Wednesday 2026-11-18, 11:20 UTC.
const NOW: Time = Time(1_795_000_800_000);
const DAYS: i64 = 24;

/// Requests as they come in an office: 100 by day, 10 by night, 5 at week-ends, and a little unrest.
fn requests(time: i64) -> f64 {
    let hours = time.div_euclid(HOUR);
    // 1970 began on a Thursday.
    let (day, hour) = ((hours.div_euclid(24) + 3).rem_euclid(7), hours.rem_euclid(24));
    let usual = match (day, hour) {
        (5 | 6, _) => 5.0,
        (_, 8..18) => 100.0,
        _ => 10.0,
    };
    usual * (1.0 + 0.02 * ((time / 300_000) % 5 - 2) as f64)
}

fn past() -> Vec<Series> {
    let from = NOW.millis() - DAYS * 24 * HOUR;
    let rows: Vec<(i64, f64)> = (0..=DAYS * 288)
        .map(|step| from + step * 300_000)
        .map(|time| (time, requests(time)))
        .collect();
    rows.chunks(2_000)
        .map(|rows| series(&[("__name__", "requests"), ("service", "shop")], rows))
        .collect()
}

fn settings(folder: &std::path::Path) -> Result<String> {
    let rules = folder.join("rules.yaml");
    std::fs::write(
        &rules,
        "groups: [{name: shop, interval: 15s, rules: [{alert: Unusual, expr: 'requests > ignoring(baseline, bound) plimsoll_baseline{baseline=\"requests\", bound=\"high\"}'}, {alert: Busy, expr: 'requests * 1 > 300'}]}]",
    )?;
    let watch = "baselines: {zone: Europe/London, watch: [{name: requests, expr: requests}]}";
    Ok(format!("{QUIET}{watch}\nrule_files: ['{}']\n", rules.display()))
}

/// Turns the clock until an answer is as wanted.
async fn turned(
    house: &House,
    clock: &TurnedClock,
    (path, query): (&str, &[(&str, &str)]),
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..400 {
        clock.turn(Span::secs(2));
        last = house.get(path, query).await?.1;
        if wanted(&last) {
            return Ok(last);
        }
        pause().await;
    }
    bail!("{path} did not become as wanted:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Low, middle and high of the recorded band.
async fn recorded(house: &House, clock: &TurnedClock) -> Result<[f64; 3]> {
    let query = [("query", "sort_by_label(plimsoll_baseline{baseline=\"requests\"}, \"bound\")")];
    let wanted =
        |answer: &Value| answer["data"]["result"].as_array().is_some_and(|all| all.len() == 3);
    let answer = turned(house, clock, ("/api/v1/query", &query), wanted).await?;
    let value = |at: usize| -> Result<f64> {
        let row = &answer["data"]["result"][at];
        assert_eq!(row["metric"]["service"], "shop", "{row}");
        Ok(row["value"][1].as_str().context("no value")?.parse()?)
    };
    // In order of their bounds: high, low, mid.
    Ok([value(1)?, value(2)?, value(0)?])
}

#[tokio::test]
async fn a_band_is_recorded_judged_by_and_known_again_after_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let text = settings(folder.path())?;
    let clock = TurnedClock::at(NOW);
    let house = House::new(&text, Arc::new(clock.clone())).await?;
    for one in past() {
        house.write(&[one]).await?;
    }
    let before = recorded(&house, &clock).await?;
    assert!(before[0] > 60.0 && before[2] < 140.0, "{before:?}");
    assert!((before[1] - 100.0).abs() < 6.0, "{before:?}");

    let house = house.restart(&text, Arc::new(clock.clone())).await?;
    clock.turn(Span::minutes(6));
    let keep = [(clock_now(&clock), requests(NOW.millis()))];
    house.write(&[series(&[("__name__", "requests"), ("service", "shop")], &keep)]).await?;
    let after = recorded(&house, &clock).await?;
    for (before, after) in before.iter().zip(after) {
        assert!((before - after).abs() < 0.02 * before.abs(), "{before} {after}");
    }

    let alerts = "/api/v1/alerts";
    let (_, quiet) = house.get(alerts, &[]).await?;
    assert_eq!(quiet["data"]["alerts"].as_array().map(Vec::len), Some(0), "{quiet}");
    let unusual = [(clock_now(&clock), 400.0)];
    house.write(&[series(&[("__name__", "requests"), ("service", "shop")], &unusual)]).await?;
    let both = |answer: &Value| {
        let active = answer["active"].as_array().map_or(&[][..], Vec::as_slice);
        active.iter().filter(|alert| alert["state"] == "firing").count() == 2
    };
    let fired = turned(&house, &clock, ("/api/plimsoll/v1/alerts", &[]), both).await?;
    // Of the one the band is kept, of the other it is made from the store.
    for name in ["Unusual", "Busy"] {
        let all = fired["active"].as_array().context("no alerts")?;
        let own = all.iter().find(|alert| alert["name"] == name).context("not there")?;
        assert_eq!(own["labels"]["service"], "shop", "{own}");
        let normal = &own["evidence"]["normal"];
        assert_eq!(normal["unit"], "count", "{own}");
        let days = normal["days"].as_u64().unwrap_or_default();
        assert!((23..=24).contains(&days), "{normal}");
        let edge = |bound: &str| normal[bound].as_f64().unwrap_or(f64::NAN);
        assert!(edge("low") > 60.0 && edge("low") < 100.0, "{normal}");
        assert!(edge("high") > 100.0 && edge("high") < 140.0, "{normal}");
    }

    let (_, watched) = house.get("/api/plimsoll/v1/baselines/watched", &[]).await?;
    let own = &watched["baselines"][0];
    assert_eq!(
        (&own["name"], &own["series"], &own["known"]),
        (&"requests".into(), &1.into(), &1.into())
    );
    assert_eq!(own["rows"][0]["basis"], "week");
    house.stop().await
}

fn clock_now(clock: &TurnedClock) -> i64 {
    use model::Clock as _;
    clock.now().millis()
}

#[tokio::test]
async fn a_chart_gets_the_band_of_each_moment_and_of_every_hour_of_the_week() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    for one in past() {
        house.write(&[one]).await?;
    }
    let path = "/api/plimsoll/v1/baselines";
    let begins = NOW.millis() - DAYS * 24 * HOUR;
    let (from, to) = (begins.to_string(), (begins + 10 * 24 * HOUR).to_string());
    let range = [("query", "requests"), ("from", &from), ("to", &to), ("step", "3600000")];
    let (status, told) = house.get(path, &range).await?;
    assert_eq!(status, 200, "{told}");
    let own = &told["series"][0];
    assert_eq!(
        (told["times"].as_array().map(Vec::len), &own["labels"]["service"]),
        (Some(241), &"shop".into())
    );
    // Nothing on the first day, by the hour of the day on the third, by the hour of the week on the ninth.
    assert!(own["mid"][12].is_null() && own["mid"][60].is_number() && own["mid"][200].is_number());
    assert_eq!(own["basis"], "week");
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    for at in 0..241 {
        let [low, mid, high] = ["low", "mid", "high"].map(|bound| number(&own[bound][at]));
        assert!(low.is_nan() || (low <= mid && mid <= high), "{at}: {low} {mid} {high}");
    }

    let (status, week) = house.get(&format!("{path}/week"), &[("query", "requests")]).await?;
    assert_eq!(status, 200, "{week}");
    let own = &week["series"][0];
    assert_eq!((&own["basis"], own["hours"].as_array().map(Vec::len)), (&"week".into(), Some(168)));
    let mid = |hour: usize| number(&own["hours"][hour]["mid"]);
    assert!(
        (mid(12) - 100.0).abs() < 8.0 && (mid(26) - 10.0).abs() < 3.0,
        "{} {}",
        mid(12),
        mid(26)
    );
    assert!((mid(5 * 24 + 12) - 5.0).abs() < 3.0, "a Saturday is none of the working days");
    // An hour later, where clocks are an hour ahead.
    let berlin = [("query", "requests"), ("zone", "Europe/Berlin")];
    let (_, moved) = house.get(&format!("{path}/week"), &berlin).await?;
    assert_eq!((week["hour"].as_u64(), moved["hour"].as_u64()), (Some(59), Some(60)));
    house.stop().await
}

#[tokio::test]
async fn what_cannot_be_told_says_why() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let many: Vec<Series> = (0..60)
        .map(|at| series(&[("__name__", "many"), ("at", &at.to_string())], &[(NOW.millis(), 1.0)]))
        .collect();
    house.write(&many).await?;
    let path = "/api/plimsoll/v1/baselines";
    for (query, says) in [
        (vec![], "either `query` or `resource`"),
        (vec![("query", "many")], "60 series"),
        (vec![("query", "many[5m]")], "no series of numbers"),
        (vec![("query", "many{")], "parse"),
        (vec![("query", "up"), ("zone", "Europe/Atlantis")], "Atlantis"),
        (vec![("query", "up"), ("from", "0")], "31d"),
        (vec![("query", "up"), ("step", "0")], "`step`"),
        (vec![("query", "up"), ("width", "-1")], "`width`"),
    ] {
        let (status, answer) = house.get(path, &query).await?;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(says), "{query:?}: {status} {answer}");
    }
    let (status, answer) = house.get(path, &[("resource", "none")]).await?;
    assert_eq!(status, 404, "{answer}");
    let (status, nothing) = house.get(path, &[("query", "up")]).await?;
    assert_eq!((status, nothing["series"].as_array().map(Vec::len)), (200, Some(0)));
    house.stop().await
}
