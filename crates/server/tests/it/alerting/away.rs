//! A PostgreSQL that goes away for five minutes while rules are evaluated and receivers are told.

use std::{fs, sync::Arc, time::Duration};

use anyhow::Result;
use model::{Clock as _, Span, Time};
use parking_lot::Mutex;
use serde_json::Value;
use testkit::{Postgres, TurnedClock};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

use crate::house::{House, series};

const NOW: Time = Time(1_794_997_600_000);
const RULES: &str = "groups: [{name: shops, interval: 15s, rules: [{alert: QueueLong, \
    expr: queue_length > 10, labels: {severity: critical}}]}]";

/// What a receiver was told: shops and statuses.
type Told = Arc<Mutex<Vec<String>>>;

async fn desk(listener: TcpListener, told: Told) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        let body = loop {
            if stream.read_buf(&mut request).await.is_ok_and(|read| read == 0) {
                break Value::Null;
            }
            let text = String::from_utf8_lossy(&request);
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            if let Ok(body) = serde_json::from_str(body) {
                break body;
            }
        };
        for alert in body["alerts"].as_array().into_iter().flatten() {
            let word = |own: &Value| own.as_str().unwrap_or_default().to_owned();
            told.lock().push(format!(
                "{} {}",
                word(&alert["labels"]["shop"]),
                word(&alert["status"])
            ));
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        drop(stream.write_all(answer).await);
    }
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(25)).await;
}

/// What each shop says all the time.
async fn shops(house: &House, clock: &TurnedClock, lengths: &[(&str, f64)]) -> Result<()> {
    let now = clock.now().millis();
    let of = |(shop, length): &(&str, f64)| {
        series(&[("__name__", "queue_length"), ("shop", shop)], &[(now, *length)])
    };
    house.write(&lengths.iter().map(of).collect::<Vec<_>>()).await
}

/// Lets minutes pass while the shops say how long their queues are.
async fn pass(
    house: &House,
    clock: &TurnedClock,
    (minutes, lengths): (i64, &[(&str, f64)]),
) -> Result<()> {
    for _ in 0..minutes * 12 {
        clock.turn(Span::secs(5));
        shops(house, clock, lengths).await?;
        pause().await;
    }
    Ok(())
}

#[tokio::test]
async fn what_begins_while_the_journal_is_away_for_five_minutes_is_told_when_it_is_back()
-> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let told = Told::default();
    let mut server = JoinSet::new();
    server.spawn(desk(listener, Arc::clone(&told)));
    let mut postgres = Postgres::start()?;
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("rules.yaml");
    fs::write(&rules, RULES)?;
    let text = format!(
        "policy: none\nhost: {{enabled: false}}\njournal: '{}'\nrule_files: [{rules:?}]\n\
         receivers: [{{name: desk, url: 'http://{address}/', group_wait: 0s, group_by: [shop]}}]\n",
        postgres.database()?
    );
    let clock = TurnedClock::at(NOW);
    let house = House::new(&text, Arc::new(clock.clone())).await?;
    house.until("/api/plimsoll/v1/status", &[], |own| own["journal"]["judges"] == true).await?;
    for _ in 0..20 {
        pass(&house, &clock, (1, &[("a", 20.0), ("b", 3.0), ("c", 20.0)])).await?;
        if told.lock().len() >= 2 {
            break;
        }
    }
    assert_eq!(told.lock().len(), 2, "{:?}", told.lock());
    postgres.stop()?;
    // One begins, one ends, one stays, and one begins and ends.
    let meanwhile = [("a", 20.0), ("b", 20.0), ("c", 3.0)];
    let four = |shop_d: f64| [meanwhile[0], meanwhile[1], meanwhile[2], ("d", shop_d)];
    pass(&house, &clock, (1, &four(3.0))).await?;
    pass(&house, &clock, (2, &four(20.0))).await?;
    pass(&house, &clock, (2, &four(3.0))).await?;
    assert_eq!(told.lock().len(), 2, "{:?}", told.lock());
    postgres.start_again()?;
    for _ in 0..20 {
        pass(&house, &clock, (1, &[("a", 20.0), ("b", 20.0), ("c", 3.0)])).await?;
        if told.lock().len() >= 6 {
            break;
        }
    }
    let mut all = told.lock().clone();
    all.sort();
    let right = ["a firing", "b firing", "c firing", "c resolved", "d firing", "d resolved"];
    assert_eq!(all, right);
    house.stop().await
}
