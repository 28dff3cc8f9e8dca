//! Heartbeats of others, and what is told of receivers that cannot be told.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use crate::house::{House, answer, settings, start};

const NOW: Time = Time(1_794_997_600_000);
const ALERTS: &str = "/api/plimsoll/v1/alerts";

/// Turns the clock in steps until the alerts are as wanted.
async fn until(
    house: &House,
    clock: &TurnedClock,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..200 {
        last = house.get(ALERTS, &[]).await?.1;
        if wanted(&last) {
            return Ok(last);
        }
        clock.turn(Span::secs(5));
        pause().await;
    }
    anyhow::bail!("the alerts did not become as wanted:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

fn names(alerts: &Value) -> Vec<String> {
    let active = alerts["active"].as_array().into_iter().flatten();
    active.map(|own| own["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn who_is_not_heard_of_is_an_alert_until_it_is_heard_again_also_over_a_restart() -> Result<()>
{
    let text = "policy: none\nhost: {enabled: false}\nalerts: {heartbeats: [{name: backup, period: 1h, grace: 5m}]}\n";
    let clock = TurnedClock::at(NOW);
    let dir = tempfile::tempdir()?;
    let running = start(settings(text, "127.0.0.1:0")?, &dir, Arc::new(clock.clone())).await?;
    running.stop().await;
    // It has not been heard of since it was first asked for.
    clock.turn(Span::minutes(64));
    let house = House::within(settings(text, "127.0.0.1:0")?, dir, Arc::new(clock.clone())).await?;
    assert!(names(&house.get(ALERTS, &[]).await?.1).is_empty());
    clock.turn(Span::minutes(16));
    let missing = until(&house, &clock, |alerts| names(alerts) == ["HeartbeatMissing"]).await?;
    assert_eq!(missing["active"][0]["labels"]["heartbeat"], "backup");
    assert!(missing["active"][0]["summary"].as_str().unwrap_or_default().contains("backup"));
    let (status, heard) = answer(house.request(Method::POST, "/heartbeat/backup")?).await?;
    assert_eq!((status, &heard["heard"]), (200, &json!(true)));
    until(&house, &clock, |alerts| names(alerts).is_empty()).await?;
    house.stop().await
}

#[tokio::test]
async fn somebody_may_ask_to_be_expected_and_strangers_are_not_known() -> Result<()> {
    let clock = TurnedClock::at(NOW);
    let text = "policy: none\nhost: {enabled: false}\n";
    let house = House::new(text, Arc::new(clock.clone())).await?;
    let post = |path: &str| house.request(Method::POST, path);
    assert_eq!(answer(post("/heartbeat/prometheus")?).await?.0, 404);
    assert_eq!(answer(post("/heartbeat/prometheus?period=soon")?).await?.0, 400);
    let (status, heard) = answer(post("/heartbeat/prometheus?period=1m&grace=30s")?).await?;
    assert_eq!((status, &heard["missing_at"]), (200, &json!(NOW.millis() + 90_000)));
    assert_eq!(answer(post("/heartbeat/prometheus")?).await?.0, 200);
    until(&house, &clock, |alerts| names(alerts) == ["HeartbeatMissing"]).await?;
    let gone = house.request(Method::DELETE, "/heartbeat/prometheus")?;
    assert_eq!(answer(gone).await?.0, 200);
    until(&house, &clock, |alerts| names(alerts).is_empty()).await?;
    house.stop().await
}

#[tokio::test]
async fn a_receiver_with_a_wrong_address_stands_among_the_alerts() -> Result<()> {
    let clock = TurnedClock::at(NOW);
    // Our own address knows no such path.
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    drop(listener);
    let text = format!(
        "policy: none\nhost: {{enabled: false}}\nreceivers: [{{name: ops, url: 'http://127.0.0.1:{port}/api/nothing', group_wait: 0s}}]\n"
    );
    let house =
        House::with(settings(&text, &format!("127.0.0.1:{port}"))?, Arc::new(clock.clone()))
            .await?;
    let alerts = json!([{"labels": {"alertname": "DiskFull"}, "endsAt": "2026-11-19T11:00:00Z"}]);
    house.request(Method::POST, "/api/v2/alerts")?.json(&alerts).send().await?;
    let found =
        until(&house, &clock, |alerts| names(alerts).contains(&"ChannelBroken".to_owned())).await?;
    let active = found["active"].as_array().cloned().unwrap_or_default();
    let broken =
        active.iter().find(|own| own["name"] == "ChannelBroken").cloned().unwrap_or_default();
    assert_eq!(broken["labels"]["receiver"], "ops");
    assert!(broken["summary"].as_str().unwrap_or_default().contains("404"), "{broken}");
    house.stop().await
}
