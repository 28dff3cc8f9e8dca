//! Heartbeats of others, and what is told of receivers that cannot be told.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use model::{Span, Time};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Postgres, TurnedClock};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

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
async fn a_clock_that_is_set_by_an_hour_makes_nobody_late_and_nobody_early() -> Result<()> {
    for by in [Span::hours(1), Span::hours(-1)] {
        let clock = TurnedClock::at(NOW);
        let text = "policy: none\nhost: {enabled: false}\n";
        let house = House::new(text, Arc::new(clock.clone())).await?;
        let path = "/heartbeat/cron?period=20m&grace=1m";
        assert_eq!(answer(house.request(Method::POST, path)?).await?.0, 200);
        // It is looked at both clocks before one of them is set.
        for _ in 0..4 {
            clock.turn(Span::secs(5));
            pause().await;
        }
        clock.jump(model::Clock::now(&clock) + by);
        for _ in 0..40 {
            clock.turn(Span::secs(5));
            pause().await;
        }
        assert!(names(&house.get(ALERTS, &[]).await?.1).is_empty(), "{by}");
        clock.turn(Span::minutes(14));
        until(&house, &clock, |alerts| names(alerts) == ["HeartbeatMissing"]).await?;
        let elapsed = model::Clock::elapsed(&clock).as_secs() / 60;
        assert!((20..=24).contains(&elapsed), "{by}: after {elapsed} min");
        house.stop().await?;
    }
    Ok(())
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

/// Where our heartbeats are heard: how many came.
async fn listen(listener: TcpListener, heard: Arc<Mutex<usize>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n")
            && stream.read_buf(&mut request).await.is_ok_and(|read| read > 0)
        {}
        *heard.lock() += 1;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        drop(stream.write_all(answer).await);
    }
}

/// Turns the clock through some minutes; how many heartbeats came meanwhile.
async fn beats(clock: &TurnedClock, heard: &Mutex<usize>, minutes: i64) -> usize {
    let before = *heard.lock();
    for _ in 0..minutes * 12 {
        clock.turn(Span::secs(5));
        pause().await;
        pause().await;
    }
    *heard.lock() - before
}

#[tokio::test]
async fn others_hear_that_all_is_well_only_while_what_is_seen_can_be_judged_and_kept() -> Result<()>
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let heard = Arc::new(Mutex::new(0));
    let mut server = JoinSet::new();
    server.spawn(listen(listener, Arc::clone(&heard)));
    let mut postgres = Postgres::start()?;
    let text = format!(
        "policy: none\nhost: {{enabled: false}}\njournal: '{}'\n\
         alerts: {{heartbeat_to: [{{url: 'http://{address}/ping'}}]}}\n",
        postgres.database()?
    );
    let clock = TurnedClock::at(NOW);
    let house = House::new(&text, Arc::new(clock.clone())).await?;
    house.until("/api/plimsoll/v1/status", &[], |own| own["journal"]["judges"] == true).await?;
    let well = beats(&clock, &heard, 5).await;
    assert!((3..=6).contains(&well), "{well} in five minutes");
    // Nothing is lost, but nobody would be told either: that is not well.
    postgres.stop()?;
    beats(&clock, &heard, 3).await;
    assert_eq!(beats(&clock, &heard, 5).await, 0);
    postgres.start_again()?;
    let again = beats(&clock, &heard, 6).await;
    assert!(again >= 2, "{again} after it was back");
    house.stop().await
}

#[tokio::test]
async fn a_silence_that_ends_soon_is_said_while_something_it_keeps_quiet_fires() -> Result<()> {
    let clock = TurnedClock::at(NOW);
    let house =
        House::new("policy: none\nhost: {enabled: false}\n", Arc::new(clock.clone())).await?;
    let ends = "2026-11-20T10:00:00Z";
    let alerts = json!([{"labels": {"alertname": "DiskFull", "host": "a"}, "endsAt": ends}]);
    house.request(Method::POST, "/api/v2/alerts")?.json(&alerts).send().await?;
    for (host, minutes) in [("a", 70), ("a", 20), ("b", 70)] {
        let wish = json!({"matchers": [format!("host=\"{host}\"")], "reason": "new disk",
            "created_by": "ada", "duration_ms": minutes * 60_000});
        let path = "/api/plimsoll/v1/silences";
        let (status, kept) = answer(house.request(Method::POST, path)?.json(&wish)).await?;
        assert_eq!(status, 200, "{kept}");
    }
    // Twenty minutes surprise nobody, and nothing fires on b.
    clock.turn(Span::minutes(10));
    for _ in 0..20 {
        clock.turn(Span::secs(5));
        pause().await;
    }
    assert_eq!(names(&house.get(ALERTS, &[]).await?.1), ["DiskFull"]);
    clock.turn(Span::minutes(44));
    let both = |alerts: &Value| names(alerts).contains(&"SilenceEnding".to_owned());
    let found = until(&house, &clock, both).await?;
    let ending: Vec<_> = found["active"].as_array().into_iter().flatten().collect();
    assert_eq!(ending.len(), 2, "{found:#}");
    let summary =
        ending.iter().find(|own| own["name"] == "SilenceEnding").map(|own| &own["summary"]);
    let summary = summary.and_then(Value::as_str).unwrap_or_default();
    assert!(summary.contains("of ada") && summary.contains("new disk"), "{summary}");
    clock.turn(Span::minutes(15));
    until(&house, &clock, |alerts| names(alerts) == ["DiskFull"]).await?;
    house.stop().await
}
