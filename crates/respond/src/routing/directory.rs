//! Who is told of what: everybody of everything, or as the routes say.

use std::{collections::BTreeMap, sync::Arc};

use model::{Alert, Labels, Severity, Span, Time};

use super::{Alertmanager, InhibitRule, NamedIntervals, Route, Timing};
use crate::{Receiver, quiet::Window};

/// One way in which alerts reach a receiver: all of them, or those that take a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The receiver's name.
    pub receiver: Arc<str>,
    /// The route's name; empty if it is told of everything.
    pub route: Arc<str>,
    /// Whether it is told that an alert has ended.
    pub send_resolved: bool,
    /// When and with whom.
    pub timing: Timing,
}

impl Way {
    /// How long a change of this alert waits: what is critical wakes somebody at once.
    pub(crate) fn wait(&self, alert: &Alert) -> Span {
        if alert.severity == Severity::Critical { Span::ZERO } else { self.timing.group_wait }
    }
}

/// Everybody who is told, and of what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    receivers: Vec<Receiver>,
    everything: Vec<Arc<Way>>,
    tree: Option<Tree>,
    windows: Vec<Window>,
    fallback: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Tree {
    route: Route,
    /// By route: the ways to those it leads to, and its silent times.
    ways: BTreeMap<Arc<str>, Vec<Arc<Way>>>,
    silent: BTreeMap<Arc<str>, [Vec<NamedIntervals>; 2]>,
    inhibit: Vec<InhibitRule>,
}

/// Why receivers and routes do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Two files declare the same receiver.
    #[error(
        "the receiver `{name}` is told in a way of its own in the routing file and in the settings: remove one"
    )]
    Twice {
        /// Its name.
        name: String,
    },
    /// Alerts would go nowhere although somebody is meant to be told.
    #[error(
        "routes lead to the receiver `{name}`, which is told by {ways} only, and that is not supported: write a receiver of this name under `receivers` of the settings"
    )]
    Nobody {
        /// Its name.
        name: String,
        /// How it is to be told.
        ways: String,
    },
}

impl DirectoryError {
    /// What the outside sees.
    pub fn kind(&self) -> model::Kind {
        model::Kind::Invalid
    }
}

impl Directory {
    /// Everybody is told of everything.
    pub fn of(receivers: impl IntoIterator<Item = (Receiver, Timing)>) -> Self {
        let mut directory = Self::default();
        for (receiver, timing) in receivers {
            directory.everything.push(way(&receiver, "", timing));
            directory.receivers.push(receiver);
        }
        directory
    }

    /// Alerts take routes. Of the settings' receivers, those whose names the file knows are told
    /// what is routed to them; the others of everything, as before.
    pub fn routed(
        own: impl IntoIterator<Item = (Receiver, Timing)>,
        file: &Alertmanager,
    ) -> Result<Self, DirectoryError> {
        let mut directory = Self::default();
        let mut by_name: BTreeMap<&str, Vec<Receiver>> = BTreeMap::new();
        for named in &file.receivers {
            by_name.insert(&named.name, named.ways.clone());
        }
        for (receiver, timing) in own {
            match by_name.get_mut(receiver.name.as_str()) {
                Some(ways) if ways.is_empty() => ways.push(receiver.clone()),
                Some(_) => return Err(DirectoryError::Twice { name: receiver.name }),
                None => directory.everything.push(way(&receiver, "", timing)),
            }
            directory.receivers.push(receiver);
        }
        let mut tree = Tree {
            route: file.route.clone(),
            ways: BTreeMap::new(),
            silent: BTreeMap::new(),
            inhibit: file.inhibit.clone(),
        };
        for route in file.route.all() {
            let receivers = by_name.get(route.receiver.as_str()).map(Vec::as_slice).unwrap_or(&[]);
            let named = file.receivers.iter().find(|own| own.name == route.receiver);
            if let Some(named) =
                named.filter(|own| receivers.is_empty() && !own.left_out.is_empty())
            {
                let ways = named.left_out.join(" and ");
                return Err(DirectoryError::Nobody { name: named.name.clone(), ways });
            }
            let ways = receivers.iter().map(|own| way(own, &route.key, route.timing.clone()));
            tree.ways.insert(Arc::clone(&route.key), ways.collect());
            let intervals = |names: &[String]| -> Vec<NamedIntervals> {
                let known = file.intervals.iter();
                known.filter(|own| names.contains(&own.name)).cloned().collect()
            };
            let silent = [intervals(&route.mute), intervals(&route.active)];
            tree.silent.insert(Arc::clone(&route.key), silent);
        }
        let in_file = file.receivers.iter().flat_map(|named| named.ways.clone());
        directory.receivers.extend(in_file);
        directory.tree = Some(tree);
        Ok(directory)
    }

    /// The same with times that come again and again in which some alerts are quiet.
    #[must_use]
    pub fn with_windows(mut self, windows: Vec<Window>) -> Self {
        self.windows = windows;
        self
    }

    /// The same with a receiver that is told what another cannot be told, and else only what a
    /// route leads to it.
    #[must_use]
    pub fn with_fallback(mut self, receiver: &str) -> Self {
        self.everything.retain(|way| *way.receiver != *receiver);
        self.fallback = Some(receiver.to_owned());
        self
    }

    /// The receiver that is told what another cannot be told.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// Times that come again and again in which some alerts are quiet.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Everybody who can be told.
    pub fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }

    /// The names of receivers an alert with these labels is told to, in the order of the file
    /// and each route on its own; those that are told of everything come first.
    pub fn told_of(&self, labels: &Labels) -> Vec<String> {
        let everybody = self.everything.iter().map(|way| way.receiver.to_string());
        let routed = self.tree.iter().flat_map(|tree| tree.route.taken(labels));
        everybody.chain(routed.map(|route| route.receiver.clone())).collect()
    }

    /// The groups an alert belongs to: receivers with the labels of the group, in the order of
    /// [`Directory::told_of`].
    pub fn groups_of(&self, alert: &Alert) -> Vec<(String, Labels)> {
        let everybody = self.everything.iter();
        let everybody = everybody.map(|way| (way.receiver.to_string(), way.timing.group_of(alert)));
        let routed = self.tree.iter().flat_map(|tree| tree.route.taken(&alert.labels));
        let routed = routed.map(|own| (own.receiver.clone(), own.timing.group_of(alert)));
        everybody.chain(routed).collect()
    }

    /// The routes, if there are any.
    pub fn route(&self) -> Option<&Route> {
        self.tree.as_ref().map(|tree| &tree.route)
    }

    /// What keeps what quiet.
    pub(crate) fn inhibit(&self) -> &[InhibitRule] {
        self.tree.as_ref().map_or(&[], |tree| &tree.inhibit)
    }

    /// The ways an alert takes; to no receiver more than one, so that none is told twice.
    pub(crate) fn ways(&self, labels: &Labels) -> Vec<Arc<Way>> {
        let mut ways: Vec<Arc<Way>> = self.everything.clone();
        let Some(tree) = &self.tree else { return ways };
        for route in tree.route.taken(labels) {
            for way in tree.ways.get(&route.key).into_iter().flatten() {
                if !ways.iter().any(|own| own.receiver == way.receiver) {
                    ways.push(Arc::clone(way));
                }
            }
        }
        ways
    }

    /// How a receiver is told of an alert that no longer comes its way, of its end that is.
    pub(crate) fn way_to(&self, receiver: &str, labels: &Labels) -> Option<Arc<Way>> {
        let to = |way: &&Arc<Way>| *way.receiver == *receiver;
        let now = self.ways(labels);
        let any = self.tree.iter().flat_map(|tree| tree.ways.values().flatten());
        now.iter().chain(any).find(to).cloned()
    }

    /// Whether a receiver is still there.
    pub(crate) fn knows(&self, receiver: &str) -> bool {
        self.receivers.iter().any(|own| own.name == receiver)
    }

    /// Whether any alert or route is silent at times.
    pub(crate) fn has_silent_times(&self) -> bool {
        !self.windows.is_empty() || self.has_silent_routes()
    }

    /// Whether any route is silent at times.
    pub(crate) fn has_silent_routes(&self) -> bool {
        let mut silent = self.tree.iter().flat_map(|tree| tree.silent.values());
        silent.any(|lists| lists.iter().any(|list| !list.is_empty()))
    }

    /// The names of the intervals because of which a receiver is not told of such an alert now:
    /// none as long as one of the routes that lead to it is not silent. Of every receiver if none
    /// is named.
    pub(crate) fn muted(&self, receiver: Option<&str>, labels: &Labels, now: Time) -> Vec<String> {
        let to = |way: &Arc<Way>| receiver.is_none_or(|own| *way.receiver == *own);
        let Some(tree) = &self.tree else { return Vec::new() };
        if self.everything.iter().any(to) {
            return Vec::new();
        }
        let mut names = Vec::new();
        for route in tree.route.taken(labels) {
            if !tree.ways.get(&route.key).into_iter().flatten().any(to) {
                continue;
            }
            let silent = self.silent(&route.key, now);
            if silent.is_empty() {
                return Vec::new();
            }
            names.extend(silent);
        }
        names.dedup();
        names
    }

    /// The names of the intervals because of which nobody is told on this route now.
    fn silent(&self, route: &str, now: Time) -> Vec<String> {
        let lists = self.tree.as_ref().and_then(|tree| tree.silent.get(route));
        let Some([mute, active]) = lists else { return Vec::new() };
        let names = |list: &[NamedIntervals], within: bool| -> Vec<String> {
            let found = list.iter().filter(|own| own.contains(now) == within);
            found.map(|own| own.name.clone()).collect()
        };
        let muted = names(mute, true);
        let outside = names(active, false);
        // Silent outside all of the active times, not outside one of them.
        if muted.is_empty() && outside.len() == active.len() { outside } else { muted }
    }
}

fn way(receiver: &Receiver, route: &str, timing: Timing) -> Arc<Way> {
    Arc::new(Way {
        receiver: receiver.name.as_str().into(),
        route: route.into(),
        send_resolved: receiver.send_resolved,
        timing,
    })
}
