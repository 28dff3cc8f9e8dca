//! `/-/reload`: rule files, receivers and routes are read anew, as Prometheus does when it is asked to.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};

use crate::{
    http::{chain, error::ApiError},
    jobs,
    state::App,
};

/// Where it is asked for.
pub(in crate::http) const PATH: &str = "/-/reload";

/// Reads them anew; the answer names every mistake if they cannot be taken.
pub(in crate::http) async fn reload(State(app): State<Arc<App>>) -> Response {
    match jobs::reload_rules(&app).await {
        Ok(done) => {
            let jobs::Reloaded { groups, unchanged, routed, gone } = done;
            let others = if routed { " So are receivers and routes." } else { "" };
            format!("Rule files read anew: {groups} groups, {unchanged} of them as before, {gone} gone.{others}\n")
                .into_response()
        }
        Err(error) => ApiError::new(error.kind(), chain(&error))
            .help("nothing is different; mend the files and ask again")
            .into_response(),
    }
}
