//! The `OpenAPI` description, generated from the handlers.

use axum::Json;
use utoipa::OpenApi;

use super::{
    alerts, baselines, load, objectives, overview,
    own::{session, status, store, targets},
    plan, resources, rules,
};
use crate::http::{error::ErrorBody, live};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Plimsoll",
        description = "Plimsoll's own API. The Prometheus API stands beside it under `/api/v1`."
    ),
    paths(
        overview::overview,
        resources::list,
        resources::detail,
        resources::history,
        baselines::bands,
        baselines::watched,
        baselines::week,
        objectives::list,
        objectives::detail,
        objectives::history,
        objectives::costs,
        alerts::list,
        alerts::changes::list,
        alerts::changes::add,
        alerts::hooks::take,
        alerts::told::one,
        alerts::told::receivers,
        rules::list,
        rules::replay::replay,
        alerts::heartbeats::heard,
        alerts::heartbeats::list,
        alerts::heartbeats::forget,
        alerts::silences::list,
        alerts::silences::preview,
        alerts::silences::keep,
        alerts::silences::end,
        plan::list,
        plan::detail,
        plan::scenarios::run,
        plan::scenarios::compare,
        plan::tested::add,
        plan::tested::list::list,
        plan::findings::list,
        plan::quotas::list,
        plan::quotas::decide,
        plan::quotas::history::list,
        plan::frozen::freeze,
        plan::frozen::list,
        plan::frozen::detail,
        plan::table::show,
        plan::table::add,
        plan::table::suggest::list,
        plan::benefit::weigh,
        plan::sizes::list,
        plan::sizes::detail,
        plan::sizes::decide,
        plan::sizes::reviews,
        load::list,
        load::add,
        load::gates::list,
        load::gates::add,
        load::gates::one,
        load::shown::one,
        load::shown::report,
        load::shown::page,
        load::shown::comparison,
        load::shown::overlay,
        load::mark,
        load::unmark,
        load::schedule::list,
        load::schedule::add,
        load::schedule::approve,
        load::schedule::cancel,
        load::schedule::due,
        load::schedule::claim,
        load::live::list,
        load::live::begin,
        load::live::one,
        load::live::tell,
        load::live::stop_one,
        load::live::stop_all,
        load::live::release,
        load::live::stopping,
        targets::list,
        status::status,
        store::top,
        store::snapshot,
        session::sign_in,
        live::events,
    ),
    components(schemas(ErrorBody))
)]
struct Description;

/// The description as JSON text, with line breaks.
pub fn description() -> String {
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Serves it.
pub(super) async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
