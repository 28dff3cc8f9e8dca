//! The `query.remote` section: a cluster that is asked instead of the store here.

use model::Secret;

use super::{
    identity::{self, Identified},
    tenant,
};
use crate::{
    mistake::Mistake,
    reader::{Field, Reader},
    settings::{
        Authorization, TlsSettings,
        watch::scrape::{IdentityDraft, headers},
    },
    table::{Key, Otherwise, Table, set},
    yaml::Node,
};

/// A cluster that is asked instead of the store here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteQuery {
    /// Its address up to `/api/v1`, without a slash at its end.
    pub url: String,
    /// Sent as `X-Scope-OrgID`.
    pub tenant: Option<Secret>,
    /// Sent with every question, in order.
    pub params: Vec<(String, String)>,
    /// How Plimsoll says who it is.
    pub authorization: Authorization,
    /// Further headers, in order.
    pub headers: Vec<(String, Secret)>,
    /// How the cluster's certificate is checked.
    pub tls: TlsSettings,
}

/// A cluster while it is read.
#[derive(Debug, Default)]
pub(crate) struct RemoteDraft {
    remote: RemoteQuery,
    identity: IdentityDraft,
}

impl Identified for RemoteDraft {
    fn identity(&mut self) -> &mut IdentityDraft {
        &mut self.identity
    }

    fn tls(&mut self) -> &mut TlsSettings {
        &mut self.remote.tls
    }
}

/// Reads the section; nothing if there is no address to ask.
pub(in crate::settings) fn read<'d>(reader: &Reader<'d>, node: Node<'d>) -> Option<RemoteQuery> {
    let RemoteDraft { remote, identity } = TABLE.one(reader, node);
    let authorization = identity.finish(reader);
    (!remote.url.is_empty()).then_some(RemoteQuery { authorization, ..remote })
}

/// An address that paths can be put behind, and that may be shown.
fn address<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<String> {
    let node = field.node;
    let url = reader.web_address(node)?;
    if url.contains(['?', '#']) {
        reader.wrong(
            node,
            "an address to put paths behind ends with its path",
            "write what stands behind `?` as `params`",
        );
        return None;
    }
    if url.contains('@') {
        reader.wrong(
            node,
            "a password does not go into an address, which is shown",
            "write `basic_auth`",
        );
        return None;
    }
    let url = url.trim_end_matches('/');
    if let Some(plain) = url.strip_suffix("/api/v1").or_else(|| url.strip_suffix("/api/v1/query")) {
        let help = format!("write `{plain}`");
        reader.wrong(node, "the address ends before `/api/v1`", &help);
        return None;
    }
    Some(url.to_owned())
}

fn params<'d>(reader: &Reader<'d>, node: Node<'d>) -> Vec<(String, String)> {
    let mut params = Vec::new();
    for entry in reader.entries(node) {
        if matches!(entry.key, "query" | "time" | "start" | "end" | "step" | "match[]" | "timeout")
        {
            let mistake =
                Mistake::at(entry.place, format!("`{}` is part of each question", entry.key));
            reader.report(mistake.help("remove it"));
            continue;
        }
        params.extend(reader.text(entry.node).map(|text| (entry.key.to_owned(), text.to_owned())));
    }
    params
}

pub(in crate::settings) static TABLE: Table<RemoteDraft> = Table {
    what: "the `query.remote` section",
    keys: &[
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Needed,
            about: "The address of its Prometheus API up to `/api/v1`: `http://mimir:8080/prometheus`, `http://vmselect:8481/select/0/prometheus`, `http://greptime:4000/v1/prometheus`.",
            read: |reader, field, into| set(&mut into.remote.url, address(reader, field)),
        },
        Key {
            name: "tenant",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "Whose numbers are asked for; sent as the header `X-Scope-OrgID`, as Mimir has it.",
            read: |reader, field, into| {
                into.remote.tenant = tenant(reader, field.node);
            },
        },
        Key {
            name: "params",
            form: "map of texts",
            otherwise: Otherwise::Nothing,
            about: "What is sent with every question besides, such as `dedup: 'true'` for Thanos. The names `lookback_delta`, `max_lookback`, `lookback` and `nocache` take the place of what is sent under them anyway.",
            read: |reader, field, into| into.remote.params = params(reader, field.node),
        },
        identity::basic_auth(),
        identity::authorization(),
        identity::bearer_token_file(),
        Key {
            name: "http_headers",
            form: "map",
            otherwise: Otherwise::Nothing,
            about: "Further headers, each a text, a list, or `{values: […], secrets: […]}`.",
            read: |reader, field, into| into.remote.headers = headers(reader, field.node),
        },
        identity::tls_config("How the cluster's certificate is checked, as in a scrape job."),
    ],
    refused: &[
        ("timeout", "a question to a cluster may take as long as any: write `query: {timeout: …}`"),
        (
            "remote_timeout",
            "a question to a cluster may take as long as any: write `query: {timeout: …}`",
        ),
        ("headers", "write `http_headers`, as in a scrape job"),
        ("bearer_token", "write it into a file, and its name as `bearer_token_file`"),
        ("read_recent", "everything is asked of the cluster; remove the key"),
        ("required_matchers", "everything is asked of the cluster; remove the key"),
        ("filter_external_labels", "expressions go over as they are; remove the key"),
    ],
};
