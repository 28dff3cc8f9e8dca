//! When the period of an objective begins, and how long it is.

use jiff::{
    Timestamp, ToSpan as _, Zoned,
    civil::Date,
    tz::{Offset, TimeZone},
};
use model::{CalendarUnit, Period, Span, Time};

/// The period that a moment lies in: when it began and how long it is.
///
/// A zone that this machine does not know counts as UTC.
pub fn period_at(period: &Period, now: Time) -> (Time, Span) {
    match period {
        Period::Rolling(span) => (now - *span, *span),
        Period::Calendar { unit, zone } => {
            calendar(*unit, zone, now).unwrap_or_else(|| (now - Span::days(30), Span::days(30)))
        }
    }
}

/// The period as people say it: `30d`, `month`.
pub fn say_period(period: &Period) -> String {
    match period {
        Period::Rolling(span) => span.to_string(),
        Period::Calendar { unit, .. } => unit.word().to_owned(),
    }
}

/// Whether this machine knows a time zone.
pub fn knows_zone(name: &str) -> bool {
    name == "UTC" || TimeZone::get(name).is_ok()
}

fn calendar(unit: CalendarUnit, zone: &str, now: Time) -> Option<(Time, Span)> {
    let zone = TimeZone::get(zone).unwrap_or_else(|_unknown| TimeZone::fixed(Offset::UTC));
    // The end of a period is its own last moment.
    let moment = Timestamp::from_millisecond(now.millis().checked_sub(1)?).ok()?;
    let first = first_day(unit, moment.to_zoned(zone.clone()).date())?;
    let next = match unit {
        CalendarUnit::Week => first.checked_add(1.week()),
        CalendarUnit::Month => first.checked_add(1.month()),
        CalendarUnit::Quarter => first.checked_add(3.months()),
        CalendarUnit::Year => first.checked_add(1.year()),
    };
    let moment = |date: Date| -> Option<Zoned> { date.to_zoned(zone.clone()).ok() };
    let from = Time(moment(first)?.timestamp().as_millisecond());
    let to = Time(moment(next.ok()?)?.timestamp().as_millisecond());
    Some((from, to.since(from)))
}

fn first_day(unit: CalendarUnit, day: Date) -> Option<Date> {
    match unit {
        CalendarUnit::Week => {
            let after = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_sub(after.days()).ok()
        }
        CalendarUnit::Month => Some(day.first_of_month()),
        CalendarUnit::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok(),
        CalendarUnit::Year => Some(day.first_of_year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn calendar(unit: CalendarUnit, zone: &str, now: &str) -> (String, Span) {
        let period = Period::Calendar { unit, zone: zone.to_owned() };
        let (from, length) = period_at(&period, at(now));
        (Timestamp::from_millisecond(from.millis()).unwrap().to_string(), length)
    }

    #[test]
    fn calendar_periods_begin_where_the_calendar_says() {
        let now = "2026-11-21T12:00:00Z";
        let month = calendar(CalendarUnit::Month, "UTC", now);
        assert_eq!(month, ("2026-11-01T00:00:00Z".to_owned(), Span::days(30)));
        let week = calendar(CalendarUnit::Week, "UTC", now);
        assert_eq!(week, ("2026-11-16T00:00:00Z".to_owned(), Span::days(7)));
        let quarter = calendar(CalendarUnit::Quarter, "UTC", now);
        assert_eq!(quarter, ("2026-10-01T00:00:00Z".to_owned(), Span::days(92)));
        let year = calendar(CalendarUnit::Year, "UTC", now);
        assert_eq!(year, ("2026-01-01T00:00:00Z".to_owned(), Span::days(365)));
    }

    #[test]
    fn a_month_with_a_change_of_clocks_is_an_hour_longer() {
        let (from, length) = calendar(CalendarUnit::Month, "Europe/Berlin", "2026-10-31T12:00:00Z");
        assert_eq!(from, "2026-09-30T22:00:00Z");
        assert_eq!(length, Span::hours(31 * 24 + 1));
    }

    #[test]
    fn the_end_of_a_period_is_its_own_last_moment() {
        let (from, _) = calendar(CalendarUnit::Month, "UTC", "2026-11-01T00:00:00Z");
        assert_eq!(from, "2026-10-01T00:00:00Z");
    }

    #[test]
    fn a_rolling_period_ends_now() {
        let span = Span::days(28);
        assert_eq!(period_at(&Period::Rolling(span), Time(0)), (Time(0) - span, span));
    }
}
