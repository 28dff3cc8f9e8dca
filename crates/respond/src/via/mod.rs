//! Who can be told and how, and what happened to an alert.

mod alertmanager;
mod evidence;
mod mail;
mod pagerduty;
mod sign;
mod slack;
mod slack_api;
pub(crate) mod webhook;
mod words;

use std::io;

pub(crate) use alertmanager::{request as alertmanager_request, standing};
pub use evidence::{change_json, change_of, evidence_json, evidence_of};
pub use mail::{Mail, MailTls};
use model::{Secret, Time};
pub(crate) use pagerduty::ADDRESS as PAGERDUTY;
use settings::SecretSource;
pub use slack_api::SlackApi;
pub(crate) use words::{Words, clock_time};

use crate::deliver::{Parcel, Verdict, ask};

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
    /// Slack's Web API: one message for each group, changed as its alerts come and go.
    SlackApi(SlackApi),
    /// PagerDuty's Events API, version 2.
    PagerDuty {
        /// Where events go.
        url: String,
        /// The key of the service's integration.
        key: SecretSource,
    },
    /// Mail.
    Mail(Box<Mail>),
    /// An Alertmanager, which tells others.
    Alertmanager {
        /// Its address, without `/api/v2/alerts`.
        url: String,
        /// Who we say we are.
        authorization: Authorization,
    },
}

/// What a try has besides the parcel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) client: &'a reqwest::Client,
    pub(crate) now: Time,
}

impl Via {
    /// A service of PagerDuty's, where that listens unless it is said.
    pub fn pager_duty(key: SecretSource, url: Option<String>) -> Self {
        Self::PagerDuty { url: url.unwrap_or_else(|| PAGERDUTY.to_owned()), key }
    }

    /// Whether it is people who read each message, so that many are told in one.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self, Self::Slack { .. } | Self::SlackApi(_) | Self::Mail(_))
    }

    /// Whether a message that was sent can be changed.
    pub(crate) fn changes_messages(&self) -> bool {
        matches!(self, Self::SlackApi(_))
    }

    /// Sends a parcel.
    pub(crate) async fn send(&self, call: &Call<'_>, parcel: &Parcel) -> Verdict {
        let request = match self {
            Self::SlackApi(slack) => return slack.send(call, parcel).await,
            Self::Mail(mail) => return mail.send(call, parcel).await,
            Self::WebHook(hook) => hook.request(call, parcel),
            Self::Slack { url, channel } => url.read().map(|url| {
                let body = slack::body(&parcel.words, channel.as_deref());
                call.client.post(url.reveal()).json(&body)
            }),
            Self::PagerDuty { url, key } => key.read().map(|key| {
                let lane = format!("{}-{}", parcel.receiver, parcel.lane.as_deref().unwrap_or(""));
                let lane = lane.get(lane.len().saturating_sub(DEDUP_KEY_BYTES_MAX)..);
                let told = (&parcel.body, &parcel.words);
                let body = pagerduty::body(told, lane.unwrap_or_default(), key.reveal());
                call.client.post(url).json(&body)
            }),
            Self::Alertmanager { url, authorization } => {
                let alerts = alertmanager::alerts_of(&parcel.body, call.now);
                alertmanager::request(call.client, url, authorization, &alerts)
            }
        };
        match request {
            Ok(request) => {
                ask(call.client, request.header("Idempotency-Key", &parcel.key), call.now).await
            }
            Err(error) => unread(&error),
        }
    }
}

/// A file with a secret that cannot be read now may be back soon.
pub(crate) fn unread(error: &io::Error) -> Verdict {
    Verdict::later(format!("cannot read a secret: {error}"))
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
    /// What messages are signed with after Standard Webhooks.
    pub signing: Option<SecretSource>,
}

impl WebHook {
    fn request(&self, call: &Call<'_>, parcel: &Parcel) -> io::Result<reqwest::RequestBuilder> {
        let body = parcel.body.to_string();
        let mut request = call
            .client
            .post(self.url.read()?.reveal())
            .header(reqwest::header::CONTENT_TYPE, "application/json");
        if let Some(signing) = &self.signing {
            let signed = sign::headers(&signing.read()?, &parcel.key, call.now, body.as_bytes());
            let signed = signed.ok_or_else(|| io::Error::other("the signing secret is no key"))?;
            for (name, value) in SIGNED.into_iter().zip(signed) {
                request = request.header(name, value);
            }
        }
        self.authorization.put(request.body(body))
    }
}

/// The headers of a signed message.
const SIGNED: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

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
        let via = Via::WebHook(WebHook { url, authorization, signing: None });
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
