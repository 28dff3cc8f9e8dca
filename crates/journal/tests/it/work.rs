//! Timers, leases, folds, pruning and exports.

use journal::{
    Act, Entry, Event, EventQuery, Journal, JournalError, Lease, NewTimer, PRUNED, read_export,
};
use model::{Kind, Time};
use serde_json::json;

use crate::common::{World, both, event, events, message};

both! {
    a_timer_runs_once_together_with_what_follows_from_it,
    a_timer_that_was_moved_does_not_run_as_it_was,
    who_lost_a_lease_writes_nothing_more,
    a_lease_that_beats_is_not_taken,
    what_was_folded_is_what_reading_everything_gives,
    what_is_over_is_folded_away,
    a_pruned_journal_keeps_the_last_words_and_its_chain_holds,
    who_prunes_by_hand_is_found_out,
    an_export_is_verified_line_by_line,
    an_export_that_pruning_overtakes_says_so,
}

fn timer(key: &str, due: i64) -> NewTimer {
    NewTimer { key: key.into(), kind: "remind".into(), due: Time(due), body: json!({"of": key}) }
}

fn set(timers: impl IntoIterator<Item = NewTimer>) -> Act {
    Act { set: timers.into_iter().collect(), ..Act::default() }
}

async fn a_timer_runs_once_together_with_what_follows_from_it(world: World) {
    let (journal, other) = (world.open().await, world.open().await);
    journal.record(set([timer("b", 20), timer("a", 10), timer("c", 90)])).await.unwrap();
    assert_eq!(journal.next_timer("remind").await.unwrap(), Some(Time(10)));
    assert_eq!(journal.next_timer("escalate").await.unwrap(), None);
    let due = journal.timers_due("remind", Time(20), 10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(due[0].body["of"], "a");
    let ran = |who: &str| Act {
        entry: Entry {
            events: vec![event(20, "reminded", who)],
            outbox: vec![message("hook", who, who, 20)],
        },
        ran: vec![due[0].id],
        ..Act::default()
    };
    let (one, two) = tokio::join!(journal.record(ran("one")), other.record(ran("two")));
    let lost = [&one, &two].into_iter().filter(|done| done.is_err()).count();
    assert_eq!(lost, 1);
    let error = one.err().or_else(|| two.err()).unwrap();
    assert!(matches!(error, JournalError::NotSet { .. }), "{error:?}");
    assert_eq!(error.kind(), Kind::Missing);
    assert_eq!(journal.verify().await.unwrap().events, 1);
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 1);
    assert_eq!(journal.timers_due("remind", Time(20), 10).await.unwrap().len(), 1);
}

async fn a_timer_that_was_moved_does_not_run_as_it_was(world: World) {
    let journal = world.open().await;
    journal.record(set([timer("a", 10), timer("b", 10)])).await.unwrap();
    let due = journal.timers_due("remind", Time(10), 10).await.unwrap();
    let moved = Act { unset: vec!["b".into(), "never".into()], ..set([timer("a", 50)]) };
    journal.record(moved).await.unwrap();
    for old in due {
        let run = Act { ran: vec![old.id], ..Act::default() };
        assert!(matches!(journal.record(run).await, Err(JournalError::NotSet { .. })));
    }
    let due = journal.timers_due("remind", Time(100), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    // It runs, and is set anew by the same act.
    let again = Act { ran: vec![due[0].id], ..set([timer("a", 200)]) };
    journal.record(again).await.unwrap();
    assert_eq!(journal.next_timer("remind").await.unwrap(), Some(Time(200)));
}

async fn who_lost_a_lease_writes_nothing_more(world: World) {
    let (one, two) = (world.open().await, world.open().await);
    assert_eq!(one.lease("judge").await.unwrap(), None);
    let first = one.take_lease("judge", "one", None, Time(1)).await.unwrap().unwrap();
    assert_eq!(two.take_lease("judge", "two", None, Time(1)).await.unwrap(), None);
    let judge = one.under(first.clone());
    judge
        .record(Entry { events: vec![], outbox: vec![message("hook", "a", "k", 0)] })
        .await
        .unwrap();
    let id = one.due(Time(9), 1).await.unwrap()[0].id;
    judge.beat(&first).await.unwrap();

    let seen = two.lease("judge").await.unwrap().unwrap();
    assert_eq!((seen.holder.as_str(), seen.epoch, seen.beat), ("one", 1, 1));
    let second = two.take_lease("judge", "two", Some(&seen), Time(2)).await.unwrap().unwrap();
    assert_eq!(second, Lease { name: "judge".into(), epoch: 2 });
    let lost = [
        judge.record(events([event(3, "alert", "a")])).await.map(drop),
        judge.done(id, Time(3)).await,
        judge.retry(id, Time(3), "late").await,
        judge.give_up(id, Time(3), "late").await,
        judge.beat(&first).await,
        one.give_back(&first).await,
    ];
    for done in lost {
        assert!(matches!(done, Err(JournalError::LeaseLost { .. })), "{done:?}");
    }
    // Trouble is something else: it is in order that another has taken over.
    assert_eq!(one.trouble(), None);
    two.under(second.clone()).done(id, Time(4)).await.unwrap();
    let leases = EventQuery { kinds: vec!["lease".into()], ..EventQuery::default() };
    let told = one.events(leases).await.unwrap();
    assert_eq!((told.len(), told[1].body["before"].as_str()), (2, Some("one")));
    assert_eq!(one.verify().await.unwrap().events, 3);

    two.give_back(&second).await.unwrap();
    let seen = one.lease("judge").await.unwrap().unwrap();
    assert_eq!((seen.holder.as_str(), seen.epoch), ("", 3));
}

async fn a_lease_that_beats_is_not_taken(world: World) {
    let (one, two) = (world.open().await, world.open().await);
    let lease = one.take_lease("judge", "one", None, Time(1)).await.unwrap().unwrap();
    let seen = two.lease("judge").await.unwrap();
    one.beat(&lease).await.unwrap();
    assert_eq!(two.take_lease("judge", "two", seen.as_ref(), Time(2)).await.unwrap(), None);
    one.under(lease).record(events([event(3, "alert", "a")])).await.unwrap();
}

/// A journal with some words on some subjects, from a seed.
async fn fill(journal: &Journal, seed: u64, count: u32) {
    let mut state = seed;
    for at in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let subject = format!("s{}", (state >> 33) % 40);
        let kind = if (state >> 50).is_multiple_of(3) { "change" } else { "alert" };
        journal.record(events([event(i64::from(at), kind, &subject)])).await.unwrap();
    }
}

async fn all_latest(journal: &Journal, kind: &str) -> Vec<Event> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = journal.latest(kind, before, 7).await.unwrap();
        let Some(last) = page.last() else { return all };
        before = Some(last.seq);
        all.extend(page);
    }
}

async fn what_was_folded_is_what_reading_everything_gives(world: World) {
    let journal = world.open().await;
    for seed in 1..4 {
        fill(&journal, seed, 60).await;
        let unfolded = all_latest(&journal, "alert").await;
        let upto = journal.fold("alert", |_| false).await.unwrap();
        assert_eq!(journal.folded("alert").await.unwrap(), upto);
        assert_eq!(all_latest(&journal, "alert").await, unfolded);
        fill(&journal, seed + 100, 30).await;
        let later = all_latest(&journal, "alert").await;
        journal.unfold("alert").await.unwrap();
        assert_eq!(all_latest(&journal, "alert").await, later);
        assert_eq!(journal.folded("alert").await.unwrap(), 0);
        journal.fold("alert", |_| false).await.unwrap();
        assert_eq!(all_latest(&journal, "alert").await, later);
    }
    assert_eq!(journal.verify().await.unwrap().events, 270);
    // Only what it says, with the hash of the event it was folded from.
    let said = "UPDATE standing SET body = '{\"text\":\"nothing happened\"}'
        WHERE seq = (SELECT max(seq) FROM standing)";
    let place = journal.latest("alert", None, 1).await.unwrap()[0].seq;
    world.meddle(said).await.unwrap();
    let error = journal.verify().await.unwrap_err();
    assert!(matches!(error, JournalError::Broken { seq, .. } if seq == place), "{error:?}");
    journal.unfold("alert").await.unwrap();
    journal.fold("alert", |_| false).await.unwrap();
    journal.verify().await.unwrap();
    let changed = "UPDATE standing SET hash = (SELECT hash FROM events WHERE seq = 1)
        WHERE seq = (SELECT max(seq) FROM standing)";
    world.meddle(changed).await.unwrap();
    let error = journal.verify().await.unwrap_err();
    assert!(error.to_string().contains("is not what was folded from it"), "{error}");
}

async fn what_is_over_is_folded_away(world: World) {
    let journal = world.open().await;
    let all = (1..=9).map(|at| event(at, "alert", &format!("s{at}")));
    journal.record(events(all)).await.unwrap();
    journal.fold("alert", |event| event.at < Time(4)).await.unwrap();
    assert_eq!(all_latest(&journal, "alert").await.len(), 6);
    // What is over by waiting goes although nothing new was said of it.
    journal.fold("alert", |event| event.at < Time(7)).await.unwrap();
    let left: Vec<_> = all_latest(&journal, "alert").await.into_iter().map(|own| own.seq).collect();
    assert_eq!(left, [9, 8, 7]);
    journal.record(events([event(20, "alert", "s1")])).await.unwrap();
    assert_eq!(all_latest(&journal, "alert").await[0].subject, "s1");
    journal.verify().await.unwrap();
}

async fn a_pruned_journal_keeps_the_last_words_and_its_chain_holds(world: World) {
    let journal = world.open().await;
    fill(&journal, 5, 100).await;
    let (alerts, changes) =
        (all_latest(&journal, "alert").await, all_latest(&journal, "change").await);
    let pruned = journal.prune(Time(70), Time(1_000)).await.unwrap();
    assert_eq!((pruned.events, pruned.upto), (70, 70));
    assert_eq!(journal.stats().await.unwrap().events, 31);
    assert_eq!(all_latest(&journal, "alert").await, alerts);
    assert_eq!(all_latest(&journal, "change").await, changes);
    assert_eq!(journal.events(EventQuery::default()).await.unwrap()[0].seq, 71);
    let verified = journal.verify().await.unwrap();
    assert_eq!((verified.events, verified.pruned, verified.from), (31, 70, Some(Time(70))));
    assert!(matches!(journal.unfold("alert").await, Err(JournalError::WasPruned { upto: 70 })));
    assert_eq!(journal.prune(Time(70), Time(1_001)).await.unwrap().events, 0);

    // The next pruning takes the event of the first along; at least one event always stays.
    fill(&journal, 6, 5).await;
    let all = journal.prune(Time(i64::MAX), Time(2_000)).await.unwrap();
    assert_eq!(all.upto, 105);
    let left = journal.events(EventQuery::default()).await.unwrap();
    assert_eq!(left.iter().map(|own| own.seq).collect::<Vec<_>>(), [106, 107]);
    assert_eq!(left[1].kind, PRUNED);
    assert_eq!(journal.verify().await.unwrap().events, 2);
    world.meddle("DELETE FROM events WHERE seq = 106").await.unwrap_err();
}

async fn who_prunes_by_hand_is_found_out(world: World) {
    let journal = world.open().await;
    fill(&journal, 7, 20).await;
    let moved = "UPDATE head SET pruned = 5, pruned_hash = (SELECT hash FROM events WHERE seq = 5)";
    world.meddle(&format!("{moved}; DELETE FROM events WHERE seq <= 5")).await.unwrap();
    let error = journal.verify().await.unwrap_err().to_string();
    assert!(error.contains("event 5 and those before it are missing"), "{error}");
}

async fn export(journal: &Journal) -> String {
    let (mut text, mut after) = journal.export_head().await.unwrap();
    while let Some((lines, last)) = journal.export_after(after).await.unwrap() {
        text.push_str(&lines);
        after = last;
    }
    text
}

async fn an_export_that_pruning_overtakes_says_so(world: World) {
    let journal = world.open().await;
    let all = (0..600).map(|at| event(at, "alert", "s"));
    journal.record(events(all)).await.unwrap();
    let (_, first) = journal.export_head().await.unwrap();
    let (_, after) = journal.export_after(first).await.unwrap().unwrap();
    journal.prune(Time(550), Time(1_000)).await.unwrap();
    let error = journal.export_after(after).await.unwrap_err();
    assert!(error.to_string().contains("was let go of while the journal was exported"), "{error}");
    let whole = export(&journal).await;
    assert_eq!(read_export(whole.as_bytes()).unwrap(), journal.verify().await.unwrap());
}

async fn an_export_is_verified_line_by_line(world: World) {
    let journal = world.open().await;
    let mut odd = event(1, "alert", "a\u{0}\"\n{é}");
    odd.body = json!({"b": -0.0, "a": [1e300, 0.1, "\u{1f6a2}\u{7}"]});
    journal.record(events([odd])).await.unwrap();
    fill(&journal, 9, 30).await;
    let text = export(&journal).await;
    let verified = journal.verify().await.unwrap();
    assert_eq!(read_export(text.as_bytes()).unwrap(), verified);
    journal.prune(Time(10), Time(100)).await.unwrap();
    let pruned = export(&journal).await;
    assert_eq!(read_export(pruned.as_bytes()).unwrap(), journal.verify().await.unwrap());

    let lines: Vec<&str> = text.lines().collect();
    let broken = |lines: Vec<String>| {
        let text: String = lines.into_iter().map(|line| line + "\n").collect();
        read_export(text.as_bytes()).unwrap_err().to_string()
    };
    let own = |skip: usize| -> Vec<String> {
        let kept = lines.iter().enumerate().filter(|(place, _)| *place != skip);
        kept.map(|(_, line)| (*line).to_owned()).collect()
    };
    assert_eq!(broken(own(0)), "line 1 is not the beginning of an export");
    assert_eq!(broken(own(7)), "line 8 is not the event that follows the one before");
    let mut changed = own(usize::MAX);
    changed[4] = changed[4].replace("\"at\":", "\"at\":1");
    assert_eq!(broken(changed), "line 5 does not match its hash");
    let cut = read_export(&text.as_bytes()[..text.len() - 1]).unwrap_err().to_string();
    assert_eq!(cut, "line 32 is cut off");
}
