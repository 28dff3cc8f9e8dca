//! Points of load and use, as `plimsoll load compare --impact` finds them.

use std::collections::BTreeMap;

use journal::{Event, EventQuery, NewEvent};
use model::{Kind, Service, Time};
use plan::{ReleaseCost, TestedPoints};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    OLD, Of,
    list::{TestView, TestedCostView},
};
use crate::{
    http::{chain, error::ApiError},
    state::App,
};

/// The kind of events that say what load tests showed of limits; the subject is the service.
pub(super) const POINTS: &str = "service_points";
/// The document that is taken.
const SCHEMA: &str = "plimsoll.load-impact/1";
/// So many of a resource at most, and so many resources.
const POINTS_MAX: usize = 1_000;
const RESOURCES_MAX: usize = 50;
/// So many of the newest documents are looked through for points of each limit.
const DOCUMENTS_MAX: u32 = 20;

/// What a release takes; more keys than these are passed over.
#[derive(Debug, Deserialize)]
struct Impact {
    /// When the runs of the side after began and ended.
    #[serde(default)]
    ran_ms: Option<[i64; 2]>,
    #[serde(default)]
    resources: Vec<ResourcePoints>,
}

#[derive(Debug, Deserialize, Serialize)]
struct ResourcePoints {
    name: String,
    #[serde(default)]
    points: Vec<[Option<f64>; 2]>,
    /// By what part a request takes more than before, between which values that lies, and whether that is sure.
    #[serde(default)]
    difference: Option<f64>,
    #[serde(default)]
    between: Option<[Option<f64>; 2]>,
    #[serde(default)]
    changed: bool,
}

impl ResourcePoints {
    /// What the release takes beside the one before, where that surely differs.
    fn cost(&self) -> Option<ReleaseCost> {
        let times = 1.0 + self.difference.filter(|_| self.changed)?;
        let [low, high] = self.between?;
        let between = (1.0 + low?, 1.0 + high?);
        let is_range = 0.0 < between.0 && between.0 <= times && times <= between.1;
        (is_range && between.1.is_finite()).then_some(ReleaseCost { times, between })
    }
}

/// Points in the journal, version 1.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    version: u32,
    /// How many units of the service's load one request of the test is.
    times: f64,
    limits: Vec<ResourcePoints>,
    /// When its runs ended.
    #[serde(default)]
    ended: Option<i64>,
    #[serde(flatten)]
    of: Of,
}

/// What the journal keeps of a document, if it is one with points: of those resources that are limits of the service.
pub(super) fn read(
    body: &[u8],
    service: &Service,
    (times, of): (f64, &Of),
) -> Result<Option<Value>, ApiError> {
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return Ok(None) };
    if document["impact"].is_object() {
        document = document["impact"].take();
    }
    if document["schema"] != SCHEMA {
        return Ok(None);
    }
    let impact: Impact = serde_json::from_value(document)
        .map_err(|error| ApiError::invalid(format!("this is no document of an impact: {error}")))?;
    let names: Vec<String> = impact.resources.iter().map(|own| own.name.clone()).collect();
    if names.len() > RESOURCES_MAX {
        return Err(ApiError::invalid(format!("there are more than {RESOURCES_MAX} resources")));
    }
    let mut limits: Vec<ResourcePoints> = Vec::new();
    for mut own in impact.resources {
        let alike = |name: &str| name.eq_ignore_ascii_case(&own.name);
        let Some(limit) = service.limits.iter().find(|limit| alike(&limit.name)) else { continue };
        own.name.clone_from(&limit.name);
        let counts = |value: Option<f64>| value.is_some_and(|own| own.is_finite() && own > 0.0);
        own.points.retain(|[load, used]| counts(*load) && counts(*used));
        own.points.truncate(POINTS_MAX);
        if !own.points.is_empty() {
            limits.push(own);
        }
    }
    if limits.is_empty() {
        let known: Vec<&str> = service.limits.iter().map(|limit| limit.name.as_str()).collect();
        let message = format!(
            "it has no points of a limit of {}: its resources are {}",
            service.name,
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        );
        return Err(ApiError::invalid(message).help(format!(
            "call resources as the limits ({}): `--resource connections=…`",
            known.join(", ")
        )));
    }
    let (ended, of) = (impact.ran_ms.map(|[_, ended]| ended), of.clone());
    let record = Record { version: 1, times, limits, ended, of };
    // Numbers were checked, and all keys are text.
    Ok(Some(serde_json::to_value(record).unwrap_or_default()))
}

pub(super) fn event(at: Time, service: &str, body: Value) -> NewEvent {
    NewEvent { at, kind: POINTS.to_owned(), subject: service.to_owned(), body }
}

/// The points of each limit of a service that may still say something, the newest first.
pub(in super::super) async fn points(
    app: &App,
    service: &Service,
    now: Time,
) -> Result<BTreeMap<String, Vec<TestedPoints>>, ApiError> {
    let question = EventQuery {
        kinds: vec![POINTS.to_owned()],
        subject: Some(service.name.clone()),
        since: Some(now - OLD),
        newest_first: true,
        limit: DOCUMENTS_MAX,
        ..EventQuery::default()
    };
    let events = app.journal.events(question).await;
    let events = events.map_err(|error| ApiError::new(Kind::Internal, chain(&error)))?;
    let mut found: BTreeMap<String, Vec<TestedPoints>> = BTreeMap::new();
    for event in &events {
        let Ok(record) = serde_json::from_value::<Record>(event.body.clone()) else { continue };
        let at = ended_of(event, record.ended);
        for own in record.limits {
            let pairs = own.points.iter().filter_map(|[load, used]| load.zip(*used));
            let points = pairs.map(|(load, used)| (load * record.times, used)).collect();
            let tested = TestedPoints {
                at,
                points,
                run: Some(record.of.id_or(event)),
                release: record.of.release.clone(),
                before: record.of.release_before.clone(),
                cost: own.cost(),
            };
            found.entry(own.name).or_default().push(tested);
        }
    }
    Ok(found)
}

/// When the runs of a test ended, which is not after it was told.
fn ended_of(event: &Event, ended: Option<i64>) -> Time {
    ended.map(Time).filter(|at| *at <= event.at && at.millis() > 0).unwrap_or(event.at)
}

/// An event of points as it is listed.
pub(super) fn listed(event: &Event) -> Option<TestView> {
    let record: Record = serde_json::from_value(event.body.clone()).ok()?;
    let id = record.of.id_or(event);
    let resources = record.limits.iter().map(|own| TestedCostView {
        limit: own.name.clone(),
        points: own.points.len(),
        difference: own.difference,
        between: own.between.and_then(|[low, high]| Some([low?, high?])),
        changed: own.changed,
    });
    Some(TestView {
        id,
        at: ended_of(event, record.ended).millis(),
        told_at: event.at.millis(),
        sort: "impact".to_owned(),
        name: String::new(),
        release: record.of.release,
        release_before: record.of.release_before,
        by: record.of.by,
        holds: None,
        breaks: None,
        limit: None,
        resources: resources.collect(),
    })
}
