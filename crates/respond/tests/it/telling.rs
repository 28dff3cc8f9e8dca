//! What receivers are told.

use model::{Labels, Severity, Span, Time};
use respond::{Groups, NOTIFIED, Told};
use serde_json::json;

use crate::common::{START, alert, ended, memory, noticed, receiver, tell, view};

#[test]
fn alerts_of_a_group_are_told_together_when_the_wait_is_over() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    let fired = [(Told::Fired, alert("DiskFull", "a", START))];
    assert!(tell(&mut groups, &fired, &receivers, START).entry.is_empty());
    assert_eq!(groups.next_due(), Some(START + Span::secs(10)));
    let later = START + Span::secs(5);
    let fired = [
        (Told::Fired, alert("DiskFull", "b", later)),
        (Told::Fired, alert("HostDown", "a", later)),
    ];
    assert!(tell(&mut groups, &fired, &receivers, later).entry.is_empty());
    let told = tell(&mut groups, &[], &receivers, START + Span::secs(10)).entry;
    assert_eq!(told.outbox.len(), 1);
    assert_eq!(told.outbox[0].body["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(told.events[0].kind, NOTIFIED);
    let told = tell(&mut groups, &[], &receivers, START + Span::secs(15)).entry;
    assert_eq!(told.outbox[0].body["groupLabels"], json!({"alertname": "HostDown"}));
    assert!(tell(&mut groups, &[], &receivers, START + Span::hours(3)).entry.is_empty());
}

#[test]
fn a_message_has_the_shape_that_alertmanagers_receivers_expect() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    let mut worse = alert("DiskFull", "b", START);
    worse.severity = Severity::Critical;
    worse.labels = worse.labels.with("severity", "");
    worse.annotations = worse.annotations.with("advice", "make room");
    let first = alert("DiskFull", "a", START);
    let fired = [(Told::Fired, first.clone()), (Told::Fired, worse.clone())];
    tell(&mut groups, &fired, &receivers, START);
    tell(&mut groups, &[], &receivers, START + Span::secs(10));
    let ended_at = START + Span::minutes(5);
    tell(&mut groups, &[(Told::Resolved, ended(&first, ended_at))], &receivers, ended_at);
    let told = tell(&mut groups, &[], &receivers, ended_at + Span::secs(10)).entry;
    let base = "http://plimsoll.example:7546";
    assert_eq!(
        told.outbox[0].body,
        json!({
            "version": "4",
            "groupKey": "{}:{alertname=\"DiskFull\"}",
            "truncatedAlerts": 0,
            "status": "firing",
            "notification_reason": "some alerts resolved",
            "receiver": "hook",
            "groupLabels": {"alertname": "DiskFull"},
            "commonLabels": {"alertname": "DiskFull"},
            "commonAnnotations": {"summary": "it is full"},
            "externalURL": base,
            "alerts": [
                {
                    "status": "firing",
                    "labels": {"alertname": "DiskFull", "host": "b", "severity": "critical"},
                    "annotations": {"advice": "make room", "summary": "it is full"},
                    "startsAt": "2026-11-18T10:26:40Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": format!("{base}/alerts?id={}", worse.id.hex()),
                    "fingerprint": worse.id.hex(),
                    "value": 1.0,
                },
                {
                    "status": "resolved",
                    "labels": {"alertname": "DiskFull", "host": "a", "severity": "warning"},
                    "annotations": {"summary": "it is full"},
                    "startsAt": "2026-11-18T10:26:40Z",
                    "endsAt": "2026-11-18T10:31:40Z",
                    "generatorURL": format!("{base}/alerts?id={}", first.id.hex()),
                    "fingerprint": first.id.hex(),
                },
            ],
        })
    );
    tell(&mut groups, &[(Told::Resolved, ended(&worse, ended_at))], &receivers, ended_at);
    let told = tell(&mut groups, &[], &receivers, ended_at + Span::minutes(1)).entry;
    assert_eq!(told.outbox[0].body["status"], "resolved");
    assert!(groups.is_empty());
}

#[test]
fn what_still_holds_is_told_again_after_the_repeat_interval() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    tell(&mut groups, &[(Told::Fired, alert("DiskFull", "a", START))], &receivers, START);
    let mut told = Vec::new();
    for minute in 0..(12 * 60 + 5) {
        let now = START + Span::minutes(minute);
        if !tell(&mut groups, &[], &receivers, now).entry.outbox.is_empty() {
            told.push(minute);
        }
    }
    assert_eq!(told, [1, 241, 481, 721]);
}

#[test]
fn what_ends_before_it_was_told_is_not_told_at_all() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    let short = alert("DiskFull", "a", START);
    tell(&mut groups, &[(Told::Fired, short.clone())], &receivers, START);
    tell(&mut groups, &[(Told::Resolved, ended(&short, START))], &receivers, START);
    assert!(tell(&mut groups, &[], &receivers, START + Span::secs(10)).entry.is_empty());
    assert!(groups.is_empty());
}

#[test]
fn what_ends_and_begins_again_within_the_wait_is_not_told_twice() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    let flapping = alert("DiskFull", "a", START);
    tell(&mut groups, &[(Told::Fired, flapping.clone())], &receivers, START);
    tell(&mut groups, &[], &receivers, START + Span::secs(10));
    let now = START + Span::minutes(1);
    tell(&mut groups, &[(Told::Resolved, ended(&flapping, now))], &receivers, now);
    tell(&mut groups, &[(Told::Fired, flapping)], &receivers, now + Span::secs(5));
    assert!(tell(&mut groups, &[], &receivers, now + Span::minutes(1)).entry.is_empty());
    assert_eq!(groups.len(), 1);
}

#[test]
fn an_alert_for_the_pages_only_is_not_sent_until_it_is_worse() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    let mut quiet = alert("DiskFull", "a", START);
    (quiet.told, quiet.severity) = (false, Severity::Info);
    tell(&mut groups, &[(Told::Fired, quiet.clone())], &receivers, START);
    assert!(groups.is_empty());
    let mut loud = quiet.clone();
    (loud.told, loud.severity) = (true, Severity::Warning);
    tell(&mut groups, &[(Told::Changed, loud)], &receivers, START);
    let told = tell(&mut groups, &[], &receivers, START + Span::secs(10)).entry;
    assert_eq!(view([&told.outbox[0].body]).len(), 1);
    // Having been told, it is followed to its end, even when it gets quiet first.
    let now = START + Span::minutes(1);
    tell(&mut groups, &[(Told::Changed, quiet.clone())], &receivers, now);
    tell(&mut groups, &[(Told::Resolved, ended(&quiet, now))], &receivers, now);
    let told = tell(&mut groups, &[], &receivers, now + Span::secs(10)).entry;
    assert_eq!(told.outbox[0].body["status"], "resolved");
}

#[test]
fn getting_worse_is_told_and_a_new_value_is_not() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    let mut changing = alert("DiskFull", "a", START);
    tell(&mut groups, &[(Told::Fired, changing.clone())], &receivers, START);
    tell(&mut groups, &[], &receivers, START + Span::secs(10));
    changing.annotations = changing.annotations.with("summary", "it is fuller");
    changing.value = 2.0;
    let now = START + Span::minutes(1);
    tell(&mut groups, &[(Told::Changed, changing.clone())], &receivers, now);
    assert!(tell(&mut groups, &[], &receivers, now + Span::minutes(1)).entry.is_empty());
    changing.severity = Severity::Critical;
    // What is critical waits for nobody.
    let told = tell(&mut groups, &[(Told::Changed, changing)], &receivers, now).entry;
    assert_eq!(told.outbox[0].body["commonAnnotations"]["summary"], "it is fuller");
}

#[test]
fn a_label_that_moves_an_alert_to_another_group_ends_it_in_the_old_one() {
    let mut own = receiver("hook", "");
    own.1.group_by = vec!["severity".into()];
    let receivers = [own];
    let mut groups = Groups::default();
    let mut moving = alert("DiskFull", "a", START);
    tell(&mut groups, &[(Told::Fired, moving.clone())], &receivers, START);
    tell(&mut groups, &[], &receivers, START + Span::secs(10));
    moving.severity = Severity::Critical;
    moving.labels = moving.labels.with("severity", "critical");
    let now = START + Span::minutes(1);
    let mut told = tell(&mut groups, &[(Told::Changed, moving)], &receivers, now).entry.outbox;
    told.extend(tell(&mut groups, &[], &receivers, now + Span::secs(10)).entry.outbox);
    let statuses: Vec<_> = told.iter().map(|message| &message.body["status"]).collect();
    assert_eq!(statuses, ["firing", "resolved"]);
    assert_eq!(groups.len(), 1);
}

#[test]
fn who_does_not_want_to_hear_of_ends_does_not() {
    let mut own = receiver("hook", "");
    own.0.send_resolved = false;
    let receivers = [own];
    let mut groups = Groups::default();
    let first = alert("DiskFull", "a", START);
    tell(&mut groups, &[(Told::Fired, first.clone())], &receivers, START);
    tell(&mut groups, &[], &receivers, START + Span::secs(10));
    let now = START + Span::minutes(1);
    tell(&mut groups, &[(Told::Resolved, ended(&first, now))], &receivers, now);
    let told = tell(&mut groups, &[], &receivers, now + Span::secs(10)).entry;
    assert!(told.outbox.is_empty());
    assert_eq!(told.events[0].body["sent"], false);
    assert!(groups.is_empty());
}

#[test]
fn an_alert_on_its_own_and_all_alerts_together_are_groups_too() {
    let mut alone = receiver("alone", "");
    alone.1.group_by = vec!["...".into()];
    let mut together = receiver("together", "");
    together.1.group_by = Vec::new();
    let receivers = [alone, together];
    let mut groups = Groups::default();
    let fired = ["a", "b", "c"].map(|host| (Told::Fired, alert("DiskFull", host, START)));
    tell(&mut groups, &fired, &receivers, START);
    let told = tell(&mut groups, &[], &receivers, START + Span::secs(10)).entry;
    let counts: Vec<_> = told
        .outbox
        .iter()
        .map(|message| {
            (message.receiver.as_str(), message.body["alerts"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(counts, [("alone", 1), ("alone", 1), ("alone", 1), ("together", 3)]);
}

#[test]
fn a_receiver_that_is_gone_is_forgotten() {
    let receivers = [receiver("hook", ""), receiver("mail", "")];
    let mut groups = Groups::default();
    tell(&mut groups, &[(Told::Fired, alert("DiskFull", "a", START))], &receivers, START);
    assert_eq!(groups.len(), 2);
    let told = tell(&mut groups, &[], &receivers[..1], START + Span::secs(10)).entry;
    assert_eq!((told.outbox.len(), groups.len()), (1, 1));
}

#[test]
fn a_clock_set_back_by_a_year_delays_nothing() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    tell(&mut groups, &[(Told::Fired, alert("DiskFull", "a", START))], &receivers, START);
    tell(&mut groups, &[], &receivers, START + Span::secs(10));
    tell(&mut groups, &[(Told::Fired, alert("DiskFull", "b", START))], &receivers, START);
    let now = START - Span::days(365);
    assert!(tell(&mut groups, &[], &receivers, now).entry.is_empty());
    assert_eq!(tell(&mut groups, &[], &receivers, now + Span::secs(10)).entry.outbox.len(), 1);
    let repeated = tell(&mut groups, &[], &receivers, now + Span::secs(10) + Span::hours(4));
    assert_eq!(repeated.entry.outbox.len(), 1);
}

#[test]
fn an_entry_that_could_not_be_recorded_comes_again() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    tell(&mut groups, &[(Told::Fired, alert("DiskFull", "a", START))], &receivers, START);
    let now = START + Span::secs(10);
    let lost = noticed(&groups, &[], &receivers, now);
    let again = noticed(&groups, &[], &receivers, now);
    assert_eq!(lost, again);
    assert_eq!(again.entry.outbox.len(), 1);
}

#[tokio::test]
async fn however_many_and_large_alerts_are_the_journal_takes_the_entry() {
    let journal = memory().await;
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    for (number, letter) in [(4_000, "x"), (300, "\u{1}"), (3, "ü")] {
        let name = format!("Storm{number}");
        let fired: Vec<_> = (0..number)
            .map(|host| {
                let mut large = alert(&name, &host.to_string(), START);
                let times = if number > 1_000 { 10 } else { 8_000 };
                large.annotations = Labels::from_pairs([("description", letter.repeat(times))]);
                (Told::Fired, large)
            })
            .collect();
        tell(&mut groups, &fired, &receivers, START);
    }
    let entry = tell(&mut groups, &[], &receivers, START + Span::secs(10)).entry;
    let truncated: Vec<_> = entry
        .outbox
        .iter()
        .map(|message| {
            let body = &message.body;
            (body["truncatedAlerts"].as_u64().unwrap(), body["alerts"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(truncated[2], (3_500, 500));
    assert_eq!(truncated[0], (0, 3));
    assert_eq!(truncated[1].0 + truncated[1].1 as u64, 300);
    journal.record(entry).await.unwrap();
}

#[test]
fn times_that_no_calendar_has_are_told_as_the_nearest() {
    let receivers = [receiver("hook", "")];
    let mut groups = Groups::default();
    tell(&mut groups, &[(Told::Fired, alert("DiskFull", "a", Time::MIN))], &receivers, START);
    let told = tell(&mut groups, &[], &receivers, START + Span::secs(10)).entry;
    assert!(told.outbox[0].body["alerts"][0]["startsAt"].as_str().unwrap().starts_with("-009999"));
}
