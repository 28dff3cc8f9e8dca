//! Asks a real Prometheus and us the same questions over the same samples.
//!
//! Debian's Prometheus is of the second generation, whose ranges are closed to the left. No sample here lies on the
//! edge of a window, and rates are asked of large counters only, so that both generations must agree.

use std::{collections::BTreeMap, fmt::Write as _, fs, process::Command};

use anyhow::{Context, Result, ensure};
use model::{Labels, STALE, Span, Time, Unlimited};
use query::{Engine, Steps, Value};
use serde_json::Value as Json;
use testkit::{MemoryStore, Peer, free_port, http_get};

/// A whole minute in 2023; samples come seven seconds after each quarter of a minute.
const START_SECONDS: i64 = 1_699_999_980;
const SAMPLES: i64 = 200;

/// Relative difference up to which values are the same: summation differs between the generations.
const TOLERANCE: f64 = 1e-9;

const QUESTIONS: &[&str] = &[
    "work_total",
    "level offset 3m",
    "level offset -2m",
    "level @ 1700000400",
    "level @ end() offset 1m",
    "rate(work_total[5m])",
    "irate(work_total[2m])",
    "increase(work_total[10m] offset 4m)",
    "rate(work_total[5m] @ 1700001000)",
    "delta(level[5m])",
    "idelta(level[1m])",
    "deriv(level[7m])",
    "predict_linear(level[10m], 3600)",
    "changes(level[5m])",
    "resets(work_total[30m])",
    "sum_over_time(level[4m])",
    "avg_over_time(level[4m])",
    "min_over_time(level[3m])",
    "max_over_time(level[3m])",
    "count_over_time(level[6m])",
    "stddev_over_time(level[9m])",
    "stdvar_over_time(level[9m])",
    "quantile_over_time(0.3, level[5m])",
    "last_over_time(level[2m])",
    "present_over_time(level[2m])",
    "absent(level{host=\"none\", zone=~\"x.*\"})",
    "absent_over_time(level{host=\"none\"}[5m])",
    "sum(work_total)",
    "sum by (host) (rate(work_total[5m]))",
    "avg without (host) (level)",
    "min by (zone) (level)",
    "max by (zone) (level)",
    "count by (zone) (level)",
    "group(level)",
    "stddev(level)",
    "stdvar by (zone) (level)",
    "quantile(0.7, level)",
    "topk(2, level)",
    "bottomk by (zone) (1, level)",
    "count_values(\"v\", floor(level / 10))",
    "level + on (host, zone) work_total",
    "work_total / ignoring (kind) group_left level",
    "level * on (zone) group_right (color) zone_info",
    "level * on (zone) group_left (color) zone_info",
    "level > 20",
    "level > bool 20",
    "20 < level",
    "level == level",
    "level ^ 0.5 % 3",
    "-level",
    "level and on (host) work_total{host=\"a\"}",
    "level or work_total",
    "level unless on (host) work_total{host=\"a\"}",
    "level > 20 or level < 10",
    "max_over_time(rate(work_total[5m])[10m30s:1m])",
    "avg_over_time((level + 1)[10m15s:30s] offset 1m)",
    "sum_over_time(level[5m30s:1m] @ 1700001000)",
    "histogram_quantile(0.9, seconds_bucket)",
    "histogram_quantile(0.5, sum by (le) (rate(seconds_bucket[5m])))",
    "label_replace(level, \"copy\", \"<$1>\", \"host\", \"(.*)\")",
    "label_join(level, \"both\", \"-\", \"host\", \"zone\")",
    "clamp(level, 10, 30)",
    "clamp_min(level, 25)",
    "clamp_max(level, 25)",
    "round(level, 5)",
    "round(level / 7)",
    "sgn(level - 20)",
    "ln(level)",
    "exp(level / 10)",
    "sqrt(level)",
    "scalar(sum(level))",
    "vector(time())",
    "timestamp(level)",
    "day_of_year(vector(time())) + hour() * minute()",
    "days_in_month() + day_of_week() + month() + year() + day_of_month()",
    "time() % 7",
    "sum(level) by (zone) / on () group_left () count(level)",
    "rate({__name__=~\"work_total|level\", kind=\"read\"}[5m])",
    // Both must refuse these.
    "work_total * on (zone) level",
    "level + rate(level)",
    "sum(level",
];

fn samples() -> Vec<(Labels, Vec<(i64, f64)>)> {
    let mut series = Vec::new();
    let mut add = |pairs: &[(&str, &str)], value: &dyn Fn(i64) -> Option<f64>| {
        let labels = Labels::from_pairs(pairs.iter().copied());
        let time = |number: i64| (START_SECONDS + 7 + number * 15) * 1000;
        let samples = (0..SAMPLES).filter_map(|number| Some((time(number), value(number)?)));
        series.push((labels, samples.collect()));
    };
    for (place, (host, zone)) in [("a", "x"), ("b", "x"), ("c", "y")].into_iter().enumerate() {
        let slope = 3 + i64::try_from(place).unwrap_or_default();
        let wave = move |number: i64| ((number * slope * 7919) % 401) as f64 / 10.0;
        let name = |name| [("__name__", name), ("host", host), ("zone", zone)];
        // A gap, and one series that ends half-way.
        add(&name("level"), &move |number| {
            let gone = (60..90).contains(&number) || (slope == 4 && number > 120);
            (!gone).then(|| wave(number))
        });
        for kind in ["read", "write"] {
            let mut labels = name("work_total").to_vec();
            labels.push(("kind", kind));
            add(&labels, &move |number| {
                let from = if number < 110 { 100_000 } else { -110 * slope };
                Some((from + number * slope) as f64 + if kind == "read" { 0.5 } else { 0.25 })
            });
        }
    }
    for (bound, share) in [("0.1", 3), ("0.5", 7), ("2", 9), ("+Inf", 10)] {
        add(&[("__name__", "seconds_bucket"), ("le", bound)], &move |number| {
            Some((100_000 + share * number) as f64)
        });
    }
    for (zone, color) in [("x", "red"), ("y", "blue")] {
        add(&[("__name__", "zone_info"), ("zone", zone), ("color", color)], &|_| Some(1.0));
    }
    series
}

fn open_metrics(series: &[(Labels, Vec<(i64, f64)>)]) -> Result<String> {
    let mut text = String::new();
    let mut sorted: Vec<_> = series.iter().collect();
    sorted.sort_by(|a, b| a.0.metric_name().cmp(&b.0.metric_name()));
    for (labels, samples) in sorted {
        for (time, value) in samples {
            writeln!(text, "{labels} {value} {}", time / 1000)?;
        }
    }
    text.push_str("# EOF\n");
    Ok(text)
}

fn start(folder: &std::path::Path, text: &str) -> Result<Peer> {
    let (input, data) = (folder.join("samples.om"), folder.join("data"));
    fs::write(&input, text)?;
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&input, &data])
        .output()
        .context("cannot start promtool: install the Debian package prometheus")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let config = folder.join("prometheus.yml");
    fs::write(&config, "scrape_configs: []\n")?;
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg("--storage.tsdb.retention.time=100y")
        .arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/-/ready", folder.join("log"))
}

/// Values by series and time.
type Found = BTreeMap<(String, i64), f64>;

fn ask_peer(peer: &Peer, text: &str, steps: Steps) -> Result<Option<Found>> {
    let mut query = String::new();
    for byte in text.bytes() {
        write!(query, "%{byte:02x}")?;
    }
    let path = format!(
        "/api/v1/query_range?query={query}&start={}&end={}&step={}",
        steps.from.seconds(),
        steps.to.seconds(),
        steps.step.as_secs()
    );
    let (status, body) = http_get(peer.address, &path)?;
    if status != 200 {
        return Ok(None);
    }
    let body: Json = serde_json::from_str(&body)?;
    let mut found = Found::new();
    for series in body["data"]["result"].as_array().context("no result")? {
        let pairs = series["metric"].as_object().context("no metric")?.iter();
        let labels = Labels::from_pairs(
            pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())),
        );
        for point in series["values"].as_array().context("no values")? {
            let seconds = point[0].as_f64().context("no time")?;
            let value: f64 = point[1].as_str().context("no value")?.parse()?;
            #[expect(clippy::cast_possible_truncation, reason = "times of this century")]
            found.insert((labels.to_string(), (seconds * 1000.0).round() as i64), value);
        }
    }
    Ok(Some(found))
}

fn ask_us(store: &MemoryStore, text: &str, steps: Steps) -> Result<Option<Found>> {
    let Ok(answer) = Engine::default().range(store, text, steps, &Unlimited) else {
        return Ok(None);
    };
    let Value::Matrix(columns) = answer.value else { anyhow::bail!("not a matrix") };
    let mut found = Found::new();
    for columns in columns {
        for (time, value) in columns.times.iter().zip(&columns.values) {
            found.insert((columns.labels.to_string(), *time), *value);
        }
    }
    Ok(Some(found))
}

fn differences(wanted: &Found, found: &Found) -> Vec<String> {
    let mut differ = Vec::new();
    for place in wanted.keys().chain(found.keys()) {
        let (wanted, found) = (wanted.get(place), found.get(place));
        let same = match (wanted, found) {
            (Some(wanted), Some(found)) => {
                let scale = wanted.abs().max(found.abs()).max(1e-300);
                wanted.to_bits() == found.to_bits()
                    || (wanted.is_nan() && found.is_nan())
                    || ((wanted - found) / scale).abs() <= TOLERANCE
            }
            _ => false,
        };
        if !same {
            differ.push(format!("{place:?}: {found:?} instead of {wanted:?}"));
        }
    }
    differ.dedup();
    differ
}

#[test]
fn a_real_prometheus_answers_the_same() -> Result<()> {
    let series = samples();
    let store = MemoryStore::new();
    for (labels, samples) in &series {
        assert!(samples.iter().all(|(_, value)| value.to_bits() != STALE.to_bits()));
        store.add(labels, samples.iter().copied());
    }
    let folder = tempfile::tempdir()?;
    let peer = start(folder.path(), &open_metrics(&series)?)?;
    let from = Time::from_secs(START_SECONDS);
    let steps = Steps { from, to: from + Span::minutes(60), step: Span::minutes(1) };
    let mut wrong = Vec::new();
    for text in QUESTIONS {
        match (ask_peer(&peer, text, steps)?, ask_us(&store, text, steps)?) {
            (None, None) => {}
            (Some(wanted), Some(found)) => {
                let differ = differences(&wanted, &found);
                if !differ.is_empty() {
                    let first: Vec<_> = differ.iter().take(3).collect();
                    wrong.push(format!("{text}: {} points differ, {first:?}", differ.len()));
                }
            }
            (wanted, found) => {
                wrong.push(format!(
                    "{text}: answered by us: {}, by it: {}",
                    found.is_some(),
                    wanted.is_some()
                ));
            }
        }
    }
    println!("beside prometheus: {} questions, {} differ", QUESTIONS.len(), wrong.len());
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
