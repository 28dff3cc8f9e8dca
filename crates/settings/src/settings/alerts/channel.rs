//! How a receiver is told: a web hook, Slack, PagerDuty, mail, an Alertmanager.

use std::{net::Ipv6Addr, path::PathBuf};

use crate::{
    mistake::Mistake,
    reader::{Field, Reader},
    settings::secret::{SecretDraft, SecretSource},
    table::{Key, Otherwise, Table, set},
};

/// How a receiver is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Channel {
    /// A web hook in Alertmanager's form, version 4.
    WebHook {
        /// Where messages go.
        url: String,
        /// What is sent as bearer token.
        token: Option<SecretSource>,
        /// What messages are signed with.
        signing: Option<SecretSource>,
    },
    /// Slack, by a bot.
    Slack {
        /// The bot's token.
        token: SecretSource,
        /// The channel.
        channel: String,
        /// Where Slack listens, if elsewhere.
        api_url: Option<String>,
    },
    /// Slack, by an incoming web hook.
    SlackHook {
        /// Its address.
        url: SecretSource,
        /// Another channel than its own.
        channel: Option<String>,
    },
    /// PagerDuty's Events API, version 2.
    PagerDuty {
        /// The key of the service's integration.
        key: SecretSource,
        /// Where PagerDuty listens, if elsewhere.
        url: Option<String>,
    },
    /// Mail.
    Mail(Box<MailSettings>),
    /// An Alertmanager.
    Alertmanager {
        /// Its address.
        url: String,
        /// What is sent as bearer token.
        token: Option<SecretSource>,
    },
}

impl Default for Channel {
    fn default() -> Self {
        Self::WebHook { url: String::new(), token: None, signing: None }
    }
}

impl Channel {
    /// The files that it names.
    pub(in crate::settings) fn files_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::WebHook { token, signing, .. } => {
                let both = [token.as_mut(), signing.as_mut()].into_iter().flatten();
                both.filter_map(SecretSource::file_mut).collect()
            }
            Self::Slack { token: secret, .. }
            | Self::SlackHook { url: secret, .. }
            | Self::PagerDuty { key: secret, .. } => secret.file_mut().into_iter().collect(),
            Self::Mail(mail) => {
                let password = mail.password.as_mut().and_then(SecretSource::file_mut);
                password.into_iter().chain(&mut mail.ca_file).collect()
            }
            Self::Alertmanager { token, .. } => {
                token.as_mut().and_then(SecretSource::file_mut).into_iter().collect()
            }
        }
    }
}

/// People who are told by mail.
#[derive(Clone, Debug, PartialEq)]
pub struct MailSettings {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is kept secret.
    pub tls: MailSecrecy,
    /// A file with the authorities that vouch for the server.
    pub ca_file: Option<PathBuf>,
    /// Our name there.
    pub user: Option<String>,
    /// And the password.
    pub password: Option<SecretSource>,
    /// Who sends.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

/// How a conversation with a mail server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailSecrecy {
    /// By STARTTLS.
    #[default]
    StartTls,
    /// From the beginning.
    Implicit,
    /// Not at all.
    None,
}

#[derive(Debug, Default)]
pub(in crate::settings) struct SlackDraft {
    channel: Option<String>,
    token: SecretDraft,
    hook: SecretDraft,
    api_url: Option<String>,
}

pub(in crate::settings) static SLACK: Table<SlackDraft> = Table {
    what: "a `slack` section",
    keys: &[
        Key {
            name: "channel",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The channel: best its identity, such as `C0123456789`. Needed with a token.",
            read: |reader, field, into| into.channel = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "token_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file with a bot's token (`xoxb-…`), which may `chat:write`. One message for each group is posted, and changed as things change. With `channels:history` it is looked before a message is posted again whose answer was lost.",
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
            name: "webhook_url_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file with the address of an incoming web hook, instead of a token. Its messages cannot be changed.",
            read: |reader, field, into| into.hook.name_file(reader, field),
        },
        Key {
            name: "webhook_url",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "The address itself; `webhook_url_file` keeps it out of this file.",
            read: |reader, field, into| into.hook.write(reader, field),
        },
        Key {
            name: "api_url",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "Where Slack listens, if a relay stands between.",
            read: |reader, field, into| into.api_url = reader.web_address(field.node),
        },
    ],
    refused: &[],
};

impl SlackDraft {
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
        field: Field<'_>,
    ) -> Option<Channel> {
        let token = self.token.finish(reader, "token");
        let hook = self.hook.finish(reader, "webhook_url");
        let wrong = |message: &str| {
            reader.report(Mistake::at(field.key, message.to_owned()));
            None
        };
        match (token, hook) {
            (Some(token), None) => match self.channel {
                Some(channel) => Some(Channel::Slack { token, channel, api_url: self.api_url }),
                None => wrong("a bot needs a `channel` to write to"),
            },
            (None, Some(url)) => Some(Channel::SlackHook { url, channel: self.channel }),
            (None, None) => wrong("`slack` needs a `token_file` or a `webhook_url_file`"),
            (Some(_), Some(_)) => wrong("`slack` has a bot's token or a web hook, and not both"),
        }
    }
}

#[derive(Debug, Default)]
pub(in crate::settings) struct PagerDutyDraft {
    key: SecretDraft,
    url: Option<String>,
}

pub(in crate::settings) static PAGERDUTY: Table<PagerDutyDraft> = Table {
    what: "a `pagerduty` section",
    keys: &[
        Key {
            name: "routing_key_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file with the key of an integration of the type Events API v2.",
            read: |reader, field, into| into.key.name_file(reader, field),
        },
        Key {
            name: "routing_key",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The key itself; `routing_key_file` keeps it out of this file.",
            read: |reader, field, into| into.key.write(reader, field),
        },
        Key {
            name: "url",
            form: "URL",
            otherwise: Otherwise::Nothing,
            about: "Where PagerDuty listens, if a relay stands between.",
            read: |reader, field, into| into.url = reader.web_address(field.node),
        },
    ],
    refused: &[(
        "service_key",
        "make an integration of the type Events API v2 and write its key as `routing_key_file`",
    )],
};

impl PagerDutyDraft {
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
        field: Field<'_>,
    ) -> Option<Channel> {
        let written = self.key.is_written();
        let key = self.key.finish(reader, "routing_key");
        if !written {
            reader.report(Mistake::at(field.key, "`pagerduty` needs a `routing_key_file`"));
        }
        Some(Channel::PagerDuty { key: key?, url: self.url })
    }
}

#[derive(Debug, Default)]
pub(in crate::settings) struct EmailDraft {
    server: String,
    port: Option<u64>,
    tls: MailSecrecy,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password: SecretDraft,
    from: String,
    to: Vec<String>,
}

pub(in crate::settings) static EMAIL: Table<EmailDraft> = Table {
    what: "an `email` section",
    keys: &[
        Key {
            name: "server",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "The name of the mail server.",
            read: |reader, field, into| {
                let Some(name) = reader.text(field.node) else { return };
                if name.contains([':', '/', ' ']) && name.parse::<Ipv6Addr>().is_err() {
                    let help = "write the name alone; the port has a key of its own, `port`";
                    reader.wrong(field.node, "this is no name of a mail server", help);
                    return;
                }
                name.clone_into(&mut into.server);
            },
        },
        Key {
            name: "port",
            form: "number",
            otherwise: Otherwise::Said("587; 465 with `tls: implicit`, 25 with `tls: none`"),
            about: "Its port.",
            read: |reader, field, into| into.port = reader.whole(field.node, 1..=65_535),
        },
        Key {
            name: "tls",
            form: "starttls, implicit or none",
            otherwise: Otherwise::Is("starttls"),
            about: "How the conversation is kept secret.",
            read: |reader, field, into| {
                let words = [
                    ("starttls", MailSecrecy::StartTls),
                    ("implicit", MailSecrecy::Implicit),
                    ("none", MailSecrecy::None),
                ];
                set(&mut into.tls, reader.word(field.node, &words));
            },
        },
        Key {
            name: "ca_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "The authority that vouches for the server, if the system does not know it.",
            read: |reader, field, into| into.ca_file = reader.text(field.node).map(PathBuf::from),
        },
        Key {
            name: "user",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "Our name at the server.",
            read: |reader, field, into| into.user = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "password_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file with the password.",
            read: |reader, field, into| into.password.name_file(reader, field),
        },
        Key {
            name: "password",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The password itself; `password_file` keeps it out of this file.",
            read: |reader, field, into| into.password.write(reader, field),
        },
        Key {
            name: "from",
            form: "address",
            otherwise: Otherwise::Needed,
            about: "Who sends: `Plimsoll <plimsoll@example.org>`.",
            read: |reader, field, into| {
                set(&mut into.from, reader.text(field.node).map(str::to_owned));
            },
        },
        Key {
            name: "to",
            form: "list of addresses",
            otherwise: Otherwise::Needed,
            about: "Who gets it.",
            read: |reader, field, into| into.to = reader.texts(field.node),
        },
    ],
    refused: &[("smarthost", "write `server` and `port`")],
};

impl EmailDraft {
    pub(in crate::settings) fn finish(self, reader: &Reader<'_>, field: Field<'_>) -> Channel {
        let password = self.password.finish(reader, "password");
        if self.user.is_some() != password.is_some() {
            let message = "`user` and `password_file` go together";
            reader.report(Mistake::at(field.key, message));
        }
        if self.to.is_empty() {
            reader.report(Mistake::at(field.key, "`email` needs somebody to write to: `to`"));
        }
        let usual = match self.tls {
            MailSecrecy::StartTls => 587,
            MailSecrecy::Implicit => 465,
            MailSecrecy::None => 25,
        };
        let port = self.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(usual);
        Channel::Mail(Box::new(MailSettings {
            host: self.server,
            port,
            tls: self.tls,
            ca_file: self.ca_file,
            user: self.user,
            password,
            from: self.from,
            to: self.to,
        }))
    }
}
