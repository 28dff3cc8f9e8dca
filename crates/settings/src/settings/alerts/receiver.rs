//! The `receivers` section: who is told of alerts.

use model::Span;

use super::channel::{self, Channel};
use crate::{
    mistake::{Mistake, Place},
    reader::{Placed, Reader},
    settings::secret::SecretDraft,
    table::{Key, Otherwise, Table, set},
};

/// Somebody who is told of alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Receiver {
    /// Its name, unique among receivers.
    pub name: String,
    /// How it is told.
    pub channel: Channel,
    /// Whether it is told when an alert is over, too.
    pub send_resolved: bool,
    /// How long before it is told again of what still holds.
    pub repeat_interval: Span,
    /// How long alerts are gathered before the first message of a group.
    pub group_wait: Span,
    /// Alerts with the same values of these labels go out together.
    pub group_by: Vec<String>,
}

impl Default for Receiver {
    fn default() -> Self {
        Self {
            name: String::new(),
            channel: Channel::default(),
            send_resolved: true,
            repeat_interval: Span::hours(4),
            group_wait: Span::secs(10),
            group_by: vec!["alertname".to_owned()],
        }
    }
}

/// A receiver while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct ReceiverDraft {
    receiver: Receiver,
    name: Option<Placed<String>>,
    url: Option<Placed<String>>,
    has_url: bool,
    token: SecretDraft,
    signing: SecretDraft,
    channels: Vec<(Place, Channel)>,
}

pub(in crate::settings) static TABLE: Table<ReceiverDraft> = Table {
    what: "a receiver",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among receivers.",
            read: |reader, field, into| into.name = reader.placed(field.node),
        },
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "Where messages go, as Alertmanager's web hooks (version 4) have them. Each receiver has this, or one of `slack`, `pagerduty`, `email`, `alertmanager`.",
            read: |reader, field, into| {
                let place = field.key;
                into.has_url = true;
                into.url = reader.web_address(field.node).map(|value| Placed { value, place });
            },
        },
        Key {
            name: "token_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds the token which is sent as `Authorization: Bearer`.",
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
            name: "signing_secret_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file with the secret that messages to `url` are signed with after Standard Webhooks: `whsec_` and the key in base64, or any text.",
            read: |reader, field, into| into.signing.name_file(reader, field),
        },
        Key {
            name: "signing_secret",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "That secret itself; `signing_secret_file` keeps it out of this file.",
            read: |reader, field, into| into.signing.write(reader, field),
        },
        Key {
            name: "slack",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "A channel of Slack's, told by a bot or an incoming web hook.",
            read: |reader, field, into| {
                into.channel(
                    field.key,
                    channel::SLACK.one(reader, field.node).finish(reader, field),
                );
            },
        },
        Key {
            name: "pagerduty",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "A service of PagerDuty's.",
            read: |reader, field, into| {
                let draft = channel::PAGERDUTY.one(reader, field.node);
                into.channel(field.key, draft.finish(reader, field));
            },
        },
        Key {
            name: "email",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "People who are told by mail.",
            read: |reader, field, into| {
                into.channel(
                    field.key,
                    Some(channel::EMAIL.one(reader, field.node).finish(reader, field)),
                );
            },
        },
        Key {
            name: "alertmanager",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "An Alertmanager, which tells others; `token_file` goes with it. What fires is sent to it again every minute.",
            read: |reader, field, into| {
                let channel = reader
                    .web_address(field.node)
                    .map(|url| Channel::Alertmanager { url, token: None });
                into.channel(field.key, channel);
            },
        },
        Key {
            name: "send_resolved",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether it is told when an alert is over, too.",
            read: |reader, field, into| {
                set(&mut into.receiver.send_resolved, reader.truth(field.node));
            },
        },
        Key {
            name: "repeat_interval",
            form: "duration",
            otherwise: Otherwise::Is("4h"),
            about: "How long before it is told again of what still holds.",
            read: |reader, field, into| {
                let range = Span::minutes(1)..=Span::days(30);
                set(&mut into.receiver.repeat_interval, reader.duration(field.node, range));
            },
        },
        Key {
            name: "group_wait",
            form: "duration",
            otherwise: Otherwise::Is("10s"),
            about: "How long alerts are gathered before the first message of a group.",
            read: |reader, field, into| {
                let range = Span::ZERO..=Span::hours(1);
                set(&mut into.receiver.group_wait, reader.duration(field.node, range));
            },
        },
        Key {
            name: "group_by",
            form: "list of label names",
            otherwise: Otherwise::Is("[alertname]"),
            about: "Alerts with the same values of these labels go out in one message.",
            read: |reader, field, into| into.receiver.group_by = reader.texts(field.node),
        },
    ],
    refused: &[
        ("webhook_configs", "write `url:` in the receiver itself"),
        ("slack_configs", "write `slack: {channel: …, token_file: …}`"),
        ("email_configs", "write `email: {server: …, from: …, to: […]}`"),
        ("pagerduty_configs", "write `pagerduty: {routing_key_file: …}`"),
        ("group_interval", "new alerts of a group go out after `group_wait`"),
    ],
};

impl ReceiverDraft {
    fn channel(&mut self, place: Place, channel: Option<Channel>) {
        self.channels.push((place, channel.unwrap_or_default()));
    }

    /// The receiver, and its name with its place.
    pub(in crate::settings) fn finish(
        mut self,
        reader: &Reader<'_>,
    ) -> (Receiver, Option<Placed<String>>) {
        let name = self.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        let token = self.token.finish(reader, "token");
        let signing = self.signing.finish(reader, "signing_secret");
        if let Some(url) = self.url {
            let hook = Channel::WebHook { url: url.value, token: token.clone(), signing };
            self.channels.insert(0, (url.place, hook));
        }
        if let [(first, _), (second, _), ..] = self.channels.as_slice() {
            let mistake = Mistake::at(*second, "a receiver is told in one way");
            reader.report(mistake.also(*first, "and here").help("write a receiver for each"));
        }
        if let (Some(own), true) = (&self.name, self.channels.is_empty() && !self.has_url) {
            let message = format!("it is not said how the receiver `{name}` is told");
            let help = "write `url`, `slack`, `pagerduty`, `email` or `alertmanager`";
            reader.report(Mistake::at(own.place, message).help(help));
        }
        let mut channel =
            self.channels.into_iter().next().map(|(_, channel)| channel).unwrap_or_default();
        if let Channel::Alertmanager { token: own, .. } = &mut channel {
            *own = token;
        }
        (Receiver { name, channel, ..self.receiver }, self.name)
    }
}
