//! Somebody sets the clock by an hour, either way: nothing ends, nothing begins again, nothing has waited for long, and
//! nothing is evaluated more often.

use anyhow::Result;
use model::{Clock as _, Span};
use serde_json::Value;

use super::Watch;

const RULES: &str = "\
groups:
  - name: heat
    interval: 1m
    rules:
      - {alert: Hot, expr: heat > 30, labels: {severity: critical}}
      - {alert: Slow, expr: heat > 30, for: 20m}
";

/// How often the two rules were evaluated.
async fn evaluations(watch: &Watch) -> Result<f64> {
    let series = "plimsoll_detect_evaluations_total{of=\"rule\",outcome=\"evaluated\"}";
    Ok(watch.house.metric(series).await? / 2.0)
}

async fn fired_at(watch: &Watch) -> Result<Value> {
    Ok(watch.alerts("active", "Hot").await?.remove(0)["fired_at"].clone())
}

#[tokio::test]
async fn a_clock_that_is_set_forward_ends_nothing_and_makes_nothing_old() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    watch.minutes(&[40.0; 3]).await?;
    let fired = fired_at(&watch).await?;
    let before = evaluations(&watch).await?;
    watch.clock.jump(watch.clock.now() + Span::hours(1));
    watch.minutes(&[40.0; 4]).await?;
    assert_eq!(fired_at(&watch).await?, fired);
    assert_eq!(watch.state("Slow").await?, "pending");
    assert!(watch.alerts("recent", "Hot").await?.is_empty());
    assert!((evaluations(&watch).await? - before - 4.0).abs() < 0.1);
    watch.minutes(&[40.0; 10]).await?;
    assert_eq!(watch.state("Slow").await?, "pending");
    watch.minutes(&[40.0; 6]).await?;
    assert_eq!(watch.state("Slow").await?, "firing");
    watch.house.stop().await
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_nothing_and_pages_nobody_again() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    // An hour that is cold but for three minutes, then hot again.
    watch.minutes(&[20.0; 20]).await?;
    watch.minutes(&[40.0; 3]).await?;
    watch.minutes(&[20.0; 35]).await?;
    watch.minutes(&[40.0; 4]).await?;
    assert_eq!(watch.alerts("recent", "Hot").await?.len(), 1);
    let fired = fired_at(&watch).await?;
    let before = evaluations(&watch).await?;
    watch.clock.jump(watch.clock.now() - Span::hours(1));
    for minute in 0..10 {
        // Nothing new comes: what is found is an hour old, and cold.
        watch.silent_minute().await?;
        assert_eq!(fired_at(&watch).await?, fired, "minute {minute}");
    }
    assert!((evaluations(&watch).await? - before - 10.0).abs() < 0.1);
    assert_eq!(watch.alerts("recent", "Hot").await?.len(), 1);
    assert_ne!(watch.state("Slow").await?, "firing");
    watch.house.stop().await
}

#[tokio::test]
async fn what_had_ended_does_not_begin_again_when_its_time_comes_again() -> Result<()> {
    let watch = Watch::new(RULES).await?;
    watch.minutes(&[20.0; 5]).await?;
    watch.minutes(&[40.0; 5]).await?;
    watch.minutes(&[20.0; 50]).await?;
    assert_eq!(watch.alerts("recent", "Hot").await?.len(), 1);
    watch.clock.jump(watch.clock.now() - Span::hours(1));
    for _ in 0..12 {
        watch.silent_minute().await?;
        assert_eq!(watch.state("Hot").await?, "inactive");
    }
    watch.house.stop().await
}
