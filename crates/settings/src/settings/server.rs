//! The `server` section: where Plimsoll listens, and what it takes from one caller.

use std::{net::SocketAddr, path::PathBuf};

use model::Secret;

use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Placed, Reader},
    settings::secret::{SecretDraft, SecretSource},
    table::{Key, Otherwise, Table, set},
};

/// Where the server listens and who may ask.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerSettings {
    /// The address and port of pages and API.
    pub listen: SocketAddr,
    /// What callers must send as bearer token; needed on any address that is not loopback.
    pub token: Option<Secret>,
    /// A file that holds the token; read with [`crate::read_secret`].
    pub token_file: Option<PathBuf>,
    /// Largest body of one request, in bytes.
    pub request_bytes_max: u64,
    /// Most requests that are answered at once.
    pub requests_max: u64,
    /// How the outside reaches this server, for links in notifications.
    pub external_url: Option<String>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7546)),
            token: None,
            token_file: None,
            request_bytes_max: 32 << 20,
            requests_max: 512,
            external_url: None,
        }
    }
}

impl ServerSettings {
    /// Whether callers from outside can reach it, so that they must show a token.
    pub fn needs_token(&self) -> bool {
        !self.listen.ip().is_loopback()
    }

    /// Whether a token is set, in whatever way.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.token_file.is_some()
    }
}

/// The section while it is read, with the places that are checked against each other.
#[derive(Debug, Default)]
pub(super) struct ServerDraft {
    pub(super) settings: ServerSettings,
    listen: Option<Place>,
    token: SecretDraft,
}

pub(super) static TABLE: Table<ServerDraft> = Table {
    what: "the `server` section",
    keys: &[
        Key {
            name: "listen",
            form: "address",
            otherwise: Otherwise::Is("127.0.0.1:7546"),
            about: "Address and port of pages and API. May also stand on the top level. An address that is not loopback needs a token.",
            read: |reader, field, into| into.read_listen(reader, field),
        },
        Key {
            name: "token_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the token which callers must send as `Authorization: Bearer`.",
            read: |reader, field, into| into.token.name_file(reader, field),
        },
        Key {
            name: "token",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The token itself; `token_file` keeps it out of this file.",
            read: |reader, field, into| into.token.write(reader, field),
        },
        Key {
            name: "external_url",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "How people reach this server, for links in notifications.",
            read: |reader, field, into| into.settings.external_url = reader.web_address(field.node),
        },
        Key {
            name: "request_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("32MiB"),
            about: "Largest body of one request.",
            read: |reader, field, into| {
                set(&mut into.settings.request_bytes_max, reader.size(field.node, 1024..=1 << 30));
            },
        },
        Key {
            name: "requests_max",
            form: "number",
            otherwise: Otherwise::Is("512"),
            about: "Most requests that are answered at once; further ones are told to come back.",
            read: |reader, field, into| {
                set(&mut into.settings.requests_max, reader.whole(field.node, 1..=100_000));
            },
        },
    ],
    refused: &[
        ("tls", "put a reverse proxy that ends TLS in front, and listen on loopback"),
        ("port", "write `listen: 127.0.0.1:7546`"),
    ],
};

impl ServerDraft {
    /// `listen`, wherever it stands; twice is a mistake.
    pub(super) fn read_listen<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        if let Some(first) = self.listen {
            let mistake = Mistake::at(field.key, "`listen` is written twice");
            reader.report(mistake.also(first, "first here").help("keep one of the two"));
            return;
        }
        self.listen = Some(field.node.place());
        set(&mut self.settings.listen, listen(reader, field).map(|placed| placed.value));
    }

    /// What the keys say together.
    pub(super) fn finish(self, reader: &Reader<'_>) -> ServerSettings {
        let has_token = self.token.is_written();
        let mut settings = self.settings;
        match self.token.finish(reader, "token") {
            Some(SecretSource::Written(token)) => settings.token = Some(token),
            Some(SecretSource::File(path)) => settings.token_file = Some(path),
            None => {}
        }
        if let Some(place) = self.listen
            && settings.needs_token()
            && !has_token
        {
            reader.report(
                Mistake::at(place, "others can reach this address, and no token is set")
                    .label("not a loopback address")
                    .help("write `server: {listen: …, token_file: …}`, or listen on 127.0.0.1"),
            );
        }
        settings
    }
}

fn listen<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<SocketAddr>> {
    let text = reader.text(field.node)?;
    let place = field.node.place();
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    if let Ok(value) = numeric.parse() {
        return Some(Placed { value, place });
    }
    let port = text.rsplit(':').next().unwrap_or_default();
    let help = if port.parse::<u16>().is_ok() && text.trim_end_matches(port).len() < 2 {
        format!("write `127.0.0.1:{port}` for this machine only, `0.0.0.0:{port}` for every caller")
    } else if text.parse::<std::net::IpAddr>().is_ok() {
        "a port is missing, as in `127.0.0.1:7546`".to_owned()
    } else {
        "write an address and a port, as in `127.0.0.1:7546` or `[::1]:7546`".to_owned()
    };
    reader.wrong(field.node, &format!("`{text}` is not an address to listen on"), &help);
    None
}
