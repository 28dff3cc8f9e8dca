//! Calendars that others keep (iCalendar, RFC 5545): whole days of it, as entries of `calendar`.

use jiff::{Span as Days, civil::Date};
use model::Kind;

/// More events are no calendar of holidays.
const EVENTS_MAX: usize = 5_000;
/// A longer stretch is like no other day.
const DAYS_MAX: i32 = 62;

/// Whole days of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarDay {
    /// What it is called.
    pub name: String,
    /// The first day: `2026-12-25`.
    pub first: String,
    /// The last day, where that is another.
    pub last: Option<String>,
    /// Whether it comes back every year on the same date.
    pub yearly: bool,
}

/// What a calendar holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarFile {
    /// Its days, in order.
    pub days: Vec<CalendarDay>,
    /// What is not taken: the line it begins in, and why.
    pub untaken: Vec<(usize, String)>,
}

/// Why a text is no calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// It does not begin as one.
    #[error("this is no iCalendar: it does not begin with BEGIN:VCALENDAR")]
    NoCalendar,
    /// There is too much of it.
    #[error("the calendar has more than {EVENTS_MAX} events")]
    TooMany,
    /// An event does not end.
    #[error("the event of line {line} has no end")]
    CutShort {
        /// Where it begins.
        line: usize,
    },
}

impl CalendarError {
    /// What the outside sees of it.
    pub fn kind(self) -> Kind {
        Kind::Invalid
    }
}

/// Reads the whole days of a calendar; what has an hour, or comes back otherwise than every year, is told as not taken.
pub fn read_icalendar(text: &str) -> Result<CalendarFile, CalendarError> {
    let lines = unfolded(text.trim_start_matches('\u{feff}'));
    let begins = lines.iter().find(|(_, line)| !line.trim().is_empty());
    if begins.is_none_or(|(_, line)| !line.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return Err(CalendarError::NoCalendar);
    }
    let mut found = CalendarFile::default();
    let mut event: Option<Event> = None;
    let (mut depth, mut count) = (0_usize, 0);
    for (number, line) in &lines {
        let (name, value) = property(line);
        match (name.key.as_str(), value.trim().to_ascii_uppercase().as_str(), &mut event) {
            ("BEGIN", "VEVENT", None) => {
                count += 1;
                event = Some(Event { line: *number, ..Event::default() });
            }
            ("END", "VEVENT", Some(_)) => {
                match event.take().map(Event::day) {
                    Some(Ok(day)) => found.days.extend(day),
                    Some(Err((line, why))) => found.untaken.push((line, why)),
                    None => {}
                }
                depth = 0;
            }
            // An alarm within an event has keys of the same names.
            ("BEGIN", _, Some(_)) => depth += 1,
            ("END", _, Some(_)) => depth = depth.saturating_sub(1),
            (_, _, Some(event)) if depth == 0 => event.take(&name, value),
            _ => {}
        }
        if count > EVENTS_MAX {
            return Err(CalendarError::TooMany);
        }
    }
    if let Some(event) = event {
        return Err(CalendarError::CutShort { line: event.line });
    }
    found.days.sort_by(|a, b| (&a.first, &a.name).cmp(&(&b.first, &b.name)));
    found.days.dedup();
    Ok(found)
}

/// Lines with those that go on in the next joined, and where each begins.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines
}

/// The name of a property with its parameters in capitals.
struct Name {
    key: String,
    parameters: String,
}

/// `DTSTART;VALUE=DATE:20261225` in its parts; a colon may stand in a quoted parameter.
fn property(line: &str) -> (Name, &str) {
    let mut quoted = false;
    let colon = line.find(|letter| {
        quoted ^= letter == '"';
        letter == ':' && !quoted
    });
    let (name, value) = colon.and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
    let value = value.strip_prefix(':').unwrap_or(value);
    let (key, parameters) = name.split_once(';').unwrap_or((name, ""));
    let capitals = |text: &str| text.trim().to_ascii_uppercase();
    (Name { key: capitals(key), parameters: capitals(parameters) }, value)
}

/// When an event begins, or ends.
#[derive(Clone, Copy, Default)]
enum When {
    #[default]
    Unsaid,
    /// At an hour, or at what is no date.
    Hour,
    Day(Date),
}

/// An event while it is read.
#[derive(Default)]
struct Event {
    line: usize,
    name: String,
    start: When,
    /// The day after the last.
    end: When,
    days: Option<i32>,
    rule: Option<String>,
    cancelled: bool,
}

impl Event {
    fn take(&mut self, name: &Name, value: &str) {
        match name.key.as_str() {
            "SUMMARY" => self.name = plain(value),
            "DTSTART" => self.start = date(value),
            "DTEND" => self.end = date(value),
            "DURATION" => self.days = whole_days(value),
            "RRULE" => self.rule = Some(value.trim().to_ascii_uppercase()),
            "STATUS" => self.cancelled = value.trim().eq_ignore_ascii_case("CANCELLED"),
            _ => {}
        }
        // A date that says of itself that it is a moment is one, however it is written.
        if name.key == "DTSTART" && name.parameters.contains("VALUE=DATE-TIME") {
            self.start = When::Hour;
        }
    }

    /// Its days; nothing where it was called off.
    fn day(self) -> Result<Option<CalendarDay>, (usize, String)> {
        if self.cancelled {
            return Ok(None);
        }
        let line = self.line;
        let name = if self.name.is_empty() { "a day".to_owned() } else { self.name };
        let wrong = |why: &str| Err((line, format!("{name}: {why}")));
        let first = match self.start {
            When::Unsaid => return wrong("it has no DTSTART"),
            When::Hour => return wrong("it has an hour, and is no whole day"),
            When::Day(first) => first,
        };
        let yearly = match self.rule.as_deref() {
            None => false,
            Some(rule) if is_same_date_each_year(rule) => true,
            Some(_) => return wrong("it comes back otherwise than every year on its date"),
        };
        let counted = match (self.end, self.days) {
            (When::Day(end), _) => end.since(first).map_or(0, |span| span.get_days()),
            (When::Hour, _) => return wrong("it ends at an hour, and not with a day"),
            (When::Unsaid, days) => days.unwrap_or(1),
        };
        // Many calendars write the same day as the end of a single one.
        let counted = counted.max(1);
        if counted > DAYS_MAX {
            return wrong(&format!("it lasts {counted} days; {DAYS_MAX} are the most"));
        }
        let last = first.checked_add(Days::new().days(i64::from(counted) - 1)).ok();
        let Some(last) = last else { return wrong("its dates are beyond what can be counted") };
        Ok(Some(CalendarDay {
            name,
            first: first.to_string(),
            last: (last != first).then(|| last.to_string()),
            yearly,
        }))
    }
}

/// `FREQ=YEARLY` and nothing that moves it, or ends it soon.
fn is_same_date_each_year(rule: &str) -> bool {
    let mut parts = rule.split(';').map(str::trim).filter(|part| !part.is_empty());
    rule.contains("FREQ=YEARLY")
        && parts.all(|part| {
            ["FREQ=YEARLY", "INTERVAL=1"].contains(&part)
                || ["WKST=", "BYMONTH=", "BYMONTHDAY="].iter().any(|key| part.starts_with(key))
        })
}

/// `20261225` as a day; an hour may stand behind it.
fn date(value: &str) -> When {
    digits_of_day(value).map_or(When::Hour, When::Day)
}

fn digits_of_day(value: &str) -> Option<Date> {
    let digits = value.trim();
    if digits.len() != 8 || !digits.bytes().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `P3D` or `P1W` as days.
fn whole_days(value: &str) -> Option<i32> {
    let text = value.trim().strip_prefix('P')?;
    let (digits, times) = match (text.strip_suffix('D'), text.strip_suffix('W')) {
        (Some(digits), _) => (digits, 1),
        (_, Some(digits)) => (digits, 7),
        _ => return None,
    };
    digits.parse::<i32>().ok()?.checked_mul(times)
}

/// A text without its marks for commas, semicolons and ends of lines.
fn plain(value: &str) -> String {
    let mut plain = String::new();
    let mut letters = value.trim().chars();
    while let Some(letter) = letters.next() {
        let letter = if letter == '\\' {
            match letters.next() {
                Some('n' | 'N') | None => ' ',
                Some(other) => other,
            }
        } else {
            letter
        };
        plain.push(if letter.is_control() { ' ' } else { letter });
    }
    plain.trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(events: &str) -> CalendarFile {
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
        read_icalendar(&text).unwrap()
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n")
    }

    #[test]
    fn whole_days_are_taken_with_their_ends_and_years() {
        let found = read(&[
            event("SUMMARY:Christmas\\, both \r\n days\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY"),
            event("DTSTART:20260403\r\nSUMMARY;LANGUAGE=en:Good Friday\r\nBEGIN:VALARM\r\nSUMMARY:wake up\r\nEND:VALARM"),
            event("DTSTART:20260403\r\nDTEND:20260403\r\nSUMMARY:Good Friday"),
            event("DTSTART:20261101\r\nSUMMARY:off\r\nSTATUS:CANCELLED"),
            event("DTSTART:20270104\r\nDURATION:P1W\r\nSUMMARY:freeze"),
        ].concat());
        let day = |name: &str, first: &str, last: Option<&str>, yearly| CalendarDay {
            name: name.into(),
            first: first.into(),
            last: last.map(str::to_owned),
            yearly,
        };
        assert_eq!(found.untaken, []);
        assert_eq!(
            found.days,
            [
                day("Good Friday", "2026-04-03", None, false),
                day("Christmas, both days", "2026-12-25", Some("2026-12-26"), true),
                day("freeze", "2027-01-04", Some("2027-01-10"), false),
            ]
        );
    }

    #[test]
    fn what_is_no_whole_day_is_told_with_its_line() {
        let found = read(
            &[
                event("SUMMARY:meeting\r\nDTSTART:20261225T100000Z"),
                event("SUMMARY:Easter\r\nDTSTART:20260405\r\nRRULE:FREQ=YEARLY;BYDAY=1SU"),
                event("SUMMARY:era\r\nDTSTART:20260101\r\nDTEND:20270101"),
                event("SUMMARY:never"),
            ]
            .concat(),
        );
        assert_eq!(found.days, []);
        let told: Vec<(usize, &str)> =
            found.untaken.iter().map(|(line, why)| (*line, why.as_str())).collect();
        assert_eq!(told[0], (3, "meeting: it has an hour, and is no whole day"));
        assert!(told[1].1.contains("comes back otherwise"), "{told:?}");
        assert!(told[2].1.contains("365 days") && told[3].1.contains("no DTSTART"), "{told:?}");
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        assert_eq!(read_icalendar("name,date\n"), Err(CalendarError::NoCalendar));
        assert_eq!(read_icalendar(""), Err(CalendarError::NoCalendar));
        let cut = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260403\n";
        assert_eq!(read_icalendar(cut), Err(CalendarError::CutShort { line: 2 }));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,300}") {
            let _read = read_icalendar(&text);
            let _within = read_icalendar(&format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{text}\nEND:VEVENT\n"));
        }
    }
}
