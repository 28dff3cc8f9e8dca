//! The quarterly review of quotas over HTTP.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use model::{Clock as _, Series, Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use crate::house::{House, answer, series};

const NOW: Time = Time(1_795_176_000_000);

const SETTINGS: &str = "policy: none
host: {enabled: false}
global: {evaluation_interval: 1s}
resources:
  - {name: addresses, title: 'Addresses in {{region}}', used: used, limit: there, unit: count, nature: stock, lead_time: 10d, quota: 'AWS support, L-0263D0A3'}
  - {name: plain, used: used, limit: there, unit: count}
";

fn told(now: Time) -> Vec<Series> {
    let mut all = Vec::new();
    for (region, used, there) in [("north", 98.0, 100.0), ("south", 10.0, 100.0)] {
        let of = |name, value| {
            series(&[("__name__", name), ("region", region)], &[(now.millis(), value)])
        };
        all.extend([of("used", used), of("there", there)]);
    }
    all
}

async fn until(
    house: &House,
    clock: &TurnedClock,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..200 {
        clock.turn(Span::secs(30));
        house.write(&told(clock.now())).await?;
        pause().await;
        last = house.get("/api/plimsoll/v1/quotas", &[]).await?.1;
        if wanted(&last) {
            return Ok(last);
        }
    }
    bail!("quotas did not become as wanted:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_nearly_used_up_is_asked_for_and_decided_once_a_quarter() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(SETTINGS, Arc::<TurnedClock>::clone(&clock)).await?;
    house.write(&told(NOW)).await?;
    let list =
        until(&house, &clock, |list| list["quotas"].as_array().is_some_and(|all| all.len() == 2))
            .await?;
    ensure!(list["quarter"] == "2026-Q4" && list["due"] == 1, "{list:#}");
    let north = &list["quotas"][0];
    ensure!(north["title"] == "Addresses in north" && north["due"] == true, "{list:#}");
    ensure!(north["granted_by"] == "AWS support, L-0263D0A3", "{north:#}");
    let (_, found) = house.get("/api/plimsoll/v1/findings", &[]).await?;
    let finding =
        found["findings"].as_array().into_iter().flatten().find(|own| own["kind"] == "quota");
    ensure!(
        finding.is_some_and(|own| own["severity"] == "critical" && own["subject"] == north["id"]),
        "{found:#}"
    );
    let path =
        format!("/api/plimsoll/v1/quotas/{}/decision", north["id"].as_str().context("an id")?);
    let send = async |body: Value| answer(house.request(Method::POST, &path)?.json(&body)).await;
    for wrong in [
        json!({ "verdict": "kept", "by": "anna" }),
        json!({ "verdict": "asked", "by": "" }),
        json!({ "verdict": "asked", "by": "anna", "asked_for": -5 }),
        json!({ "verdict": "no", "by": "anna" }),
    ] {
        ensure!(send(wrong.clone()).await?.0 == 400, "{wrong}");
    }
    let (status, decided) =
        send(json!({ "verdict": "asked", "by": "anna", "asked_for": 200 })).await?;
    ensure!(status == 200 && decided["decision"]["asked_for"] == 200.0, "{decided:#}");
    let (_, list) = house.get("/api/plimsoll/v1/quotas", &[]).await?;
    ensure!(list["decided"] == 1, "{list:#}");
    // Two quarters on: twice kept for the same reason, and the grant was seen meanwhile.
    for quarter in ["2027-Q1", "2027-Q2"] {
        clock.turn(Span::days(92));
        let mut decided = Value::Null;
        // A quota is not seen for a moment, until it is read at the new time.
        for _ in 0..50 {
            until(&house, &clock, |list| !list["quotas"][0].is_null()).await?;
            let (status, told) =
                send(json!({ "verdict": "kept", "by": "ben", "reason": "enough" })).await?;
            decided = told;
            if status == 200 {
                break;
            }
        }
        ensure!(decided["decision"]["quarter"] == quarter, "{decided:#}");
    }
    let decisions = "/api/plimsoll/v1/quotas/decisions";
    let (_, all) = house.get(decisions, &[]).await?;
    let quarters: Vec<&str> = all["decisions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|own| own["quarter"].as_str())
        .collect();
    ensure!(quarters == ["2027-Q2", "2027-Q1", "2026-Q4"] && all["more"] == false, "{all:#}");
    let first = &all["decisions"][2];
    ensure!(first["limit"] == 100.0 && first["limit_after"] == 100.0, "{first:#}");
    ensure!(first["asked_for"] == 200.0 && first["granted"] == false, "{first:#}");
    let (_, one) = house.get(decisions, &[("quarter", "2027-Q1"), ("limit", "1")]).await?;
    ensure!(one["decisions"][0]["reason"] == "enough" && one["more"] == false, "{one:#}");
    let (_, few) = house.get(decisions, &[("limit", "2")]).await?;
    ensure!(few["decisions"].as_array().map(Vec::len) == Some(2) && few["more"] == true, "{few:#}");
    let (_, none) = house.get(decisions, &[("quota", "0000")]).await?;
    ensure!(none["decisions"].as_array().is_some_and(Vec::is_empty), "{none:#}");
    house.stop().await
}
