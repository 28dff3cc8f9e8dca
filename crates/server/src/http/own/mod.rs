//! What is asked of this process itself: `/metrics`, what we count about ourselves, and `/-/reload`.

pub(super) mod reload;

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{jobs, state::App};

/// Everything we count, in the text exposition format.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    jobs::refresh(&app, app.clock.now());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.meters.expose())
        .into_response()
}
