//! A cluster answers instead of the store: the real `prometheus` and `victoria-metrics` beside a server that asks them.

mod answers;
mod native;
mod work;

use std::{collections::BTreeMap, net::SocketAddr, process::Command, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use model::{Batch, Buckets, Histogram, HistogramSample, Series, Span, Span32, Time};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Peer, TurnedClock, free_port};

use crate::house::{House, QUIET, series, settings};

/// A whole minute in 2023.
const START: i64 = 1_700_000_040_000;
/// Samples come seven seconds after each quarter of a minute, so that none lies on the edge of a window: Debian's
/// Prometheus is of the second generation, whose ranges are closed to the left.
const SAMPLES: i64 = 200;
const NOW: Time = Time(START + SAMPLES * 15_000);

fn samples() -> Vec<Series> {
    let mut all = Vec::new();
    let mut add = |pairs: &[(&str, &str)], value: &dyn Fn(i64) -> Option<f64>| {
        let time = |number: i64| START + 7_000 + number * 15_000;
        let rows: Vec<_> =
            (0..SAMPLES).filter_map(|number| Some((time(number), value(number)?))).collect();
        all.push(series(pairs, &rows));
    };
    for (place, (host, zone)) in [("a", "x"), ("b", "x"), ("c", "y")].into_iter().enumerate() {
        let slope = 3 + i64::try_from(place).unwrap_or_default();
        let name = |name| [("__name__", name), ("host", host), ("zone", zone)];
        let wave = move |number: i64| ((number * slope * 7919) % 401) as f64 / 10.0;
        // A gap in one of them.
        add(&name("level"), &move |number| {
            (slope != 4 || !(60..90).contains(&number)).then(|| wave(number))
        });
        for kind in ["read", "write"] {
            let mut labels = name("work_total").to_vec();
            labels.push(("kind", kind));
            let more = if kind == "read" { 0.5 } else { 0.25 };
            add(&labels, &move |number| Some((100_000 + number * slope) as f64 + more));
        }
    }
    for (bound, share) in [("0.1", 3), ("0.5", 7), ("2", 9), ("+Inf", 10)] {
        let labels = [("__name__", "seconds_bucket"), ("le", bound)];
        add(&labels, &move |number| Some((100_000 + share * number) as f64));
    }
    for (zone, color) in [("x", "red"), ("y", "blue")] {
        add(&[("__name__", "zone_info"), ("zone", zone), ("color", color)], &|_| Some(1.0));
    }
    all
}

/// A cluster, and a server that asks it.
struct Far {
    peer: Peer,
    house: House,
    clock: TurnedClock,
    dir: TempDir,
}

async fn far(start: impl Fn(&TempDir, SocketAddr) -> Result<Peer>, rules: &str) -> Result<Far> {
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let peer = start(&dir, address)?;
    let file = dir.path().join("rules.yaml");
    std::fs::write(&file, rules)?;
    let text = format!(
        "{QUIET}query: {{remote: {{url: 'http://{address}'}}}}\n\
         global: {{evaluation_interval: 5s}}\nrule_files: ['{}']\n",
        file.display()
    );
    let clock = TurnedClock::at(NOW);
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock.clone())).await?;
    Ok(Far { peer, house, clock, dir })
}

fn prometheus(dir: &TempDir, address: SocketAddr) -> Result<Peer> {
    prometheus_with(dir, address, &[])
}

fn prometheus_with(dir: &TempDir, address: SocketAddr, more: &[&str]) -> Result<Peer> {
    let config = dir.path().join("prometheus.yml");
    std::fs::write(&config, "scrape_configs: []\n")?;
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", dir.path().join("tsdb").display()))
        .args(["--storage.tsdb.retention.time=100y", "--web.enable-remote-write-receiver"])
        .arg(format!("--web.listen-address={address}"))
        .args(more);
    Peer::start(command, address, "/-/ready", dir.path().join("peer.log"))
}

fn victoria_metrics(dir: &TempDir, address: SocketAddr) -> Result<Peer> {
    let mut command = Command::new("victoria-metrics");
    command
        .arg(format!("-storageDataPath={}", dir.path().join("data").display()))
        .arg(format!("-httpListenAddr={address}"))
        .args(["-retentionPeriod=100y", "-search.disableCache"]);
    Peer::start(command, address, "/health", dir.path().join("peer.log"))
}

/// Sends everything to a cluster, a stretch of time after the other, as it would have come.
async fn feed(address: SocketAddr, all: &[Series]) -> Result<()> {
    let client = collect::net::client()?;
    for first in (0..SAMPLES).step_by(50) {
        let from = START + first * 15_000;
        let within = |time: i64| (from..from + 50 * 15_000).contains(&time);
        let part: Vec<Series> = all
            .iter()
            .map(|own| {
                let mut part = own.clone();
                part.samples.retain(|sample| within(sample.time.millis()));
                part
            })
            .filter(|own| !own.samples.is_empty())
            .collect();
        post(&client, address, collect::remote_write::encode(&part)?).await?;
    }
    Ok(())
}

async fn post(client: &Client, address: SocketAddr, body: Vec<u8>) -> Result<()> {
    let request = client
        .post(format!("http://{address}/api/v1/write"))
        .header("content-encoding", "snappy")
        .header("content-type", "application/x-protobuf")
        .header("x-prometheus-remote-write-version", "0.1.0")
        .body(body);
    let response = request.send().await?;
    let status = response.status();
    ensure!(status.is_success(), "{status}: {}", response.text().await?);
    Ok(())
}

/// A server of the usual kind with the same samples.
async fn near() -> Result<House> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    house.write(&samples()).await?;
    Ok(house)
}
