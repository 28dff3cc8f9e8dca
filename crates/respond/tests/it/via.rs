//! What Slack and PagerDuty are sent, over a real connection.

use model::{Change, ChangeKind, Evidence, NormalBand, Severity, Span, Unit};
use respond::{Groups, Receiver, Told, Via, routing::Timing};
use serde_json::json;
use settings::SecretSource;
use testkit::TurnedClock;

use crate::{
    common::{Desk, START, alert, deliverer, ended, memory, tell},
    hook::{Answer, Hook},
};

fn secret(text: &str) -> SecretSource {
    SecretSource::Written(model::Secret::new(text.into()))
}

fn desk(via: Via) -> Desk {
    let timing = Timing { group_wait: Span::ZERO, ..Timing::default() };
    (Receiver { name: "desk".into(), via, send_resolved: true }, timing)
}

/// What a receiver hears of an alert that begins, is joined by a critical one, and of the end of
/// both.
async fn told(via: Via, hook: &Hook) -> Vec<serde_json::Value> {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let desks = [desk(via)];
    let mut groups = Groups::default();
    let mut first = alert("DiskFull", "a <!channel> & b", START);
    first.annotations = first.annotations.with("summary", "disk of <!channel> & co\nis full");
    let mut second = alert("DiskFull", "c", START);
    second.severity = Severity::Critical;
    second.labels = second.labels.with("severity", "critical");
    let over = START + Span::minutes(1);
    for (at, what) in [
        (START, vec![(Told::Fired, first.clone())]),
        (START + Span::secs(5), vec![(Told::Fired, second.clone())]),
        (over, vec![(Told::Resolved, ended(&first, over)), (Told::Resolved, ended(&second, over))]),
    ] {
        let notices = tell(&mut groups, &what, &desks, at);
        journal.record(notices.entry).await.unwrap();
    }
    let deliverer = deliverer(desks.to_vec(), &clock);
    for _ in 0..5 {
        clock.turn(Span::minutes(2));
        deliverer.deliver_due(&journal, model::Clock::now(&clock)).await.unwrap();
    }
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
    let taken = hook.requests().into_iter().filter(|request| request.accepted);
    taken.map(|request| request.body).collect()
}

#[tokio::test]
async fn slack_is_told_in_words_and_nobody_is_called_by_a_label() {
    let hook = Hook::open([Answer::RetryAfter(429, "30".into()), Answer::Drop]).await;
    let via = Via::Slack { url: secret(&hook.url), channel: Some("#ops".into()) };
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let desks = [desk(via)];
    let mut groups = Groups::default();
    let mut first = alert("DiskFull", "a <!channel> & b", START);
    first.annotations = first.annotations.with("summary", "disk of <!channel> & co\nis full");
    let notices = tell(&mut groups, &[(Told::Fired, first.clone())], &desks, START);
    journal.record(notices.entry).await.unwrap();
    let deliverer = deliverer(desks.to_vec(), &clock);
    for _ in 0..5 {
        deliverer.deliver_due(&journal, model::Clock::now(&clock)).await.unwrap();
        clock.turn(Span::secs(31));
    }
    let taken = hook.requests().into_iter().find(|request| request.accepted).unwrap();
    let id = first.id.hex();
    assert_eq!(
        taken.body,
        json!({
            "text": "firing: DiskFull",
            "attachments": [{
                "color": "warning",
                "fallback": "firing: DiskFull",
                "title": "firing: DiskFull",
                "title_link": format!("http://plimsoll.example:7546/alerts?id={id}"),
                "text": "warning since 18 Nov 10:26 UTC: disk of &lt;!channel&gt; &amp; co is full (now 1)",
            }],
            "channel": "#ops",
        })
    );
}

#[tokio::test]
async fn pagerduty_has_one_incident_from_the_first_alert_to_the_last() {
    let hook = Hook::open([Answer::Status(503), Answer::Status(202)]).await;
    let via = Via::PagerDuty { url: hook.url.clone(), key: secret("k3y") };
    let bodies = told(via, &hook).await;
    let actions: Vec<_> = bodies.iter().map(|body| body["event_action"].clone()).collect();
    assert_eq!(actions, [json!("trigger"), json!("trigger"), json!("resolve")]);
    let keys: std::collections::BTreeSet<_> =
        bodies.iter().map(|body| body["dedup_key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(bodies.iter().all(|body| body["routing_key"] == "k3y"));
    assert_eq!(bodies[0]["payload"]["severity"], "warning");
    assert_eq!(bodies[1]["payload"]["severity"], "critical");
    assert_eq!(bodies[1]["payload"]["summary"], "2 firing: DiskFull");
    assert_eq!(bodies[0]["payload"]["source"], "a <!channel> & b");
    assert_eq!(bodies[2].get("payload"), None);
}

/// What a receiver is told first of an alert with evidence.
async fn told_with_evidence(via: Via, hook: &Hook) -> serde_json::Value {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let desks = vec![desk(via)];
    let normal = NormalBand { low: 120.0, high: 180.0, days: 7, unit: Unit::Count };
    let at = START - Span::minutes(4);
    let deployed = Change::new(at, ChangeKind::Deployment, "api", "version 1.4.2 by <octocat>");
    let mut slow = alert("Slow", "a", START);
    slow.evidence = Evidence::new(Some(normal), vec![deployed]);
    slow.value = 412.0;
    let fired = [(Told::Fired, slow)];
    let notices = tell(&mut Groups::default(), &fired, &desks, START);
    journal.record(notices.entry).await.unwrap();
    let deliverer = deliverer(desks, &clock);
    deliverer.deliver_due(&journal, START).await.unwrap();
    hook.requests()[0].body.clone()
}

#[tokio::test]
async fn messages_say_what_is_usual_and_what_was_changed() {
    const USUAL: &str =
        "warning since 18 Nov 10:26 UTC: it is full (now 412, usual at this hour: 120 to 180)";
    const CHANGED: &str = "changed in the last 30 min: api: version 1.4.2 by <octocat> (10:22 UTC)";
    let hook = Hook::open([]).await;
    let slack = Via::Slack { url: secret(&hook.url), channel: None };
    let text = &told_with_evidence(slack, &hook).await["attachments"][0]["text"];
    let escaped = CHANGED.replace('<', "&lt;").replace('>', "&gt;");
    assert_eq!(text.as_str(), Some(&*format!("{USUAL}\n{escaped}")));
    let hook = Hook::open([]).await;
    let pagerduty = Via::PagerDuty { url: hook.url.clone(), key: secret("k3y") };
    let lines = &told_with_evidence(pagerduty, &hook).await["payload"]["custom_details"]["alerts"];
    assert_eq!(lines, &json!({"01": USUAL, "02": CHANGED}));
    let hook = Hook::open([]).await;
    let web_hook = Receiver::web_hook("desk", &hook.url, None).via;
    let told = told_with_evidence(web_hook, &hook).await;
    assert_eq!(told["alerts"][0]["value"], 412.0);
    let evidence = &told["alerts"][0]["evidence"];
    assert_eq!(evidence["normal"]["high"], 180.0);
    assert_eq!(
        evidence["changes"],
        json!([{"at": (START - Span::minutes(4)).millis(), "kind": "deployment", "subject": "api",
            "text": "version 1.4.2 by <octocat>"}])
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_waited_for() {
    let hook = Hook::open([]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let desks = vec![desk(Via::Slack { url: SecretSource::File(file.clone()), channel: None })];
    let fired = [(Told::Fired, alert("DiskFull", "a", START))];
    let notices = tell(&mut Groups::default(), &fired, &desks, START);
    journal.record(notices.entry).await.unwrap();
    let deliverer = deliverer(desks, &clock);
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap().retried, 1);
    let error = journal.outbox_stats().await.unwrap().receivers["desk"].error.clone().unwrap();
    assert!(error.starts_with("cannot read a secret"), "{error}");
    std::fs::write(&file, format!("{}\n", hook.url)).unwrap();
    clock.turn(Span::secs(5));
    let now = model::Clock::now(&clock);
    assert_eq!(deliverer.deliver_due(&journal, now).await.unwrap().sent, 1);
}

#[tokio::test]
async fn an_alert_too_large_to_be_listed_opens_an_incident_all_the_same() {
    let hook = Hook::open([]).await;
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let desks = [desk(Via::PagerDuty { url: hook.url.clone(), key: secret("k3y") })];
    let mut large = alert("DiskFull", "a", START);
    large.labels = large.labels.with("dump", &"x".repeat(70_000));
    let notices = tell(&mut Groups::default(), &[(Told::Fired, large)], &desks, START);
    journal.record(notices.entry).await.unwrap();
    deliverer(desks.to_vec(), &clock).deliver_due(&journal, START).await.unwrap();
    let body = hook.requests().remove(0).body;
    assert_eq!(body["event_action"], "trigger");
    assert_eq!(body["payload"]["severity"], "critical");
}
