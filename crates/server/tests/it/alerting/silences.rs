//! Silences by our own API: tried out, refused, kept, ended.

use std::sync::Arc;

use anyhow::Result;
use model::Time;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::TurnedClock;

use crate::house::{House, QUIET, answer};

/// 18 November 2026, 10:26:40.
const NOW: Time = Time(1_794_997_600_000);
const PATH: &str = "/api/plimsoll/v1/silences";

async fn send(house: &House, method: Method, path: &str, body: &Value) -> Result<(u16, Value)> {
    answer(house.request(method, path)?.json(body)).await
}

/// A server to which 14 alerts were sent, four of them about host `a`.
async fn with_alerts() -> Result<House> {
    let house = House::new(QUIET, Arc::new(TurnedClock::at(NOW))).await?;
    let alerts: Vec<Value> = (0..14)
        .map(|n| {
            let host = if n < 4 { "a".to_owned() } else { format!("b{n}") };
            json!({
                "labels": {"alertname": "DiskFull", "host": host, "disk": n.to_string()},
                "endsAt": "2026-11-18T11:00:00Z",
            })
        })
        .collect();
    let request = house.request(Method::POST, "/api/v2/alerts")?.json(&alerts);
    assert!(request.send().await?.status().is_success());
    Ok(house)
}

#[tokio::test]
async fn a_silence_is_tried_out_kept_and_ended() -> Result<()> {
    let house = with_alerts().await?;
    let wish = json!({"matchers": ["host=\"a\""], "created_by": "ada", "reason": "new disk"});
    let (status, preview) = send(&house, Method::POST, &format!("{PATH}/preview"), &wish).await?;
    assert_eq!(status, 200);
    assert_eq!(
        (&preview["firing"], &preview["matched"], &preview["seen"]),
        (&json!(4), &json!(4), &json!(14))
    );
    assert_eq!(preview["alerts"][0]["labels"]["host"], "a");
    assert_eq!((&preview["doubts"], &preview["wrong"]), (&json!([]), &Value::Null));
    assert_eq!(house.get(PATH, &[]).await?.1["silences"], json!([]));
    let (status, kept) = send(&house, Method::POST, PATH, &wish).await?;
    assert_eq!(status, 200, "{kept}");
    assert_eq!((&kept["state"], &kept["matches"]), (&json!("active"), &json!(4)));
    assert_eq!(kept["ends_at"], NOW.millis() + 2 * 3_600_000);
    let quiet = house.get("/api/plimsoll/v1/alerts", &[]).await?.1;
    let silent = quiet["active"].as_array().unwrap().iter();
    assert_eq!(silent.filter(|own| own["quiet_because"] != json!([])).count(), 4);
    let path = format!("{PATH}/{}", kept["id"].as_str().unwrap());
    let (status, ended) = answer(house.request(Method::DELETE, &path)?).await?;
    assert_eq!((status, &ended["state"]), (200, &json!("expired")));
    assert_eq!(answer(house.request(Method::DELETE, &path)?).await?.0, 400);
    let missing = house.request(Method::DELETE, &format!("{PATH}/nothing"))?;
    assert_eq!(answer(missing).await?.0, 404);
    house.stop().await
}

#[tokio::test]
async fn a_silence_that_swallows_much_is_refused_until_it_is_confirmed() -> Result<()> {
    let house = with_alerts().await?;
    for (matchers, days, doubt) in [
        ("alertname=\"DiskFull\"", 1, "14 of the 14"),
        ("host=~\"b.*\"", 1, "names a value"),
        ("host!=\"\"", 1, "match everything"),
        ("host=\"a\"", 31, "30d at most"),
    ] {
        let mut wish = json!({
            "matchers": [matchers], "duration_ms": i64::from(days) * 86_400_000,
            "created_by": "ada", "reason": "new disk",
        });
        let (status, refused) = send(&house, Method::POST, PATH, &wish).await?;
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(doubt), "{message}");
        let preview = send(&house, Method::POST, &format!("{PATH}/preview"), &wish).await?.1;
        assert!(preview["doubts"].to_string().contains(doubt), "{preview}");
        wish["confirm"] = true.into();
        let (status, kept) = send(&house, Method::POST, PATH, &wish).await?;
        assert_eq!(status, 200);
        assert!(kept["confirmed"].as_str().unwrap().contains(doubt), "{kept}");
    }
    let nobody = json!({"matchers": ["host=\"a\""], "created_by": "ada", "reason": " "});
    let (status, refused) = send(&house, Method::POST, PATH, &nobody).await?;
    assert!(status == 400 && refused["error"]["message"].to_string().contains("reason"));
    let odd = json!({"matchers": ["host=~\"(\""]});
    assert_eq!(send(&house, Method::POST, &format!("{PATH}/preview"), &odd).await?.0, 400);
    house.stop().await
}
