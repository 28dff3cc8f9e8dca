//! A quota that will be used up before more of it is granted: its dates, how likely, the calendar, and the warning.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use model::{Span, Time};
use serde_json::Value;
use testkit::TurnedClock;

use crate::house::{House, series};

/// 20 November 2026, noon.
const NOW: Time = Time(1_795_176_000_000);

/// What a provider allows, as somebody's exporter has it; more of it takes a form and twenty days.
const SETTINGS: &str = "policy: none
host: {enabled: false}
resources:
  - name: instances
    title: Instances in {{region}}
    used: quota_used
    limit: quota_limit
    unit: count
    nature: stock
    lead_time: 20d
calendar:
  - {name: change freeze, date: 2026-11-23, raises: -100 %}
";

/// Half an instance a day, 50 now: the critical line of 57.6 is 15 days away.
fn used(time: i64) -> f64 {
    let days = (time - NOW.millis()) as f64 / 86_400_000.0;
    50.0 + 0.5 * days
}

async fn house(clock: &Arc<TurnedClock>) -> Result<House> {
    let house = House::new(SETTINGS, Arc::clone(clock) as Arc<_>).await?;
    let labels = |name| [("__name__", name), ("region", "eu-west-1")];
    // A month, and three hours that are yet to come for the clock that is turned.
    for day in -30..=0 {
        let first = NOW + Span::days(day);
        let count = if day == 0 { 36 } else { 288 };
        let times = (0..count).map(|at| first.millis() + at * 300_000);
        let samples: Vec<(i64, f64)> = times.map(|time| (time, used(time))).collect();
        let limits: Vec<(i64, f64)> = samples.iter().map(|(time, _)| (*time, 64.0)).collect();
        let both =
            [series(&labels("quota_used"), &samples), series(&labels("quota_limit"), &limits)];
        house.write(&both).await?;
    }
    Ok(house)
}

/// Turns the clock until an answer is as wanted.
async fn until(
    (house, clock): (&House, &TurnedClock),
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..400 {
        last = house.get(path, &[]).await?.1;
        if wanted(&last) {
            return Ok(last);
        }
        clock.turn(Span::secs(10));
        pause().await;
    }
    bail!("{path} did not become as wanted:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_runs_out_before_more_is_granted_is_warned_of_with_its_chance() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house(&clock).await?;
    let listed = |all: &Value| all["resources"][0]["id"].is_string();
    let all = until((&house, &clock), "/api/plimsoll/v1/resources", listed).await?;
    let id = all["resources"][0]["id"].as_str().context("an id")?;
    let path = format!("/api/plimsoll/v1/resources/{id}");
    let known = |detail: &Value| {
        detail["forecast"]["kind"] == "ready"
            && !detail["forecast"]["outlooks"][1]["chance_lead"].is_null()
    };
    let detail = until((&house, &clock), &path, known).await?;
    let forecast = &detail["forecast"];
    let critical = &forecast["outlooks"][1];
    ensure!(critical["chance_lead"].as_f64().is_some_and(|chance| chance > 0.9), "{critical:#}");
    let days =
        |key: &str| critical[key].as_i64().map(|at| (at - NOW.millis()) as f64 / 86_400_000.0);
    // The freeze takes a day away.
    let likely = days("likely").context("a likely date")?;
    ensure!((15.0..17.5).contains(&likely), "{likely} {critical:#}");
    let chances = critical["chances"].as_array().context("chances")?;
    let rising = chances.windows(2).all(|pair| pair[0][1].as_f64() <= pair[1][1].as_f64());
    ensure!(chances.len() == 24 && rising, "{chances:?}");
    let notes = forecast["notes"].as_array().context("notes")?;
    ensure!(
        notes.iter().any(|note| note == "«change freeze» is told as a day of its own"),
        "{notes:?}"
    );
    let warned = |alerts: &Value| {
        let mut all = alerts["active"].as_array().into_iter().flatten();
        all.any(|alert| alert["name"] == "ResourceRunsOut" && alert["state"] == "firing")
    };
    let alerts = until((&house, &clock), "/api/plimsoll/v1/alerts", warned).await?;
    let mut own = alerts["active"].as_array().into_iter().flatten();
    let alert = own.find(|alert| alert["name"] == "ResourceRunsOut").context("the warning")?;
    let summary = alert["summary"].as_str().unwrap_or_default();
    ensure!(
        summary.starts_with("Instances in eu-west-1 will be 90 % full in about 1"),
        "{alert:#}"
    );
    ensure!(summary.contains("% likely within 20d)"), "{summary}");
    ensure!(alert["severity"] == "warning" && alert["told"] == true, "{alert:#}");
    house.stop().await
}
