//! The `scrape_configs` section, written as Prometheus has it.

mod identity;
mod job;
mod parts;
mod refused;
mod relabel;

use std::path::PathBuf;

use model::{Labels, Secret, Span};

use crate::settings::SecretSource;
pub(in crate::settings) use identity::{IdentityDraft, headers};
pub(in crate::settings) use job::{INTERVALS, JobDraft, TABLE, TIMEOUTS, check_timeout};
pub(in crate::settings) use parts::{
    AUTHORIZATION_TABLE, BASIC_TABLE, FILE_TABLE, STATIC_TABLE, TLS_TABLE,
};
pub use relabel::{Relabel, RelabelAction};
pub(in crate::settings) use relabel::{TABLE as RELABEL_TABLE, steps as relabel_steps};

/// One kind of target and how it is scraped.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in Prometheus")]
pub struct ScrapeJob {
    /// The `job` label, unique among jobs.
    pub name: String,
    /// How often each target is scraped.
    pub interval: Span,
    /// How long one scrape may take; never more than the interval.
    pub timeout: Span,
    /// The path of the metrics.
    pub metrics_path: String,
    /// HTTP or HTTPS.
    pub scheme: Scheme,
    /// What is sent in the query string, in order.
    pub params: Vec<(String, Vec<String>)>,
    /// Whether a target's own `job` and `instance` labels win over ours.
    pub honor_labels: bool,
    /// Whether a target's own time stamps are kept.
    pub honor_timestamps: bool,
    /// What one scrape may bring.
    pub limits: ScrapeLimits,
    /// How Plimsoll says who it is.
    pub authorization: Authorization,
    /// Further headers, in order.
    pub headers: Vec<(String, Secret)>,
    /// How a target's certificate is checked.
    pub tls: TlsSettings,
    /// Whether redirections are followed.
    pub follow_redirects: bool,
    /// Targets that are written down.
    pub targets: Vec<TargetGroup>,
    /// Files that list targets, as globs relative to the settings file.
    pub files: Vec<String>,
    /// How often those files are read again.
    pub refresh: Span,
    /// How targets' labels are rewritten before they are scraped.
    pub relabel: Vec<Relabel>,
    /// How samples' labels are rewritten before they are kept.
    pub metric_relabel: Vec<Relabel>,
}

/// HTTP or HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Through TLS.
    Https,
}

impl Scheme {
    /// The word in an address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What one scrape may bring; a scrape that brings more fails as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrapeLimits {
    /// Samples after relabelling.
    pub samples_max: u64,
    /// Labels of one sample.
    pub labels_max: u64,
    /// Bytes of a label's name.
    pub label_name_bytes_max: u64,
    /// Bytes of a label's value.
    pub label_value_bytes_max: u64,
    /// Bytes of the body once unpacked.
    pub body_bytes_max: u64,
}

impl Default for ScrapeLimits {
    fn default() -> Self {
        Self {
            samples_max: 500_000,
            labels_max: 64,
            label_name_bytes_max: 512,
            label_value_bytes_max: 2048,
            body_bytes_max: 64 << 20,
        }
    }
}

/// How Plimsoll says who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Authorization {
    /// It does not.
    #[default]
    None,
    /// By the `Authorization` header: a scheme such as `Bearer`, and a token.
    Token {
        /// What stands before the token.
        scheme: String,
        /// The token.
        token: SecretSource,
    },
    /// By name and password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: SecretSource,
    },
}

impl Authorization {
    /// The file that its secret lies in.
    pub(in crate::settings) fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Token { token: SecretSource::File(path), .. }
            | Self::Basic { password: SecretSource::File(path), .. } => Some(path),
            Self::None | Self::Token { .. } | Self::Basic { .. } => None,
        }
    }
}

/// How a target's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// A file of certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether any certificate will do.
    pub insecure_skip_verify: bool,
}

/// Targets with the same labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Hosts with ports: `db-1:9100`.
    pub targets: Vec<String>,
    /// Labels that every series of theirs gets.
    pub labels: Labels,
}

impl Default for ScrapeJob {
    fn default() -> Self {
        Self {
            name: String::new(),
            interval: Span::secs(15),
            timeout: Span::secs(10),
            metrics_path: "/metrics".to_owned(),
            scheme: Scheme::Http,
            params: Vec::new(),
            honor_labels: false,
            honor_timestamps: true,
            limits: ScrapeLimits::default(),
            authorization: Authorization::None,
            headers: Vec::new(),
            tls: TlsSettings::default(),
            follow_redirects: true,
            targets: Vec::new(),
            files: Vec::new(),
            refresh: Span::secs(30),
            relabel: Vec::new(),
            metric_relabel: Vec::new(),
        }
    }
}
