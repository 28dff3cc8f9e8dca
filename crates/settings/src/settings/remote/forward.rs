//! The `forward` section: who is sent the samples that are taken in here.

use model::{Secret, Span};

use super::{
    identity::{self, Identified},
    tenant,
};
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader},
    settings::{
        Authorization, Relabel, TlsSettings,
        watch::scrape::{IdentityDraft, headers, relabel_steps},
    },
    table::{Key, Otherwise, Table, set},
};

/// Letters of a name at most; it is a folder's, too.
const NAME_LETTERS_MAX: usize = 64;

/// A version of remote write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardProtocol {
    /// 1.0.
    #[default]
    V1,
    /// 2.0, or 1.0 if the receiver does not understand it.
    V2,
}

/// Somebody who is sent samples by remote write.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// Its name, unique; its queue lies in a folder of this name.
    pub name: String,
    /// Where samples go.
    pub url: String,
    /// Which message they go in.
    pub protocol: ForwardProtocol,
    /// Sent as `X-Scope-OrgID`.
    pub tenant: Option<Secret>,
    /// How Plimsoll says who it is.
    pub authorization: Authorization,
    /// Further headers, in order.
    pub headers: Vec<(String, Secret)>,
    /// How the receiver's certificate is checked.
    pub tls: TlsSettings,
    /// How labels are rewritten before they go out, and what does not go out.
    pub relabel: Vec<Relabel>,
    /// Largest queue on disk, in bytes.
    pub queue_bytes_max: u64,
    /// How long samples wait at most.
    pub queue_age_max: Span,
    /// Most samples of one request.
    pub samples_per_request: u64,
    /// Most connections at once.
    pub connections_max: u64,
    /// How long one request may take.
    pub timeout: Span,
}

impl Default for Forward {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            protocol: ForwardProtocol::V1,
            tenant: None,
            authorization: Authorization::None,
            headers: Vec::new(),
            tls: TlsSettings::default(),
            relabel: Vec::new(),
            queue_bytes_max: 2 << 30,
            queue_age_max: Span::days(3),
            samples_per_request: 5000,
            connections_max: 8,
            timeout: Span::secs(30),
        }
    }
}

/// A receiver while it is read.
#[derive(Debug, Default)]
pub(crate) struct ForwardDraft {
    forward: Forward,
    url: Option<Placed<String>>,
    name: Option<Placed<String>>,
    identity: IdentityDraft,
}

impl Identified for ForwardDraft {
    fn identity(&mut self) -> &mut IdentityDraft {
        &mut self.identity
    }

    fn tls(&mut self) -> &mut TlsSettings {
        &mut self.forward.tls
    }
}

impl ForwardDraft {
    /// The receiver, and its name with its place. Without a name it is called by its host.
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
    ) -> (Forward, Option<Placed<String>>) {
        let authorization = self.identity.finish(reader);
        let url = self.url.as_ref().map(|url| url.value.clone()).unwrap_or_default();
        let name = self.name.or_else(|| {
            let url = self.url?;
            Some(Placed { value: host_of(&url.value), place: url.place })
        });
        let own = name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        (Forward { name: own, url, authorization, ..self.forward }, name)
    }
}

/// The host of an address with its port, as a folder may be called.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let letter = |letter: char| if is_name_letter(letter) { letter } else { '-' };
    host.chars().map(letter).take(NAME_LETTERS_MAX).collect()
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-')
}

fn name<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<String>> {
    let name = reader.placed(field.node)?;
    let fits = name.value.chars().all(is_name_letter)
        && name.value.len() <= NAME_LETTERS_MAX
        && !name.value.trim_matches('.').is_empty();
    if !fits {
        let help = format!("at most {NAME_LETTERS_MAX} letters, digits, `.`, `_` and `-`");
        reader.wrong(field.node, &format!("`{}` cannot name a folder", name.value), &help);
        return None;
    }
    Some(name)
}

fn address<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<String>> {
    let url = reader.web_address(field.node)?;
    if url.contains('@') {
        let help = "write `basic_auth`";
        reader.wrong(field.node, "a password does not go into an address, which is shown", help);
        return None;
    }
    Some(Placed { value: url, place: field.node.place() })
}

/// Headers that are ours to set.
const OWN_HEADERS: [&str; 4] =
    ["content-encoding", "content-type", "content-length", "x-prometheus-remote-write-version"];

fn own_headers<'d>(reader: &Reader<'d>, field: Field<'d>) -> Vec<(String, Secret)> {
    for entry in reader.entries(field.node) {
        if OWN_HEADERS.iter().any(|own| entry.key.eq_ignore_ascii_case(own)) {
            let mistake =
                Mistake::at(entry.place, format!("`{}` is set by the protocol", entry.key));
            reader.report(mistake.help("remove it"));
        }
    }
    headers(reader, field.node)
}

pub(in crate::settings) static TABLE: Table<ForwardDraft> = Table {
    what: "a forward receiver",
    keys: &[
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Needed,
            about: "Where it takes remote write: `http://mimir:8080/api/v1/push`, `http://thanos-receive:19291/api/v1/receive`, `http://victoria:8428/api/v1/write`, `http://greptime:4000/v1/prometheus/write`, `http://prometheus:9090/api/v1/write`.",
            read: |reader, field, into| into.url = address(reader, field),
        },
        Key {
            name: "name",
            form: "word",
            otherwise: Otherwise::Said("the host and port of `url`"),
            about: "Its name in metrics and in the log, unique among them; its queue lies in the folder of this name.",
            read: |reader, field, into| into.name = name(reader, field),
        },
        Key {
            name: "protocol",
            form: "word",
            otherwise: Otherwise::Is("1.0"),
            about: "`1.0`, which everybody understands, or `2.0`, which is smaller; a receiver that does not understand `2.0` gets `1.0`.",
            read: |reader, field, into| {
                let words = [("1.0", ForwardProtocol::V1), ("2.0", ForwardProtocol::V2)];
                set(&mut into.forward.protocol, reader.word(field.node, &words));
            },
        },
        Key {
            name: "tenant",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "Whose samples they are; sent as the header `X-Scope-OrgID`, as Mimir has it.",
            read: |reader, field, into| into.forward.tenant = tenant(reader, field.node),
        },
        identity::basic_auth(),
        identity::authorization(),
        identity::bearer_token_file(),
        Key {
            name: "http_headers",
            form: "map",
            otherwise: Otherwise::Nothing,
            about: "Further headers, each a text, a list, or `{values: […], secrets: […]}`.",
            read: |reader, field, into| into.forward.headers = own_headers(reader, field),
        },
        identity::tls_config("How the receiver's certificate is checked, as in a scrape job."),
        Key {
            name: "write_relabel_configs",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "How labels are rewritten before samples go into the queue, and what does not go there; `external_labels` are added before.",
            read: |reader, field, into| into.forward.relabel = relabel_steps(reader, field.node),
        },
        Key {
            name: "queue_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("2GiB"),
            about: "Largest queue on disk. When it is full, the oldest samples go, and are counted; taking samples in never waits.",
            read: |reader, field, into| {
                let range = 16 << 20..=1 << 50;
                set(&mut into.forward.queue_bytes_max, reader.size(field.node, range));
            },
        },
        Key {
            name: "queue_age_max",
            form: "duration",
            otherwise: Otherwise::Is("3d"),
            about: "How long samples wait for a receiver that is away, before they go, counted as well.",
            read: |reader, field, into| {
                let range = Span::minutes(10)..=Span::days(365);
                set(&mut into.forward.queue_age_max, reader.duration(field.node, range));
            },
        },
        Key {
            name: "samples_per_request",
            form: "number",
            otherwise: Otherwise::Is("5_000"),
            about: "Most samples of one request.",
            read: |reader, field, into| {
                let value = reader.whole(field.node, 1..=100_000);
                set(&mut into.forward.samples_per_request, value);
            },
        },
        Key {
            name: "connections_max",
            form: "number",
            otherwise: Otherwise::Is("8"),
            about: "Most connections at once. There is one, and more while the queue grows ahead of it; samples of one series stay in order.",
            read: |reader, field, into| {
                set(&mut into.forward.connections_max, reader.whole(field.node, 1..=200));
            },
        },
        Key {
            name: "timeout",
            form: "duration",
            otherwise: Otherwise::Is("30s"),
            about: "How long one request may take before it is made again.",
            read: |reader, field, into| {
                let range = Span::secs(1)..=Span::minutes(10);
                set(&mut into.forward.timeout, reader.duration(field.node, range));
            },
        },
    ],
    refused: &[
        ("remote_timeout", "write `timeout`"),
        ("headers", "write `http_headers`, as in a scrape job"),
        ("bearer_token", "write it into a file, and its name as `bearer_token_file`"),
        (
            "queue_config",
            "write `samples_per_request`, `connections_max`, `queue_bytes_max` and `queue_age_max` in the receiver itself",
        ),
        ("protobuf_message", "write `protocol: 1.0` or `protocol: 2.0`"),
        ("send_exemplars", "exemplars are not kept; remove the key"),
        ("send_native_histograms", "native histograms are always sent; remove the key"),
        ("metadata_config", "metadata is not sent; remove the key"),
        ("oauth2", "put a proxy that adds the token before the receiver"),
        ("sigv4", "put a proxy that signs requests before the receiver"),
        ("azuread", "put a proxy that adds the token before the receiver"),
        ("google_iam", "put a proxy that adds the token before the receiver"),
        ("proxy_url", "write the proxy's address as `url`"),
        ("follow_redirects", "redirections are never followed; write the address they lead to"),
        ("enable_http2", "the receiver decides; remove the key"),
        ("round_robin_dns", "write each receiver as one of its own"),
    ],
};
