//! What was told, left out of a later message, and holds still.

use std::path::Path;

use model::{Severity, Span};
use respond::{
    Receiver, Told, restore,
    routing::{Directory, Timing, read_alertmanager},
};

use crate::{
    common::{START, alert, ended, memory},
    quiet::Room,
};

/// Two routes lead to one receiver, and the first is silent until 10:30. START is at 10:26:40.
const TWO_ROUTES: &str = r#"
route:
  receiver: nobody
  routes:
  - {matchers: [host="a"], receiver: desk, mute_time_intervals: [night], continue: true, group_wait: 0s}
  - {matchers: [alertname="DiskFull"], receiver: desk, group_wait: 0s}
receivers: [{name: desk}, {name: nobody}]
time_intervals:
- {name: night, time_intervals: [{times: [{start_time: '10:00', end_time: '10:30'}]}]}
"#;

#[test]
fn an_alert_is_quiet_only_while_every_route_to_its_receiver_is_silent() {
    let file = read_alertmanager("a.yml", TWO_ROUTES, Path::new("")).unwrap();
    let desk = (Receiver::web_hook("desk", "http://127.0.0.1:1", None), Timing::default());
    let directory = Directory::routed([desk], &file).unwrap();
    let mut room = Room { directory, ..Room::default() };
    let other = alert("HostDown", "a", START);
    assert!(room.said(Some((Told::Fired, other.clone())), START).is_empty());
    let hush = respond::quiet::Hush::of(&room.directory, &room.silences, &room.alerts, START);
    assert_eq!(hush.why(&other).muted_by, ["night"]);
    let both = alert("DiskFull", "a", START);
    assert!(hush.why(&both).is_loud());
    assert_eq!(room.said(Some((Told::Fired, both)), START), ["a firing"]);
    let morning = START + Span::secs(200);
    assert_eq!(room.said(None, morning), ["a firing, a firing"]);
    assert!(room.said(None, morning + Span::minutes(9)).is_empty());
}

/// Two alerts told, one silenced, the other ended: whoever keeps one incident for the group takes
/// it for over.
fn half_silenced() -> (Room, model::Alert, journal::Entry) {
    let mut room = Room::new();
    let (kept, over) = (alert("DiskFull", "a", START), alert("DiskFull", "b", START));
    assert_eq!(room.said(Some((Told::Fired, kept.clone())), START), ["a firing"]);
    let now = START + Span::minutes(1);
    assert_eq!(room.said(Some((Told::Fired, over.clone())), now), ["a firing, b firing"]);
    room.silence("host=a", now, 1, now);
    let now = START + Span::minutes(2);
    let notices = room.step(Some(&(Told::Resolved, ended(&over, now))), now);
    assert_eq!(notices.entry.outbox[0].body["status"], "resolved");
    assert_eq!(notices.entry.outbox[0].body["notification_reason"], "all alerts resolved");
    (room, kept, notices.entry)
}

#[test]
fn what_a_message_left_out_under_a_silence_is_told_anew_when_the_silence_ends() {
    let (mut room, ..) = half_silenced();
    assert!(room.said(None, START + Span::minutes(30)).is_empty());
    let end = START + Span::minutes(61);
    let notices = room.step(None, end);
    assert_eq!(notices.entry.outbox[0].body["status"], "firing");
    assert_eq!(notices.entry.outbox[0].body["notification_reason"], "new alerts added");
    assert!(room.said(None, end + Span::minutes(5)).is_empty());
}

#[tokio::test]
async fn that_it_is_to_be_told_anew_outlives_a_restart() {
    let (mut room, kept, entry) = half_silenced();
    let journal = memory().await;
    journal.record(entry).await.unwrap();
    // The server is away while the silence ends.
    let end = START + Span::minutes(70);
    room.groups = restore(&journal, &room.directory, &[kept], end).await.unwrap();
    assert_eq!(room.said(None, end), ["a firing"]);
    assert!(room.said(None, end + Span::minutes(5)).is_empty());
}

#[test]
fn the_end_of_an_alert_whose_sender_fell_silent_is_told_even_if_that_was_not_told_yet() {
    let mut room = Room::new();
    room.directory = Directory::of([(
        Receiver::web_hook("desk", "http://127.0.0.1:1", None),
        Timing { group_wait: Span::secs(10), ..Timing::default() },
    )]);
    let first = alert("DiskFull", "a", START);
    room.step(Some(&(Told::Fired, first.clone())), START);
    assert_eq!(room.said(None, START + Span::secs(10)), ["a firing"]);
    let now = START + Span::minutes(20);
    assert!(room.said(Some((Told::Silent, first.clone())), now).is_empty());
    let now = now + Span::secs(2);
    room.step(Some(&(Told::Resolved, ended(&first, now))), now);
    assert_eq!(room.said(None, now + Span::secs(10)), ["a resolved"]);
}

#[test]
fn a_critical_alert_stands_for_the_warning_about_the_same_thing() {
    let mut room = Room::new();
    room.directory = Directory::of([(
        Receiver::web_hook("desk", "http://127.0.0.1:1", None),
        Timing { group_wait: Span::ZERO, ..Timing::default() },
    )]);
    let warning = alert("DiskFull", "a", START);
    let mut critical = alert("DiskFull", "a", START);
    critical.severity = Severity::Critical;
    critical.labels = critical.labels.with("severity", "critical");
    critical.id = model::AlertId::of("node/rule", &critical.labels);
    let elsewhere = alert("DiskFull", "b", START);
    room.alerts = vec![critical.clone(), warning.clone()];
    assert_eq!(room.said(Some((Told::Fired, critical.clone())), START), ["a firing"]);
    assert!(room.said(Some((Told::Fired, warning)), START).is_empty());
    let told = room.said(Some((Told::Fired, elsewhere)), START + Span::secs(1));
    assert_eq!(told, ["a firing, b firing"]);
    // What is left when the worse is over is told.
    let now = START + Span::minutes(1);
    let told = room.said(Some((Told::Resolved, ended(&critical, now))), now);
    assert_eq!(told, ["a firing, b firing, a resolved"]);
}
