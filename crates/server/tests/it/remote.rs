//! A cluster answers instead of the store: the real `prometheus` and `victoria-metrics` beside a server that asks them.

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

/// Relative difference up to which values are the same: others add up in another order.
const TOLERANCE: f64 = 1e-9;

/// What every cluster answers as the engine here does, as long as series have no gaps.
const SAME_EVERYWHERE: [&str; 22] = [
    "level",
    "{__name__=~\"level|work_total\",host!=\"b\"}",
    "level > 20",
    "sum by (zone) (level)",
    "avg(level)",
    "max without (zone) (level)",
    "count(work_total)",
    "quantile(0.5, level)",
    "topk(1, level)",
    "level * on (zone) group_left (color) zone_info",
    "work_total / ignoring (kind) group_left level",
    "level and on (host) work_total{kind=\"read\",host=\"a\"}",
    "level unless on (host) work_total{host=\"a\"}",
    "sum_over_time(level[5m])",
    "count_over_time(level[10m])",
    "level offset 3m",
    "absent(nothing{host=\"a\"})",
    "min by (zone) (level)",
    "stddev(level)",
    "sum(level) / count(level)",
    "sum(avg_over_time(level[5m]))",
    "label_replace(level, \"copy\", \"<$1>\", \"host\", \"(.*)\")",
];

/// What only those answer alike that keep to the letter of PromQL. `VictoriaMetrics` reckons rates otherwise, keeps
/// names where PromQL drops them, and lets the last sample before a gap count for a shorter time.
const SAME_IN_PROMETHEUS: [&str; 16] = [
    "max_over_time(level[5m])",
    "clamp(level, 10, 30)",
    "round(level, 5)",
    "time() - 1700000000",
    "rate(work_total[5m])",
    "increase(work_total[10m] offset 4m)",
    "irate(work_total[2m])",
    "deriv(level[7m])",
    "predict_linear(level[10m], 3600)",
    "histogram_quantile(0.9, sum by (le) (rate(seconds_bucket[5m])))",
    "max_over_time(rate(work_total[5m])[10m30s:1m])",
    "level @ 1700001000",
    "-level / 0",
    "scalar(sum(level))",
    "\"a text\"",
    "level[2m]",
];

const REFUSED: [&str; 3] = ["sum(level", "level + rate(level)", "work_total * on (zone) level"];

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

/// Values by series and time.
type Found = BTreeMap<(String, String), f64>;

fn found(body: &Value) -> Result<Found> {
    let mut found = Found::new();
    let number = |value: &Value| -> Result<f64> {
        Ok(value.as_str().context("no text")?.parse().unwrap_or(f64::NAN))
    };
    let data = &body["data"];
    let rows = data["result"].as_array().with_context(|| format!("no result: {body}"))?;
    if matches!(data["resultType"].as_str(), Some("scalar" | "string")) {
        found.insert((rows[1].to_string(), rows[0].to_string()), f64::NAN);
        return Ok(found);
    }
    for row in rows {
        let mut metric: Vec<String> = row["metric"]
            .as_object()
            .context("no metric")?
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        metric.sort();
        let single = std::slice::from_ref(&row["value"]);
        let points = row["values"].as_array().map_or(single, Vec::as_slice);
        for point in points {
            found.insert((metric.join(","), point[0].to_string()), number(&point[1])?);
        }
    }
    Ok(found)
}

fn same(ours: &Found, theirs: &Found) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|((place, ours), (their_place, theirs))| {
            let scale = ours.abs().max(theirs.abs()).max(1e-300);
            let near = ((ours - theirs) / scale).abs() <= TOLERANCE;
            place == their_place && (near || ours.total_cmp(theirs).is_eq())
        })
}

/// Asks both at a moment and over a range; says where they differ.
async fn differences(
    (near, far): (&House, &House),
    questions: &[&str],
    after: Span,
) -> Result<Vec<String>> {
    let at = ((NOW.millis() - 600_000) / 1000).to_string();
    let start = ((Time(START) + after).millis() / 1000).to_string();
    let end = (NOW.millis() / 1000).to_string();
    let mut wrong = Vec::new();
    for text in questions {
        let instant = [("query", *text), ("time", &at)];
        let range = [("query", *text), ("start", &start), ("end", &end), ("step", "30")];
        for (path, query) in [("/api/v1/query", &instant[..]), ("/api/v1/query_range", &range[..])]
        {
            let (ours, theirs) = (near.get(path, query).await?, far.get(path, query).await?);
            ensure!(ours.0 == theirs.0, "{text}: {} {}\n{}", ours.0, theirs.0, theirs.1);
            if ours.0 != 200 {
                ensure!(ours.1["errorType"] == theirs.1["errorType"], "{text}: {}", theirs.1);
                continue;
            }
            let (ours, theirs) = (found(&ours.1)?, found(&theirs.1)?);
            if !same(&ours, &theirs) {
                let other = |a: &Found, b: &Found| {
                    a.iter()
                        .find(|(place, _)| b.get(*place) != a.get(*place))
                        .map(|own| format!("{own:?}"))
                };
                wrong.push(format!(
                    "{text} by {path}: {} {} {:?} {:?}",
                    ours.len(),
                    theirs.len(),
                    other(&ours, &theirs),
                    other(&theirs, &ours)
                ));
            }
        }
    }
    Ok(wrong)
}

async fn check_lists(near: &House, far: &House) -> Result<()> {
    let (start, end) = ((START / 1000).to_string(), (NOW.millis() / 1000).to_string());
    let range = [("start", start.as_str()), ("end", end.as_str())];
    let ask = |more: &[(&'static str, &'static str)]| [&range[..], more].concat();
    let selector = ("match[]", "{host=\"a\"}");
    for (path, query) in [
        ("/api/v1/series", ask(&[selector])),
        ("/api/v1/labels", ask(&[])),
        ("/api/v1/labels", ask(&[selector])),
        ("/api/v1/label/zone/values", ask(&[])),
        ("/api/v1/label/__name__/values", ask(&[selector])),
        ("/api/v1/label/nothing/values", ask(&[])),
    ] {
        let (ours, theirs) = (near.get(path, &query).await?, far.get(path, &query).await?);
        assert_eq!(ours, theirs, "{path}");
        assert_eq!(ours.0, 200);
    }
    let (_, cut) = far.get("/api/v1/label/host/values", &ask(&[("limit", "2")])).await?;
    assert_eq!(cut["data"], json!(["a", "b"]));
    assert_eq!(cut["warnings"], json!(["results truncated due to limit"]));
    Ok(())
}

#[tokio::test]
async fn a_real_prometheus_answers_through_us_as_we_do() -> Result<()> {
    let near = near().await?;
    let Far { peer, house, dir: _dir, .. } = far(prometheus, "groups: []\n").await?;
    feed(peer.address, &samples()).await?;
    let questions = [&SAME_EVERYWHERE[..], &SAME_IN_PROMETHEUS, &REFUSED].concat();
    let wrong = differences((&near, &house), &questions, Span::minutes(15)).await?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_lists(&near, &house).await?;
    let (_, refused) = house.get("/api/v1/query", &[("query", "sum(level")]).await?;
    let words = refused["error"].as_str().unwrap_or_default();
    assert!(words.contains("parse error") && words.contains("says so"), "{words}");
    // More steps than Prometheus answers at once are still bounded here.
    let many = [("query", "level"), ("start", "0"), ("end", "11000"), ("step", "1")];
    let (status, told) = house.get("/api/v1/query_range", &many).await?;
    assert_eq!((status, &told["errorType"]), (400, &json!("bad_data")));
    house.stop().await?;
    near.stop().await
}

/// A native histogram that grows, at each quarter of a minute.
fn native() -> Batch {
    let mut batch = Batch::new("test");
    for number in 0..SAMPLES {
        let counts = vec![(number + 1) as f64, (2 * number) as f64, 3.0];
        let spans = vec![Span32 { offset: -2, length: 2 }, Span32 { offset: 3, length: 1 }];
        let count: f64 = counts.iter().sum::<f64>() + 2.0;
        let positive = Buckets { spans, counts };
        let histogram = Histogram {
            schema: 3,
            zero_threshold: 0.001,
            zero_count: 2.0,
            count,
            sum: count * 1.5,
            positive,
            ..Histogram::default()
        };
        let time = Time(START + 7_000 + number * 15_000);
        batch.push_histogram(HistogramSample { time, histogram: histogram.into() });
    }
    batch.end_series(&mut vec![("__name__", "took_seconds"), ("host", "a")]);
    batch
}

#[tokio::test]
async fn native_histograms_come_through_as_they_are() -> Result<()> {
    let near = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let start = |dir: &TempDir, address| {
        prometheus_with(dir, address, &["--enable-feature=native-histograms"])
    };
    let Far { peer, house, dir: _dir, .. } = far(start, "groups: []\n").await?;
    let body = collect::remote_write::encode(native().iter())?;
    let (status, words) = near.send(body.clone()).await?;
    ensure!(status == 204, "{status}: {words}");
    post(&collect::net::client()?, peer.address, body).await?;
    let at = ((NOW.millis() - 600_000) / 1000).to_string();
    let (start, end) = ((START / 1000 + 900).to_string(), (NOW.millis() / 1000).to_string());
    for text in ["took_seconds", "sum(rate(took_seconds[5m]))", "histogram_count(took_seconds)"] {
        let instant = [("query", text), ("time", &at)];
        let range = [("query", text), ("start", &start), ("end", &end), ("step", "30")];
        for (path, query) in [("/api/v1/query", &instant[..]), ("/api/v1/query_range", &range[..])]
        {
            let (ours, theirs) = (near.get(path, query).await?, house.get(path, query).await?);
            let (ours, theirs) = (&ours.1["data"]["result"], &theirs.1["data"]["result"]);
            assert_eq!(rounded(ours), rounded(theirs), "{text}");
            assert_eq!(ours.as_array().map(Vec::len), Some(1), "{text}");
        }
    }
    house.stop().await?;
    near.stop().await
}

/// The same with numbers in texts shortened, as bounds differ in their last digit.
fn rounded(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            text.parse::<f64>().map_or_else(|_| value.clone(), |own| json!(format!("{own:.12}")))
        }
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, own)| (name.clone(), rounded(own))).collect()
        }
        _ => value.clone(),
    }
}

#[tokio::test]
async fn the_past_of_a_resource_is_read_from_the_cluster() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let peer = prometheus(&dir, address)?;
    feed(peer.address, &samples()).await?;
    let text = format!(
        "{QUIET}query: {{remote: {{url: 'http://{address}'}}}}\n\
         resources: [{{name: room, unit: count, used: 'level{{host=\"a\"}}', limit: '0 * level{{host=\"a\"}} + 100'}}]\n"
    );
    let clock = TurnedClock::at(NOW);
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock.clone())).await?;
    let turn = || clock.turn(Span::secs(1));
    let list = house
        .until("/api/plimsoll/v1/resources", &[], |body| {
            turn();
            !body["resources"][0].is_null()
        })
        .await?;
    let id = list["resources"][0]["id"].as_str().context("no id")?;
    let path = format!("/api/plimsoll/v1/resources/{id}/history");
    let from = (START + 600_000).to_string();
    let to = NOW.millis().to_string();
    let window = [("from", from.as_str()), ("to", &to)];
    let past = house
        .until(&path, &window, |body| {
            turn();
            body["used"]
                .as_array()
                .is_some_and(|used| used.iter().filter(|own| own.is_number()).count() >= 7)
        })
        .await?;
    // The past is filled at whole five minutes.
    let at = 1_700_001_300_000_i64;
    let place =
        past["times"].as_array().context("no times")?.iter().position(|own| *own == json!(at));
    let place = place.context("no such time")?;
    let then = (at / 1000).to_string();
    let asked = [("query", "level{host=\"a\"}"), ("time", then.as_str())];
    let (_, then) = house.get("/api/v1/query", &asked).await?;
    let wanted: f64 =
        then["data"]["result"][0]["value"][1].as_str().context("no value")?.parse()?;
    assert_eq!(
        (past["used"][place].as_f64(), past["limit"][place].as_f64()),
        (Some(wanted), Some(100.0))
    );
    house.stop().await
}

#[tokio::test]
async fn what_comes_in_here_goes_out_to_the_cluster_and_is_asked_of_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let _peer = prometheus(&dir, address)?;
    let file = dir.path().join("rules.yaml");
    let rules =
        "groups: [{name: own, rules: [{record: 'zone:level:sum', expr: sum by (zone) (level)}]}]";
    std::fs::write(&file, rules)?;
    let text = format!(
        "{QUIET}query: {{remote: {{url: 'http://{address}'}}}}\n\
         forward: [{{url: 'http://{address}/api/v1/write'}}]\n\
         global: {{evaluation_interval: 5s}}\nrule_files: ['{}']\n",
        file.display()
    );
    let clock = TurnedClock::at(NOW);
    let house = House::with(settings(&text, "127.0.0.1:0")?, Arc::new(clock.clone())).await?;
    let rows = [(NOW.millis() - 15_000, 1.0), (NOW.millis(), 2.5)];
    let labels = |host| [("__name__", "level"), ("host", host), ("zone", "x")];
    house.write(&[series(&labels("a"), &rows), series(&labels("b"), &rows)]).await?;
    // Taken in here, sent on, judged by what the cluster has, recorded here, sent on, and asked of the cluster.
    let recorded = [("query", "zone:level:sum")];
    let body = house
        .until("/api/v1/query", &recorded, |body| {
            clock.turn(Span::secs(1));
            !body["data"]["result"][0].is_null()
        })
        .await?;
    let row = &body["data"]["result"][0];
    assert_eq!(row["metric"], json!({ "__name__": "zone:level:sum", "zone": "x" }));
    assert_eq!(row["value"][1], "5");
    house.stop().await
}

#[tokio::test]
async fn victoria_metrics_answers_through_us_as_we_do() -> Result<()> {
    let near = near().await?;
    let Far { peer, house, dir: _dir, .. } = far(victoria_metrics, "groups: []\n").await?;
    feed(peer.address, &samples()).await?;
    let (status, _) = testkit::http_get(peer.address, "/internal/force_flush")?;
    ensure!(status == 200, "force_flush answered {status}");
    let wrong = differences((&near, &house), &SAME_EVERYWHERE, Span::minutes(30)).await?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_lists(&near, &house).await?;
    house.stop().await?;
    near.stop().await
}

const RULES: &str = r#"groups:
  - name: far
    rules:
      - alert: Busy
        expr: work_total{kind="read", host="a"} > 100
        annotations: {summary: "{{ with query \"count(level)\" }}{{ . | first | value }}{{ end }} hosts"}
"#;

#[tokio::test]
async fn a_rule_fires_by_what_a_cluster_has_and_goes_on_when_the_cluster_is_gone() -> Result<()> {
    let Far { mut peer, house, clock, dir } = far(prometheus, RULES).await?;
    feed(peer.address, &samples()).await?;
    let firing = |body: &Value| {
        clock.turn(Span::secs(1));
        body["data"]["groups"][0]["rules"][0]["state"] == "firing"
    };
    let rules = house.until("/api/v1/rules", &[], firing).await?;
    let alert = &rules["data"]["groups"][0]["rules"][0]["alerts"][0];
    assert_eq!(alert["annotations"]["summary"], "3 hosts");
    peer.kill()?;
    let rules = house
        .until("/api/v1/rules", &[], |body| {
            clock.turn(Span::secs(1));
            body["data"]["groups"][0]["rules"][0]["health"] == "err"
        })
        .await?;
    let rule = &rules["data"]["groups"][0]["rules"][0];
    let words = rule["lastError"].as_str().unwrap_or_default();
    assert!(words.contains(&format!("cannot reach http://{}", peer.address)), "{words}");
    assert!(words.contains("refused"), "{words}");
    assert_eq!(rule["state"], "firing", "an error resolves nothing");
    let (status, told) = house.get("/api/v1/query", &[("query", "up")]).await?;
    assert_eq!((status, &told["errorType"]), (502, &json!("unavailable")));
    // It is noticed when the cluster comes back.
    let again = prometheus(&dir, peer.address)?;
    let back = house.until("/api/v1/query", &[("query", "count(level)")], |body| {
        clock.turn(Span::secs(1));
        body["data"]["result"][0]["value"][1] == "3"
    });
    back.await?;
    drop(again);
    house.stop().await
}
