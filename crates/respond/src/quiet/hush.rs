//! What is quiet at one moment, and why.

use model::{Alert, AlertId, Time};

use super::{Silence, SilenceState, Silences};
use crate::routing::{Directory, Inhibition};

/// What is quiet at one moment.
#[derive(Debug)]
pub struct Hush<'a> {
    directory: &'a Directory,
    silences: Vec<&'a Silence>,
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
    /// Time intervals in which its routes are silent, if all of them are.
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
        Self { directory, silences: active.collect(), inhibition, now }
    }

    /// Why an alert is quiet.
    pub fn why(&self, alert: &Alert) -> Quiet {
        let silenced = self.silences.iter().filter(|own| own.matches(&alert.labels));
        let mut muted_by = Vec::new();
        for way in self.directory.ways(&alert.labels) {
            let silent = self.directory.silent(&way.route, self.now);
            if silent.is_empty() {
                muted_by.clear();
                break;
            }
            muted_by.extend(silent);
        }
        muted_by.dedup();
        Quiet {
            silenced_by: silenced.map(|own| own.id.clone()).collect(),
            inhibited_by: self.inhibition.by(alert).into_iter().collect(),
            muted_by,
        }
    }

    /// Whether a silence or another alert keeps it quiet, for every receiver.
    pub(crate) fn hushes(&self, alert: &Alert) -> bool {
        self.silences.iter().any(|own| own.matches(&alert.labels))
            || self.inhibition.by(alert).is_some()
    }
}
