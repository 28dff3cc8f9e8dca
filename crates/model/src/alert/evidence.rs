//! What speaks for an alert besides its value: what is usual, and what was changed before it.

use crate::{Change, Unit};

/// Changes that an alert carries at most; more would be a list and no hint.
const CHANGES_MAX: usize = 5;

/// The band in which a figure usually lies at this hour of the week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalBand {
    /// Where it begins, in `unit`.
    pub low: f64,
    /// Where it ends, in `unit`.
    pub high: f64,
    /// From how many days it is known.
    pub days: u32,
    /// The unit of both ends.
    pub unit: Unit,
}

impl NormalBand {
    /// `usual at this hour: 120 to 180`.
    pub fn say(&self) -> String {
        format!("usual at this hour: {} to {}", self.unit.say(self.low), self.unit.say(self.high))
    }
}

/// What speaks for an alert besides its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Where its value usually lies, as far as that is known.
    pub normal: Option<NormalBand>,
    changes: Vec<Change>,
}

impl Evidence {
    /// What is known: past the fifth, changes are left out.
    pub fn new(normal: Option<NormalBand>, changes: Vec<Change>) -> Self {
        let mut own = Self { normal, changes: Vec::new() };
        own.set_changes(changes);
        own
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.normal.is_none() && self.changes.is_empty()
    }

    /// What was changed in the half hour before the alert fired, the likeliest cause first; five at most.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Puts these changes in the place of those before; past the fifth they are left out.
    pub fn set_changes(&mut self, mut changes: Vec<Change>) {
        changes.truncate(CHANGES_MAX);
        self.changes = changes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChangeKind, Time};

    #[test]
    fn an_alert_carries_no_more_than_five_changes() {
        let change = |at| Change::new(Time(at), ChangeKind::Deployment, "api", "version 1");
        let mut evidence = Evidence::default();
        assert!(evidence.is_empty());
        evidence.set_changes((0..9).map(change).collect());
        assert_eq!(evidence.changes().len(), CHANGES_MAX);
        assert!(!evidence.is_empty());
    }

    #[test]
    fn a_band_is_said_with_its_unit() {
        let band = |unit| NormalBand { low: 120.0, high: 180.0, days: 7, unit };
        assert_eq!(band(Unit::Count).say(), "usual at this hour: 120 to 180");
        assert_eq!(band(Unit::Bytes).say(), "usual at this hour: 120 B to 180 B");
    }
}
