//! Fills the recorded past of resources from samples that are older than their first look: imports,
//! what others sent, or a resource that was declared today over series of last year.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use detect::readings;
use journal::{Entry, NewEvent};
use model::{
    Columns, Labels, Reading, Resource, ResourceId, SampleSink as _, Series, Span, Time, TimeRange,
};
use query::{InstantSample, Question, Steps, Value};
use serde_json::json;
use tracing::{info, warn};

use super::super::{blocking, rest};
use crate::{
    http::chain,
    state::{App, Topic, history},
    tasks::Stop,
};

/// The kind of the event that says from when on a resource's past is recorded.
const FILLED: &str = "history_filled";
/// The first look waits until starting is over.
const FIRST: Duration = Duration::from_secs(6);
/// How often it is looked for samples that came late.
const INTERVAL: Duration = Duration::from_secs(15);
/// How much is filled at once.
const CHUNK: Span = Span::days(1);
/// The same of a cluster, whose past is mostly empty or mostly there: 2,016 steps, and 58 questions for all of it.
const CHUNK_FAR: Span = Span::days(7);
/// The past is filled in steps of this length: what forecasts and pictures of days need.
const STEP: Span = Span::minutes(5);
/// How far back resources are filled.
const PAST_MAX: Span = Span::days(400);

/// From when on each resource's past is recorded, by name.
type Filled = BTreeMap<String, Time>;

/// Fills again and again until told to stop.
pub(in super::super) async fn run(app: Arc<App>, stop: Stop) {
    let mut filled = match read_filled(&app).await {
        Ok(filled) => filled,
        Err(error) => {
            warn!(error = chain(&error), "cannot read how far resources were filled");
            Filled::new()
        }
    };
    let mut pause = FIRST;
    while !rest(&app, &stop, pause).await {
        let now = app.clock.now();
        let began = app.clock.elapsed();
        let late = app.take_late(now);
        let mut readings = 0;
        let oldest = app.oldest(now).max(now - PAST_MAX);
        for resource in &app.settings.resources {
            let known = filled.get(&resource.name).copied().unwrap_or(app.started_at);
            let range = match late {
                Some(late) => TimeRange { from: late.max(now - PAST_MAX), to: now },
                None => TimeRange { from: oldest, to: known },
            };
            if range.from + STEP >= range.to {
                continue;
            }
            let Some(Filling { written, reached }) = fill(&app, resource, range, &stop).await
            else {
                return;
            };
            readings += written;
            if late.is_some() && reached > range.from {
                app.late.lock().get_or_insert((range.from, now));
            }
            note(&app, &mut filled, &resource.name, reached.min(known), now).await;
        }
        if readings > 0 {
            app.past_filled.notify_one();
        }
        if readings > 0 || late.is_some() {
            app.past_changes.fetch_add(1, Ordering::Relaxed);
        }
        // Filling never takes more than a twentieth of a core.
        pause = INTERVAL.max(app.clock.elapsed().saturating_sub(began) * 20);
    }
}

async fn read_filled(app: &App) -> Result<Filled, journal::JournalError> {
    let mut filled = Filled::new();
    let (whose, mut before) = (whose(app), None);
    loop {
        let events = app.journal.latest(FILLED, before, 0).await?;
        let Some(last) = events.last() else { return Ok(filled) };
        before = Some(last.seq);
        for event in &events {
            let name = event.subject.strip_suffix(&whose);
            if let (Some(name), Some(from)) = (name, event.body["from"].as_i64()) {
                filled.insert(name.to_owned(), Time(from));
            }
        }
    }
}

/// What follows a resource's name: servers that share a journal each have samples of their own.
fn whose(app: &App) -> String {
    if app.journal.place().is_shared() { format!(" on {}", app.server_name) } else { String::new() }
}

async fn note(app: &App, filled: &mut Filled, resource: &str, from: Time, at: Time) {
    if filled.insert(resource.to_owned(), from) == Some(from) {
        return;
    }
    let body = json!({ "from": from.millis() });
    let subject = format!("{resource}{}", whose(app));
    let event = NewEvent { at, kind: FILLED.to_owned(), subject, body };
    let entry = Entry { events: vec![event], outbox: Vec::new() };
    if let Err(error) = app.journal.record(entry).await {
        warn!(
            error = chain(&error),
            "cannot record how far a resource was filled; it is filled again"
        );
    }
}

/// How far filling came.
struct Filling {
    written: usize,
    /// From here on the past is filled.
    reached: Time,
}

/// Fills a range day by day, the newest first, until a day fails. Nothing if it is time to stop.
async fn fill(
    app: &Arc<App>,
    resource: &Resource,
    range: TimeRange,
    stop: &Stop,
) -> Option<Filling> {
    let shortest = if app.settings.query.remote.is_some() { CHUNK_FAR } else { CHUNK };
    let mut chunk = shortest;
    let mut filling = Filling { written: 0, reached: range.to };
    while filling.reached > range.from {
        let (from, to) = ((filling.reached - chunk).max(range.from), filling.reached);
        let own = resource.clone();
        let day = TimeRange { from, to };
        chunk = match blocking(app, move |app| fill_day(app, &own, day)).await? {
            Day::Failed => break,
            // Where there is nothing, as of most that the default policy declares, there is little to hold.
            Day::Empty => CHUNK_FAR,
            Day::Filled(written) => {
                filling.written += written;
                shortest
            }
        };
        if rest(app, stop, Duration::from_millis(1)).await {
            return None;
        }
        filling.reached = from;
    }
    if filling.written > 1 {
        info!(
            resource = resource.name,
            readings = filling.written,
            "filled the past from older samples"
        );
        app.hub.announce(app.clock.now(), &[Topic::Resources]);
    }
    Some(filling)
}

/// What came of a day.
enum Day {
    /// It is to be tried again.
    Failed,
    /// There is nothing to read.
    Empty,
    /// So many readings were filled in.
    Filled(usize),
}

/// Fills one day where nothing is recorded yet.
fn fill_day(app: &App, resource: &Resource, day: TimeRange) -> Day {
    let millis = STEP.as_millis();
    let steps = Steps {
        from: Time(day.from.millis().div_euclid(millis) * millis),
        to: Time(day.to.millis().div_euclid(millis) * millis),
        step: STEP,
    };
    let asked = ask(app, &resource.used, steps).and_then(|used| {
        if used.is_empty() {
            Ok((used, Vec::new()))
        } else {
            Ok((used, ask(app, &resource.limit, steps)?))
        }
    });
    let (used, limit) = match asked {
        Ok(asked) => asked,
        Err(error) => {
            warn!(resource = resource.name, error, "a day of the past could not be filled");
            return Day::Failed;
        }
    };
    if used.is_empty() {
        return Day::Empty;
    }
    let found = over_steps(resource, &used, &limit);
    let missing = without_recorded(app, found, steps);
    let batch: Vec<Series> = missing.iter().flat_map(history::record).collect();
    match app.sink.write(&batch) {
        Ok(_) => Day::Filled(missing.len()),
        Err(error) => {
            warn!(
                resource = resource.name,
                error = chain(&error),
                "a day of the past was not kept"
            );
            Day::Failed
        }
    }
}

fn ask(app: &App, text: &str, steps: Steps) -> Result<Vec<Columns>, String> {
    let answer = app.queries.range(Question::new(text, &app.own_meter()).whole(), steps);
    match answer.map_err(|error| chain(&error))?.value {
        Value::Matrix(series) => Ok(series),
        Value::Scalar(_) | Value::Text(..) | Value::Vector(_) => Ok(Vec::new()),
    }
}

/// Joins used and limit at each step, as at a look.
fn over_steps(resource: &Resource, used: &[Columns], limit: &[Columns]) -> Vec<Reading> {
    let (used, limit) = (by_step(used), by_step(limit));
    used.iter()
        .filter_map(|(time, used)| Some((time, used, limit.get(time)?)))
        .flat_map(|(time, used, limit)| readings(resource, used, limit, Time(*time)))
        .collect()
}

fn by_step(series: &[Columns]) -> BTreeMap<i64, Vec<InstantSample>> {
    let mut steps: BTreeMap<i64, Vec<InstantSample>> = BTreeMap::new();
    for columns in series {
        for (time, value) in columns.times.iter().zip(&columns.values) {
            let (labels, time, value) = (Labels::clone(&columns.labels), Time(*time), *value);
            steps.entry(time.millis()).or_default().push(InstantSample::float(labels, time, value));
        }
    }
    steps
}

/// Leaves out what a look has recorded in the same step already.
fn without_recorded(app: &App, found: Vec<Reading>, steps: Steps) -> Vec<Reading> {
    let ids: BTreeSet<ResourceId> = found.iter().map(|reading| reading.id.clone()).collect();
    let len =
        usize::try_from(steps.to.since(steps.from).as_millis() / STEP.as_millis() + 1).unwrap_or(1);
    let grid = history::Grid { from: steps.from, step: STEP, len };
    let mut known: BTreeMap<ResourceId, Vec<history::Cell>> = BTreeMap::new();
    for id in ids {
        let read = history::read(
            app.store.as_ref(),
            (&id, history::RESOURCE_USED),
            &grid,
            &app.own_meter(),
        );
        known.insert(id, read.unwrap_or_default());
    }
    let slot =
        |at: Time| usize::try_from(at.since(grid.from).as_millis() / STEP.as_millis()).unwrap_or(0);
    found
        .into_iter()
        .filter(|reading| {
            let cell = known.get(&reading.id).and_then(|cells| cells.get(slot(reading.at)));
            cell.is_none_or(|cell| cell.mean().is_none())
        })
        .collect()
}
