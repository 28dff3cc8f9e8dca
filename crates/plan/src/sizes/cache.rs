//! What a cache needs: one that throws out is always full, so its use says nothing; what it finds does.

use model::Unit;
use stats::{mean, quantile};

use super::{DAY, HISTORY_MIN, LEARNT, Machine, Need, NoSizing, VALUES_MIN, past::between};
use crate::due::HITS_LEAST;

/// More room than there is, by so little that the next size there is has it.
const MORE: f64 = 1.0 + 1e-6;

/// How a cache fared over the last week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CachePast {
    /// The share of what was asked that it found; not a number where nobody knows.
    pub hits: f64,
    /// What it threw out a second for want of room.
    pub evictions: f64,
}

impl CachePast {
    /// Whether its size shows in what it finds, and not in what it holds.
    pub(super) fn evicts(self) -> bool {
        self.evictions > 0.0
    }

    /// Whether it finds too little.
    pub(super) fn is_short(self) -> bool {
        self.hits < HITS_LEAST
    }

    /// «it is full, as a cache is: 93 % of what is asked is found, 12 /s are thrown out».
    pub(super) fn say(self) -> String {
        let found = if self.hits.is_finite() {
            format!("{} of what is asked is found", Unit::Share.say(self.hits))
        } else {
            "how much of what is asked is found is not known".to_owned()
        };
        let thrown = Unit::PerSecond.say(self.evictions);
        format!("it is full, as a cache is: {found}, {thrown} are thrown out")
    }
}

/// What a cache that throws out needs: the room below its line that it has, or the next size there is where it finds too
/// little. How much more would help cannot be told from outside, nor how much less would do.
pub(super) fn cache_need(
    machine: Machine<'_>,
    cache: CachePast,
    room: f64,
) -> Result<Need, NoSizing> {
    let (first, last) =
        machine.times.first().zip(machine.times.last()).ok_or(NoSizing::TooShort { days: 0.0 })?;
    if last - first < HISTORY_MIN - DAY {
        return Err(NoSizing::TooShort { days: (last - first) as f64 / DAY as f64 });
    }
    let newest = between(machine, last - LEARNT, *last);
    if newest.len() < VALUES_MIN {
        return Err(NoSizing::TooFew);
    }
    let needed = if cache.is_short() { room * MORE } else { room };
    let highest = quantile(&newest, 1.0);
    let factor = if highest > 0.0 { needed / highest } else { 1.0 };
    let mean = mean(&between(machine, i64::MIN, *last));
    Ok(Need { needed, p99: highest, factor, mean, steps: 0, ahead_days: None, cache: Some(cache) })
}
