//! Forecasts: for every resource its future and the dates its lines are reached, early warnings, and the ledger.

mod known;
mod ledger;
mod older;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use detect::{Chances, Prospect, judge_outlook};
use model::{Nature, Resource, SampleSink as _, Series, Share, Span, Time, TimeRange};
use plan::{ForecastOptions, History, Known, Projection, Reach};
use tracing::warn;

use known::{Beside, Surroundings};
use older::Older;

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
/// How far back the past is looked at closely: ten weeks hold enough weeks for their pattern.
const PAST_MAX: Span = Span::days(70);
/// The past is read in steps of this length, the finest the models use.
const STEP: Span = Span::minutes(5);
/// How sure intervals are, and the narrower range of dates that is told beside.
const CONFIDENCE: f64 = 0.9;
const CONFIDENCE_NARROW: f64 = 0.8;
/// At how many moments it is told how likely a line is reached by then.
const CURVE_MOMENTS: usize = 24;
/// Where the critical line stands among warning, critical and limit.
const CRITICAL: usize = 1;
/// What is told is written down, and what was told is scored, this often.
const LEDGER_EVERY: Span = Span::hours(1);

/// What is kept from one telling to the next.
#[derive(Debug, Default)]
struct Memory {
    /// When the ledger was written last.
    written: Option<Time>,
    older: Older,
}

/// Tells futures again and again until told to stop.
pub(super) async fn run(app: Arc<App>, stop: Stop) {
    let mut pause = FIRST;
    let mut memory = Memory::default();
    loop {
        // Told anew at once when the past of resources has just been filled.
        tokio::select! {
            () = app.past_filled.notified() => memory.older.forget(),
            stopped = rest(&app, &stop, pause) => if stopped { return },
        }
        let started = app.clock.elapsed();
        tell(&app, &mut memory).await;
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::PLAN_SECONDS, "", spent.as_secs_f64());
        pause = INTERVAL.saturating_sub(spent);
    }
}

/// A resource and when each of its readings comes to its line.
type Prospects = (Arc<Resource>, Vec<Prospect>);

async fn tell(app: &Arc<App>, memory: &mut Memory) {
    let now = app.clock.now();
    let mut standings: Vec<Standing> = app.board.standings.read().values().cloned().collect();
    // Where no line means anything, no date does.
    standings.retain(|own| own.resource.alerts);
    let due = memory.written.is_none_or(|at| now.since(at) >= LEDGER_EVERY || now < at);
    let surroundings = Surroundings::read(app, now).await;
    let mut older = std::mem::take(&mut memory.older);
    older.begin(&standings);
    let told = blocking(app, move |app| {
        let told = forecast_all(app, standings, (&surroundings, &mut older), (due, now));
        (told, older)
    });
    let Some(((told, notes), older)) = told.await else { return };
    memory.older = older;
    if due && !told.is_empty() {
        memory.written = Some(now);
        write(app, notes).await;
    }
    // Resources without a reading as well: their warnings must come to an end.
    let declared = app.settings.resources.iter();
    let mut prospects: BTreeMap<String, Prospects> =
        declared.map(|own| (own.name.clone(), (Arc::new(own.clone()), Vec::new()))).collect();
    for (standing, future) in &told {
        if let Some((_, prospects)) = prospects.get_mut(&standing.resource.name) {
            prospects.push(Prospect {
                id: standing.reading.id.clone(),
                outlook: future.critical,
                chances: future.chances,
            });
        }
    }
    *app.board.futures.write() =
        told.into_iter().map(|(standing, future)| (standing.reading.id, future)).collect();
    outcome::judge(app, now, move |active| {
        let mut transitions = Vec::new();
        for (resource, prospects) in prospects.values() {
            let line = resource.thresholds.critical();
            transitions.extend(judge_outlook(resource, line, prospects, active, now));
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
    (surroundings, older): (&Surroundings, &mut Older),
    (due, now): (bool, Time),
) -> (Vec<(Standing, Future)>, Vec<Series>) {
    let mut told = Vec::with_capacity(standings.len());
    let mut notes = Vec::new();
    for standing in standings {
        match past(app, &standing, now) {
            Ok(past) => {
                let long = older.joined(app, &standing, &past, now);
                let beside = surroundings.of(app, &standing, now);
                let Some((mut future, projection)) = future(&standing, &long, &beside, now) else {
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

fn future(
    standing: &Standing,
    (times, values): &Past,
    beside: &Beside,
    now: Time,
) -> Option<(Future, Option<Projection>)> {
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
    let (changes, days) = (&beside.changes, &beside.days);
    let known = Known { changes, days, zone: beside.zone.as_ref() };
    let told = plan::forecast_knowing(history, &known, &options, now);
    let thresholds = &standing.resource.thresholds;
    let lines = [thresholds.warning().value(), thresholds.critical().value(), 1.0];
    let [warning, critical, at_limit] =
        lines.map(|share| plan::outlook(history, &told, limit * share, now));
    let by = now + standing.resource.lead_time;
    // Below a day of history nothing is said about days.
    let known = told.as_ref().ok().filter(|told| told.need.is_none());
    let reaches = lines.map(|share| known.map(|told| told.reach(limit * share, now)));
    let sees = |reach: &Reach| reach.end() >= by || reach.chance() >= 1.0;
    let chances = reaches[CRITICAL].as_ref().map(|reach| Chances {
        lead: reach.chance_by(by),
        soon: reach.chance_by(now + Span::millis(standing.resource.lead_time.as_millis() / 4)),
        sees: sees(reach),
    });
    let glances = reaches.map(|reach| {
        let reach = reach?;
        Some(Glance {
            chance_lead: sees(&reach).then(|| reach.chance_by(by)),
            dates_narrow: reach.dates(narrow),
            curve: reach.curve(CURVE_MOMENTS),
        })
    });
    let notes = told.as_ref().map_or_else(|_| Vec::new(), |told| told.notes.clone());
    let (forecast, projection) = match told {
        Ok(projection) => (Ok(projection.forecast.clone()), Some(projection)),
        Err(need) => (Err(need), None),
    };
    let record = Arc::default();
    let future =
        Future { forecast, warning, critical, limit: at_limit, glances, chances, notes, record };
    Some((future, projection))
}
