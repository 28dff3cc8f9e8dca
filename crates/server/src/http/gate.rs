//! The door that is open before the store is: health, start-up progress, pages; the rest once it is ready.

use std::sync::{Arc, OnceLock};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use journal::Journal;
use model::Kind;
use parking_lot::Mutex;
use serde_json::json;
use tower::ServiceExt as _;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use super::{access::Access, error::ApiError, layers, own::reload, pages};

/// What is known before everything is ready.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) access: Access,
    progress: Mutex<Starting>,
    app: OnceLock<Router>,
    journal: OnceLock<Journal>,
}

/// How far starting has come.
#[derive(Clone, Debug, Default)]
struct Starting {
    what: String,
    done: u64,
    total: u64,
}

impl Gate {
    pub(crate) fn new(access: Access) -> Self {
        let what = "opening the store".to_owned();
        let progress = Mutex::new(Starting { what, done: 0, total: 0 });
        Self { access, progress, app: OnceLock::new(), journal: OnceLock::new() }
    }

    /// Opens the door to everything else.
    pub(crate) fn open(&self, app: Router, journal: Journal) {
        // A second call changes nothing: the first router and journal stay.
        drop(self.journal.set(journal));
        drop(self.app.set(app));
    }
}

impl store::Progress for Gate {
    fn report(&self, done: u64, total: u64, what: &str) {
        *self.progress.lock() = Starting { what: what.to_owned(), done, total };
    }
}

/// The outermost router.
pub(crate) fn gate_router(gate: &Arc<Gate>) -> Router {
    Router::new()
        .route("/-/healthy", get(async || "Plimsoll is healthy.\n"))
        .route("/-/ready", get(ready))
        .fallback(dispatch)
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(gate), layers::outermost))
        .with_state(Arc::clone(gate))
}

async fn ready(State(gate): State<Arc<Gate>>) -> Response {
    if gate.app.get().is_some() {
        // Samples are taken in and questions answered all the same.
        let trouble = gate.journal.get().and_then(Journal::trouble);
        return match trouble {
            None => "Plimsoll is ready.\n".into_response(),
            Some(why) => {
                format!("Plimsoll is ready, but judges and tells nothing: {why}.\n").into_response()
            }
        };
    }
    let Starting { what, done, total } = gate.progress.lock().clone();
    let body = json!({ "ready": false, "what": what, "done": done, "total": total });
    retry_soon((StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response())
}

async fn dispatch(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let path = request.uri().path();
    if layers::is_page(path) || (path.starts_with("/-/") && path != reload::PATH) {
        return pages::page(request.uri());
    }
    if let Some(app) = gate.app.get() {
        app.clone().oneshot(request).await.into_response()
    } else {
        let what = gate.progress.lock().what.clone();
        let error = ApiError::new(Kind::Busy, format!("starting: {what}"))
            .help("ask again in a moment; /-/ready says how far it is");
        let mut response = error.into_response();
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
    }
}

fn retry_soon(mut response: Response) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over what was thrown")]
fn panicked(cause: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let said = cause
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    tracing::error!(panic = said, "a request ended in a bug of ours");
    ApiError::new(Kind::Internal, "a bug of ours ended this request").into_response()
}
