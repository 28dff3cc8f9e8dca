//! The `alerts` and `receivers` sections: who is told of alerts, and of which.

pub(super) mod receiver;

use std::path::PathBuf;

pub use receiver::Receiver;

use crate::table::{Key, Otherwise, Table};

/// Which alerts go to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertSettings {
    /// An Alertmanager configuration whose routes alerts take.
    pub routing: Option<PathBuf>,
}

pub(super) static TABLE: Table<AlertSettings> = Table {
    what: "the `alerts` section",
    keys: &[Key {
        name: "routing",
        form: "file",
        otherwise: Otherwise::Nothing,
        about: "An Alertmanager configuration, relative to the settings file. Its routes decide who is told of which alert, when, and what keeps what quiet; see [Routing](../guides/routing.md).",
        read: |reader, field, into| into.routing = reader.text(field.node).map(PathBuf::from),
    }],
    refused: &[
        ("route", "write the routes into a file of their own and name it as `routing`"),
        ("receivers", "write them as `receivers` beside `alerts`, or into the `routing` file"),
    ],
};
