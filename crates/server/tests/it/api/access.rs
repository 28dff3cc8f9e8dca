//! Who may ask, over real sockets.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use reqwest::{Method, header};
use serde_json::json;
use server::{StartError, SystemClock};

use crate::house::{House, QUIET, answer, settings, start};

const WITH_TOKEN: &str =
    "policy: none\nhost: {enabled: false}\nserver: {token: correct-horse-battery-staple}\n";

#[tokio::test]
async fn a_server_that_others_can_reach_does_not_start_without_a_token() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let open = settings(QUIET, "0.0.0.0:0")?;
    let refused = start(open, &dir, Arc::new(SystemClock::new())).await;
    let error = refused.err().context("it started")?;
    assert!(matches!(error, StartError::NoToken { .. }), "{error}");
    assert_eq!(error.kind(), model::Kind::Invalid);
    assert!(error.to_string().contains("token_file"), "{error}");
    Ok(())
}

#[tokio::test]
async fn with_a_token_everything_but_health_demands_it() -> Result<()> {
    let house =
        House::with(settings(WITH_TOKEN, "0.0.0.0:0")?, Arc::new(SystemClock::new())).await?;
    for path in ["/api/v1/query?query=1", "/api/plimsoll/v1/overview", "/metrics"] {
        let response = house.request(Method::GET, path)?.send().await?;
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let body: serde_json::Value = response.json().await?;
        assert_eq!(body["error"]["kind"], "denied");
        assert!(body["error"]["help"].as_str().is_some_and(|help| help.contains("Bearer")));
        assert_ne!(body["error"]["request_id"], "");
        let wrong = house.request(Method::GET, path)?.bearer_auth("wrong").send().await?;
        assert_eq!(wrong.status(), 401);
        let right = house.request(Method::GET, path)?.bearer_auth("correct-horse-battery-staple");
        assert_eq!(right.send().await?.status(), 200, "{path}");
    }
    for path in ["/-/healthy", "/-/ready"] {
        assert_eq!(house.request(Method::GET, path)?.send().await?.status(), 200, "{path}");
    }
    let write = house.send(Vec::new()).await?;
    assert_eq!(write.0, 401);
    house.stop().await
}

#[tokio::test]
async fn a_person_types_the_token_once_and_the_cookie_stands_for_it() -> Result<()> {
    let house =
        House::with(settings(WITH_TOKEN, "0.0.0.0:0")?, Arc::new(SystemClock::new())).await?;
    let sign_in = |token: &str| -> Result<_> {
        let request = house.request(Method::POST, "/api/plimsoll/v1/session")?;
        Ok(request.json(&json!({ "token": token })))
    };
    let (status, body) = answer(sign_in("a guess")?).await?;
    assert_eq!((status, &body["error"]["kind"]), (403, &json!("denied")));
    let response = sign_in("correct-horse-battery-staple")?.send().await?;
    assert_eq!(response.status(), 204);
    let cookie = response.headers()[header::SET_COOKIE].to_str()?.to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().context("an empty cookie")?;
    let request = house.request(Method::GET, "/api/plimsoll/v1/overview")?;
    assert_eq!(request.header(header::COOKIE, pair).send().await?.status(), 200);
    house.stop().await
}

#[tokio::test]
async fn a_page_behind_a_foreign_name_or_origin_gets_nothing() -> Result<()> {
    let house = House::new(QUIET, Arc::new(SystemClock::new())).await?;
    let rebound = house.request(Method::GET, "/api/v1/query?query=1")?;
    let (status, body) = answer(rebound.header(header::HOST, "rebound.example:7546")).await?;
    assert_eq!((status, &body["error"]["kind"]), (403, &json!("denied")));
    let foreign = house.request(Method::POST, "/api/v1/query?query=1")?;
    let (status, _) = answer(foreign.header(header::ORIGIN, "https://page.example")).await?;
    assert_eq!(status, 403);
    house.stop().await
}
