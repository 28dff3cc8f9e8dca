//! Parts of a time, from seconds since 1970, in UTC.

const SECONDS_PER_DAY: i64 = 86_400;

/// The function of a name, if it gives a part of a time.
pub(super) fn part_of_time(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "minute" => |seconds| part(seconds, |time| time.rem_euclid(3600) / 60),
        "hour" => |seconds| part(seconds, |time| time.rem_euclid(SECONDS_PER_DAY) / 3600),
        // 1970-01-01 was a Thursday; Sunday is 0.
        "day_of_week" => |seconds| part(seconds, |time| (day(time) + 4).rem_euclid(7)),
        "day_of_month" => |seconds| part(seconds, |time| date(time).day),
        "day_of_year" => |seconds| part(seconds, day_of_year),
        "days_in_month" => |seconds| part(seconds, days_in_month),
        "month" => |seconds| part(seconds, |time| date(time).month),
        "year" => |seconds| part(seconds, |time| date(time).year),
        _ => return None,
    })
}

/// Seconds beyond this have no date anyone could use; it keeps the arithmetic from overflowing.
const SECONDS_MAX: f64 = 1e15;

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn part(seconds: f64, of: fn(i64) -> i64) -> f64 {
    if seconds.is_nan() || seconds.abs() > SECONDS_MAX {
        return f64::NAN;
    }
    of(seconds as i64) as f64
}

fn day(time: i64) -> i64 {
    time.div_euclid(SECONDS_PER_DAY)
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// The date in the Gregorian calendar; the years of the sum begin in March, so that the leap day comes last.
fn date(time: i64) -> Date {
    let days = day(time) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    Date { year, month, day }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap(year)),
        _ => 31,
    }
}

fn days_in_month(time: i64) -> i64 {
    let date = date(time);
    month_length(date.year, date.month)
}

fn day_of_year(time: i64) -> i64 {
    let date = date(time);
    (1..date.month).map(|month| month_length(date.year, month)).sum::<i64>() + date.day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, seconds: f64) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let answer = part_of_time(name).unwrap()(seconds) as i64;
        answer
    }

    #[test]
    fn a_leap_day_is_a_day() {
        let time = 1_709_164_800.0; // 2024-02-29
        assert_eq!(ask("day_of_month", time), 29);
        assert_eq!(ask("days_in_month", time), 29);
        assert_eq!(ask("day_of_year", time), 60);
        assert_eq!(ask("day_of_week", time), 4);
        assert_eq!(ask("year", time), 2024);
    }

    #[test]
    fn the_epoch_and_the_second_before_it_are_known() {
        assert_eq!(ask("day_of_week", 0.0), 4);
        assert_eq!((ask("year", -1.0), ask("month", -1.0), ask("hour", -1.0)), (1969, 12, 23));
        assert!(part_of_time("year").unwrap()(f64::NAN).is_nan());
        assert!(part_of_time("year").unwrap()(1e300).is_nan());
    }
}
