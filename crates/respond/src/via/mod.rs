//! Who can be told and how, and what happened to an alert.

mod evidence;
mod pagerduty;
mod slack;
pub(crate) mod webhook;
mod words;

use std::io;

pub use evidence::{change_json, change_of, evidence_json, evidence_of};
use journal::Message;
pub(crate) use pagerduty::ADDRESS as PAGERDUTY;

use model::Secret;
use settings::SecretSource;

/// Somebody who is told of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name, unique among receivers.
    pub name: String,
    /// How it is told.
    pub via: Via,
    /// Whether it is told that an alert has ended.
    pub send_resolved: bool,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A web hook that takes what Alertmanager sends, version 4.
    WebHook(WebHook),
    /// An incoming web hook of Slack's.
    Slack {
        /// Its address, which is a secret.
        url: SecretSource,
        /// Another channel than the hook's own, where Slack still allows that.
        channel: Option<String>,
    },
    /// PagerDuty's Events API, version 2.
    PagerDuty {
        /// Where events go.
        url: String,
        /// The key of the service's integration.
        key: SecretSource,
    },
}

impl Via {
    /// The request that carries a message; fails if a file with a secret cannot be read.
    pub(crate) fn request(
        &self,
        client: &reqwest::Client,
        message: &Message,
    ) -> io::Result<reqwest::RequestBuilder> {
        match self {
            Self::WebHook(hook) => {
                let request = client.post(hook.url.read()?.reveal()).json(&message.body);
                hook.authorization.put(request)
            }
            Self::Slack { url, channel } => {
                let body = slack::body(&message.body, channel.as_deref());
                Ok(client.post(url.read()?.reveal()).json(&body))
            }
            Self::PagerDuty { url, key } => {
                let lane = format!("{}-{}", message.receiver, message.lane);
                let lane = lane.get(lane.len().saturating_sub(DEDUP_KEY_BYTES_MAX)..);
                let body = pagerduty::body(
                    &message.body,
                    lane.unwrap_or(&message.lane),
                    key.read()?.reveal(),
                );
                Ok(client.post(url).json(&body))
            }
        }
    }
}

/// The longest key by which PagerDuty knows an incident, in bytes.
const DEDUP_KEY_BYTES_MAX: usize = 255;

/// A web hook that takes what Alertmanager sends, version 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebHook {
    /// Where it listens; who knows the address may often send.
    pub url: SecretSource,
    /// Who we say we are.
    pub authorization: Authorization,
}

/// What stands in the `Authorization` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Authorization {
    /// Nothing.
    #[default]
    None,
    /// A word such as `Bearer`, and what we know.
    Credentials {
        /// The word.
        scheme: String,
        /// What we know.
        credentials: SecretSource,
    },
    /// A name and a password.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: SecretSource,
    },
}

impl Authorization {
    /// A bearer token.
    pub fn bearer(token: SecretSource) -> Self {
        Self::Credentials { scheme: "Bearer".to_owned(), credentials: token }
    }

    /// Puts itself into a request; fails if a file cannot be read.
    pub(crate) fn put(
        &self,
        request: reqwest::RequestBuilder,
    ) -> io::Result<reqwest::RequestBuilder> {
        Ok(match self {
            Self::None => request,
            Self::Credentials { scheme, credentials } => {
                let text = format!("{scheme} {}", credentials.read()?.reveal());
                request.header(reqwest::header::AUTHORIZATION, text)
            }
            Self::Basic { user, password } => {
                request.basic_auth(user, Some(password.read()?.reveal()))
            }
        })
    }
}

impl Receiver {
    /// A web hook with an address and perhaps a token that are known.
    pub fn web_hook(name: &str, url: &str, token: Option<Secret>) -> Self {
        let authorization =
            token.map(SecretSource::Written).map(Authorization::bearer).unwrap_or_default();
        let url = SecretSource::Written(Secret::new(url.to_owned()));
        let via = Via::WebHook(WebHook { url, authorization });
        Self { name: name.to_owned(), via, send_resolved: true }
    }
}

/// What happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// It began to fire.
    Fired,
    /// It fires still, but is worse, better or otherwise different.
    Changed,
    /// It ended.
    Resolved,
    /// Whoever sent it is silent: those who were told of it are told so, once.
    Silent,
    /// Nobody knows what became of it: it is forgotten, and nobody is told anything.
    Forgotten,
}
