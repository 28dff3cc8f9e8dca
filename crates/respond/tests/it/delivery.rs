//! Delivery to a real web hook that is away, slow, busy or wrong.

use journal::{DELIVERED, Entry, EventQuery, Journal, NewMessage, Options, UNDELIVERED};
use model::{Clock as _, Span, Time};
use respond::{Authorization, Delivered, DeliveryLimits, Told, Via};
use serde_json::json;
use testkit::TurnedClock;

use crate::{
    common::{START, alert, deliverer, ended, memory, receiver, tell},
    hook::{Answer, Hook},
};

fn message(receiver: &str, lane: &str, key: &str) -> NewMessage {
    NewMessage {
        receiver: receiver.into(),
        lane: lane.into(),
        key: key.into(),
        due: START,
        body: json!({"version": "4", "key": key}),
    }
}

async fn put(journal: &Journal, outbox: impl IntoIterator<Item = NewMessage>) {
    let entry = Entry { events: Vec::new(), outbox: outbox.into_iter().collect() };
    journal.record(entry).await.unwrap();
}

async fn events(journal: &Journal, kind: &str) -> Vec<journal::Event> {
    let question = EventQuery { kinds: vec![kind.into()], ..EventQuery::default() };
    journal.events(question).await.unwrap()
}

fn sent(sent: u64) -> Delivered {
    Delivered { sent, ..Delivered::default() }
}

fn retried(retried: u64) -> Delivered {
    Delivered { retried, ..Delivered::default() }
}

#[tokio::test]
async fn a_message_arrives_with_its_key_its_token_and_its_body() {
    let (journal, hook, clock) = (memory().await, Hook::open([]).await, TurnedClock::at(START));
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1")]).await;
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap(), sent(1));
    let request = hook.requests().remove(0);
    assert_eq!((request.key.as_str(), request.token.as_str()), ("k1", "Bearer sesame"));
    assert_eq!(request.body, json!({"version": "4", "key": "k1"}));
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap(), sent(0));
    assert_eq!(events(&journal, DELIVERED).await.len(), 1);
    assert_eq!(deliverer.totals(), sent(1));
}

#[tokio::test]
async fn trouble_is_tried_again_after_growing_pauses() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open([503, 500, 502, 504].map(Answer::Status)).await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1")]).await;
    let mut pauses = Vec::new();
    while hook.requests().len() < 5 {
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        let next = journal.next_due("hook").await.unwrap();
        // Not a moment earlier than it was said.
        clock.turn(Span::millis(1));
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), retried(0));
        if let Some(due) = next {
            pauses.push(due.since(clock.now()).as_millis() + 1);
            clock.turn(due.since(clock.now()));
        }
    }
    assert_eq!(pauses.len(), 4);
    for (pause, whole) in pauses.iter().zip([1_000, 2_000, 4_000, 8_000]) {
        assert!((whole / 2..=whole).contains(pause), "{pauses:?}");
    }
    assert_eq!(hook.keys(), ["k1"; 5]);
    assert_eq!(events(&journal, DELIVERED).await[0].body["attempts"], 5);
    assert_eq!(deliverer.totals(), Delivered { sent: 1, retried: 4, given_up: 0 });
}

#[tokio::test]
async fn a_busy_receiver_is_left_alone_for_as_long_as_it_asks() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open([Answer::RetryAfter(429, "120".into())]).await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1"), message("hook", "b", "k2")]).await;
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), retried(1));
    clock.turn(Span::secs(119));
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(0));
    assert_eq!(hook.keys(), ["k1"]);
    clock.turn(Span::secs(1));
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(2));
}

#[tokio::test]
async fn a_clock_set_back_or_ahead_does_not_hold_up_a_message() {
    for by in [Span::days(-1), Span::hours(-1), Span::minutes(-10), Span::hours(1)] {
        let (journal, clock) = (memory().await, TurnedClock::at(START));
        let hook = Hook::open([Answer::Status(503)]).await;
        let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
        put(&journal, [message("hook", "a", "k1")]).await;
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), retried(1));
        clock.jump(START + by);
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(0));
        clock.turn(Span::secs(2));
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(1), "{by}");
    }
}

#[tokio::test]
async fn nobody_is_left_alone_for_longer_than_an_hour() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open([Answer::RetryAfter(503, "99999999".into())]).await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1")]).await;
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(journal.next_due("hook").await.unwrap(), Some(START + Span::hours(1)));
}

#[tokio::test]
async fn a_wrong_key_is_tried_quickly_twice_then_every_five_minutes_and_nothing_is_lost() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook =
        Hook::open([401, 403, 401].map(Answer::Status).into_iter().chain([Answer::Redirect]));
    let hook = hook.await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, ["k1", "k2", "k3"].map(|key| message("hook", "a", key))).await;
    for _ in 0..2 {
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), retried(1));
        let error = journal.outbox_stats().await.unwrap().receivers["hook"].error.clone().unwrap();
        assert!(!respond::is_broken(&error), "{error}");
        clock.turn(Span::secs(2));
    }
    for wanted in ["the receiver answered 401", "the receiver has moved"] {
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), retried(1));
        let error = journal.outbox_stats().await.unwrap().receivers["hook"].error.clone().unwrap();
        assert!(respond::is_broken(&error) && error.contains(wanted), "{error}");
        clock.turn(Span::secs(299));
        assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(0));
        clock.turn(Span::secs(1));
    }
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(3));
    assert!(events(&journal, UNDELIVERED).await.is_empty());
}

#[tokio::test]
async fn a_proxy_whose_service_restarts_calls_nobody_and_is_told_within_seconds() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open([Answer::Status(404), Answer::Status(404)]).await;
    let spare = Hook::open([]).await;
    let desks = vec![receiver("hook", &hook.url), receiver("spare", &spare.url)];
    let deliverer = deliverer(desks, &clock).with_fallback(Some("spare".into()));
    put(&journal, [message("hook", "a", "k1")]).await;
    let mut seconds = 0;
    while deliverer.deliver_due(&journal, clock.now()).await.unwrap().sent == 0 {
        clock.turn(Span::secs(1));
        seconds += 1;
    }
    assert!(seconds <= 3, "{seconds}");
    assert!(spare.requests().is_empty());
}

#[tokio::test]
async fn a_refused_message_holds_up_no_other_and_gives_way_to_a_newer_one_of_its_group() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open([Answer::Status(400), Answer::Status(200), Answer::Status(400)]).await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1"), message("hook", "b", "k2")]).await;
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(hook.keys(), ["k1", "k2"]);
    put(&journal, [message("hook", "a", "k3")]).await;
    clock.turn(Span::minutes(5));
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(hook.keys(), ["k1", "k2", "k1", "k3"]);
    let lost = events(&journal, UNDELIVERED).await;
    assert!(lost[0].body["error"].to_string().contains("takes its place"), "{lost:?}");
}

#[tokio::test]
async fn messages_are_signed_after_standard_webhooks() {
    let (journal, hook, clock) = (memory().await, Hook::open([]).await, TurnedClock::at(START));
    let (mut own, timing) = receiver("hook", &hook.url);
    let Via::WebHook(web_hook) = &mut own.via else { panic!("a web hook") };
    let key = settings::SecretSource::Written(model::Secret::new("whsec_c2VjcmV0".into()));
    web_hook.signing = Some(key);
    put(&journal, [message("hook", "a", "k1")]).await;
    let deliverer = deliverer(vec![(own, timing)], &clock);
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap(), sent(1));
    let request = hook.requests().remove(0);
    assert_eq!((request.key.as_str(), request.signed[0].as_str()), ("k1", "k1"));
    assert_eq!(request.signed[1], "1794997600");
    assert!(request.signed[2].starts_with("v1,") && request.signed[2].len() == 47);
}

#[tokio::test]
async fn an_alertmanager_is_told_and_told_again_of_what_stands() {
    let (journal, hook, clock) = (memory().await, Hook::open([]).await, TurnedClock::at(START));
    let (mut own, timing) = receiver("am", &hook.url);
    own.via = Via::Alertmanager { url: hook.url.clone(), authorization: Authorization::None };
    let desks = vec![(own, timing)];
    let mut groups = respond::Groups::default();
    let first = alert("DiskFull", "a", START);
    tell(&mut groups, &[(Told::Fired, first.clone())], &desks, START);
    let now = START + Span::secs(10);
    let told = tell(&mut groups, &[], &desks, now);
    journal.record(told.entry).await.unwrap();
    clock.turn(Span::secs(10));
    let deliverer = deliverer(desks.clone(), &clock);
    assert_eq!(deliverer.deliver_due(&journal, now).await.unwrap(), sent(1));
    assert!(deliverer.has_standing());
    let standing = |name: &str| groups.standing(name);
    assert!(deliverer.send_standing(standing, "http://plimsoll/").await.is_empty());
    let bodies: Vec<_> = hook.requests().into_iter().map(|own| own.body).collect();
    for body in &bodies {
        assert_eq!(body[0]["labels"]["host"], "a");
        assert_eq!(body[0]["endsAt"], "2026-11-18T10:30:50Z");
        assert_eq!(body[0]["startsAt"], "2026-11-18T10:26:40Z");
    }
    assert_eq!(bodies.len(), 2);
    let over = now + Span::secs(10);
    tell(&mut groups, &[(Told::Resolved, ended(&first, over))], &desks, over);
    let told = tell(&mut groups, &[], &desks, over + Span::secs(10));
    journal.record(told.entry).await.unwrap();
    clock.turn(Span::secs(20));
    deliverer.deliver_due(&journal, clock.now()).await.unwrap();
    assert_eq!(hook.requests()[2].body[0]["endsAt"], "2026-11-18T10:27:00Z");
    assert!(groups.standing("am").is_empty());
}

#[tokio::test]
async fn a_receiver_that_is_away_gets_one_try_at_a_time_and_then_everything_in_order() {
    let (journal, hook, clock) = (memory().await, Hook::open([]).await, TurnedClock::at(START));
    hook.answer((0..3).map(|_| Answer::Status(503)));
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    let outbox = (0..20).flat_map(|lane| {
        let key = move |part: &str| format!("{lane}-{part}");
        ["1-firing", "2-resolved"].map(|part| message("hook", &lane.to_string(), &key(part)))
    });
    put(&journal, outbox).await;
    for tries in 1..=3 {
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        assert_eq!(hook.requests().len(), tries);
        clock.turn(Span::minutes(1));
    }
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(40));
    for lane in 0..20 {
        let mut told: Vec<_> =
            hook.requests().into_iter().filter(|request| request.accepted).collect();
        told.retain(|request| request.key.starts_with(&format!("{lane}-")));
        assert!(told.iter().map(|request| &request.key).is_sorted(), "{told:?}");
        assert_eq!(told.len(), 2);
    }
}

#[tokio::test]
async fn one_that_hangs_delays_no_other() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let (slow, quick) = (Hook::open([Answer::Hang]).await, Hook::open([]).await);
    let receivers = vec![receiver("slow", &slow.url), receiver("quick", &quick.url)];
    let deliverer = deliverer(receivers, &clock);
    put(&journal, [message("slow", "a", "s1"), message("quick", "a", "q1")]).await;
    let script = async {
        slow.has(1).await;
        quick.has(1).await;
        // Still hanging, others are served.
        put(&journal, [message("quick", "a", "q2")]).await;
        while deliverer.totals().sent < 2 {
            tokio::task::yield_now().await;
        }
        clock.turn(Span::secs(10));
        while journal.outbox_stats().await.unwrap().receivers["slow"].error.is_none() {
            tokio::task::yield_now().await;
        }
        clock.turn(Span::secs(1));
        slow.has(2).await;
    };
    deliverer.run(&journal, script).await;
    assert_eq!(slow.keys(), ["s1", "s1"]);
    assert_eq!(quick.keys(), ["q1", "q2"]);
    assert_eq!(deliverer.totals(), Delivered { sent: 3, retried: 1, given_up: 0 });
    assert_eq!(journal.outbox_stats().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_under_the_same_key() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open([Answer::Drop]).await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1")]).await;
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), retried(1));
    clock.turn(Span::secs(1));
    assert_eq!(deliverer.deliver_due(&journal, clock.now()).await.unwrap(), sent(1));
    assert_eq!(hook.keys(), ["k1", "k1"]);
}

#[tokio::test]
async fn after_three_days_a_message_is_given_up_and_an_event_says_so() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open((0..200).map(|_| Answer::Status(500))).await;
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1")]).await;
    let mut hours = 0;
    while deliverer.deliver_due(&journal, clock.now()).await.unwrap().given_up == 0 {
        clock.turn(Span::hours(1));
        hours += 1;
    }
    assert_eq!(hours, 72);
    assert_eq!(events(&journal, UNDELIVERED).await[0].body["attempts"], 73);
}

#[tokio::test]
async fn tries_are_bounded() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let hook = Hook::open((0..200).map(|_| Answer::Status(500))).await;
    let limits = DeliveryLimits { attempts_max: 3, ..DeliveryLimits::default() };
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock).with_limits(limits);
    put(&journal, [message("hook", "a", "k1")]).await;
    for _ in 0..10 {
        deliverer.deliver_due(&journal, clock.now()).await.unwrap();
        clock.turn(Span::minutes(1));
    }
    assert_eq!(hook.requests().len(), 3);
}

#[tokio::test]
async fn messages_for_a_receiver_that_was_removed_are_given_up() {
    let (journal, clock) = (memory().await, TurnedClock::at(START));
    let deliverer = deliverer(Vec::new(), &clock);
    put(&journal, ["k1", "k2"].map(|key| message("gone", "a", key))).await;
    assert_eq!(deliverer.deliver_due(&journal, START).await.unwrap().given_up, 2);
    let lost = events(&journal, UNDELIVERED).await;
    assert_eq!(lost[1].body["error"], "the settings have no such receiver");
}

/// Fills the journal to the last byte.
async fn fill(journal: &Journal) {
    for size in [20_000, 2_000, 200, 1] {
        loop {
            let body = json!("x".repeat(size));
            let event =
                journal::NewEvent { at: START, kind: "a".into(), subject: "b".into(), body };
            let entry = Entry { events: vec![event], outbox: Vec::new() };
            if journal.record(entry).await.is_err() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_was_delivered_while_the_disk_was_full_is_not_delivered_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let small = Options { file_bytes_max: 300_000, ..Options::default() };
    let journal = Journal::open_with(&path, small).await.unwrap();
    let (hook, clock) = (Hook::open([]).await, TurnedClock::at(START));
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    put(&journal, [message("hook", "a", "k1"), message("hook", "b", "k2")]).await;
    fill(&journal).await;
    for _ in 0..3 {
        deliverer.deliver_due(&journal, START).await.unwrap_err();
    }
    assert_eq!(hook.keys(), ["k1"]);
    let roomy = Journal::open(&path).await.unwrap();
    deliverer.deliver_due(&roomy, START).await.unwrap();
    assert_eq!(hook.keys(), ["k1", "k2"]);
    assert_eq!(roomy.outbox_stats().await.unwrap().waiting, 0);
    assert_eq!(events(&roomy, DELIVERED).await.len(), 2);
}

#[tokio::test]
async fn who_runs_sleeps_until_something_is_due_and_stops_when_told() {
    let (journal, hook, clock) = (memory().await, Hook::open([]).await, TurnedClock::at(START));
    let deliverer = deliverer(vec![receiver("hook", &hook.url)], &clock);
    let mut later = message("hook", "a", "k1");
    later.due = START + Span::secs(30);
    let script = async {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        put(&journal, [later]).await;
        while clock.sleepers() < 2 {
            tokio::task::yield_now().await;
        }
        assert!(hook.requests().is_empty());
        clock.turn(Span::secs(30));
        hook.has(1).await;
    };
    deliverer.run(&journal, script).await;
    assert_eq!(journal.due(Time::MAX, 10).await.unwrap(), []);
    assert_eq!(deliverer.totals(), sent(1));
}
