//! Silences, alerts that stand for others, and routes that are silent at times.

use std::path::Path;

use journal::{Entry, Journal};
use model::{Alert, Labels, Severity, Span, Time};
use respond::{
    Groups, Notices, Receiver, Scene, Told, notify,
    quiet::{
        Hush, SilenceDraft, SilenceError, SilenceState, Silences, Window, WindowText,
        restore_silences,
    },
    restore,
    routing::{Directory, Timing, parse_matchers, read_alertmanager},
};

use crate::common::{START, URL, alert, ended, memory};

const FILE: &str = r#"
route:
  receiver: desk
  group_by: [alertname]
  group_wait: 0s
  routes:
  - matchers: [host="night"]
    mute_time_intervals: [night]
    receiver: desk
receivers: [{name: desk}]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity=~"warning|info"]
  equal: [host]
time_intervals:
# START is at 10:26:40.
- {name: night, time_intervals: [{times: [{start_time: '10:00', end_time: '10:30'}]}]}
"#;

fn directory() -> Directory {
    let file = read_alertmanager("a.yml", FILE, Path::new("")).unwrap();
    let desk = (Receiver::web_hook("desk", "http://127.0.0.1:1", None), Timing::default());
    Directory::routed([desk], &file).unwrap()
}

fn draft(matchers: &str, from: Time, hours: i64) -> SilenceDraft {
    SilenceDraft {
        id: None,
        matchers: parse_matchers(matchers).unwrap(),
        starts_at: from,
        ends_at: from + Span::hours(hours),
        created_by: "ada".into(),
        comment: "we mend it".into(),
        confirmed: None,
    }
}

/// Everything that decides who is told, moved on step by step.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) directory: Directory,
    pub(crate) silences: Silences,
    pub(crate) groups: Groups,
    pub(crate) alerts: Vec<Alert>,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { directory: directory(), ..Self::default() }
    }

    pub(crate) fn step(&mut self, told: Option<&(Told, Alert)>, now: Time) -> Notices {
        if let Some((told, alert)) = told {
            self.alerts.retain(|own| own.id != alert.id);
            if *told != Told::Resolved {
                self.alerts.push(alert.clone());
            }
        }
        let scene = Scene {
            directory: &self.directory,
            silences: &self.silences,
            alerts: &self.alerts,
            now,
            external_url: URL,
        };
        let notices = notify(&self.groups, told.map_or(&[], std::slice::from_ref), &scene);
        self.groups = notices.groups.clone();
        notices
    }

    /// What was told: statuses of the alerts of each message.
    #[expect(clippy::needless_pass_by_value, reason = "what happens is written where it happens")]
    pub(crate) fn said(&mut self, told: Option<(Told, Alert)>, now: Time) -> Vec<String> {
        let notices = self.step(told.as_ref(), now);
        let alerts = |body: &serde_json::Value| {
            let each = body["alerts"].as_array().unwrap().iter().map(|alert| {
                let word = |own: &serde_json::Value| own.as_str().unwrap().to_owned();
                format!("{} {}", word(&alert["labels"]["host"]), word(&alert["status"]))
            });
            each.collect::<Vec<_>>().join(", ")
        };
        notices.entry.outbox.iter().map(|message| alerts(&message.body)).collect()
    }

    pub(crate) fn silence(&mut self, matchers: &str, from: Time, hours: i64, now: Time) -> String {
        let (next, id, _) = self.silences.set(draft(matchers, from, hours), now).unwrap();
        self.silences = next;
        id
    }
}

#[test]
fn a_silenced_alert_is_told_when_the_silence_ends_and_it_still_fires() {
    let mut room = Room::new();
    let id = room.silence("host=a", START, 1, START);
    let first = alert("DiskFull", "a", START);
    assert!(room.said(Some((Told::Fired, first.clone())), START).is_empty());
    assert!(room.groups.next_due().is_some_and(|due| due <= START + Span::hours(1)));
    let hush = Hush::of(&room.directory, &room.silences, &room.alerts, START);
    assert_eq!(hush.why(&first).silenced_by, [id]);
    assert!(room.said(None, START + Span::minutes(59)).is_empty());
    assert_eq!(room.said(None, START + Span::hours(1)), ["a firing"]);
    assert!(room.said(None, START + Span::hours(2)).is_empty());
}

#[test]
fn what_ends_under_a_silence_is_told_only_to_those_who_heard_of_it() {
    let mut room = Room::new();
    let (heard, unheard) = (alert("DiskFull", "a", START), alert("DiskFull", "b", START));
    assert_eq!(room.said(Some((Told::Fired, heard.clone())), START), ["a firing"]);
    room.silence("alertname=DiskFull", START, 10, START);
    assert!(room.said(Some((Told::Fired, unheard.clone())), START).is_empty());
    // Nothing is repeated under a silence.
    assert!(room.said(None, START + Span::hours(5)).is_empty());
    let now = START + Span::hours(6);
    assert!(room.said(Some((Told::Resolved, ended(&unheard, now))), now).is_empty());
    assert_eq!(room.said(Some((Told::Resolved, ended(&heard, now))), now), ["a resolved"]);
    assert!(room.groups.is_empty());
}

#[test]
fn a_silence_that_comes_and_goes_makes_no_second_page() {
    let mut room = Room::new();
    let first = alert("DiskFull", "a", START);
    assert_eq!(room.said(Some((Told::Fired, first)), START), ["a firing"]);
    let id = room.silence("host=a", START, 1, START);
    assert!(room.said(None, START + Span::minutes(1)).is_empty());
    let (next, _) = room.silences.expire(&id, START + Span::minutes(2)).unwrap();
    room.silences = next;
    assert!(room.said(None, START + Span::minutes(3)).is_empty());
    assert!(room.said(None, START + Span::minutes(90)).is_empty());
}

#[test]
fn a_critical_alert_keeps_the_warnings_of_its_host_quiet() {
    let mut room = Room::new();
    let mut critical = alert("HostDown", "a", START);
    critical.severity = Severity::Critical;
    critical.labels = critical.labels.with("severity", "critical");
    let (near, far) = (alert("DiskFull", "a", START), alert("DiskFull", "b", START));
    room.alerts = vec![critical.clone(), near.clone()];
    assert_eq!(room.said(Some((Told::Fired, critical.clone())), START), ["a firing"]);
    assert!(room.said(Some((Told::Fired, near.clone())), START).is_empty());
    assert_eq!(room.said(Some((Told::Fired, far)), START), ["b firing"]);
    let hush = Hush::of(&room.directory, &room.silences, &room.alerts, START);
    assert_eq!(hush.why(&near).inhibited_by, [critical.id]);
    assert!(hush.why(&critical).is_loud());
    let now = START + Span::minutes(5);
    let told = room.said(Some((Told::Resolved, ended(&critical, now))), now);
    assert_eq!(told, ["a firing, b firing", "a resolved"]);
}

#[test]
fn a_route_that_is_silent_at_night_speaks_in_the_morning() {
    let mut room = Room::new();
    let night = alert("DiskFull", "night", START);
    assert!(room.said(Some((Told::Fired, night.clone())), START).is_empty());
    let hush = Hush::of(&room.directory, &room.silences, &room.alerts, START);
    assert_eq!(hush.why(&night).muted_by, ["night"]);
    // It looks again at every full minute.
    assert_eq!(room.groups.next_due(), Some(START + Span::secs(20)));
    let mut now = START;
    let mut told = Vec::new();
    while told.is_empty() {
        now = room.groups.next_due().unwrap();
        told = room.said(None, now);
    }
    assert_eq!((told, now), (vec!["night firing".to_owned()], START + Span::secs(200)));
}

#[tokio::test]
async fn silences_outlive_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut silences = Silences::default();
    let mut ids = Vec::new();
    let journal = Journal::open(&path).await.unwrap();
    for text in [r#"a="x\ny""#, "b=~\"c|d\",e!=f", "\"ü ö\"!~\"z\""] {
        let mut draft = draft(text, START, 1);
        draft.matchers.extend(parse_matchers("host=a").unwrap());
        let (next, id, events) = silences.set(draft, START).unwrap();
        journal.record(Entry { events, outbox: Vec::new() }).await.unwrap();
        silences = next;
        ids.push(id);
    }
    let (next, event) = silences.expire(&ids[1], START + Span::minutes(5)).unwrap();
    journal.record(Entry { events: vec![event], outbox: Vec::new() }).await.unwrap();
    drop(journal);
    let journal = Journal::open(&path).await.unwrap();
    let now = START + Span::minutes(10);
    let again = restore_silences(&journal, now).await.unwrap();
    let all = |own: &Silences| own.all().cloned().collect::<Vec<_>>();
    assert_eq!(all(&again), all(&next));
    let states: Vec<_> = ids.iter().map(|id| again.get(id).unwrap().state(now)).collect();
    assert_eq!(states, [SilenceState::Active, SilenceState::Expired, SilenceState::Active]);
    assert!(
        restore_silences(&journal, START + Span::days(6)).await.unwrap().all().next().is_none()
    );
}

#[tokio::test]
async fn what_is_quiet_at_a_restart_stays_quiet() {
    let mut room = Room::new();
    room.silence("host=a", START, 1, START);
    let first = alert("DiskFull", "a", START);
    room.step(Some(&(Told::Fired, first.clone())), START);
    let now = START + Span::minutes(1);
    room.groups = restore(&memory().await, &room.directory, &[first], now).await.unwrap();
    assert!(room.said(None, now).is_empty());
    assert!(room.said(None, now + Span::minutes(1)).is_empty());
    assert_eq!(room.said(None, START + Span::hours(1)), ["a firing"]);
}

#[test]
fn a_silence_says_what_it_is_for() {
    let silences = Silences::default();
    let wrong = |change: fn(&mut SilenceDraft)| {
        let mut own = draft("host=a", START, 1);
        change(&mut own);
        silences.set(own, START).unwrap_err().to_string()
    };
    assert!(wrong(|own| own.comment = " ".into()).contains("reason"));
    assert!(wrong(|own| own.created_by.clear()).contains("name"));
    assert!(wrong(|own| own.matchers.clear()).contains("conditions"));
    assert!(wrong(|own| own.matchers = parse_matchers("a=~.*,b!=c").unwrap()).contains("empty"));
    assert!(wrong(|own| own.ends_at = own.starts_at).contains("before"));
    assert!(wrong(|own| own.ends_at = START - Span::days(2)).contains("before"));
    let missing = SilenceDraft { id: Some("x".into()), ..draft("host=a", START, 1) };
    let error = silences.set(missing, START).unwrap_err();
    assert_eq!(error, SilenceError::Missing { id: "x".into() });
    for (text, everything) in [
        ("alertname=~\".+\"", true),
        ("alertname!=\"\"", true),
        ("a=~\".+\",b!=c", true),
        ("a=b", false),
        ("a=~\"b.*\"", false),
        ("a=~\".+\",b=c", false),
    ] {
        assert_eq!(draft(text, START, 1).matches_everything(), everything, "{text}");
    }
}

#[test]
fn a_silence_may_be_changed_and_one_that_means_others_replaces_it() {
    let (silences, id, _) = Silences::default().set(draft("host=a", START, 1), START).unwrap();
    let later = START + Span::minutes(1);
    let longer = SilenceDraft { id: Some(id.clone()), ..draft("host=a", START, 2) };
    let (silences, same, events) = silences.set(longer, later).unwrap();
    assert_eq!((&same, events.len()), (&id, 1));
    let other = SilenceDraft { id: Some(id.clone()), ..draft("host=b", START, 2) };
    let (silences, new, events) = silences.set(other, later).unwrap();
    assert_eq!(events.len(), 2);
    assert_ne!(new, id);
    assert_eq!(silences.get(&id).unwrap().state(later), SilenceState::Expired);
    let labels = Labels::from_pairs([("host", "b")]);
    assert!(silences.get(&new).unwrap().matches(&labels));
    assert!(silences.expire(&id, later).is_err());
}

#[test]
fn a_silent_sender_is_told_once_and_what_is_forgotten_is_not_told_at_all() {
    let mut room = Room::new();
    let first = alert("DiskFull", "a", START);
    assert_eq!(room.said(Some((Told::Fired, first.clone())), START), ["a firing"]);
    let now = START + Span::minutes(20);
    assert_eq!(room.said(Some((Told::Silent, first.clone())), now), ["a firing"]);
    assert!(room.said(None, now + Span::minutes(1)).is_empty());
    let now = START + Span::hours(2);
    let forgotten = room.step(Some(&(Told::Forgotten, first)), now).entry;
    assert!(forgotten.outbox.is_empty());
    // After a restart nobody remembers that it was told.
    assert_eq!(forgotten.events[0].body["sent"], false);
    assert!(room.groups.is_empty());
}

#[test]
fn what_speaks_against_a_silence_is_said() {
    let seen: Vec<Labels> =
        (0..20).map(|n| Labels::from_pairs([("host", if n < 7 { "a" } else { "b" })])).collect();
    let doubts = |text: &str, hours| {
        let doubts = draft(text, START, hours).doubts(&seen, Span::days(30));
        doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert!(doubts("host=a", 1).contains("7 of the 20"));
    assert!(doubts("host=~\"a|c\"", 1).contains("7 of the 20"));
    assert_eq!(doubts("host=c", 1), "");
    assert!(doubts("host=c", 31 * 24).contains("30d"));
    assert!(doubts("host=~\"c.*\"", 1).contains("names a value"));
    assert!(doubts("host!=a", 1).starts_with("this silence would match everything"));
}

#[test]
fn where_few_alerts_were_seen_a_silence_of_all_of_them_is_doubted_unless_one_cause_may_be_behind_them()
 {
    let seen = |names: &[&str]| -> Vec<Labels> {
        let of = |name: &&str| Labels::from_pairs([("alertname", *name), ("severity", "page")]);
        names.iter().map(of).collect()
    };
    let doubts = |text: &str, names: &[&str]| {
        draft(text, START, 1).doubts(&seen(names), Span::days(30)).len()
    };
    assert_eq!(doubts("severity=~\"page|critical\"", &["Full", "Down", "Slow", "Full"]), 1);
    assert_eq!(doubts("severity=~\"page|critical\"", &["Full", "Full", "Full"]), 0);
    assert_eq!(doubts("alertname=Full", &["Full", "Down", "Slow", "Full"]), 0);
}

#[test]
fn what_still_fires_when_a_window_ends_is_told_then_and_not_before() {
    let matchers = vec!["host=\"a\"".to_owned()];
    let text = WindowText {
        name: "backup",
        reason: "the disks are busy",
        matchers: &matchers,
        // START is at 10:26:40.
        minutes: (10 * 60 + 20, 10 * 60 + 40),
        weekdays: &[],
        days_of_month: &[],
        zone: None,
    };
    let mut room = Room::new();
    room.directory = directory().with_windows(vec![Window::read(&text).unwrap()]);
    let (own, other) = (alert("DiskFull", "a", START), alert("HostDown", "b", START));
    assert!(room.said(Some((Told::Fired, own.clone())), START).is_empty());
    let hush = Hush::of(&room.directory, &room.silences, &room.alerts, START);
    assert_eq!(hush.why(&own).muted_by, ["backup"]);
    assert_eq!(room.said(Some((Told::Fired, other)), START), ["b firing"]);
    let mut now = START;
    let told = loop {
        now = room.groups.next_due().unwrap().max(now + Span::millis(1));
        let told = room.said(None, now);
        if !told.is_empty() {
            break told;
        }
    };
    assert_eq!(told, ["a firing"]);
    assert_eq!(now, START + Span::secs(800));
}
