//! Who can be told, and what happened to an alert.

use model::{Alert, Labels, Secret, Span};

/// Where alerts are sent: a web hook that takes what Alertmanager sends, version 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name, unique among receivers.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
    /// Whether it is told that an alert has ended.
    pub send_resolved: bool,
    /// After this long it is told again of what still holds.
    pub repeat_interval: Span,
    /// How long a change waits for others of its group, so that they are told together.
    pub group_wait: Span,
    /// Alerts with the same values of these labels are told together. Empty: all alerts; `...`:
    /// every alert on its own.
    pub group_by: Vec<String>,
}

impl Receiver {
    /// The labels of the group an alert belongs to.
    pub(crate) fn group_of(&self, alert: &Alert) -> Labels {
        if self.group_by.iter().any(|name| name == "...") {
            return alert.labels.clone();
        }
        alert.labels.without(|name| !self.group_by.iter().any(|own| own == name))
    }
}

/// What happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// It began to fire.
    Fired,
    /// It fires still, but is worse, better or otherwise different.
    Changed,
    /// It ended.
    Resolved,
}
