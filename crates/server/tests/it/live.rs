//! Live updates, and stopping while somebody listens.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use model::Clock as _;
use reqwest::{Method, Response};
use serde_json::Value;
use server::SystemClock;

use crate::house::House;

const LIVELY: &str = "host: {interval: 1s}\nglobal: {evaluation_interval: 1s}\n";

/// The next event's name and data.
async fn next_event(stream: &mut Response, seen: &mut String) -> Result<(String, Value)> {
    loop {
        if let Some((event, rest)) = seen.clone().split_once("\n\n") {
            rest.clone_into(seen);
            let field = |name| event.lines().find_map(|line: &str| line.strip_prefix(name));
            if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                return Ok((name.to_owned(), serde_json::from_str(data)?));
            }
            continue;
        }
        let piece = tokio::time::timeout(Duration::from_secs(15), stream.chunk()).await??;
        seen.push_str(std::str::from_utf8(&piece.context("the stream ended")?)?);
    }
}

#[tokio::test]
async fn listeners_hear_which_topics_have_news() -> Result<()> {
    let clock = Arc::new(SystemClock::new());
    let started = clock.now();
    let house = House::new(LIVELY, clock).await?;
    let events = house.request(Method::GET, "/api/plimsoll/v1/events")?;
    let mut stream = events.timeout(Duration::from_mins(1)).send().await?;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut topics = std::collections::BTreeSet::new();
    let mut seen = String::new();
    while !["overview", "resources", "targets"].iter().all(|topic| topics.contains(*topic)) {
        let (name, data) = next_event(&mut stream, &mut seen).await?;
        assert_eq!(name, "changed");
        assert!(data["at"].as_i64().is_some_and(|at| at >= started.millis()), "{data}");
        let told = data["topics"].as_array().context("no topics")?;
        topics.extend(told.iter().filter_map(|topic| Some(topic.as_str()?.to_owned())));
    }
    house.stop().await
}

#[tokio::test]
async fn it_stops_in_time_although_a_page_listens() -> Result<()> {
    let house = House::new(LIVELY, Arc::new(SystemClock::new())).await?;
    let events = house.request(Method::GET, "/api/plimsoll/v1/events")?;
    let mut stream = events.timeout(Duration::from_mins(1)).send().await?;
    next_event(&mut stream, &mut String::new()).await?;
    house.stop().await?;
    // The stream ends in order instead of breaking off.
    while stream.chunk().await?.is_some() {}
    Ok(())
}
