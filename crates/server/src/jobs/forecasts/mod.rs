//! Forecasts: for every resource its future and the dates its lines are reached, early warnings, and the ledger.

mod ledger;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use detect::judge_outlook;
use model::{
    Nature, Outlook, Resource, ResourceId, SampleSink as _, Series, Share, Span, Time, TimeRange,
};
use plan::{ForecastOptions, History, Projection};
use tracing::warn;

use super::{blocking, outcome, rest};
use crate::{
    http::chain,
    state::{App, Future, Glance, Standing, Topic, history, meters},
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
/// How sure intervals are, and the narrower range of dates that is told beside.
const CONFIDENCE: f64 = 0.9;
const CONFIDENCE_NARROW: f64 = 0.8;
/// What is told is written down, and what was told is scored, this often.
const LEDGER_EVERY: Span = Span::hours(1);

/// Tells futures again and again until told to stop.
pub(super) async fn run(app: Arc<App>, stop: Stop) {
    let mut pause = FIRST;
    let mut written = None;
    loop {
        // Told anew at once when the past of resources has just been filled.
        tokio::select! {
            () = app.past_filled.notified() => {}
            stopped = rest(&app, &stop, pause) => if stopped { return },
        }
        let started = app.clock.elapsed();
        tell(&app, &mut written).await;
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::PLAN_SECONDS, "", spent.as_secs_f64());
        pause = INTERVAL.saturating_sub(spent);
    }
}

/// A resource and when each of its readings comes to its line.
type Outlooks = (Arc<Resource>, Vec<(ResourceId, Outlook)>);

async fn tell(app: &Arc<App>, written: &mut Option<Time>) {
    let now = app.clock.now();
    let standings: Vec<Standing> = app.board.standings.read().values().cloned().collect();
    let due = written.is_none_or(|at| now.since(at) >= LEDGER_EVERY || now < at);
    let told = blocking(app, move |app| forecast_all(app, standings, due, now)).await;
    let Some((told, notes)) = told else { return };
    if due && !told.is_empty() {
        *written = Some(now);
        write(app, notes).await;
    }
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

/// Keeps what the ledger is to hold.
async fn write(app: &Arc<App>, notes: Vec<Series>) {
    let written = blocking(app, move |app| app.sink.write(&notes)).await;
    let error = match written {
        Some(Err(error)) => Some(chain(&error)),
        Some(Ok(receipt)) => receipt.left_out.map(|own| own.what),
        None => None,
    };
    if let Some(error) = error {
        warn!(error, "what was forecast was not written down");
    }
}

/// All futures, and where it is due what the ledger is to keep of them.
fn forecast_all(
    app: &App,
    standings: Vec<Standing>,
    due: bool,
    now: Time,
) -> (Vec<(Standing, Future)>, Vec<Series>) {
    let mut told = Vec::with_capacity(standings.len());
    let mut notes = Vec::new();
    for standing in standings {
        match past(app, &standing, now) {
            Ok(past) => {
                let Some((mut future, projection)) = future(&standing, &past, now) else {
                    continue;
                };
                if due {
                    future.record = Arc::new(ledger::record(app, &standing, &past, now));
                    notes.extend(projection.iter().flat_map(|projection| {
                        ledger::notes(&standing, projection, &future.critical, now)
                    }));
                } else if let Some(known) = app.board.futures.read().get(&standing.reading.id) {
                    future.record = Arc::clone(&known.record);
                }
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
    (told, notes)
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

fn future(standing: &Standing, past: &Past, now: Time) -> Option<(Future, Option<Projection>)> {
    let (times, values) = past;
    let limit = standing.reading.limit;
    let history = History { times, values };
    let (confidence, narrow) = (Share::new(CONFIDENCE)?, Share::new(CONFIDENCE_NARROW)?);
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
    let lines = [thresholds.warning().value(), thresholds.critical().value(), 1.0];
    let [warning, critical, at_limit] =
        lines.map(|share| plan::outlook(history, &told, limit * share, now));
    let by = now + standing.resource.lead_time;
    let glances = lines.map(|share| {
        // Below a day of history nothing is said about days.
        let told = told.as_ref().ok().filter(|told| told.need.is_none())?;
        let reach = told.reach(limit * share, now);
        let sees = reach.end() >= by || reach.chance() >= 1.0;
        Some(Glance {
            chance_lead: sees.then(|| reach.chance_by(by)),
            dates_narrow: reach.dates(narrow),
        })
    });
    let (forecast, projection) = match told {
        Ok(projection) => (Ok(projection.forecast.clone()), Some(projection)),
        Err(need) => (Err(need), None),
    };
    let record = Arc::default();
    Some((Future { forecast, warning, critical, limit: at_limit, glances, record }, projection))
}
