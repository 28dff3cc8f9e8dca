//! Times of day, week, month and year in which a route is silent, or not, as Alertmanager has them.

use std::ops::RangeInclusive;

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use model::Time;

/// A time interval: all parts that are given must hold; each holds if one of its ranges does.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TimeInterval {
    /// Minutes of the day, the last not included.
    pub times: Vec<(u16, u16)>,
    /// Days of the week, Sunday is 0.
    pub weekdays: Vec<RangeInclusive<i8>>,
    /// Days of the month from 1; negative ones count from its end.
    pub days_of_month: Vec<RangeInclusive<i8>>,
    /// Months from 1.
    pub months: Vec<RangeInclusive<i8>>,
    /// Years.
    pub years: Vec<RangeInclusive<i16>>,
    /// Whose clock is meant; UTC if nothing is said.
    pub zone: Option<TimeZone>,
}

const DAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl TimeInterval {
    /// Whether a moment lies within.
    pub fn contains(&self, time: Time) -> bool {
        let Ok(stamp) = Timestamp::from_millisecond(time.millis()) else { return false };
        let local = stamp.to_zoned(self.zone.clone().unwrap_or(TimeZone::UTC)).datetime();
        let minute = u16::try_from(local.hour()).unwrap_or(0) * 60
            + u16::try_from(local.minute()).unwrap_or(0);
        let weekday = weekday_number(local.weekday());
        let month_days = local.date().days_in_month();
        given(&self.times, |(from, to)| (*from..*to).contains(&minute))
            && given(&self.days_of_month, |days| on_day(days, local.day(), month_days))
            && given(&self.months, |months| months.contains(&local.month()))
            && given(&self.weekdays, |days| days.contains(&weekday))
            && given(&self.years, |years| years.contains(&local.year()))
    }
}

/// Whether nothing is asked, or something of what is asked holds.
fn given<T>(ranges: &[T], holds: impl Fn(&T) -> bool) -> bool {
    ranges.is_empty() || ranges.iter().any(holds)
}

fn on_day(days: &RangeInclusive<i8>, day: i8, month_days: i8) -> bool {
    let from_start = |own: i8| if own < 0 { month_days + own + 1 } else { own };
    let (begin, end) = (from_start(*days.start()), from_start(*days.end()));
    // The 31st of a month of thirty days is no day, and not the 30th either.
    begin <= month_days
        && (begin.max(-month_days)..=end.clamp(-month_days, month_days)).contains(&day)
}

fn weekday_number(day: Weekday) -> i8 {
    day.to_sunday_zero_offset()
}

/// Minutes of the day from `HH:MM`; the day ends at 24:00.
pub(super) fn read_minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
    let one = |text: &str| text.parse::<u16>().ok().filter(|_| (1..=2).contains(&text.len()));
    let (hours, minutes) = (one(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60 || hours == 24 && minutes == 0).then_some(hours * 60 + minutes)
}

/// A day of the week or a range of them: `monday:friday`.
pub(crate) fn read_weekdays(text: &str) -> Option<RangeInclusive<i8>> {
    read_range(text, |text| place_in(&DAYS, text))
}

/// A month or a range of them, in words or numbers: `1:3`, `may:august`.
pub(super) fn read_months(text: &str) -> Option<RangeInclusive<i8>> {
    read_range(text, |text| {
        place_in(&MONTHS, text)
            .map(|place| place + 1)
            .or_else(|| text.parse().ok().filter(|month| (1..=12).contains(month)))
    })
}

/// Days of the month: `1:5`, `-3:-1`.
pub(crate) fn read_days(text: &str) -> Option<RangeInclusive<i8>> {
    let (begin, end) = text.split_once(':').unwrap_or((text, text));
    let day = |text: &str| {
        let day: i8 = text.trim().parse().ok()?;
        (day != 0 && (-31..=31).contains(&day)).then_some(day)
    };
    let (begin, end) = (day(begin)?, day(end)?);
    // From the end back to the start of a month leads nowhere.
    let turned = begin < 0 && end > 0 || begin.signum() == end.signum() && begin > end;
    (!turned).then_some(begin..=end)
}

/// Years: `2026`, `2026:2030`.
pub(super) fn read_years(text: &str) -> Option<RangeInclusive<i16>> {
    read_range(text, |text| text.parse().ok())
}

fn read_range<T: PartialOrd + Copy>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<RangeInclusive<T>> {
    let (begin, end) = text.split_once(':').unwrap_or((text, text));
    let (begin, end) = (read(begin.trim())?, read(end.trim())?);
    (begin <= end).then_some(begin..=end)
}

fn place_in(words: &[&str], text: &str) -> Option<i8> {
    let place = words.iter().position(|word| word.eq_ignore_ascii_case(text))?;
    i8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn office_hours_are_those_of_the_place() {
        let interval = TimeInterval {
            times: vec![(read_minute("09:00").unwrap(), read_minute("17:00").unwrap())],
            weekdays: vec![read_weekdays("monday:Friday").unwrap()],
            zone: Some(TimeZone::get("Australia/Sydney").unwrap()),
            ..TimeInterval::default()
        };
        // Sydney is eleven hours ahead in November. 19 November 2026 is a Thursday.
        assert!(interval.contains(at("2026-11-18T22:00:00Z")));
        assert!(interval.contains(at("2026-11-19T05:59:59Z")));
        assert!(!interval.contains(at("2026-11-19T06:00:00Z")));
        assert!(!interval.contains(at("2026-11-20T22:30:00Z")));
    }

    #[test]
    fn days_of_the_month_count_from_both_ends() {
        let days = |text: &str| TimeInterval {
            days_of_month: vec![read_days(text).unwrap()],
            ..TimeInterval::default()
        };
        assert!(days("-1").contains(at("2026-02-28T12:00:00Z")));
        assert!(!days("-1").contains(at("2026-02-27T12:00:00Z")));
        assert!(days("28:31").contains(at("2026-02-28T12:00:00Z")));
        assert!(!days("31").contains(at("2026-04-30T12:00:00Z")));
        assert!(days("1:-1").contains(at("2026-04-15T12:00:00Z")));
        for wrong in ["0", "32", "5:1", "-1:-3", "-3:3", "x", "1:"] {
            assert_eq!(read_days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_and_years_are_words_and_numbers() {
        assert_eq!(read_months("may:8"), Some(5..=8));
        assert_eq!(read_months("13"), None);
        assert_eq!(read_years("2026:2030"), Some(2026..=2030));
        assert_eq!(read_years("2030:2026"), None);
        assert_eq!(read_weekdays("saturday:sunday"), None);
        assert_eq!(read_minute("24:00"), Some(1440));
        for wrong in ["24:01", "9", "09:60", "09:5", ""] {
            assert_eq!(read_minute(wrong), None, "{wrong}");
        }
    }
}
