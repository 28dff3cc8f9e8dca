//! What has a size, from the series that its exporters tell: containers, pools and caches by the default policy, and disks.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use model::{Clock as _, METRIC_NAME, Series, Span, Time};
use serde_json::Value;
use testkit::TurnedClock;

use crate::house::{House, series};

const NOW: Time = Time(1_795_176_000_000);
const DAY: i64 = 86_400_000;
/// A disk is sized by its forecast, which takes a month; all else by two weeks.
const DAYS_DISK: i64 = 36;
const DAYS: i64 = 16;
/// Rates over five minutes take counters at least this often.
const STEP_COUNTER: i64 = 120_000;
const STEP: i64 = 300_000;
const GIB: f64 = 1_073_741_824.0;

/// The labels of a series.
type Named = Vec<(&'static str, &'static str)>;
type Rows = Vec<(i64, f64)>;

const DISK: &str = "resources:
  - name: volume
    used: node_filesystem_size_bytes - node_filesystem_avail_bytes
    limit: node_filesystem_size_bytes
    unit: bytes
    nature: stock
";

const PRICES: &str = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency
cpu request,20,Core-Months,,container_cpu,EUR
volume,0.1,GiB-Months,,volume,EUR
";

fn named(name: &'static str, more: &[(&'static str, &'static str)]) -> Named {
    [&[(METRIC_NAME, name)], more].concat()
}

/// Seconds since all counters began.
fn since(time: i64) -> f64 {
    (time - NOW.millis() + DAYS_DISK * DAY) as f64 / 1_000.0
}

/// Two workloads whose containers are called alike. One was deployed anew ten days ago, so its pod has another name.
fn kubernetes(time: i64) -> Vec<(Named, f64)> {
    let days = (time - NOW.millis()) / DAY;
    let web = if days < -10 { "web-7d9c5b8f6d-x2x9z" } else { "web-6c8d7f9b5c-k4l7m" };
    let mut all = Vec::new();
    for (pod, cores, asked, held) in [(web, 0.25, 4.0, 1.9), ("mail-0", 0.4, 0.5, 0.5)] {
        let of = [("namespace", "shop"), ("pod", pod), ("container", "app")];
        let with = |more: &[(&'static str, &'static str)]| [&of[..], more].concat();
        let set = |kind: &'static str, resource: &'static str| {
            let kind = match kind {
                "limits" => "kube_pod_container_resource_limits",
                _ => "kube_pod_container_resource_requests",
            };
            named(kind, &with(&[("resource", resource)]))
        };
        all.extend([
            (
                named("container_cpu_usage_seconds_total", &with(&[("cpu", "total")])),
                cores * since(time),
            ),
            (named("container_memory_working_set_bytes", &of), held * GIB),
            (set("requests", "cpu"), asked),
            (set("requests", "memory"), 2.0 * GIB),
            (set("limits", "memory"), if pod == "mail-0" { 8.0 } else { 2.0 } * GIB),
        ]);
    }
    all
}

fn pools(time: i64) -> Vec<(Named, f64)> {
    let busy = time.rem_euclid(DAY) < 7_200_000;
    let shop = [("instance", "db:9187")];
    let bouncer = [("instance", "pgb:9127"), ("database", "shop"), ("user", "shop")];
    let hikari = [("job", "orders"), ("instance", "10.0.0.7:8080"), ("pool", "HikariPool-1")];
    vec![
        (
            named("pg_stat_database_numbackends", &[&shop[..], &[("datname", "shop")]].concat()),
            30.0,
        ),
        (named("pg_stat_database_numbackends", &[&shop[..], &[("datname", "")]].concat()), 6.0),
        (
            named("pg_settings_max_connections", &[&shop[..], &[("server", "db:5432")]].concat()),
            500.0,
        ),
        // All twenty are used every day, and ten clients wait.
        (
            named("pgbouncer_pools_server_active_connections", &bouncer),
            if busy { 20.0 } else { 8.0 },
        ),
        (
            named("pgbouncer_pools_client_waiting_connections", &bouncer),
            if busy { 10.0 } else { 0.0 },
        ),
        (
            named(
                "pgbouncer_databases_pool_size",
                &[("instance", "pgb:9127"), ("name", "shop"), ("database", "shop_v2")],
            ),
            20.0,
        ),
        (named("hikaricp_connections_active", &hikari), if busy { 30.0 } else { 5.0 }),
        (named("hikaricp_connections_pending", &hikari), 0.0),
        (named("hikaricp_connections_max", &hikari), 200.0),
    ]
}

/// Two caches, both full; one finds six of ten, the other nineteen of twenty. A third throws nothing out.
fn redis(time: i64) -> Vec<(Named, f64)> {
    let mut all = Vec::new();
    for (instance, found, policy) in [
        ("a:6379", 60.0, "allkeys-lru"),
        ("b:6379", 95.0, "allkeys-lru"),
        ("c:6379", 50.0, "noeviction"),
    ] {
        let own = [("instance", instance)];
        let (used, evicted) = if policy == "noeviction" { (0.5, 0.0) } else { (3.99, 12.0) };
        all.extend([
            (named("redis_memory_used_bytes", &own), used * GIB),
            (named("redis_memory_max_bytes", &own), 4.0 * GIB),
            (named("redis_keyspace_hits_total", &own), found * since(time)),
            (named("redis_keyspace_misses_total", &own), (100.0 - found) * since(time)),
            (named("redis_evicted_keys_total", &own), evicted * since(time)),
            (named("redis_instance_info", &[own[0], ("maxmemory_policy", policy)]), 1.0),
        ]);
    }
    all
}

/// What exporters tell at a moment.
fn told(time: i64) -> Vec<(Named, f64)> {
    let queue = [
        ("instance", "node-1:8080"),
        ("id", "/docker/4f1c"),
        ("name", "queue"),
        ("image", "queue"),
    ];
    let cpu = [&queue[..], &[("cpu", "total")]].concat();
    let mut all = vec![
        (named("container_cpu_usage_seconds_total", &cpu), 0.9 * since(time)),
        (named("container_spec_cpu_quota", &queue), 100_000.0),
        (named("container_spec_cpu_period", &queue), 100_000.0),
        (named("container_memory_working_set_bytes", &queue), 0.2 * GIB),
        (named("container_spec_memory_limit_bytes", &queue), 4.0 * GIB),
    ];
    all.extend(kubernetes(time));
    all.extend(pools(time));
    all.extend(redis(time));
    all
}

/// 164 GiB five weeks ago, 200 GiB now, 231 GiB at the next review.
fn disk(time: i64) -> Vec<(Named, f64)> {
    let days = (time - NOW.millis()) as f64 / DAY as f64;
    let mount = [("mountpoint", "/data")];
    vec![
        (named("node_filesystem_size_bytes", &mount), 1_000.0 * GIB),
        (named("node_filesystem_avail_bytes", &mount), (800.0 - days) * GIB),
    ]
}

type Told = fn(i64) -> Vec<(Named, f64)>;

fn past(told: Told, days: i64) -> Vec<Series> {
    let mut all: BTreeMap<Named, Rows> = BTreeMap::new();
    for step in (0..days * DAY / 60_000).rev() {
        let time = NOW.millis() - step * 60_000;
        let (counters, gauges) = (time % STEP_COUNTER == 0, time % STEP == 0);
        if !counters && !gauges {
            continue;
        }
        for (labels, value) in told(time) {
            let counter = labels[0].1.ends_with("_total");
            if if counter { counters } else { gauges } {
                all.entry(labels).or_default().push((time, value));
            }
        }
    }
    let cut = |(labels, rows): (&Named, &Rows)| {
        rows.chunks(2_000).map(|rows| series(labels, rows)).collect::<Vec<_>>()
    };
    all.iter().flat_map(cut).collect()
}

/// Lets time go by, and exporters tell, until all are reviewed.
async fn reviewed(
    (house, clock): (&House, &TurnedClock),
    told: Told,
    count: usize,
) -> Result<Value> {
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
    tokio::time::sleep(Duration::from_millis(150)).await;
}

fn item<'v>(list: &'v Value, title: &str) -> Result<&'v Value> {
    let found = list["items"].as_array().context("items")?.iter().find(|own| own["title"] == title);
    found.with_context(|| format!("{title}: {list:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_pools_and_caches_are_sized_by_the_default_policy() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("prices.csv");
    fs::write(&file, PRICES)?;
    let text = format!(
        "host: {{enabled: false}}\nglobal: {{evaluation_interval: 1s}}\nplanning: {{prices: '{}'}}\n",
        file.display()
    );
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(&text, Arc::<TurnedClock>::clone(&clock)).await?;
    for one in past(told, DAYS) {
        house.write(&[one]).await?;
    }
    let list = reviewed((&house, &clock), told, 13).await?;
    containers(&list)?;
    connections(&list)?;
    caches(&list)?;
    // Full caches, and use above a request, are no alarm; a limit that kills is.
    let (_, alerts) = house.get("/api/v1/alerts", &[]).await?;
    let text = alerts.to_string();
    ensure!(!text.contains("Redis cache") && !text.contains("requested for"), "{alerts:#}");
    ensure!(text.contains("Memory of web/app in shop"), "{alerts:#}");
    house.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_sized_by_what_it_will_hold_at_the_next_review() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("prices.csv");
    fs::write(&file, PRICES)?;
    let text = format!(
        "policy: none\nhost: {{enabled: false}}\nglobal: {{evaluation_interval: 1s}}\nplanning: {{prices: '{}'}}\n{DISK}",
        file.display()
    );
    let clock = Arc::new(TurnedClock::at(NOW));
    let house = House::new(&text, Arc::<TurnedClock>::clone(&clock)).await?;
    for one in past(disk, DAYS_DISK) {
        house.write(&[one]).await?;
    }
    let list = reviewed((&house, &clock), disk, 1).await?;
    let size = |own: &Value| own["proposed"]["sizes"][0].clone();
    // 231 GiB below a line of 80 %, and a quarter or three eighths of it can be had.
    let disk = item(&list, "volume")?;
    ensure!(disk["advice"] == "smaller" && size(disk) == 375.0 * GIB, "{disk:#}");
    let part = &disk["parts"][0];
    let needed = part["needed"].as_f64().context("a need")?;
    ensure!(needed > 228.0 * GIB && needed < 260.0 * GIB, "{disk:#}");
    ensure!(part["ahead_days"] == 31.0 && part["steps"].is_null(), "{disk:#}");
    ensure!(disk["text"].as_str().is_some_and(|text| text.contains("only grow")), "{disk:#}");
    ensure!(disk["saving_month"].as_f64().is_some_and(|own| (own - 62.5).abs() < 0.1), "{disk:#}");
    house.stop().await
}

fn caches(list: &Value) -> Result<()> {
    let size = |own: &Value| own["proposed"]["sizes"][0].clone();
    let short = item(list, "Redis cache a:6379")?;
    ensure!(short["advice"] == "larger" && size(short) == 6.0 * GIB, "{short:#}");
    let hits = short["parts"][0]["hits"].as_f64().context("what it finds")?;
    ensure!((hits - 0.6).abs() < 0.01, "{short:#}");
    let well = item(list, "Redis cache b:6379")?;
    ensure!(well["advice"] == "fits", "{well:#}");
    ensure!(well["text"].as_str().is_some_and(|text| text.contains("95 %")), "{well:#}");
    let kept = item(list, "Memory of Redis c:6379")?;
    ensure!(kept["advice"] == "smaller" && kept["parts"][0]["hits"].is_null(), "{kept:#}");
    Ok(())
}

fn containers(list: &Value) -> Result<()> {
    let size = |own: &Value| own["proposed"]["sizes"][0].clone();
    // A request of four cores for a quarter of one, whose past is one although the pod was replaced.
    let cpu = item(list, "CPU requested for web/app in shop")?;
    ensure!(cpu["advice"] == "smaller" && size(cpu) == 1.0, "{cpu:#}");
    ensure!(cpu["saving_month"].as_f64() >= Some(60.0), "{cpu:#}");
    ensure!(cpu["parts"][0]["steps"].as_f64() >= Some(2.0), "{cpu:#}");
    let mail = item(list, "CPU requested for mail/app in shop")?;
    ensure!(mail["advice"] == "fits", "{mail:#}");
    // 95 % of a limit that kills, and that equals the request, so that is not told twice.
    let memory = item(list, "Memory of web/app in shop")?;
    ensure!(memory["advice"] == "larger" && size(memory) == 3.0 * GIB, "{memory:#}");
    ensure!(item(list, "Memory requested for web/app in shop").is_err());
    let mail = item(list, "Memory requested for mail/app in shop")?;
    ensure!(mail["advice"] == "smaller" && size(mail) == 0.75 * GIB, "{mail:#}");
    ensure!(item(list, "Memory of mail/app in shop")?["advice"] == "smaller");
    let queue = item(list, "CPU of container queue")?;
    ensure!(queue["advice"] == "larger" && size(queue) == 2.0, "{queue:#}");
    ensure!(item(list, "Memory of container queue")?["advice"] == "smaller");
    Ok(())
}

fn connections(list: &Value) -> Result<()> {
    let size = |own: &Value| own["proposed"]["sizes"][0].clone();
    let database = item(list, "Connections of PostgreSQL db:9187")?;
    ensure!(database["advice"] == "smaller" && size(database) == 63.0, "{database:#}");
    // Thirty are wanted of twenty.
    let bouncer = item(list, "PgBouncer pool shop of pgb:9127")?;
    ensure!(bouncer["advice"] == "larger" && size(bouncer) == 40.0, "{bouncer:#}");
    let hikari = item(list, "Connections of HikariPool-1 in orders")?;
    ensure!(hikari["advice"] == "smaller" && size(hikari) == 50.0, "{hikari:#}");
    Ok(())
}
