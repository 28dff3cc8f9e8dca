//! Runs that broke off, and reports that were damaged: told as such, never as passed and never as a baseline.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use model::{Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use super::report;
use crate::house::{House, QUIET, answer};

const NOW: Time = Time(1_795_176_000_000);
const LIVE: &str = "/api/plimsoll/v1/load/live";
const RUNS: &str = "/api/plimsoll/v1/load/runs";

async fn post(house: &House, path: &str, body: Value) -> Result<(u16, Value)> {
    answer(house.request(Method::POST, path)?.json(&body)).await
}

async fn begin(house: &House) -> Result<String> {
    let begins = json!({"plan": "shop", "targets": ["http://shop.test"], "seconds": 600.0, "by": "ann", "service": "shop"});
    let (status, told) = post(house, LIVE, begins).await?;
    ensure!(status == 201, "{told:#}");
    Ok(told["id"].as_str().context("no id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_over_a_restart_and_is_broken_off_once_it_is_silent() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let id = begin(&house).await?;
    let own = format!("{LIVE}/{id}");
    let house = house.restart(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    // It still tells, and is still told to stop.
    let rows =
        json!({"rows": [{"second": 30, "sent": 10, "good": 9, "failed": 1, "in_flight": 2}]});
    let (status, told) = post(&house, &own, rows).await?;
    ensure!(status == 200 && told["stop"] == false, "{told:#}");
    let (status, told) = post(&house, &format!("{own}/stop"), json!({"by": "bob"})).await?;
    ensure!(status == 200 && told["service"] == "shop" && told["by"] == "ann", "{told:#}");
    let (_, told) = post(&house, &own, json!({})).await?;
    ensure!(told["stop"] == true, "{told:#}");
    let (_, list) = house.get(RUNS, &[]).await?;
    ensure!(list["runs"] == json!([]), "nothing is known of its end yet: {list:#}");
    clock.turn(Span::minutes(3));
    let broken = |list: &Value| {
        clock.turn(Span::secs(6));
        list["runs"][0]["run"]["word"] == "broken_off"
    };
    let list = house.until(RUNS, &[], broken).await?;
    let run = &list["runs"][0]["run"];
    ensure!(
        run["id"] == id.as_str() && run["exit_code"] == 4 && run["ending"] == "lost",
        "{list:#}"
    );
    ensure!(run["figures"]["good"] == 9 && run["figures"]["failed"] == 1, "{list:#}");
    ensure!(run["doubts"][0].to_string().contains("after second 30"), "{list:#}");
    // It passes nothing, and nothing is compared with it.
    let (status, told) = post(&house, &format!("{RUNS}/{id}/baseline"), json!({})).await?;
    ensure!(status == 409 && told.to_string().contains("broke off"), "{told:#}");
    let other = json!({"report": report("shop", 30, 700)});
    let (_, other) = post(&house, RUNS, other).await?;
    let other = other["run"]["id"].as_str().context("no id")?.to_owned();
    let with = [("with", id.as_str())];
    let (status, told) = house.get(&format!("{RUNS}/{other}/comparison"), &with).await?;
    ensure!(status == 404, "{told:#}");
    // Another start writes it down no second time.
    let house = house.restart(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    clock.turn(Span::minutes(5));
    house
        .until(RUNS, &[], |_| {
            clock.turn(Span::secs(6));
            true
        })
        .await?;
    let (_, list) = house.get(RUNS, &[]).await?;
    ensure!(list["runs"].as_array().map(Vec::len) == Some(2), "{list:#}");
    // A report that comes after all takes its place.
    let (status, kept) =
        post(&house, RUNS, json!({"id": id, "report": report("shop", 30, 700)})).await?;
    ensure!(status == 201 && kept["run"]["word"] == "passed", "{kept:#}");
    let (_, list) = house.get(RUNS, &[]).await?;
    let words: Vec<&Value> =
        list["runs"].as_array().into_iter().flatten().map(|own| &own["run"]["word"]).collect();
    ensure!(words == ["passed", "passed"], "{list:#}");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_was_damaged_is_told_and_compared_with_nothing() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(QUIET, Arc::<TurnedClock>::clone(&clock)).await?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (_, kept) = post(&house, RUNS, json!({"report": report("shop", 30, 700)})).await?;
        ids.push(kept["run"]["id"].as_str().context("no id")?.to_owned());
    }
    let folder = house.leave().await?;
    let shelf = folder.path().join("data/load");
    let file = |id: &str| shelf.join(format!("{id}.json.gz"));
    // Cut in half, as a disk that lost power leaves it; another run's; and nothing at all that is ours.
    let whole = fs::read(file(&ids[0]))?;
    fs::write(file(&ids[0]), &whole[..whole.len() / 2])?;
    replace(&file(&ids[1]), &report("shop", 30, 300))?;
    fs::write(shelf.join("draft.new"), b"half a report")?;
    fs::write(shelf.join("garbage.json.gz"), b"\0\0\0")?;
    let house = House::back(QUIET, folder, Arc::<TurnedClock>::clone(&clock)).await?;
    for id in &ids[..2] {
        let (status, one) = house.get(&format!("{RUNS}/{id}"), &[]).await?;
        ensure!(
            status == 200 && one["run"]["word"] == "passed" && one["report"].is_null(),
            "{one:#}"
        );
        ensure!(one["damage"].as_str().is_some_and(|why| why.contains("damaged")), "{one:#}");
        let (status, told) = house.get(&format!("{RUNS}/{id}/report"), &[]).await?;
        ensure!(status == 500 && told.to_string().contains("damaged"), "{told:#}");
        let (status, told) = post(&house, &format!("{RUNS}/{id}/baseline"), json!({})).await?;
        ensure!(status == 500 && told.to_string().contains("damaged"), "{told:#}");
        let with = [("with", id.as_str())];
        let (status, told) = house.get(&format!("{RUNS}/{}/comparison", ids[2]), &with).await?;
        ensure!(status == 500 && told.to_string().contains("damaged"), "{told:#}");
    }
    let (_, list) = house.get(RUNS, &[]).await?;
    ensure!(list["runs"].as_array().map(Vec::len) == Some(3), "{list:#}");
    let (status, one) = house.get(&format!("{RUNS}/{}", ids[2]), &[]).await?;
    ensure!(status == 200 && one["report"].is_object() && one["damage"].is_null(), "{one:#}");
    house.stop().await
}

/// Puts another report in the place of one, whole and compressed as it should be.
fn replace(file: &Path, report: &Value) -> Result<()> {
    use std::io::Write as _;
    let mut packed =
        flate2::write::GzEncoder::new(fs::File::create(file)?, flate2::Compression::fast());
    packed.write_all(report.to_string().as_bytes())?;
    packed.finish()?;
    Ok(())
}
