//! Somebody who is to be heard of, as a timer of the journal remembers it.

use journal::{NewTimer, Timer};
use model::{Severity, Span, Time};
use serde_json::json;
use settings::HeartbeatIn;

/// The kind of the timers.
pub(crate) const HEARTBEAT: &str = "heartbeat";
/// Heartbeats that others may ask for; as many timers as are read at once, less those of the settings.
pub(crate) const HEARTBEATS_MAX: usize = 200;

/// Somebody who is to be heard of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heartbeat {
    pub(crate) name: String,
    pub(crate) period: Span,
    pub(crate) grace: Span,
    pub(crate) severity: Severity,
    /// Whether the settings ask for it.
    pub(crate) in_settings: bool,
    /// Whether it was ever heard of.
    pub(crate) heard: bool,
    /// When it is missing.
    pub(crate) due: Time,
}

impl Heartbeat {
    pub(crate) fn of_settings(own: &HeartbeatIn) -> Self {
        Self {
            name: own.name.clone(),
            period: own.period,
            grace: own.grace,
            severity: own.severity,
            in_settings: true,
            heard: false,
            due: Time::MAX,
        }
    }

    pub(crate) fn read(timer: &Timer) -> Option<Self> {
        let span = |name: &str| timer.body[name].as_i64().map(Span::millis);
        Some(Self {
            name: timer.body["name"].as_str()?.to_owned(),
            period: span("period")?,
            grace: span("grace")?,
            severity: Severity::from_label(timer.body["severity"].as_str()?),
            in_settings: timer.body["in_settings"] == true,
            heard: timer.body["heard"] == true,
            due: timer.due,
        })
    }

    /// The name of its timer.
    pub(crate) fn key(&self) -> String {
        format!("{HEARTBEAT}/{}", self.name)
    }

    /// Whether both ask for the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (&self.name, self.period, self.grace, self.severity, self.in_settings)
            == (&other.name, other.period, other.grace, other.severity, other.in_settings)
    }

    /// Its timer, if it was heard of or first asked for now.
    pub(crate) fn timer(&self, now: Time) -> NewTimer {
        self.timer_until(now + self.period + self.grace)
    }

    /// Its timer after the clock was set by so much: it waits as long as it would have without that.
    pub(crate) fn timer_after_jump(&self, by: Span, now: Time) -> NewTimer {
        let latest = now + self.period + self.grace;
        // What lies further ahead was set before the clock was set back.
        let due = if by > Span::ZERO || self.due > latest { self.due + by } else { self.due };
        self.timer_until(due.min(latest))
    }

    fn timer_until(&self, due: Time) -> NewTimer {
        NewTimer {
            key: self.key(),
            kind: HEARTBEAT.to_owned(),
            due,
            body: json!({
                "name": self.name,
                "period": self.period.as_millis(),
                "grace": self.grace.as_millis(),
                "severity": self.severity.word(),
                "in_settings": self.in_settings,
                "heard": self.heard,
            }),
        }
    }
}
