//! The plain way: plans whose every journey is one fixed `GET` or `HEAD` over unenciphered HTTP/1.1. Requests are made
//! once as bytes, answers are only framed, and their bodies looked at where checks want it; the worker asks the system
//! itself which sockets have something to say.
//! What is measured, counted, bounded and refused is the same as on the general way; it costs two thirds.

mod due;
mod frame;
mod line;
mod lines;
mod sender;

use std::sync::mpsc::SyncSender;

use http::{Method, header};

use super::{Stop, timer::Pace, worker::Worker};
use crate::{
    error::LoadError,
    journey::{Check, Journey, Prepared},
    plan::{BODY_BYTES_KEPT, Connections, Plan, Protocol, Scenario},
    record::Interval,
    target::Origin,
};

/// Headers that say how a message is framed or the connection used; whoever sets them wants something special.
const SPECIAL: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Whether a plan can go the plain way.
pub(super) fn fits(plan: &Plan, pace: Pace) -> bool {
    pace == Pace::Precise
        && plan.scenarios.iter().all(|scenario| {
            scenario.protocol == Protocol::Http1
                && scenario.connections == Connections::Shared
                && scenario.journeys.iter().all(|journey| is_plain(journey, &plan.origins))
        })
}

fn is_plain(journey: &Journey, origins: &[Origin]) -> bool {
    let [step] = journey.steps.as_slice() else { return false };
    // Headers of answers are not kept.
    let looks_at_headers = step.checks.iter().any(|check| matches!(check, Check::Header(..)));
    let is_simple = !looks_at_headers && step.extracts.is_empty() && step.redirects == 0;
    let rests = step.think.is_some() || !journey.feeds.is_empty();
    let is_open = origins.get(step.request.origin).is_some_and(|origin| !origin.tls);
    let is_fixed = step.request.prepared.as_ref().is_some_and(|prepared| {
        matches!(prepared.method, Method::GET | Method::HEAD)
            && prepared.body.is_empty()
            && !SPECIAL.iter().any(|name| prepared.headers.contains_key(name))
    });
    is_simple && !rests && is_open && is_fixed
}

/// Runs until the load is over or is to stop.
pub(super) fn work(
    worker: &Worker,
    stop: &Stop,
    told: &SyncSender<(u64, Interval)>,
) -> Result<(), LoadError> {
    let mut sender = sender::Sender::new(worker).map_err(LoadError::Worker)?;
    let done = sender.send(stop, told).map_err(LoadError::Worker);
    sender.give_up();
    done
}

/// A request as bytes, and what its answer must be.
struct Ready {
    bytes: Vec<u8>,
    is_head: bool,
    /// How much of the body of its answer is looked at.
    keep: usize,
    /// Whom it goes to.
    origin: usize,
    /// The place of its step among all of the plan.
    step: usize,
}

/// All requests that can be sent, by scenario and journey.
fn all_ready(scenarios: &[Scenario]) -> Vec<Vec<Ready>> {
    scenarios.iter().map(|scenario| scenario.journeys.iter().filter_map(ready).collect()).collect()
}

fn ready(journey: &Journey) -> Option<Ready> {
    let step = journey.steps.first()?;
    let prepared = step.request.prepared.as_ref()?;
    Some(Ready {
        bytes: as_bytes(prepared),
        is_head: prepared.method == Method::HEAD,
        keep: if step.reads_body() { BODY_BYTES_KEPT } else { 0 },
        origin: step.request.origin,
        step: step.index,
    })
}

fn as_bytes(prepared: &Prepared) -> Vec<u8> {
    let path = prepared.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut bytes = format!("{} {path} HTTP/1.1\r\n", prepared.method).into_bytes();
    for (name, value) in &prepared.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}
