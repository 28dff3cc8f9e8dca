//! Messages: in order, once, bounded.

use journal::{DELIVERED, Entry, EventQuery, Journal, JournalError, Options, UNDELIVERED};
use model::Time;

use crate::common::{World, both, event, message, messages};

both! {
    a_message_is_due_at_its_time_and_gone_when_done,
    in_a_lane_nothing_overtakes_and_lanes_do_not_wait_for_each_other,
    a_key_is_written_once,
    delivered_messages_are_kept_up_to_a_bound,
    when_too_many_wait_the_oldest_is_given_up_and_an_event_says_so,
    whoever_waits_for_the_outbox_is_woken_by_a_message_and_by_nothing_else,
}

async fn keys(journal: &Journal, now: i64) -> Vec<String> {
    let due = journal.due(Time(now), 100).await.unwrap();
    due.into_iter().map(|message| message.key).collect()
}

async fn a_message_is_due_at_its_time_and_gone_when_done(world: World) {
    let journal = world.open().await;
    let entry = Entry {
        events: vec![event(1, "alert", "a")],
        outbox: vec![message("hook", "a", "k1", 100)],
    };
    journal.record(entry).await.unwrap();
    assert!(keys(&journal, 99).await.is_empty());
    assert_eq!(journal.next_due("hook").await.unwrap(), Some(Time(100)));
    let due = journal.due(Time(100), 10).await.unwrap();
    assert_eq!((due[0].attempts, due[0].first_due), (0, Time(100)));
    journal.done(due[0].id, Time(150)).await.unwrap();
    assert!(keys(&journal, 200).await.is_empty());
    assert_eq!(journal.next_due("hook").await.unwrap(), None);
    let told = EventQuery { kinds: vec![DELIVERED.into()], ..EventQuery::default() };
    let told = journal.events(told).await.unwrap();
    assert_eq!((told[0].subject.as_str(), told[0].at), ("hook", Time(150)));
    assert_eq!(told[0].body["key"], "k1");
    let again = journal.done(due[0].id, Time(160)).await.unwrap_err();
    assert!(matches!(again, JournalError::NotWaiting { .. }));
    assert_eq!(journal.verify().await.unwrap().events, 2);
}

async fn in_a_lane_nothing_overtakes_and_lanes_do_not_wait_for_each_other(world: World) {
    let journal = world.open().await;
    let outbox = [
        message("hook", "a", "a1", 0),
        message("hook", "a", "a2", 0),
        message("hook", "b", "b1", 0),
        message("mail", "a", "m1", 0),
    ];
    journal.record(messages(outbox)).await.unwrap();
    assert_eq!(keys(&journal, 10).await, ["a1", "b1", "m1"]);
    let first = journal.due_for("hook", Time(10), 1).await.unwrap();
    journal.retry(first[0].id, Time(1_000), "it was away").await.unwrap();
    assert_eq!(keys(&journal, 10).await, ["b1", "m1"]);
    assert_eq!(journal.next_due("hook").await.unwrap(), Some(Time(0)));
    let again = journal.due_for("hook", Time(1_000), 10).await.unwrap();
    let again = again.iter().find(|message| message.key == "a1").unwrap();
    assert_eq!((again.attempts, again.error.as_deref()), (1, Some("it was away")));
    journal.give_up(again.id, Time(2_000), "gone for good").await.unwrap();
    assert_eq!(keys(&journal, 2_000).await, ["a2", "b1", "m1"]);
    let lost = EventQuery { kinds: vec![UNDELIVERED.into()], ..EventQuery::default() };
    let lost = journal.events(lost).await.unwrap();
    assert_eq!(lost[0].body["error"], "gone for good");
    assert_eq!(lost[0].body["attempts"], 2);
}

async fn a_key_is_written_once(world: World) {
    let journal = world.open().await;
    for _ in 0..2 {
        journal.record(messages([message("hook", "a", "same", 0)])).await.unwrap();
    }
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 1);
}

async fn delivered_messages_are_kept_up_to_a_bound(world: World) {
    let options = Options { settled_max: 3, ..Options::default() };
    let journal = world.open_with(options).await;
    let outbox = (0..10).map(|number| message("hook", &number.to_string(), &number.to_string(), 0));
    journal.record(messages(outbox)).await.unwrap();
    for message in journal.due(Time(1), 9).await.unwrap() {
        journal.done(message.id, Time(1)).await.unwrap();
    }
    let stats = journal.outbox_stats().await.unwrap();
    assert_eq!((stats.waiting, stats.settled), (1, 3));
    assert_eq!(stats.receivers["hook"].waiting, 1);
}

async fn when_too_many_wait_the_oldest_is_given_up_and_an_event_says_so(world: World) {
    let options = Options { waiting_max: 3, ..Options::default() };
    let journal = world.open_with(options).await;
    let outbox = (0..5).map(|number| message("hook", &number.to_string(), &number.to_string(), 7));
    journal.record(messages(outbox)).await.unwrap();
    assert_eq!(keys(&journal, 10).await, ["2", "3", "4"]);
    let lost = journal.events(EventQuery::default()).await.unwrap();
    assert_eq!(lost.len(), 2);
    assert_eq!((lost[0].kind.as_str(), lost[0].at), (UNDELIVERED, Time(7)));
    journal.verify().await.unwrap();
}

async fn whoever_waits_for_the_outbox_is_woken_by_a_message_and_by_nothing_else(world: World) {
    let journal = world.open().await;
    let turns = journal.outbox_turns();
    journal
        .record(Entry { events: vec![event(1, "alert", "a")], outbox: Vec::new() })
        .await
        .unwrap();
    assert!(!turns.has_changed().unwrap());
    journal.record(messages([message("hook", "a", "k", 0)])).await.unwrap();
    assert!(turns.has_changed().unwrap());
}
