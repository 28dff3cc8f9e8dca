//! What happens around every request: access, a number for the log, counting.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::Kind;
use tracing::{debug, warn};

use super::{
    access::Refusal,
    error::{ApiError, Failed, with_request_id},
    gate::Gate,
};
use crate::state::{App, meters};

/// The header that carries a request's number.
const REQUEST_ID: &str = "x-request-id";
/// What everybody may see, so that health checks and the sign-in page work.
const OPEN: [&str; 3] = ["/-/healthy", "/-/ready", "/api/plimsoll/v1/session"];

/// Web hooks bring no token of ours and come by any name: each delivery must be signed instead.
const HOOKS: &str = "/api/plimsoll/v1/hooks/";

static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// Lets a request in or not, and numbers it.
pub(crate) async fn outermost(
    State(gate): State<Arc<Gate>>,
    request: Request,
    next: Next,
) -> Response {
    let request_id = format!("{:08x}", REQUESTS.fetch_add(1, Ordering::Relaxed));
    let path = request.uri().path().to_owned();
    let is_page = is_page(&path);
    let checked = gate.access.check(request.method(), request.uri(), request.headers());
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(_) if is_hook(request.method(), &path) => next.run(request).await,
        Err(Refusal::NoToken) if is_page || OPEN.contains(&path.as_str()) => {
            next.run(request).await
        }
        Err(refusal) => refused(refusal),
    };
    if let Some(failed) = response.extensions_mut().remove::<Failed>() {
        if failed.kind == Kind::Internal {
            warn!(request_id, path, error = failed.message, "request failed");
        } else {
            debug!(request_id, path, error = failed.message, "request refused");
        }
        let status = response.status();
        let challenge = response.headers_mut().remove(header::WWW_AUTHENTICATE);
        response = with_request_id(failed, request_id.clone());
        *response.status_mut() = status;
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Whether a request delivers to a web hook.
fn is_hook(method: &Method, path: &str) -> bool {
    let name = path.strip_prefix(HOOKS).unwrap_or_default();
    method == Method::POST && !name.is_empty() && !name.contains('/')
}

/// Whether a path is one of the pages', which everybody may see, since the sign-in page is among them.
pub(super) fn is_page(path: &str) -> bool {
    !["/api/", "/v1/", "/-/", "/alertmanager/", "/heartbeat/"]
        .iter()
        .any(|start| path.starts_with(start))
        && path != "/metrics"
}

fn refused(refusal: Refusal) -> Response {
    let error = match refusal {
        Refusal::NoToken => {
            let help = "send `Authorization: Bearer TOKEN`, the token this server was started with";
            let error = ApiError::new(Kind::Denied, "a token is needed").help(help);
            let mut response = error.into_response();
            *response.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        Refusal::ForeignHost => ApiError::new(Kind::Denied, "this name does not belong to this machine")
            .help("use 127.0.0.1 or localhost, or start the server with a token and an address of its own"),
        Refusal::ForeignOrigin => {
            ApiError::new(Kind::Denied, "a page of another origin may not change anything here")
        }
    };
    error.into_response()
}

/// Counts answers by path and status.
pub(crate) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let labels = format!("path=\"{path}\",status=\"{}\"", response.status().as_u16());
    app.meters.count(meters::HTTP_REQUESTS, &labels);
    response
}
