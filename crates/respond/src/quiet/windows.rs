//! Times that come again and again in which some alerts are quiet: backups, deployments, tests.

use model::{Labels, Time};

use crate::routing::{LabelMatcher, TimeInterval, all_match};

/// A time that comes again and again in which some alerts are quiet. It stands in the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// By which people speak of it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Which alerts: those that match all of these.
    pub matchers: Vec<LabelMatcher>,
    /// When: in any of these.
    pub intervals: Vec<TimeInterval>,
}

impl Window {
    /// Whether a moment lies within.
    pub fn contains(&self, now: Time) -> bool {
        self.intervals.iter().any(|interval| interval.contains(now))
    }

    /// Whether alerts with these labels are meant.
    pub fn matches(&self, labels: &Labels) -> bool {
        all_match(&self.matchers, labels)
    }
}
