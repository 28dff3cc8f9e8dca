//! OpenTelemetry's metrics, sent as its programs send them, and asked for in PromQL.

use std::{io::Write as _, sync::Arc};

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};
use model::Time;
use prost::Message;
use reqwest::{Method, Response, header};
use serde_json::{Value, json};
use server::SystemClock;
use testkit::TurnedClock;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::house::{House, QUIET, settings};

/// 2023-11-14T22:13:20Z.
const NOW: Time = Time(1_700_000_000_000);
const NOW_NANOS: &str = "1700000000000000000";
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// `google.rpc.Status` and, as far as it has the same numbers, `ExportMetricsPartialSuccess`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int64, tag = "1")]
    code: i64,
    #[prost(string, tag = "2")]
    message: String,
}

/// `ExportMetricsServiceResponse`.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    partial: Option<Status>,
}

async fn quiet() -> Result<House> {
    House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await
}

async fn post(house: &House, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Result<Response> {
    let request = house.request(Method::POST, path)?.header(header::CONTENT_TYPE, kind);
    Ok(request.body(body.into()).send().await?)
}

/// Metrics of a program called `shop`.
fn shop(metrics: &Value) -> String {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let attributes = [
        text("service.name", "shop"),
        text("service.instance.id", "i-1"),
        text("host.name", "db-1"),
    ];
    json!({ "resourceMetrics": [{
        "resource": { "attributes": attributes },
        "scopeMetrics": [{ "metrics": metrics }],
    }]})
    .to_string()
}

fn everything() -> String {
    shop(&json!([
        { "name": "http.requests", "description": "Requests answered.", "sum": {
            "aggregationTemporality": 2, "isMonotonic": true,
            "dataPoints": [{ "timeUnixNano": NOW_NANOS, "asInt": "41" }] } },
        { "name": "http.duration", "unit": "s", "histogram": { "aggregationTemporality": 2, "dataPoints": [
            { "timeUnixNano": NOW_NANOS, "count": "4", "sum": 3, "bucketCounts": [1, 2, 1], "explicitBounds": [0.5, 1] }] } },
        { "name": "http.size", "unit": "By", "exponentialHistogram": { "aggregationTemporality": 2, "dataPoints": [
            { "timeUnixNano": NOW_NANOS, "count": "6", "sum": 42, "scale": 0, "positive": { "offset": 0, "bucketCounts": [1, 2, 3] } }] } },
        { "name": "steps", "sum": { "aggregationTemporality": 1, "isMonotonic": true,
            "dataPoints": [{ "timeUnixNano": NOW_NANOS, "asInt": "1" }] } },
    ]))
}

/// The value of a query that answers one series.
async fn value(house: &House, query: &str) -> Result<Value> {
    let (_, answer) = house.get("/api/v1/query", &[("query", query)]).await?;
    Ok(answer["data"]["result"][0]["value"][1].clone())
}

#[tokio::test]
async fn what_is_sent_as_json_can_be_asked_in_promql() -> Result<()> {
    for path in ["/api/v1/otlp/v1/metrics", "/v1/metrics"] {
        let house = quiet().await?;
        let answer = post(&house, path, JSON, everything()).await?;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], JSON);
        let partial = &answer.json::<Value>().await?["partialSuccess"];
        assert_eq!(partial["rejectedDataPoints"], "1");
        let message = partial["errorMessage"].as_str().unwrap_or_default();
        assert!(message.contains("delta") && message.contains("\"steps\""), "{message}");
        let wanted = [
            (r#"http_requests_total{job="shop",instance="i-1"}"#, "41"),
            ("histogram_quantile(0.5, http_duration_seconds_bucket)", "0.75"),
            ("http_duration_seconds_sum / http_duration_seconds_count", "0.75"),
            ("histogram_count(http_size_bytes)", "6"),
            ("histogram_sum(http_size_bytes)", "42"),
            ("histogram_fraction(2, 4, http_size_bytes)", "0.3333333333333333"),
            (r#"target_info{host_name="db-1"}"#, "1"),
            (r#"count({job="shop"})"#, "8"),
            (
                r#"http_requests_total * on (job, instance) group_left (host_name) target_info{host_name="db-1"}"#,
                "41",
            ),
        ];
        for (query, wanted) in wanted {
            assert_eq!(value(&house, query).await?, wanted, "{query}");
        }
        let (_, about) =
            house.get("/api/v1/metadata", &[("metric", "http_requests_total")]).await?;
        let wanted = json!([{ "type": "counter", "help": "Requests answered.", "unit": "" }]);
        assert_eq!(about["data"]["http_requests_total"], wanted);
        let counted = [
            (r#"plimsoll_collect_points_refused_total{way="otlp",reason="delta"}"#, 1.0),
            (r#"plimsoll_collect_samples_total{way="otlp"}"#, 8.0),
        ];
        for (series, wanted) in counted {
            assert!((house.metric(series).await? - wanted).abs() < 0.5, "{series}");
        }
        house.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn gzip_is_unpacked_and_all_that_was_taken_is_nothing_to_tell() -> Result<()> {
    let house = quiet().await?;
    let body = shop(&json!([
        { "name": "queue", "gauge": { "dataPoints": [{ "timeUnixNano": NOW_NANOS, "asDouble": 2.5 }] } },
    ]));
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(body.as_bytes())?;
    let request = house
        .request(Method::POST, "/v1/metrics")?
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CONTENT_ENCODING, "gzip")
        .body(packed.finish()?);
    let answer = request.send().await?;
    assert_eq!((answer.status().as_u16(), answer.text().await?), (200, "{}".to_owned()));
    assert_eq!(value(&house, "queue").await?, "2.5");
    house.stop().await
}

#[tokio::test]
async fn protobuf_is_answered_in_protobuf() -> Result<()> {
    let house = quiet().await?;
    // One resource, one scope, a gauge `up` with the whole number 7.
    let nanos = 1_700_000_000_000_000_000_u64.to_le_bytes();
    let mut point = vec![3 << 3 | 1];
    point.extend(nanos);
    point.push(6 << 3 | 1);
    point.extend(7_i64.to_le_bytes());
    let nested = |number: u8, inner: &[u8]| {
        let mut outer = vec![number << 3 | 2, u8::try_from(inner.len()).unwrap()];
        outer.extend_from_slice(inner);
        outer
    };
    let metric = [nested(1, b"up"), nested(5, &nested(1, &point))].concat();
    let body = nested(1, &nested(2, &nested(2, &metric)));
    let answer = post(&house, "/v1/metrics", PROTOBUF, body).await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], PROTOBUF);
    assert_eq!(answer.bytes().await?.len(), 0);
    assert_eq!(value(&house, "up").await?, "7");
    // The same from 1970 is too old to be kept.
    let metric = [nested(1, b"up"), nested(5, &nested(1, &point[9..]))].concat();
    let body = nested(1, &nested(2, &nested(2, &metric)));
    let answer = post(&house, "/v1/metrics", PROTOBUF, body).await?;
    assert_eq!(answer.status(), 200);
    let partial = Answer::decode(answer.bytes().await?)?.partial.unwrap_or_default();
    assert_eq!(partial.code, 1, "the number of points: {partial:?}");
    assert!(partial.message.contains("time"), "{partial:?}");
    house.stop().await
}

#[tokio::test]
async fn what_is_wrong_as_a_whole_is_refused_in_the_form_it_came_in() -> Result<()> {
    let house = quiet().await?;
    let answer = post(&house, "/v1/metrics", JSON, "{\"resourceMetrics\": [{]").await?;
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await?;
    assert_eq!(body["code"], 3);
    assert!(body["message"].as_str().is_some_and(|text| text.contains("column 23")), "{body}");
    let answer = post(&house, "/v1/metrics", PROTOBUF, [0x0a, 0x05, 0x01]).await?;
    assert_eq!(answer.status(), 400);
    let status = Status::decode(answer.bytes().await?)?;
    assert_eq!(status.code, 3);
    assert!(status.message.contains("byte"), "{status:?}");
    let answer = post(&house, "/v1/metrics", "text/plain", everything()).await?;
    assert_eq!(answer.status(), 415);
    let refused = r#"plimsoll_collect_refused_total{way="otlp",reason="decode"}"#;
    assert!((house.metric(refused).await? - 2.0).abs() < 0.5);
    assert_eq!(value(&house, r#"count({__name__=~".+"})"#).await?, Value::Null);
    house.stop().await
}

#[tokio::test]
async fn it_can_be_switched_off_and_demands_the_token() -> Result<()> {
    let off = format!("{QUIET}receive: {{otlp: false}}\n");
    let house = House::new(&off, Arc::new(TurnedClock::at(NOW))).await?;
    let answer = post(&house, "/v1/metrics", JSON, everything()).await?;
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await?.contains("receive.otlp"));
    house.stop().await?;
    let text = format!("{QUIET}server: {{token: correct-horse-battery-staple}}\n");
    let house = House::with(settings(&text, "0.0.0.0:0")?, Arc::new(SystemClock::new())).await?;
    for path in ["/v1/metrics", "/api/v1/otlp/v1/metrics"] {
        assert_eq!(post(&house, path, JSON, "{}").await?.status(), 401, "{path}");
    }
    house.stop().await
}

#[tokio::test]
async fn names_follow_the_settings() -> Result<()> {
    let text = format!(
        "{QUIET}otlp:\n  translation_strategy: NoUTF8EscapingWithSuffixes\n  promote_resource_attributes: [host.name]\n  \
         convert_histograms_to_nhcb: true\n"
    );
    let house = House::new(&text, Arc::new(TurnedClock::at(NOW))).await?;
    assert_eq!(post(&house, "/v1/metrics", JSON, everything()).await?.status(), 200);
    let wanted = [
        (r#"{"http.requests_total", "host.name"="db-1"}"#, "41"),
        (r#"histogram_quantile(0.5, {"http.duration_seconds"})"#, "0.75"),
    ];
    for (query, wanted) in wanted {
        assert_eq!(value(&house, query).await?, wanted, "{query}");
    }
    house.stop().await
}

#[tokio::test]
async fn under_pressure_senders_are_told_to_come_back() -> Result<()> {
    let text = format!("{QUIET}receive: {{in_flight_bytes_max: 1MiB}}\n");
    let house = House::new(&text, Arc::new(TurnedClock::at(NOW))).await?;
    // Somebody announces more than there is room for, and does not send it.
    let address = house.request(Method::GET, "/")?.build()?.url().socket_addrs(|| None)?;
    let mut slow = TcpStream::connect(&address[..]).await?;
    let head = "POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{";
    slow.write_all(head.as_bytes()).await?;
    let body = everything();
    for _ in 0..300 {
        let answer = post(&house, "/v1/metrics", JSON, body.clone()).await?;
        if answer.status() == 429 {
            assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
            assert_eq!(answer.json::<Value>().await?["code"], 8);
            drop(slow);
            return house.stop().await;
        }
        assert_eq!(answer.status(), 200);
    }
    anyhow::bail!("nobody was turned away")
}

#[tokio::test]
async fn what_a_body_unpacks_to_is_on_its_way_too_all_members_of_it() -> Result<()> {
    let text = format!("{QUIET}receive: {{in_flight_bytes_max: 1MiB}}\n");
    let house = House::new(&text, Arc::new(TurnedClock::at(NOW))).await?;
    let address = house.request(Method::GET, "/")?.build()?.url().socket_addrs(|| None)?;
    let mut slow = TcpStream::connect(&address[..]).await?;
    let head = "POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 524288\r\n\r\n{";
    slow.write_all(head.as_bytes()).await?;
    house.until_metric("plimsoll_collect_in_flight_bytes", |bytes| bytes > 5e5).await?;
    // A field that no version has, twice 400 kB of it; the second member says that it holds a few bytes.
    let mut unknown = vec![15 << 3 | 2, 0x80, 0xb5, 0x18];
    unknown.extend(vec![0; 400_000]);
    let mut members = Vec::new();
    for member in [[&unknown[..], &unknown].concat(), vec![15 << 3, 1]] {
        let mut packed = GzEncoder::new(members, Compression::default());
        packed.write_all(&member)?;
        members = packed.finish()?;
    }
    let send = async || {
        let request = house
            .request(Method::POST, "/v1/metrics")?
            .header(header::CONTENT_TYPE, PROTOBUF)
            .header(header::CONTENT_ENCODING, "gzip");
        anyhow::Ok(request.body(members.clone()).send().await?.status().as_u16())
    };
    assert_eq!(send().await?, 429);
    drop(slow);
    house.until_metric("plimsoll_collect_in_flight_bytes", |bytes| bytes < 1.0).await?;
    assert_eq!(send().await?, 200);
    house.stop().await
}
