//! `scenarios/run`: what a roadmap, a sales pipeline and growth come to.

use std::sync::Arc;

use axum::{Json, extract::State};
use model::Kind;
use plan::{Outcome, Scenario, run_scenario};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{http::error::ApiError, state::App};

/// No scenario is longer; bodies beyond it are refused before they are read.
const BYTES_MAX: usize = 256 << 10;

/// What a scenario comes to, month by month.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    /// The scenario's name.
    name: String,
    /// What money is called.
    money: String,
    /// When each month ends.
    ends: Vec<i64>,
    /// Business figures.
    drivers: Vec<DriverOutcomeView>,
    /// Resources, the first to be reached in front.
    resources: Vec<ResourceOutcomeView>,
    /// What all resources cost, month by month.
    cost: Vec<SpreadView>,
    /// What sways the first resource's use in the last month most, the widest first.
    tornado: Vec<BarView>,
}

/// The middle of what was drawn and its tenths.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct SpreadView {
    /// A tenth of the draws lies below.
    p10: f64,
    /// The middle.
    p50: f64,
    /// A tenth of the draws lies above.
    p90: f64,
}

/// A business figure.
#[derive(Debug, Serialize, ToSchema)]
struct DriverOutcomeView {
    /// Its name.
    name: String,
    /// Month by month.
    months: Vec<SpreadView>,
}

/// A resource.
#[derive(Debug, Serialize, ToSchema)]
struct ResourceOutcomeView {
    /// Its name.
    name: String,
    /// What people call it.
    title: String,
    /// What it counts.
    unit: String,
    /// How much of it is meant to be used.
    line: f64,
    /// Month by month.
    months: Vec<DemandView>,
    /// The first month (from 0) at whose end its target is exceeded in half of the draws.
    reached_p50: Option<usize>,
    /// The same in a tenth of them.
    reached_p90: Option<usize>,
    /// The last day to order more, so that it is there before that month.
    order_by: Option<i64>,
}

/// A resource at the end of a month.
#[derive(Debug, Serialize, ToSchema)]
struct DemandView {
    /// How much is used.
    demand: SpreadView,
    /// How much is missing to stay within the target.
    gap_p50: f64,
    /// The same where use is high.
    gap_p90: f64,
    /// How likely its target is exceeded, from 0 to 1.
    chance: f64,
}

/// How one uncertain thing sways the outcome.
#[derive(Debug, Serialize, ToSchema)]
struct BarView {
    /// What it is.
    name: String,
    /// The mean outcome where it is low, or does not happen.
    low: f64,
    /// The mean outcome where it is high, or happens.
    high: f64,
    /// What part of all variance goes with it.
    share: f64,
}

/// An outcome as the API and the command line show it.
pub fn outcome_view(outcome: &Outcome) -> OutcomeView {
    let spread = |own: &plan::Spread| SpreadView { p10: own.p10, p50: own.p50, p90: own.p90 };
    let drivers = outcome.drivers.iter().map(|(name, months)| DriverOutcomeView {
        name: name.clone(),
        months: months.iter().map(spread).collect(),
    });
    let resources = outcome.resources.iter().map(|own| ResourceOutcomeView {
        name: own.name.clone(),
        title: own.title.clone(),
        unit: own.unit.word().to_owned(),
        line: own.line,
        months: own
            .months
            .iter()
            .map(|month| DemandView {
                demand: spread(&month.demand),
                gap_p50: month.gap_p50,
                gap_p90: month.gap_p90,
                chance: month.chance,
            })
            .collect(),
        reached_p50: own.reached_p50,
        reached_p90: own.reached_p90,
        order_by: own.order_by.map(model::Time::millis),
    });
    let tornado = outcome.tornado.iter().map(|bar| BarView {
        name: bar.name.clone(),
        low: bar.low,
        high: bar.high,
        share: bar.share,
    });
    OutcomeView {
        name: outcome.name.clone(),
        money: outcome.money.clone(),
        ends: outcome.ends.iter().map(|end| end.millis()).collect(),
        drivers: drivers.collect(),
        resources: resources.collect(),
        cost: outcome.cost.iter().map(spread).collect(),
        tornado: tornado.collect(),
    }
}

/// Runs a scenario that is sent as YAML, as `plimsoll plan scenario run` does with a file. Nothing of it is kept.
#[utoipa::path(post, path = "/api/plimsoll/v1/scenarios/run", tag = "plan",
    request_body(content = String, content_type = "application/yaml", description = "the scenario, 256 KiB at most"),
    responses((status = 200, body = OutcomeView), (status = 400, description = "it contradicts itself; the message marks where")))]
pub(in crate::http::ours) async fn run(
    State(app): State<Arc<App>>,
    text: String,
) -> Result<Json<OutcomeView>, ApiError> {
    if text.len() > BYTES_MAX {
        return Err(ApiError::invalid(format!("a scenario has {BYTES_MAX} bytes at most")));
    }
    let scenario = Scenario::parse("scenario", &text)
        .map_err(|wrong| ApiError::new(Kind::Invalid, wrong.render(false)))?;
    // In the line with those who ask: many at once would take all threads.
    let outcome = app.ask(None, move |_, _| Ok(run_scenario(&scenario))).await?;
    Ok(Json(outcome_view(&outcome)))
}
