//! Objectives: events counted at the end of each minute, recorded, judged and shown.

mod files;
mod past;
mod record;

use std::{sync::Arc, time::Duration};

use detect::objectives::{
    Account, Count, Measure, MeasureError, Meter, Tally, judge_objective, period_at,
};
use model::{Objective, SampleSink as _, Series, Span, Time};
use parking_lot::Mutex;
use settings::Settings;
use tracing::{info, warn};

use super::{blocking, outcome, rest};
use crate::{
    http::chain,
    state::{App, ObjectiveStanding, Topic, meters},
    tasks::Stop,
};
pub(crate) use files::tell_untaken;
pub use files::{UntakenIn, read_objective_files};
use past::{MINUTE, Stretch, stretches};
use record::Grain;

/// Samples of a minute are still on their way when it ends: what is scraped then takes as long as a scrape may.
const LATE: Span = Span::secs(10);
/// How soon it is looked again while others hold the past up.
const FIRST: Duration = Duration::from_secs(2);

/// What is promised, and how it is counted.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    objective: Arc<Objective>,
    measure: Measure,
}

/// How the objectives of the settings are counted.
pub(crate) fn promises(settings: &Settings) -> Result<Vec<Promise>, MeasureError> {
    let promise = |own: &Objective| {
        Ok(Promise { objective: Arc::new(own.clone()), measure: Measure::of(own)? })
    };
    settings.objectives.iter().map(promise).collect()
}

/// An objective while it is watched.
#[derive(Debug)]
struct Watch {
    promise: Promise,
    meter: Meter,
    /// The last minute that was counted; nothing before the past was looked at.
    done: Option<Time>,
}

/// Counts again and again until told to stop.
pub(super) async fn run(app: Arc<App>, promises: Vec<Promise>, stop: Stop) {
    for promise in &promises {
        let standing = ObjectiveStanding {
            objective: Arc::clone(&promise.objective),
            tally: Arc::default(),
            account: None,
        };
        app.board.objectives.write().insert(promise.objective.name.clone(), standing);
    }
    let watch = |promise| Watch { promise, meter: Meter::default(), done: None };
    let mut watches: Vec<Watch> = promises.iter().cloned().map(watch).collect();
    let mut pause = FIRST;
    while !rest(&app, &stop, pause).await {
        let started = app.clock.elapsed();
        let now = app.clock.now();
        let end = minute_of(now - LATE);
        let stopping = stop.clone();
        let counted = blocking(&app, move |app| {
            let accounts = count_all(app, &mut watches, end, &stopping);
            (accounts, watches)
        });
        let Some((accounts, own)) = counted.await else {
            watches = promises.iter().cloned().map(watch).collect();
            continue;
        };
        watches = own;
        if !accounts.is_empty() {
            outcome::judge(&app, now, move |active| {
                let judge = |(objective, account): &(Arc<Objective>, Account)| {
                    judge_objective(objective, account, active, now)
                };
                accounts.iter().flat_map(judge).collect()
            })
            .await;
            app.hub.announce(now, &[Topic::Objectives, Topic::Overview]);
        }
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::DETECT_SECONDS, "", spent.as_secs_f64());
        pause = until_next(app.clock.now());
    }
}

fn minute_of(now: Time) -> Time {
    let minute = MINUTE.as_millis();
    Time(now.millis().div_euclid(minute) * minute)
}

/// How long until the next minute has ended and its samples are there.
fn until_next(now: Time) -> Duration {
    let due = minute_of(now - LATE) + MINUTE + LATE;
    due.since(now).to_duration().max(Duration::from_millis(100))
}

/// Counts every objective up to a moment; those that got further, with where they stand.
fn count_all(
    app: &Arc<App>,
    watches: &mut [Watch],
    end: Time,
    stop: &Stop,
) -> Vec<(Arc<Objective>, Account)> {
    let mut accounts = Vec::new();
    for watch in watches {
        // A clock that was set back counts no minute twice.
        if stop.is_cancelled() || watch.done.is_some_and(|done| done >= end) {
            continue;
        }
        let objective = Arc::clone(&watch.promise.objective);
        let subject = format!("objective {}", objective.name);
        match count(app, watch, end, stop) {
            Ok(account) => {
                app.meters
                    .count(meters::DETECT_EVALUATIONS, "of=\"objective\",outcome=\"evaluated\"");
                app.board.trouble(&subject, None);
                accounts.extend(account.map(|account| (objective, account)));
            }
            Err(error) => {
                app.meters.count(meters::DETECT_EVALUATIONS, "of=\"objective\",outcome=\"failed\"");
                warn!(objective = objective.name, error, "an objective could not be counted");
                app.board.trouble(&subject, Some(error));
            }
        }
    }
    accounts
}

/// Counts an objective up to a moment and says where it stands; nothing if it is time to stop.
fn count(
    app: &Arc<App>,
    watch: &mut Watch,
    end: Time,
    stop: &Stop,
) -> Result<Option<Account>, String> {
    let objective = Arc::clone(&watch.promise.objective);
    let tally = {
        let standings = app.board.objectives.read();
        standings.get(&objective.name).map(|own| Arc::clone(&own.tally)).unwrap_or_default()
    };
    let from = if let Some(done) = watch.done {
        done
    } else {
        let recalled = record::recall(app, &objective, end);
        let (known, last) = recalled.map_err(|error| chain(&error))?;
        *tally.lock() = known;
        let (begin, _) = period_at(&objective.period, end);
        last.unwrap_or_else(|| minute_of(app.oldest(end).max(begin))).min(end)
    };
    let stretches = stretches(from, end);
    let is_past = stretches.len() > 1;
    for stretch in stretches {
        if stop.is_cancelled() {
            return Ok(None);
        }
        watch.done = Some(count_stretch(app, watch, &tally, stretch)?);
    }
    watch.done = Some(end);
    let account = Account::of(&objective, &tally.lock(), app.started_at, end);
    keep(app, &objective, &record::shown(&objective, &account));
    if is_past && account.events.total > 0.0 {
        info!(objective = objective.name, events = account.events.total, "counted the past");
    }
    if let Some(standing) = app.board.objectives.write().get_mut(&objective.name) {
        standing.account = Some(account.clone());
    }
    Ok(Some(account))
}

/// Counts a stretch, and keeps what was counted; the moment up to which that is.
fn count_stretch(
    app: &App,
    watch: &mut Watch,
    tally: &Mutex<Tally>,
    stretch: Stretch,
) -> Result<Time, String> {
    let Promise { objective, measure } = &watch.promise;
    let (kept, done) = match stretch {
        Stretch::Hours(from, to) => {
            let counts = past::hours(app, measure, (from, to))?;
            let mut tally = tally.lock();
            for (end, count) in &counts {
                tally.set_hour(*end, *count);
            }
            (record::kept(objective, Grain::Hours, &counts), to)
        }
        Stretch::Minutes(from, to) => {
            let counts = past::minutes(app, (measure, &mut watch.meter), (from, to))?;
            let mut tally = tally.lock();
            for (end, count) in &counts {
                tally.add_minute(*end, *count);
            }
            let ended: Vec<(Time, Count)> = counts
                .iter()
                .filter(|(end, _)| record::hour_end(*end) == *end)
                .map(|(end, _)| (*end, tally.hour(*end)))
                .collect();
            let hours = record::kept(objective, Grain::Hours, &ended);
            ([record::kept(objective, Grain::Minutes, &counts), hours].concat(), to)
        }
    };
    keep(app, objective, &kept);
    Ok(done)
}

/// Keeps series; what cannot be kept is counted anew after a restart.
fn keep(app: &App, objective: &Objective, series: &[Series]) {
    let error = match app.sink.write(series) {
        Err(error) => Some(chain(&error)),
        Ok(receipt) => receipt.left_out.map(|own| own.what),
    };
    if let Some(error) = error {
        warn!(objective = objective.name, error, "what was counted was not kept");
    }
}
