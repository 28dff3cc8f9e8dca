//! Samples that others send: both versions of remote write, and what they are told.

use std::sync::Arc;

use anyhow::Result;
use axum::http::Method;
use collect::remote_write::{self, Protocol};
use model::{Buckets, Histogram, HistogramSample, Labels, Series, Span32, Time};
use serde_json::json;
use testkit::TurnedClock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

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
    let packed = house
        .request(Method::POST, "/api/v1/write")?
        .header("content-encoding", "zstd")
        .body(vec![0])
        .send()
        .await?;
    assert_eq!(packed.status().as_u16(), 415);
    house.stop().await
}

#[tokio::test]
async fn what_the_second_version_leaves_out_is_an_error_that_says_what_was_kept() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let mut late = native();
    late.labels = Labels::from_pairs([("__name__", "late")]);
    late.histograms[0].time = Time(0);
    let now = NOW.millis();
    let sent =
        [native(), late, series(&[("__name__", "up")], &[(0, 1.0), (now, 1.0), (now + 1, 0.0)])];
    let (status, written, text) =
        send(&house, Protocol::V2, remote_write::encode_v2(&sent)?).await?;
    assert_eq!((status, written.join(" ").as_str()), (400, "2 1 0"), "{text}");
    assert!(text.contains("2 samples were left out"), "{text}");
    let (status, written, text) = send(&house, Protocol::V1, remote_write::encode(&sent)?).await?;
    assert_eq!((status, written.join(" ").as_str()), (204, "2 1 0"), "{text}");
    house.stop().await
}

#[tokio::test]
async fn a_sender_is_counted_by_its_name_or_its_address() -> Result<()> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let body = remote_write::encode(&[series(&[("__name__", "up")], &[(NOW.millis(), 1.0)])])?;
    for tenant in [None, Some("team-a"), Some("team-a")] {
        let mut request = house.request(Method::POST, "/api/v1/write")?.body(body.clone());
        if let Some(tenant) = tenant {
            request = request.header("x-scope-orgid", tenant);
        }
        assert_eq!(request.send().await?.status().as_u16(), 204);
    }
    let counter = "plimsoll_collect_sender_samples_total";
    for (sender, samples) in [("127.0.0.1", 1.0), ("team-a", 2.0)] {
        let counted =
            house.metric(&format!("{counter}{{way=\"remote_write\",sender=\"{sender}\"}}")).await?;
        assert!((counted - samples).abs() < 0.1, "{sender}: {counted}");
    }
    house.stop().await
}

/// A connection over which the head of a request and the beginning of its body have been sent.
async fn half_sent(house: &House, declared: usize, sent: usize) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(house.address()).await?;
    let head = format!(
        "POST /api/v1/write HTTP/1.1\r\nhost: localhost\r\ncontent-encoding: snappy\r\ncontent-length: {declared}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&vec![0; sent]).await?;
    Ok(stream)
}

#[tokio::test]
async fn bodies_beyond_the_bound_are_turned_away_at_once_and_told_when_to_come_again() -> Result<()>
{
    let text = format!("{QUIET}receive: {{in_flight_bytes_max: 1MiB}}\n");
    let house = House::new(&text, Arc::new(TurnedClock::at(NOW))).await?;
    let in_flight = "plimsoll_collect_in_flight_bytes";
    // A slow sender that has the room of nearly all.
    let slow = half_sent(&house, (1 << 20) - 1000, 10).await?;
    house.until_metric(in_flight, |bytes| bytes > 1e6).await?;
    let mut turned_away = half_sent(&house, 2000, 0).await?;
    let mut answer = vec![0; 4096];
    let length = turned_away.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 429"), "{answer}");
    assert!(answer.contains("retry-after: 5"), "{answer}");
    // Once it goes away, others are taken again.
    drop(slow);
    house.until_metric(in_flight, |bytes| bytes < 1.0).await?;
    house.write(&[series(&[("__name__", "up")], &[(NOW.millis(), 1.0)])]).await?;
    assert!(
        house
            .metric(r#"plimsoll_collect_refused_total{way="remote_write",reason="in_flight"}"#)
            .await?
            > 0.5
    );
    house.stop().await
}
