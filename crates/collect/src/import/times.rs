//! Times as files write them.

use model::Time;

use super::TimeFormat;

/// Reads a time; `None` if it is none.
pub(super) fn parse_time(text: &str, format: TimeFormat) -> Option<Time> {
    let text = text.trim();
    match format {
        TimeFormat::Rfc3339 => rfc3339(text),
        TimeFormat::UnixSeconds => scaled(text, 1000.0),
        TimeFormat::UnixMillis => scaled(text, 1.0),
        TimeFormat::Auto => guessed(text).or_else(|| rfc3339(text)),
    }
}

/// A number so large that it would be beyond the year 5000 is of the next smaller unit.
pub(super) fn guessed(text: &str) -> Option<Time> {
    let size = text.parse::<f64>().ok().filter(|number| number.is_finite())?.abs();
    let scale = match size {
        size if size < 1e11 => 1000.0,
        size if size < 1e14 => 1.0,
        size if size < 1e17 => 1e-3,
        _ => 1e-6,
    };
    scaled(text, scale)
}

fn scaled(text: &str, scale: f64) -> Option<Time> {
    // Whole milliseconds are taken as they are, without the detour over a float.
    if scale.to_bits() == 1.0_f64.to_bits()
        && let Ok(millis) = text.parse()
    {
        return Some(Time(millis));
    }
    let millis = text.parse::<f64>().ok()? * scale;
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within")]
    (millis.abs() < 9e18).then(|| Time(millis.round() as i64))
}

/// `2026-11-21T08:30:00.5+01:00`, with less of it where it is clear: a blank for the T, no seconds, no offset (UTC), a
/// date alone.
fn rfc3339(text: &str) -> Option<Time> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2).filter(|month| (1..=12).contains(month))?;
    let day = digits(parts.next()?, 2).filter(|day| (1..=31).contains(day))?;
    let midnight = days_since_1970(year, month, day).checked_mul(86_400_000)?;
    if rest.is_empty() {
        return Some(Time(midnight));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-', ' ']) {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, "Z"),
    };
    Some(Time(midnight + clock_millis(clock)? - offset_millis(offset.trim())?))
}

fn clock_millis(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let mut parts = whole.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    // A leap second is the last of its minute twice.
    let second =
        parts.next().map_or(Some(0), |text| digits(text, 2)).filter(|it| *it <= 60)?.min(59);
    if parts.next().is_some() || fraction.is_empty() || fraction.len() > 18 {
        return None;
    }
    let part = digits(fraction, fraction.len())?;
    let tenths = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let millis = i128::from(part) * 1000 / i128::from(tenths);
    Some(((hour * 60 + minute) * 60 + second) * 1000 + i64::try_from(millis).ok()?)
}

fn offset_millis(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z" | "UTC" | "") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let text = text.strip_prefix(['+', '-'])?.replace(':', "");
    let (hours, minutes) = text.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
    Some(sign * (digits(hours, 2)? * 60 + minutes) * 60_000)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Counts days by eras of 400 years that begin in March, so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // From the first of March of the year 0 to 1970 there are so many days.
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(text: &str) -> Option<i64> {
        parse_time(text, TimeFormat::Auto).map(Time::millis)
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        for text in [
            "1700000000",
            "1700000000000",
            "1700000000000000",
            "1700000000000000000",
            "1.7e9",
            "2023-11-14T22:13:20Z",
            "2023-11-14 22:13:20",
            "2023-11-14T23:13:20+01:00",
            "2023-11-14T17:43:20.000-0430",
            "2023-11-14 22:13:20 UTC",
        ] {
            assert_eq!(auto(text), Some(1_700_000_000_000), "{text}");
        }
        assert_eq!(auto("1970-01-01"), Some(0));
        assert_eq!(auto("2200-02-28T23:59"), Some(7_263_215_940_000));
        assert_eq!(auto("1969-12-31T23:59:59.5Z"), Some(-500));
        assert_eq!(auto("2024-02-29"), Some(1_709_164_800_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "2023-13-01",
            "2023-11-14T25:00",
            "NaN",
            "1e300",
            "2023-11-1",
            "ü023-11-14",
        ] {
            assert_eq!(auto(text), None, "{text}");
        }
        assert_eq!(parse_time("2023-11-14", TimeFormat::UnixSeconds), None);
    }
}
