//! What is scraped and how: jobs as settings declare them, and the targets that follow from them.

use std::{path::PathBuf, sync::Arc};

use model::{Labels, Secret, Span};

use super::relabel::RelabelRule;
use crate::net::TlsOptions;

/// A secret as settings give it: its text, or a file that is read anew for every scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The text itself.
    Text(Secret),
    /// A file whose trimmed text it is.
    File(PathBuf),
}

/// How we prove who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// We do not.
    #[default]
    None,
    /// User name and password.
    Basic {
        /// The user's name.
        username: String,
        /// The password.
        password: Credential,
    },
    /// `Authorization: Bearer …`
    Bearer(Credential),
}

/// What a scrape may be at most; 0 means no limit where Prometheus has it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrapeLimits {
    /// Samples after metric relabelling; 0 is no limit.
    pub samples: usize,
    /// Labels of one series, its name included; 0 is no limit.
    pub labels: usize,
    /// Bytes of a label's name; 0 is no limit.
    pub label_name_bytes: usize,
    /// Bytes of a label's value; 0 is no limit.
    pub label_value_bytes: usize,
    /// Bytes of the body after decompression. Always bounded: 0 takes [`BODY_BYTES_MAX`].
    pub body_bytes: usize,
}

/// Bytes of a body when nothing else is set: what kube-state-metrics gives for a cluster of some thousand nodes.
pub const BODY_BYTES_MAX: usize = 128 << 20;

impl Default for ScrapeLimits {
    fn default() -> Self {
        Self {
            samples: 0,
            labels: 0,
            label_name_bytes: 0,
            label_value_bytes: 0,
            body_bytes: BODY_BYTES_MAX,
        }
    }
}

/// What happens to labels and time stamps that the target gives itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Honor {
    /// The target's labels win over ours; otherwise theirs become `exported_…`.
    pub labels: bool,
    /// The target's time stamps are kept; otherwise the time of the scrape is used.
    pub timestamps: bool,
}

impl Default for Honor {
    fn default() -> Self {
        Self { labels: false, timestamps: true }
    }
}

/// Addresses with the labels they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// `host:port`, or what relabelling makes one of.
    pub targets: Vec<String>,
    /// Labels of all of them.
    pub labels: Labels,
}

/// One job: what to scrape, how often, and how. The settings' `scrape_configs` entry.
#[derive(Clone, Debug)]
pub struct ScrapeJob {
    /// The value of the `job` label.
    pub name: String,
    /// From one scrape to the next.
    pub interval: Span,
    /// How long one scrape may take; not more than the interval.
    pub timeout: Span,
    /// The path, usually `/metrics`.
    pub metrics_path: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Parameters of the address, in order.
    pub params: Vec<(String, String)>,
    /// Whose labels and time stamps win.
    pub honor: Honor,
    /// What a scrape may be at most.
    pub limits: ScrapeLimits,
    /// Who we are.
    pub auth: Auth,
    /// Whether redirections are followed; credentials and headers stay behind when they lead elsewhere.
    pub follow_redirects: bool,
    /// More request headers.
    pub headers: Vec<(String, Secret)>,
    /// Whom we trust.
    pub tls: TlsOptions,
    /// Targets in the settings.
    pub groups: Vec<TargetGroup>,
    /// Files with target groups; `*` and `?` may stand in any part of each.
    pub files: Vec<String>,
    /// How often the files are read; whoever calls `discover::targets` keeps to it.
    pub refresh: Span,
    /// What is done to a target's labels before it is scraped.
    pub relabel: Vec<RelabelRule>,
    /// What is done to each sample's labels before it is kept.
    pub metric_relabel: Vec<RelabelRule>,
}

impl ScrapeJob {
    /// A job with Prometheus' defaults (but an interval of 15 s) and no target yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            interval: Span::secs(15),
            timeout: Span::secs(10),
            metrics_path: "/metrics".into(),
            scheme: "http".into(),
            params: Vec::new(),
            honor: Honor::default(),
            limits: ScrapeLimits::default(),
            auth: Auth::None,
            follow_redirects: true,
            headers: Vec::new(),
            tls: TlsOptions::default(),
            groups: Vec::new(),
            files: Vec::new(),
            refresh: Span::secs(30),
            relabel: Vec::new(),
            metric_relabel: Vec::new(),
        }
    }
}

/// One thing to scrape.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address with its parameters.
    pub url: String,
    /// `job`, `instance` and whatever settings, files and relabelling add.
    pub labels: Labels,
    /// From one scrape to the next.
    pub interval: Span,
    /// How long one scrape may take.
    pub timeout: Span,
    /// The job it belongs to, with everything targets of a job share.
    pub job: Arc<ScrapeJob>,
}

impl Target {
    /// The value of its `instance` label.
    pub fn instance(&self) -> &str {
        self.labels.get("instance").unwrap_or_default()
    }

    /// Whether this is the same target as before, so that its `Scraper` can go on.
    pub fn same(&self, other: &Self) -> bool {
        self.url == other.url && self.labels == other.labels && self.job.name == other.job.name
    }
}
