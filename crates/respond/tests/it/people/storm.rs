//! Many messages at once, and those that waited while nobody could be reached.

use model::{Clock as _, Span};
use respond::Via;
use testkit::TurnedClock;

use super::{body, desk, message, put, secret};
use crate::{
    common::{START, deliverer, memory},
    hook::{Answer, Hook},
};

#[tokio::test]
async fn a_thousand_groups_at_once_are_told_in_one_message() {
    let (hook, journal, clock) = (Hook::open([]).await, memory().await, TurnedClock::at(START));
    let via = Via::Slack { url: secret(&hook.url), channel: None };
    let deliverer = deliverer(vec![desk("ops", via)], &clock);
    let all = (0..1_000).map(|n| {
        let severity = if n % 50 == 0 { "critical" } else { "warning" };
        message("ops", &format!("g{n}"), START, body(&format!("Alert{n}"), severity, true))
    });
    put(&journal, all).await;
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap().sent, 1_000);
    let requests = hook.requests();
    assert_eq!(requests.len(), 1);
    let text = requests[0].body["attachments"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(requests[0].body["text"], "storm: 1000 firing within a minute");
    assert!(text.starts_with("critical Alert0: fires since 18 Nov 10:26 UTC"), "{text}");
    assert!(text.contains("and 980 more, 0 of them critical"), "{text}");
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn groups_of_one_rule_are_told_apart_by_what_they_are_grouped_by() {
    let (hook, journal, clock) = (Hook::open([]).await, memory().await, TurnedClock::at(START));
    let via = Via::Slack { url: secret(&hook.url), channel: None };
    let deliverer = deliverer(vec![desk("ops", via)], &clock);
    let all = (0..30).map(|n| {
        let mut body = body("QueueLong", "critical", true);
        body["groupLabels"] = serde_json::json!({"alertname": "QueueLong", "shop": n.to_string()});
        message("ops", &format!("g{n}"), START, body)
    });
    put(&journal, all).await;
    deliverer.deliver_due(&journal, START).await.unwrap();
    let told = hook.requests()[0].body["attachments"][0]["text"].as_str().unwrap().to_owned();
    assert!(told.starts_with("critical QueueLong (shop=0): fires since"), "{told}");
    assert!(told.contains("QueueLong (shop=1): fires"), "{told}");
}

#[tokio::test]
async fn a_storm_that_comes_in_pieces_is_at_most_a_few_messages_and_the_first_goes_at_once() {
    let (hook, journal, clock) = (Hook::open([]).await, memory().await, TurnedClock::at(START));
    let via = Via::Slack { url: secret(&hook.url), channel: None };
    let deliverer = deliverer(vec![desk("ops", via)], &clock);
    for piece in 0..100 {
        let all = (0..10).map(|n| {
            let lane = format!("g{piece}-{n}");
            message("ops", &lane, clock.now(), body(&lane, "critical", true))
        });
        put(&journal, all).await;
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        assert!(!hook.requests().is_empty());
        clock.turn(Span::millis(20));
    }
    for _ in 0..20 {
        clock.turn(Span::secs(1));
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    }
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
    assert!(hook.requests().len() <= 5, "{}", hook.requests().len());
}

#[tokio::test]
async fn after_an_outage_one_message_tells_what_happened_meanwhile() {
    let (hook, journal, clock) = (Hook::open([]).await, memory().await, TurnedClock::at(START));
    hook.answer((0..200).map(|_| Answer::Status(503)));
    let via = Via::Slack { url: secret(&hook.url), channel: None };
    let deliverer = deliverer(vec![desk("ops", via)], &clock);
    put(&journal, [message("ops", "a", START, body("DiskFull", "warning", true))]).await;
    for minute in 0..30 {
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        clock.turn(Span::minutes(1));
        let now = clock.now();
        match minute {
            3 => {
                put(&journal, [message("ops", "b", now, body("HostDown", "critical", true))]).await;
            }
            17 => {
                put(&journal, [message("ops", "a", now, body("DiskFull", "warning", false))]).await;
            }
            _ => {}
        }
    }
    let tried = hook.requests().len();
    hook.mend();
    clock.turn(Span::minutes(1));
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
    let requests = hook.requests();
    assert_eq!(requests.len(), tried + 1);
    let told = requests[tried].body["attachments"][0]["text"].as_str().unwrap().to_owned();
    assert!(told.contains("critical HostDown: fires since"), "{told}");
    assert!(
        told.contains("DiskFull: fired 18 Nov 10:26 UTC, resolved 18 Nov 10:44 UTC (18m)"),
        "{told}"
    );
    assert!(told.contains("ops could not be reached"), "{told}");
}

#[tokio::test]
async fn what_began_and_ended_while_nobody_could_be_told_is_no_page_but_a_word() {
    let (hook, journal, clock) = (Hook::open([]).await, memory().await, TurnedClock::at(START));
    hook.answer((0..200).map(|_| Answer::Status(503)));
    let via = Via::Slack { url: secret(&hook.url), channel: None };
    let deliverer = deliverer(vec![desk("ops", via)], &clock);
    put(&journal, [message("ops", "a", START, body("DiskFull", "critical", true))]).await;
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    clock.turn(Span::minutes(17));
    put(&journal, [message("ops", "a", clock.now(), body("DiskFull", "critical", false))]).await;
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    hook.mend();
    clock.turn(Span::secs(40));
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    let told = hook.requests().into_iter().filter(|own| own.accepted);
    let texts: Vec<_> = told.map(|own| own.body["text"].clone()).collect();
    assert_eq!(texts, ["resolved: DiskFull"]);
}
