//! What a scrape job is made of: how it authorizes itself, what it trusts, where its targets are.

use std::path::PathBuf;

use model::Span;

use super::{Authorization, TargetGroup, TlsSettings};
use crate::{
    mistake::Mistake,
    reader::Reader,
    settings::secret::SecretDraft,
    table::{Key, Otherwise, Table, set},
    yaml::Node,
};

/// `basic_auth` while it is read.
#[derive(Debug, Default)]
pub(crate) struct BasicDraft {
    username: String,
    password: SecretDraft,
}

impl BasicDraft {
    pub(super) fn finish<'d>(self, reader: &Reader<'d>, node: Node<'d>) -> Authorization {
        let Some(password) = self.password.finish(reader, "password") else {
            needs_secret(reader, node, "`basic_auth`", "password_file");
            return Authorization::None;
        };
        Authorization::Basic { username: self.username, password }
    }
}

/// A secret that is missing, unless something else is wrong with it already.
fn needs_secret<'d>(reader: &Reader<'d>, node: Node<'d>, what: &str, key: &str) {
    let written = node.get(key).is_some() || node.get(key.trim_end_matches("_file")).is_some();
    if !written {
        let mistake = Mistake::at(node.place(), format!("{what} needs `{key}`"));
        reader.report(mistake.label(format!("`{key}` is missing here")));
    }
}

pub(crate) static BASIC_TABLE: Table<BasicDraft> = Table {
    what: "`basic_auth`",
    keys: &[
        Key {
            name: "username",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "The name.",
            read: |reader, field, into| {
                set(&mut into.username, reader.text(field.node).map(str::to_owned));
            },
        },
        Key {
            name: "password_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the password.",
            read: |reader, field, into| into.password.name_file(reader, field),
        },
        Key {
            name: "password",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The password itself; `password_file` keeps it out of this file.",
            read: |reader, field, into| into.password.write(reader, field),
        },
    ],
    refused: &[("username_file", "write the name as `username`")],
};

/// `authorization` while it is read.
#[derive(Debug)]
pub(crate) struct AuthorizationDraft {
    scheme: String,
    credentials: SecretDraft,
}

impl Default for AuthorizationDraft {
    fn default() -> Self {
        Self { scheme: "Bearer".to_owned(), credentials: SecretDraft::default() }
    }
}

impl AuthorizationDraft {
    pub(super) fn finish<'d>(self, reader: &Reader<'d>, node: Node<'d>) -> Authorization {
        let Some(token) = self.credentials.finish(reader, "credentials") else {
            needs_secret(reader, node, "`authorization`", "credentials_file");
            return Authorization::None;
        };
        Authorization::Token { scheme: self.scheme, token }
    }
}

pub(crate) static AUTHORIZATION_TABLE: Table<AuthorizationDraft> = Table {
    what: "`authorization`",
    keys: &[
        Key {
            name: "type",
            form: "word",
            otherwise: Otherwise::Is("Bearer"),
            about: "What stands before the token.",
            read: |reader, field, into| {
                let Some(text) = reader.text(field.node) else { return };
                if text.eq_ignore_ascii_case("basic") {
                    reader.wrong(
                        field.node,
                        "a name and password do not go here",
                        "write `basic_auth` instead",
                    );
                } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
                    text.clone_into(&mut into.scheme);
                } else {
                    reader.wrong(field.node, "an authorization type is a single word", "");
                }
            },
        },
        Key {
            name: "credentials_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the token.",
            read: |reader, field, into| into.credentials.name_file(reader, field),
        },
        Key {
            name: "credentials",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The token itself; `credentials_file` keeps it out of this file.",
            read: |reader, field, into| into.credentials.write(reader, field),
        },
    ],
    refused: &[],
};

pub(crate) static TLS_TABLE: Table<TlsSettings> = Table {
    what: "`tls_config`",
    keys: &[
        Key {
            name: "ca_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "Certificates (PEM) that are trusted besides the system's.",
            read: |reader, field, into| into.ca_file = reader.text(field.node).map(PathBuf::from),
        },
        Key {
            name: "insecure_skip_verify",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether any certificate will do. Anyone on the way can then read and change what is scraped.",
            read: |reader, field, into| {
                set(&mut into.insecure_skip_verify, reader.truth(field.node));
            },
        },
    ],
    refused: &[
        ("ca", "write the certificates into a file and name it as `ca_file`"),
        ("cert_file", "client certificates are not supported; use a token"),
        ("key_file", "client certificates are not supported; use a token"),
        ("cert", "client certificates are not supported; use a token"),
        ("key", "client certificates are not supported; use a token"),
        ("server_name", "the name is the target's own; name the target as its certificate does"),
        ("min_version", "TLS 1.2 and 1.3 are spoken; remove the key"),
        ("max_version", "TLS 1.2 and 1.3 are spoken; remove the key"),
    ],
};

pub(crate) static STATIC_TABLE: Table<TargetGroup> = Table {
    what: "a group of targets",
    keys: &[
        Key {
            name: "targets",
            form: "list of `host:port`",
            otherwise: Otherwise::Needed,
            about: "The targets.",
            read: |reader, field, into| {
                let items = reader.items(field.node);
                into.targets = items.into_iter().filter_map(|item| target(reader, item)).collect();
            },
        },
        Key {
            name: "labels",
            form: "map of labels",
            otherwise: Otherwise::Nothing,
            about: "Labels that every series of these targets gets.",
            read: |reader, field, into| into.labels = reader.labels(field.node),
        },
    ],
    refused: &[],
};

/// A target is a host with or without a port, never an address with a scheme or a path.
fn target<'d>(reader: &Reader<'d>, node: Node<'d>) -> Option<String> {
    let text = reader.text(node)?;
    if let Some((scheme, rest)) = text.split_once("://") {
        let host = rest.split('/').next().unwrap_or_default();
        let help = format!("write `{host}` here, and `scheme: {scheme}` in the job");
        reader.wrong(node, "a target is a host and a port, without a scheme", &help);
        return None;
    }
    if let Some((host, path)) = text.split_once('/') {
        let help = format!("write `{host}` here, and `metrics_path: /{path}` in the job");
        reader.wrong(node, "a target is a host and a port, without a path", &help);
        return None;
    }
    if text.contains(char::is_whitespace) {
        reader.wrong(node, "a target is a host and a port, without blanks", "write `db-1:9100`");
        return None;
    }
    Some(text.to_owned())
}

/// `file_sd_configs` while it is read.
#[derive(Debug, Default)]
pub(crate) struct FileDraft {
    pub(super) files: Vec<String>,
    pub(super) refresh: Option<Span>,
}

pub(crate) static FILE_TABLE: Table<FileDraft> = Table {
    what: "a list of target files",
    keys: &[
        Key {
            name: "files",
            form: "list of globs",
            otherwise: Otherwise::Needed,
            about: "Files (`.json`, `.yml`, `.yaml`) that list targets, relative to the settings file.",
            read: |reader, field, into| into.files = reader.texts(field.node),
        },
        Key {
            name: "refresh_interval",
            form: "duration",
            otherwise: Otherwise::Is("30s"),
            about: "How often they are read again.",
            read: |reader, field, into| {
                into.refresh = reader.duration(field.node, Span::secs(1)..=Span::days(1));
            },
        },
    ],
    refused: &[],
};
