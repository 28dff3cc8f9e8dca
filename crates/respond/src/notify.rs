//! What each receiver is told, decided without a clock, a file or a network.

use journal::{Entry, NewEvent, NewMessage};
use model::{Alert, Severity, Time};
use serde_json::{Map, Value, json};

use crate::{
    Groups, Receiver, Told,
    groups::{Group, GroupId, Member},
    webhook::{self, Notice},
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

/// Decides what receivers are told, given what happened to alerts since the last call, and that it
/// is now `now`. To be called whenever something happened, and at [`Groups::next_due`].
///
/// `external_url` is where people reach this server; messages link there.
pub fn notify(
    groups: &Groups,
    transitions: &[(Told, Alert)],
    receivers: &[Receiver],
    now: Time,
    external_url: &str,
) -> Notices {
    let mut notices = Notices { entry: Entry::default(), groups: groups.clone() };
    notices.groups.mend_times(receivers, now);
    if groups.has_strangers(receivers) {
        let known = |name: &str| receivers.iter().any(|receiver| receiver.name == name);
        notices.groups.all().retain(|id, _| known(&id.receiver));
    }
    if !groups.moved.is_empty() {
        take_back(&mut notices, now);
    }
    for (told, alert) in transitions {
        for receiver in receivers {
            notices.groups.take(receiver, *told, alert, now);
        }
    }
    if notices.groups.next_due(receivers).is_some_and(|due| due <= now) {
        let Notices { entry, groups } = &mut notices;
        for (id, group) in groups.all() {
            let receiver = receivers.iter().find(|receiver| receiver.name == *id.receiver);
            let Some(receiver) =
                receiver.filter(|own| group.next(own).is_some_and(|due| due <= now))
            else {
                continue;
            };
            let telling = Telling { receiver, id, now, external_url };
            tell(&telling, group, entry);
        }
        groups.all().retain(|_, group| !group.members.is_empty());
    }
    notices
}

struct Telling<'a> {
    receiver: &'a Receiver,
    id: &'a GroupId,
    now: Time,
    external_url: &'a str,
}

/// Tells a receiver about a group whose time has come.
fn tell(telling: &Telling<'_>, group: &mut Group, entry: &mut Entry) {
    let Telling { receiver, id, now, external_url } = *telling;
    let firing = group.members.values().any(Member::firing);
    let repeat =
        firing && group.told_at.is_some_and(|told_at| told_at + receiver.repeat_interval <= now);
    let speaks = repeat || group.changed(receiver);
    let ended = group.ended();
    if !speaks && !ended {
        group.due = None;
        return;
    }
    if speaks {
        let lane = id.hex();
        let alerts: Vec<&Alert> = group
            .members
            .values()
            .filter(|member| member.firing() || receiver.send_resolved)
            .map(|member| &*member.alert)
            .collect();
        let body =
            webhook::message(&Notice { receiver, id, alerts, beyond: group.beyond, external_url });
        let status = if firing { "firing" } else { "resolved" };
        entry.outbox.push(NewMessage {
            receiver: receiver.name.clone(),
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
    let mut bytes = 0;
    for member in group.members.values() {
        let Some(told) = member.told else { continue };
        let full = (bytes < DETAIL_BYTES_MAX).then(|| alert_json(&member.alert, told));
        bytes += full.as_ref().map_or(0, |full| full.to_string().len());
        match full.filter(|_| bytes <= DETAIL_BYTES_MAX) {
            Some(full) => named.push(full),
            None => drop(others.insert(member.alert.id.hex(), told.word().into())),
        }
    }
    let text = id.labels.to_string();
    let text = text.get(..text.floor_char_boundary(GROUP_TEXT_MAX)).unwrap_or_default();
    json!({
        "receiver": &*id.receiver,
        "group": text,
        "sent": sent,
        "told_at": group.told_at.map(Time::millis),
        "firing": named,
        "others": others,
    })
}

fn alert_json(alert: &Alert, told: Severity) -> Value {
    json!({
        "id": alert.id.hex(),
        "source": alert.source,
        "severity": told.word(),
        "active_at": alert.active_at.millis(),
        "fired_at": alert.fired_at.map(Time::millis),
        "labels": webhook::object(&alert.labels),
        "annotations": webhook::object(&alert.annotations),
    })
}
