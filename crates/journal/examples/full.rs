use journal::*;
use model::Time;
use serde_json::json;
#[tokio::main]
async fn main() {
    let j = Journal::open(std::path::Path::new("/tmp/jtest/journal.db")).await.unwrap();
    let e = |n: i64| Entry {
        events: vec![NewEvent {
            at: Time(n),
            kind: "a".into(),
            subject: "b".into(),
            body: json!("x".repeat(9000)),
        }],
        outbox: vec![NewMessage {
            receiver: "r".into(),
            lane: "l".into(),
            key: format!("k{n}"),
            due: Time(0),
            body: json!("y".repeat(9000)),
        }],
    };
    let mut ok = 0;
    let mut kinds = std::collections::BTreeMap::<String, u32>::new();
    for n in 0..60 {
        match j.record(e(n)).await {
            Ok(_) => ok += 1,
            Err(x) => {
                use std::error::Error;
                *kinds
                    .entry(format!(
                        "{x} :: {:?} :: {:?}",
                        x.kind(),
                        x.source().map(|s| s.to_string())
                    ))
                    .or_default() += 1;
            }
        }
    }
    println!("ok {ok} {kinds:#?}");
    println!("{:?} {:?}", j.verify().await, j.outbox_stats().await);
    std::process::Command::new("mount")
        .args(["-o", "remount,size=8m", "/tmp/jtest"])
        .status()
        .unwrap();
    for n in 100..120 {
        j.record(e(n)).await.unwrap();
    }
    println!("{:?} {:?}", j.verify().await, j.outbox_stats().await);
    // cost
    let s = std::time::Instant::now();
    let j2 = Journal::open(std::path::Path::new("/var/tmp/jbench.db")).await.unwrap();
    for n in 0..500 {
        j2.record(Entry {
            events: vec![NewEvent {
                at: Time(n),
                kind: "alert".into(),
                subject: format!("s{}", n % 50),
                body: json!({"a":1,"b":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}),
            }],
            outbox: vec![],
        })
        .await
        .unwrap();
    }
    println!("500 records {:?}", s.elapsed());
    for k in 0..20 {
        let ev=(0..10000).map(|n| NewEvent{at:Time(n),kind:"alert".into(),subject:format!("s{}",n%500),body:json!({"a":k,"b":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"})}).collect();
        j2.record(Entry { events: ev, outbox: vec![] }).await.unwrap();
    }
    println!("200k {:?}", s.elapsed());
    let s = std::time::Instant::now();
    println!("{:?} {:?}", j2.verify().await.unwrap().events, s.elapsed());
    let s = std::time::Instant::now();
    println!("latest {:?} {:?}", j2.latest("alert", None, 0).await.unwrap().len(), s.elapsed());
    let s = std::time::Instant::now();
    println!(
        "newest {:?} {:?}",
        j2.events(EventQuery {
            newest_first: true,
            limit: 100,
            kinds: vec!["alert".into(), "x".into()],
            ..Default::default()
        })
        .await
        .unwrap()
        .len(),
        s.elapsed()
    );
    let s = std::time::Instant::now();
    println!(
        "rare {:?} {:?}",
        j2.events(EventQuery {
            newest_first: true,
            limit: 100,
            kinds: vec!["zz".into(), "x".into()],
            ..Default::default()
        })
        .await
        .unwrap()
        .len(),
        s.elapsed()
    );
    let s = std::time::Instant::now();
    println!(
        "subj {:?} {:?}",
        j2.events(EventQuery {
            newest_first: true,
            limit: 100,
            subject: Some("s7".into()),
            ..Default::default()
        })
        .await
        .unwrap()
        .len(),
        s.elapsed()
    );
    let s = std::time::Instant::now();
    println!(
        "since {:?} {:?}",
        j2.events(EventQuery {
            newest_first: true,
            limit: 100,
            since: Some(Time(9990)),
            kinds: vec!["alert".into()],
            ..Default::default()
        })
        .await
        .unwrap()
        .len(),
        s.elapsed()
    );
    let s = std::time::Instant::now();
    for _ in 0..1000 {
        j2.next_due("x").await.unwrap();
    }
    println!("1000 next_due {:?}", s.elapsed());
    println!(
        "{}",
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .filter(|l| l.starts_with("VmRSS")
                || l.starts_with("VmHWM")
                || l.starts_with("Rss")
                || l.starts_with("Threads"))
            .collect::<Vec<_>>()
            .join("; ")
    );
}
