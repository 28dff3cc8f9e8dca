//! What is wrong is refused with a reason and counted, and nothing else suffers.

use std::sync::Arc;

use anyhow::Result;
use collect::remote_write;
use model::{Clock as _, Span, Time};
use serde_json::json;
use server::SystemClock;
use testkit::TurnedClock;

use crate::house::{House, QUIET, series, settings};

const NOW: Time = Time(1_700_000_000_000);
const REFUSED: &str = r#"plimsoll_collect_refused_total{way="remote_write",reason="decode"}"#;
const OUT_OF_RANGE: &str = r#"plimsoll_collect_out_of_range_total{way="remote_write"}"#;

async fn quiet() -> Result<House> {
    House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await
}

#[tokio::test]
async fn half_bodies_bombs_and_garbage_are_refused_and_counted() -> Result<()> {
    let house = quiet().await?;
    let good = series(&[("__name__", "kept")], &[(NOW.millis(), 1.0)]);
    let whole = remote_write::encode(std::slice::from_ref(&good))?;
    // A header that promises 4 GiB, as five bytes of a variable-length number.
    let bomb = vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0x00];
    let bodies =
        [whole[..whole.len() / 2].to_vec(), bomb, b"GET / HTTP/1.1".to_vec(), vec![0; 4096]];
    for (at, body) in bodies.into_iter().enumerate() {
        let (status, text) = house.send(body).await?;
        assert_eq!(status, 400, "body {at}: {text}");
        assert!(text.trim().len() > 10, "body {at}: {text:?}");
        let refused = house.metric(REFUSED).await?;
        assert!((refused - (at as f64 + 1.0)).abs() < 0.5, "body {at}: counted {refused}");
    }
    house.write(&[good]).await?;
    let (_, kept) = house.get("/api/v1/query", &[("query", "kept")]).await?;
    assert_eq!(kept["data"]["result"][0]["value"][1], "1");
    house.stop().await
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_it_is_unpacked() -> Result<()> {
    let text = format!("{QUIET}receive: {{body_bytes_max: 1KiB}}\n");
    let house = House::new(&text, Arc::new(TurnedClock::at(NOW))).await?;
    let (status, text) = house.send(vec![7; 100_000]).await?;
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("1024"), "{text}");
    house.stop().await
}

#[tokio::test]
async fn samples_of_1970_and_2200_are_counted_and_the_rest_is_kept() -> Result<()> {
    let house = quiet().await?;
    let year_2200 = 7_258_118_400_000;
    let now = NOW.millis();
    house
        .write(&[
            series(&[("__name__", "odd")], &[(0, 1.0), (now, 2.0), (year_2200, 3.0)]),
            series(&[("__name__", "plain")], &[(now, 4.0)]),
        ])
        .await?;
    assert!((house.metric(OUT_OF_RANGE).await? - 2.0).abs() < 0.5);
    let (_, both) = house.get("/api/v1/query", &[("query", r#"{__name__=~"odd|plain"}"#)]).await?;
    let values: Vec<_> = both["data"]["result"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| row["value"][1].clone())
        .collect();
    assert_eq!(values, [json!("2"), json!("4")], "{both}");
    house.stop().await
}

#[tokio::test]
async fn not_a_number_and_infinities_are_ordinary_values() -> Result<()> {
    let house = quiet().await?;
    let now = NOW.millis();
    for (name, value) in [("none", f64::NAN), ("most", f64::INFINITY), ("least", f64::NEG_INFINITY)]
    {
        house.write(&[series(&[("__name__", name)], &[(now, value)])]).await?;
    }
    for (name, text) in [("none", "NaN"), ("most", "+Inf"), ("least", "-Inf")] {
        let (_, answer) = house.get("/api/v1/query", &[("query", name)]).await?;
        assert_eq!(answer["data"]["result"][0]["value"][1], text, "{answer}");
    }
    house.stop().await
}

#[tokio::test]
async fn ten_years_at_one_second_are_refused_with_a_way_out() -> Result<()> {
    let house = House::new(QUIET, Arc::new(SystemClock::new())).await?;
    let now = SystemClock::new().now();
    let from = (now - Span::days(3650)).seconds().to_string();
    let to = now.seconds().to_string();
    let query = [("query", "up"), ("start", &from), ("end", &to), ("step", "1")];
    let (status, body) = house.get("/api/v1/query_range", &query).await?;
    assert_eq!((status, &body["errorType"]), (400, &json!("bad_data")), "{body}");
    let error = body["error"].as_str().unwrap_or_default();
    assert!(error.contains("11000") || error.contains("11,000"), "{error}");
    assert!(error.contains("step"), "{error}");
    house.stop().await
}

#[tokio::test]
async fn a_label_set_without_end_is_refused_and_harms_no_other() -> Result<()> {
    let mut small = settings(QUIET, "127.0.0.1:0")?;
    small.store.series_max = 50;
    let house = House::with(small, Arc::new(TurnedClock::at(NOW))).await?;
    house.write(&[series(&[("__name__", "first")], &[(NOW.millis(), 1.0)])]).await?;
    let many: Vec<_> = (0..200)
        .map(|at| series(&[("__name__", "many"), ("id", &at.to_string())], &[(NOW.millis(), 1.0)]))
        .collect();
    let (status, reason) = house.send(remote_write::encode(&many)?).await?;
    assert_eq!(status, 400, "{reason}");
    assert!(
        reason.starts_with("151 samples were left out: more than 50 active series"),
        "{reason}"
    );
    assert!(reason.contains("most of many (49), whose label id has 49 values"), "{reason}");
    let counter = r#"plimsoll_collect_refused_total{way="remote_write",reason="limit"}"#;
    assert!(house.metric(counter).await? > 0.5);
    house.write(&[series(&[("__name__", "first")], &[(NOW.millis() + 1, 2.0)])]).await?;
    house.stop().await
}
