//! What is quiet at one moment, and why.

use model::{Alert, AlertId, Labels, Time};

use super::{Silence, SilenceState, Silences, Window};
use crate::routing::{Directory, Inhibition};

/// What is quiet at one moment.
#[derive(Debug)]
pub struct Hush<'a> {
    directory: &'a Directory,
    silences: Vec<&'a Silence>,
    windows: Vec<&'a Window>,
    /// Whether any route is silent at times.
    silent_routes: bool,
    inhibition: Inhibition<'a>,
    now: Time,
}

/// Why nobody is told of an alert; nothing in it if they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// Silences that match it.
    pub silenced_by: Vec<String>,
    /// The alert that stands for it.
    pub inhibited_by: Vec<AlertId>,
    /// Times that come again in which it is quiet, and those in which its routes are silent, if all
    /// of them are.
    pub muted_by: Vec<String>,
}

impl Quiet {
    /// Whether people are told.
    pub fn is_loud(&self) -> bool {
        self.silenced_by.is_empty() && self.inhibited_by.is_empty() && self.muted_by.is_empty()
    }
}

impl<'a> Hush<'a> {
    /// What these alerts, silences and routes keep quiet now.
    pub fn of(
        directory: &'a Directory,
        silences: &'a Silences,
        alerts: &'a [Alert],
        now: Time,
    ) -> Self {
        let active = silences.all().filter(|own| own.state(now) == SilenceState::Active);
        let inhibition = Inhibition::of(directory.inhibit(), alerts);
        let windows = directory.windows().iter().filter(|own| own.contains(now));
        Self {
            directory,
            silences: active.collect(),
            windows: windows.collect(),
            silent_routes: directory.has_silent_routes(),
            inhibition,
            now,
        }
    }

    /// Why an alert is quiet.
    pub fn why(&self, alert: &Alert) -> Quiet {
        let silenced = self.silences.iter().filter(|own| own.matches(&alert.labels));
        let windows = self.windows.iter().filter(|own| own.matches(&alert.labels));
        let mut muted_by: Vec<String> = windows.map(|own| own.name.clone()).collect();
        muted_by.extend(self.directory.muted(None, &alert.labels, self.now));
        Quiet {
            silenced_by: silenced.map(|own| own.id.clone()).collect(),
            inhibited_by: self.inhibition.by(alert).into_iter().collect(),
            muted_by,
        }
    }

    /// Whether all routes that lead alerts with these labels to a receiver are silent.
    pub(crate) fn mutes(&self, receiver: &str, labels: &Labels) -> bool {
        self.silent_routes && !self.directory.muted(Some(receiver), labels, self.now).is_empty()
    }

    /// Whether a silence or another alert keeps it quiet, for every receiver.
    pub(crate) fn hushes(&self, alert: &Alert) -> bool {
        self.silences.iter().any(|own| own.matches(&alert.labels))
            || self.windows.iter().any(|own| own.matches(&alert.labels))
            || self.inhibition.by(alert).is_some()
    }
}
