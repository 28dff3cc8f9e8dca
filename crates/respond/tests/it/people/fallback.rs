//! Who is told what another receiver cannot be told.

use model::{Clock as _, Span};
use testkit::TurnedClock;

use super::{body, message, put};
use crate::{
    common::{START, deliverer, memory, receiver},
    hook::{Answer, Hook},
};

#[tokio::test]
async fn a_wrong_key_sends_everything_to_the_fallback_at_once_and_is_tried_every_five_minutes() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open((0..5).map(|_| Answer::Status(403))).await;
    let spare = Hook::open([]).await;
    let desks = || vec![receiver("ops", &hook.url), receiver("spare", &spare.url)];
    let first = deliverer(desks(), &clock).with_fallback(Some("spare".into()));
    put(
        &journal,
        [
            message("ops", "a", START, body("DiskFull", "warning", true)),
            message("ops", "b", START, body("HostDown", "warning", true)),
        ],
    )
    .await;
    for _ in 0..4 {
        first.deliver_due(&journal, clock.now()).await.unwrap();
        clock.turn(Span::secs(2));
    }
    first.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!((hook.requests().len(), spare.requests().len()), (3, 2));
    let instead = &spare.requests()[0].body["insteadOf"];
    assert_eq!(instead["receiver"], "ops");
    assert!(instead["error"].to_string().contains("403"), "{instead}");
    clock.turn(Span::secs(290));
    first.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(hook.requests().len(), 3);
    // After a restart it is tried at once, and nobody is told twice.
    let second = deliverer(desks(), &clock).with_fallback(Some("spare".into()));
    second.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!((hook.requests().len(), spare.requests().len()), (4, 2));
    // The fallback hears of the end, whether the receiver is back or not.
    put(&journal, [message("ops", "a", clock.now(), body("DiskFull", "warning", false))]).await;
    for _ in 0..4 {
        clock.turn(Span::minutes(5));
        second.deliver_due(&journal, clock.now()).await.unwrap();
        second.deliver_due(&journal, clock.now()).await.unwrap();
    }
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
    let told: Vec<_> = spare.requests().iter().map(|own| own.body["status"].clone()).collect();
    assert_eq!(told, ["firing", "firing", "resolved"]);
    assert_eq!(hook.requests().iter().filter(|own| own.accepted).count(), 3);
}

#[tokio::test]
async fn what_is_critical_goes_to_the_fallback_after_a_minute_without_success() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open((0..100).map(|_| Answer::Status(503))).await;
    let spare = Hook::open([]).await;
    let desks = vec![receiver("ops", &hook.url), receiver("spare", &spare.url)];
    let deliverer = deliverer(desks, &clock).with_fallback(Some("spare".into()));
    put(
        &journal,
        [
            message("ops", "a", START, body("DiskFull", "warning", true)),
            message("ops", "b", START, body("HostDown", "critical", true)),
        ],
    )
    .await;
    for _ in 0..59 {
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        clock.turn(Span::secs(1));
    }
    assert!(spare.requests().is_empty());
    clock.turn(Span::secs(1));
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    let told: Vec<_> =
        spare.requests().iter().map(|own| own.body["commonLabels"]["alertname"].clone()).collect();
    assert_eq!(told, ["HostDown"]);
}
