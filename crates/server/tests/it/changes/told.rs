//! What people and pipelines tell by the API.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use model::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};
use server::SystemClock;

use crate::house::{House, QUIET, answer, series};

const CHANGES: &str = "/api/plimsoll/v1/changes";

async fn tell(house: &House, change: &Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, CHANGES)?.json(change)).await
}

/// Subject and text of what is listed.
async fn listed(house: &House, query: &[(&str, &str)]) -> Result<Vec<String>> {
    let (status, body) = house.get(CHANGES, query).await?;
    anyhow::ensure!(status == 200, "{body}");
    let changes = body["changes"].as_array().context("no list")?;
    let say = |own: &Value| {
        format!(
            "{}: {}",
            own["subject"].as_str().unwrap_or("?"),
            own["text"].as_str().unwrap_or("?")
        )
    };
    Ok(changes.iter().map(say).collect())
}

fn deployment(status: &str) -> Value {
    json!({"kind": "deployment", "service": "api", "version": "1.4.2", "environment": "production",
        "actor": "octocat", "status": status, "key": "run-17", "planned": true,
        "url": "https://ci.example/runs/17"})
}

#[tokio::test]
async fn a_change_told_twice_is_one_and_what_becomes_of_it_too() -> Result<()> {
    let clock = || Arc::new(SystemClock::new());
    let house = House::new(QUIET, clock()).await?;
    let (status, told) = tell(&house, &deployment("started")).await?;
    assert_eq!((status, &told["outcome"]), (201, &json!("new")), "{told}");
    let (status, told) = tell(&house, &deployment("started")).await?;
    assert_eq!((status, &told["outcome"]), (200, &json!("known")), "{told}");
    let (status, told) = tell(&house, &deployment("succeeded")).await?;
    assert_eq!((status, &told["outcome"]), (200, &json!("updated")), "{told}");
    // A pipeline that is late with its first word changes nothing.
    assert_eq!(tell(&house, &deployment("started")).await?.1["outcome"], "known");
    let wanted = ["api: deployment of 1.4.2 to production succeeded, by octocat"];
    assert_eq!(listed(&house, &[("kind", "deployment")]).await?, wanted);

    let house = house.restart(QUIET, clock()).await?;
    assert_eq!(listed(&house, &[("kind", "deployment,flag")]).await?, wanted);
    let (_, body) = house.get(CHANGES, &[("kind", "deployment")]).await?;
    let own = &body["changes"][0];
    assert_eq!(own["service"], "api");
    assert_eq!((&own["planned"], &own["key"]), (&json!(true), &json!("run-17")));
    assert_eq!(
        (&own["source"], &own["url"]),
        (&json!("api"), &json!("https://ci.example/runs/17"))
    );
    assert_eq!(tell(&house, &deployment("succeeded")).await?.1["outcome"], "known");
    let told = "plimsoll_collect_changes_total{way=\"api\",outcome=\"known\"}";
    house.until_metric(told, |count| count > 0.5).await?;
    house.stop().await
}

#[tokio::test]
async fn changes_are_found_by_kind_service_and_time() -> Result<()> {
    let clock = SystemClock::new();
    let now = clock.now().millis();
    let house = House::new(QUIET, Arc::new(clock)).await?;
    for (hours, kind, service) in [(30, "flag", "shop"), (2, "scaling", "api"), (1, "flag", "api")]
    {
        let at = now - hours * 3_600_000;
        let change =
            json!({"kind": kind, "service": service, "at": at, "text": format!("{hours}")});
        assert_eq!(tell(&house, &change).await?.0, 201);
        assert_eq!(tell(&house, &change).await?.0, 200, "its time and what it says are its name");
    }
    let flags = [("kind", "flag")];
    assert_eq!(listed(&house, &flags).await?, ["api: 1", "shop: 30"]);
    let (since, until) = ((now - 86_400_000).to_string(), (now - 5_400_000).to_string());
    let told = ("kind", "flag,scaling");
    assert_eq!(listed(&house, &[told, ("since", &since)]).await?, ["api: 1", "api: 2"]);
    assert_eq!(listed(&house, &[told, ("until", &until)]).await?, ["api: 2", "shop: 30"]);
    assert_eq!(listed(&house, &[told, ("service", "SHOP")]).await?, ["shop: 30"]);
    assert_eq!(listed(&house, &[told, ("limit", "1")]).await?, ["api: 1"]);
    let (_, overview) = house.get("/api/plimsoll/v1/overview", &[]).await?;
    assert!(overview["changes"].to_string().contains("\"scaling\""), "{overview}");
    house.stop().await
}

#[tokio::test]
async fn what_is_no_change_is_refused_with_a_way_out() -> Result<()> {
    let clock = SystemClock::new();
    let future = clock.now().millis() + 3_600_000;
    let house = House::new(QUIET, Arc::new(clock)).await?;
    for (change, why) in [
        (json!({"kind": "deploy", "service": "api"}), "`deploy` is no kind of change"),
        (
            json!({"kind": "alert", "service": "api"}),
            "notices changes of the kind `alert` by itself",
        ),
        (json!({"kind": "flag"}), "missing field `service`"),
        (json!({"kind": "flag", "service": " "}), "`service` is empty"),
        (json!({"kind": "flag", "service": "a", "verison": "1"}), "unknown field `verison`"),
        (json!({"kind": "flag", "service": "a", "at": future}), "not happened yet"),
        (json!({"kind": "flag", "service": "a", "status": "done"}), "`done` is no status"),
        (json!({"kind": "flag", "service": "a\nb"}), "one of its texts is too long"),
        (json!({"kind": "flag", "service": "a", "text": "x".repeat(600)}), "too long"),
        (
            json!({"kind": "flag", "service": "a", "url": "javascript:alert(1)"}),
            "`url` begins with",
        ),
        (json!({"kind": "flag", "service": "a", "text": "x".repeat(70_000)}), "at most 64 KiB"),
        (json!([1, 2]), "this is no change"),
    ] {
        let (status, body) = tell(&house, &change).await?;
        assert_eq!(status, 400, "{body}");
        let message = body["error"]["message"].as_str().context("no message")?;
        assert!(message.contains(why), "{message}");
    }
    assert_eq!(house.get(CHANGES, &[("kind", "deploy")]).await?.0, 400);
    let none: [String; 0] = [];
    assert_eq!(listed(&house, &[("kind", "flag")]).await?, none);
    house.stop().await
}

#[tokio::test]
async fn an_alert_says_what_was_changed_before_it_and_says_it_still_after_a_restart() -> Result<()>
{
    let clock = || Arc::new(SystemClock::new());
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("rules.yaml");
    std::fs::write(
        &rules,
        "groups: [{name: a, interval: 1s, rules: [{alert: Slow, expr: 'slow == 1', labels: {severity: critical}}]}]",
    )?;
    let text = format!("{QUIET}rule_files: ['{}']\n", rules.display());
    let house = House::new(&text, clock()).await?;
    let elsewhere = json!({"kind": "flag", "service": "shop", "environment": "production"});
    for change in [deployment("succeeded"), elsewhere] {
        assert_eq!(tell(&house, &change).await?.0, 201);
    }
    let staging = json!({"kind": "deployment", "service": "api", "environment": "staging"});
    assert_eq!(tell(&house, &staging).await?.0, 201);
    let labels = [("__name__", "slow"), ("job", "api"), ("env", "production")];
    let now = SystemClock::new().now().millis();
    house.write(&[series(&labels, &[(now, 1.0)])]).await?;
    let fires = |own: &Value| own["active"][0]["state"] == "firing";
    let alerts = house.until("/api/plimsoll/v1/alerts", &[], fires).await?;
    let evidence = alerts["active"][0]["evidence"].clone();
    let subjects: Vec<&Value> = evidence["changes"]
        .as_array()
        .context("no changes")?
        .iter()
        .map(|own| &own["subject"])
        .collect();
    assert_eq!(subjects, ["api", "shop"], "the same service first, and staging not at all");
    assert_eq!(evidence["changes"][0]["version"], "1.4.2");
    assert_eq!(evidence["normal"], Value::Null);

    let house = house.restart(&text, clock()).await?;
    let (_, alerts) = house.get("/api/plimsoll/v1/alerts", &[]).await?;
    assert_eq!(alerts["active"][0]["evidence"], evidence);
    house.stop().await
}

#[tokio::test]
async fn a_change_told_after_an_alert_it_may_be_behind_joins_what_speaks_for_it() -> Result<()> {
    let clock = SystemClock::new();
    let now = clock.now().millis();
    let house = House::new(QUIET, Arc::new(clock)).await?;
    let alerts = json!([{"labels": {"alertname": "Slow", "job": "api", "severity": "critical"}}]);
    house.request(Method::POST, "/api/v2/alerts")?.json(&alerts).send().await?;
    let mut done = deployment("succeeded");
    done["at"] = (now - 120_000).into();
    assert_eq!(tell(&house, &done).await?.0, 201);
    // What comes later is no cause, and another environment is none either.
    let later = json!({"kind": "flag", "service": "api", "at": now + 60_000, "text": "off"});
    assert_eq!(tell(&house, &later).await?.0, 201);
    let path = "/api/plimsoll/v1/alerts";
    let body = house.get(path, &[]).await?.1;
    let changes = body["active"][0]["evidence"]["changes"].clone();
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{body}");
    assert_eq!(changes[0]["version"], "1.4.2");
    // What more becomes known of it takes its place.
    done["status"] = "rolled_back".into();
    assert_eq!(tell(&house, &done).await?.1["outcome"], "updated");
    let house = house.restart(QUIET, Arc::new(SystemClock::new())).await?;
    let body = house.get(path, &[]).await?.1;
    let changes = body["active"][0]["evidence"]["changes"].clone();
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{body}");
    assert_eq!(changes[0]["status"], "rolled_back");
    house.stop().await
}
