//! The `receivers` section: who is told of alerts.

use std::path::PathBuf;

use model::{Secret, Span};

use crate::{
    mistake::{Mistake, Place},
    reader::{Placed, Reader},
    table::{Key, Otherwise, Table, set},
};

/// Somebody who is told of alerts by a web hook in Alertmanager's version 4 form.
#[derive(Clone, Debug, PartialEq)]
pub struct Receiver {
    /// Its name, unique among receivers.
    pub name: String,
    /// Where the messages go.
    pub url: String,
    /// What is sent as bearer token.
    pub token: Option<Secret>,
    /// A file that holds the token; read with [`crate::read_secret`].
    pub token_file: Option<PathBuf>,
    /// Whether it is told when an alert is over, too.
    pub send_resolved: bool,
    /// How long before it is told again of what still holds.
    pub repeat_interval: Span,
    /// How long alerts are gathered before the first message of a group.
    pub group_wait: Span,
    /// Alerts with the same values of these labels go out together.
    pub group_by: Vec<String>,
}

impl Default for Receiver {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            token: None,
            token_file: None,
            send_resolved: true,
            repeat_interval: Span::hours(4),
            group_wait: Span::secs(10),
            group_by: vec!["alertname".to_owned()],
        }
    }
}

/// A receiver while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct ReceiverDraft {
    receiver: Receiver,
    name: Option<Placed<String>>,
    token: Option<Place>,
    token_file: Option<Place>,
}

pub(in crate::settings) static TABLE: Table<ReceiverDraft> = Table {
    what: "a receiver",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among receivers.",
            read: |reader, field, into| into.name = reader.placed(field.node),
        },
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Needed,
            about: "Where messages go, as Alertmanager's web hooks (version 4) have them.",
            read: |reader, field, into| set(&mut into.receiver.url, reader.web_address(field.node)),
        },
        Key {
            name: "token_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the token which is sent as `Authorization: Bearer`.",
            read: |reader, field, into| {
                into.token_file = Some(field.key);
                into.receiver.token_file = reader.text(field.node).map(PathBuf::from);
            },
        },
        Key {
            name: "token",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The token itself; `token_file` keeps it out of this file.",
            read: |reader, field, into| {
                into.token = Some(field.key);
                into.receiver.token =
                    reader.text(field.node).map(|text| Secret::new(text.to_owned()));
            },
        },
        Key {
            name: "send_resolved",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether it is told when an alert is over, too.",
            read: |reader, field, into| {
                set(&mut into.receiver.send_resolved, reader.truth(field.node));
            },
        },
        Key {
            name: "repeat_interval",
            form: "duration",
            otherwise: Otherwise::Is("4h"),
            about: "How long before it is told again of what still holds.",
            read: |reader, field, into| {
                let range = Span::minutes(1)..=Span::days(30);
                set(&mut into.receiver.repeat_interval, reader.duration(field.node, range));
            },
        },
        Key {
            name: "group_wait",
            form: "duration",
            otherwise: Otherwise::Is("10s"),
            about: "How long alerts are gathered before the first message of a group.",
            read: |reader, field, into| {
                let range = Span::ZERO..=Span::hours(1);
                set(&mut into.receiver.group_wait, reader.duration(field.node, range));
            },
        },
        Key {
            name: "group_by",
            form: "list of label names",
            otherwise: Otherwise::Is("[alertname]"),
            about: "Alerts with the same values of these labels go out in one message.",
            read: |reader, field, into| into.receiver.group_by = reader.texts(field.node),
        },
    ],
    refused: &[
        ("webhook_configs", "write `url:` in the receiver itself"),
        ("slack_configs", "only web hooks are delivered so far; point `url` at a relay"),
        ("email_configs", "only web hooks are delivered so far; point `url` at a relay"),
        ("pagerduty_configs", "only web hooks are delivered so far; point `url` at a relay"),
        ("group_interval", "new alerts of a group go out after `group_wait`"),
    ],
};

impl ReceiverDraft {
    /// The receiver, and its name with its place.
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
    ) -> (Receiver, Option<Placed<String>>) {
        if let (Some(token), Some(file)) = (self.token, self.token_file) {
            let mistake = Mistake::at(token, "both `token` and `token_file` are written");
            reader.report(mistake.also(file, "and here").help("keep `token_file`"));
        }
        let name = self.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        (Receiver { name, ..self.receiver }, self.name)
    }
}
