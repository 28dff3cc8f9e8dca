//! The `alerts` and `receivers` sections: who is told of alerts, and of which.

pub(super) mod channel;
pub(super) mod heartbeat;
pub(super) mod receiver;
pub(super) mod window;

use std::path::PathBuf;

pub use channel::{Channel, MailSecrecy, MailSettings};
pub use heartbeat::{HeartbeatIn, HeartbeatOut};
use model::Span;
pub use receiver::Receiver;
pub use window::WindowSettings;

use crate::table::{Key, Otherwise, Table, set};

/// Which alerts go to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSettings {
    /// An Alertmanager configuration whose routes alerts take.
    pub routing: Option<PathBuf>,
    /// How long a silence may last unless somebody confirms that it is to last longer.
    pub silence_max: Span,
    /// The receiver that is told what another one cannot be told.
    pub fallback: Option<String>,
    /// Times that come again and again in which some alerts are quiet.
    pub windows: Vec<WindowSettings>,
    /// Who is to be heard of, and how often.
    pub heartbeats: Vec<HeartbeatIn>,
    /// Who is told that all is well here.
    pub heartbeat_to: Vec<HeartbeatOut>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            routing: None,
            silence_max: Span::days(30),
            fallback: None,
            windows: Vec::new(),
            heartbeats: Vec::new(),
            heartbeat_to: Vec::new(),
        }
    }
}

pub(super) static TABLE: Table<AlertSettings> = Table {
    what: "the `alerts` section",
    keys: &[
        Key {
            name: "routing",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "An Alertmanager configuration, relative to the settings file. Its routes decide who is told of which alert, when, and what keeps what quiet; see [Routing](../guides/routing.md).",
            read: |reader, field, into| into.routing = reader.text(field.node).map(PathBuf::from),
        },
        Key {
            name: "silence_max",
            form: "duration",
            otherwise: Otherwise::Is("30d"),
            about: "How long a silence may last unless somebody confirms that it is to last longer.",
            read: |reader, field, into| {
                let range = Span::minutes(1)..=Span::days(3650);
                set(&mut into.silence_max, reader.duration(field.node, range));
            },
        },
        Key {
            name: "fallback",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The receiver that is told what another one cannot be told: at once if its address or key is wrong, what is critical after a minute without success. It is told nothing else, unless a route leads to it.",
            read: |reader, field, into| into.fallback = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "windows",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Times that come again and again in which some alerts are quiet.",
            read: |reader, field, into| {
                let drafts = window::TABLE.each(reader, field.node).into_iter();
                into.windows = drafts.map(|draft| draft.finish(reader)).collect();
            },
        },
        Key {
            name: "heartbeats",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Who is to be heard of at `POST /heartbeat/NAME`, and how often; whoever is not is an alert.",
            read: |reader, field, into| {
                into.heartbeats = heartbeat::IN_TABLE.each(reader, field.node);
            },
        },
        Key {
            name: "heartbeat_to",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Who is told every minute that samples are taken, judged, recorded and told here, and is to raise the alarm when that stops.",
            read: |reader, field, into| {
                let drafts = heartbeat::OUT_TABLE.each(reader, field.node).into_iter();
                into.heartbeat_to =
                    drafts.filter_map(|draft| draft.finish(reader, field.key)).collect();
            },
        },
    ],
    refused: &[
        ("route", "write the routes into a file of their own and name it as `routing`"),
        ("receivers", "write them as `receivers` beside `alerts`, or into the `routing` file"),
    ],
};
