//! `services`: what each carries, what limits it, when that is reached, and the cheapest next step.

pub(in crate::http::ours) mod benefit;
pub(in crate::http::ours) mod findings;
pub(in crate::http::ours) mod frozen;
mod limits;
mod past;
pub(in crate::http::ours) mod quotas;
pub(in crate::http) mod scenarios;
pub(in crate::http::ours) mod sizes;
pub(in crate::http::ours) mod table;
pub(in crate::http::ours) mod tested;
mod views;

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use model::{Kind, Service, Share, Span, Time};
use plan::{LineOptions, ServicePast, Tested, TestedPoints, Zone, dates, load_line, say_line};

use self::{
    past::Recorded,
    views::{ServiceList, ServiceView, service_view},
};
use crate::{
    http::error::ApiError,
    jobs::sizing::currency_of_prices,
    state::{App, ToldLine},
};

/// How sure intervals are, and how that is said.
const CONFIDENCE: f64 = 0.9;
const CONFIDENCE_TEXT: &str = "90 %";
/// A line that was told is told again for so long: it moves by the day.
const KEPT: Span = Span::minutes(5);

/// Every service, the one whose line is reached first in front.
#[utoipa::path(get, path = "/api/plimsoll/v1/services", tag = "plan",
    responses((status = 200, body = ServiceList)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
) -> Result<Json<ServiceList>, ApiError> {
    let mut services = Vec::new();
    for service in &app.settings.services {
        services.push(told(&app, service).await?);
    }
    services.sort_by_key(|own| (own.urgency(), Reverse(own.share_millionths())));
    let now = app.clock.now();
    Ok(Json(ServiceList { at: now.millis(), services }))
}

/// One service with its limits, their curves and points.
#[utoipa::path(get, path = "/api/plimsoll/v1/services/{name}", tag = "plan",
    params(("name" = String, Path, description = "a service's name")),
    responses((status = 200, body = ServiceView), (status = 404, description = "no such service")))]
pub(in crate::http::ours) async fn detail(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<ServiceView>, ApiError> {
    let service = find(&app, &name)?;
    Ok(Json(told(&app, service).await?))
}

fn find<'a>(app: &'a App, name: &str) -> Result<&'a Service, ApiError> {
    app.settings.services.iter().find(|own| own.name == name).ok_or_else(|| {
        ApiError::missing(format!("there is no service {name:?}"))
            .help("/api/plimsoll/v1/services lists those there are; `services` of the settings declares them")
    })
}

/// What is said of a service, made anew if that is some minutes ago.
async fn told(app: &Arc<App>, service: &Service) -> Result<ServiceView, ApiError> {
    Ok(service_view(service, &app.settings.resources, &line_of(app, service).await?))
}

/// The line of a service, made anew if that is some minutes ago.
async fn line_of(app: &Arc<App>, service: &Service) -> Result<ToldLine, ApiError> {
    let now = app.clock.now();
    let kept = app.board.lines.read().get(&service.name).cloned();
    let fresh = |kept: &ToldLine| now.since(kept.at) < KEPT && kept.at <= now;
    if let Some(kept) = kept.filter(fresh) {
        return Ok(kept);
    }
    let deployments = past::deployments(app, service, now).await?;
    let tests = Tests {
        capacity: tested::searches(app, service, now).await?,
        points: tested::points(app, service, now).await?,
    };
    let own = service.clone();
    let told = app
        .ask(None, move |app, meter| {
            let recorded = Recorded::read(app, &own, now, meter)?;
            let around = Around {
                deployments: &deployments,
                tests: &tests,
                zone: app.clocks(now - past::PAST_MAX, now),
                currency: currency(app, &own),
            };
            Ok(tell(&own, &recorded, &around, now))
        })
        .await?
        .ok_or_else(|| ApiError::new(Kind::Internal, "the confidence is no share"))?;
    // What could not be told yet is asked again: samples may just be coming in.
    if told.line.line.is_some() {
        app.board.lines.write().insert(service.name.clone(), told.clone());
    }
    Ok(told)
}

/// What load tests found, the newest first.
struct Tests {
    capacity: Vec<Tested>,
    /// Points of load and use, by the name of the limit.
    points: BTreeMap<String, Vec<TestedPoints>>,
}

/// What is known beside what is recorded.
struct Around<'a> {
    deployments: &'a [plan::Deployment],
    tests: &'a Tests,
    zone: Option<Zone>,
    currency: String,
}

/// What money of a service's steps is called: that of the price list, which is read only where there is such money and
/// no review of sizes has read it yet.
fn currency(app: &App, service: &Service) -> String {
    let mut steps = service.limits.iter().flat_map(|limit| &limit.steps);
    if !steps.any(|step| step.cost_month.abs() > 0.0) {
        return String::new();
    }
    let known = app.board.sizes.read().as_ref().map(|review| review.currency.clone());
    known.unwrap_or_else(|| currency_of_prices(app))
}

fn tell(
    service: &Service,
    recorded: &Recorded,
    around: &Around<'_>,
    now: Time,
) -> Option<ToldLine> {
    let Around { deployments, tests, .. } = *around;
    let confidence = Share::new(CONFIDENCE)?;
    let past = ServicePast {
        times: &recorded.times,
        load: &recorded.load,
        replicas: recorded.replicas,
        zones: recorded.zones,
        tested: &tests.capacity,
        limits: recorded.limits(service, &tests.points),
        deployments,
        zone: around.zone.as_ref(),
        currency: &around.currency,
    };
    let line = load_line(&past, LineOptions { confidence, seed: 1 });
    let dates = dates(&past, &line, &service.launches, confidence);
    let text = say_line(service, &line, dates.as_ref(), CONFIDENCE_TEXT, now);
    Some(ToldLine { at: now, line: Arc::new(line), dates, text })
}
