//! The pool: small models of a series' future, and which of them try their luck on a stock and on a flow.

mod profile;
mod study;

use model::{Nature, Span};

pub(crate) use profile::Weekends;
pub(crate) use study::{Fitted, Study};

/// Which habits are taken off before a model continues the rest, and put back onto what it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habits {
    None,
    /// That of the short season: mostly the day.
    Short,
    /// That of the short and of the long one: mostly day and week.
    Both,
}

/// One way to continue a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Last,
    /// The middle of the newest short season.
    Level,
    /// The middle of the newest long season.
    LevelLong,
    /// A mean in which the newest count most.
    Smooth,
    /// From the first value to the last.
    Drift,
    /// As over the newest short season.
    DriftShort,
    /// As over the newest long season.
    DriftLong,
    Trend(Habits),
    TrendRecent,
    Holt(Habits),
    Theta,
    NaiveShort,
    NaiveLong,
    ProfileShort,
    ProfileLong,
    /// The long profile around the newest level.
    ProfileLongLevel,
    /// What is usual at each phase of the short season, wherever the series stands now.
    UsualShort,
    /// The same of the long one, known a little once it was seen once.
    UsualLong,
    /// The same of a day, days of work and of rest apart.
    UsualDay,
    DoubleShort,
    DoubleLong,
    Waves,
    Lags,
    Sawtooth,
}

/// What a model continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// The values themselves.
    Value,
    /// The change from value to value, which is added up again.
    Rate,
}

/// A model and what it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub of: Of,
    pub model: Model,
}

const fn value(model: Model) -> Member {
    Member { of: Of::Value, model }
}

const fn rate(model: Model) -> Member {
    Member { of: Of::Rate, model }
}

/// What comes and goes.
const FLOW: [Member; 20] = [
    value(Model::NaiveShort),
    value(Model::NaiveLong),
    value(Model::ProfileShort),
    value(Model::ProfileLong),
    value(Model::ProfileLongLevel),
    value(Model::Holt(Habits::Both)),
    value(Model::Holt(Habits::Short)),
    value(Model::Holt(Habits::None)),
    value(Model::Theta),
    value(Model::DoubleLong),
    value(Model::DoubleShort),
    value(Model::Waves),
    value(Model::Lags),
    value(Model::LevelLong),
    value(Model::Smooth),
    value(Model::Level),
    value(Model::Trend(Habits::Both)),
    value(Model::UsualShort),
    value(Model::UsualLong),
    value(Model::UsualDay),
];
/// The first so many of them are asked of what is near. The rest tell what is usual wherever the series stands now, which
/// is worth something only once today is forgotten.
const FLOW_NEAR: usize = 17;
/// What lies no further ahead is near.
const NEAR: Span = Span::days(3);

/// Who tries its luck on this past, so far ahead.
pub(crate) fn pool(nature: Nature, ahead: Span) -> &'static [Member] {
    match nature {
        Nature::Flow if ahead <= NEAR => &FLOW[..FLOW_NEAR],
        Nature::Flow => &FLOW,
        Nature::Stock => &STOCK,
    }
}

/// What piles up: either its level is continued, or the rate at which it grows.
const STOCK: [Member; 26] = [
    value(Model::Last),
    value(Model::Level),
    value(Model::Drift),
    value(Model::DriftShort),
    value(Model::DriftLong),
    value(Model::Trend(Habits::None)),
    value(Model::TrendRecent),
    value(Model::Holt(Habits::None)),
    value(Model::NaiveShort),
    value(Model::NaiveLong),
    value(Model::ProfileShort),
    value(Model::Trend(Habits::Short)),
    value(Model::Trend(Habits::Both)),
    value(Model::Holt(Habits::Short)),
    value(Model::Holt(Habits::Both)),
    value(Model::Sawtooth),
    rate(Model::NaiveShort),
    rate(Model::NaiveLong),
    rate(Model::ProfileLong),
    rate(Model::Holt(Habits::Both)),
    rate(Model::Holt(Habits::Short)),
    rate(Model::Theta),
    rate(Model::DoubleShort),
    rate(Model::Waves),
    rate(Model::Lags),
    rate(Model::Smooth),
];

impl Member {
    /// What people call it, where the short season is a day or longer.
    pub(crate) fn name(self, short_is_day: bool) -> String {
        let name = self.model.name(short_is_day);
        match self.of {
            Of::Value => name.to_owned(),
            Of::Rate => format!("growth {name}"),
        }
    }
}

impl Model {
    fn name(self, short_is_day: bool) -> &'static str {
        let pick = |day: &'static str, week: &'static str| if short_is_day { day } else { week };
        match self {
            Self::Last => "last value",
            Self::Level | Self::LevelLong => "level",
            Self::Smooth => "smoothed level",
            Self::Drift => "drift",
            Self::DriftShort => pick("drift of a day", "drift of a week"),
            Self::DriftLong => pick("drift of a week", "drift of a year"),
            Self::Trend(Habits::None) => "trend",
            Self::TrendRecent => "recent trend",
            Self::Holt(Habits::None) => "damped trend",
            Self::NaiveShort => pick("as yesterday", "as last week"),
            Self::NaiveLong => pick("as last week", "as last year"),
            Self::ProfileShort => pick("daily habit", "weekly habit"),
            Self::ProfileLong | Self::ProfileLongLevel => pick("weekly habit", "yearly habit"),
            Self::UsualShort => pick("usual day", "usual week"),
            Self::UsualDay => "usual day of its kind",
            Self::UsualLong => pick("usual week", "usual year"),
            Self::Trend(Habits::Short) => pick("daily habit + trend", "weekly habit + trend"),
            Self::Trend(Habits::Both) => pick("weekly habit + trend", "yearly habit + trend"),
            Self::Holt(Habits::Short) => {
                pick("daily habit + damped trend", "weekly habit + damped trend")
            }
            Self::Holt(Habits::Both) => {
                pick("weekly habit + damped trend", "yearly habit + damped trend")
            }
            Self::Theta => "habits + half trend",
            Self::DoubleShort => pick("smoothed day", "smoothed week"),
            Self::DoubleLong => pick("smoothed day and week", "smoothed week and year"),
            Self::Waves => "waves",
            Self::Lags => "own past",
            Self::Sawtooth => "sawtooth",
        }
    }
}
