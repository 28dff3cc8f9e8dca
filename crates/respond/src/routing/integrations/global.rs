//! What the `global` section of Alertmanager's configuration says for every receiver.

use model::Span;
use settings::{Field, SecretSource};

use super::{
    super::config::File, NEEDED, is_nothing, one_of_each, secret, text, ways::authorization,
};
use crate::via::Authorization;

/// How long an alert stands that came without an end, if the file does not say.
const RESOLVE_TIMEOUT: Span = Span::minutes(5);

/// What the `global` section says.
pub(in crate::routing) struct Global {
    pub(in crate::routing) resolve_timeout: Span,
    /// What is written in it.
    pub(super) keys: Vec<String>,
    pub(super) authorization: Authorization,
    /// The address of an incoming web hook.
    pub(super) slack: Option<SecretSource>,
    /// A bot's token.
    pub(super) slack_token: Option<SecretSource>,
    pub(super) slack_app: Option<String>,
    pub(super) pagerduty: Option<String>,
    pub(super) smtp: Smtp,
}

/// How mail is sent, if a receiver says nothing else.
#[derive(Clone, Default)]
pub(super) struct Smtp {
    /// `host:port`.
    pub(super) smarthost: Option<String>,
    pub(super) from: Option<String>,
    pub(super) hello: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretSource>,
    /// Whether the conversation must be secret.
    pub(super) require_tls: Option<bool>,
    /// Whether it is secret from its beginning.
    pub(super) implicit_tls: Option<bool>,
    pub(super) ca_file: Option<std::path::PathBuf>,
}

impl Global {
    /// Reads the section, if it is there.
    pub(in crate::routing) fn read<'d>(file: &mut File<'_, 'd>, field: Option<Field<'d>>) -> Self {
        let mut global = Self {
            resolve_timeout: RESOLVE_TIMEOUT,
            keys: Vec::new(),
            authorization: Authorization::None,
            slack: None,
            slack_token: None,
            slack_app: None,
            pagerduty: None,
            smtp: Smtp::default(),
        };
        let Some(field) = field else { return global };
        let entries = file.reader.entries(field.node);
        one_of_each(file, &entries);
        global.slack = secret(file, field.node, "slack_api_url");
        global.slack_token = secret(file, field.node, "slack_app_token");
        global.smtp.password = secret(file, field.node, "smtp_auth_password");
        for entry in entries.iter().filter(|entry| !is_nothing(entry.node)) {
            global.keys.push(entry.key.to_owned());
            match entry.key {
                "resolve_timeout" => {
                    let range = Span::secs(1)..=Span::days(365);
                    let read = file.reader.duration(entry.node, range);
                    global.resolve_timeout = read.unwrap_or(RESOLVE_TIMEOUT);
                }
                "http_config" => {
                    global.authorization = authorization(file, "global", entry.node);
                }
                "pagerduty_url" => global.pagerduty = file.reader.web_address(entry.node),
                "slack_app_url" => global.slack_app = file.reader.web_address(entry.node),
                key => {
                    let own = key.strip_prefix("smtp_");
                    let mail = own.is_some_and(|own| global.smtp.take(file, (own, entry.node)));
                    // Some are read where a receiver rests on them.
                    if !mail && !NEEDED.iter().any(|(_, _, shared)| shared.contains(&key)) {
                        file.note(entry.place, format!("global: {key}"), "it has no effect here");
                    }
                }
            }
        }
        global
    }
}

impl Smtp {
    /// Takes in what is written under a key; false if it means nothing here. The password is taken
    /// elsewhere.
    pub(super) fn take<'d>(
        &mut self,
        file: &mut File<'_, 'd>,
        (key, node): (&str, settings::Node<'d>),
    ) -> bool {
        let word = || node.scalar().map(str::to_owned);
        let truth = || node.scalar().map(|own| own == "true");
        match key {
            "smarthost" => self.smarthost = word(),
            "from" => self.from = word(),
            "hello" => self.hello = word(),
            "auth_username" => self.user = word(),
            "auth_password" | "auth_password_file" => {}
            "require_tls" => self.require_tls = truth(),
            "force_implicit_tls" => self.implicit_tls = truth(),
            "tls_config" => {
                let ca_file = text(node, "ca_file").filter(|own| !own.is_empty());
                self.ca_file = ca_file.map(|own| file.base.join(own));
                for entry in file.reader.entries(node) {
                    if entry.key != "ca_file" {
                        let what = format!("tls_config: {}", entry.key);
                        file.note(entry.place, what, "it has no effect for mail");
                    }
                }
            }
            _ => return false,
        }
        true
    }
}
