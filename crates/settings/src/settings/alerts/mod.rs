//! The `alerts` and `receivers` sections: who is told of alerts, and of which.

pub(super) mod receiver;

use std::path::PathBuf;

use model::Span;
pub use receiver::Receiver;

use crate::table::{Key, Otherwise, Table, set};

/// Which alerts go to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSettings {
    /// An Alertmanager configuration whose routes alerts take.
    pub routing: Option<PathBuf>,
    /// How long a silence may last unless somebody confirms that it is to last longer.
    pub silence_max: Span,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self { routing: None, silence_max: Span::days(30) }
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
    ],
    refused: &[
        ("route", "write the routes into a file of their own and name it as `routing`"),
        ("receivers", "write them as `receivers` beside `alerts`, or into the `routing` file"),
    ],
};
