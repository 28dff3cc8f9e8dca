//! Samples that others send: both versions of remote write, and what they are told.

use std::sync::Arc;

use anyhow::Result;
use axum::http::Method;
use collect::remote_write::{self, Protocol};
use model::{Buckets, Histogram, HistogramSample, Labels, Series, Span32, Time};
use serde_json::json;
use testkit::TurnedClock;

use crate::house::{House, QUIET, series};

const NOW: Time = Time(1_700_000_000_000);

fn native() -> Series {
    let spans = vec![Span32 { offset: 1, length: 2 }];
    let positive = Buckets { spans, counts: vec![3.0, 1.0] };
    let histogram = Histogram { count: 4.0, sum: 7.5, positive, ..Histogram::default() };
    let histograms = vec![HistogramSample { time: NOW, histogram: Arc::new(histogram) }];
    let labels = Labels::from_pairs([("__name__", "latency")]);
    Series { labels, samples: Vec::new(), histograms }
}

async fn send(
    house: &House,
    protocol: Protocol,
    body: Vec<u8>,
) -> Result<(u16, Vec<String>, String)> {
    let response = house
        .request(Method::POST, "/api/v1/write")?
        .header("content-encoding", "snappy")
        .header("content-type", protocol.content_type())
        .header("x-prometheus-remote-write-version", protocol.version())
        .body(body)
        .send()
        .await?;
    let written = ["samples", "histograms", "exemplars"].map(|kind| {
        let name = format!("x-prometheus-remote-write-{kind}-written");
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("none").to_owned()
    });
    Ok((response.status().as_u16(), written.to_vec(), response.text().await?))
}

#[tokio::test]
async fn both_versions_bring_floats_and_native_histograms() -> Result<()> {
    for protocol in [Protocol::V1, Protocol::V2] {
        let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
        let sent = [native(), series(&[("__name__", "up")], &[(NOW.millis(), 1.0)])];
        let body = match protocol {
            Protocol::V1 => remote_write::encode(&sent)?,
            Protocol::V2 => remote_write::encode_v2(&sent)?,
        };
        let (status, written, text) = send(&house, protocol, body).await?;
        assert_eq!((status, written.join(" ").as_str()), (204, "1 1 0"), "{text}");
        let at = (NOW.millis() / 1000).to_string();
        let asked = [("query", "histogram_count(latency) + up"), ("time", at.as_str())];
        let (_, answer) = house.get("/api/v1/query", &asked).await?;
        let (_, whole) = house.get("/api/v1/query", &[("query", "latency"), ("time", &at)]).await?;
        assert_eq!(answer["data"]["result"][0]["value"][1], json!("5"), "{answer}");
        assert_eq!(whole["data"]["result"][0]["histogram"][1]["sum"], json!("7.5"), "{whole}");
        house.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_message_of_another_kind_is_refused_with_what_is_understood() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let response = house
        .request(Method::POST, "/api/v1/write")?
        .header("content-type", "application/x-protobuf;proto=io.prometheus.write.v3.Request")
        .body(vec![0])
        .send()
        .await?;
    assert_eq!(response.status().as_u16(), 415);
    let text = response.text().await?;
    assert!(text.contains("write.v3") && text.contains("write.v2.Request"), "{text}");
    let (status, written, text) = send(&house, Protocol::V2, vec![1, 0, 0]).await?;
    assert_eq!((status, written.join(" ").as_str()), (400, "0 0 0"), "{text}");
    house.stop().await
}
