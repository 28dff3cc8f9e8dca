//! Forecasts: for every resource its future and the dates its lines are reached, and early warnings.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use detect::judge_outlook;
use model::{Nature, Outlook, Resource, ResourceId, Share, Span, Time, TimeRange};
use plan::{ForecastOptions, History};
use tracing::warn;

use super::{blocking, outcome, rest};
use crate::{
    http::chain,
    state::{App, Future, Standing, Topic, history, meters},
    tasks::Stop,
};

/// How often futures are told anew. Dates days away do not move faster.
const INTERVAL: Duration = Duration::from_mins(5);
/// The first forecast waits until there is a reading.
const FIRST: Duration = Duration::from_secs(8);
/// How far back the past is looked at: ten weeks hold enough weeks for their pattern.
const PAST_MAX: Span = Span::days(70);
/// The past is read in steps of this length, the finest the models use.
const STEP: Span = Span::minutes(5);
/// How sure intervals are.
const CONFIDENCE: f64 = 0.9;

/// Tells futures again and again until told to stop.
pub(super) async fn run(app: Arc<App>, stop: Stop) {
    let mut pause = FIRST;
    loop {
        // Told anew at once when the past of resources has just been filled.
        tokio::select! {
            () = app.past_filled.notified() => {}
            stopped = rest(&app, &stop, pause) => if stopped { return },
        }
        let started = app.clock.elapsed();
        tell(&app).await;
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::PLAN_SECONDS, "", spent.as_secs_f64());
        pause = INTERVAL.saturating_sub(spent);
    }
}

/// A resource and when each of its readings comes to its line.
type Outlooks = (Arc<Resource>, Vec<(ResourceId, Outlook)>);

async fn tell(app: &Arc<App>) {
    let now = app.clock.now();
    let standings: Vec<Standing> = app.board.standings.read().values().cloned().collect();
    let told = blocking(app, move |app| forecast_all(app, standings, now)).await;
    let Some(told) = told else { return };
    // Resources without a reading as well: their warnings must come to an end.
    let declared = app.settings.resources.iter();
    let mut outlooks: BTreeMap<String, Outlooks> =
        declared.map(|own| (own.name.clone(), (Arc::new(own.clone()), Vec::new()))).collect();
    for (standing, future) in &told {
        if let Some((_, outlooks)) = outlooks.get_mut(&standing.resource.name) {
            outlooks.push((standing.reading.id.clone(), future.critical));
        }
    }
    *app.board.futures.write() =
        told.into_iter().map(|(standing, future)| (standing.reading.id, future)).collect();
    outcome::judge(app, now, move |active| {
        let mut transitions = Vec::new();
        for (resource, outlooks) in outlooks.values() {
            let line = resource.thresholds.critical();
            transitions.extend(judge_outlook(resource, line, outlooks, active, now));
        }
        transitions
    })
    .await;
    app.hub.announce(now, &[Topic::Resources, Topic::Overview]);
}

fn forecast_all(app: &App, standings: Vec<Standing>, now: Time) -> Vec<(Standing, Future)> {
    let mut told = Vec::with_capacity(standings.len());
    let Some(confidence) = Share::new(CONFIDENCE) else { return told };
    for standing in standings {
        match past(app, &standing, now) {
            Ok(past) => {
                let future = future(&standing, &past, confidence, now);
                let outcome = if future.forecast.is_ok() { "ready" } else { "too_little_history" };
                app.meters.count(meters::PLAN_FORECASTS, &format!("outcome=\"{outcome}\""));
                told.push((standing, future));
            }
            Err(error) => {
                app.meters.count(meters::PLAN_FORECASTS, "outcome=\"failed\"");
                warn!(resource = %standing.reading.id, error = chain(&error), "the past cannot be read");
            }
        }
    }
    told
}

type Past = (Vec<i64>, Vec<f64>);

fn past(app: &App, standing: &Standing, now: Time) -> Result<Past, model::SourceError> {
    let oldest = app.store.stats().oldest.unwrap_or(now);
    let from = oldest.max(now - PAST_MAX);
    let points = usize::try_from(now.since(from).as_millis() / STEP.as_millis()).unwrap_or(0) + 1;
    let grid = history::Grid::over(TimeRange { from, to: now }, points.max(60));
    let wanted = (&standing.reading.id, history::RESOURCE_USED);
    let cells = history::read(app.store.as_ref(), wanted, &grid, &app.own_meter())?;
    Ok(cells
        .iter()
        .enumerate()
        .filter_map(|(at, cell)| Some((grid.time(at).millis(), cell.mean()?)))
        .unzip())
}

fn future(standing: &Standing, past: &Past, confidence: Share, now: Time) -> Future {
    let (times, values) = past;
    let limit = standing.reading.limit;
    let history = History { times, values };
    let options = ForecastOptions {
        nature: standing.resource.nature,
        confidence,
        horizon: None,
        upper_bound: (standing.resource.nature == Nature::Stock).then_some(limit),
        lower_bound: Some(0.0),
        seed: 1,
    };
    let told = plan::forecast(history, &options, now);
    let thresholds = &standing.resource.thresholds;
    let outlook = |share: f64| plan::outlook(history, &told, limit * share, now);
    Future {
        warning: outlook(thresholds.warning().value()),
        critical: outlook(thresholds.critical().value()),
        limit: outlook(1.0),
        forecast: told.map(|projection| projection.forecast),
    }
}
