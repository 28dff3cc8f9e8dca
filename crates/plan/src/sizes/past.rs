//! A machine's past, laid out so that the risk of any size is found at once.

use super::{CHECKED, DAY, Machine, STEPS_MAX, STRIDE, VALUES_MIN};

/// All that was used, and the same by the weeks that are walked; each sorted.
pub(super) struct Past {
    all: Vec<f64>,
    weeks: Vec<Vec<f64>>,
}

impl Past {
    pub(super) fn of(machine: Machine<'_>) -> Self {
        let Some((&first, &last)) = machine.times.first().zip(machine.times.last()) else {
            return Self { all: Vec::new(), weeks: Vec::new() };
        };
        let sorted = |mut values: Vec<f64>| {
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let mut weeks = Vec::new();
        let mut end = last;
        // A day may be missing from the first week.
        while end - CHECKED >= first - DAY && weeks.len() < STEPS_MAX {
            let week = between(machine, end - CHECKED, end);
            if week.len() >= VALUES_MIN {
                weeks.push(sorted(week));
            }
            end -= STRIDE;
        }
        Self { all: sorted(between(machine, i64::MIN, last)), weeks }
    }

    /// What part of the recorded time use lay above a size.
    pub(super) fn over(&self, size: f64) -> f64 {
        above(&self.all, size)
    }

    /// In what part of the weeks walked use lay above it for more than this part of the time.
    pub(super) fn weeks_over(&self, size: f64, over: f64) -> f64 {
        if self.weeks.is_empty() {
            return 1.0;
        }
        let bad = self.weeks.iter().filter(|week| above(week, size) > over).count();
        bad as f64 / self.weeks.len() as f64
    }
}

fn above(sorted: &[f64], size: f64) -> f64 {
    let below = sorted.partition_point(|value| *value <= size);
    (sorted.len() - below) as f64 / sorted.len().max(1) as f64
}

/// What was used in a stretch of time.
pub(super) fn between(machine: Machine<'_>, from: i64, to: i64) -> Vec<f64> {
    let first = machine.times.partition_point(|&time| time <= from);
    let end = machine.times.partition_point(|&time| time <= to);
    let values = machine.used.get(first..end.max(first)).unwrap_or_default();
    values.iter().copied().filter(|value| value.is_finite()).collect()
}
