//! The server was away: what happened meanwhile is found after the fact, nothing ends because nobody saw it, and what
//! waited did not wait meanwhile.

use anyhow::Result;
use model::{Clock as _, Span};
use serde_json::{Value, json};

use super::{MINUTE, Watch};

const RULES: &str = "\
groups:
  - name: heat
    interval: 1m
    rules:
      - {record: 'heat:max', expr: max(heat)}
      - {alert: Hot, expr: 'heat:max > 30', for: 2m, labels: {severity: critical}}
      - {alert: Slow, expr: 'heat > 30', for: 10m}
";

fn hot(minutes: std::ops::Range<usize>, of: usize) -> Vec<f64> {
    (0..of).map(|minute| if minutes.contains(&minute) { 40.0 } else { 20.0 }).collect()
}

#[tokio::test]
async fn what_began_while_nobody_was_here_is_found_after_the_fact() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    watch.minutes(&[20.0; 3]).await?;
    let left = watch.clock.now();
    let watch = watch.away(Span::minutes(20)).await?;
    // Whoever sends has kept what came meanwhile.
    watch.heat(&hot(5..12, 20)).await?;
    watch.minute(20.0).await?;
    let alert = watch.alerts("active", "Hot").await?.remove(0);
    assert_eq!(alert["state"], "firing");
    let fired = alert["fired_at"].as_i64().unwrap_or_default() - left.millis();
    assert!((6 * 60_000..=9 * 60_000).contains(&fired), "{fired}");
    assert!(alert["annotations"]["found_late"].is_string(), "{alert:#}");
    assert_eq!(watch.state("Slow").await?, "inactive");
    let filled = [
        ("query", "count_over_time(heat:max[19m])".to_owned()),
        ("time", (left + Span::minutes(20)).seconds().to_string()),
    ];
    let filled: Vec<_> = filled.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let told = watch.house.get("/api/v1/query", &filled).await?.1;
    let count: usize = told["data"]["result"][0]["value"][1].as_str().unwrap_or("0").parse()?;
    assert!((17..=19).contains(&count), "{told}");
    // It has long been over, which is told once every source had time to speak.
    watch.minutes(&[20.0; 3]).await?;
    assert_eq!(watch.alerts("recent", "Hot").await?.len(), 1);
    assert_eq!(watch.state("Hot").await?, "inactive");
    watch.house.stop().await
}

#[tokio::test]
async fn what_fires_stays_over_a_gap_and_ends_once_everybody_could_speak() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    watch.minutes(&[40.0; 4]).await?;
    assert_eq!(watch.state("Hot").await?, "firing");
    let fired = watch.alerts("active", "Hot").await?.remove(0)["fired_at"].clone();
    let watch = watch.away(Span::minutes(30)).await?;
    watch.minute(20.0).await?;
    assert_eq!(watch.state("Hot").await?, "firing");
    watch.minute(20.0).await?;
    assert_eq!(watch.alerts("active", "Hot").await?.remove(0)["fired_at"], fired);
    watch.minutes(&[20.0; 2]).await?;
    assert_eq!(watch.state("Hot").await?, "inactive");
    assert_eq!(watch.alerts("recent", "Hot").await?.len(), 1);
    watch.house.stop().await
}

#[tokio::test]
async fn what_begins_right_after_a_short_absence_is_told_at_once_beside_what_stands() -> Result<()>
{
    let rules = "groups: [{name: heat, interval: 1s, rules: \
        [{alert: Hot, expr: heat > 30}, {alert: Hotter, expr: heat > 60}]}]";
    let watch = Watch::new(rules).await?;
    watch.minutes(&[40.0; 2]).await?;
    assert_eq!(watch.state("Hot").await?, "firing");
    let watch = watch.away(Span::secs(5)).await?;
    watch.heat(&[70.0]).await?;
    // Far less than it takes until every source has spoken, which ends wait for.
    watch.clock.turn(Span::secs(2));
    let fires = |own: &Value| {
        let mut active = own["active"].as_array().into_iter().flatten();
        active.any(|own| own["labels"]["alertname"] == "Hotter" && own["state"] == "firing")
    };
    watch.house.until("/api/plimsoll/v1/alerts", &[], fires).await?;
    watch.house.stop().await
}

#[tokio::test]
async fn what_waits_does_not_wait_while_nobody_looks() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    watch.minutes(&[40.0; 5]).await?;
    assert_eq!(watch.state("Slow").await?, "pending");
    let watch = watch.away(Span::minutes(30)).await?;
    // Five minutes are still to be waited for; nobody knows how hot it was meanwhile.
    watch.minutes(&[40.0; 4]).await?;
    assert_eq!(watch.state("Slow").await?, "pending");
    watch.minutes(&[40.0; 4]).await?;
    let alert: Value = watch.alerts("active", "Slow").await?.remove(0);
    assert_eq!(alert["state"], "firing");
    assert_eq!(alert["annotations"]["found_late"], json!(null));
    watch.house.stop().await
}

#[tokio::test]
async fn alerts_as_series_are_written_at_the_time_of_the_evaluation() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    watch.minutes(&[40.0; 4]).await?;
    let at = watch.clock.now();
    let query =
        [("query", "timestamp(ALERTS{alertname=\"Hot\",alertstate=\"firing\"})".to_owned())];
    let query: Vec<_> = query.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let found = |told: &Value| told["data"]["result"][0]["value"][1].as_str().map(str::to_owned);
    let told = watch.house.until("/api/v1/query", &query, |told| found(told).is_some()).await?;
    let written: f64 = found(&told).unwrap_or_default().parse()?;
    assert!((at - MINUTE).seconds() < written && written <= at.seconds(), "{told} at {at:?}");
    watch.house.stop().await
}
