//! What became of an alert and who was told, as the pages ask for it.

use std::{fs, sync::Arc};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use server::SystemClock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

use crate::house::{House, QUIET};

const RULES: &str = "groups: [{name: a, interval: 1s, rules: [{alert: Always, expr: vector(1), labels: {severity: critical}}]}]";

/// Takes every message.
async fn take(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        while !request.ends_with(b"}")
            && stream.read_buf(&mut request).await.is_ok_and(|read| read > 0)
        {}
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        drop(stream.write_all(answer).await);
    }
}

fn to<'a>(list: &'a Value, receiver: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|own| own["receiver"] == receiver || own["name"] == receiver)
}

#[tokio::test]
async fn an_alert_says_who_was_told_and_who_could_not_be() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let hook = listener.local_addr()?;
    // Nobody listens where somebody has just stopped to.
    let away = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let mut receiver = JoinSet::new();
    receiver.spawn(take(listener));
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("rules.yaml");
    fs::write(&rules, RULES)?;
    let text = format!(
        "{QUIET}rule_files: [{rules:?}]\nreceivers: [{{name: hook, url: 'http://{hook}/'}}, {{name: away, url: 'http://{away}/'}}]\n"
    );
    let house = House::new(&text, Arc::new(SystemClock::new())).await?;
    let list = house
        .until("/api/plimsoll/v1/alerts", &[], |own| own["active"][0]["state"] == "firing")
        .await?;
    let id = list["active"][0]["id"].as_str().context("no id")?;
    let path = format!("/api/plimsoll/v1/alerts/{id}");
    let detail = house
        .until(&path, &[], |own| {
            to(&own["told"], "hook").is_some_and(|told| told["state"] == "sent")
                && to(&own["told"], "away").is_some_and(|told| told["error"].is_string())
        })
        .await?;
    assert_eq!(detail["alert"]["id"], id);
    assert_eq!(detail["history"][0]["became"], "firing");
    let sent = to(&detail["told"], "hook").context("not told")?;
    assert_eq!((&sent["what"], &sent["attempts"]), (&json!("began"), &json!(1)));
    let waits = to(&detail["told"], "away").context("not told")?;
    assert_eq!(waits["state"], "waiting");
    assert!(waits["attempts"].as_i64() >= Some(1) && waits["next_try"].is_i64(), "{waits}");
    let receivers = house.get("/api/plimsoll/v1/receivers", &[]).await?.1;
    let hook = to(&receivers["receivers"], "hook").context("not listed")?;
    assert_eq!((&hook["sent"], &hook["waiting"]), (&json!(1), &json!(0)));
    let away = to(&receivers["receivers"], "away").context("not listed")?;
    assert_eq!((&away["sent"], &away["waiting"]), (&json!(0), &json!(1)));
    let (status, _) = house.get("/api/plimsoll/v1/alerts/0123456789abcdef", &[]).await?;
    assert_eq!(status, 404);
    house.stop().await
}
