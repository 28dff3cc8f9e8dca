//! The `load` section: which load tests may be scheduled here.

use model::Span;

use crate::{
    mistake::Mistake,
    reader::{Placed, Reader},
    settings::alerts::window::minute_of,
    table::{Key, Otherwise, Table, set},
};

/// How long before a load test those who run the target are told.
const NOTICE: Span = Span::hours(24);

/// Which load tests may be scheduled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadSettings {
    /// Who may be put under load: hosts, `*.domain` or networks. Nobody if there are none.
    pub targets: Vec<String>,
    /// From when on, in minutes of the day in UTC.
    pub from: u16,
    /// Until when; before `from` if it goes on over midnight.
    pub to: u16,
    /// How long before it begins it is told.
    pub notice: Span,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self { targets: Vec::new(), from: 2 * 60, to: 4 * 60, notice: NOTICE }
    }
}

/// The section while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct LoadDraft {
    own: LoadSettings,
    window: Option<Placed<String>>,
}

pub(in crate::settings) static TABLE: Table<LoadDraft> = Table {
    what: "the `load` section",
    keys: &[
        Key {
            name: "targets",
            form: "list of hosts",
            otherwise: Otherwise::Said("nobody"),
            about: "Who may be put under load by schedule: hosts, `*.domain`, addresses or networks such as `10.0.0.0/8`.",
            read: |reader, field, into| into.own.targets = reader.texts(field.node),
        },
        Key {
            name: "window",
            form: "times of day",
            otherwise: Otherwise::Is("02:00-04:00"),
            about: "Within which time of the day, in UTC, a scheduled load test begins and ends.",
            read: |reader, field, into| into.window = reader.placed(field.node),
        },
        Key {
            name: "notice",
            form: "duration",
            otherwise: Otherwise::Is("24h"),
            about: "How long before a scheduled load test begins every receiver is told of it; it cannot be scheduled later than that.",
            read: |reader, field, into| {
                set(
                    &mut into.own.notice,
                    reader.duration(field.node, Span::secs(1)..=Span::days(30)),
                );
            },
        },
    ],
    refused: &[],
};

impl LoadDraft {
    pub(in crate::settings) fn finish(self, reader: &Reader<'_>) -> LoadSettings {
        let mut own = self.own;
        if let Some(window) = self.window {
            let both = window.value.split_once('-');
            let minutes =
                both.and_then(|(from, to)| Some((minute_of(from.trim())?, minute_of(to.trim())?)));
            if let Some((from, to)) = minutes.filter(|(from, to)| from != to) {
                (own.from, own.to) = (from, to);
            } else {
                let message = format!("`{}` is no time of the day", window.value);
                let mistake = Mistake::at(window.place, message);
                reader.report(mistake.help("write it as '02:00-04:00', in UTC"));
            }
        }
        own
    }
}
