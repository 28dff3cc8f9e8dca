//! Native histograms on their way through us.

use super::*;

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
    // Straight from it: the same bounds, to the last digit.
    let asked = [("query", "took_seconds"), ("time", &at)];
    let url = format!("http://{}/api/v1/query?query=took_seconds&time={at}", peer.address);
    let theirs: Value = collect::net::client()?.get(url).send().await?.json().await?;
    let ours = near.get("/api/v1/query", &asked).await?.1;
    let buckets = |body: &Value| body["data"]["result"][0]["histogram"][1]["buckets"].clone();
    assert!(buckets(&ours).as_array().is_some_and(|own| own.len() > 3), "{ours}");
    assert_eq!(buckets(&ours), buckets(&theirs));
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
