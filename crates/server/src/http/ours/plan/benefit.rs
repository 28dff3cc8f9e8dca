//! `benefit`: what a change is worth beside doing nothing.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use plan::{BENEFIT_MONTHS_MAX, Benefit, Spread, Stake, Triangle, Way, benefit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{http::error::ApiError, state::App};

/// More money is a slip of the pen.
const MONEY_MAX: f64 = 1e15;
const MONTHS_DEFAULT: usize = 12;

/// What a change is worth.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(in crate::http::ours) struct BenefitView {
    /// Over how many months.
    months: usize,
    /// What going on as now costs, discounted.
    nothing: SpreadOf,
    /// What the change costs, all in all, discounted.
    instead: SpreadOf,
    /// What is left of the difference: the net present value.
    npv: SpreadOf,
    npv_mean: f64,
    /// How likely more comes back than goes in, from 0 to 1.
    chance: f64,
    /// After how many months what was spent has come back; nothing where it does not in half of the futures.
    payback_months: Option<f64>,
}

/// The middle of what was drawn and its tenths.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
struct SpreadOf {
    p10: f64,
    p50: f64,
    p90: f64,
}

/// A change to be weighed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct BenefitWish {
    /// Going on as now.
    now: WayOf,
    /// The change.
    instead: WayOf,
    /// Over how many months it is counted; 12 if not given, 120 at most.
    months: Option<usize>,
    /// By what part money of a year ahead is worth less; the settings' `planning.discount` if not given.
    discount: Option<f64>,
    /// What an hour costs in which something does not do; the settings' `planning.over_hour_cost` if not given.
    over_hour_cost: Option<f64>,
}

/// A way to go on. Each figure is one number, the least and the most, or these with the likeliest between.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct WayOf {
    /// What it costs once.
    once: Vec<f64>,
    /// What it costs a month; below nought where it brings money.
    month: Vec<f64>,
    /// For how many hours a month something does not do.
    over_hours: Vec<f64>,
}

/// What a change is worth: net present value, chance of a gain and pay-back, beside what doing nothing costs.
#[utoipa::path(post, path = "/api/plimsoll/v1/benefit", tag = "plan", request_body = BenefitWish,
    responses((status = 200, body = BenefitView), (status = 400, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn weigh(
    State(app): State<Arc<App>>,
    wish: Result<Json<BenefitWish>, JsonRejection>,
) -> Result<Json<BenefitView>, ApiError> {
    let Json(wish) = wish.map_err(|error| ApiError::invalid(error.body_text()))?;
    let months = wish.months.unwrap_or(MONTHS_DEFAULT);
    if !(1..=BENEFIT_MONTHS_MAX).contains(&months) {
        return Err(ApiError::invalid(format!("`months` lies between 1 and {BENEFIT_MONTHS_MAX}")));
    }
    let planning = &app.settings.planning;
    let discount = wish.discount.unwrap_or_else(|| planning.discount.value());
    if !(0.0..1.0).contains(&discount) {
        return Err(ApiError::invalid("`discount` is a part, such as 0.08"));
    }
    let over_hour_cost = wish.over_hour_cost.unwrap_or(planning.over_hour_cost);
    if !(0.0..=MONEY_MAX).contains(&over_hour_cost) {
        return Err(ApiError::invalid("`over_hour_cost` is an amount of money"));
    }
    let stake = Stake { months, discount, over_hour_cost, seed: 1 };
    let (now, instead) = (way(&wish.now)?, way(&wish.instead)?);
    let told = app.ask(None, move |_, _| Ok(benefit(&now, &instead, stake))).await?;
    Ok(Json(benefit_view(&told, months)))
}

fn way(own: &WayOf) -> Result<Way, ApiError> {
    let over_hours = triangle("over_hours", &own.over_hours)?;
    if over_hours.low < 0.0 || over_hours.high > 744.0 {
        return Err(ApiError::invalid("`over_hours` are hours of a month, 744 at most"));
    }
    let (once, month) = (triangle("once", &own.once)?, triangle("month", &own.month)?);
    Ok(Way { once, month, over_hours })
}

fn triangle(name: &str, values: &[f64]) -> Result<Triangle, ApiError> {
    let found = match *values {
        [] => Triangle::just(0.0),
        [value] => Triangle::just(value),
        [low, high] => Triangle { low, mode: f64::midpoint(low, high), high },
        [low, mode, high] => Triangle { low, mode, high },
        _ => return Err(ApiError::invalid(format!("`{name}` has three numbers at most"))),
    };
    let within = |value: f64| (-MONEY_MAX..=MONEY_MAX).contains(&value);
    if !(found.low <= found.mode
        && found.mode <= found.high
        && within(found.low)
        && within(found.high))
    {
        return Err(ApiError::invalid(format!("`{name}` does not rise, or is no amount"))
            .help("write the least and the most, or the least, the likeliest and the most"));
    }
    Ok(found)
}

/// A benefit as the API shows it.
pub(in crate::http::ours) fn benefit_view(own: &Benefit, months: usize) -> BenefitView {
    let spread = |own: Spread| SpreadOf { p10: own.p10, p50: own.p50, p90: own.p90 };
    BenefitView {
        months,
        nothing: spread(own.nothing),
        instead: spread(own.instead),
        npv: spread(own.npv),
        npv_mean: own.npv_mean,
        chance: own.chance,
        payback_months: own.payback,
    }
}
