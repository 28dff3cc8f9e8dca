//! Calendars that others keep: any text is read or refused, days are days, and what is not taken has its line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use settings::read_icalendar;

/// `2026-12-25`, as the settings want it.
fn is_day(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() == 10 && digits == 8 && text.split('-').count() == 3
}

fuzz_target!(|body: &[u8]| {
    let Ok(text) = std::str::from_utf8(body) else { return };
    let found = match read_icalendar(text) {
        Ok(found) => found,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(found.days.len() + found.untaken.len() <= 5_000);
    for day in &found.days {
        assert!(is_day(&day.first), "{day:?}");
        if let Some(last) = &day.last {
            assert!(is_day(last) && day.first < *last, "{day:?}");
        }
    }
    let lines = text.lines().count();
    for (line, why) in &found.untaken {
        assert!((1..=lines).contains(line) && !why.is_empty(), "{line} of {lines}: {why}");
    }
});
