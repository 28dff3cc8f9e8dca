//! Heartbeats: of others, which are to be heard here, and ours, which others hear.

use model::{Secret, Severity, Span};

use crate::{
    mistake::{Mistake, Place},
    reader::Reader,
    settings::secret::{SecretDraft, SecretSource},
    table::{Key, Otherwise, Table, set},
};

/// Somebody who is to be heard of at `POST /heartbeat/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatIn {
    /// By which name.
    pub name: String,
    /// How often at least.
    pub period: Span,
    /// How much later it may be.
    pub grace: Span,
    /// How bad it is if nothing is heard.
    pub severity: Severity,
}

impl Default for HeartbeatIn {
    fn default() -> Self {
        Self {
            name: String::new(),
            period: Span::minutes(1),
            grace: Span::minutes(1),
            severity: Severity::Critical,
        }
    }
}

/// The longest name of a heartbeat, in bytes.
const NAME_BYTES_MAX: usize = 100;

pub(in crate::settings) static IN_TABLE: Table<HeartbeatIn> = Table {
    what: "a heartbeat",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "The name in the address: letters, digits, `-`, `_` and `.`.",
            read: |reader, field, into| {
                let Some(name) = reader.placed(field.node) else { return };
                let fits = |own: char| own.is_ascii_alphanumeric() || "-_.".contains(own);
                if name.value.len() > NAME_BYTES_MAX || !name.value.chars().all(fits) {
                    let help = "letters, digits, `-`, `_` and `.`, a hundred at most";
                    reader.wrong(field.node, "this cannot stand in an address", help);
                }
                into.name = name.value;
            },
        },
        Key {
            name: "period",
            form: "duration",
            otherwise: Otherwise::Is("1m"),
            about: "How often it comes at least.",
            read: |reader, field, into| {
                let range = Span::secs(1)..=Span::days(366);
                set(&mut into.period, reader.duration(field.node, range));
            },
        },
        Key {
            name: "grace",
            form: "duration",
            otherwise: Otherwise::Is("1m"),
            about: "How much later it may be before that is an alert.",
            read: |reader, field, into| {
                let range = Span::ZERO..=Span::days(366);
                set(&mut into.grace, reader.duration(field.node, range));
            },
        },
        Key {
            name: "severity",
            form: "info, warning or critical",
            otherwise: Otherwise::Is("critical"),
            about: "How bad it is if nothing is heard.",
            read: |reader, field, into| {
                let words = [
                    ("info", Severity::Info),
                    ("warning", Severity::Warning),
                    ("critical", Severity::Critical),
                ];
                set(&mut into.severity, reader.word(field.node, &words));
            },
        },
    ],
    refused: &[],
};

/// Somebody who is told that all is well here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatOut {
    /// Where; who knows the address may often send.
    pub url: SecretSource,
    /// How often.
    pub interval: Span,
}

#[derive(Debug)]
pub(in crate::settings) struct HeartbeatOutDraft {
    url: SecretDraft,
    interval: Span,
}

impl Default for HeartbeatOutDraft {
    fn default() -> Self {
        Self { url: SecretDraft::default(), interval: Span::minutes(1) }
    }
}

pub(in crate::settings) static OUT_TABLE: Table<HeartbeatOutDraft> = Table {
    what: "a heartbeat of ours",
    keys: &[
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "Where it goes, by POST: a check of healthchecks.io, `/heartbeat/NAME` of another Plimsoll.",
            read: |reader, field, into| into.url.write(reader, field),
        },
        Key {
            name: "url_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file with the address, which keeps it out of this file.",
            read: |reader, field, into| into.url.name_file(reader, field),
        },
        Key {
            name: "interval",
            form: "duration",
            otherwise: Otherwise::Is("1m"),
            about: "How often.",
            read: |reader, field, into| {
                let range = Span::secs(10)..=Span::days(1);
                set(&mut into.interval, reader.duration(field.node, range));
            },
        },
    ],
    refused: &[],
};

impl HeartbeatOutDraft {
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
        place: Place,
    ) -> Option<HeartbeatOut> {
        let written = self.url.is_written();
        let url = self.url.finish(reader, "url");
        if !written {
            reader.report(Mistake::at(place, "each of `heartbeat_to` needs a `url` or `url_file`"));
        }
        if let Some(SecretSource::Written(url)) = &url
            && !has_scheme(url)
        {
            reader.report(Mistake::at(place, "a `url` begins with http:// or https://"));
        }
        Some(HeartbeatOut { url: url?, interval: self.interval })
    }
}

fn has_scheme(url: &Secret) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.reveal().starts_with(scheme))
}
