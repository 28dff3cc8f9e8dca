//! `alerts/{id}` and `receivers`: what became of an alert, who was told, and how messages go.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use journal::{DELIVERED, Event, EventQuery, JournalError, OutboxStats, UNDELIVERED};
use model::{Alert, AlertState, Span, Time};
use respond::NOTIFIED;
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::views::AlertView, reasons, view};
use crate::{
    http::{chain, error::ApiError},
    state::{ALERT, App, alert_of},
};

/// Steps of one alert shown, newest first.
const STEPS_MAX: usize = 200;
/// Messages shown, newest first.
const TOLD_MAX: usize = 100;
/// Events about messages that are read at most.
const EVENTS_READ_MAX: usize = 5_000;
/// Messages of one receiver, tried in vain, that are looked through.
const TRIED_READ_MAX: u32 = 1_000;
/// How far back messages to receivers are counted.
const COUNTED: Span = Span::hours(24);

/// One alert, what became of it, and who was told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertDetail {
    /// As it is now, or was when it ended.
    alert: AlertView,
    /// What became of it, newest first.
    history: Vec<AlertStep>,
    /// Messages that spoke of it, newest first.
    told: Vec<ToldView>,
    /// Whether something older was left out.
    cut: bool,
}

/// A step in an alert's life.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertStep {
    at: i64,
    /// `pending`, `firing`, `changed`, `noted`, `resolved` or `dropped`.
    became: String,
    severity: String,
    value: Option<f64>,
}

/// A message to a receiver that spoke of an alert.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToldView {
    /// When it was to be sent first.
    at: i64,
    receiver: String,
    /// `began` the first time, `ended` when it said that the alert is over, otherwise `again`.
    what: String,
    /// `waiting`, `sent`, `given_up`, or `unknown` where that is no longer remembered.
    state: String,
    /// When it was sent or given up.
    settled_at: Option<i64>,
    /// How often it was tried.
    attempts: Option<i64>,
    /// When it is tried next, if it waits after a try in vain.
    next_try: Option<i64>,
    /// Why it was given up, or why the last try of its receiver failed.
    error: Option<String>,
    /// How its name in the outbox begins.
    #[serde(skip)]
    key: String,
}

/// Everybody who can be told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiverList {
    at: i64,
    /// Since when messages were counted.
    since: i64,
    receivers: Vec<ReceiverView>,
}

/// How messages to one receiver go.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ReceiverView {
    name: String,
    /// Messages that wait.
    waiting: u64,
    /// Since when the oldest of them waits.
    oldest: Option<i64>,
    /// Why the last try failed, if any waits that was tried.
    error: Option<String>,
    /// Messages that were sent.
    sent: u64,
    /// Messages that were given up.
    given_up: u64,
    last_sent: Option<i64>,
    last_given_up: Option<i64>,
}

/// One alert, what became of it, and who was told when.
#[utoipa::path(get, path = "/api/plimsoll/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "sixteen hexadecimal digits")),
    responses((status = 200, body = AlertDetail)))]
pub(in crate::http::ours) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<AlertDetail>, ApiError> {
    let question = EventQuery {
        kinds: vec![ALERT.to_owned()],
        subject: Some(id.clone()),
        newest_first: true,
        limit: u32::try_from(STEPS_MAX + 1).unwrap_or(u32::MAX),
        ..EventQuery::default()
    };
    let events = app.journal.events(question).await.map_err(|error| unread(&error))?;
    let steps: Vec<(Time, String, Alert)> = events
        .iter()
        .filter_map(|event| alert_of(event).map(|(became, alert)| (event.at, became, alert)))
        .collect();
    let active = app.alerts.with_reasons(app.clock.now());
    let held = active.into_iter().find(|(alert, _)| alert.id.hex() == id);
    let alert = match (held, steps.first()) {
        (Some((alert, quiet)), _) => {
            AlertView { quiet_because: reasons(&quiet), ..view(&app, &alert) }
        }
        (None, Some((_, _, alert))) => view(&app, alert),
        (None, None) => {
            let missing = ApiError::missing(format!("there is no alert {id:?}, and was none"));
            return Err(missing.help("`alerts` lists those there are"));
        }
    };
    let since = steps.last().map_or_else(|| app.clock.now(), |(at, ..)| *at);
    let (spoken, all) = messages(&app, &[NOTIFIED, DELIVERED, UNDELIVERED], since).await?;
    let outbox = app.journal.outbox_stats().await.map_err(|error| unread(&error))?;
    let mut told = told_of(&id, &spoken, &outbox);
    add_tries(&app, &mut told).await?;
    let cut = events.len() > STEPS_MAX || !all || told.len() > TOLD_MAX;
    let history =
        steps.into_iter().take(STEPS_MAX).map(|(at, became, alert)| step(at, became, &alert));
    Ok(Json(AlertDetail {
        alert,
        history: history.collect(),
        told: told.into_iter().take(TOLD_MAX).collect(),
        cut,
    }))
}

fn step(at: Time, became: String, alert: &Alert) -> AlertStep {
    let over = alert.state == AlertState::Resolved;
    AlertStep {
        at: at.millis(),
        became,
        severity: alert.severity.word().to_owned(),
        value: Some(alert.value).filter(|value| value.is_finite() && !over),
    }
}

fn unread(error: &JournalError) -> ApiError {
    ApiError::new(error.kind(), chain(error))
}

/// Events of these kinds since then, newest first, and whether these are all.
async fn messages(app: &App, kinds: &[&str], since: Time) -> Result<(Vec<Event>, bool), ApiError> {
    let mut found = Vec::new();
    let mut before = None;
    while found.len() < EVENTS_READ_MAX {
        let question = EventQuery {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            since: Some(since),
            before,
            newest_first: true,
            ..EventQuery::default()
        };
        let events = app.journal.events(question).await.map_err(|error| unread(&error))?;
        let Some(last) = events.last() else { return Ok((found, true)) };
        before = Some(last.seq);
        found.extend(events);
    }
    Ok((found, false))
}

/// The messages that spoke of an alert, newest first. `events` are newest first, too.
fn told_of(id: &str, events: &[Event], outbox: &OutboxStats) -> Vec<ToldView> {
    // A group that knew of the alert tells of its end with the message that no longer names it.
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    let mut settled: BTreeMap<&str, &Event> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind != NOTIFIED) {
        if let Some(key) = event.body["key"].as_str() {
            settled.insert(key, event);
        }
    }
    let mut told = Vec::new();
    for event in events.iter().rev().filter(|event| event.kind == NOTIFIED) {
        let named = names(event, id);
        let before = known.insert(&event.subject, named).unwrap_or(false);
        if event.body["sent"] != true || !(named || before) {
            continue;
        }
        let what = if !named {
            "ended"
        } else if before {
            "again"
        } else {
            "began"
        };
        told.push(message(event, what, &settled, outbox));
    }
    told.reverse();
    told
}

/// Whether a group still had the alert after this.
fn names(event: &Event, id: &str) -> bool {
    let named = event.body["firing"].as_array().into_iter().flatten().any(|own| own["id"] == id);
    named || !event.body["others"][id].is_null()
}

/// How often those that wait were tried, when they are tried next, and why the last try failed.
async fn add_tries(app: &App, told: &mut [ToldView]) -> Result<(), ApiError> {
    let waits = |own: &&mut ToldView| own.state == "waiting";
    let mut waiting: BTreeMap<String, Vec<&mut ToldView>> = BTreeMap::new();
    for own in told.iter_mut().filter(waits) {
        waiting.entry(own.receiver.clone()).or_default().push(own);
    }
    for (receiver, views) in waiting {
        let tried = app.journal.tried(&receiver, TRIED_READ_MAX).await;
        let tried = tried.map_err(|error| unread(&error))?;
        for view in views {
            if let Some(own) = tried.iter().find(|own| own.key.starts_with(&view.key)) {
                view.attempts = Some(i64::from(own.attempts));
                view.next_try = Some(own.due.millis());
                view.error.clone_from(&own.error);
            }
        }
    }
    Ok(())
}

fn message(
    event: &Event,
    what: &str,
    settled: &BTreeMap<&str, &Event>,
    outbox: &OutboxStats,
) -> ToldView {
    let receiver = event.body["receiver"].as_str().unwrap_or_default();
    // The subject ends in the group's lane, and a message is named after lane and moment.
    let lane = event.subject.rsplit('/').next().unwrap_or_default();
    let key = format!("{lane}-{}-", event.at.millis());
    let end = settled.range(key.as_str()..).next().filter(|(own, _)| own.starts_with(&key));
    let waits = outbox.receivers.get(receiver);
    let (state, error) = match (end, waits) {
        (Some((_, own)), _) if own.kind == DELIVERED => ("sent", None),
        (Some((_, own)), _) => ("given_up", own.body["error"].as_str().map(str::to_owned)),
        (None, Some(waits)) => ("waiting", waits.error.clone()),
        (None, None) => ("unknown", None),
    };
    ToldView {
        at: event.at.millis(),
        receiver: receiver.to_owned(),
        what: what.to_owned(),
        state: state.to_owned(),
        settled_at: end.map(|(_, own)| own.at.millis()),
        attempts: end.and_then(|(_, own)| own.body["attempts"].as_i64()),
        next_try: None,
        error,
        key,
    }
}

/// Everybody who can be told, what waits for them, and what they were sent in the last 24 hours.
#[utoipa::path(get, path = "/api/plimsoll/v1/receivers", tag = "alerts",
    responses((status = 200, body = ReceiverList)))]
pub(in crate::http::ours) async fn receivers(
    State(app): State<Arc<App>>,
) -> Result<Json<ReceiverList>, ApiError> {
    let now = app.clock.now();
    let since = now - COUNTED;
    let (events, all) = messages(&app, &[DELIVERED, UNDELIVERED], since).await?;
    let outbox = app.journal.outbox_stats().await.map_err(|error| unread(&error))?;
    let oldest = events.last().map_or(since, |event| event.at);
    Ok(Json(ReceiverList {
        at: now.millis(),
        since: if all { since } else { oldest }.millis(),
        receivers: receiver_views(&app.alerts.tellings().names, &events, &outbox),
    }))
}

/// `events` are newest first.
fn receiver_views(names: &[String], events: &[Event], outbox: &OutboxStats) -> Vec<ReceiverView> {
    let mut views: BTreeMap<&str, ReceiverView> = BTreeMap::new();
    for name in names.iter().map(String::as_str).chain(outbox.receivers.keys().map(String::as_str))
    {
        views.insert(name, ReceiverView { name: name.to_owned(), ..ReceiverView::default() });
    }
    for (name, own) in &outbox.receivers {
        if let Some(view) = views.get_mut(name.as_str()) {
            view.waiting = own.waiting;
            view.oldest = Some(own.oldest.millis());
            view.error.clone_from(&own.error);
        }
    }
    for event in events {
        // Receivers that are gone say nothing about those there are.
        let Some(view) = views.get_mut(event.subject.as_str()) else { continue };
        let at = event.at.millis();
        if event.kind == DELIVERED {
            view.sent += 1;
            view.last_sent.get_or_insert(at);
        } else {
            view.given_up += 1;
            view.last_given_up.get_or_insert(at);
        }
    }
    views.into_values().collect()
}

#[cfg(test)]
mod tests {
    use journal::{Hash, ReceiverStats};
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "00000000000000aa";

    fn event(at: i64, kind: &str, subject: &str, body: Value) -> Event {
        let (kind, subject) = (kind.to_owned(), subject.to_owned());
        Event { seq: at, at: Time(at), kind, subject, body, hash: Hash([0; 32]) }
    }

    fn notified(at: i64, sent: bool, firing: &[&str]) -> Event {
        let firing: Vec<Value> = firing.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"receiver": "desk", "sent": sent, "firing": firing, "others": {}});
        event(at, NOTIFIED, "desk/f00d", body)
    }

    fn waiting(error: &str) -> OutboxStats {
        let stats = ReceiverStats { waiting: 1, oldest: Time(9), error: Some(error.to_owned()) };
        OutboxStats { waiting: 1, settled: 0, receivers: [("desk".to_owned(), stats)].into() }
    }

    #[test]
    fn every_message_that_spoke_of_an_alert_is_told_with_what_came_of_it() {
        let mut events = vec![
            notified(1, true, &["0b"]),
            notified(2, true, &["0b", ID]),
            event(3, DELIVERED, "desk", json!({"key": "f00d-2-firing", "attempts": 2})),
            notified(4, false, &["0b", ID]),
            notified(5, true, &["0b", ID, "0c"]),
            event(6, UNDELIVERED, "desk", json!({"key": "f00d-5-firing", "error": "gone"})),
            notified(7, true, &["0b"]),
            notified(8, true, &[]),
        ];
        events.reverse();
        let told = told_of(ID, &events, &waiting("503"));
        let short: Vec<_> =
            told.iter().map(|own| (own.at, own.what.as_str(), own.state.as_str())).collect();
        let expected = [(7, "ended", "waiting"), (5, "again", "given_up"), (2, "began", "sent")];
        assert_eq!(short, expected);
        assert_eq!((told[2].settled_at, told[2].attempts), (Some(3), Some(2)));
        assert_eq!(told[1].error.as_deref(), Some("gone"));
        assert_eq!(told[0].error.as_deref(), Some("503"));
    }

    #[test]
    fn alerts_that_are_only_counted_are_known_too_and_what_is_forgotten_is_not_invented() {
        let mut counted = notified(1, true, &[]);
        counted.body["others"] = json!({ID: "warning"});
        let told = told_of(ID, &[counted], &OutboxStats::default());
        assert_eq!((told[0].what.as_str(), told[0].state.as_str()), ("began", "unknown"));
        assert!(told_of("0b", &[notified(1, true, &[ID])], &OutboxStats::default()).is_empty());
    }

    #[test]
    fn receivers_are_counted_each_and_strangers_not_at_all() {
        let events = [
            event(9, UNDELIVERED, "desk", json!({})),
            event(8, DELIVERED, "gone", json!({})),
            event(7, DELIVERED, "desk", json!({})),
            event(6, DELIVERED, "desk", json!({})),
        ];
        let views = receiver_views(&["calm".into(), "desk".into()], &events, &waiting("away"));
        let [calm, desk] = &views[..] else { panic!("{views:?}") };
        assert_eq!((calm.sent, calm.waiting, calm.last_sent), (0, 0, None));
        assert_eq!((desk.sent, desk.given_up, desk.waiting), (2, 1, 1));
        assert_eq!((desk.last_sent, desk.last_given_up), (Some(7), Some(9)));
        assert_eq!(desk.error.as_deref(), Some("away"));
    }
}
