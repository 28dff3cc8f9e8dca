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

/// A day: `14 March`, with its year if it is not this one.
pub fn say_date(time: Time, now: Time) -> String {
    Moment::new(time).date_from(now)
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

    /// `14:00 UTC today`, `02:00 UTC tomorrow`, else the date.
    fn near_or_date(self, now: Time) -> String {
        match self.day - Self::new(now).day {
            0 => format!("{} UTC today", self.clock()),
            1 => format!("{} UTC tomorrow", self.clock()),
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

#[cfg(test)]
mod tests {
    use model::HistoryNeed;
    use proptest::prelude::*;

    use super::*;

    /// 20 November 2026, noon.
    const NOW: Time = Time(1_795_176_000_000);

    fn expected(earliest: Span, likely: Option<Span>, latest: Option<Span>) -> String {
        let range = DateRange {
            earliest: NOW + earliest,
            likely: likely.map(|span| NOW + span),
            latest: latest.map(|span| NOW + span),
        };
        say(&Outlook::Expected(range), "90 %", NOW)
    }

    fn days(from: i64, to: i64) -> String {
        expected(Span::days(from), Some(Span::days(to)), Some(Span::days(to)))
    }

    #[test]
    fn a_range_within_a_month_names_the_month_once() {
        assert_eq!(days(13, 29), "90 % between 3 and 19 December");
    }

    #[test]
    fn a_range_over_months_names_both() {
        assert_eq!(days(5, 13), "90 % between 25 November and 3 December");
    }

    #[test]
    fn a_year_is_named_when_it_is_not_this_one() {
        assert_eq!(days(40, 50), "90 % between 30 December and 9 January 2027");
        assert_eq!(days(50, 60), "90 % between 9 and 19 January 2027");
        assert_eq!(days(400, 800), "90 % between 25 December 2027 and 28 January 2029");
    }

    #[test]
    fn one_day_is_one_date() {
        let told = expected(Span::days(5), None, Some(Span::hours(5 * 24 + 3)));
        assert_eq!(told, "90 % on 25 November");
    }

    #[test]
    fn today_and_tomorrow_are_told_by_the_clock() {
        let hours = |from, likely, to| {
            expected(Span::minutes(from), Some(Span::minutes(likely)), Some(Span::minutes(to)))
        };
        assert_eq!(hours(100, 120, 140), "90 % around 14:00 UTC today");
        assert_eq!(hours(60, 120, 240), "90 % between 13:00 and 16:00 UTC today");
        assert_eq!(hours(600, 800, 1_000), "90 % between 22:00 UTC today and 04:40 UTC tomorrow");
    }

    #[test]
    fn an_open_end_names_its_beginning_and_its_middle() {
        let told = expected(Span::days(13), Some(Span::days(29)), None);
        assert_eq!(told, "90 % after 3 December, likely around 19 December");
    }

    #[test]
    fn what_is_far_is_told_in_whole_units_and_never_too_many() {
        let say = |span| say(&Outlook::NotBefore(NOW + span), "90 %", NOW);
        assert_eq!(say(Span::days(90)), "not within 90 days");
        assert_eq!(say(Span::minutes(91 * 24 * 60 - 1)), "not within 90 days");
        assert_eq!(say(Span::hours(47)), "not within 47 h");
        assert_eq!(say(Span::minutes(90)), "not within 90 min");
    }

    #[test]
    fn what_is_missing_is_told_with_its_date() {
        let need = HistoryNeed {
            have: Span::hours(2),
            need: Span::days(1),
            ready_at: NOW + Span::days(2) + Span::hours(2),
        };
        assert_eq!(
            say(&Outlook::TooLittleHistory(need), "90 %", NOW),
            "needs 22 h more history, ready on 22 November 14:00 UTC"
        );
        assert_eq!(say_span(Span::hours(28)), "1 day 4 h");
        assert_eq!(say_span(Span::minutes(61)), "2 h");
        assert_eq!(say_span(Span::millis(1)), "1 min");
    }

    #[test]
    fn the_plain_answers_are_plain() {
        assert_eq!(say(&Outlook::Now, "90 %", NOW), "already reached");
        assert_eq!(say(&Outlook::NotFilling, "90 %", NOW), "not filling");
    }

    #[test]
    fn leap_days_and_ends_of_years_are_dates_too() {
        let date = |seconds: i64| Moment::new(Time::from_secs(seconds)).date_from(NOW);
        assert_eq!(date(951_782_400), "29 February 2000");
        assert_eq!(date(946_684_799 - 300), "31 December 1999");
        assert_eq!(date(0), "1 January 1970");
        assert_eq!(date(-86_400), "31 December 1969");
        assert_eq!(date(4_107_542_400), "1 March 2100");
    }

    proptest! {
        #[test]
        fn any_moment_can_be_said(earliest in any::<i64>(), latest in any::<i64>(), now in any::<i64>()) {
            let range = DateRange { earliest: Time(earliest), likely: None, latest: Some(Time(latest)) };
            say(&Outlook::Expected(range), "90 %", Time(now));
            say(&Outlook::NotBefore(Time(earliest)), "90 %", Time(now));
        }

        #[test]
        fn days_follow_each_other(day in -1_000_000_i64..1_000_000) {
            let date = |day| Moment { day, minute: 0 }.civil();
            let (today, tomorrow) = (date(day), date(day + 1));
            let next = tomorrow.day == today.day + 1 && tomorrow.month == today.month;
            let turn = tomorrow.day == 1 && (tomorrow.month == (today.month + 1) % 12) && today.day >= 28;
            prop_assert!(next || turn);
            prop_assert_eq!(tomorrow.year - today.year, i64::from(tomorrow.month == 0 && tomorrow.day == 1));
        }
    }
}
