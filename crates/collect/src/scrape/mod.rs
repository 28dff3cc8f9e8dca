//! Scrapes: asks targets over HTTP for their samples, and notices what came, went and failed.

pub mod discover;
mod fetch;
mod files;
mod intake;
mod md5;
pub mod relabel;
mod target;

use std::time::Duration;

use model::{Clock, Labels, METRIC_NAME, Metadata, Sample, Series, Span, Time};
use reqwest::Client;

use crate::exposition::{Format, broken_rule};
pub use fetch::authorised;
use fetch::{Fetched, fetch};
pub use files::files_matching;
use intake::{Intake, Memory};
pub use target::{
    Auth, BODY_BYTES_MAX, Credential, Honor, ScrapeJob, ScrapeLimits, Target, TargetGroup,
};

/// Bodies up to this size are read in well under a millisecond, so it is not worth to move them to another thread.
const READ_HERE_BYTES_MAX: usize = 64 << 10;

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

impl Health {
    /// The word answers use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// What people are told of one scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetReport {
    /// How it fared.
    pub health: Health,
    /// Why it is down.
    pub error: Option<String>,
    /// Something odd that we can live with, found in the first answer: a broken rule of `OpenMetrics`.
    pub note: Option<String>,
    /// When it was asked.
    pub at: Time,
    /// How long it took.
    pub duration: Span,
    /// Samples in the answer.
    pub samples: usize,
    /// Samples left out since another of the same series and time stood before them.
    pub repeated: usize,
    /// Samples whose time lies before one of the same series that stood before them; they are kept.
    pub out_of_order: usize,
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

/// The report series, in the order of their values below.
const REPORTS: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// Scrapes one target again and again, and remembers what it gave.
#[derive(Debug)]
pub struct Scraper {
    target: Target,
    client: Client,
    memory: Memory,
    reports: [Labels; REPORTS.len()],
    note: Option<String>,
    noted: bool,
    asked: bool,
}

/// What became of reading a body.
struct Reading {
    memory: Memory,
    outcome: Result<intake::Taken, String>,
    note: Option<String>,
}

impl Scraper {
    /// A scraper that has not asked yet. The client comes from `net::client_for_messages_with(&target.job.tls)`, and is best shared
    /// by all targets of a job.
    pub fn new(target: Target, client: Client) -> Self {
        let reports = REPORTS.map(|name| target.labels.with(METRIC_NAME, name));
        let memory = Memory::default();
        Self { target, client, memory, reports, note: None, noted: false, asked: false }
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks once. Never fails: what went wrong is in the report, and `up` is 0.
    ///
    /// Let it end, which it does within the target's timeout: dropped while it reads a large answer, it forgets which
    /// series were there, and their ends are not marked.
    pub async fn scrape(&mut self, clock: &dyn Clock) -> Scraped {
        let at = clock.now();
        let started = clock.elapsed();
        self.asked = true;
        let limit = self.target.timeout;
        let fetched = tokio::select! {
            biased;
            fetched = Box::pin(fetch(&self.client, &self.target)) => fetched,
            () = clock.wait(limit.to_duration()) => Err(format!("no whole answer within {limit}")),
        };
        let outcome = match fetched {
            Ok(fetched) => self.read(fetched, at).await,
            Err(what) => Err(what),
        };
        let duration = clock.elapsed().saturating_sub(started);
        self.finish(outcome, at, duration)
    }

    /// Markers that end every series of this target, its reports included, for when it goes away.
    pub fn end(&mut self, now: Time) -> Vec<Series> {
        let mut batch = Vec::new();
        self.memory.end_all(now, &mut batch);
        if self.asked {
            let markers = self.reports.iter().map(|labels| {
                Series::new(labels.clone(), vec![Sample { time: now, value: model::STALE }])
            });
            batch.extend(markers);
        }
        self.asked = false;
        batch
    }

    /// Reads a body, on another thread if it is large.
    async fn read(&mut self, fetched: Fetched, at: Time) -> Result<intake::Taken, String> {
        let memory = std::mem::take(&mut self.memory);
        let look_closer = !std::mem::replace(&mut self.noted, true);
        let reading = if fetched.body.len() <= READ_HERE_BYTES_MAX {
            read(&fetched, &self.target, memory, at, look_closer)
        } else {
            let target = self.target.clone();
            let work = move || read(&fetched, &target, memory, at, look_closer);
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(|error| format!("bug: reading the answer failed: {error}"))?
        };
        self.memory = reading.memory;
        if look_closer {
            self.note = reading.note;
        }
        reading.outcome
    }

    fn finish(
        &mut self,
        outcome: Result<intake::Taken, String>,
        at: Time,
        duration: Duration,
    ) -> Scraped {
        let (taken, error) = match outcome {
            Ok(taken) => (taken, None),
            Err(what) => {
                let mut taken = intake::Taken::default();
                self.memory.end_all(at, &mut taken.batch);
                (taken, Some(what))
            }
        };
        let intake::Taken { mut batch, metadata, scraped, kept, added, repeated, out_of_order } =
            taken;
        let up = if error.is_none() { 1.0 } else { 0.0 };
        let values = [up, duration.as_secs_f64(), scraped as f64, kept as f64, added as f64];
        for (labels, value) in self.reports.iter().zip(values) {
            let samples = vec![Sample { time: at, value }];
            batch.push(Series::new(labels.clone(), samples));
        }
        let report = TargetReport {
            health: if error.is_none() { Health::Up } else { Health::Down },
            error,
            note: self.note.clone(),
            at,
            duration: Span(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
            samples: scraped,
            repeated,
            out_of_order,
        };
        Scraped { batch, report, metadata }
    }
}

fn read(
    fetched: &Fetched,
    target: &Target,
    mut memory: Memory,
    at: Time,
    look_closer: bool,
) -> Reading {
    let note = (look_closer && fetched.format == Format::OpenMetrics)
        .then(|| broken_rule(&fetched.body))
        .flatten()
        .map(|error| error.to_string());
    let outcome = Intake::new(target, &mut memory, at).take(&fetched.body, fetched.format);
    // What cannot be read at all is an error, and need not be told twice.
    let note = note.filter(|_| outcome.is_ok());
    Reading { memory, outcome, note }
}

/// How far into each interval a target is scraped, so that targets spread evenly and stay where they are after a restart.
pub fn offset(target: &Target, interval: Span) -> Span {
    /// The parameters of FNV-1a with 64 bits (Fowler, Noll, Vo).
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let text = format!("{}\n{}", target.url, target.labels);
    let hash = text.bytes().fold(START, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    let millis = u64::try_from(interval.as_millis()).unwrap_or(0).max(1);
    Span(i64::try_from(hash % millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn target(url: &str) -> Target {
        Target {
            url: url.into(),
            labels: Labels::empty(),
            interval: Span::secs(15),
            timeout: Span::secs(10),
            job: Arc::new(ScrapeJob::new("test")),
        }
    }

    #[test]
    fn targets_spread_over_the_interval_and_stay_where_they_are() {
        let interval = Span::secs(15);
        let mut quarters = [0; 4];
        for at in 0..400 {
            let url = format!("http://host-{at}:9100/metrics");
            let found = offset(&target(&url), interval);
            assert_eq!(found, offset(&target(&url), interval));
            assert!(found >= Span::ZERO && found < interval);
            quarters[usize::try_from(found.as_millis() * 4 / 15_000).unwrap()] += 1;
        }
        assert!(quarters.iter().all(|count| *count > 50), "{quarters:?}");
    }
}
