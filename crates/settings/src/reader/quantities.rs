//! Durations, sizes and shares as people write them.

use model::{Share, Span, Time};

/// Units of time as Prometheus writes them, largest first; a year has 365 days.
const TIME_UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Units of size, in lower case. Prometheus means 1024 with `KB` as with `KiB`, and so do we.
const SIZE_UNITS: [(&str, u64); 11] = [
    ("", 1),
    ("b", 1),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1 << 10),
    ("mb", 1 << 20),
    ("gb", 1 << 30),
    ("tb", 1 << 40),
    ("pib", 1 << 50),
];

/// A day in UTC: `2026-12-15`.
pub fn parse_date(text: &str) -> Option<Time> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || month.len() != 2 || day.len() != 2 || !digits(year) {
        return None;
    }
    Time::of_date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// A duration as Prometheus writes it: `1h30m`, `15s`, `250ms`, `0`. Units stand in falling order,
/// each at most once.
pub fn parse_duration(text: &str) -> Option<Span> {
    if text == "0" {
        return Some(Span::ZERO);
    }
    let mut rest = text;
    let mut total: i64 = 0;
    let mut units = TIME_UNITS.iter();
    while !rest.is_empty() {
        let digits =
            rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|letter: char| letter.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let (_, millis) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*millis)?)?;
        rest = tail;
    }
    (!text.is_empty()).then(|| Span::millis(total))
}

/// A size in bytes: `64MiB`, `1.5 GiB`, `4096`. As in Prometheus, `KB` counts 1024 as `KiB` does.
pub fn parse_size(text: &str) -> Option<u64> {
    let letters = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(letters)?;
    let unit = unit.to_ascii_lowercase();
    let (_, bytes) = SIZE_UNITS.iter().find(|(name, _)| *name == unit)?;
    let number = number.trim_end().replace('_', "");
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(*bytes);
    }
    let number: f64 = number.parse().ok().filter(|number: &f64| *number >= 0.0)?;
    let size = (number * *bytes as f64).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to lie between nought and 2^63"
    )]
    (size < 9.2e18).then_some(size as u64)
}

/// A part of a whole: `75 %`, `75%` or `0.75`.
pub fn parse_share(text: &str) -> Option<Share> {
    match text.strip_suffix('%') {
        Some(percent) => Share::new(percent.trim_end().parse::<f64>().ok()? / 100.0),
        None => Share::new(text.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_read_as_prometheus_writes_them() {
        assert_eq!(parse_duration("1h30m"), Some(Span::minutes(90)));
        assert_eq!(parse_duration("250ms"), Some(Span::millis(250)));
        assert_eq!(parse_duration("1y2w3d4h5m6s7ms"), Some(Span::millis(33_019_506_007)));
        assert_eq!(parse_duration("0"), Some(Span::ZERO));
        for wrong in
            ["", "15", "s", "1m1h", "1s1s", "1 s", "-1s", "1.5h", "1h ", "99999999999y", "5é"]
        {
            assert_eq!(parse_duration(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn sizes_read_with_and_without_units() {
        assert_eq!(parse_size("64MiB"), Some(64 << 20));
        assert_eq!(parse_size("1.5 GiB"), Some(3 << 29));
        assert_eq!(parse_size("10MB"), Some(10 << 20));
        assert_eq!(parse_size("4_096"), Some(4096));
        for wrong in ["", "MiB", "-1", "1 XiB", "99999999999999999999", "1e30GiB", "NaN"] {
            assert_eq!(parse_size(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn shares_read_as_percent_or_part() {
        let share = Share::new(0.75);
        assert_eq!(parse_share("75 %"), share);
        assert_eq!(parse_share("75%"), share);
        assert_eq!(parse_share("0.75"), share);
        for wrong in ["75", "101%", "-1%", "%", "NaN", "", "inf%"] {
            assert_eq!(parse_share(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn every_duration_that_is_printed_reads_back(millis in 0..4_000_000_000_000_i64) {
            let span = Span::millis(millis);
            prop_assert_eq!(parse_duration(&span.to_string()), Some(span));
        }

        #[test]
        fn no_text_makes_a_quantity_panic(text in ".{0,20}") {
            let _ = (parse_duration(&text), parse_size(&text), parse_share(&text));
        }
    }
}
