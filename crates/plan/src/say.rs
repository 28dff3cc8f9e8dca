//! An outlook in plain words, in UTC.

use model::{DateRange, Outlook, Span, Time};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Says an outlook: `90 % between 3 and 19 December`, `not within 90 days`. `what` names the line, such as `90 %`.
/// A year is named when it is not that of `now`; all times are UTC.
pub fn say(outlook: &Outlook, what: &str, now: Time) -> String {
    match outlook {
        Outlook::Now => "already reached".into(),
        Outlook::Expected(range) => format!("{what} {}", say_range(range, now)),
        Outlook::NotBefore(time) => format!("not within {}", say_whole(time.since(now))),
        Outlook::NotFilling => "not filling".into(),
        Outlook::TooLittleHistory(need) => {
            let more = say_span(Span(need.need.0.saturating_sub(need.have.0)));
            let ready = Moment::new(need.ready_at);
            format!(
                "needs {more} more history, ready on {} {} UTC",
                ready.date_from(now),
                ready.clock()
            )
        }
    }
}

fn say_range(range: &DateRange, now: Time) -> String {
    let earliest = Moment::new(range.earliest);
    let near = |time: Time| Moment::new(time).day - Moment::new(now).day < 2;
    let Some(latest) = range.latest else {
        let likely = range.likely.map_or_else(String::new, |likely| {
            format!(", likely around {}", Moment::new(likely).near_or_date(now))
        });
        return format!("after {}{likely}", earliest.near_or_date(now));
    };
    if near(latest) {
        return say_hours(range, latest, now);
    }
    let latest = Moment::new(latest);
    if earliest.day == latest.day {
        return format!("on {}", latest.date_from(now));
    }
    let (from, to) = (earliest.civil(), latest.civil());
    let first = match (from.year == to.year, from.month == to.month) {
        (true, true) => from.day.to_string(),
        (true, false) => from.day_and_month(),
        (false, _) => earliest.date_from(now),
    };
    format!("between {first} and {}", latest.date_from(now))
}

/// Today and tomorrow are told by the clock; a range of an hour or less is one moment.
fn say_hours(range: &DateRange, latest: Time, now: Time) -> String {
    let (first, last) = (Moment::new(range.earliest), Moment::new(latest));
    if latest.since(range.earliest) <= Span::hours(1) {
        let middle = range.likely.unwrap_or(range.earliest);
        return format!("around {}", Moment::new(middle).near_or_date(now));
    }
    if first.day == last.day {
        return format!("between {} and {}", first.clock(), last.near_or_date(now));
    }
    format!("between {} and {}", first.near_or_date(now), last.near_or_date(now))
}

/// A span as its largest whole unit, rounded down, so that the claim stays true.
fn say_whole(span: Span) -> String {
    let span = span.0.max(0);
    let (count, unit) = match span {
        span if span >= 2 * DAY => (span / DAY, "days"),
        span if span >= 2 * HOUR => return format!("{} h", span / HOUR),
        span => return format!("{} min", span / MINUTE),
    };
    format!("{count} {unit}")
}

/// A span in days, hours or minutes, rounded up, so that the wait is long enough.
fn say_span(span: Span) -> String {
    let span = span.0.max(0);
    if span < HOUR {
        return format!("{} min", span.div_euclid(MINUTE) + i64::from(span % MINUTE > 0));
    }
    let hours = span / HOUR + i64::from(span % HOUR > 0);
    match (hours / 24, hours % 24) {
        (0, hours) => format!("{hours} h"),
        (1, 0) => "1 day".into(),
        (1, hours) => format!("1 day {hours} h"),
        (days, 0) => format!("{days} days"),
        (days, hours) => format!("{days} days {hours} h"),
    }
}

/// A moment by the clock, to the nearest five minutes.
#[derive(Clone, Copy)]
struct Moment {
    day: i64,
    minute: i64,
}

struct Civil {
    year: i64,
    month: usize,
    day: i64,
}

impl Moment {
    fn new(time: Time) -> Self {
        let minutes = time.0.div_euclid(MINUTE);
        let rounded = minutes.saturating_add(2).div_euclid(5).saturating_mul(5);
        Self { day: rounded.div_euclid(24 * 60), minute: rounded.rem_euclid(24 * 60) }
    }

    fn clock(self) -> String {
        format!("{:02}:{:02}", self.minute / 60, self.minute % 60)
    }

    /// `14:00 today`, `02:00 tomorrow`, else the date.
    fn near_or_date(self, now: Time) -> String {
        match self.day - Self::new(now).day {
            0 => format!("{} today", self.clock()),
            1 => format!("{} tomorrow", self.clock()),
            _ => self.date_from(now),
        }
    }

    /// `3 December`, with its year if it is not this one.
    fn date_from(self, now: Time) -> String {
        let date = self.civil();
        if date.year == Self::new(now).civil().year {
            date.day_and_month()
        } else {
            format!("{} {}", date.day_and_month(), date.year)
        }
    }

    /// The date of a day counted from 1970, by Howard Hinnant's algorithm: years begin in March, so that the leap day
    /// is their last, and 400 of them are always 146 097 days.
    fn civil(self) -> Civil {
        let shifted = self.day + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12;
        let year = era * 400 + year_of_era + i64::from(month < 2);
        Civil { year, month: usize::try_from(month).unwrap_or(0), day }
    }
}

impl Civil {
    fn day_and_month(&self) -> String {
        format!("{} {}", self.day, MONTHS[self.month % 12])
    }
}
