//! Frozen plans, scenarios beside each other, the table of drivers and what a change is worth, over HTTP.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use model::{Clock as _, Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use crate::house::{House, QUIET, answer, series};

const NOW: Time = Time(1_795_176_000_000);

const SCENARIO: &str = "name: growth
start: 2026-11-01
months: 6
money: EUR
drivers:
  - {name: tenants, now: 1000, growth: 2%..4%, measured: tenants}
  - {name: sessions, now: 2000, growth: -5%..5%, measured: sessions}
resources:
  - {name: connections, follows: tenants, relation: held, now: 100, limit: 140, lead_time: 30d, measured: connections, over_month_cost: 500, step: {add: 50, cost_month: 20, cost_once: 100}}
";

async fn send(house: &House, path: &str, body: &Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, path)?.json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_plan_is_followed_by_what_happens() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let freeze =
        |name: &str| json!({ "name": name, "text": SCENARIO, "by": "anna", "note": "as agreed" });
    let plans = "/api/plimsoll/v1/plans";
    let (status, plan) = send(&house, plans, &freeze("q1")).await?;
    ensure!(status == 201 && plan["text"] == "nothing of it is measured yet", "{plan:#}");
    // Calendar months: November ends with the first of December.
    ensure!(plan["outcome"]["ends"][0] == Time::of_date(2026, 12, 1).context("a day")?.millis());
    let benefit = &plan["outcome"]["resources"][0]["benefit"];
    ensure!(benefit["npv"]["p50"].as_f64().is_some() && benefit["months"] == 6, "{benefit:#}");
    ensure!(send(&house, plans, &freeze("q1")).await?.0 == 409, "a plan stays as it is");
    ensure!(send(&house, plans, &freeze("../q1")).await?.0 == 400);
    let wrong = json!({ "name": "w", "text": SCENARIO.replace("follows: tenants", "follows: users"), "by": "anna" });
    let (status, told) = send(&house, plans, &wrong).await?;
    ensure!(
        status == 400
            && told["error"]["message"].as_str().is_some_and(|own| own.contains("scenario:9")),
        "{told:#}"
    );
    // Fifteen days on: tenants as planned, connections far above; sessions were in November.
    clock.turn(Span::days(15));
    let now = clock.now().millis();
    let seen = [
        ("tenants", [1_030.0, 1_040.0]),
        ("connections", [150.0, 160.0]),
        ("sessions", [2_600.0, 2_020.0]),
    ];
    for (name, of) in seen {
        let day = |from: i64, value: f64| -> Vec<(i64, f64)> {
            (0..=48).map(|at| (from - (48 - at) * 1_800_000, value)).collect()
        };
        let december = Time::of_date(2026, 12, 1).context("a day")?.millis();
        let rows = [day(december, of[0]), day(now, of[1])].concat();
        house.write(&[series(&[("__name__", name)], &rows)]).await?;
    }
    let (_, plan) = house.get("/api/plimsoll/v1/plans/q1", &[]).await?;
    let tenants = &plan["drivers"][0];
    ensure!(
        tenants["months"][0]["seen"] == 1_030.0 && tenants["months"][0]["within"] == true,
        "{tenants:#}"
    );
    ensure!(tenants["state"] == "as_planned", "{tenants:#}");
    let connections = &plan["resources"][0];
    ensure!(
        connections["state"] == "above" && connections["months"][0]["within"] == false,
        "{connections:#}"
    );
    let sessions = &plan["drivers"][1];
    ensure!(
        sessions["state"] == "as_planned"
            && sessions["text"] == "within now; was outside in November",
        "{sessions:#}"
    );
    let text = plan["text"].as_str().context("a sentence")?;
    ensure!(
        text.contains("above the plan; was outside in November")
            && !text.contains("tenants")
            && text.contains("sessions: within now; was outside in November"),
        "{text}"
    );
    let (_, list) = house.get(plans, &[]).await?;
    ensure!(list["plans"][0]["name"] == "q1" && list["plans"][0]["by"] == "anna", "{list:#}");
    ensure!(house.get("/api/plimsoll/v1/plans/nobody", &[]).await?.0 == 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios_stand_beside_each_other() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let deal = format!(
        "{}deals: [{{name: ACME, date: 2026-12-10, adds: {{tenants: 600}}}}]\n",
        SCENARIO.replace("name: growth", "name: with ACME")
    );
    let path = "/api/plimsoll/v1/scenarios/compare";
    let (status, told) = send(&house, path, &json!({ "scenarios": [SCENARIO, deal] })).await?;
    ensure!(
        status == 200 && told["outcomes"].as_array().is_some_and(|all| all.len() == 2),
        "{told:#}"
    );
    let of = &told["resources"][0]["of"];
    ensure!(
        of[1]["reached_p50"].as_i64() < of[0]["reached_p50"].as_i64().or(Some(i64::MAX)),
        "{of:#}"
    );
    ensure!(
        told["costs"][1]["total_p50"].as_f64() > told["costs"][0]["total_p50"].as_f64(),
        "{told:#}"
    );
    ensure!(send(&house, path, &json!({ "scenarios": [] })).await?.0 == 400);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_that_are_sent_count_more_than_the_reference() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let table = "/api/plimsoll/v1/drivers/table";
    let (status, told) = house.get(table, &[("values", "1000")]).await?;
    ensure!(status == 200, "{told:#}");
    let cores = |told: &Value| {
        let all = told["drivers"].as_array().into_iter().flatten();
        all.into_iter().find(|own| own["name"] == "cpu_cores").cloned().context("cores")
    };
    ensure!(cores(&told)?["source"] == "reference", "{told:#}");
    let figures: Vec<Value> = (1..=12)
        .flat_map(|week| {
            let (at, tenants) = (NOW.millis() - (13 - week) * 7 * 86_400_000 + 60_000, 100 * week);
            [
                json!({ "driver": "tenants", "value": tenants, "at": at }),
                json!({ "driver": "cpu_cores", "value": 1.0 + 0.05 * tenants as f64, "at": at }),
            ]
        })
        .collect();
    let (status, kept) =
        send(&house, "/api/plimsoll/v1/drivers", &json!({ "figures": figures })).await?;
    ensure!(status == 201 && kept["kept"] == 24, "{kept:#}");
    let (_, told) = house.get(table, &[("values", "2000")]).await?;
    let told = cores(&told)?;
    ensure!(told["source"] == "measured" && told["form"] == "linear", "{told:#}");
    let mid = told["cells"][0]["mid"].as_f64().context("a value")?;
    ensure!((mid - 101.0).abs() < 3.0, "{told:#}");
    for wrong in [
        json!({ "figures": [] }),
        json!({ "figures": [{ "driver": "tennants", "value": 5 }] }),
        json!({ "figures": [{ "driver": "tenants", "value": -5 }] }),
        json!({ "figures": [{ "driver": "tenants", "value": 5, "at": NOW.millis() + 86_400_000 }] }),
    ] {
        ensure!(send(&house, "/api/plimsoll/v1/drivers", &wrong).await?.0 == 400, "{wrong}");
    }
    ensure!(house.get(table, &[("by", "nobody")]).await?.0 == 404);
    ensure!(house.get(table, &[("values", "5,-1")]).await?.0 == 400);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_is_worth_stands_beside_doing_nothing() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let path = "/api/plimsoll/v1/benefit";
    let wish = json!({ "now": { "month": [100] }, "instead": { "once": [200], "month": [40, 60] }, "discount": 0 });
    let (status, told) = send(&house, path, &wish).await?;
    ensure!(status == 200 && told["nothing"]["p50"] == 1_200.0, "{told:#}");
    let npv = told["npv"]["p50"].as_f64().context("a value")?;
    ensure!((npv - 400.0).abs() < 20.0 && told["chance"] == 1.0, "{told:#}");
    ensure!(
        told["payback_months"].as_f64().is_some_and(|own| (3.0..5.1).contains(&own)),
        "{told:#}"
    );
    for wrong in [
        json!({ "now": { "month": [9, 3] }, "instead": {} }),
        json!({ "now": {}, "instead": { "over_hours": [900] } }),
        json!({ "now": {}, "instead": {}, "months": 0 }),
    ] {
        ensure!(send(&house, path, &wrong).await?.0 == 400, "{wrong}");
    }
    Ok(())
}
