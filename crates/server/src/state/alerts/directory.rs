//! Who is told of which alert, from the settings and the routing file they name.

use std::path::Path;

use model::{Secret, Span};
use respond::{
    Authorization, Mail, MailTls, Receiver, SlackApi, Via, WebHook,
    quiet::{Window, WindowText},
    routing::{
        Alertmanager, Directory, DirectoryError, Timing, read_alertmanager, render, render_all,
    },
};
use settings::{Channel, MailSecrecy, Mistakes, SecretSource, Settings};
use tracing::warn;

/// How long an alert stands that was sent here without an end, where no routing file says.
const RESOLVE_TIMEOUT: Span = Span::minutes(5);

/// Why it is not known who is told.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryFault {
    /// A file cannot be read.
    #[error("cannot read {file}")]
    File {
        /// The file.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The routing file has mistakes.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// A window of the settings says nothing.
    #[error("the window `{name}`: {why}")]
    Window {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// Nobody has the fallback's name.
    #[error("`alerts.fallback` is `{name}`, and no receiver has this name")]
    Fallback {
        /// The name.
        name: String,
    },
    /// Receivers and routes do not go together.
    #[error(transparent)]
    Receivers(#[from] DirectoryError),
}

impl DirectoryFault {
    /// What the outside sees.
    pub fn kind(&self) -> model::Kind {
        match self {
            Self::File { .. } => model::Kind::Missing,
            Self::Mistakes(_) | Self::Window { .. } | Self::Fallback { .. } => model::Kind::Invalid,
            Self::Receivers(error) => error.kind(),
        }
    }
}

/// Who is told of what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tellings {
    /// What they were made of, to know whether it is another now.
    pub(crate) made_of: MadeOf,
    pub(crate) directory: Directory,
    /// How long an alert stands that was sent here without an end.
    pub(crate) resolve_timeout: Span,
    /// The routes as Alertmanager's configuration has them, without secrets, for those who ask.
    pub(crate) routing: String,
    /// The names of everybody who can be told.
    pub(crate) names: Vec<String>,
}

/// What tells who is told of what.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MadeOf {
    receivers: Vec<settings::Receiver>,
    alerts: settings::AlertSettings,
    /// The routing file as it was.
    routing: String,
}

/// Reads who is told of what; what the routing file says that has no effect is logged.
pub(crate) fn tellings(settings: &Settings) -> Result<Tellings, DirectoryFault> {
    let mut own = Vec::new();
    for receiver in &settings.receivers {
        own.push(receiver_of(receiver)?);
    }
    let made_of = MadeOf {
        receivers: settings.receivers.clone(),
        alerts: settings.alerts.clone(),
        routing: String::new(),
    };
    let Some(path) = &settings.alerts.routing else {
        return Ok(Tellings {
            made_of,
            resolve_timeout: RESOLVE_TIMEOUT,
            routing: render_all(&own),
            names: own.iter().map(|(receiver, _)| receiver.name.clone()).collect(),
            directory: finished(Directory::of(own), &settings.alerts)?,
        });
    };
    let (file, text) = routing_file(path)?;
    for note in &file.notes {
        let place = format!("{}:{}", path.display(), note.line);
        warn!(place, what = note.what, instead = note.instead, "not taken from the routing file");
    }
    let mut names: Vec<String> = file.receivers.iter().map(|named| named.name.clone()).collect();
    names.extend(own.iter().map(|(receiver, _)| receiver.name.clone()));
    names.sort();
    names.dedup();
    let directory = finished(Directory::routed(own, &file)?, &settings.alerts)?;
    let (resolve_timeout, routing) = (file.resolve_timeout, render(&file));
    let made_of = MadeOf { routing: text, ..made_of };
    Ok(Tellings { made_of, directory, resolve_timeout, routing, names })
}

/// Checks who is told of what without keeping it; for `plimsoll check`.
pub fn check_tellings(settings: &Settings) -> Result<Option<Alertmanager>, DirectoryFault> {
    let own = settings.receivers.iter().map(receiver_of).collect::<Result<Vec<_>, _>>()?;
    let Some(path) = &settings.alerts.routing else {
        finished(Directory::of(own), &settings.alerts)?;
        return Ok(None);
    };
    let (file, _) = routing_file(path)?;
    finished(Directory::routed(own, &file)?, &settings.alerts)?;
    Ok(Some(file))
}

fn routing_file(path: &Path) -> Result<(Alertmanager, String), DirectoryFault> {
    let name = path.display().to_string();
    let text = settings::read_text(path)
        .map_err(|source| DirectoryFault::File { file: name.clone(), source })?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let file = read_alertmanager(&name, &text, base).map_err(DirectoryFault::Mistakes)?;
    Ok((file, text))
}

/// A receiver, and when it is told. Secrets in files are read when they are needed; that they can
/// be read is looked at here.
fn receiver_of(own: &settings::Receiver) -> Result<(Receiver, Timing), DirectoryFault> {
    let via = via_of(&own.channel)?;
    let receiver = Receiver { name: own.name.clone(), via, send_resolved: own.send_resolved };
    // An Alertmanager groups and repeats by itself.
    let alone = matches!(own.channel, Channel::Alertmanager { .. });
    let timing = Timing {
        group_wait: if alone { Span::ZERO } else { own.group_wait },
        group_interval: None,
        repeat_interval: own.repeat_interval,
        group_by: own.group_by.clone(),
    };
    Ok((receiver, timing))
}

fn via_of(channel: &Channel) -> Result<Via, DirectoryFault> {
    Ok(match channel {
        Channel::WebHook { url, token, signing } => Via::WebHook(WebHook {
            url: SecretSource::Written(Secret::new(url.clone())),
            authorization: bearer(token.as_ref())?,
            signing: signing.as_ref().map(readable).transpose()?,
        }),
        Channel::Slack { token, channel, api_url } => {
            let slack = SlackApi::new(readable(token)?, channel);
            Via::SlackApi(match api_url {
                Some(url) => slack.at(url),
                None => slack,
            })
        }
        Channel::SlackHook { url, channel } => {
            Via::Slack { url: readable(url)?, channel: channel.clone() }
        }
        Channel::PagerDuty { key, url } => Via::pager_duty(readable(key)?, url.clone()),
        Channel::Mail(mail) => Via::Mail(Box::new(Mail {
            host: mail.host.clone(),
            port: mail.port,
            tls: match mail.tls {
                MailSecrecy::StartTls => MailTls::StartTls,
                MailSecrecy::Implicit => MailTls::Implicit,
                MailSecrecy::None => MailTls::None,
            },
            ca_file: mail.ca_file.clone(),
            login: match (&mail.user, &mail.password) {
                (Some(user), Some(password)) => Some((user.clone(), readable(password)?)),
                _ => None,
            },
            hello: None,
            from: mail.from.clone(),
            to: mail.to.clone(),
        })),
        Channel::Alertmanager { url, token } => {
            Via::Alertmanager { url: url.clone(), authorization: bearer(token.as_ref())? }
        }
    })
}

fn bearer(token: Option<&SecretSource>) -> Result<Authorization, DirectoryFault> {
    let token = token.map(readable).transpose()?;
    Ok(token.map(Authorization::bearer).unwrap_or_default())
}

/// A secret that can be read now.
fn readable(secret: &SecretSource) -> Result<SecretSource, DirectoryFault> {
    if let SecretSource::File(path) = secret {
        secret
            .read()
            .map_err(|source| DirectoryFault::File { file: path.display().to_string(), source })?;
    }
    Ok(secret.clone())
}

/// What stands in the settings for whoever is told, besides routes.
fn finished(
    directory: Directory,
    settings: &settings::AlertSettings,
) -> Result<Directory, DirectoryFault> {
    let mut windows = Vec::new();
    for own in &settings.windows {
        let read = Window::read(&WindowText {
            name: &own.name,
            reason: &own.reason,
            matchers: &own.matchers,
            minutes: (own.from, own.to),
            weekdays: &own.weekdays,
            days_of_month: &own.days_of_month,
            zone: own.zone.as_deref(),
        });
        windows.push(read.map_err(|why| DirectoryFault::Window { name: own.name.clone(), why })?);
    }
    let directory = directory.with_windows(windows);
    match &settings.fallback {
        None => Ok(directory),
        Some(name) if directory.receivers().iter().any(|own| own.name == *name) => {
            Ok(directory.with_fallback(name))
        }
        Some(name) => Err(DirectoryFault::Fallback { name: name.clone() }),
    }
}
