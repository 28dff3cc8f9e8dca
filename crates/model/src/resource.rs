//! Resources: anything with a limit, the lines drawn on it, and a reading of one.

use std::fmt;

use crate::{Labels, Share, Span, Time, Unit};

/// How a resource behaves over time, which decides how its future is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nature {
    /// Piles up until somebody clears it: disk space, table rows, sequence numbers.
    Stock,
    /// Comes and goes with load: CPU, connections, bandwidth.
    Flow,
}

impl Nature {
    /// The word settings and answers use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Flow => "flow",
        }
    }
}

/// How close to its limit something is. Ordered: worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Below every line.
    Fine,
    /// Above the line from which use of allocated capacity is worth a note.
    Notice,
    /// Above the warning line.
    Warning,
    /// Above the critical line.
    Critical,
}

impl Level {
    /// The word settings, labels and answers use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// The lines drawn on a resource, as shares of its limit, rising.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    notice: Share,
    warning: Share,
    alert: Share,
    critical: Share,
}

/// Why four shares are not thresholds: the first pair out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{upper} must not lie below {lower}")]
pub struct ThresholdsError {
    /// The line that should be the lower one.
    pub lower: &'static str,
    /// The line that should be the upper one.
    pub upper: &'static str,
}

impl Thresholds {
    /// The lines, given in rising order: notice, warning, alert, critical.
    pub fn new(
        notice: Share,
        warning: Share,
        alert: Share,
        critical: Share,
    ) -> Result<Self, ThresholdsError> {
        let lines =
            [("notice", notice), ("warning", warning), ("alert", alert), ("critical", critical)];
        for pair in lines.windows(2) {
            if pair[1].1 < pair[0].1 {
                return Err(ThresholdsError { lower: pair[0].0, upper: pair[1].0 });
            }
        }
        Ok(Self { notice, warning, alert, critical })
    }

    /// From here on, use of allocated capacity is shown as worth a note.
    pub fn notice(&self) -> Share {
        self.notice
    }

    /// From here on, it is a warning.
    pub fn warning(&self) -> Share {
        self.warning
    }

    /// From here on, receivers are told; below it the warning stands on the pages only.
    pub fn alert(&self) -> Share {
        self.alert
    }

    /// From here on, it is critical.
    pub fn critical(&self) -> Share {
        self.critical
    }

    /// The level of a share; not-a-number has none.
    pub fn level(&self, share: f64) -> Option<Level> {
        if share.is_nan() {
            return None;
        }
        Some(match share {
            share if share >= self.critical.value() => Level::Critical,
            share if share >= self.warning.value() => Level::Warning,
            share if share >= self.notice.value() => Level::Notice,
            _ => Level::Fine,
        })
    }
}

/// Anything with a limit, declared by two PromQL expressions.
///
/// The expressions give one reading for every label set that both sides have in common (a limit
/// without labels serves all), so one declaration covers every file system of every host.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its name, unique among resources: lower case, digits and `_`.
    pub name: String,
    /// What people call one reading; `{{label}}` stands for a label's value.
    pub title: String,
    /// PromQL for how much is in use.
    pub used: String,
    /// PromQL for how much there is.
    pub limit: String,
    /// The unit of both.
    pub unit: Unit,
    /// Stock or flow.
    pub nature: Nature,
    /// The lines drawn on it.
    pub thresholds: Thresholds,
    /// How long a line must be crossed before it is an alert.
    pub hold: Span,
    /// How long it takes to get more of it; an early warning comes at least this long before.
    pub lead_time: Span,
    /// Who looks after it.
    pub owner: String,
    /// Why it matters and what to do, in a sentence or two; possibly empty.
    pub advice: String,
    /// For a quota: who grants more of it, and how; nothing for anything else.
    pub quota: Option<String>,
    /// For a cache: how its want of room is seen; nothing for anything else.
    pub cache: Option<CacheExpressions>,
    /// Whether its lines mean something. They do not where use may come to the limit and beyond, as that of a container may
    /// lie above its request: then nobody is told, and no date either; it is recorded and sized all the same.
    pub alerts: bool,
}

/// How a cache's want of room is seen: PromQL that gives a value for each of its readings, by the same labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheExpressions {
    /// The share of what is asked that it finds, from 0 to 1.
    pub hits: String,
    /// What it throws out a second for want of room.
    pub evictions: String,
}

/// One reading's identity: the resource and the labels that tell its readings apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// The resource's name.
    pub resource: String,
    /// What tells this reading from others of the resource.
    pub labels: Labels,
}

impl fmt::Display for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.resource)?;
        if self.labels.is_empty() { Ok(()) } else { write!(formatter, "{}", self.labels) }
    }
}

/// How much of one thing is in use now.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Which resource, which labels.
    pub id: ResourceId,
    /// When it was read.
    pub at: Time,
    /// In use, in the resource's unit.
    pub used: f64,
    /// The limit, in the same unit.
    pub limit: f64,
}

impl Reading {
    /// Used over limit; not-a-number where there is no positive limit.
    pub fn share(&self) -> f64 {
        if self.limit > 0.0 { self.used / self.limit } else { f64::NAN }
    }

    /// What is left, never below nought.
    pub fn headroom(&self) -> f64 {
        (self.limit - self.used).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(value: f64) -> Share {
        Share::new(value).unwrap()
    }

    fn thresholds() -> Thresholds {
        Thresholds::new(share(0.75), share(0.80), share(0.85), share(0.95)).unwrap()
    }

    #[test]
    fn a_line_belongs_to_the_level_above_it() {
        assert_eq!(thresholds().level(0.80), Some(Level::Warning));
        assert_eq!(thresholds().level(0.799), Some(Level::Notice));
        assert_eq!(thresholds().level(2.0), Some(Level::Critical));
        assert_eq!(thresholds().level(f64::NAN), None);
    }

    #[test]
    fn lines_out_of_order_are_named() {
        let error =
            Thresholds::new(share(0.75), share(0.90), share(0.90), share(0.80)).unwrap_err();
        assert_eq!(error.to_string(), "critical must not lie below alert");
    }

    #[test]
    fn a_limit_of_nothing_has_no_share() {
        let id = ResourceId { resource: "swap".into(), labels: Labels::empty() };
        let reading = Reading { id, at: Time(0), used: 0.0, limit: 0.0 };
        assert!(reading.share().is_nan());
    }
}
