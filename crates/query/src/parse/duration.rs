//! Durations as PromQL writes them.

use model::Span;

const UNITS: [(&str, i64); 7] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 7 * 86_400_000),
    ("y", 365 * 86_400_000),
];

/// Reads a duration: `1h30m`, `15s`, or a number of seconds such as `0.5`. A day has 24 hours, a week 7 days, a
/// year 365; units fall from large to small, each once. `None` for anything else, negative ones included.
pub fn parse_duration(text: &str) -> Option<Span> {
    if let Ok(seconds) = text.parse::<f64>() {
        let whole = text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.');
        return (whole && seconds.is_finite()).then(|| from_seconds(seconds)).flatten();
    }
    let mut rest = text;
    let mut total: i64 = 0;
    let mut last_unit = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (count, after) = rest.split_at_checked(digits)?;
        let letters =
            after.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *millis >= last_unit {
            return None;
        }
        last_unit = *millis;
        total = total.checked_add(count.parse::<i64>().ok()?.checked_mul(*millis)?)?;
        rest = after;
    }
    (last_unit != i64::MAX).then_some(Span(total))
}

/// Seconds as milliseconds, if they fit.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn from_seconds(seconds: f64) -> Option<Span> {
    let millis = (seconds * 1000.0).round();
    (millis.abs() < 9.0e18).then_some(Span(millis as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_promql_writes_them() {
        assert_eq!(parse_duration("1h30m"), Some(Span::minutes(90)));
        assert_eq!(parse_duration("250ms"), Some(Span::millis(250)));
        assert_eq!(parse_duration("0.5"), Some(Span::millis(500)));
        assert_eq!(parse_duration("1y"), Some(Span::days(365)));
        assert_eq!(parse_duration("0s"), Some(Span::ZERO));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "m", "-5m", "1m1h", "1m1m", "5 m", "1e400", "9223372036854775807y", "ä"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
