//! Rule files are read anew while alerts fire.

use std::{collections::BTreeSet, fs, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use model::Clock as _;
use reqwest::Method;
use serde_json::Value;
use server::SystemClock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
    task::JoinSet,
};

use super::Watch;
use crate::house::{House, QUIET, series};

const HOT: &str = "{alert: Hot, expr: heat > 30, for: 2m, labels: {severity: critical}}";
const WARM: &str = "{alert: Warm, expr: heat > 25}";
const COLD: &str = "{alert: Cold, expr: heat < 50}";

fn rules(groups: &[(&str, &[&str])]) -> String {
    let group = |(name, rules): &(&str, &[&str])| {
        format!("  - {{name: {name}, interval: 1m, rules: [{}]}}\n", rules.join(", "))
    };
    format!("groups:\n{}", groups.iter().map(group).collect::<String>())
}

impl Watch {
    async fn reload(&self) -> Result<(u16, String)> {
        let response = self.house.request(Method::POST, "/-/reload")?.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }
}

#[tokio::test]
async fn alerts_of_rules_that_stay_keep_their_state_and_those_of_rules_that_go_end() -> Result<()> {
    let watch = Watch::new(&rules(&[("a", &[HOT]), ("b", &[WARM])])).await?;
    watch.minutes(&[40.0; 4]).await?;
    let fired = watch.alerts("active", "Hot").await?.remove(0)["fired_at"].clone();
    assert_eq!(watch.state("Warm").await?, "firing");
    fs::write(&watch.file, rules(&[("a", &[HOT, COLD])]))?;
    let (status, told) = watch.reload().await?;
    assert_eq!(
        (status, told.as_str()),
        (200, "Rule files read anew: 1 groups, 0 of them as before, 1 gone.\n")
    );
    let gone = watch.alerts("recent", "Warm").await?.remove(0);
    assert_eq!(gone["annotations"]["ended_because"], "it is no longer in the settings");
    watch.minutes(&[40.0; 2]).await?;
    assert_eq!(watch.alerts("active", "Hot").await?.remove(0)["fired_at"], fired);
    assert!(watch.alerts("recent", "Hot").await?.is_empty());
    assert_eq!(watch.state("Cold").await?, "firing");
    let again = watch.reload().await?.1;
    assert_eq!(again, "Rule files read anew: 1 groups, 1 of them as before, 0 gone.\n");
    watch.minute(40.0).await?;
    // What a rule that is gone wrote has an end.
    let query = [("query", "count(ALERTS{alertname=\"Warm\"}) or vector(0)")];
    let told = watch.house.get("/api/v1/query", &query).await?.1;
    assert_eq!(told["data"]["result"][0]["value"][1], "0", "{told}");
    watch.house.stop().await
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing_and_says_so() -> Result<()> {
    let watch = Watch::new(&rules(&[("a", &[HOT])])).await?;
    watch.minutes(&[40.0; 4]).await?;
    fs::write(&watch.file, rules(&[("a", &[HOT]), ("b", &["{alert: Odd, expr: 'heat >'}"])]))?;
    let (status, told) = watch.reload().await?;
    assert_eq!(status, 400);
    assert!(told.contains("is not PromQL"), "{told}");
    watch.minute(40.0).await?;
    assert_eq!(watch.state("Hot").await?, "firing");
    let listed = watch.house.get(super::PATH, &[]).await?.1;
    assert_eq!(listed["groups"].as_array().map(Vec::len), Some(1));
    assert!(listed["refused_because"].as_str().is_some_and(|why| why.contains("PromQL")));
    let status = watch.house.get("/api/plimsoll/v1/status", &[]).await?.1;
    assert_eq!(status["troubles"][0]["subject"], "rule files, read anew", "{status}");
    fs::write(&watch.file, rules(&[("a", &[HOT]), ("b", &[COLD])]))?;
    assert_eq!(watch.reload().await?.0, 200);
    let status = watch.house.get("/api/plimsoll/v1/status", &[]).await?.1;
    assert_eq!(status["troubles"].as_array().map(Vec::len), Some(0), "{status}");
    watch.house.stop().await
}

#[tokio::test]
async fn a_bad_group_in_a_good_file_costs_only_itself() -> Result<()> {
    let bad = "{alert: Odd, expr: 'heat >'}";
    let watch = Watch::new(&rules(&[("a", &[HOT]), ("b", &[bad, WARM]), ("c", &[COLD])])).await?;
    watch.minutes(&[40.0; 4]).await?;
    let states =
        [watch.state("Hot").await?, watch.state("Warm").await?, watch.state("Cold").await?];
    assert_eq!(states, ["firing", "inactive", "firing"]);
    let status = watch.house.get("/api/plimsoll/v1/status", &[]).await?.1;
    let trouble = status["troubles"][0]["error"].as_str().unwrap_or_default();
    assert!(trouble.ends_with("its group is left out"), "{status}");
    watch.house.stop().await
}

/// Takes every message, and tells of what it says and to which path it came.
async fn take(listener: TcpListener, told: mpsc::UnboundedSender<(String, Value)>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        let body = loop {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                break None;
            }
            let text = String::from_utf8_lossy(&request);
            let whole =
                text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
            if whole.is_some() {
                break whole;
            }
        };
        let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or("").to_owned();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        drop(stream.write_all(answer).await);
        drop(told.send((path, body.unwrap_or_default())));
    }
}

#[tokio::test]
async fn receivers_are_read_anew_while_alerts_fire_and_nobody_is_told_twice() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let hook = listener.local_addr()?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(take(listener, tell));
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("rules.yaml");
    fs::write(
        &rules,
        "groups: [{name: a, interval: 1s, rules: [{alert: First, expr: first > 0}, {alert: Second, expr: second > 0}]}]",
    )?;
    let desk = |name: &str| format!("{{name: {name}, url: 'http://{hook}/{name}'}}");
    let text = |receivers: &[&str]| {
        let list: Vec<String> = receivers.iter().map(|own| desk(own)).collect();
        format!("{QUIET}rule_files: [{rules:?}]\nreceivers: [{}]\n", list.join(", "))
    };
    let house = House::new(&text(&["a", "b"]), Arc::new(SystemClock::new())).await?;
    let file = folder.path().join("plimsoll.yaml");
    let found = file.clone();
    house.finds(move || Ok(fs::read_to_string(&found)?));
    let raise = async |name: &str| {
        let now = SystemClock::new().now().millis();
        house.write(&[series(&[("__name__", name)], &[(now, 1.0)])]).await
    };
    let reload = async || -> Result<(u16, String)> {
        let response = house.request(Method::POST, "/-/reload")?.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    };
    let mut heard = async |count: usize| -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for _ in 0..count {
            let next = tokio::time::timeout(Duration::from_secs(15), told.recv()).await?;
            let (path, message) = next.context("nobody listens")?;
            let alert = message["alerts"][0]["labels"]["alertname"].as_str().unwrap_or_default();
            ensure!(message["alerts"][0]["status"] == "firing", "{message}");
            ensure!(all.insert(format!("{alert} to {path}")), "told twice: {message}");
        }
        Ok(all)
    };
    raise("first").await?;
    assert_eq!(heard(2).await?, BTreeSet::from(["First to /a".into(), "First to /b".into()]));

    fs::write(&file, "receivers: [{name: c}]\n")?;
    assert_eq!(reload().await?.0, 400, "a mistake changes nothing");
    // `a` stays, `b` goes, `c` comes, which has heard of nothing yet.
    fs::write(&file, text(&["a", "c"]))?;
    let (status, answer) = reload().await?;
    assert_eq!(status, 200);
    assert!(answer.ends_with("So are receivers and routes.\n"), "{answer}");
    raise("second").await?;
    let all = ["First to /c", "Second to /a", "Second to /c"].map(str::to_owned);
    assert_eq!(heard(3).await?, BTreeSet::from(all));
    assert_eq!(reload().await?.1, "Rule files read anew: 1 groups, 1 of them as before, 0 gone.\n");
    let alerts = house.get("/api/plimsoll/v1/alerts", &[]).await?.1;
    assert!(alerts["recent"].as_array().is_some_and(Vec::is_empty), "{alerts}");
    assert!(told.try_recv().is_err(), "nobody is told twice");
    house.stop().await
}
