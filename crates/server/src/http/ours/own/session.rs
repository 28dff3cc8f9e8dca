//! `session`: a person types the token once, and the browser keeps a cookie for it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use model::Kind;

use super::super::views::SignIn;
use crate::{http::error::ApiError, state::App};

/// Lets a browser in.
#[utoipa::path(post, path = "/api/plimsoll/v1/session", tag = "status", request_body = SignIn,
    responses((status = 204, description = "a session cookie is set"), (status = 403, description = "the wrong token")))]
pub(in crate::http::ours) async fn sign_in(
    State(app): State<Arc<App>>,
    Json(typed): Json<SignIn>,
) -> Response {
    if let Some(cookie) = app.gate.access.sign_in(&typed.token) {
        (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
    } else {
        app.clock.wait(std::time::Duration::from_secs(1)).await;
        ApiError::new(Kind::Denied, "this is not the token the server was started with")
            .into_response()
    }
}
