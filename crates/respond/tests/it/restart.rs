//! Restarts between any two steps: nothing lost, nothing told twice.

use std::path::Path;

use journal::Journal;
use model::{Alert, Clock as _, Span};
use respond::{Groups, NOTIFIED, Told, restore};
use testkit::TurnedClock;

use crate::{
    common::{
        Desk, START, alert, deliverer, directory, ended, memory, noticed, receiver, tell, view,
    },
    hook::Hook,
};

async fn open(folder: &Path) -> Journal {
    Journal::open(&folder.join("journal.db")).await.unwrap()
}

#[tokio::test]
async fn what_was_recorded_but_not_delivered_is_delivered_after_a_restart_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let (hook, clock) = (Hook::open([]).await, TurnedClock::at(START));
    let receivers = vec![receiver("hook", &hook.url)];
    let mut groups = Groups::default();
    let firing = alert("DiskFull", "a", START);

    let journal = open(folder.path()).await;
    tell(&mut groups, &[(Told::Fired, firing.clone())], &receivers, clock.now());
    clock.turn(Span::secs(10));
    let told = tell(&mut groups, &[], &receivers, clock.now());
    journal.record(told.entry).await.unwrap();
    drop((journal, groups));

    for _ in 0..3 {
        let journal = open(folder.path()).await;
        let alerts = [firing.clone()];
        let groups = restore(&journal, &directory(&receivers), &alerts, clock.now()).await.unwrap();
        assert_eq!(groups.next_due(), Some(START + Span::secs(10) + Span::hours(4)));
        let told = noticed(&groups, &[], &receivers, clock.now() + Span::minutes(1));
        assert!(told.entry.is_empty());
        deliverer(receivers.clone(), &clock).deliver_due(&journal, clock.now()).await.unwrap();
        assert_eq!(hook.requests().len(), 1);
        clock.turn(Span::minutes(1));
    }
}

/// The groups after a restart, and what is told when the wait is over.
async fn after_restart(
    journal: &Journal,
    receivers: &[Desk],
    alerts: &[Alert],
    clock: &TurnedClock,
) -> Vec<serde_json::Value> {
    clock.turn(Span::minutes(1));
    let groups = restore(journal, &directory(receivers), alerts, clock.now()).await.unwrap();
    clock.turn(Span::secs(10));
    let told = noticed(&groups, &[], receivers, clock.now());
    let bodies = told.entry.outbox.iter().map(|message| message.body.clone()).collect();
    journal.record(told.entry).await.unwrap();
    bodies
}

#[tokio::test]
async fn what_changed_around_a_restart_is_told_after_it() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let receivers = [receiver("hook", "")];
    let old = alert("DiskFull", "old", START);
    let lost = alert("DiskFull", "lost", START);
    let mut groups = Groups::default();
    let fired = [(Told::Fired, old.clone()), (Told::Fired, lost.clone())];
    tell(&mut groups, &fired, &receivers, clock.now());
    clock.turn(Span::secs(10));
    let told = tell(&mut groups, &[], &receivers, clock.now());
    journal.record(told.entry).await.unwrap();

    // Fired, and the wait was not over when the program ended.
    let new = alert("DiskFull", "new", clock.now());
    let told =
        after_restart(&journal, &receivers, &[old.clone(), lost.clone(), new.clone()], &clock)
            .await;
    assert_eq!(view(&told).len(), 3);
    assert!(
        after_restart(&journal, &receivers, &[new.clone(), lost.clone(), old.clone()], &clock)
            .await
            .is_empty()
    );

    // One ended with a time, of one nothing is known any more.
    let ended_at = clock.now();
    let told =
        after_restart(&journal, &receivers, &[new.clone(), ended(&old, ended_at)], &clock).await;
    let mut resolved: Vec<_> = told[0]["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|alert| alert["status"] == "resolved")
        .collect();
    resolved.sort_by_key(|alert| alert["labels"]["host"].to_string());
    assert_eq!(resolved.len(), 2);
    assert_eq!(resolved[0]["labels"]["host"], "lost");
    assert_eq!(resolved[0]["annotations"]["summary"], "it is full");
    assert_eq!(resolved[1]["startsAt"], "2026-11-18T10:26:40Z");
    assert!(
        after_restart(&journal, &receivers, std::slice::from_ref(&new), &clock).await.is_empty()
    );

    let told = after_restart(&journal, &receivers, &[], &clock).await;
    assert_eq!(told[0]["status"], "resolved");
    assert!(after_restart(&journal, &receivers, &[], &clock).await.is_empty());
}

#[tokio::test]
async fn other_groups_and_receivers_after_a_restart_repeat_nothing() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let mut receivers = vec![receiver("hook", "")];
    let alerts = ["a", "b"].map(|host| alert("DiskFull", host, START));
    let mut groups = Groups::default();
    let fired = alerts.clone().map(|alert| (Told::Fired, alert));
    tell(&mut groups, &fired, &receivers, clock.now());
    clock.turn(Span::secs(10));
    journal.record(tell(&mut groups, &[], &receivers, clock.now()).entry).await.unwrap();

    receivers[0].1.group_by = vec!["host".into()];
    assert!(after_restart(&journal, &receivers, &alerts, &clock).await.is_empty());
    receivers.push(receiver("new", ""));
    let told = after_restart(&journal, &receivers, &alerts, &clock).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["receiver"], "new");

    // Nor does an event about the old group bring back what has ended in the new one.
    receivers.pop();
    let told = after_restart(&journal, &receivers, &alerts[..1], &clock).await;
    assert_eq!(told[0]["status"], "resolved");
    for _ in 0..3 {
        assert!(after_restart(&journal, &receivers, &alerts[..1], &clock).await.is_empty());
    }
}

#[tokio::test]
async fn a_group_too_large_for_its_event_is_restored_by_identity() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let receivers = [receiver("hook", "")];
    let alerts: Vec<_> =
        (0..2_000).map(|host| alert("DiskFull", &host.to_string(), START)).collect();
    let fired: Vec<_> = alerts.iter().map(|alert| (Told::Fired, alert.clone())).collect();
    let mut groups = Groups::default();
    tell(&mut groups, &fired, &receivers, clock.now());
    clock.turn(Span::secs(10));
    journal.record(tell(&mut groups, &[], &receivers, clock.now()).entry).await.unwrap();
    assert!(after_restart(&journal, &receivers, &alerts, &clock).await.is_empty());
    let mut now_ended = alerts.clone();
    now_ended[1_999] = ended(&alerts[1_999], clock.now());
    let told = after_restart(&journal, &receivers, &now_ended, &clock).await;
    assert_eq!(told[0]["truncatedAlerts"], 1_500);
}

#[tokio::test]
async fn what_is_folded_away_is_missed_by_nobody() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let receivers = [receiver("hook", "")];
    let alerts = ["a", "b"].map(|host| alert("DiskFull", host, START));
    let mut groups = Groups::default();
    let fired = alerts.clone().map(|alert| (Told::Fired, alert));
    tell(&mut groups, &fired, &receivers, clock.now());
    clock.turn(Span::secs(10));
    journal.record(tell(&mut groups, &[], &receivers, clock.now()).entry).await.unwrap();
    journal.fold(NOTIFIED, respond::is_over).await.unwrap();
    assert_eq!(journal.latest(NOTIFIED, None, 0).await.unwrap().len(), 1);
    assert!(after_restart(&journal, &receivers, &alerts, &clock).await.is_empty());
    let none_left = alerts.map(|alert| ended(&alert, clock.now()));
    let told = after_restart(&journal, &receivers, &none_left, &clock).await;
    assert_eq!(told[0]["status"], "resolved");
    journal.fold(NOTIFIED, respond::is_over).await.unwrap();
    assert!(journal.latest(NOTIFIED, None, 0).await.unwrap().is_empty());
    assert!(after_restart(&journal, &receivers, &none_left, &clock).await.is_empty());
}
