//! Objectives in a whole server: the past is counted, an outage is told, costs are named, a restart knows it all.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use model::{Clock as _, Span, Time};
use serde_json::Value;
use testkit::TurnedClock;

use crate::house::{House, QUIET, series, settings, start};

/// 2026-11-21T12:00:00Z.
const NOW: Time = Time(1_795_262_400_000);
const STEP: i64 = 15;
const OBJECTIVE: &str = "objectives: [{name: api, title: API, owner: shop team, bad: 'sum(requests_total{code=~\"5..\"})', \
                         total: requests_total, target: 99.9 %}]\n";

/// A service whose counters rise each time it is looked at.
struct Service {
    good: f64,
    bad: f64,
}

impl Service {
    fn rise(&mut self, good: f64, bad: f64) {
        self.good += good;
        self.bad += bad;
    }

    async fn write(&self, house: &House, at: Time) -> Result<()> {
        let row = |value| [(at.millis(), value)];
        house
            .write(&[
                series(&labels("200"), &row(self.good)),
                series(&labels("500"), &row(self.bad)),
            ])
            .await
    }

    /// Lets time pass and counters rise until the answer is as wanted.
    async fn until(
        &mut self,
        (house, clock): (&House, &TurnedClock),
        (path, bad): (&str, bool),
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        for _ in 0..800 {
            let answer = house.get(path, &[]).await?.1;
            if wanted(&answer) {
                return Ok(answer);
            }
            clock.turn(Span::secs(STEP));
            let (good, fails) = if bad { (0.0, 30.0) } else { (30.0, 0.0) };
            self.rise(good, fails);
            self.write(house, clock.now()).await?;
        }
        anyhow::bail!("{path} did not become as wanted: {:#}", house.get(path, &[]).await?.1)
    }
}

fn labels(code: &str) -> [(&str, &str); 4] {
    [("__name__", "requests_total"), ("job", "api"), ("instance", "a:80"), ("code", code)]
}

/// Five days before the server looks for the first time: thirty requests each quarter of a minute, of which one in the
/// hour before the last day failed.
async fn write_past(house: &House) -> Result<Service> {
    let mut service = Service { good: 0.0, bad: 0.0 };
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let first = NOW - Span::days(5);
    let mut at = first;
    while at <= NOW {
        let fails = at == NOW - Span::hours(25);
        service.rise(if fails { 29.0 } else { 30.0 }, if fails { 1.0 } else { 0.0 });
        good.push((at.millis(), service.good));
        bad.push((at.millis(), service.bad));
        at = at + Span::secs(STEP);
    }
    house.write(&[series(&labels("200"), &good), series(&labels("500"), &bad)]).await?;
    Ok(service)
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

const LIST: &str = "/api/plimsoll/v1/objectives";
const ONE: &str = "/api/plimsoll/v1/objectives/api";

#[tokio::test]
async fn an_outage_is_told_within_minutes_and_a_restart_knows_what_was_counted() -> Result<()> {
    let text = format!("{QUIET}{OBJECTIVE}");
    let clock = TurnedClock::at(NOW);
    // The past comes in before there is an objective.
    let empty = House::new(QUIET, Arc::new(clock.clone())).await?;
    let mut service = write_past(&empty).await?;
    let house = empty.restart(&text, Arc::new(clock.clone())).await?;
    let both = (&house, &clock);
    let one = service.until(both, (ONE, false), |own| own["objective"]["state"] == "fine").await?;
    let events = number(&one, "/objective/events");
    // Three days by the minute, two by the hour as PromQL counts them.
    assert!((events - 5.0 * 24.0 * 3600.0 * 2.0).abs() < 2_000.0, "{events}");
    assert!((number(&one, "/objective/events_bad") - 1.0).abs() < 0.1, "{one:#}");
    assert!(number(&one, "/objective/budget_left") > 0.99, "{one:#}");

    let began = clock.now();
    let fires = |own: &Value| own["alerts"].as_array().is_some_and(|own| !own.is_empty());
    let one = service.until(both, (ONE, true), fires).await?;
    assert!(clock.now().since(began) <= Span::minutes(5), "it took {}", clock.now().since(began));
    let alert = &one["alerts"][0];
    assert_eq!(alert["name"], "ObjectiveBurnsBudget", "{alert:#}");
    assert_eq!(
        (&alert["severity"], &alert["source"]),
        (&"critical".into(), &"objective/api".into())
    );
    assert_eq!(alert["labels"]["severity"], "page");
    assert_eq!(alert["labels"]["owner"], "shop team");
    assert_eq!(one["objective"]["state"], "burning");
    let fired = alert["fired_at"].as_i64().context("not fired")?;
    costs_are_named(&house).await?;
    history_is_drawn(&house, clock.now()).await?;
    let recorded = one["objective"]["events_bad"].as_f64().context("nothing counted")?;

    // Nothing happens while it is away; then the outage goes on.
    let house = house.restart(&text, Arc::new(clock.clone())).await?;
    clock.turn(Span::minutes(2));
    let both = (&house, &clock);
    let one =
        service.until(both, (ONE, true), |own| own["objective"]["state"] == "burning").await?;
    assert!(number(&one, "/objective/events_bad") >= recorded, "{one:#}");
    assert_eq!(one["alerts"][0]["fired_at"].as_i64(), Some(fired), "it is the same alert: {one:#}");
    let over = |own: &Value| own["alerts"].as_array().is_some_and(Vec::is_empty);
    service.until(both, (ONE, false), over).await?;
    house.stop().await
}

async fn costs_are_named(house: &House) -> Result<()> {
    let costs = house.get("/api/plimsoll/v1/objectives/api/costs", &[("span", "30m")]).await?.1;
    assert_eq!(costs["labels"][0]["label"], "code", "{costs:#}");
    assert_eq!(costs["labels"][0]["values"][0]["value"], "500");
    assert!(number(&costs, "/labels/0/values/0/share_of_bad") > 0.99, "{costs:#}");
    let (status, _) =
        house.get("/api/plimsoll/v1/objectives/api/costs", &[("span", "never")]).await?;
    assert_eq!(status, 400);
    Ok(())
}

async fn history_is_drawn(house: &House, now: Time) -> Result<()> {
    let path = "/api/plimsoll/v1/objectives/api/history";
    let from = (now - Span::hours(2)).millis().to_string();
    let past = house.get(path, &[("from", &from), ("points", "120")]).await?.1;
    let rows = |key: &str| past[key].as_array().cloned().unwrap_or_default();
    assert_eq!(rows("times").len(), rows("budget_left").len());
    assert!(rows("events").len() >= 60, "{past:#}");
    let bad: f64 = rows("events_bad").iter().filter_map(Value::as_f64).sum();
    assert!(bad > 0.0, "{past:#}");
    // What is left falls.
    let left: Vec<f64> = rows("budget_left").iter().filter_map(Value::as_f64).collect();
    assert!(left.first() > left.last(), "{left:?}");
    // What was counted is in the store for everybody to ask.
    let asked = house
        .get(
            "/api/v1/query",
            &[("query", "sum(sum_over_time(plimsoll_objective_events_bad[10m]))")],
        )
        .await?
        .1;
    let value = asked["data"]["result"][0]["value"][1].as_str().context("nothing recorded")?;
    assert!(value.parse::<f64>()? > 0.0, "{asked:#}");
    let sloth = house
        .get(
            "/api/v1/query",
            &[("query", "slo:period_error_budget_remaining:ratio{sloth_slo=\"api\"}")],
        )
        .await?
        .1;
    assert!(!sloth["data"]["result"][0].is_null(), "{sloth:#}");
    Ok(())
}

#[tokio::test]
async fn the_catalogue_waits_until_there_is_something_to_count() -> Result<()> {
    let clock = TurnedClock::at(NOW);
    let house = House::new("host: {enabled: false}\n", Arc::new(clock.clone())).await?;
    let counted = |own: &Value| {
        own["objectives"].as_array().is_some_and(|own| {
            !own.is_empty() && own.iter().all(|own| own["counted_at"].is_number())
        })
    };
    let list = house
        .until(LIST, &[], |own| {
            clock.turn(Span::secs(STEP));
            counted(own)
        })
        .await?;
    let rows = list["objectives"].as_array().context("no list")?;
    assert!(rows.len() >= 10, "{list:#}");
    for row in rows {
        assert_eq!(row["state"], "waiting", "{row:#}");
        assert!(
            row["owner"] != "nobody yet" && !row["reason"].as_str().unwrap_or_default().is_empty()
        );
    }
    clock.turn(Span::hours(1));
    let alerts = house.get("/api/plimsoll/v1/alerts", &[]).await?.1;
    assert_eq!(alerts["active"], serde_json::json!([]));
    let (status, _) = house.get("/api/plimsoll/v1/objectives/none", &[]).await?;
    assert_eq!(status, 404);
    house.stop().await
}

#[tokio::test]
async fn an_openslo_file_is_read_as_it_is_and_what_is_no_counter_keeps_the_server_from_starting()
-> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("slo.yaml");
    std::fs::write(&file, OPENSLO)?;
    let text = format!("{QUIET}objective_files: ['{}']\n", file.display());
    let house = House::new(&text, Arc::new(TurnedClock::at(NOW))).await?;
    let list = house
        .until(LIST, &[], |own| own["objectives"].as_array().is_some_and(|own| own.len() == 1))
        .await?;
    let own = &list["objectives"][0];
    assert_eq!((&own["name"], &own["period"]), (&"shop-availability".into(), &"28d".into()));
    assert_eq!(own["target_text"], "99.5 %");
    house.stop().await?;
    let wrong = format!("{QUIET}objectives: [{{name: a, bad: 'a / b', total: b, target: 99 %}}]\n");
    let refused =
        start(settings(&wrong, "127.0.0.1:0")?, &dir, Arc::new(TurnedClock::at(NOW))).await;
    assert_eq!(refused.err().map(|error| error.kind()), Some(model::Kind::Invalid));
    Ok(())
}

const OPENSLO: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata: {name: shop-availability, displayName: Shop answers}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  indicator:
    metadata: {name: requests}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'sum(requests_total{code!~"5.."})'}}}
        total: {metricSource: {type: Prometheus, spec: {query: sum(requests_total)}}}
  objectives: [{target: 0.995}]
"#;
