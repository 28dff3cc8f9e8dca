//! Down-sampling: what is kept of samples that are older than people look at closely, and of which series for how long.

mod cells;
mod rules;

use model::Span;

pub(crate) use cells::Cells;
pub(crate) use rules::{Keeping, Plan, Target};

pub use rules::KeepRule;

/// How coarse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Resolution {
    /// A row for five minutes.
    FiveMinutes,
    /// A row for an hour.
    Hour,
}

impl Resolution {
    /// The longest stretch that one row stands for.
    pub(crate) const STEP_MAX: Span = Span::hours(1);

    /// What a row stands for.
    pub(crate) fn step(self) -> Span {
        match self {
            Self::FiveMinutes => Span::minutes(5),
            Self::Hour => Self::STEP_MAX,
        }
    }

    /// The last time of the stretch that a time lies in: stretches are open to the left and
    /// closed to the right, as the windows of queries are.
    pub(crate) fn end_of(self, time: i64) -> i64 {
        let step = self.step().as_millis();
        time.saturating_add(step - 1).div_euclid(step).saturating_mul(step)
    }

    /// What stands for it in files.
    pub(crate) fn number(own: Option<Self>) -> u32 {
        match own {
            None => 0,
            Some(Self::FiveMinutes) => 1,
            Some(Self::Hour) => 2,
        }
    }

    /// What a number in a file stands for.
    pub(crate) fn of(number: u32) -> Option<Self> {
        match number {
            0 => None,
            1 => Some(Self::FiveMinutes),
            _ => Some(Self::Hour),
        }
    }
}

/// What is kept of the floats of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    /// The last sample, and those around each drop of a counter.
    Last,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The sum.
    Sum,
    /// How many there were.
    Count,
}
