//! The real `prometheus` sends native histograms by remote write: what it answers about them, we answer too.
//!
//! Debian's Prometheus speaks 1.0 only; 2.0 is held to 1.0 by the tests of `collect`.

use std::{
    fs,
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prost::Message;
use serde_json::Value;
use server::SystemClock;
use testkit::{Peer, free_port};
use tokio::{net::TcpListener, task::JoinSet};

use crate::house::{House, QUIET};

/// How a target says that it has native histograms: `io/prometheus/client/metrics.proto`.
const DELIMITED: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
/// The kind of a family.
const GAUGE: i32 = 1;
const HISTOGRAM: i32 = 4;

#[derive(Clone, PartialEq, Message)]
struct Family {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    help: String,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, optional, tag = "2")]
    gauge: Option<Gauge>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(sint32, tag = "5")]
    schema: i32,
    #[prost(double, tag = "6")]
    zero_threshold: f64,
    #[prost(uint64, tag = "7")]
    zero_count: u64,
    #[prost(message, repeated, tag = "9")]
    negative_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "10")]
    negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "12")]
    positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_deltas: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

/// What the target says at its `round`th scrape.
fn families(round: u64) -> Vec<Family> {
    let rising = i64::try_from(round).unwrap_or(0);
    let histogram = Histogram {
        count: 12 + 3 * round,
        sum: 31.5 + 4.25 * round as f64,
        // Bounds of finer buckets differ in the last bit: Prometheus has them from a table.
        schema: 0,
        zero_threshold: 0.001,
        zero_count: 1,
        negative_spans: vec![BucketSpan { offset: 2, length: 1 }],
        negative_deltas: vec![2],
        positive_spans: vec![
            BucketSpan { offset: -1, length: 2 },
            BucketSpan { offset: 3, length: 1 },
        ],
        // 4, 3 and 2, of which the first rises by three with each scrape.
        positive_deltas: vec![4 + 3 * rising, -1 - 3 * rising, -1],
    };
    vec![
        Family {
            name: "probe_seconds".to_owned(),
            help: "How long it took.".to_owned(),
            kind: Some(HISTOGRAM),
            metrics: vec![Metric { gauge: None, histogram: Some(histogram) }],
        },
        Family {
            name: "probe_round".to_owned(),
            help: "Which scrape this is.".to_owned(),
            kind: Some(GAUGE),
            metrics: vec![Metric { gauge: Some(Gauge { value: round as f64 }), histogram: None }],
        },
    ]
}

/// Answers a scrape, until the count says that it has gone away.
async fn scraped(State(rounds): State<Arc<AtomicU64>>) -> Response {
    let round = rounds.fetch_add(1, Ordering::Relaxed);
    if round >= GONE {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let body: Vec<u8> =
        families(round).iter().flat_map(Message::encode_length_delimited_to_vec).collect();
    ([(header::CONTENT_TYPE, DELIMITED)], body).into_response()
}

/// From this scrape on the target is away.
const GONE: u64 = 1 << 32;

async fn target() -> Result<(SocketAddr, Arc<AtomicU64>, JoinSet<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let rounds = Arc::new(AtomicU64::new(0));
    let app = Router::new().route("/metrics", get(scraped)).with_state(Arc::clone(&rounds));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Ok((address, rounds, tasks))
}

fn prometheus(dir: &std::path::Path, target: SocketAddr, house: SocketAddr) -> Result<Peer> {
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
         scrape_configs: [{{job_name: probe, static_configs: [{{targets: ['{target}']}}]}}]\n\
         remote_write:\n- url: 'http://{house}/api/v1/write'\n  send_native_histograms: true\n  \
         queue_config: {{batch_send_deadline: 1s}}\n  \
         metadata_config: {{send_interval: 1s}}\n"
    );
    let file = dir.join("prometheus.yml");
    fs::write(&file, config)?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
        .arg("--enable-feature=native-histograms")
        .arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/-/ready", dir.join("prometheus.log"))
}

fn rows(answer: &Value) -> usize {
    answer["data"]["result"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn native_histograms_of_a_real_prometheus_are_kept_as_it_keeps_them() -> Result<()> {
    let house = House::new(QUIET, Arc::new(SystemClock::new())).await?;
    let (target, rounds, _tasks) = target().await?;
    let dir = tempfile::tempdir()?;
    let (path, address) = (dir.path().to_owned(), house.address());
    let peer = tokio::task::spawn_blocking(move || prometheus(&path, target, address)).await??;

    let enough = [("query", "count_over_time(probe_seconds[1m]) >= 4")];
    house.until("/api/v1/query", &enough, |answer| rows(answer) == 1).await?;
    let asked = [("query", "timestamp(probe_seconds)")];
    let last = house.until("/api/v1/query", &asked, |answer| rows(answer) == 1).await?;
    let at = last["data"]["result"][0]["value"][1].as_str().context("no time")?.to_owned();
    let client = collect::net::client()?;
    // Buckets with their bounds; quantiles differ, as the second generation reckons them otherwise.
    for query in ["probe_seconds", "histogram_sum(probe_seconds)", "probe_round"] {
        let asked = [("query", query), ("time", &at)];
        let (_, ours) = house.get("/api/v1/query", &asked).await?;
        let url = format!("http://{}/api/v1/query", peer.address);
        let url = reqwest::Url::parse_with_params(&url, asked)?;
        let theirs: Value = serde_json::from_str(&client.get(url).send().await?.text().await?)?;
        assert_eq!(rows(&ours), 1, "{ours}");
        assert_eq!(ours["data"], theirs["data"], "{query}");
    }
    let described = |answer: &Value| answer["data"]["probe_seconds"][0]["type"] == "histogram";
    house.until("/api/v1/metadata", &[], described).await?;
    let counted = r#"plimsoll_collect_sender_samples_total{way="remote_write",sender="127.0.0.1"}"#;
    assert!(house.metric(counted).await? > 4.0);

    // A target that goes away ends its histograms too.
    rounds.store(GONE, Ordering::Relaxed);
    house.until("/api/v1/query", &[("query", "probe_seconds")], |answer| rows(answer) == 0).await?;
    let past = [("query", "probe_seconds"), ("time", at.as_str())];
    assert_eq!(rows(&house.get("/api/v1/query", &past).await?.1), 1);
    house.stop().await
}
