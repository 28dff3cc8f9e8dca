//! How somebody is told by a web hook, Slack or PagerDuty, as Alertmanager's configuration says it.

use model::Secret;
use settings::{Entry, Node, SecretSource};

use super::{super::config::File, OWN_WORDS, global::Global, one_of_each, secret, text};
use crate::via::{Authorization, PAGERDUTY, SlackApi, Via, WebHook};

/// How the address of Slack's Web API ends where messages are posted.
const POST: &str = "/chat.postMessage";

/// A channel of Slack's, told by a bot if there is a token, else by an incoming web hook; nothing if
/// it cannot be told.
pub(super) fn slack<'d>(
    file: &mut File<'_, 'd>,
    (node, entries): (Node<'d>, &[Entry<'d>]),
    global: &Global,
) -> Option<Via> {
    let (mut url, mut channel, mut app) = (None, None, global.slack_app.clone());
    let mut authorization = Authorization::None;
    for entry in entries {
        match entry.key {
            "api_url" => {
                let own = file.reader.web_address(entry.node).unwrap_or_default();
                url = Some(SecretSource::Written(Secret::new(own)));
            }
            "api_url_file" => url = Some(SecretSource::File(file.path(entry.node))),
            "app_url" => app = file.reader.web_address(entry.node),
            "channel" => channel = entry.node.scalar().map(str::to_owned),
            "http_config" => authorization = self::authorization(file, "slack_configs", entry.node),
            // What was posted is always changed.
            "send_resolved" | "app_token" | "app_token_file" | "update_message" => {}
            key => file.note(entry.place, format!("slack_configs: {key}"), OWN_WORDS),
        }
    }
    let own = secret(file, node, "app_token");
    // A web hook of its own is meant, whatever bot others have.
    let bot = own.or_else(|| global.slack_token.clone().filter(|_| url.is_none()));
    if let Some(token) = bot {
        return bot_of(token, channel.as_deref(), app);
    }
    match url.or_else(|| global.slack.clone())? {
        // As bots were told before there were keys for them.
        SecretSource::Written(url) if url.reveal().ends_with(POST) => match authorization {
            Authorization::Credentials { credentials, .. } => {
                bot_of(credentials, channel.as_deref(), Some(url.reveal().to_owned()))
            }
            _ => None,
        },
        url => Some(Via::Slack { url, channel }),
    }
}

/// A bot needs a channel to write to.
fn bot_of(token: SecretSource, channel: Option<&str>, app: Option<String>) -> Option<Via> {
    // A template would have to be filled in for each alert.
    let channel = channel.filter(|own| !own.is_empty() && !own.contains("{{"))?;
    let slack = SlackApi::new(token, channel);
    Some(Via::SlackApi(match app {
        Some(url) => slack.at(url.trim_end_matches(POST)),
        None => slack,
    }))
}

/// A service of PagerDuty's, by its Events API, version 2.
pub(super) fn pagerduty<'d>(
    file: &mut File<'_, 'd>,
    entries: &[Entry<'d>],
    global: &Global,
) -> Option<Via> {
    let mut url = global.pagerduty.clone().unwrap_or_else(|| PAGERDUTY.to_owned());
    let mut key = None;
    for entry in entries {
        match entry.key {
            "routing_key" => {
                let own = entry.node.scalar().unwrap_or_default().to_owned();
                key = Some(SecretSource::Written(Secret::new(own)));
            }
            "routing_key_file" => key = Some(SecretSource::File(file.path(entry.node))),
            "url" => url = file.reader.web_address(entry.node).unwrap_or_default(),
            "send_resolved" => {}
            // The first version of the API knows the key of a service.
            "service_key" | "service_key_file" => return None,
            key => file.note(entry.place, format!("pagerduty_configs: {key}"), OWN_WORDS),
        }
    }
    Some(Via::PagerDuty { url, key: key? })
}

/// A web hook.
pub(super) fn webhook<'d>(file: &mut File<'_, 'd>, entries: &[Entry<'d>], global: &Global) -> Via {
    let mut hook = WebHook {
        url: SecretSource::Written(Secret::new(String::new())),
        authorization: global.authorization.clone(),
        signing: None,
    };
    for entry in entries {
        match entry.key {
            "url" => {
                let url = file.reader.web_address(entry.node).unwrap_or_default();
                hook.url = SecretSource::Written(Secret::new(url));
            }
            "url_file" => hook.url = SecretSource::File(file.path(entry.node)),
            "send_resolved" => {}
            "http_config" => {
                hook.authorization = authorization(file, "webhook_configs", entry.node);
            }
            key => {
                file.note(entry.place, format!("webhook_configs: {key}"), "it has no effect here");
            }
        }
    }
    Via::WebHook(hook)
}

/// Who we say we are, from an `http_config`.
pub(super) fn authorization<'d>(
    file: &mut File<'_, 'd>,
    of: &str,
    node: Node<'d>,
) -> Authorization {
    let mut found = Authorization::None;
    let entries = file.reader.entries(node);
    one_of_each(file, &entries);
    for entry in entries {
        match entry.key {
            "authorization" => {
                let scheme = text(entry.node, "type").unwrap_or_else(|| "Bearer".to_owned());
                if let Some(credentials) = secret(file, entry.node, "credentials") {
                    found = Authorization::Credentials { scheme, credentials };
                }
            }
            "bearer_token" | "bearer_token_file" => {
                if let Some(credentials) = secret(file, node, "bearer_token") {
                    let scheme = "Bearer".to_owned();
                    found = Authorization::Credentials { scheme, credentials };
                }
            }
            "basic_auth" => {
                let user = text(entry.node, "username").unwrap_or_default();
                if let Some(password) = secret(file, entry.node, "password") {
                    found = Authorization::Basic { user, password };
                }
            }
            // We follow no redirects at all.
            "follow_redirects" => {}
            key => {
                let what = format!("{of}: http_config: {key}");
                file.note(entry.place, what, "it has no effect here");
            }
        }
    }
    found
}
