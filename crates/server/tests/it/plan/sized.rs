//! What has a size, from the series that its exporters tell: containers, pools, caches, disks.

use std::{fs, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use model::{Clock as _, Series, Span, Time};
use serde_json::Value;
use testkit::TurnedClock;

use crate::house::{House, series};

const NOW: Time = Time(1_795_176_000_000);
const STEP: i64 = 300_000;
const DAYS: i64 = 36;
const GIB: f64 = 1_073_741_824.0;

/// The resources as the guide has them.
const GUIDE: &str = include_str!("../../../../../docs/guides/plan-for-growth.md");

/// The block of the guide that declares them.
fn resources() -> Result<&'static str> {
    let blocks = GUIDE.split("```").map(|block| block.strip_prefix("yaml\n").unwrap_or(block));
    let mut wanted =
        blocks.filter(|block| block.starts_with("resources:\n  - name: container_cpu"));
    wanted.next().context("the guide's example")
}

/// The labels of a series.
type Named = Vec<(&'static str, &'static str)>;
type Rows = Vec<(i64, f64)>;

const DISK: &str = "  - name: volume
    used: node_filesystem_size_bytes - node_filesystem_avail_bytes
    limit: node_filesystem_size_bytes
    unit: bytes
    nature: stock
";

const PRICES: &str = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency
cpu request,20,Core-Months,,container_cpu,EUR
volume,0.1,GiB-Months,,volume,EUR
";

/// What is told at a moment.
fn told(time: i64) -> Vec<(Named, f64)> {
    let days = (time - NOW.millis()) as f64 / 86_400_000.0;
    let busy = time.rem_euclid(86_400_000) < 7_200_000;
    let web = [("namespace", "shop"), ("container", "web")];
    let named = |name: &'static str, more: &[(&'static str, &'static str)]| {
        let mut labels = vec![("__name__", name)];
        labels.extend_from_slice(more);
        labels
    };
    let with = |more: &[(&'static str, &'static str)]| [&web[..], more].concat();
    // A quarter of a core all day: what it used since the beginning.
    let seconds = 0.25 * (time - NOW.millis() + DAYS * 86_400_000) as f64 / 1_000.0;
    let kube = "kube_pod_container_resource_requests";
    let limits = "kube_pod_container_resource_limits";
    let pool = [("pool", "orders")];
    let mount = [("mountpoint", "/data")];
    let mut all = vec![
        (named("container_cpu_usage_seconds_total", &with(&[("pod", "web-1")])), seconds),
        (named("container_memory_working_set_bytes", &with(&[("pod", "web-1")])), 1.9 * GIB),
        (named(kube, &with(&[("pod", "web-1"), ("resource", "cpu")])), 4.0),
        (named(limits, &with(&[("pod", "web-1"), ("resource", "memory")])), 2.0 * GIB),
        (named("hikaricp_connections_active", &pool), if busy { 30.0 } else { 5.0 }),
        (named("hikaricp_connections_max", &pool), 200.0),
        (named("node_filesystem_size_bytes", &mount), 1_000.0 * GIB),
        // 164 GiB five weeks ago, 200 GiB now, 231 GiB at the next review.
        (named("node_filesystem_avail_bytes", &mount), (800.0 - days) * GIB),
    ];
    // Two caches, both full; one finds six of ten, the other nineteen of twenty.
    let since = (time - NOW.millis() + DAYS * 86_400_000) as f64 / 1_000.0;
    for (instance, found) in [("a:6379", 60.0), ("b:6379", 95.0)] {
        let own = [("instance", instance)];
        all.extend([
            (named("redis_memory_used_bytes", &own), 3.99 * GIB),
            (named("redis_memory_max_bytes", &own), 4.0 * GIB),
            (named("redis_keyspace_hits_total", &own), found * since),
            (named("redis_keyspace_misses_total", &own), (100.0 - found) * since),
            (named("redis_evicted_keys_total", &own), 12.0 * since),
        ]);
    }
    all
}

fn past() -> Vec<Series> {
    let times: Vec<i64> = (0..DAYS * 288).map(|step| NOW.millis() - step * STEP).rev().collect();
    let mut all: Vec<(Named, Rows)> = Vec::new();
    for time in times {
        for (at, (labels, value)) in told(time).into_iter().enumerate() {
            if all.len() == at {
                all.push((labels, Vec::new()));
            }
            all[at].1.push((time, value));
        }
    }
    let cut = |(labels, rows): &(Named, Rows)| {
        rows.chunks(2_000).map(|rows| series(labels, rows)).collect::<Vec<_>>()
    };
    all.iter().flat_map(cut).collect()
}

/// Lets time go by, and exporters tell, until all are reviewed.
async fn reviewed(house: &House, clock: &TurnedClock, count: usize) -> Result<Value> {
    let mut last = Value::Null;
    for _ in 0..300 {
        clock.turn(Span::minutes(1));
        let now = clock.now().millis();
        let all: Vec<Series> =
            told(now).iter().map(|(labels, value)| series(labels, &[(now, *value)])).collect();
        house.write(&all).await?;
        pause().await;
        last = house.get("/api/plimsoll/v1/sizes", &[]).await?.1;
        let items = last["items"].as_array().map_or(&[][..], Vec::as_slice);
        if items.len() == count && items.iter().all(|own| own["why_not"].is_null()) {
            return Ok(last);
        }
    }
    bail!("the sizes were not told:\n{last:#}")
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

fn item<'v>(list: &'v Value, title: &str) -> Result<&'v Value> {
    let found = list["items"].as_array().context("items")?.iter().find(|own| own["title"] == title);
    found.with_context(|| format!("{title}: {list:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_pools_caches_and_disks_are_sized_from_what_their_exporters_tell() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("prices.csv");
    fs::write(&file, PRICES)?;
    let text = format!(
        "policy: none\nhost: {{enabled: false}}\nglobal: {{evaluation_interval: 1s}}\nplanning: {{prices: '{}'}}\n{}{DISK}",
        file.display(),
        // Recorded every five minutes, which are too few for a rate over five.
        resources()?.replace("[5m]", "[11m]")
    );
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(&text, Arc::<TurnedClock>::clone(&clock)).await?;
    for one in past() {
        house.write(&[one]).await?;
    }
    let list = reviewed(&house, &clock, 6).await?;
    let size = |own: &Value| own["proposed"]["sizes"][0].clone();
    // A request of four cores for a quarter of one: at a line of 80 % half a core does.
    let cpu = item(&list, "CPU of web in shop")?;
    ensure!(cpu["advice"] == "smaller" && size(cpu) == 1.0, "{cpu:#}");
    ensure!(cpu["saving_month"].as_f64() >= Some(60.0), "{cpu:#}");
    // 95 % of a limit that kills.
    let memory = item(&list, "Memory of web in shop")?;
    ensure!(memory["advice"] == "larger" && size(memory) == 3.0 * GIB, "{memory:#}");
    let pool = item(&list, "Connections of orders")?;
    ensure!(pool["advice"] == "smaller" && size(pool) == 50.0, "{pool:#}");
    // 231 GiB below a line of 80 %, and a quarter or three eighths of it can be had.
    let disk = item(&list, "volume")?;
    ensure!(disk["advice"] == "smaller" && size(disk) == 375.0 * GIB, "{disk:#}");
    let part = &disk["parts"][0];
    let needed = part["needed"].as_f64().context("a need")?;
    ensure!(needed > 228.0 * GIB && needed < 260.0 * GIB, "{disk:#}");
    ensure!(part["ahead_days"] == 31.0 && part["steps"].is_null(), "{disk:#}");
    ensure!(disk["text"].as_str().is_some_and(|text| text.contains("only grow")), "{disk:#}");
    ensure!(disk["saving_month"].as_f64().is_some_and(|own| (own - 62.5).abs() < 0.1), "{disk:#}");
    let short = item(&list, "Cache of a:6379")?;
    ensure!(short["advice"] == "larger" && size(short) == 6.0 * GIB, "{short:#}");
    let hits = short["parts"][0]["hits"].as_f64().context("what it finds")?;
    ensure!((hits - 0.6).abs() < 0.01, "{short:#}");
    let well = item(&list, "Cache of b:6379")?;
    ensure!(well["advice"] == "fits", "{well:#}");
    ensure!(well["text"].as_str().is_some_and(|text| text.contains("95 %")), "{well:#}");
    house.stop().await
}
