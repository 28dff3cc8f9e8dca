//! Moments and lengths of time in templates: how they print, and the methods Go gives them.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use model::Time;

use super::{
    run::{RunError, fail},
    value::Value,
};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
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

/// The parts of Go's layouts, those that begin like others first:
/// <https://pkg.go.dev/time#pkg-constants>.
const LAYOUT: [&str; 30] = [
    "January", "Jan", "Monday", "Mon", "MST", "2006", "-07:00", "-0700", "-07", "Z07:00", "Z0700",
    ".000", ",000", "01", "02", "03", "04", "05", "06", "15", "PM", "pm", "_2", "1", "2", "3", "4",
    "5", "002", ".999",
];

/// The moment of seconds since 1970; an error beyond what 64 bits of nanoseconds hold.
pub(super) fn from_seconds(seconds: f64) -> Result<Time, RunError> {
    let nanos = seconds * 1e9;
    if !(-9.223_372_036_854_775e18..=9.223_372_036_854_775e18).contains(&nanos) {
        let number = super::number::shortest(seconds);
        return fail(format!(
            "{number} cannot be represented as a nanoseconds timestamp since it overflows int64"
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within 64 bits")]
    Ok(Time((seconds * 1000.0).round() as i64))
}

/// A length of time in nanoseconds; an error beyond 64 bits.
pub(super) fn lapse(seconds: f64) -> Result<Value, RunError> {
    let nanos = seconds * 1e9;
    if !(-9.223_372_036_854_775e18..=9.223_372_036_854_775e18).contains(&nanos) {
        return fail(format!("{} s is too long for a duration", super::number::shortest(seconds)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within 64 bits")]
    Ok(Value::Lapse(nanos as i64))
}

fn civil(time: Time) -> DateTime {
    let moment = Timestamp::from_millisecond(time.millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(moment)
}

/// As Go prints a moment: `2015-06-23 13:19:44.128 +0000 UTC`.
pub(super) fn print(time: Time) -> String {
    let at = civil(time);
    let millis = time.millis().rem_euclid(1000);
    let part = if millis == 0 {
        String::new()
    } else {
        format!(".{millis:03}").trim_end_matches('0').to_owned()
    };
    let clock = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    format!("{} {clock}{part} +0000 UTC", at.date())
}

/// As Go prints a length of time: `1h2m3.5s`.
pub(super) fn print_lapse(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    if size < 1_000_000_000 {
        let (unit, scale) = match size {
            0 => return "0s".to_owned(),
            1..1_000 => ("ns", 1.0),
            1_000..1_000_000 => ("µs", 1e3),
            _ => ("ms", 1e6),
        };
        return format!("{sign}{}{unit}", size as f64 / scale);
    }
    let (hours, minutes) = (size / 3_600_000_000_000, size / 60_000_000_000 % 60);
    let seconds = (size % 60_000_000_000) as f64 / 1e9;
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// A method of a moment or a length of time.
pub(super) fn method(value: &Value, name: &str, arguments: &[Value]) -> Result<Value, RunError> {
    match (value, name, arguments) {
        (Value::Moment(time), "Format", [Value::Text(layout)]) => {
            Ok(Value::text(format(*time, layout)))
        }
        (Value::Moment(time), "Add", [Value::Lapse(nanos)]) => {
            Ok(Value::Moment(Time(time.millis().saturating_add(nanos / 1_000_000))))
        }
        (Value::Moment(time), name, []) => part(*time, name),
        (Value::Lapse(nanos), "Seconds", []) => Ok(Value::Float(*nanos as f64 / 1e9)),
        (Value::Lapse(nanos), "Minutes", []) => Ok(Value::Float(*nanos as f64 / 6e10)),
        (Value::Lapse(nanos), "Hours", []) => Ok(Value::Float(*nanos as f64 / 3.6e12)),
        (Value::Lapse(nanos), "String", []) => Ok(Value::text(print_lapse(*nanos))),
        (value, name, _) => fail(format!("can't evaluate field {name} in type {}", value.kind())),
    }
}

fn part(time: Time, name: &str) -> Result<Value, RunError> {
    let at = civil(time);
    Ok(match name {
        "Unix" => Value::Int(time.millis().div_euclid(1000)),
        "UnixMilli" => Value::Int(time.millis()),
        "Year" => Value::Int(i64::from(at.year())),
        "Month" => Value::text(month(at)),
        "Day" => Value::Int(i64::from(at.day())),
        "Hour" => Value::Int(i64::from(at.hour())),
        "Minute" => Value::Int(i64::from(at.minute())),
        "Second" => Value::Int(i64::from(at.second())),
        "Weekday" => Value::text(weekday(at)),
        "UTC" => Value::Moment(time),
        "String" => Value::text(print(time)),
        name => return fail(format!("can't evaluate field {name} in type *time.Time")),
    })
}

fn month(at: DateTime) -> &'static str {
    usize::try_from(at.month() - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

fn weekday(at: DateTime) -> &'static str {
    let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or_default();
    DAYS.get(day).copied().unwrap_or_default()
}

/// A moment in one of Go's layouts, which show the second of January 2006, 15:04:05.
fn format(time: Time, layout: &str) -> String {
    let at = civil(time);
    let mut out = String::new();
    let mut rest = layout;
    while !rest.is_empty() {
        let longest =
            LAYOUT.iter().filter(|part| rest.starts_with(**part)).max_by_key(|part| part.len());
        if let Some(part) = longest {
            out.push_str(&layout_part(time, at, part));
            rest = rest.get(part.len()..).unwrap_or_default();
        } else {
            let mut letters = rest.chars();
            out.extend(letters.next());
            rest = letters.as_str();
        }
    }
    out
}

fn layout_part(time: Time, at: DateTime, part: &str) -> String {
    let hour = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let millis = time.millis().rem_euclid(1000);
    let afternoon = at.hour() >= 12;
    let short = |name: &str| name.chars().take(3).collect::<String>();
    match part {
        "January" => month(at).to_owned(),
        "Jan" => short(month(at)),
        "Monday" => weekday(at).to_owned(),
        "Mon" => short(weekday(at)),
        "MST" => "UTC".to_owned(),
        "2006" => format!("{:04}", at.year()),
        "-07:00" => "+00:00".to_owned(),
        "-0700" => "+0000".to_owned(),
        "-07" => "+00".to_owned(),
        "Z07:00" | "Z0700" => "Z".to_owned(),
        ".000" => format!(".{millis:03}"),
        ",000" => format!(",{millis:03}"),
        ".999" if millis == 0 => String::new(),
        ".999" => format!(".{millis:03}").trim_end_matches('0').to_owned(),
        "01" => format!("{:02}", at.month()),
        "02" => format!("{:02}", at.day()),
        "03" => format!("{hour:02}"),
        "04" => format!("{:02}", at.minute()),
        "05" => format!("{:02}", at.second()),
        "06" => format!("{:02}", at.year().rem_euclid(100)),
        "15" => format!("{:02}", at.hour()),
        "PM" => if afternoon { "PM" } else { "AM" }.to_owned(),
        "pm" => if afternoon { "pm" } else { "am" }.to_owned(),
        "_2" => format!("{:2}", at.day()),
        "1" => at.month().to_string(),
        "2" => at.day().to_string(),
        "3" => hour.to_string(),
        "4" => at.minute().to_string(),
        "5" => at.second().to_string(),
        "002" => format!("{:03}", at.day_of_year()),
        other => other.to_owned(),
    }
}
