//! What each receiver was told, and what waits to be told: a fold over alerts and time.

mod group;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(crate) use group::{Group, Member};
use model::{Alert, AlertId, AlertState, Labels, Severity, Span, Time};

use crate::{
    Told,
    quiet::Hush,
    routing::{Directory, Way},
};

/// More groups than this are not kept apart; alerts of further ones share a group.
const GROUPS_MAX: usize = 5_000;
/// More alerts than this in one group are counted, not named.
pub(crate) const GROUP_ALERTS_MAX: usize = 3_000;

/// What each receiver was last told about each group, and what waits to be told. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    all: Arc<BTreeMap<GroupId, Group>>,
    /// Subjects of events that speak of alerts which now belong to other groups, because the
    /// settings group them differently. The next entry takes those events back.
    pub(crate) moved: BTreeSet<String>,
    /// Since when it is known who is quiet.
    pub(crate) hushed: Hushed,
}

/// For which silences it is known who is quiet, and how long that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hushed {
    pub(crate) silences: u64,
    pub(crate) until: Option<Time>,
}

/// A group of alerts as one receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupId {
    pub(crate) receiver: Arc<str>,
    /// The route that leads there; empty if the receiver is told of everything.
    pub(crate) route: Arc<str>,
    pub(crate) labels: Labels,
}

impl GroupId {
    /// Sixteen digits for it, the same on every machine.
    pub(crate) fn hex(&self) -> String {
        if self.route.is_empty() {
            return AlertId::of(&self.receiver, &self.labels).hex();
        }
        AlertId::of(&format!("{}\n{}", self.receiver, self.route), &self.labels).hex()
    }

    /// The subject of the events about it.
    pub(crate) fn subject(&self) -> String {
        format!("{}/{}", self.receiver, self.hex())
    }
}

impl Groups {
    /// When [`crate::notify`] has something to say even if nothing more happens.
    pub fn next_due(&self) -> Option<Time> {
        if !self.moved.is_empty() {
            return Some(Time::MIN);
        }
        let looks = self.hushed.until.filter(|_| !self.all.is_empty());
        self.all.values().filter_map(Group::next).chain(looks).min()
    }

    /// The alerts that a receiver was told of and that fire still, unless they are quiet now.
    pub fn standing(&self, receiver: &str) -> Vec<Alert> {
        let groups =
            self.all.iter().filter(|(id, group)| *id.receiver == *receiver && !group.silent);
        let members = groups.flat_map(|(_, group)| group.members.values());
        let told = members.filter(|own| own.firing() && !own.quiet && own.told.is_some());
        told.map(|own| Alert::clone(&own.alert)).collect()
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nobody has been told of anything that still holds.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Brings moments that lie further ahead than they can back to where they may be: somebody
    /// has set the clock back.
    pub(crate) fn mend_times(&mut self, now: Time) {
        let latest = |group: &Group| {
            let timing = &group.way.timing;
            now + timing.group_wait.max(timing.group_interval.unwrap_or(Span::ZERO))
        };
        let ahead = |group: &Group| {
            group.told_at > Some(now) || group.due.is_some_and(|due| due > latest(group))
        };
        if self.all.values().any(ahead) {
            for group in self.all().values_mut() {
                let latest = latest(group);
                group.told_at = group.told_at.map(|told_at| told_at.min(now));
                group.due = group.due.map(|due| due.min(latest));
            }
        }
    }

    /// Looks anew who is quiet and which routes are silent; it holds until the next silence begins
    /// or ends, or, where routes are silent at times, until the next minute.
    pub(crate) fn look(&mut self, hush: &Hush<'_>, now: Time) {
        if self.all.is_empty() {
            return;
        }
        for (id, group) in self.all() {
            group.look(&id.receiver, hush, now);
        }
    }

    pub(crate) fn all(&mut self) -> &mut BTreeMap<GroupId, Group> {
        Arc::make_mut(&mut self.all)
    }

    /// Whether a receiver has gone, with groups of its own.
    pub(crate) fn has_strangers(&self, directory: &Directory) -> bool {
        self.all.keys().any(|id| !directory.knows(&id.receiver))
    }

    /// Takes in what happened to an alert: for the receivers on its ways, and for those who were
    /// told of it before.
    pub(crate) fn take(&mut self, directory: &Directory, told: Told, alert: &Alert, now: Time) {
        if told == Told::Forgotten {
            return self.forget(alert.id);
        }
        let ways = directory.ways(&alert.labels);
        if told != Told::Fired {
            for id in self.holders(alert.id) {
                let stays = |way: &Arc<Way>| way.receiver == id.receiver;
                if told == Told::Resolved || !ways.iter().any(stays) {
                    self.release(&id, alert, now);
                }
            }
        }
        if told != Told::Resolved {
            for way in &ways {
                self.take_on(way, told, alert, now);
            }
        }
    }

    /// The same for one receiver, which is on the alert's ways.
    pub(crate) fn take_on(&mut self, way: &Arc<Way>, told: Told, alert: &Alert, now: Time) {
        let home = self.home(way, alert);
        let held = match told {
            Told::Fired => None,
            _ => self.holder(&home, alert.id),
        };
        if told == Told::Resolved || alert.state == AlertState::Resolved {
            if let Some(id) = held {
                self.release(&id, alert, now);
            }
            return;
        }
        // Its labels have changed so that it belongs elsewhere: for the old group it has ended.
        if let Some(left) = held.as_ref().filter(|id| **id != home) {
            self.release(left, alert, now);
        }
        // Once told of, an alert is followed until it ends, even when it gets better.
        let known = held.is_some()
            || self.all.get(&home).is_some_and(|group| group.members.contains_key(&alert.id));
        if alert.state == AlertState::Firing && (alert.told || known) {
            self.hold((way, home.clone()), alert, None, now);
            if told == Told::Silent
                && let Some(group) = self.all().get_mut(&home)
            {
                group.tell_again(alert, now);
            }
        }
    }

    /// Takes an alert out of every group. The journal's memory of who was told of it goes, too.
    fn forget(&mut self, alert: AlertId) {
        for id in self.holders(alert) {
            self.moved.insert(id.subject());
            let Some(group) = self.all().get_mut(&id) else { continue };
            group.members.remove(&alert);
            group.unwritten = true;
            if group.members.is_empty() {
                self.all().remove(&id);
            }
        }
    }

    fn release(&mut self, id: &GroupId, alert: &Alert, now: Time) {
        if let Some(group) = self.all().get_mut(id) {
            group.release(alert, now);
        }
    }

    pub(crate) fn hold(
        &mut self,
        (way, home): (&Arc<Way>, GroupId),
        alert: &Alert,
        told: Option<Severity>,
        now: Time,
    ) {
        let group = self.all().entry(home).or_insert_with(|| Group::new(Arc::clone(way)));
        group.hold(alert, told, now);
    }

    /// The group an alert belongs to.
    pub(crate) fn home(&self, way: &Arc<Way>, alert: &Alert) -> GroupId {
        let of = |labels| GroupId {
            receiver: Arc::clone(&way.receiver),
            route: Arc::clone(&way.route),
            labels,
        };
        let id = of(way.timing.group_of(alert));
        if self.all.len() < GROUPS_MAX || self.all.contains_key(&id) {
            id
        } else {
            of(Labels::empty())
        }
    }

    /// The group of a receiver that holds an alert: nearly always its home.
    fn holder(&self, home: &GroupId, alert: AlertId) -> Option<GroupId> {
        if self.all.get(home).is_some_and(|group| group.members.contains_key(&alert)) {
            return Some(home.clone());
        }
        self.holders(alert).into_iter().find(|id| id.receiver == home.receiver)
    }

    /// The groups that hold an alert, of every receiver.
    fn holders(&self, alert: AlertId) -> Vec<GroupId> {
        let holding = self.all.iter().filter(|(_, group)| group.members.contains_key(&alert));
        holding.map(|(id, _)| id.clone()).collect()
    }
}
