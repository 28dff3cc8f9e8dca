//! What each receiver was told, and what waits to be told: a fold over alerts and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// How its receiver is told.
    pub(crate) way: Arc<Way>,
    /// Its route is silent now.
    pub(crate) silent: bool,
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
    /// A silence or another alert keeps it quiet.
    pub(crate) quiet: bool,
}

impl Member {
    pub(crate) fn firing(&self) -> bool {
        self.alert.state == AlertState::Firing
    }

    /// Whether its beginning or its getting worse or better is still to be told.
    fn news(&self) -> bool {
        self.firing() && !self.quiet && self.told != Some(self.alert.severity)
    }

    /// Whether a message about its group speaks of it.
    pub(crate) fn shown(&self, send_resolved: bool) -> bool {
        if self.firing() { !self.quiet } else { send_resolved }
    }

    /// Whether it is told again after some time.
    fn lasts(&self) -> bool {
        self.firing() && !self.quiet && self.told.is_some()
    }
}

impl Group {
    pub(crate) fn new(way: Arc<Way>) -> Self {
        Self {
            way,
            silent: false,
            members: BTreeMap::new(),
            beyond: 0,
            due: None,
            told_at: None,
            unwritten: false,
        }
    }

    /// When there is something to tell: a change, or what still holds once more. While its route
    /// is silent there is nothing.
    pub(crate) fn next(&self) -> Option<Time> {
        let repeat = self.repeat();
        [self.due, repeat].into_iter().flatten().min().filter(|_| !self.silent)
    }

    /// When what still holds is told once more.
    pub(crate) fn repeat(&self) -> Option<Time> {
        self.told_at
            .filter(|_| self.members.values().any(Member::lasts))
            .map(|told_at| told_at + self.way.timing.repeat_interval)
    }

    /// Whether the receiver wants to hear what changed.
    pub(crate) fn changed(&self) -> bool {
        self.members
            .values()
            .any(|member| member.news() || (self.way.send_resolved && !member.firing()))
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
            for member in self.members.values_mut().filter(|member| !member.quiet) {
                member.told = Some(member.alert.severity);
            }
        }
    }

    /// A change of this alert is to be told: after the wait, and where somebody was told of the
    /// group already, not before the group's interval is over, unless it is critical.
    fn wait(&mut self, alert: &Alert, now: Time) {
        let over = alert.state == AlertState::Resolved;
        let wait = if over { self.way.timing.group_wait } else { self.way.wait(alert) };
        let mut until = now + wait;
        if let (Some(interval), Some(told_at)) = (self.way.timing.group_interval, self.told_at)
            && (wait > Span::ZERO || over)
        {
            until = until.max(told_at + interval);
        }
        self.due = Some(self.due.map_or(until, |due| due.min(until)));
    }

    /// Looks anew who is quiet. Whoever no longer is and was never told of, is to be told.
    fn look(&mut self, hush: &Hush<'_>, now: Time) {
        let mut loud = Vec::new();
        for member in self.members.values_mut().filter(|member| member.firing()) {
            let quiet = hush.hushes(&member.alert);
            if std::mem::replace(&mut member.quiet, quiet) && !quiet && member.news() {
                loud.push(Arc::clone(&member.alert));
            }
        }
        for alert in loud {
            self.wait(&alert, now);
        }
    }

    /// An alert that fires, and as what it was told before, if it was.
    fn hold(&mut self, alert: &Alert, told: Option<Severity>, now: Time) {
        if let Some(member) = self.members.get_mut(&alert.id) {
            member.alert = Arc::new(alert.clone());
        } else if self.members.len() < GROUP_ALERTS_MAX {
            let member = Member { alert: Arc::new(alert.clone()), told, quiet: false };
            self.members.insert(alert.id, member);
        } else {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        if self.members.get(&alert.id).is_some_and(Member::news) {
            self.wait(alert, now);
        }
    }

    /// An alert that ended: told if its beginning was, else forgotten.
    fn release(&mut self, alert: &Alert, now: Time) {
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
        let ended = Arc::new(ended);
        member.alert = Arc::clone(&ended);
        self.wait(&ended, now);
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
    pub(crate) fn look(&mut self, directory: &Directory, hush: &Hush<'_>, now: Time) {
        if self.all.is_empty() {
            return;
        }
        for group in self.all().values_mut() {
            group.silent = !directory.silent(&group.way.route, now).is_empty();
            group.look(hush, now);
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
            if told == Told::Silent {
                self.mark_untold(&home, alert.id);
            }
            self.hold((way, home), alert, None, now);
        }
    }

    fn mark_untold(&mut self, id: &GroupId, alert: AlertId) {
        let group = self.all().get_mut(id);
        if let Some(member) = group.and_then(|group| group.members.get_mut(&alert)) {
            member.told = None;
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
