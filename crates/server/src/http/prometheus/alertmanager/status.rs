//! `GET /status` and `GET /receivers`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::moment;
use crate::{VERSION, state::App};

/// Who we are, and the routes as Alertmanager's configuration has them, without secrets.
pub(super) async fn status(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "cluster": {"status": "disabled", "peers": []},
        "versionInfo": {
            "version": VERSION,
            "revision": "",
            "branch": "plimsoll",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
        "config": {"original": app.alerts.tellings().routing.clone()},
        "uptime": moment(app.started_at),
    }))
}

/// Everybody who can be told.
pub(super) async fn receivers(State(app): State<Arc<App>>) -> Json<Vec<Value>> {
    let tellings = app.alerts.tellings();
    let names = tellings.names.iter();
    Json(names.map(|name| json!({ "name": name })).collect())
}
