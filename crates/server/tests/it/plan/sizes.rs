//! The monthly review of sizes over HTTP: what is proposed, by which risk and money, decided, and booked when it is seen.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use model::{Series, Span, Time};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use crate::house::{House, answer, series};

const NOW: Time = Time(1_795_176_000_000);
const STEP: i64 = 300_000;
const DAYS: i64 = 30;

const PRICES: &str = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency
small,30,Months,2,cores,EUR
middle,60,Months,4,cores,EUR
large,120,Months,8,cores,EUR
pool slot,0.1,Connection-Months,,pool,EUR
";

fn settings(prices: &str) -> String {
    format!(
        "policy: none
host: {{enabled: false}}
global: {{evaluation_interval: 1s}}
resources:
  - {{name: cores, title: 'Cores of {{{{host}}}}', used: cores_used, limit: cores_there, unit: cores, owner: team-a}}
  - {{name: pool, used: pool_used, limit: '400', unit: count}}
  - {{name: busy, used: busy_used, limit: '1', unit: share}}
planning: {{{prices} over_hour_cost: 5}}
"
    )
}

/// One machine hardly used, one always near its limit, one with a past of two days.
fn use_of(host: &str, time: i64) -> f64 {
    let day = time.rem_euclid(86_400_000) < 7_200_000;
    match host {
        "calm" => 0.5 + 0.4 * f64::from(u8::from(day)),
        "full" => 3.7,
        _ => 1.0,
    }
}

fn past() -> Vec<Series> {
    let mut all = Vec::new();
    for (resource, label, days) in [
        ("cores", Some("calm"), DAYS),
        ("cores", Some("full"), DAYS),
        ("cores", Some("new"), 2),
        ("pool", None, DAYS),
    ] {
        let rows: Vec<(i64, f64)> = (1..=days * 288)
            .map(|step| NOW.millis() - step * STEP)
            .rev()
            .map(|time| (time, label.map_or(90.0, |host| use_of(host, time))))
            .collect();
        let mut labels = vec![("__name__", "plimsoll_resource_used"), ("resource", resource)];
        labels.extend(label.map(|host| ("host", host)));
        all.extend(rows.chunks(2_000).map(|rows| series(&labels, rows)));
    }
    all
}

/// What the machines tell now.
fn told(now: Time, calm: f64) -> Vec<Series> {
    let mut all = vec![series(&[("__name__", "pool_used")], &[(now.millis(), 90.0)])];
    for (host, there) in [("calm", calm), ("full", 4.0), ("new", 4.0)] {
        let of =
            |name, value| series(&[("__name__", name), ("host", host)], &[(now.millis(), value)]);
        all.extend([of("cores_used", use_of(host, now.millis())), of("cores_there", there)]);
    }
    all.push(series(&[("__name__", "busy_used")], &[(now.millis(), 0.1)]));
    all
}

async fn house(text: &str, clock: &Arc<TurnedClock>) -> Result<House> {
    let house = House::new(text, Arc::<TurnedClock>::clone(clock)).await?;
    for one in past() {
        house.write(&[one]).await?;
    }
    house.write(&told(NOW, 8.0)).await?;
    until(&house, clock, 8.0, |list| list["items"].as_array().is_some_and(|all| all.len() == 4))
        .await?;
    Ok(house)
}

/// Lets a minute go by and the machines speak until the list is as wanted.
async fn until(
    house: &House,
    clock: &TurnedClock,
    calm: f64,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..200 {
        clock.turn(Span::minutes(1));
        house.write(&told(model::Clock::now(clock), calm)).await?;
        pause().await;
        last = house.get("/api/plimsoll/v1/sizes", &[]).await?.1;
        if wanted(&last) {
            return Ok(last);
        }
    }
    bail!("sizes did not become as wanted:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

fn item<'v>(list: &'v Value, title: &str) -> Result<&'v Value> {
    let found = list["items"].as_array().context("items")?.iter().find(|own| own["title"] == title);
    found.with_context(|| format!("{title}: {list:#}"))
}

async fn decide(house: &House, id: &str, body: &Value) -> Result<(u16, Value)> {
    let path = format!("/api/plimsoll/v1/sizes/{id}/decision");
    answer(house.request(Method::POST, &path)?.json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_proposed_accepted_and_booked_when_it_changed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("prices.csv");
    fs::write(&file, PRICES)?;
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house(&settings(&format!("prices: '{}',", file.display())), &clock).await?;
    let (_, list) = house.get("/api/plimsoll/v1/sizes", &[]).await?;
    ensure!(list["month"] == "2026-11" && list["currency"] == "EUR", "{list:#}");
    let calm = item(&list, "Cores of calm")?;
    ensure!(calm["advice"] == "smaller" && calm["proposed"]["name"] == "small", "{calm:#}");
    ensure!(calm["current"]["name"] == "large" && calm["saving_month"] == 90.0, "{calm:#}");
    ensure!(calm["risk"] == 0.0 && calm["benefit"]["chance"].as_f64() > Some(0.9), "{calm:#}");
    let full = item(&list, "Cores of full")?;
    ensure!(full["advice"] == "larger" && full["saving_month"] == -60.0, "{full:#}");
    let new = item(&list, "Cores of new")?;
    ensure!(new["why_not"].as_str().is_some_and(|why| why.contains("fourteen")), "{new:#}");
    // By the unit: 400 slots at 0.1; 90 need 113 below the line, and the ladder has 150.
    let pool = item(&list, "pool")?;
    ensure!(
        pool["current"]["cost_month"] == 40.0 && pool["proposed"]["sizes"][0] == 150.0,
        "{pool:#}"
    );
    let (calm_id, pool_id) = (text(calm)?, text(pool)?);
    let wrong = [
        json!({"verdict": "maybe", "by": "a"}),
        json!({"verdict": "accepted", "by": " "}),
        json!({"verdict": "declined", "by": "a"}),
    ];
    for body in wrong {
        ensure!(decide(&house, &calm_id, &body).await?.0 == 400, "{body}");
    }
    ensure!(
        decide(&house, "nobody", &json!({"verdict": "accepted", "by": "anna"})).await?.0 == 404
    );
    another_size_is_accepted(&house, calm).await?;
    // Decided again: the last word counts.
    let (status, decided) =
        decide(&house, &calm_id, &json!({"verdict": "accepted", "by": "anna"})).await?;
    ensure!(status == 200 && decided["decision"]["saving_month"] == 90.0, "{decided:#}");
    let no = json!({"verdict": "declined", "by": "ben", "reason": "the sale begins in a week"});
    ensure!(decide(&house, &pool_id, &no).await?.0 == 200);
    let (_, list) = house.get("/api/plimsoll/v1/sizes", &[]).await?;
    ensure!(
        list["sum"]["accepted"] == 1 && list["sum"]["declined"] == 1 && list["sum"]["open"] == 1,
        "{list:#}"
    );
    // The machine becomes a middle one, not the small one that was accepted: booked is what was seen.
    let list = until(&house, &clock, 4.0, |list| {
        item(list, "Cores of calm").is_ok_and(|own| !own["booked"].is_null())
    })
    .await?;
    let booked = &item(&list, "Cores of calm")?["booked"];
    ensure!(booked["seen"]["name"] == "middle" && booked["saving_month"] == 60.0, "{booked:#}");
    let (_, months) = house.get("/api/plimsoll/v1/sizes/reviews", &[]).await?;
    let month = &months["months"][0];
    ensure!(month["accepted_month"] == 90.0 && month["booked_month"] == 60.0, "{months:#}");
    ensure!(month["currency"] == "EUR" && month["money"].as_array().map(Vec::len) == Some(1));
    ensure!(
        month["decisions"]
            .as_array()
            .is_some_and(|all| all.iter().any(|own| own["reason"] == no["reason"]))
    );
    currencies_are_kept_apart(&house, &clock, &file).await
}

/// Any size of the frontier but the one there is can be accepted.
async fn another_size_is_accepted(house: &House, calm: &Value) -> Result<()> {
    let id = text(calm)?;
    let frontier = calm["frontier"].as_array().context("offers")?;
    let at = |name: &str| frontier.iter().position(|own| own["name"] == name);
    let accept =
        |offer: Option<usize>| json!({"verdict": "accepted", "by": "anna", "offer": offer});
    let (status, told) = decide(house, &id, &accept(at("middle"))).await?;
    let decision = &told["decision"];
    ensure!(status == 200 && decision["to"]["name"] == "middle", "{told:#}");
    ensure!(decision["to"]["text"] == "4 cores" && decision["saving_month"] == 60.0, "{told:#}");
    for wrong in [at("large"), Some(99)] {
        ensure!(decide(house, &id, &accept(wrong)).await?.0 == 400, "{wrong:?}");
    }
    Ok(())
}

/// Prices in another currency from now on: what was promised in the old one is not added to it.
async fn currencies_are_kept_apart(house: &House, clock: &TurnedClock, file: &Path) -> Result<()> {
    fs::write(file, PRICES.replace("EUR", "USD"))?;
    // Nobody waits for the next full hour to see them.
    clock.turn(Span::minutes(2));
    house.write(&told(model::Clock::now(clock), 4.0)).await?;
    let (_, list) = house.get("/api/plimsoll/v1/sizes", &[]).await?;
    ensure!(list["currency"] == "USD", "{list:#}");
    let sum = &list["sum"];
    ensure!(sum["accepted_month"].is_null() && sum["saving_month"].is_number(), "{sum:#}");
    let (_, found) = house.get("/api/plimsoll/v1/findings", &[]).await?;
    let found = found["findings"].as_array().context("findings")?;
    ensure!(found.iter().any(|own| own["kind"] == "size"), "{found:#?}");
    ensure!(found.iter().all(|own| own["saving_month"].is_null() || own["currency"] == "USD"));
    let full = text(item(&list, "Cores of full")?)?;
    let yes = json!({"verdict": "accepted", "by": "anna"});
    ensure!(decide(house, &full, &yes).await?.0 == 200);
    let (_, months) = house.get("/api/plimsoll/v1/sizes/reviews", &[]).await?;
    let month = &months["months"][0];
    ensure!(month["accepted_month"].is_null() && month["currency"].is_null(), "{months:#}");
    let of = |at: usize| (&month["money"][at]["currency"], &month["money"][at]["accepted_month"]);
    ensure!(of(0) == (&json!("EUR"), &json!(90.0)) && of(1) == (&json!("USD"), &json!(-60.0)));
    Ok(())
}

fn text(item: &Value) -> Result<String> {
    Ok(item["id"].as_str().context("an id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_prices_no_money_is_shown_and_a_wrong_list_is_told() -> Result<()> {
    let clock = Arc::new(TurnedClock::at(NOW));
    let plain = house(&settings(""), &clock).await?;
    let (_, list) = plain.get("/api/plimsoll/v1/sizes", &[]).await?;
    ensure!(list["priced"] == false && list["sum"]["saving_month"].is_null(), "{list:#}");
    let calm = item(&list, "Cores of calm")?;
    ensure!(calm["proposed"]["sizes"][0] == 2.0 && calm["saving_month"].is_null(), "{calm:#}");
    plain.stop().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("prices.csv");
    // Bytes where cores are meant: no size is told by it.
    fs::write(
        &file,
        PRICES
            .replace(",2,cores", ",2000000000,cores")
            .replace(",4,cores", ",4000000000,cores")
            .replace(",8,cores", ",8000000000,cores"),
    )?;
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = house(&settings(&format!("prices: '{}',", file.display())), &clock).await?;
    let (_, list) = house.get("/api/plimsoll/v1/sizes", &[]).await?;
    let calm = item(&list, "Cores of calm")?;
    ensure!(
        calm["why_not"].as_str().is_some_and(|why| why.contains("different units")),
        "{calm:#}"
    );
    fs::write(&file, "SkuId,Price\nsmall,3\n")?;
    let list = until(&house, &clock, 8.0, |list| !list["prices_wrong"].is_null()).await?;
    ensure!(list["priced"] == false, "{list:#}");
    Ok(())
}
