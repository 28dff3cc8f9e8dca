//! Objectives: a KPI with a target, from which an error budget follows.

use crate::{Share, Span, Unit};

/// A promise: which share of events is good over a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Its name, unique among objectives: lower case, digits, `_` and `-`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The service it speaks of; possibly empty.
    pub service: String,
    /// Who keeps the promise.
    pub owner: String,
    /// What it means for the business; possibly empty.
    pub reason: String,
    /// What is counted.
    pub indicator: Indicator,
    /// The share of events that must be good; above 0 and below 1.
    pub target: Share,
    /// Over which time.
    pub period: Period,
    /// How urgent its alerts may be.
    pub alerts: Loudness,
    /// Whether it is an alert when there has never been any data for it.
    pub needed: bool,
}

impl Objective {
    /// The share of events that may be bad: its error budget.
    pub fn budget(&self) -> f64 {
        1.0 - self.target.value()
    }
}

/// What an objective counts. The texts are PromQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Indicator {
    /// Two sums of counters: events that went well, and all events.
    Good {
        /// Counters of events that went well.
        good: String,
        /// Counters of all events.
        total: String,
    },
    /// Two sums of counters: events that went wrong, and all events.
    Bad {
        /// Counters of events that went wrong.
        bad: String,
        /// Counters of all events.
        total: String,
    },
    /// Every minute of every element of an answer is an event, good while the test holds.
    Value {
        /// The expression that is asked each minute.
        expr: String,
        /// How its value is compared.
        test: Test,
        /// With what.
        line: f64,
        /// The unit of both.
        unit: Unit,
    },
}

/// How a value is compared with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// It must lie below.
    Below,
    /// It must not lie above.
    AtMost,
    /// It must not lie below.
    AtLeast,
    /// It must lie above.
    Above,
}

impl Test {
    /// Every test with its word in settings and answers.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("below", Self::Below),
        ("at_most", Self::AtMost),
        ("at_least", Self::AtLeast),
        ("above", Self::Above),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, test)| *test == self).map_or("below", |(word, _)| *word)
    }

    /// The operator that PromQL has for it.
    pub fn operator(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }

    /// Whether a value passes; not-a-number passes nothing.
    pub fn passes(self, value: f64, line: f64) -> bool {
        match self {
            Self::Below => value < line,
            Self::AtMost => value <= line,
            Self::AtLeast => value >= line,
            Self::Above => value > line,
        }
    }
}

/// Over which time a promise is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Period {
    /// The last so many days, always.
    Rolling(Span),
    /// From the beginning of a week, month, quarter or year to its end, in a time zone.
    Calendar {
        /// What begins anew.
        unit: CalendarUnit,
        /// The zone by its IANA name: `UTC`, `Europe/Berlin`.
        zone: String,
    },
}

/// What begins anew in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// On Mondays.
    Week,
    /// On the first.
    Month,
    /// In January, April, July and October.
    Quarter,
    /// In January.
    Year,
}

impl CalendarUnit {
    /// Every unit with its word in settings and answers.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("week", Self::Week),
        ("month", Self::Month),
        ("quarter", Self::Quarter),
        ("year", Self::Year),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, unit)| *unit == self).map_or("month", |(word, _)| *word)
    }
}

/// How urgent the alerts of an objective may be. Ordered: louder is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loudness {
    /// It is shown and no alert follows.
    Silent,
    /// Somebody looks into it during the day.
    Ticket,
    /// Somebody is called.
    Page,
}

impl Loudness {
    /// Every loudness with its word in settings, labels and answers.
    pub const WORDS: [(&'static str, Self); 3] =
        [("none", Self::Silent), ("ticket", Self::Ticket), ("page", Self::Page)];

    /// The word for it, also in the `severity` label of its alerts.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, own)| *own == self).map_or("none", |(word, _)| *word)
    }
}
