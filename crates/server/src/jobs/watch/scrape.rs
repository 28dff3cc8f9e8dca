//! Scraping: finds the targets of a job again and again, and scrapes each at its own pace.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use collect::{
    net,
    scrape::{Health, ScrapeJob, Scraper, Target, TargetReport, discover::Discovery, offset},
};
use model::{Batch, Change, ChangeKind, SampleSink as _, Series, Span};
use reqwest::Client;
use tracing::warn;

use super::super::{blocking, rest};
use crate::{
    convert,
    http::chain,
    state::{App, TargetStanding, Topic, meters},
    tasks::Stop,
};

const WAY: &str = "way=\"scrape\"";

/// Keeps the scraping of a job's targets going until told to stop.
pub(in super::super) async fn run(app: Arc<App>, job: Arc<ScrapeJob>, stop: Stop) {
    let client = match net::client_for_messages_with(&job.tls) {
        Ok(client) => client,
        Err(error) => {
            let error = chain(&error);
            warn!(job = job.name, error, "this job cannot be scraped");
            app.board.trouble(&format!("scrape job {}", job.name), Some(error));
            stop.cancelled().await;
            return;
        }
    };
    let mut running: BTreeMap<String, (Target, Stop)> = BTreeMap::new();
    let mut discovery = Discovery::new(Arc::clone(&job), app.settings.base.clone());
    loop {
        let looked = blocking(&app, move |_| {
            let found = discovery.refresh(&convert::yaml_to_json);
            (discovery, found)
        });
        let Some((kept, found)) = looked.await else { return };
        discovery = kept;
        app.board.complaints.write().retain(|own| !own.starts_with(&prefix(&job)));
        let complaints = found.complaints.iter().map(|one| format!("{}{one}", prefix(&job)));
        app.board.complaints.write().extend(complaints);
        let wanted: BTreeMap<String, Target> =
            found.targets.into_iter().map(|target| (key(&target), target)).collect();
        running.retain(|key, (target, token)| {
            let stays = wanted.get(key).is_some_and(|other| other.same(target));
            if !stays {
                token.cancel();
            }
            stays
        });
        for (key, target) in wanted {
            if !running.contains_key(&key) {
                let token = stop.child_token();
                running.insert(key.clone(), (target.clone(), token.clone()));
                let scraper = Scraper::new(target, Client::clone(&client));
                let work = follow(Arc::clone(&app), key, scraper, token.clone());
                app.tasks.start_brief("target", token, work);
            }
        }
        if rest(&app, &stop, job.refresh.to_duration()).await {
            return;
        }
    }
}

fn prefix(job: &ScrapeJob) -> String {
    format!("{}: ", job.name)
}

fn key(target: &Target) -> String {
    format!("{}\u{1f}{}\u{1f}{}", target.job.name, target.url, target.labels)
}

/// Scrapes one target at its pace until it goes away.
async fn follow(app: Arc<App>, key: String, mut scraper: Scraper, stop: Stop) {
    let interval = scraper.target().interval;
    let mut pause = first_pause(scraper.target(), interval, app.clock.now().millis());
    drop(show(&app, &key, scraper.target(), unknown(&app)));
    while !rest(&app, &stop, pause).await {
        let started = app.clock.elapsed();
        let scraped = scraper.scrape(app.clock.as_ref()).await;
        app.board.describe(scraped.metadata);
        let mut report = scraped.report;
        if let Err(error) = keep(&app, &scraper.target().job.name, scraped.batch).await {
            report.error = Some(error);
        }
        let outcome = if report.health == Health::Up { "up" } else { "down" };
        app.meters.count(meters::COLLECT_SCRAPES, &format!("outcome=\"{outcome}\""));
        let change = show(&app, &key, scraper.target(), report);
        change.note(&app, scraper.target()).await;
        let spent = app.clock.elapsed().saturating_sub(started);
        pause = until_next(interval, spent);
    }
    // When the server stops, the series do not end: they go on after its next start.
    if !app.tasks.stop_token().is_cancelled() {
        let markers = scraper.end(app.clock.now());
        if let Err(error) = keep(&app, &scraper.target().job.name, markers).await {
            warn!(error, "the end of a target's series was not kept");
        }
    }
    app.board.targets.write().remove(&key);
    app.hub.announce(app.clock.now(), &[Topic::Targets]);
}

/// Targets are spread over the interval, and each keeps its place over restarts.
fn first_pause(target: &Target, interval: Span, now: i64) -> Duration {
    let place = offset(target, interval).as_millis();
    let into = now.rem_euclid(interval.as_millis().max(1));
    Span::millis((place - into).rem_euclid(interval.as_millis().max(1))).to_duration()
}

/// A scrape that took longer than the interval skips what it missed.
fn until_next(interval: Span, spent: Duration) -> Duration {
    let interval = interval.to_duration().as_nanos().max(1);
    let rest = interval - spent.as_nanos() % interval;
    Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX))
}

/// Keeps what a target of a job said; limits name the job.
async fn keep(app: &Arc<App>, job: &str, series: Vec<Series>) -> Result<(), String> {
    let job = job.to_owned();
    let written = blocking(app, move |app| app.sink.write_batch(&Batch::of(&job, &series))).await;
    match written {
        Some(Ok(receipt)) => {
            app.meters.add(meters::COLLECT_SAMPLES, WAY, receipt.accepted as f64);
            if receipt.out_of_range > 0 {
                app.meters.add(meters::COLLECT_OUT_OF_RANGE, WAY, receipt.out_of_range as f64);
            }
            if let Some(left_out) = receipt.left_out {
                app.meters.add(meters::COLLECT_LEFT_OUT, WAY, left_out.samples as f64);
                return Err(format!(
                    "{} samples were left out: {}",
                    left_out.samples, left_out.what
                ));
            }
            Ok(())
        }
        Some(Err(error)) => {
            app.meters.count(meters::COLLECT_REFUSED, &format!("{WAY},reason=\"store\""));
            Err(chain(&error))
        }
        None => Err("a bug of ours ended this scrape".to_owned()),
    }
}

fn unknown(app: &App) -> TargetReport {
    TargetReport {
        health: Health::Unknown,
        error: None,
        at: app.clock.now(),
        duration: Span::ZERO,
        samples: 0,
        note: None,
        repeated: 0,
        out_of_order: 0,
    }
}

/// How a target's health became different, if it did.
struct HealthChange(Option<(Health, TargetReport)>);

impl HealthChange {
    async fn note(self, app: &App, target: &Target) {
        let Some((before, report)) = self.0 else { return };
        let text = match (before, report.health) {
            (Health::Up, Health::Down) => "no longer answers",
            (_, Health::Down) => "does not answer",
            _ => "answers again",
        };
        let text = match report.error {
            Some(error) => format!("{text}: {error}"),
            None => text.to_owned(),
        };
        let subject = format!("{}/{}", target.job.name, target.instance());
        let at = app.clock.now();
        app.note_changes(&[Change::new(at, ChangeKind::Target, subject, text)]).await;
        app.hub.announce(at, &[Topic::Targets, Topic::Overview]);
    }
}

fn show(app: &App, key: &str, target: &Target, report: TargetReport) -> HealthChange {
    let standing = TargetStanding {
        job: target.job.name.clone(),
        instance: target.instance().to_owned(),
        url: target.url.clone(),
        labels: target.labels.clone(),
        interval: target.interval,
        report: report.clone(),
    };
    let before = app.board.targets.write().insert(key.to_owned(), standing);
    app.hub.announce(app.clock.now(), &[Topic::Targets]);
    let before = before.map_or(Health::Unknown, |before| before.report.health);
    // A target that never answered is news as well; one that answers at once is not.
    let changed = matches!(
        (before, report.health),
        (Health::Up | Health::Unknown, Health::Down) | (Health::Down, Health::Up)
    );
    HealthChange(changed.then_some((before, report)))
}
