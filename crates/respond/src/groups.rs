//! What each receiver was told, and what waits to be told: a fold over alerts and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Alert, AlertId, AlertState, Labels, Severity, Span, Time};

use crate::{Receiver, Told};

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
}

/// A group of alerts as one receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupId {
    pub(crate) receiver: Arc<str>,
    pub(crate) labels: Labels,
}

impl GroupId {
    /// Sixteen digits for it, the same on every machine.
    pub(crate) fn hex(&self) -> String {
        AlertId::of(&self.receiver, &self.labels).hex()
    }

    /// The subject of the events about it.
    pub(crate) fn subject(&self) -> String {
        format!("{}/{}", self.receiver, self.hex())
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) members: BTreeMap<AlertId, Member>,
    /// Alerts that began when the group was full.
    pub(crate) beyond: u64,
    /// When a change that waits is to be told.
    pub(crate) due: Option<Time>,
    /// When the receiver was last told.
    pub(crate) told_at: Option<Time>,
    /// Alerts came from another group, and no event says so yet.
    pub(crate) unwritten: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) alert: Arc<Alert>,
    /// As how bad it was last told; not at all yet, if none.
    pub(crate) told: Option<Severity>,
}

impl Member {
    pub(crate) fn firing(&self) -> bool {
        self.alert.state == AlertState::Firing
    }

    /// Whether its beginning or its getting worse or better is still to be told.
    fn news(&self) -> bool {
        self.firing() && self.told != Some(self.alert.severity)
    }
}

impl Group {
    /// When there is something to tell: a change, or what still holds once more.
    pub(crate) fn next(&self, receiver: &Receiver) -> Option<Time> {
        let repeat = self
            .told_at
            .filter(|_| self.members.values().any(Member::firing))
            .map(|told_at| told_at + receiver.repeat_interval);
        [self.due, repeat].into_iter().flatten().min()
    }

    /// Whether the receiver wants to hear what changed.
    pub(crate) fn changed(&self, receiver: &Receiver) -> bool {
        self.members
            .values()
            .any(|member| member.news() || (receiver.send_resolved && !member.firing()))
    }

    /// Whether some alert has ended, wanted or not.
    pub(crate) fn ended(&self) -> bool {
        self.members.values().any(|member| !member.firing())
    }

    /// Everything in it has been told.
    pub(crate) fn settle(&mut self, now: Option<Time>) {
        self.members.retain(|_, member| member.firing());
        self.due = None;
        if let Some(now) = now {
            self.told_at = Some(now);
            for member in self.members.values_mut() {
                member.told = Some(member.alert.severity);
            }
        }
    }

    fn wait(&mut self, until: Time) {
        self.due = Some(self.due.map_or(until, |due| due.min(until)));
    }

    /// An alert that fires, and as what it was told before, if it was.
    fn hold(&mut self, alert: &Alert, told: Option<Severity>, until: Time) {
        if let Some(member) = self.members.get_mut(&alert.id) {
            member.alert = Arc::new(alert.clone());
        } else if self.members.len() < GROUP_ALERTS_MAX {
            let member = Member { alert: Arc::new(alert.clone()), told };
            self.members.insert(alert.id, member);
        } else {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        if self.members.get(&alert.id).is_some_and(Member::news) {
            self.wait(until);
        }
    }

    /// An alert that ended: told if its beginning was, else forgotten.
    fn release(&mut self, alert: &Alert, now: Time, wait: Span) {
        let Some(member) = self.members.get_mut(&alert.id) else {
            return;
        };
        if member.told.is_none() {
            self.members.remove(&alert.id);
            return;
        }
        let mut ended = alert.clone();
        ended.state = AlertState::Resolved;
        ended.resolved_at = Some(ended.resolved_at.unwrap_or(now));
        member.alert = Arc::new(ended);
        self.wait(now + wait);
    }
}

impl Groups {
    /// When [`crate::notify`] has something to say even if nothing more happens.
    pub fn next_due(&self, receivers: &[Receiver]) -> Option<Time> {
        if !self.moved.is_empty() {
            return Some(Time::MIN);
        }
        self.all
            .iter()
            .filter_map(|(id, group)| {
                let receiver = receivers.iter().find(|own| own.name == *id.receiver)?;
                group.next(receiver)
            })
            .min()
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
    pub(crate) fn mend_times(&mut self, receivers: &[Receiver], now: Time) {
        let latest = |id: &GroupId| {
            let receiver = receivers.iter().find(|own| own.name == *id.receiver);
            now + receiver.map_or(Span::ZERO, |own| own.group_wait)
        };
        let ahead = |id: &GroupId, group: &Group| {
            group.told_at > Some(now) || group.due.is_some_and(|due| due > latest(id))
        };
        if self.all.iter().any(|(id, group)| ahead(id, group)) {
            for (id, group) in self.all() {
                group.told_at = group.told_at.map(|told_at| told_at.min(now));
                group.due = group.due.map(|due| due.min(latest(id)));
            }
        }
    }

    pub(crate) fn all(&mut self) -> &mut BTreeMap<GroupId, Group> {
        Arc::make_mut(&mut self.all)
    }

    /// Whether a receiver has gone, with groups of its own.
    pub(crate) fn has_strangers(&self, receivers: &[Receiver]) -> bool {
        self.all.keys().any(|id| !receivers.iter().any(|own| own.name == *id.receiver))
    }

    /// Takes in what happened to an alert.
    pub(crate) fn take(&mut self, receiver: &Receiver, told: Told, alert: &Alert, now: Time) {
        let home = self.home(receiver, alert);
        let held = match told {
            Told::Fired => None,
            Told::Changed | Told::Resolved => self.holder(&home, alert.id),
        };
        if told == Told::Resolved || alert.state == AlertState::Resolved {
            if let Some(group) = held.and_then(|id| self.all().get_mut(&id)) {
                group.release(alert, now, receiver.group_wait);
            }
            return;
        }
        // Its labels have changed so that it belongs elsewhere: for the old group it has ended.
        if let Some(left) = held.as_ref().filter(|id| **id != home)
            && let Some(group) = self.all().get_mut(left)
        {
            group.release(alert, now, receiver.group_wait);
        }
        // Once told of, an alert is followed until it ends, even when it gets better.
        let known = held.is_some()
            || self.all.get(&home).is_some_and(|group| group.members.contains_key(&alert.id));
        if alert.state == AlertState::Firing && (alert.told || known) {
            self.hold(home, alert, None, now + receiver.group_wait);
        }
    }

    pub(crate) fn hold(
        &mut self,
        home: GroupId,
        alert: &Alert,
        told: Option<Severity>,
        until: Time,
    ) {
        self.all().entry(home).or_default().hold(alert, told, until);
    }

    /// The group an alert belongs to.
    pub(crate) fn home(&self, receiver: &Receiver, alert: &Alert) -> GroupId {
        let name: Arc<str> = receiver.name.as_str().into();
        let id = GroupId { receiver: Arc::clone(&name), labels: receiver.group_of(alert) };
        if self.all.len() < GROUPS_MAX || self.all.contains_key(&id) {
            id
        } else {
            GroupId { receiver: name, labels: Labels::empty() }
        }
    }

    /// The group that holds an alert: nearly always its home.
    fn holder(&self, home: &GroupId, alert: AlertId) -> Option<GroupId> {
        if self.all.get(home).is_some_and(|group| group.members.contains_key(&alert)) {
            return Some(home.clone());
        }
        self.all
            .iter()
            .find(|(id, group)| id.receiver == home.receiver && group.members.contains_key(&alert))
            .map(|(id, _)| id.clone())
    }
}
