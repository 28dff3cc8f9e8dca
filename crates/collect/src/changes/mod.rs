//! Changes come in: what web hooks of others say was done, read without a clock or a network.

mod argo_cd;
mod cd_events;
mod github;
mod gitlab;
mod signature;

use jiff::Timestamp;
use model::{Change, ChangeDetails, ChangeKind, Kind, Span, Time};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use signature::{is_signed, is_token};

/// The longest key that is kept as it is, in bytes; a longer one is kept as its hash.
const KEY_BYTES_MAX: usize = 200;
/// Clocks of others may be ahead of ours by so much; beyond it, what they say happened now.
const AHEAD_MAX: Span = Span::minutes(5);

/// Whose form a delivery has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// GitHub's web hooks.
    GitHub,
    /// GitLab's web hooks.
    GitLab,
    /// Argo CD's notifications, by the template we ship.
    ArgoCd,
    /// `CDEvents` over `CloudEvents`, structured or binary.
    CdEvents,
}

/// What came, after its signature was found right.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Whose form it has.
    pub sender: Sender,
    /// Its headers, by lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// Its body.
    pub body: &'a [u8],
    /// Names of GitHub workflows whose runs change something.
    pub workflows: &'a [String],
    /// When it came.
    pub now: Time,
}

impl std::fmt::Debug for Delivery<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.body.len();
        formatter
            .debug_struct("Delivery")
            .field("sender", &self.sender)
            .field("bytes", &bytes)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// Why a delivery cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The body is not JSON.
    #[error("the body is not JSON; choose `application/json` where the hook is set up")]
    NotJson(#[source] serde_json::Error),
    /// A field that every such event has is not there.
    #[error("the body has no {0}")]
    Lacks(&'static str),
}

impl HookError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// The change that a delivery tells of; none if it tells of something else. Its texts are bounded
/// and its key is the sender's own name for it; where it comes from is left to whoever calls.
pub fn read(delivery: &Delivery<'_>) -> Result<Option<Change>, HookError> {
    let body: Value = serde_json::from_slice(delivery.body).map_err(HookError::NotJson)?;
    let event = |name: &str| (delivery.header)(name).unwrap_or_default();
    let told = match delivery.sender {
        Sender::GitHub => github::read(&event("x-github-event"), &body, delivery.workflows)?,
        Sender::GitLab => gitlab::read(&body)?,
        Sender::ArgoCd => argo_cd::read(&body)?,
        Sender::CdEvents => cd_events::read(delivery.header, &body)?,
    };
    Ok(told.map(|told| told.change(delivery.now)))
}

/// What a sender tells of a change.
struct Told {
    kind: ChangeKind,
    /// When, as far as it says so.
    at: Option<Time>,
    /// The sender's own name for it.
    key: String,
    /// What is said, if that is more than its details say.
    text: Option<String>,
    details: ChangeDetails,
}

impl Told {
    fn change(self, now: Time) -> Change {
        let at = self.at.filter(|at| at.since(now) <= AHEAD_MAX).unwrap_or(now).min(now);
        let details = ChangeDetails { key: Some(bounded_key(self.key)), ..self.details };
        let text = self.text.unwrap_or_else(|| details.describe(self.kind));
        let subject = details.service.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut change = Change::new(at, self.kind, subject, text);
        change.details = details;
        change.bounded()
    }
}

/// A key that is short enough to be kept; different ones stay different.
pub fn bounded_key(key: String) -> String {
    if key.len() <= KEY_BYTES_MAX && !key.contains(char::is_control) {
        return key;
    }
    let digest = Sha256::digest(key.as_bytes());
    let hex = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("sha256-{}", hex.collect::<String>())
}

/// A text at a place of the body that is there and not empty.
fn text(json: &Value, pointer: &str) -> Option<String> {
    let found = json.pointer(pointer)?.as_str()?.trim();
    (!found.is_empty()).then(|| found.to_owned())
}

/// A number at a place of the body, as text.
fn number(json: &Value, pointer: &str) -> Option<String> {
    json.pointer(pointer)?.as_i64().map(|number| number.to_string())
}

/// A moment at a place of the body, as RFC 3339 writes it.
fn moment(json: &Value, pointer: &str) -> Option<Time> {
    parsed_moment(json.pointer(pointer)?.as_str()?)
}

fn parsed_moment(text: &str) -> Option<Time> {
    text.parse::<Timestamp>().ok().map(|moment| Time(moment.as_millisecond()))
}

/// An address that a browser opens; anything else is no link.
fn link(json: &Value, pointer: &str) -> Option<String> {
    text(json, pointer).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

#[cfg(test)]
mod tests;
