//! Numbers as Go prints them, and the figures that Prometheus makes easy to read.

/// Prefixes of thousands upwards, as `humanize` has them.
const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
/// Prefixes of thousandths downwards.
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];
/// Prefixes of 1024, as `humanize1024` has them.
const BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
/// From this exponent on, Go prints the shortest form of a float with an exponent.
const SHORTEST_EXPONENT: usize = 6;

/// Go's `%v` of a float: as few digits as tell it from all others.
pub(super) fn shortest(value: f64) -> String {
    special(value).unwrap_or_else(|| place(&format!("{value:e}"), SHORTEST_EXPONENT))
}

/// Go's `%.Ng`: so many significant digits, without zeros at the end.
pub(super) fn significant(value: f64, digits: usize) -> String {
    let digits = digits.max(1);
    special(value).unwrap_or_else(|| place(&format!("{value:.*e}", digits - 1), digits))
}

/// Go's `%.Ne`.
pub(super) fn scientific(value: f64, decimals: usize) -> String {
    special(value).unwrap_or_else(|| {
        let text = format!("{value:.decimals$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{mantissa}{}", exponent_text(exponent.parse().unwrap_or(0)))
    })
}

/// Go's `%.Nf`.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    special(value).unwrap_or_else(|| format!("{value:.decimals$}"))
}

fn special(value: f64) -> Option<String> {
    if value.is_nan() {
        Some("NaN".to_owned())
    } else if value.is_infinite() {
        Some(if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned())
    } else {
        None
    }
}

/// Digits and exponent as `%g` places the point.
fn place(text: &str, exponent_from: usize) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = match all.trim_end_matches('0') {
        "" => "0",
        some => some,
    };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= i32::try_from(exponent_from).unwrap_or(i32::MAX) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}{}", exponent_text(exponent));
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", zeros(-exponent - 1));
    }
    if count <= exponent + 1 {
        return format!("{sign}{digits}{}", zeros(exponent + 1 - count));
    }
    let (whole, part) = digits.split_at(usize::try_from(exponent + 1).unwrap_or(0));
    format!("{sign}{whole}.{part}")
}

fn exponent_text(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:02}", exponent.unsigned_abs())
}

/// `humanize`: four digits and a prefix of thousands.
pub(super) fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return significant(value, 4);
    }
    if value.abs() >= 1.0 { scale_up(value, 1000.0, &LARGE) } else { scale_down(value) }
}

/// `humanize1024`: four digits and a prefix of 1024.
pub(super) fn humanize_1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return significant(value, 4);
    }
    scale_up(value, 1024.0, &BINARY)
}

/// `humanizePercentage`: a share as percent.
pub(super) fn humanize_percentage(value: f64) -> String {
    format!("{}%", significant(value * 100.0, 4))
}

/// `humanizeDuration`: seconds as days, hours, minutes, seconds.
pub(super) fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return significant(value, 4);
    }
    if value == 0.0 {
        return "0s".to_owned();
    }
    if value.abs() < 1.0 {
        return format!("{}s", scale_down(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond 64 bits becomes the largest number, as good as any"
    )]
    let whole = size as i64;
    let (seconds, minutes, hours, days) =
        (whole % 60, whole / 60 % 60, whole / 3600 % 24, whole / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", significant(size, 4))
    }
}

fn scale_up(value: f64, base: f64, names: &[&str]) -> String {
    let (mut rest, mut prefix) = (value, "");
    for name in names {
        if rest.abs() < base {
            break;
        }
        prefix = name;
        rest /= base;
    }
    format!("{}{prefix}", significant(rest, 4))
}

fn scale_down(value: f64) -> String {
    let (mut rest, mut prefix) = (value, "");
    for name in SMALL {
        if rest.abs() >= 1.0 {
            break;
        }
        prefix = name;
        rest *= 1000.0;
    }
    format!("{}{prefix}", significant(rest, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_in_the_template_reference() {
        assert_eq!(humanize(1_234_567.0), "1.235M");
        assert_eq!(humanize(0.0), "0");
        assert_eq!(humanize(0.0012), "1.2m");
        assert_eq!(humanize(-12_345.0), "-12.35k");
        assert_eq!(humanize_1024(1_048_576.0), "1Mi");
        assert_eq!(humanize_1024(f64::INFINITY), "+Inf");
        assert_eq!(humanize_percentage(0.123_456), "12.35%");
        assert_eq!(humanize_duration(0.0), "0s");
        assert_eq!(humanize_duration(899.99), "14m 59s");
        assert_eq!(humanize_duration(-86_461.0), "-1d 0h 1m 1s");
        assert_eq!(humanize_duration(0.0123), "12.3ms");
        assert_eq!(humanize_duration(12.3456), "12.35s");
        assert_eq!(humanize_duration(f64::NAN), "NaN");
    }

    #[test]
    fn floats_print_as_go_prints_them() {
        assert_eq!(significant(1_234.5, 4), "1234");
        assert_eq!(significant(12_345_678.0, 4), "1.235e+07");
        assert_eq!(significant(0.000_01, 4), "1e-05");
        assert_eq!(significant(100.0, 4), "100");
        assert_eq!(scientific(1234.5, 2), "1.23e+03");
        assert_eq!(shortest(0.1), "0.1");
        assert_eq!(shortest(100_000.0), "100000");
        assert_eq!(shortest(1_234_567.0), "1.234567e+06");
        assert_eq!(shortest(-2.5), "-2.5");
        assert_eq!(shortest(1e-7), "1e-07");
        assert_eq!(shortest(f64::NEG_INFINITY), "-Inf");
    }
}
