//! The ways in which a receiver of Alertmanager's configuration is told.

mod global;
mod mail;
mod ways;

use std::path::PathBuf;

use model::Secret;
use settings::{Entry, Mistake, Node, Place, SecretSource};

pub(super) use self::global::Global;
use super::config::File;
use crate::via::{Receiver, Via};

/// A receiver and all ways in which it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedReceiver {
    /// The name by which routes speak of it.
    pub name: String,
    /// Where it is written.
    pub line: usize,
    /// How it is told. None is fine: some alerts are for nobody.
    pub ways: Vec<Receiver>,
    /// How it is to be told, too, but cannot be: `opsgenie_configs`.
    pub left_out: Vec<String>,
}

/// What happens to words and colours that a file gives to messages.
const OWN_WORDS: &str = "messages are worded by Plimsoll";

/// Ways of telling that need a key of their own, or one in the `global` section.
const NEEDED: [(&str, &[&str], &[&str]); 11] = [
    ("webhook_configs", &["url", "url_file"], &[]),
    (
        "slack_configs",
        &["api_url", "api_url_file", "app_token", "app_token_file"],
        &["slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"],
    ),
    (
        "pagerduty_configs",
        &["routing_key", "routing_key_file", "service_key", "service_key_file"],
        &[],
    ),
    ("email_configs", &["to"], &[]),
    ("sns_configs", &["topic_arn", "phone_number", "target_arn"], &[]),
    (
        "opsgenie_configs",
        &["api_key", "api_key_file"],
        &["opsgenie_api_key", "opsgenie_api_key_file"],
    ),
    (
        "victorops_configs",
        &["api_key", "api_key_file"],
        &["victorops_api_key", "victorops_api_key_file"],
    ),
    (
        "wechat_configs",
        &["api_secret", "api_secret_file"],
        &["wechat_api_secret", "wechat_api_secret_file"],
    ),
    (
        "telegram_configs",
        &["bot_token", "bot_token_file"],
        &["telegram_bot_token", "telegram_bot_token_file"],
    ),
    (
        "rocketchat_configs",
        &["token", "token_file"],
        &["rocketchat_token", "rocketchat_token_file"],
    ),
    (
        "mattermost_configs",
        &["webhook_url", "webhook_url_file"],
        &["mattermost_webhook_url", "mattermost_webhook_url_file"],
    ),
];

/// Ways of telling that Alertmanager knows besides those.
const OTHERS: [&str; 7] = [
    "discord_configs",
    "pushover_configs",
    "webex_configs",
    "msteams_configs",
    "msteamsv2_configs",
    "jira_configs",
    "incidentio_configs",
];

/// Reads a receiver; gives its place, too.
pub(super) fn receiver<'d>(
    file: &mut File<'_, 'd>,
    node: Node<'d>,
    global: &Global,
) -> Option<(NamedReceiver, Place)> {
    let reader = file.reader;
    let fields = reader.fields(node, "a receiver")?;
    let name = fields.need("name").and_then(|field| reader.placed(field.node));
    let mut ways: Vec<Receiver> = Vec::new();
    let mut left_out = Vec::new();
    let kinds = NEEDED.iter().map(|(kind, ..)| *kind).chain(OTHERS);
    for kind in kinds {
        let Some(field) = fields.take(kind) else { continue };
        for (place, node) in reader.items(field.node).into_iter().enumerate() {
            let Some(entries) = node.entries() else {
                reader.wrong(node, "a map of keys and values is expected here", "");
                continue;
            };
            let entries: Vec<Entry<'_>> = entries.collect();
            one_of_each(file, &entries);
            needed(file, kind, &entries, (node, global));
            let word = kind.trim_end_matches("_configs");
            let base = name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
            // The first way has the receiver's name, so that another one beside it changes nothing for it.
            let own = if ways.is_empty() { base } else { format!("{base}/{word}/{place}") };
            match way(file, kind, (node, &entries), global) {
                Some((via, send_resolved)) => {
                    ways.push(Receiver { name: own, via, send_resolved });
                }
                None => left_out.push(kind.to_owned()),
            }
        }
        if left_out.iter().any(|own| own == kind) {
            file.note(field.key, kind, "nobody is told in this way");
        }
    }
    fields.finish();
    let name = name?;
    let line = file.line(name.place);
    Some((NamedReceiver { name: name.value, line, ways, left_out }, name.place))
}

/// How somebody is told, and whether of ends, too; nothing if it is in a way that is not known here.
fn way<'d>(
    file: &mut File<'_, 'd>,
    kind: &str,
    (node, entries): (Node<'d>, &[Entry<'d>]),
    global: &Global,
) -> Option<(Via, bool)> {
    let send_resolved = entries.iter().find(|entry| entry.key == "send_resolved").and_then(truth);
    // Whether ends are told if nothing is said is different for each, as in Alertmanager.
    let (via, ends) = match kind {
        "webhook_configs" => (ways::webhook(file, entries, global), true),
        "slack_configs" => (ways::slack(file, (node, entries), global)?, false),
        "pagerduty_configs" => (ways::pagerduty(file, entries, global)?, true),
        "email_configs" => (mail::mail(file, (node, entries), global)?, false),
        _ => return None,
    };
    Some((via, send_resolved.unwrap_or(ends)))
}

fn truth(entry: &Entry<'_>) -> Option<bool> {
    entry.node.scalar().map(|text| text == "true")
}

fn text(node: Node<'_>, key: &str) -> Option<String> {
    node.get(key).and_then(Node::scalar).map(str::to_owned)
}

/// A secret that is written as `key`, or stands in the file `key_file`.
fn secret<'d>(file: &File<'_, 'd>, node: Node<'d>, key: &str) -> Option<SecretSource> {
    if let Some(written) = text(node, key).filter(|written| !written.is_empty()) {
        return Some(SecretSource::Written(Secret::new(written)));
    }
    node.get(&format!("{key}_file")).map(|node| SecretSource::File(file.path(node)))
}

/// A key and the file that holds it cannot both be there.
fn one_of_each(file: &File<'_, '_>, entries: &[Entry<'_>]) {
    let pairs = [
        ("slack_api_url", "slack_app_token"),
        ("slack_api_url", "slack_app_token_file"),
        ("api_url", "app_token"),
        ("api_url_file", "app_token"),
        ("api_url", "update_message"),
    ];
    let with_file = entries.iter().filter_map(|entry| {
        let key = entry.key.strip_suffix("_file")?;
        Some((key.to_owned(), entry))
    });
    for (key, entry) in with_file {
        let both = entries.iter().find(|own| own.key == key && !is_nothing(own.node));
        if let Some(both) = both.filter(|_| !is_nothing(entry.node)) {
            let message = format!("both `{key}` and `{key}_file` are written");
            let mistake = Mistake::at(entry.place, message).also(both.place, "and here");
            file.reader.report(mistake.help(format!("keep `{key}_file`")));
        }
    }
    for (one, other) in pairs {
        // Bot tokens were once used by writing the Web API's address for a web hook's.
        let old = entries
            .iter()
            .any(|own| own.node.scalar().is_some_and(|text| text.ends_with("/chat.postMessage")));
        if old {
            continue;
        }
        let find = |key| entries.iter().find(|entry| entry.key == key && !is_nothing(entry.node));
        if let (Some(first), Some(second)) = (find(one), find(other)) {
            let message = format!("both `{one}` and `{other}` are written");
            file.reader.report(Mistake::at(second.place, message).also(first.place, "and here"));
        }
    }
}

/// Reports that a way of telling lacks what it cannot do without.
fn needed(
    file: &File<'_, '_>,
    kind: &str,
    entries: &[Entry<'_>],
    (node, global): (Node<'_>, &Global),
) {
    let Some((_, own, shared)) = NEEDED.iter().find(|(known, ..)| *known == kind) else { return };
    let written =
        |key: &str| entries.iter().any(|entry| entry.key == key && !is_nothing(entry.node));
    let found = own.iter().any(|key| written(key))
        || shared.iter().any(|key| global.keys.iter().any(|own| own == key));
    // What stands in a header is as good.
    if !found && !written("http_config") {
        let message = format!("an entry of `{kind}` needs `{}`", own.first().unwrap_or(&""));
        file.reader.report(Mistake::at(node.place(), message));
    }
}

/// Not written, or an empty text.
fn is_nothing(node: Node<'_>) -> bool {
    node.is_null() || node.scalar() == Some("")
}

impl<'d> File<'_, 'd> {
    /// The path of a file that is named here.
    pub(super) fn path(&self, node: Node<'d>) -> PathBuf {
        self.base.join(node.scalar().unwrap_or_default())
    }
}
