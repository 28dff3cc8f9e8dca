//! Writing, reading, reading again after a restart, and the chain.

use journal::{Entry, EventQuery, Hash, JournalError, Options};
use model::{Kind, Time};
use serde_json::json;

use crate::common::{World, both, event, events, message};

both! {
    what_was_recorded_is_there_after_a_restart,
    a_record_that_is_abandoned_leaves_nothing_behind,
    questions_pick_by_kind_subject_time_and_place,
    the_last_word_on_every_subject_is_found,
    events_refuse_to_be_changed_deleted_and_replaced,
    who_removes_the_triggers_is_found_out_at_the_first_event_they_touched,
    what_is_too_large_is_refused_whole,
    an_answer_is_bounded_in_bytes_and_pages_on,
}

async fn what_was_recorded_is_there_after_a_restart(world: World) {
    let journal = world.open().await;
    let seqs =
        journal.record(events([event(10, "alert", "a"), event(20, "change", "b")])).await.unwrap();
    assert_eq!(seqs, [1, 2]);
    let before = journal.events(EventQuery::default()).await.unwrap();
    journal.close().await.unwrap();
    drop(journal);

    let journal = world.open().await;
    assert_eq!(journal.events(EventQuery::default()).await.unwrap(), before);
    assert_eq!(journal.record(events([event(30, "alert", "c")])).await.unwrap(), [3]);
    let verified = journal.verify().await.unwrap();
    assert_eq!(verified.events, 3);
    let last =
        journal.events(EventQuery { after: Some(2), ..EventQuery::default() }).await.unwrap();
    assert_eq!(verified.head, last[0].hash);
    assert_ne!(verified.head, Hash::NONE);
}

async fn a_record_that_is_abandoned_leaves_nothing_behind(world: World) {
    let journal = world.open().await;
    let mut abandoned = 0;
    for turns in 0..60 {
        let record = journal.record(events((0..20).map(|at| event(at, "alert", "a"))));
        let impatience = async {
            for _ in 0..turns * 5 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            recorded = record => drop(recorded.unwrap()),
            () = impatience => abandoned += 1,
        }
    }
    assert!(abandoned > 0);
    let next = journal.record(events([event(0, "mark", "m")])).await.unwrap();
    assert_eq!(next[0] % 20, 1, "part of an entry was kept");
    journal.verify().await.unwrap();
}

async fn questions_pick_by_kind_subject_time_and_place(world: World) {
    let journal = world.open().await;
    let all = (1..=9).map(|at| {
        let kind = if at % 3 == 0 { "change" } else { "alert" };
        event(at * 10, kind, if at % 2 == 0 { "even" } else { "odd" })
    });
    journal.record(events(all)).await.unwrap();
    let ask = async |question: EventQuery| -> Vec<i64> {
        journal.events(question).await.unwrap().iter().map(|event| event.seq).collect()
    };
    let any = EventQuery::default;
    assert_eq!(ask(EventQuery { kinds: vec!["change".into()], ..any() }).await, [3, 6, 9]);
    assert_eq!(ask(EventQuery { subject: Some("even".into()), ..any() }).await, [2, 4, 6, 8]);
    assert_eq!(ask(EventQuery { since: Some(Time(70)), ..any() }).await, [7, 8, 9]);
    let page = EventQuery { newest_first: true, limit: 2, before: Some(8), ..any() };
    assert_eq!(ask(page).await, [7, 6]);
    assert_eq!(ask(EventQuery { after: Some(4), limit: 3, ..any() }).await, [5, 6, 7]);
    let kinds = vec!["change".into(), "alert".into(), "x' OR 1 --".into()];
    assert_eq!(ask(EventQuery { kinds, subject: Some("odd".into()), ..any() }).await.len(), 5);
}

async fn the_last_word_on_every_subject_is_found(world: World) {
    let journal = world.open().await;
    let subjects = ["a", "b", "a", "c", "a", "b"];
    let all = (1..).zip(subjects).map(|(at, subject)| event(at, "alert", subject));
    journal.record(events(all)).await.unwrap();
    journal.record(events([event(7, "change", "c")])).await.unwrap();
    let latest = journal.latest("alert", None, 0).await.unwrap();
    let seqs: Vec<_> = latest.iter().map(|event| (event.seq, event.subject.as_str())).collect();
    assert_eq!(seqs, [(6, "b"), (5, "a"), (4, "c")]);
    let rest = journal.latest("alert", Some(5), 0).await.unwrap();
    assert_eq!(rest.len(), 1);
}

async fn events_refuse_to_be_changed_deleted_and_replaced(world: World) {
    let journal = world.open().await;
    journal.record(events([event(1, "alert", "a")])).await.unwrap();
    let replace = if world.is_server() {
        "TRUNCATE events"
    } else {
        "REPLACE INTO events SELECT seq, at, kind, 'b', body, hash FROM events"
    };
    for sql in ["UPDATE events SET subject = 'b'", "DELETE FROM events", replace] {
        let error = world.meddle(sql).await.unwrap_err();
        assert!(error.contains("events are never"), "{sql}: {error}");
    }
    journal.verify().await.unwrap();
}

async fn who_removes_the_triggers_is_found_out_at_the_first_event_they_touched(world: World) {
    let on = if world.is_server() { "ON events" } else { "" };
    let off = ["changed", "deleted"].map(|what| format!("DROP TRIGGER events_are_not_{what} {on}"));
    for (sql, seq, why) in [
        ("UPDATE events SET at = 5 WHERE seq = 2", 2, "does not match its hash"),
        ("UPDATE events SET body = '{}' WHERE seq IN (3, 4)", 3, "does not match its hash"),
        ("DELETE FROM events WHERE seq = 1", 1, "is missing"),
        ("DELETE FROM events WHERE seq = 3", 3, "is missing"),
        ("DELETE FROM events WHERE seq >= 4", 4, "is missing"),
        ("DELETE FROM events", 1, "is missing"),
    ] {
        let world = world.another();
        let journal = world.open().await;
        journal.record(events((1..=5).map(|at| event(at, "alert", "a")))).await.unwrap();
        for off in &off {
            world.meddle(off).await.unwrap();
        }
        world.meddle(sql).await.unwrap();
        let error = journal.verify().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the journal was changed from outside: event {seq} {why}"),
            "{sql}"
        );
        // Nor does it help to go on.
        journal.record(events([event(6, "alert", "a")])).await.unwrap();
        assert!(
            matches!(journal.verify().await, Err(JournalError::Broken { seq: found, .. }) if found == seq)
        );
    }
}

async fn what_is_too_large_is_refused_whole(world: World) {
    let options = Options { event_bytes_max: 100, entry_items_max: 3, ..Options::default() };
    let journal = world.open_with(options).await;
    let mut large = event(1, "alert", "a");
    large.body = json!("x".repeat(200));
    let entry = Entry {
        events: vec![event(1, "alert", "a"), large],
        outbox: vec![message("hook", "a", "k", 0)],
    };
    let error = journal.record(entry).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(
        error.to_string(),
        "an event's body of 202 is larger than the 100 the journal takes"
    );
    let error = journal.record(events((0..4).map(|at| event(at, "alert", "a")))).await.unwrap_err();
    assert!(matches!(error, JournalError::TooLarge { what: "an entry", size: 4, max: 3 }));
    assert_eq!(journal.verify().await.unwrap().events, 0);
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
}

async fn an_answer_is_bounded_in_bytes_and_pages_on(world: World) {
    let journal = world.open().await;
    for at in 0..50 {
        let mut large = event(at, "alert", "a");
        large.body = json!("x".repeat(250_000));
        journal.record(events([large])).await.unwrap();
    }
    let (mut after, mut seen, mut pages) = (None, 0, 0);
    loop {
        let page = journal.events(EventQuery { after, ..EventQuery::default() }).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.seq);
        seen += page.len();
        pages += 1;
        assert!(page.len() < 40);
    }
    assert_eq!((seen, pages), (50, 2));
    journal.verify().await.unwrap();
}
