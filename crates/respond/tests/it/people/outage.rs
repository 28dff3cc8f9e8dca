//! An alert whose whole life lies within a receiver's outage is told within a minute of its return,
//! whatever kind of outage it was.

use model::{Clock as _, Span, Time};
use respond::{Deliverer, Via};
use testkit::TurnedClock;

use super::{body, desk, message, put, secret};
use crate::{
    common::{START, deliverer, memory, receiver},
    hook::{Answer, Hook},
};

/// How long the receiver is away.
const AWAY: Span = Span::minutes(40);
/// How long after its return everything must have been told.
const LATEST: Span = Span::secs(60);

/// Delivers what is due at this moment; a try that hangs goes on while time passes.
async fn turn(deliverer: &Deliverer, journal: &journal::Journal, clock: &TurnedClock) {
    let work = deliverer.deliver_due(journal, clock.now());
    tokio::pin!(work);
    loop {
        let quiet = async {
            for _ in 0..1_500 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            done = &mut work => {
                done.unwrap();
                return;
            }
            // Nothing more happens by itself: time has to pass.
            () = quiet => clock.turn(Span::secs(1)),
        }
    }
}

/// How long after its return a receiver had been told everything.
async fn told_after(via: Via, hook: &Hook, answer: Answer) -> Span {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let deliverer = deliverer(vec![desk("ops", via)], &clock);
    hook.answer((0..10_000).map(|_| answer.clone()));
    let (mut begun, mut ended) = (false, false);
    while clock.now() < START + AWAY {
        let now = clock.now();
        if !begun && now >= START + Span::minutes(10) {
            begun = true;
            put(&journal, [message("ops", "a", now, body("DiskFull", "critical", true))]).await;
        }
        if !ended && now >= START + Span::minutes(15) {
            ended = true;
            put(&journal, [message("ops", "a", now, body("DiskFull", "critical", false))]).await;
        }
        turn(&deliverer, &journal, &clock).await;
        clock.turn(Span::secs(5));
    }
    hook.mend();
    let back: Time = clock.now();
    while journal.outbox_stats().await.unwrap().waiting > 0 {
        turn(&deliverer, &journal, &clock).await;
        clock.turn(Span::secs(1));
        assert!(clock.now() < back + Span::minutes(10), "it was never told");
    }
    clock.now().since(back)
}

#[tokio::test]
async fn a_web_hook_hears_of_all_that_came_and_went_within_a_minute_of_its_return() {
    for answer in [Answer::Status(503), Answer::Status(404), Answer::Drop, Answer::Hang] {
        let hook = Hook::open([]).await;
        let via = receiver("ops", &hook.url).0.via;
        let after = told_after(via, &hook, answer.clone()).await;
        assert!(after <= LATEST, "{answer:?}: {after}");
        let told = hook.requests().into_iter().filter(|own| own.accepted);
        let told: Vec<_> = told.map(|own| own.body["status"].clone()).collect();
        assert_eq!(told, ["firing", "resolved"], "{answer:?}");
    }
}

#[tokio::test]
async fn people_hear_of_all_that_came_and_went_in_one_message_within_a_minute() {
    for answer in [Answer::Status(503), Answer::Status(404), Answer::Hang] {
        let hook = Hook::open([]).await;
        let via = Via::Slack { url: secret(&hook.url), channel: None };
        let after = told_after(via, &hook, answer.clone()).await;
        assert!(after <= LATEST, "{answer:?}: {after}");
        let told = hook.requests().into_iter().filter(|own| own.accepted);
        let told: Vec<_> = told.map(|own| own.body.to_string()).collect();
        assert!(told.last().unwrap().contains("resolved: DiskFull"), "{told:?}");
        // What hung may have been taken, so that it is told as it was.
        let wanted = if matches!(answer, Answer::Hang) { 2 } else { 1 };
        assert_eq!(told.len(), wanted, "{told:?}");
    }
}
