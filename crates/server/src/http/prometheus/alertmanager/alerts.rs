//! `GET /alerts` and `GET /alerts/groups`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use detect::{GENERATOR, SENT};
use model::{Alert, AlertId, AlertState, Labels, Time};
use respond::quiet::Quiet;
use serde_json::{Value, json};

use super::{
    super::{answer::labels_json, params::Params},
    AmError,
    filter::Filter,
    moment,
};
use crate::state::App;

/// Every alert that fires and is told to anybody.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Json<Vec<Value>>, AmError> {
    let filter = Filter::read(&params)?;
    let now = app.clock.now();
    let mut views = Vec::new();
    for (alert, quiet) in firing(&app, now) {
        let receivers = app.alerts.tellings().directory.told_of(&alert.labels);
        let any = receivers.is_empty() || receivers.iter().any(|name| filter.takes_receiver(name));
        if any && filter.takes(&alert.labels, &quiet) {
            views.push(view(&app, &alert, &quiet, &receivers, now));
        }
    }
    Ok(Json(views))
}

/// The same in the groups in which they are told.
pub(super) async fn groups(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Json<Vec<Value>>, AmError> {
    let filter = Filter::read(&params)?;
    let now = app.clock.now();
    let tellings = app.alerts.tellings();
    let directory = &tellings.directory;
    let mut groups: BTreeMap<(Labels, String), Vec<Value>> = BTreeMap::new();
    for (alert, quiet) in firing(&app, now) {
        if !filter.takes(&alert.labels, &quiet) {
            continue;
        }
        let receivers = directory.told_of(&alert.labels);
        for (receiver, labels) in directory.groups_of(&alert) {
            if filter.takes_receiver(&receiver) {
                let alerts = groups.entry((labels, receiver)).or_default();
                alerts.push(view(&app, &alert, &quiet, &receivers, now));
            }
        }
    }
    let views = groups.into_iter().map(|((labels, receiver), alerts)| {
        json!({
            "labels": labels_json(&labels),
            "routeLabels": {},
            "receiver": {"name": receiver},
            "alerts": alerts,
        })
    });
    Ok(Json(views.collect()))
}

/// Alerts that fire and are told, oldest first, and why they are quiet if they are.
pub(super) fn firing(app: &App, now: Time) -> Vec<(Alert, Quiet)> {
    let mut alerts = app.alerts.with_reasons(now);
    alerts.retain(|(alert, _)| alert.state == AlertState::Firing && alert.told);
    alerts.sort_by_key(|(alert, _)| (alert.fired_at, alert.id));
    alerts
}

fn view(app: &App, alert: &Alert, quiet: &Quiet, receivers: &[String], now: Time) -> Value {
    let annotations = alert.annotations.without(|name| name == GENERATOR);
    let own_page = || format!("{}/alerts?id={}", app.external_url, alert.id.hex());
    let generator = alert.annotations.get(GENERATOR).map_or_else(own_page, str::to_owned);
    // Our own alerts stand until they are over; whoever asks again in time sees them stand.
    let until = if alert.source == SENT {
        alert.seen_at.max(now)
    } else {
        now + app.alerts.tellings().resolve_timeout
    };
    let receivers: Vec<Value> = receivers.iter().map(|name| json!({ "name": name })).collect();
    let inhibited: Vec<String> = quiet.inhibited_by.iter().copied().map(AlertId::hex).collect();
    json!({
        "fingerprint": alert.id.hex(),
        "labels": labels_json(&alert.labels),
        "annotations": labels_json(&annotations),
        "startsAt": moment(alert.fired_at.unwrap_or(alert.active_at)),
        "updatedAt": moment(alert.seen_at.min(now)),
        "endsAt": moment(until),
        "generatorURL": generator,
        "receivers": receivers,
        "status": {
            "state": if quiet.is_loud() { "active" } else { "suppressed" },
            "silencedBy": quiet.silenced_by,
            "inhibitedBy": inhibited,
            "mutedBy": quiet.muted_by,
        },
    })
}
