//! This host: read, kept, counted.

use std::sync::Arc;

use collect::host::{HostCollector, HostOptions};
use collect::scrape::{Health, TargetReport};
use model::{Labels, METRIC_NAME, Sample, SampleSink as _, Series, Span, Time};
use tracing::warn;

use super::super::{blocking, rest};
use crate::{
    http::chain,
    state::{App, TargetStanding, Topic, meters},
    tasks::Stop,
};

/// The job under which this host appears.
pub(crate) const HOST_JOB: &str = "plimsoll";
const WAY: &str = "way=\"host\"";

/// Reads this host at every interval until told to stop.
pub(in super::super) async fn run(app: Arc<App>, options: HostOptions, stop: Stop) {
    let interval = app.settings.host.interval;
    let mut collector = Some(HostCollector::new(options.clone()));
    loop {
        let started = app.clock.elapsed();
        if let Some(mut own) = collector.take() {
            let read = blocking(&app, move |app| {
                let at = app.clock.now();
                let health = read(app, &mut own, at);
                (own, health, at)
            })
            .await;
            if let Some((own, report, at)) = read {
                collector = Some(own);
                show(&app, report, interval, at);
            } else {
                collector = Some(HostCollector::new(options.clone()));
                show(&app, broken(app.clock.now()), interval, app.clock.now());
            }
        }
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::COLLECT_HOST_SECONDS, "", spent.as_secs_f64());
        if rest(&app, &stop, interval.to_duration().saturating_sub(spent)).await {
            return;
        }
    }
}

fn read(app: &App, collector: &mut HostCollector, at: Time) -> TargetReport {
    let started = app.clock.elapsed();
    let mut batch = collector.collect(at);
    let samples = batch.len();
    let spent = app.clock.elapsed().saturating_sub(started);
    let duration = Span::millis(i64::try_from(spent.as_millis()).unwrap_or(i64::MAX));
    for (name, value) in [
        ("up", 1.0),
        ("scrape_duration_seconds", spent.as_secs_f64()),
        ("scrape_samples_scraped", samples as f64),
    ] {
        let labels =
            Labels::from_pairs([(METRIC_NAME, name), ("job", HOST_JOB), ("instance", &*app.host)]);
        batch.push(Series::new(labels, vec![Sample { time: at, value }]));
    }
    let notes = collector.notes();
    app.meters.set(meters::COLLECT_HOST_NOTES, "", notes.len() as f64);
    app.board.describe(collector.metadata());
    let error = match app.sink.write(&batch) {
        Ok(receipt) => {
            app.meters.add(meters::COLLECT_SAMPLES, WAY, receipt.accepted as f64);
            let left_out = receipt.left_out.map(|own| own.what);
            left_out.or_else(|| (!notes.is_empty()).then(|| notes.join("; ")))
        }
        Err(error) => {
            app.meters.count(meters::COLLECT_REFUSED, &format!("{WAY},reason=\"store\""));
            warn!(error = chain(&error), "readings of this host were not kept");
            Some(chain(&error))
        }
    };
    TargetReport {
        health: Health::Up,
        error,
        note: None,
        at,
        duration,
        samples,
        repeated: 0,
        out_of_order: 0,
    }
}

/// What is reported when reading ended in a bug of ours.
fn broken(at: Time) -> TargetReport {
    TargetReport {
        health: Health::Down,
        error: Some("a bug of ours ended the reading of this host; it is tried again".to_owned()),
        note: None,
        at,
        duration: Span::ZERO,
        samples: 0,
        repeated: 0,
        out_of_order: 0,
    }
}

fn show(app: &App, report: TargetReport, interval: Span, at: Time) {
    let labels = Labels::from_pairs([("job", HOST_JOB), ("instance", &*app.host)]);
    let standing = TargetStanding {
        job: HOST_JOB.to_owned(),
        instance: app.host.clone(),
        url: "host".to_owned(),
        labels,
        interval,
        report,
    };
    app.board.targets.write().insert("host".to_owned(), standing);
    app.hub.announce(at, &[Topic::Targets]);
}
