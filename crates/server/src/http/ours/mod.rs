//! Our own API: what the pages and the command line show.

mod alerts;
mod baselines;
mod description;
mod load;
mod objectives;
mod overview;
mod own;
mod plan;
mod resources;
mod rules;
mod shape;

pub use description::description;
pub use plan::scenarios::outcome_view;

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub(super) use own::store::{make_snapshot, with_store};

use self::shape::views;
use super::{error::ApiError, live};
use crate::state::App;

/// Everything below `/api/plimsoll/v1`.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/overview", get(overview::overview))
        .route("/resources", get(resources::list))
        .route("/resources/{id}", get(resources::detail))
        .route("/resources/{id}/history", get(resources::history))
        .route("/baselines", get(baselines::bands))
        .route("/baselines/watched", get(baselines::watched))
        .route("/baselines/week", get(baselines::week))
        .route("/objectives", get(objectives::list))
        .route("/objectives/{name}", get(objectives::detail))
        .route("/objectives/{name}/history", get(objectives::history))
        .route("/objectives/{name}/costs", get(objectives::costs))
        .route("/alerts", get(alerts::list))
        .route("/changes", get(alerts::changes::list).post(alerts::changes::add))
        .route("/hooks/{name}", post(alerts::hooks::take))
        .route("/alerts/{id}", get(alerts::told::one))
        .route("/receivers", get(alerts::told::receivers))
        .route("/rules", get(rules::list))
        .route("/rules/{id}/replay", get(rules::replay::replay))
        .route("/heartbeats", get(alerts::heartbeats::list))
        .route("/silences", get(alerts::silences::list).post(alerts::silences::keep))
        .route("/silences/preview", post(alerts::silences::preview))
        .route("/silences/{id}", axum::routing::delete(alerts::silences::end))
        .route("/services", get(plan::list))
        .route("/services/{name}", get(plan::detail))
        .route("/services/{name}/tests", get(plan::tested::list::list).post(plan::tested::add))
        .route("/findings", get(plan::findings::list))
        .route("/quotas", get(plan::quotas::list))
        .route("/quotas/decisions", get(plan::quotas::history::list))
        .route("/quotas/{id}/decision", post(plan::quotas::decide))
        .route("/plans", get(plan::frozen::list).post(plan::frozen::freeze))
        .route("/plans/{name}", get(plan::frozen::detail))
        .route("/drivers", post(plan::table::add))
        .route("/drivers/table", get(plan::table::show))
        .route("/drivers/suggestions", get(plan::table::suggest::list))
        .route("/benefit", post(plan::benefit::weigh))
        .route("/scenarios/compare", post(plan::scenarios::compare))
        .route("/sizes", get(plan::sizes::list))
        .route("/sizes/reviews", get(plan::sizes::reviews))
        .route("/sizes/{id}", get(plan::sizes::detail))
        .route("/sizes/{id}/decision", post(plan::sizes::decide))
        .route("/scenarios/run", post(plan::scenarios::run))
        .nest("/load", load::router())
        .route("/targets", get(own::targets::list))
        .route("/status", get(own::status::status))
        .route("/store/top", get(own::store::top))
        .route("/store/snapshots", post(own::store::snapshot))
        .route("/session", post(own::session::sign_in))
        .route("/events", get(live::events))
        .route("/openapi.json", get(description::serve))
        .fallback(unknown)
}

/// Where others say that they are well.
pub(super) fn heartbeat_router() -> Router<Arc<App>> {
    let heard = post(alerts::heartbeats::heard).delete(alerts::heartbeats::forget);
    Router::new().route("/{name}", heard)
}

async fn unknown() -> Response {
    ApiError::missing("there is no such endpoint")
        .help("/api/plimsoll/v1/openapi.json lists those there are")
        .into_response()
}
