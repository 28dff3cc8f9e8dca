//! What is known besides the samples: what was done to a system, and days that are not like others.

mod days;
mod levels;
mod local;

use model::{Span, Time};

pub(crate) use days::Days;
pub(crate) use levels::{Level, evened, find};
pub(crate) use local::Local;

use crate::{line::Deployment, zone::Zone};

/// What is known besides a series' samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What was done that may have changed how much is used, in any order. Each is tried on the samples and counts only
    /// where they say so.
    pub changes: &'a [Deployment],
    /// Days that are not like others, past and to come.
    pub days: &'a [SpecialDay],
    /// The clocks by which people live who use it: their hours and days are its habits. UTC if none are given.
    pub zone: Option<&'a Zone>,
}

/// A time that is not like others: a holiday, a sale, a launch.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecialDay {
    /// What people call it; days of one name are alike.
    pub name: String,
    /// When it begins.
    pub from: Time,
    /// When it is over.
    pub until: Time,
    /// How it differs from the day it would have been.
    pub how: HowSpecial,
}

/// How a special day differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HowSpecial {
    /// It is like the day that began so many days before it, from 1 to 7: a holiday on a Friday that is like a Sunday
    /// has 5.
    Like(u8),
    /// The value is higher by this part of itself; lower below nought.
    Raises(f64),
    /// As it was on earlier days of its name; where none was seen, nothing is said of it.
    AsBefore,
}

impl SpecialDay {
    fn covers(&self, time: Time) -> bool {
        self.from < time && time <= self.until
    }

    /// How long before it the day began that it is like.
    fn back(&self) -> Option<Span> {
        match self.how {
            HowSpecial::Like(days) if (1..=7).contains(&days) => Some(Span::days(i64::from(days))),
            _ => None,
        }
    }
}
