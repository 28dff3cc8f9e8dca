//! Load tests that are to come, with a clock that is turned: dry first, told a day before, approved by somebody else,
//! taken once, missed if nobody does, and never upon whom nobody named.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use super::report;
use crate::house::{House, answer};

/// 2026-11-21 16:00 UTC.
const NOW: Time = Time(1_795_276_800_000);
const SCHEDULES: &str = "/api/plimsoll/v1/load/schedules";
const SETTINGS: &str =
    "policy: none\nhost: {enabled: false}\nload: {targets: [shop.test, '*.staging.test']}\n";

fn job(target: &str) -> Value {
    let text = format!(
        "name: shop\ntarget: {target}\nscenarios:\n  - {{name: a, rate: 50, for: 5m, steps: [{{get: /}}]}}\n"
    );
    json!({"name": "plan.yaml", "text": text, "files": [], "profile": null, "rate": null})
}

fn wish(target: &str, more: &Value) -> Value {
    let mut wish = json!({"job": job(target), "by": "ann", "confirm": [target], "first": true, "service": "shop"});
    for (key, value) in more.as_object().into_iter().flatten() {
        wish[key] = value.clone();
    }
    wish
}

async fn post(house: &House, path: &str, body: Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, path)?.json(&body)).await
}

async fn planned(house: &House) -> Result<String> {
    let (status, told) =
        post(house, SCHEDULES, wish("http://shop.test", &json!({"dry_run": false}))).await?;
    ensure!(status == 201 && told["refused"] == json!([]), "{told:#}");
    Ok(told["schedule"]["id"].as_str().context("no id")?.to_owned())
}

async fn house(clock: &Arc<TurnedClock>) -> Result<House> {
    House::new(SETTINGS, Arc::<TurnedClock>::clone(clock)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_planned_dry_and_nothing_upon_strangers() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house(&clock).await?;
    let (status, dry) = post(&house, SCHEDULES, wish("http://shop.test", &json!({}))).await?;
    // The night after the next: the next is less than a day away.
    let at = Time(1_795_219_200_000) + Span::days(2) + Span::hours(2);
    ensure!(status == 200 && dry["dry_run"] == true && dry["refused"] == json!([]), "{dry:#}");
    ensure!(dry["schedule"]["at"] == at.millis(), "{dry:#}");
    let (_, list) = house.get(SCHEDULES, &[]).await?;
    ensure!(list["schedules"] == json!([]), "{list:#}");
    let soon = (NOW + Span::hours(10)).millis();
    let cases = [
        (wish("http://other.test", &json!({"dry_run": false})), "not among `load.targets`"),
        (wish("http://localhost:1", &json!({"dry_run": false})), "not among `load.targets`"),
        (wish("http://shop.test", &json!({"dry_run": false, "confirm": []})), "not confirmed"),
        (wish("http://shop.test", &json!({"dry_run": false, "first": false})), "no baseline"),
        (wish("http://shop.test", &json!({"dry_run": false, "at": soon})), "sooner than 24 h"),
    ];
    for (wish, words) in cases {
        let (status, told) = post(&house, SCHEDULES, wish).await?;
        let message = told["error"]["message"].as_str().unwrap_or_default().to_owned();
        ensure!(status == 409 && message.contains(words), "{words}: {told:#}");
    }
    let (status, _) = post(&house, SCHEDULES, json!({"job": {"text": 1}})).await?;
    ensure!(status == 400, "no plan");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_load_is_told_approved_by_another_taken_once_and_done() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house(&clock).await?;
    let id = planned(&house).await?;
    let own = format!("{SCHEDULES}/{id}");
    let (status, told) = post(&house, &format!("{own}/approve"), json!({"by": "ann"})).await?;
    ensure!(status == 409, "nobody approves what is theirs: {told:#}");
    let (status, told) = post(&house, &format!("{own}/approve"), json!({"by": "bob"})).await?;
    ensure!(status == 200 && told["state"] == "approved", "{told:#}");
    let firing = |list: &Value| list["active"].as_array().map_or(0, Vec::len);
    // Nobody is told before the notice is due; a day before, everybody is.
    clock.turn(Span::hours(9));
    let begins = 34;
    clock.turn(Span::hours(begins - 24 - 9 + 1));
    // Whoever looks every five seconds may just have looked.
    let nudged = || clock.turn(Span::secs(6));
    let wanted = |list: &Value| {
        nudged();
        firing(list) == 1
    };
    let told = house.until("/api/plimsoll/v1/alerts", &[], wanted).await?;
    let summary = told["active"][0].to_string();
    ensure!(summary.contains("2026-11-23 02:00 UTC") && summary.contains("bob"), "{told:#}");
    let (status, _) = post(&house, &format!("{own}/claim"), json!({})).await?;
    ensure!(status == 409, "its time has not come");
    let (_, due) = house.get(&format!("{SCHEDULES}/due"), &[]).await?;
    ensure!(due["schedule"].is_null(), "{due:#}");
    clock.turn(Span::hours(begins - (begins - 24 + 1)));
    let (_, due) = house.get(&format!("{SCHEDULES}/due"), &[]).await?;
    ensure!(due["schedule"]["id"] == id.as_str(), "{due:#}");
    let (status, taken) = post(&house, &format!("{own}/claim"), json!({"by": "runner-1"})).await?;
    ensure!(status == 200 && taken["job"] == job("http://shop.test"), "{taken:#}");
    let (status, _) = post(&house, &format!("{own}/claim"), json!({"by": "runner-2"})).await?;
    ensure!(status == 409, "one runner takes it");
    let run = taken["run"].as_str().context("no run")?.to_owned();
    let (status, told) =
        post(&house, &format!("/api/plimsoll/v1/load/live/{run}"), json!({})).await?;
    ensure!(status == 200 && told["stop"] == false, "it is a run that goes on: {told:#}");
    let sent = json!({"id": run, "report": report("shop", 30, 700)});
    ensure!(post(&house, "/api/plimsoll/v1/load/runs", sent).await?.0 == 201, "its report");
    let (_, list) = house.get(SCHEDULES, &[]).await?;
    let done = &list["schedules"][0];
    ensure!(done["state"] == "done" && done["why"] == "passed", "{list:#}");
    let over = |list: &Value| {
        nudged();
        firing(list) == 0
    };
    house.until("/api/plimsoll/v1/alerts", &[], over).await?;
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_approves_is_missed_and_the_stop_keeps_runners_away() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house(&clock).await?;
    let (missed, kept) = (planned(&house).await?, planned(&house).await?);
    let cancelled = planned(&house).await?;
    let (_, told) =
        answer(house.request(Method::DELETE, &format!("{SCHEDULES}/{cancelled}"))?).await?;
    ensure!(told["state"] == "cancelled", "{told:#}");
    post(&house, &format!("{SCHEDULES}/{kept}/approve"), json!({"by": "bob"})).await?;
    post(&house, "/api/plimsoll/v1/load/stop", json!({"by": "eve"})).await?;
    let house = house.restart(SETTINGS, Arc::<TurnedClock>::clone(&clock)).await?;
    clock.turn(Span::hours(34));
    let (_, due) = house.get(&format!("{SCHEDULES}/due"), &[]).await?;
    ensure!(due["schedule"].is_null(), "all load is stopped: {due:#}");
    let (status, _) = post(&house, &format!("{SCHEDULES}/{kept}/claim"), json!({})).await?;
    ensure!(status == 409, "all load is stopped");
    answer(house.request(Method::DELETE, "/api/plimsoll/v1/load/stop")?).await?;
    let (_, due) = house.get(&format!("{SCHEDULES}/due"), &[]).await?;
    ensure!(due["schedule"]["id"] == kept.as_str(), "it was kept over the restart: {due:#}");
    clock.turn(Span::minutes(16));
    let state = |list: &Value, id: &str| {
        let all = list["schedules"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = all.iter().find(|own| own["id"] == id);
        own.map(|own| format!("{} {}", own["state"], own["why"])).unwrap_or_default()
    };
    let wanted = |list: &Value| {
        clock.turn(Span::secs(6));
        state(list, &missed).contains("missed") && state(list, &kept).contains("missed")
    };
    let list = house.until(SCHEDULES, &[], wanted).await?;
    ensure!(state(&list, &missed).contains("nobody approved it"), "{list:#}");
    ensure!(state(&list, &kept).contains("no runner took it"), "{list:#}");
    house.stop().await
}
