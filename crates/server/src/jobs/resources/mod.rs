//! Resources: how much is used of what there is, recorded, judged and shown.

pub(super) mod backfill;
pub(crate) mod sizing;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use detect::{Trail, judge_resource, readings, title};
use model::{
    Change, ChangeKind, Reading, Resource, ResourceId, SampleSink as _, Span, Time, TimeRange,
};
use tracing::{error, warn};

use super::{blocking, outcome, rest};
use crate::{
    http::chain,
    state::{App, Standing, Topic, history, meters},
    tasks::Stop,
};

/// While the program is young it looks more often, so that the first page answers soon.
const YOUNG: Duration = Duration::from_mins(1);
const PAUSE_YOUNG: Duration = Duration::from_secs(5);
/// How far back a limit counts as known after a restart.
const KNOWN_SINCE: Span = Span::days(1);
/// A limit has moved when it differs by more than this share of itself.
const LIMIT_MOVED: f64 = 0.01;
/// How long a resource may be without a reading before that is a change.
const GONE_AFTER: Span = Span::minutes(5);

/// How often it is looked for what the default policy declares and nothing here has, such as containers.
const LOOKED_FOR: Span = Span::minutes(1);

/// The limits seen last, and when.
type Known = BTreeMap<ResourceId, (f64, Time)>;

/// Resources of which nothing is here, by name, and when they were looked for last.
type Absent = BTreeMap<String, Time>;

/// Looks at all resources again and again until told to stop.
pub(super) async fn run(app: Arc<App>, stop: Stop) {
    let resources: Arc<[Arc<Resource>]> =
        app.settings.resources.iter().cloned().map(Arc::new).collect();
    let mut known = blocking(&app, known_limits).await.unwrap_or_default();
    // With nothing known from before, resources appear as their first samples come in.
    let fresh = known.is_empty();
    let mut trail = Trail::default();
    let mut absent = Absent::new();
    let begun = app.clock.elapsed();
    let interval = app.settings.evaluation_interval.to_duration();
    // The first readings of this host are a moment away.
    let mut pause = Duration::from_secs(1);
    while !rest(&app, &stop, pause).await {
        let started = app.clock.elapsed();
        let young = started.saturating_sub(begun) < YOUNG;
        let asked = if young { Arc::clone(&resources) } else { awake(&app, &resources, &absent) };
        look(&app, asked, (&mut known, fresh && young), (&mut trail, &mut absent)).await;
        let spent = app.clock.elapsed().saturating_sub(started);
        app.meters.add(meters::DETECT_SECONDS, "", spent.as_secs_f64());
        let wanted = if young { interval.min(PAUSE_YOUNG) } else { interval };
        pause = wanted.saturating_sub(spent);
    }
}

/// All but those of the default policy that were looked for a moment ago, and of which nothing was here: an expression that
/// finds nothing is cheap, but there are many of them, and a cluster is asked over the network.
fn awake(app: &App, resources: &[Arc<Resource>], absent: &Absent) -> Arc<[Arc<Resource>]> {
    let now = app.clock.now();
    let rests = |own: &Resource| app.settings.is_shipped(&own.name) && rests(absent, own, now);
    resources.iter().filter(|own| !rests(own)).cloned().collect()
}

/// Whether it was looked for a moment ago, and not found.
fn rests(absent: &Absent, resource: &Resource, now: Time) -> bool {
    absent.get(&resource.name).is_some_and(|at| now >= *at && now.since(*at) < LOOKED_FOR)
}

/// Takes down which of a round are not here. What was here a moment ago is: it has alerts that may have to end.
fn note_absent(absent: &mut Absent, round: &Round, known: &Known, now: Time) {
    for (resource, found) in round {
        let here = !found.is_empty() || known.keys().any(|own| own.resource == resource.name);
        if here {
            absent.remove(&resource.name);
        } else {
            absent.insert(resource.name.clone(), now);
        }
    }
}

async fn look(
    app: &Arc<App>,
    asked: Arc<[Arc<Resource>]>,
    (known, first): (&mut Known, bool),
    (trail, absent): (&mut Trail, &mut Absent),
) {
    let now = app.clock.now();
    let Some(round) = blocking(app, move |app| ask(app, &asked, now)).await else { return };
    let judged = round.clone();
    outcome::judge(app, now, move |active| {
        let mut transitions = Vec::new();
        for (resource, found) in &judged {
            transitions.extend(judge_resource(resource, found, active, now));
        }
        transitions
    })
    .await;
    // Rules write of their alerts at their own evaluations.
    let rules = app.rules.loaded().sources;
    let series =
        app.alerts.see(|active| active.series_where(|source| !rules.contains(source), now));
    let mut batch = trail.step(series, now);
    batch.extend(round.iter().flat_map(|(_, found)| found).flat_map(history::record));
    let written = blocking(app, move |app| app.sink.write(&batch)).await;
    let error = match written {
        Some(Err(error)) => Some(chain(&error)),
        Some(Ok(receipt)) => receipt.left_out.map(|own| own.what),
        None => None,
    };
    if let Some(error) = error {
        warn!(error, "readings of resources were not kept");
    }
    let changes = changes(&round, known, first, now);
    note_absent(absent, &round, known, now);
    if !changes.is_empty() {
        app.note_changes(&changes).await;
    }
    for (resource, found) in round {
        let standings = found
            .into_iter()
            .map(|reading| Standing {
                title: title(&resource, &reading.id.labels),
                resource: Arc::clone(&resource),
                reading,
            })
            .collect();
        app.board.put_standings(&resource.name, standings);
    }
    app.hub.announce(now, &[Topic::Resources, Topic::Overview]);
}

type Round = Vec<(Arc<Resource>, Vec<Reading>)>;

/// The readings of every resource that could be asked; the others keep what they had.
fn ask(app: &App, resources: &[Arc<Resource>], now: Time) -> Round {
    let mut round = Vec::new();
    for resource in resources {
        let subject = format!("resource {}", resource.name);
        let asked = app.instant(&resource.used, now).and_then(|used| {
            // Where nothing is used nothing is asked of its limit.
            let limit =
                if used.is_empty() { Vec::new() } else { app.instant(&resource.limit, now)? };
            Ok((used, limit))
        });
        match asked {
            Ok((used, limit)) => {
                app.meters
                    .count(meters::DETECT_EVALUATIONS, "of=\"resource\",outcome=\"evaluated\"");
                app.board.trouble(&subject, None);
                round.push((Arc::clone(resource), readings(resource, &used, &limit, now)));
            }
            Err(error) => {
                app.meters.count(meters::DETECT_EVALUATIONS, "of=\"resource\",outcome=\"failed\"");
                let error = chain(&error);
                warn!(resource = resource.name, error, "a resource could not be read");
                app.board.trouble(&subject, Some(error));
            }
        }
    }
    round
}

/// The limits recorded before a restart, so that what moved meanwhile is noticed.
fn known_limits(app: &Arc<App>) -> Known {
    let now = app.clock.now();
    let range = TimeRange { from: now - KNOWN_SINCE, to: now };
    match history::read_all(app.store.as_ref(), history::RESOURCE_LIMIT, range, &app.own_meter()) {
        Ok(series) => series
            .iter()
            .filter_map(|columns| {
                let id = history::id_of(&columns.labels)?;
                Some((id, (*columns.values.last()?, Time(*columns.times.last()?))))
            })
            .collect(),
        Err(error) => {
            error!(error = chain(&error), "cannot read the limits recorded before");
            Known::new()
        }
    }
}

/// What came, went and moved. Before the first round of everything nothing that comes is news.
fn changes(round: &Round, known: &mut Known, first: bool, now: Time) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut change = |subject: String, text: String| {
        changes.push(Change::new(now, ChangeKind::Resource, subject, text));
    };
    for (resource, found) in round {
        for reading in found {
            let name = title(resource, &reading.id.labels);
            let say = |value| resource.unit.say(value);
            match known.insert(reading.id.clone(), (reading.limit, now)) {
                None if !first => {
                    change(name, format!("is new here, with {}", say(reading.limit)));
                }
                Some((before, _))
                    if (reading.limit - before).abs() > before.abs() * LIMIT_MOVED =>
                {
                    let (before, after) = (say(before), say(reading.limit));
                    let word = if before == after { "slightly" } else { "from" };
                    let text = match word {
                        "from" => format!("limit moved from {before} to {after}"),
                        _ => format!("limit moved slightly around {after}"),
                    };
                    change(name, text);
                }
                _ => {}
            }
        }
        known.retain(|id, (_, seen)| {
            let gone = id.resource == resource.name && now.since(*seen) > GONE_AFTER;
            if gone {
                change(title(resource, &id.labels), "is no longer there".to_owned());
            }
            !gone
        });
    }
    changes
}

#[cfg(test)]
mod tests;
