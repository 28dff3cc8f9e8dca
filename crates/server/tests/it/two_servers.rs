//! Two servers that share a journal in a PostgreSQL.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use model::Clock as _;
use parking_lot::Mutex;
use serde_json::Value;
use server::SystemClock;
use testkit::Postgres;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

use crate::house::{House, QUIET, series};

/// Takes every message, and notes its key.
async fn take_messages(listener: TcpListener, keys: Arc<Mutex<Vec<String>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        // Who keeps the connection open is done with it once we have answered.
        while !request.ends_with(b"}")
            && stream.read_buf(&mut request).await.is_ok_and(|read| read > 0)
        {}
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let key = text.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
        keys.lock().push(key.unwrap_or_default().to_owned());
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        drop(stream.write_all(answer).await);
    }
}

fn fired(alerts: &Value) -> Option<i64> {
    alerts["active"].as_array()?.iter().find_map(|alert| alert["fired_at"].as_i64())
}

#[tokio::test]
async fn when_the_one_who_judges_stops_the_other_goes_on_and_nobody_is_told_again() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let hook = listener.local_addr()?;
    let keys = Arc::new(Mutex::new(Vec::new()));
    let mut receiver = JoinSet::new();
    receiver.spawn(take_messages(listener, Arc::clone(&keys)));
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("rules.yaml");
    std::fs::write(
        &rules,
        "groups: [{name: a, interval: 1s, rules: [{alert: Always, expr: vector(1), labels: {severity: critical}}]}]",
    )?;
    let address = Postgres::shared().database()?;
    let text = format!(
        "{QUIET}journal: {address}\nrule_files: ['{}']\nreceivers: [{{name: hook, url: 'http://{hook}/', group_wait: 1s}}]\n",
        rules.display()
    );
    let one = House::new(&text, Arc::new(SystemClock::new())).await?;
    one.until("/api/plimsoll/v1/status", &[], |own| own["journal"]["judges"] == true).await?;
    let two = House::new(&text, Arc::new(SystemClock::new())).await?;
    two.until("/api/plimsoll/v1/status", &[], |own| own["journal"]["delivers"] == true).await?;
    // Who does not judge shows what the other has judged, and carries its messages.
    let alerts = two.until("/api/plimsoll/v1/alerts", &[], |own| fired(own).is_some()).await?;
    let sent = "plimsoll_respond_messages_total{outcome=\"sent\"}";
    two.until_metric(sent, |count| count > 0.0).await?;
    let (_, status) = two.get("/api/plimsoll/v1/status", &[]).await?;
    assert_eq!(status["journal"]["judges"], false, "{status}");

    one.stop().await?;
    two.until("/api/plimsoll/v1/status", &[], |own| own["journal"]["judges"] == true).await?;
    let evaluated = "plimsoll_detect_evaluations_total{of=\"rule\",outcome=\"evaluated\"}";
    let before = two.metric(evaluated).await?;
    two.until_metric(evaluated, |count| count > before + 2.0).await?;
    let (_, after) = two.get("/api/plimsoll/v1/alerts", &[]).await?;
    assert_eq!(fired(&after).context("it no longer fires")?, fired(&alerts).context("no alert")?);
    two.stop().await?;
    assert_eq!(keys.lock().len(), 1, "{:?}", keys.lock());
    Ok(())
}

#[tokio::test]
async fn a_server_whose_journal_goes_away_says_so_and_goes_on_by_itself() -> Result<()> {
    let mut postgres = Postgres::start()?;
    let text = format!("{QUIET}journal: {}\n", postgres.database()?);
    let house = House::new(&text, Arc::new(SystemClock::new())).await?;
    house.until("/api/plimsoll/v1/status", &[], |own| own["journal"]["judges"] == true).await?;
    postgres.stop()?;
    let away = |own: &Value| own["journal"]["trouble"].is_string();
    let status = house.until("/api/plimsoll/v1/status", &[], away).await?;
    assert!(!status["troubles"].as_array().context("no troubles")?.is_empty(), "{status}");
    let ready = house.request(reqwest::Method::GET, "/-/ready")?.send().await?;
    assert_eq!(ready.status().as_u16(), 200);
    let said = ready.text().await?;
    assert!(said.contains("ready, but judges and tells nothing"), "{said}");
    // Samples are taken in all the same.
    let now = SystemClock::new().now().millis();
    house.write(&[series(&[("__name__", "beds")], &[(now, 1.0)])]).await?;
    postgres.start_again()?;
    let well =
        |own: &Value| own["journal"]["trouble"].is_null() && own["journal"]["judges"] == true;
    house.until("/api/plimsoll/v1/status", &[], well).await?;
    house.stop().await
}
