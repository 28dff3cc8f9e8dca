//! Times that come again and again in which some alerts are quiet: backups, deployments, tests.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use model::{Labels, Time};

use crate::routing::{
    LabelMatcher, TimeInterval, all_match, parse_matchers, read_days, read_weekdays,
};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A time that comes again and again in which some alerts are quiet. It stands in the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// By which people speak of it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Which alerts: those that match all of these.
    pub matchers: Vec<LabelMatcher>,
    /// When: in any of these.
    pub intervals: Vec<TimeInterval>,
    /// When, in words: `22:00 to 02:00, monday to friday, Europe/Berlin`.
    pub when: String,
}

impl Window {
    /// Whether a moment lies within.
    pub fn contains(&self, now: Time) -> bool {
        self.intervals.iter().any(|interval| interval.contains(now))
    }

    /// Whether alerts with these labels are meant.
    pub fn matches(&self, labels: &Labels) -> bool {
        all_match(&self.matchers, labels)
    }

    /// Reads one; says what is wrong.
    pub fn read(text: &WindowText<'_>) -> Result<Self, String> {
        let mut matchers = Vec::new();
        for own in text.matchers {
            matchers.extend(parse_matchers(own).map_err(|error| error.to_string())?);
        }
        if !matchers.iter().any(LabelMatcher::names_values) {
            return Err("no condition names a value, such as `host=\"db-1\"`".to_owned());
        }
        let zone = match text.zone {
            None => None,
            Some(name) => Some(TimeZone::get(name).map_err(|_unknown| {
                format!("the time zone `{name}` is not known: write a name such as `Europe/Berlin`")
            })?),
        };
        let ranges = |texts: &[String], read: fn(&str) -> Option<RangeInclusive<i8>>| {
            let each = texts
                .iter()
                .map(|own| read(own).ok_or_else(|| format!("`{own}` is no range of days")));
            each.collect::<Result<Vec<_>, _>>()
        };
        let weekdays = ranges(text.weekdays, read_weekdays)?;
        let days_of_month = ranges(text.days_of_month, read_days)?;
        let on = |times, weekdays, days_of_month| TimeInterval {
            times,
            weekdays,
            days_of_month,
            zone: zone.clone(),
            ..TimeInterval::default()
        };
        let (from, to) = text.minutes;
        let intervals = if from < to {
            vec![on(vec![(from, to)], weekdays, days_of_month)]
        } else if from == to {
            return Err("it ends when it begins".to_owned());
        } else if days_of_month.is_empty() {
            // It begins on one day and ends on the next.
            let next = weekdays.iter().flat_map(Clone::clone).map(|day| {
                let day = (day + 1) % 7;
                day..=day
            });
            let next = next.collect();
            vec![on(vec![(from, DAY)], weekdays, Vec::new()), on(vec![(0, to)], next, Vec::new())]
        } else {
            return Err("with `days_of_month` it cannot go on over midnight".to_owned());
        };
        let (name, reason) = (text.name.to_owned(), text.reason.to_owned());
        Ok(Self { name, reason, matchers, intervals, when: text.say() })
    }
}

/// A window as it is written.
#[derive(Clone, Copy, Debug)]
pub struct WindowText<'a> {
    /// By which people speak of it.
    pub name: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Which alerts.
    pub matchers: &'a [String],
    /// From when until when: minutes of the day; the end is on the next day if it is the smaller.
    pub minutes: (u16, u16),
    /// On which days of the week it begins; on every one if none is given.
    pub weekdays: &'a [String],
    /// On which days of the month it begins.
    pub days_of_month: &'a [String],
    /// Whose clock is meant: an IANA name.
    pub zone: Option<&'a str>,
}

impl WindowText<'_> {
    /// When it is, in words.
    fn say(&self) -> String {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let (from, to) = self.minutes;
        let mut parts = vec![format!("{} to {}", clock(from), clock(to))];
        if !self.weekdays.is_empty() {
            parts.push(self.weekdays.join(" and ").replace(':', " to "));
        }
        if !self.days_of_month.is_empty() {
            parts.push(say_days(self.days_of_month));
        }
        parts.push(self.zone.unwrap_or("UTC").to_owned());
        parts.join(", ")
    }
}

/// Days of the month in words: `-1` is the last of it.
fn say_days(days: &[String]) -> String {
    let day = |text: &str| match text.trim().strip_prefix('-') {
        Some("1") => "the last".to_owned(),
        Some(back) => format!("the {back}. last"),
        None => format!("the {}.", text.trim()),
    };
    let range = |text: &String| match text.split_once(':') {
        Some((first, last)) => format!("{} to {}", day(first), day(last)),
        None => day(text),
    };
    let ranges: Vec<String> = days.iter().map(range).collect();
    format!("{} of the month", ranges.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn a_window_goes_on_over_midnight_by_the_clock_of_its_place() {
        let texts = |own: &[&str]| own.iter().map(|own| (*own).to_owned()).collect::<Vec<_>>();
        let (matchers, weekdays) = (texts(&["job=\"backup\""]), texts(&["friday:saturday"]));
        let text = WindowText {
            name: "backup",
            reason: "disks are busy",
            matchers: &matchers,
            minutes: (22 * 60, 2 * 60),
            weekdays: &weekdays,
            days_of_month: &[],
            zone: Some("Europe/Berlin"),
        };
        let window = Window::read(&text).unwrap();
        // Berlin is an hour ahead in November. 20 November 2026 is a Friday.
        for (moment, within) in [
            ("2026-11-20T20:59:00Z", false),
            ("2026-11-20T21:00:00Z", true),
            ("2026-11-21T00:59:00Z", true),
            ("2026-11-21T01:00:00Z", false),
            ("2026-11-22T00:30:00Z", true),
            ("2026-11-22T21:30:00Z", false),
            ("2026-11-20T00:30:00Z", false),
        ] {
            assert_eq!(window.contains(at(moment)), within, "{moment}");
        }
        assert!(window.matches(&Labels::from_pairs([("job", "backup")])));
        assert_eq!(window.when, "22:00 to 02:00, friday to saturday, Europe/Berlin");
        let wrong = |text: WindowText<'_>| Window::read(&text).unwrap_err();
        assert!(wrong(WindowText { zone: Some("Mars/Olympus"), ..text }).contains("Mars"));
        let all = texts(&["job=~\".+\""]);
        assert!(wrong(WindowText { matchers: &all, ..text }).contains("names a value"));
        let first = texts(&["1:7"]);
        assert!(wrong(WindowText { days_of_month: &first, ..text }).contains("midnight"));
        let monthly =
            WindowText { days_of_month: &first, minutes: (60, 120), weekdays: &[], ..text };
        let when = Window::read(&monthly).unwrap().when;
        assert_eq!(when, "01:00 to 02:00, the 1. to the 7. of the month, Europe/Berlin");
        let last = texts(&["-1"]);
        let when = Window::read(&WindowText { days_of_month: &last, ..monthly }).unwrap().when;
        assert_eq!(when, "01:00 to 02:00, the last of the month, Europe/Berlin");
    }

    #[test]
    fn when_clocks_are_changed_a_window_goes_by_what_they_show() {
        let texts = |own: &[&str]| own.iter().map(|own| (*own).to_owned()).collect::<Vec<_>>();
        let matchers = texts(&["job=\"backup\""]);
        let text = WindowText {
            name: "backup",
            reason: "disks are busy",
            matchers: &matchers,
            minutes: (2 * 60, 3 * 60),
            weekdays: &[],
            days_of_month: &[],
            zone: Some("Europe/Berlin"),
        };
        let window = Window::read(&text).unwrap();
        let night = Window::read(&WindowText { minutes: (23 * 60, 4 * 60), ..text }).unwrap();
        // In March the hour from two to three is left out, in October it comes twice.
        for (moment, within, at_night) in [
            ("2026-03-28T01:30:00Z", true, true),
            ("2026-03-28T21:59:00Z", false, false),
            ("2026-03-28T22:00:00Z", false, true),
            ("2026-03-29T00:59:00Z", false, true),
            ("2026-03-29T01:00:00Z", false, true),
            ("2026-03-29T01:59:00Z", false, true),
            ("2026-03-29T02:00:00Z", false, false),
            ("2026-03-30T00:30:00Z", true, true),
            ("2026-10-24T23:59:00Z", false, true),
            ("2026-10-25T00:00:00Z", true, true),
            ("2026-10-25T01:59:00Z", true, true),
            ("2026-10-25T02:00:00Z", false, true),
            ("2026-10-25T02:59:00Z", false, true),
            ("2026-10-25T03:00:00Z", false, false),
        ] {
            assert_eq!(window.contains(at(moment)), within, "{moment}");
            assert_eq!(night.contains(at(moment)), at_night, "{moment} at night");
        }
    }
}
