//! One group of alerts as one receiver sees it.

use std::{collections::BTreeMap, sync::Arc};

use model::{Alert, AlertId, AlertState, Severity, Span, Time};

use super::GROUP_ALERTS_MAX;
use crate::{quiet::Hush, routing::Way};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// How its receiver is told.
    pub(crate) way: Arc<Way>,
    /// Every route that leads its alerts here is silent now.
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
    /// What was told since leaves it out, or says less than is known: it is told anew.
    pub(crate) again: bool,
    /// A silence or another alert keeps it quiet.
    pub(crate) quiet: bool,
}

impl Member {
    pub(crate) fn firing(&self) -> bool {
        self.alert.state == AlertState::Firing
    }

    /// Whether its beginning or its getting worse or better is still to be told.
    fn news(&self) -> bool {
        let said = self.told == Some(self.alert.severity) && !self.again;
        self.firing() && !self.quiet && !said
    }

    /// Whether nobody was told that it fires.
    pub(crate) fn unheard(&self) -> bool {
        self.firing() && !self.quiet && self.told.is_none()
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
            for member in self.members.values_mut() {
                // Whoever saw the message takes what it leaves out for over.
                member.again = member.quiet && member.told.is_some();
                if !member.quiet {
                    member.told = Some(member.alert.severity);
                }
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

    /// Looks anew who is quiet. Whoever no longer is, and was never told of or was left out since,
    /// is to be told. Where every route that leads here is silent for all, the group is.
    pub(super) fn look(&mut self, receiver: &str, hush: &Hush<'_>, now: Time) {
        let mut loud = Vec::new();
        self.silent = !self.members.is_empty();
        for member in self.members.values_mut() {
            let muted = hush.mutes(receiver, &member.alert.labels);
            self.silent &= muted;
            if !member.firing() {
                continue;
            }
            let quiet = muted || hush.hushes(&member.alert);
            if std::mem::replace(&mut member.quiet, quiet) && !quiet && member.news() {
                loud.push(Arc::clone(&member.alert));
            }
        }
        for alert in loud {
            self.wait(&alert, now);
        }
    }

    /// An alert that fires, and as what it was told before, if it was.
    pub(super) fn hold(&mut self, alert: &Alert, told: Option<Severity>, now: Time) {
        if let Some(member) = self.members.get_mut(&alert.id) {
            member.alert = Arc::new(alert.clone());
        } else if self.members.len() < GROUP_ALERTS_MAX {
            let alert = Arc::new(alert.clone());
            let member = Member { alert, told, again: false, quiet: false };
            self.members.insert(member.alert.id, member);
        } else {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        if self.members.get(&alert.id).is_some_and(Member::news) {
            self.wait(alert, now);
        }
    }

    /// What is known of an alert has changed although it is as bad as it was, or a message left it
    /// out. That it was told is not forgotten: should it end before, its end is told.
    pub(crate) fn tell_again(&mut self, alert: &Alert, now: Time) {
        let Some(member) = self.members.get_mut(&alert.id) else { return };
        member.again = member.told.is_some();
        if member.news() {
            self.wait(alert, now);
        }
    }

    /// An alert that ended: told if its beginning was, else forgotten.
    pub(super) fn release(&mut self, alert: &Alert, now: Time) {
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
