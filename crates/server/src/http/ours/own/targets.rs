//! `targets`: what is collected from, and how it goes.

use std::sync::Arc;

use axum::{Json, extract::State};
use collect::scrape::Health;

use super::super::{
    shape::map_of,
    views::{TargetList, TargetView},
};
use crate::state::{App, TargetStanding};

/// What is collected from, those that do not answer first.
#[utoipa::path(get, path = "/api/plimsoll/v1/targets", tag = "targets",
    responses((status = 200, body = TargetList)))]
pub(in crate::http::ours) async fn list(State(app): State<Arc<App>>) -> Json<TargetList> {
    let mut targets: Vec<TargetView> = app.board.targets.read().values().map(view).collect();
    let rank = |health: &str| match health {
        "down" => 0,
        "unknown" => 1,
        _ => 2,
    };
    targets.sort_by(|a, b| {
        (rank(&a.health), &a.job, &a.instance, &a.url).cmp(&(
            rank(&b.health),
            &b.job,
            &b.instance,
            &b.url,
        ))
    });
    let complaints = app.board.complaints.read().clone();
    Json(TargetList { at: app.clock.now().millis(), targets, complaints })
}

/// A health's word.
fn health_word(health: Health) -> &'static str {
    match health {
        Health::Up => "up",
        Health::Down => "down",
        Health::Unknown => "unknown",
    }
}

fn view(standing: &TargetStanding) -> TargetView {
    let report = &standing.report;
    let asked = report.health != Health::Unknown;
    TargetView {
        job: standing.job.clone(),
        instance: standing.instance.clone(),
        url: standing.url.clone(),
        labels: map_of(&standing.labels),
        health: health_word(report.health).to_owned(),
        last_scrape: asked.then(|| report.at.millis()),
        duration_ms: asked.then(|| report.duration.as_secs() * 1000.0),
        samples: asked.then_some(report.samples as u64),
        error: report.error.clone(),
        interval_ms: standing.interval.as_millis(),
    }
}
