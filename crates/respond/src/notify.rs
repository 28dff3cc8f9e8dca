//! What each receiver is told, decided without a clock, a file or a network.

use journal::{Entry, NewEvent, NewMessage};
use model::{Alert, Severity, Time};
use serde_json::{Map, Value, json};

use crate::{
    Groups, Told,
    groups::{Group, GroupId, Hushed, Member},
    quiet::{Hush, Silences},
    routing::Directory,
    via::{
        evidence_json,
        webhook::{self, Notice},
    },
};

/// The kind of the event that says what a receiver was told about a group; its subject names both.
pub const NOTIFIED: &str = "notified";
/// How much of the alerts a `notified` event holds in full, in bytes of JSON; of the rest, their
/// identities only.
const DETAIL_BYTES_MAX: usize = 96 << 10;
/// How much of a group's labels a `notified` event shows, in bytes.
const GROUP_TEXT_MAX: usize = 512;

/// What is to be recorded, and what holds once it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notices {
    /// Messages for the outbox, and the events that remember them. To be recorded in one entry
    /// with the alert events they follow from.
    pub entry: Entry,
    /// The groups to go on with once the entry is recorded, and not before.
    pub groups: Groups,
}

/// What decides who is told what.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Who is told of what.
    pub directory: &'a Directory,
    /// What people do not want to be told.
    pub silences: &'a Silences,
    /// Every alert that holds, after what happened; some keep others quiet.
    pub alerts: &'a [Alert],
    /// The moment.
    pub now: Time,
    /// Where people reach this server; messages link there.
    pub external_url: &'a str,
}

/// Decides what receivers are told, given what happened to alerts since the last call. To be
/// called whenever something happened or a silence changed, and at [`Groups::next_due`].
pub fn notify(groups: &Groups, transitions: &[(Told, Alert)], scene: &Scene<'_>) -> Notices {
    let Scene { directory, silences, alerts, now, .. } = *scene;
    let mut notices = Notices { entry: Entry::default(), groups: groups.clone() };
    notices.groups.mend_times(now);
    if groups.has_strangers(directory) {
        notices.groups.all().retain(|id, _| directory.knows(&id.receiver));
    }
    for (told, alert) in transitions {
        notices.groups.take(directory, *told, alert, now);
    }
    if !notices.groups.moved.is_empty() {
        take_back(&mut notices, now);
    }
    let known = groups.hushed;
    let old = known.silences != silences.version() || known.until.is_some_and(|until| until <= now);
    if old || !transitions.is_empty() {
        let hush = Hush::of(directory, silences, alerts, now);
        notices.groups.look(&hush, now);
        notices.groups.hushed = hushed(scene);
    }
    if notices.groups.next_due().is_some_and(|due| due <= now) {
        let Notices { entry, groups } = &mut notices;
        for (id, group) in groups.all() {
            if group.next().is_some_and(|due| due <= now) {
                tell(scene, id, group, entry);
            }
        }
        groups.all().retain(|_, group| !group.members.is_empty());
    }
    notices
}

/// How long holds what is known now of who is quiet.
fn hushed(scene: &Scene<'_>) -> Hushed {
    let minute = scene.directory.has_silent_times().then(|| {
        let millis = scene.now.millis();
        Time(millis.saturating_add(60_000 - millis.rem_euclid(60_000)))
    });
    let until = [scene.silences.next_turn(scene.now), minute].into_iter().flatten().min();
    Hushed { silences: scene.silences.version(), until }
}

/// Tells a receiver about a group whose time has come.
fn tell(scene: &Scene<'_>, id: &GroupId, group: &mut Group, entry: &mut Entry) {
    let Scene { now, external_url, .. } = *scene;
    let shown = |member: &&Member| member.shown(group.way.send_resolved);
    let firing = group.members.values().filter(shown).any(Member::firing);
    let repeat = group.repeat().is_some_and(|at| at <= now);
    let speaks = repeat || group.changed();
    let ended = group.ended();
    if !speaks && !ended {
        group.due = None;
        return;
    }
    if speaks {
        let lane = id.hex();
        let reason = reason(group, firing);
        let alerts: Vec<&Alert> =
            group.members.values().filter(shown).map(|member| &*member.alert).collect();
        let body =
            webhook::message(&Notice { id, alerts, beyond: group.beyond, reason, external_url });
        let status = if firing { "firing" } else { "resolved" };
        entry.outbox.push(NewMessage {
            receiver: id.receiver.to_string(),
            key: format!("{lane}-{}-{status}", now.millis()),
            lane,
            due: now,
            body,
        });
    }
    group.settle(speaks.then_some(now));
    let body = remember(id, group, speaks);
    entry.events.push(NewEvent { at: now, kind: NOTIFIED.to_owned(), subject: id.subject(), body });
}

/// Why a receiver is told now, in the words of Alertmanager since its version 0.32.
fn reason(group: &Group, firing: bool) -> &'static str {
    let some = |holds: fn(&Member) -> bool| group.members.values().any(holds);
    if !some(|own| own.told.is_some()) {
        "first notification"
    } else if some(|own| own.unheard() || (own.again && own.firing() && !own.quiet)) {
        "new alerts added"
    } else if some(|own| own.firing() && !own.quiet && own.told != Some(own.alert.severity)) {
        "severity changed"
    } else if !firing {
        "all alerts resolved"
    } else if group.ended() {
        "some alerts resolved"
    } else {
        "repeat interval elapsed"
    }
}

/// Writes down that alerts told of in one group are now remembered in another.
fn take_back(notices: &mut Notices, now: Time) {
    let event = |subject, body| NewEvent { at: now, kind: NOTIFIED.to_owned(), subject, body };
    let Notices { entry, groups } = notices;
    for subject in std::mem::take(&mut groups.moved) {
        entry.events.push(event(subject, json!({"sent": false})));
    }
    for (id, group) in groups.all() {
        if std::mem::take(&mut group.unwritten) {
            entry.events.push(event(id.subject(), remember(id, group, false)));
        }
    }
}

/// What a `notified` event holds: enough to tell of the end of every alert after a restart.
fn remember(id: &GroupId, group: &Group, sent: bool) -> Value {
    let mut named = Vec::new();
    let mut others = Map::new();
    let mut again = Vec::new();
    let mut bytes = 0;
    for member in group.members.values() {
        let Some(told) = member.told else { continue };
        let full = (bytes < DETAIL_BYTES_MAX).then(|| alert_json(member, told));
        bytes += full.as_ref().map_or(0, |full| full.to_string().len());
        if let Some(full) = full.filter(|_| bytes <= DETAIL_BYTES_MAX) {
            named.push(full);
        } else {
            others.insert(member.alert.id.hex(), told.word().into());
            again.extend(member.again.then(|| member.alert.id.hex()));
        }
    }
    let text = id.labels.to_string();
    let text = text.get(..text.floor_char_boundary(GROUP_TEXT_MAX)).unwrap_or_default();
    json!({
        "receiver": &*id.receiver,
        "route": &*id.route,
        "group": text,
        "sent": sent,
        "told_at": group.told_at.map(Time::millis),
        "firing": named,
        "others": others,
        "again": again,
    })
}

fn alert_json(member: &Member, told: Severity) -> Value {
    let alert = &*member.alert;
    let mut json = json!({
        "id": alert.id.hex(),
        "source": alert.source,
        "severity": told.word(),
        "active_at": alert.active_at.millis(),
        "fired_at": alert.fired_at.map(Time::millis),
        "labels": webhook::object(&alert.labels),
        "annotations": webhook::object(&alert.annotations),
        "evidence": evidence_json(&alert.evidence),
    });
    if member.again {
        json["again"] = Value::Bool(true);
    }
    json
}
