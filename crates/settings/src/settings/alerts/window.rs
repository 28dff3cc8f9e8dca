//! Times that come again and again in which some alerts are quiet.

use crate::{
    mistake::Mistake,
    reader::{Placed, Reader},
    table::{Key, Otherwise, Table, set},
};

/// A time that comes again and again in which some alerts are quiet, as it is written. Conditions
/// and ranges of days are read by whoever keeps quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowSettings {
    /// By which people speak of it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Conditions such as `host="db-1"`.
    pub matchers: Vec<String>,
    /// From when on: minutes of the day.
    pub from: u16,
    /// Until when: minutes of the day. Before `from` if it goes on over midnight.
    pub to: u16,
    /// Ranges of days of the week on which it begins; every day if empty.
    pub weekdays: Vec<String>,
    /// Ranges of days of the month on which it begins.
    pub days_of_month: Vec<String>,
    /// Whose clock is meant: an IANA name.
    pub zone: Option<String>,
}

#[derive(Debug, Default)]
pub(in crate::settings) struct WindowDraft {
    window: WindowSettings,
    from: Option<Placed<String>>,
    to: Option<Placed<String>>,
}

pub(in crate::settings) static TABLE: Table<WindowDraft> = Table {
    what: "a window",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "Its name.",
            read: |reader, field, into| {
                set(&mut into.window.name, reader.text(field.node).map(str::to_owned));
            },
        },
        Key {
            name: "matchers",
            form: "list of conditions",
            otherwise: Otherwise::Needed,
            about: "Which alerts: `[job=\"backup\", host=~\"db-1|db-2\"]`, each in quotes.",
            read: |reader, field, into| into.window.matchers = reader.texts(field.node),
        },
        Key {
            name: "reason",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "Why they are quiet.",
            read: |reader, field, into| {
                set(&mut into.window.reason, reader.text(field.node).map(str::to_owned));
            },
        },
        Key {
            name: "from",
            form: "time of day",
            otherwise: Otherwise::Needed,
            about: "From when on: `'22:00'`.",
            read: |reader, field, into| into.from = reader.placed(field.node),
        },
        Key {
            name: "to",
            form: "time of day",
            otherwise: Otherwise::Needed,
            about: "Until when; earlier than `from` if it goes on over midnight.",
            read: |reader, field, into| into.to = reader.placed(field.node),
        },
        Key {
            name: "weekdays",
            form: "list of days",
            otherwise: Otherwise::Nothing,
            about: "Days on which it begins: `[monday:friday, sunday]`.",
            read: |reader, field, into| into.window.weekdays = reader.texts(field.node),
        },
        Key {
            name: "days_of_month",
            form: "list of days",
            otherwise: Otherwise::Nothing,
            about: "Days of the month on which it begins: `['1:7']`; with `weekdays: [sunday]` the first Sunday. Negative ones count from the month's end.",
            read: |reader, field, into| into.window.days_of_month = reader.texts(field.node),
        },
        Key {
            name: "zone",
            form: "time zone",
            otherwise: Otherwise::Said("UTC"),
            about: "Whose clock is meant: `Europe/Berlin`.",
            read: |reader, field, into| {
                into.window.zone = reader.text(field.node).map(str::to_owned);
            },
        },
    ],
    refused: &[],
};

impl WindowDraft {
    pub(in crate::settings) fn finish(mut self, reader: &Reader<'_>) -> WindowSettings {
        let minute = |text: Option<Placed<String>>| {
            let text = text?;
            let minute = minute_of(&text.value);
            if minute.is_none() {
                let message = format!("`{}` is no time of day", text.value);
                reader.report(Mistake::at(text.place, message).help("write it as '09:30'"));
            }
            minute
        };
        self.window.from = minute(self.from).unwrap_or(0);
        self.window.to = minute(self.to).unwrap_or(0);
        self.window
    }
}

/// Minutes of the day from `HH:MM`; the day ends at 24:00.
pub(in crate::settings) fn minute_of(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|own| own.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60 || hours == 24 && minutes == 0).then_some(hours * 60 + minutes)
}
