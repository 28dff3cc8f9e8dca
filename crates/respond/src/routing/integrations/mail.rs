//! People who are told by mail, as Alertmanager's configuration says it.

use lettre::message::{Mailbox, Mailboxes};
use settings::{Entry, Mistake, Node};

use super::{super::config::File, OWN_WORDS, global::Global, is_nothing, secret};
use crate::via::{Mail, MailTls, Via};

/// The port on which conversations are secret from their beginning.
const IMPLICIT_PORT: u16 = 465;

/// Mail; nothing if it goes to somebody else with each alert, or if something is wrong with it,
/// which is reported.
pub(super) fn mail<'d>(
    file: &mut File<'_, 'd>,
    (node, entries): (Node<'d>, &[Entry<'d>]),
    global: &Global,
) -> Option<Via> {
    let mut smtp = global.smtp.clone();
    let mut to = None;
    for entry in entries.iter().filter(|entry| !is_nothing(entry.node)) {
        match entry.key {
            "to" => to = entry.node.scalar(),
            // All mail about a group stands together.
            "send_resolved" | "threading" => {}
            "implicit_tls" | "force_implicit_tls" => {
                smtp.implicit_tls = entry.node.scalar().map(|own| own == "true");
            }
            "headers" | "html" | "text" => {
                file.note(entry.place, format!("email_configs: {}", entry.key), OWN_WORDS);
            }
            key => {
                if !smtp.take(file, (key, entry.node)) {
                    let what = format!("email_configs: {key}");
                    file.note(entry.place, what, "it has no effect here");
                }
            }
        }
    }
    let lacks = |file: &File<'_, 'd>, key: &str| {
        let message = format!("an entry of `email_configs` needs `{key}`");
        let help = format!("write it here, or `smtp_{key}` under `global`");
        file.reader.report(Mistake::at(node.place(), message).help(help));
    };
    let Some(smarthost) = &smtp.smarthost else {
        lacks(file, "smarthost");
        return None;
    };
    let Some(from) = &smtp.from else {
        lacks(file, "from");
        return None;
    };
    // Filled in for each alert, they would be other people each time.
    if [to?, from, smarthost].iter().any(|own| own.contains("{{")) {
        return None;
    }
    let wrong = |file: &File<'_, 'd>, message: String| {
        file.reader.report(Mistake::at(node.place(), message));
    };
    let Some((host, port)) = host_and_port(smarthost) else {
        wrong(file, format!("`{smarthost}` is no `host:port` of a mail server"));
        return None;
    };
    if from.parse::<Mailbox>().is_err() {
        wrong(file, format!("`{from}` is no address of a sender"));
        return None;
    }
    let Ok(to) = to?.parse::<Mailboxes>() else {
        wrong(file, "`to` is no list of addresses with commas between them".to_owned());
        return None;
    };
    let tls = if smtp.implicit_tls.unwrap_or(port == IMPLICIT_PORT) {
        MailTls::Implicit
    } else if smtp.require_tls.unwrap_or(true) {
        MailTls::StartTls
    } else {
        MailTls::IfOffered
    };
    let password = secret(file, node, "auth_password").or(smtp.password);
    Some(Via::Mail(Box::new(Mail {
        host,
        port,
        tls,
        ca_file: smtp.ca_file,
        login: smtp.user.filter(|user| !user.is_empty()).zip(password),
        hello: smtp.hello,
        from: from.clone(),
        to: to.into_iter().map(|own| own.to_string()).collect(),
    })))
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}
