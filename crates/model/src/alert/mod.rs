//! Alerts: a condition that holds now, with its evidence.

mod evidence;

pub use evidence::{Evidence, NormalBand};

use crate::{Labels, Level, Time};

/// An alert's identity over its life: a hash of its rule and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u64);

impl AlertId {
    /// The identity of an alert of this source with these labels (FNV-1a, 64 bits, so that it is
    /// the same on every machine and in every version).
    pub fn of(source: &str, labels: &Labels) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash = OFFSET;
        let mut eat = |text: &str| {
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        };
        eat(source);
        for (name, value) in labels.iter() {
            eat(name);
            eat(value);
        }
        Self(hash)
    }

    /// Sixteen hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    /// The condition holds, but not yet for long enough.
    Pending,
    /// It holds.
    Firing,
    /// It held and does no more.
    Resolved,
}

impl AlertState {
    /// The word rules, the API and the journal use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// How bad an alert is; the `severity` label in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Soon a problem.
    Warning,
    /// A problem.
    Critical,
}

impl Severity {
    /// The word in the `severity` label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// What a rule's `severity` label means; words we do not know count as a warning.
    pub fn from_label(label: &str) -> Self {
        match label {
            "info" | "none" | "notice" | "low" => Self::Info,
            "critical" | "page" | "error" | "high" | "emergency" => Self::Critical,
            _ => Self::Warning,
        }
    }

    /// How bad it is to stand at this level of a resource; fine is no alert.
    pub fn from_level(level: Level) -> Option<Self> {
        match level {
            Level::Fine => None,
            Level::Notice => Some(Self::Info),
            Level::Warning => Some(Self::Warning),
            Level::Critical => Some(Self::Critical),
        }
    }
}

/// A condition that holds now, or held.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Who it is over its life.
    pub id: AlertId,
    /// What it comes from: `group/alertname`, `resource/NAME`, `forecast/NAME` or `objective/NAME`.
    pub source: String,
    /// Its labels, `alertname` included.
    pub labels: Labels,
    /// Its annotations: `summary`, `description` and what else the rule says.
    pub annotations: Labels,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// Whether receivers are told of it, or it stands on the pages only.
    pub told: bool,
    /// Since when the condition has held.
    pub active_at: Time,
    /// Since when it has been firing.
    pub fired_at: Option<Time>,
    /// When it ended.
    pub resolved_at: Option<Time>,
    /// When the condition was last seen to hold, for `keep_firing_for`.
    pub seen_at: Time,
    /// The value of the expression when last evaluated.
    pub value: f64,
    /// What speaks for it besides its value, from the moment it fired on.
    pub evidence: Evidence,
}

impl Alert {
    /// The alert's name.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_depends_on_source_and_labels_and_never_changes() {
        let labels = Labels::from_pairs([("alertname", "DiskFull"), ("mountpoint", "/")]);
        let id = AlertId::of("node/DiskFull", &labels);
        assert_eq!(id, AlertId::of("node/DiskFull", &labels));
        assert_ne!(id, AlertId::of("node/DiskFul", &labels));
        assert_ne!(id, AlertId::of("node/DiskFull", &labels.with("mountpoint", "/var")));
        assert_eq!(AlertId::of("", &Labels::empty()).hex(), "af64724c8602eb6e");
    }
}
