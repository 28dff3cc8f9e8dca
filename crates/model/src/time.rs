//! Time as numbers, and the clock that everything is handed instead of asking the system.

use std::{
    fmt,
    ops::{Add, Sub},
    pin::Pin,
    time::Duration,
};

/// A moment: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Time {
    /// The earliest moment that can be named.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest moment that can be named.
    pub const MAX: Self = Self(i64::MAX);

    /// A moment from whole seconds since 1970.
    pub fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The beginning of a day in UTC, by Howard Hinnant's algorithm; nothing for what is no date, or beyond the years
    /// that are written with four digits.
    pub fn of_date(year: i64, month: u8, day: u8) -> Option<Self> {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let last = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=9999).contains(&year) || !(1..=last).contains(&day) {
            return None;
        }
        // Years begin in March, so that the leap day is their last.
        let years = year - i64::from(month <= 2);
        let months = (i64::from(month) + 9) % 12;
        let days = years * 365 + years / 4 - years / 100 + years / 400;
        let days = days + (153 * months + 2) / 5 + i64::from(day) - 1 - 719_468;
        Some(Self::from_secs(days * 86_400))
    }

    /// Year, month and day in UTC, by Howard Hinnant's algorithm.
    pub fn date(self) -> (i64, u8, u8) {
        let days = self.0.div_euclid(86_400_000) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |value: i64| u8::try_from(value).unwrap_or(1);
        (year, small(month), small(day))
    }

    /// The same day and time of so many calendar months later, in UTC; the last day of that month where it has no such
    /// day.
    #[must_use]
    pub fn months_later(self, months: i64) -> Self {
        let (year, month, day) = self.date();
        let at =
            year.saturating_mul(12).saturating_add(i64::from(month) - 1).saturating_add(months);
        let month = u8::try_from(at.rem_euclid(12) + 1).unwrap_or(1);
        let midnight = (1..=day).rev().find_map(|day| Self::of_date(at.div_euclid(12), month, day));
        midnight.map_or(self, |midnight| midnight + Span(self.0.rem_euclid(86_400_000)))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970, with a fraction.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// How much later this is than another moment; negative if it is earlier.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// A length of time in milliseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    pub const fn millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds.
    pub const fn secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self::secs(minutes.saturating_mul(60))
    }

    /// From hours.
    pub const fn hours(hours: i64) -> Self {
        Self::minutes(hours.saturating_mul(60))
    }

    /// From days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self::hours(days.saturating_mul(24))
    }

    /// Milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds, with a fraction.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// As a standard duration; negative spans become zero.
    pub fn to_duration(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

/// As Prometheus writes durations: `1h30m`, `15s`, `250ms`.
impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, i64); 5] =
            [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, millis) in UNITS {
            let count = rest / millis.unsigned_abs();
            rest %= millis.unsigned_abs();
            if count > 0 {
                write!(formatter, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

/// From one moment to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first moment.
    pub from: Time,
    /// The last moment.
    pub to: Time,
}

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self { from: Time::MIN, to: Time::MAX };

    /// Whether a moment lies within.
    pub fn contains(&self, time: Time) -> bool {
        self.from <= time && time <= self.to
    }
}

/// Something to wait for; done when its time has come.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from, so that a test can turn it.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The moment by the wall clock; may jump in either direction.
    fn now(&self) -> Time;

    /// Time since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits this long.
    fn wait(&self, duration: Duration) -> Wait;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        let day =
            |year, month, day| Time::of_date(year, month, day).map(|time| time.0 / 86_400_000);
        assert_eq!(day(1970, 1, 1), Some(0));
        assert_eq!(day(2000, 2, 29), Some(11_016));
        assert_eq!(day(1969, 12, 31), Some(-1));
        assert_eq!(day(2026, 11, 20), Some(20_777));
        assert_eq!([day(2026, 2, 29), day(2026, 13, 1), day(2026, 4, 31)], [None; 3]);
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for days in (-800_000..800_000).step_by(37) {
            let time = Time(days * 86_400_000);
            let (year, month, day) = time.date();
            if (1..=9999).contains(&year) {
                assert_eq!(Time::of_date(year, month, day), Some(time));
            }
        }
        let of = |year, month, day| Time::of_date(year, month, day).unwrap();
        assert_eq!(of(2026, 12, 1).months_later(3), of(2027, 3, 1));
        assert_eq!(of(2028, 1, 31).months_later(1), of(2028, 2, 29));
        assert_eq!(of(2026, 3, 15).months_later(-15), of(2024, 12, 15));
        assert_eq!((of(2026, 1, 1) + Span(5)).months_later(1), of(2026, 2, 1) + Span(5));
    }

    #[test]
    fn spans_print_as_prometheus_writes_durations() {
        assert_eq!(Span::minutes(90).to_string(), "1h30m");
        assert_eq!(Span::millis(250).to_string(), "250ms");
        assert_eq!(Span::ZERO.to_string(), "0s");
        assert_eq!(Span::days(10).to_string(), "10d");
    }

    #[test]
    fn arithmetic_at_the_ends_of_time_stays_there() {
        assert_eq!(Time::MAX + Span::days(1), Time::MAX);
        assert_eq!(Time::MIN - Span::days(1), Time::MIN);
    }
}
