//! The `journal` section: where facts are kept, and for how long.

use std::path::PathBuf;

use model::Span;

use crate::{
    reader::{Field, Reader},
    table::{Key, Otherwise, Table},
};

/// Where facts are kept, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalSettings {
    /// The address of a PostgreSQL's database, without a password; a file in the data folder if
    /// there is none.
    pub url: Option<String>,
    /// A file that holds the password.
    pub password_file: Option<PathBuf>,
    /// How long facts are kept; for ever if nothing is said.
    pub keep: Option<Span>,
}

/// Reads the section, or the address alone.
pub(in crate::settings) fn read<'d>(
    reader: &Reader<'d>,
    field: Field<'d>,
    into: &mut JournalSettings,
) {
    if field.node.scalar().is_some() {
        into.url = address(reader, field);
    } else {
        TABLE.read(reader, field.node, into);
    }
}

/// An address that may be shown.
fn address<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<String> {
    let url = reader.text(field.node)?;
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let Some(rest) = rest else {
        let help = "write `postgres://USER@HOST:5432/DATABASE`, or nothing to keep a file";
        reader.wrong(field.node, "this is not the address of a PostgreSQL", help);
        return None;
    };
    let whom = rest.rsplit_once('@').map_or("", |(whom, _)| whom);
    if whom.contains(':') || rest.contains("password=") {
        let help = "write it into a file, and name that as `password_file`";
        reader.wrong(field.node, "a password does not go into an address, which is shown", help);
        return None;
    }
    Some(url.to_owned())
}

pub(in crate::settings) static TABLE: Table<JournalSettings> = Table {
    what: "the `journal` section",
    keys: &[
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Said("the file `journal.db` in the data folder"),
            about: "A database of a PostgreSQL 15 or later, which several servers may share: `postgres://plimsoll@db.example/plimsoll?sslmode=verify-full`. What is not written is taken from PostgreSQL's own variables, such as `PGPASSWORD` and `PGSSLROOTCERT`, and from `~/.pgpass`. May also be written as `journal: postgres://…`.",
            read: |reader, field, into| into.url = address(reader, field),
        },
        Key {
            name: "password_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the password for the database.",
            read: |reader, field, into| {
                into.password_file = reader.text(field.node).map(PathBuf::from);
            },
        },
        Key {
            name: "keep",
            form: "duration",
            otherwise: Otherwise::Said("for ever"),
            about: "How long events are kept. What still holds stays, however old it is, and the chain of hashes stays provable.",
            read: |reader, field, into| {
                into.keep = reader.duration(field.node, Span::days(1)..=Span::days(36_500));
            },
        },
    ],
    refused: &[
        ("password", "write it into a file, and name that as `password_file`"),
        ("path", "the file is `journal.db` in the folder given as `--data`"),
    ],
};
