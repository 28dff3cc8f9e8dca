//! The tree of routes: which of them an alert takes.

use std::sync::Arc;

use model::{Alert, Labels, Span, Time};

use super::{
    intervals::TimeInterval,
    matchers::{LabelMatcher, all_match},
};

/// When and with whom alerts are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a change waits for others of its group, so that they are told together.
    pub group_wait: Span,
    /// How long after a group was told of further changes are told; as `group_wait` if not said.
    pub group_interval: Option<Span>,
    /// After this long it is told again of what still holds.
    pub repeat_interval: Span,
    /// Alerts with the same values of these labels are told together. Empty: all alerts; `...`:
    /// every alert on its own.
    pub group_by: Vec<String>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            group_wait: Span::secs(10),
            group_interval: None,
            repeat_interval: Span::hours(4),
            group_by: vec!["alertname".to_owned()],
        }
    }
}

impl Timing {
    /// The labels of the group an alert belongs to.
    pub(crate) fn group_of(&self, alert: &Alert) -> Labels {
        if self.group_by.iter().any(|name| name == "...") {
            return alert.labels.clone();
        }
        alert.labels.without(|name| !self.group_by.iter().any(|own| own == name))
    }
}

/// One route, with what it has from those above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its name, the same as long as the conditions on the way to it are.
    pub key: Arc<str>,
    /// What labels must look like, besides what the routes above ask.
    pub matchers: Vec<LabelMatcher>,
    /// Who is told.
    pub receiver: String,
    /// When and with whom.
    pub timing: Timing,
    /// Whether routes after this one are looked at as well.
    pub goes_on: bool,
    /// Names of intervals in which nobody is told.
    pub mute: Vec<String>,
    /// Names of intervals outside which nobody is told, if there are any.
    pub active: Vec<String>,
    /// The routes below.
    pub routes: Vec<Self>,
}

/// A named list of time intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedIntervals {
    /// The name by which routes speak of it.
    pub name: String,
    /// A moment that lies in any of these lies in it.
    pub intervals: Vec<TimeInterval>,
}

impl NamedIntervals {
    /// Whether a moment lies within.
    pub fn contains(&self, time: Time) -> bool {
        self.intervals.iter().any(|interval| interval.contains(time))
    }
}

impl Route {
    /// The routes that an alert with these labels takes, in the order of the file: the deepest
    /// that match, and at each level no further than the first that does not go on.
    pub fn taken(&self, labels: &Labels) -> Vec<&Self> {
        let mut taken = Vec::new();
        self.take(labels, &mut taken);
        taken
    }

    fn take<'a>(&'a self, labels: &Labels, taken: &mut Vec<&'a Self>) -> bool {
        if !all_match(&self.matchers, labels) {
            return false;
        }
        let mut below = false;
        for route in &self.routes {
            if route.take(labels, taken) {
                below = true;
                if !route.goes_on {
                    break;
                }
            }
        }
        if !below {
            taken.push(self);
        }
        true
    }

    /// This route and all below it, in the order of the file.
    pub fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for route in &self.routes {
            all.extend(route.all());
        }
        all
    }
}
