//! Baselines: what is normal for the series that are watched is learnt as data comes, and recorded.
//!
//! What is known is made from the store's own samples and nothing else: after a restart the last four weeks are read
//! again, and the band is what it was.

pub(super) mod usual;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use detect::baselines::{RESOURCES, STEP, Watched, aligned};
use model::{Columns, SampleSink as _, Series, Span, Time, TimeRange};
use query::{Question, Steps, Value};
use tracing::{info, warn};

use super::{blocking, rest};
use crate::{
    http::chain,
    state::{App, history, meters},
    tasks::Stop,
};

/// The first look waits until starting is over and resources have a reading.
const FIRST: Duration = Duration::from_secs(10);
/// How often bands are recorded, and it is looked for steps that are over: well within the five minutes for which a
/// sample counts.
const EVERY: Duration = Duration::from_mins(1);
/// A step is read this long after it, when its samples have come.
const SETTLE: Span = Span::secs(30);
/// How many readings one question asks for, about: 8 MB.
const READINGS_MAX: usize = 500_000;
/// Steps of one question: a day.
const STEPS_MAX: usize = 288;
/// Reading the past takes a third of a core at the most.
const REST_TIMES: u32 = 2;
/// How much is recorded at once.
const BATCH: usize = 10_000;

/// Learns and records until told to stop.
pub(super) async fn run(app: Arc<App>, stop: Stop) {
    let count = app.board.baselines.read().len();
    if count == 0 {
        stop.cancelled().await;
        return;
    }
    let mut changes = app.past_changes.load(Ordering::Relaxed);
    let mut pause = FIRST;
    while !rest(&app, &stop, pause).await {
        let began = app.clock.elapsed();
        let changed = app.past_changes.load(Ordering::Relaxed);
        if changed != changes {
            // Samples came for a time that was learnt from already.
            changes = changed;
            app.board.baselines.write().iter_mut().for_each(detect::baselines::Watch::clear);
        }
        for at in 0..count {
            if catch_up(&app, at, &stop).await {
                return;
            }
        }
        record(&app).await;
        tell_counts(&app);
        let spent = app.clock.elapsed().saturating_sub(began);
        pause = EVERY.saturating_sub(spent).max(Duration::from_secs(1));
    }
}

/// Learns from every step that is over; answers whether it is time to stop.
async fn catch_up(app: &Arc<App>, at: usize, stop: &Stop) -> bool {
    let mut bites = 0;
    loop {
        let now = app.clock.now();
        let until = aligned(now - SETTLE);
        let Some((of, from, known)) = app.board.baselines.read().get(at).map(|watch| {
            let oldest = aligned(app.oldest(now)) + STEP;
            (watch.of().clone(), watch.next_step(now).max(oldest.min(until)), watch.len())
        }) else {
            return false;
        };
        if from > until {
            if bites > 1 {
                info!(baseline = of.name, series = known, "the past has been learnt from");
            }
            return false;
        }
        // Of the first question nobody knows how much it answers.
        let steps = if bites == 0 && known == 0 { 12 } else { READINGS_MAX / known.max(1) };
        let steps = i64::try_from(steps.clamp(1, STEPS_MAX)).unwrap_or(1);
        let to = (from + Span::millis(STEP.as_millis() * (steps - 1))).min(until);
        let began = app.clock.elapsed();
        let subject = format!("baseline {}", of.name);
        let learnt =
            blocking(app, move |app| learn(app, (at, &of), Steps { from, to, step: STEP })).await;
        let spent = app.clock.elapsed().saturating_sub(began);
        app.meters.add(meters::DETECT_SECONDS, "", spent.as_secs_f64());
        let error = learnt.unwrap_or_else(|| Err("a bug of ours ended it".to_owned())).err();
        let failed = error.is_some();
        if let Some(error) = &error {
            warn!(subject, error, "series could not be learnt from");
        }
        app.board.trouble(&subject, error);
        if failed {
            return false;
        }
        bites += 1;
        if to < until && rest(app, stop, spent * REST_TIMES).await {
            return true;
        }
    }
}

/// Learns from some steps; an error is to be told.
fn learn(app: &App, (at, of): (usize, &Watched), steps: Steps) -> Result<(), String> {
    let answer = readings(app, of, steps)?;
    let mut watches = app.board.baselines.write();
    let all: usize = watches.iter().map(detect::baselines::Watch::len).sum();
    let most = usize::try_from(app.settings.baselines.series_max).unwrap_or(usize::MAX);
    let Some(watch) = watches.get_mut(at) else { return Ok(()) };
    watch.learn(&answer, steps.to, most.saturating_sub(all)).map_err(|error| chain(&error))
}

/// What a watch reads. Readings of resources lie in the store here, whoever answers other questions.
fn readings(app: &App, of: &Watched, steps: Steps) -> Result<Vec<Columns>, String> {
    let meter = app.own_meter();
    if of.name == RESOURCES {
        let range = TimeRange { from: steps.from - STEP, to: steps.to };
        let metric = history::RESOURCE_USED;
        let found = history::read_all(app.store.as_ref(), metric, range, &meter);
        let found = found.map_err(|error| chain(&error))?;
        let steps = (steps.from, steps.to, steps.step);
        return Ok(found.iter().map(|columns| history::at_steps(columns, steps)).collect());
    }
    let answer = app.queries.range(Question::new(&of.expr, &meter).fresh().whole(), steps);
    match answer.map_err(|error| chain(&error))?.value {
        Value::Matrix(series) => Ok(series),
        Value::Scalar(_) | Value::Text(..) | Value::Vector(_) => Ok(Vec::new()),
    }
}

/// Writes down the bands that hold now.
async fn record(app: &Arc<App>) {
    let now = app.clock.now();
    let count = app.board.baselines.read().len();
    for at in 0..count {
        let written = blocking(app, move |app| write(app, at, now)).await;
        if let Some(Err(error)) = written {
            warn!(error, "bands were not recorded");
        }
    }
}

fn write(app: &App, at: usize, now: Time) -> Result<(), String> {
    let bands: Vec<Series> =
        app.board.baselines.read().get(at).map(|watch| watch.bands(now)).unwrap_or_default();
    for batch in bands.chunks(BATCH) {
        let receipt = app.sink.write(batch).map_err(|error| chain(&error))?;
        receipt.left_out.map_or(Ok(()), |own| Err(own.what))?;
    }
    Ok(())
}

fn tell_counts(app: &App) {
    let now = app.clock.now();
    let (mut known, mut young, mut left_out) = (0, 0, 0);
    for watch in app.board.baselines.read().iter() {
        let (own, _) = watch.counts(now);
        known += own;
        young += watch.len() - own;
        left_out += watch.left_out();
    }
    for (state, count) in [("known", known), ("young", young), ("left_out", left_out)] {
        app.meters.set(meters::DETECT_BASELINES, &format!("state=\"{state}\""), count as f64);
    }
}
