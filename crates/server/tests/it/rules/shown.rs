//! What is told of rules: how each goes, what it costs, and how many pages it would have been.

use std::{fs, sync::Arc};

use anyhow::{Context as _, Result};
use model::Span;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::TurnedClock;

use super::{NOW, PATH, Watch};
use crate::house::{House, QUIET, series};

const RULES: &str = "\
groups:
  - name: heat
    interval: 1m
    rules:
      - {record: heat:max, expr: max(heat)}
      - {alert: Hot, expr: heat > 30, for: 2m, labels: {severity: page}}
      - {alert: Twice, expr: 'label_replace(heat, \"room\", \"x\", \"room\", \".*\")'}
";

async fn with_rules(dir: &TempDir, clock: &TurnedClock) -> Result<House> {
    let path = dir.path().join("rules.yaml");
    fs::write(&path, RULES)?;
    let text = format!("{QUIET}rule_files: [{path:?}]\n");
    House::new(&text, Arc::new(clock.clone())).await
}

fn id_of(listed: &Value, name: &str) -> Result<String> {
    let rules = listed["groups"][0]["rules"].as_array().context("no rules")?;
    let rule = rules.iter().find(|rule| rule["name"] == name).context("not listed")?;
    Ok(rule["id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn every_rule_says_how_it_goes_and_what_it_costs() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let clock = TurnedClock::at(NOW);
    let house = with_rules(&dir, &clock).await?;
    let unknown = house.get(PATH, &[]).await?.1;
    assert_eq!(unknown["groups"][0]["rules"][0]["health"], "unknown");
    assert_eq!(
        (unknown["rules"].as_u64(), unknown["cost"]["evaluations"].as_u64()),
        (Some(3), Some(0))
    );
    let rooms = ["a", "b"].map(|room| {
        let minutes = (0..10).map(|minute| (NOW.millis() + minute * 60_000, 40.0));
        series(&[("__name__", "heat"), ("room", room)], &minutes.collect::<Vec<_>>())
    });
    house.write(&rooms).await?;
    let evaluations = |listed: &Value| listed["groups"][0]["cost"]["evaluations"].as_u64();
    let mut listed = unknown;
    for _ in 0..5 {
        let before = evaluations(&listed);
        clock.turn(Span::minutes(1));
        listed = house.until(PATH, &[], |own| evaluations(own) > before).await?;
    }
    let rules = &listed["groups"][0]["rules"];
    assert_eq!((&rules[0]["kind"], &rules[0]["health"]), (&json!("record"), &json!("ok")));
    assert_eq!((&rules[1]["for_ms"], &rules[1]["firing"]), (&json!(120_000), &json!(2)));
    assert_eq!(rules[2]["health"], "failing", "{rules:#}");
    assert!(rules[2]["error"].is_string(), "{rules:#}");
    assert!(listed["groups"][0]["cost"]["evaluations"].as_u64() >= Some(2));
    let only = house.get(PATH, &[("state", "failing")]).await?.1;
    assert_eq!(only["groups"][0]["rules"].as_array().map(Vec::len), Some(1));
    let one = house.get(PATH, &[("limit", "1")]).await?.1;
    assert_eq!(
        (&one["left_out"], one["groups"][0]["rules"].as_array().map(Vec::len)),
        (&json!(2), Some(1))
    );
    let (status, _) = house.get(PATH, &[("state", "odd")]).await?;
    assert_eq!(status, 400);
    let prometheus = house.get("/api/v1/rules", &[("type", "alert")]).await?.1;
    let shown = &prometheus["data"]["groups"][0]["rules"];
    assert_eq!((&shown[0]["health"], &shown[1]["health"]), (&json!("ok"), &json!("err")));
    house.stop().await
}

#[tokio::test]
async fn a_rule_says_how_many_pages_it_would_have_been() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let clock = TurnedClock::at(NOW);
    let house = with_rules(&dir, &clock).await?;
    // Three hours, hot for ten minutes at the beginning of each.
    let minutes = (0..180).map(|minute| {
        let at = NOW.millis() - (180 - minute) * 60_000;
        (at, if minute % 60 < 10 { 40.0 } else { 20.0 })
    });
    let heat = series(&[("__name__", "heat"), ("room", "a")], &minutes.collect::<Vec<_>>());
    house.write(&[heat]).await?;
    let listed = house.get(PATH, &[]).await?.1;
    let path = format!("/api/plimsoll/v1/rules/{}/replay", id_of(&listed, "Hot")?);
    let (status, told) = house.get(&path, &[]).await?;
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (&told["pages"], &told["episodes"], &told["whole"]),
        (&json!(3), &json!(3), &json!(true))
    );
    assert_eq!(told["evaluations"], 30 * 24 * 60);
    assert_eq!(told["longest_ms"], 8 * 60_000);
    assert_eq!(told["episodes_shown"][0]["labels"]["room"], "a");
    let hour = (NOW.millis() - 3_600_000).to_string();
    let last = house.get(&path, &[("from", &hour), ("step", "30000")]).await?.1;
    assert_eq!((&last["pages"], &last["evaluations"]), (&json!(1), &json!(120)));
    let (status, _) = house.get(&path, &[("from", "0")]).await?;
    assert_eq!(status, 400);
    let record = format!("/api/plimsoll/v1/rules/{}/replay", id_of(&listed, "heat:max")?);
    assert_eq!(house.get(&record, &[]).await?.0, 400);
    assert_eq!(house.get("/api/plimsoll/v1/rules/0123/replay", &[]).await?.0, 404);
    house.stop().await
}

#[tokio::test]
async fn a_rule_sees_at_once_what_the_rules_before_it_in_its_group_found() -> Result<()> {
    let rules = "groups:
- name: a
  interval: 1m
  rules:
  - {alert: Warm, expr: heat > 25}
  - {record: 'warm:rooms', expr: 'count(ALERTS{alertname=\"Warm\", alertstate=\"firing\"}) or vector(0)'}
  - {alert: Follows, expr: '{__name__=~\"ALERTS\", alertname=\"Warm\"} == 1'}
";
    let watch = Watch::new(rules).await?;
    let rooms = async || -> Result<Value> {
        let told = watch.house.get("/api/v1/query", &[("query", "warm:rooms")]).await?.1;
        Ok(told["data"]["result"][0]["value"][1].clone())
    };
    for (degrees, warm, state) in
        [(20.0, "0", "inactive"), (30.0, "1", "firing"), (20.0, "0", "inactive")]
    {
        watch.minute(degrees).await?;
        assert_eq!(rooms().await?, warm, "at {degrees} degrees");
        assert_eq!(watch.state("Follows").await?, state, "at {degrees} degrees");
    }
    watch.house.stop().await
}
