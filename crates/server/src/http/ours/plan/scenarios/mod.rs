//! `scenarios/run`: what a roadmap, a sales pipeline and growth come to.

mod learn;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::JsonRejection},
};
use model::Kind;
use plan::{Basis, Outcome, ResourceOutcome, Scenario};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use self::learn::run_here;
use super::{
    benefit::{BenefitView, benefit_view},
    table,
};
use crate::{http::error::ApiError, state::App};

/// No scenario is longer; bodies beyond it are refused before they are read.
const BYTES_MAX: usize = 256 << 10;

/// What a scenario comes to, month by month.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
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
    /// What comes to more than twice what is known of it, and is therefore a guess: a sentence each.
    #[serde(default)]
    warnings: Vec<String>,
}

/// The middle of what was drawn and its tenths.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct SpreadView {
    /// A tenth of the draws lies below.
    pub(super) p10: f64,
    /// The middle.
    pub(super) p50: f64,
    /// A tenth of the draws lies above.
    pub(super) p90: f64,
}

/// A business figure.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
struct DriverOutcomeView {
    /// Its name.
    name: String,
    /// Month by month.
    months: Vec<SpreadView>,
}

/// A resource.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
struct ResourceOutcomeView {
    /// Its name.
    name: String,
    /// What people call it.
    title: String,
    /// What it counts.
    unit: String,
    /// How much of it is meant to be used.
    line: f64,
    /// Whether more than that is used already at the start.
    #[serde(default)]
    already: bool,
    /// Month by month.
    months: Vec<DemandView>,
    /// The first month (from 0) at whose end its target is exceeded in half of the draws.
    reached_p50: Option<usize>,
    /// The same in a tenth of them.
    reached_p90: Option<usize>,
    /// The last day to order more, so that it is there before that month.
    order_by: Option<i64>,
    /// What it is worth to buy more in time, beside buying nothing; nothing where no portion is declared or a month above
    /// the limit costs nothing.
    benefit: Option<BenefitView>,
    /// How it is known how it follows its driver.
    #[serde(default)]
    basis: BasisView,
}

/// How it is known how a resource follows its driver.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
struct BasisView {
    /// `measured`: learnt from the resource beside its driver; `load line`: from a service's load line; `general`: general
    /// knowledge of its relation; `alone`: it follows nothing; empty in plans that were frozen before this was kept.
    source: String,
    /// All of it in words, with the reason where data were of no use.
    text: String,
    /// The service whose load line it is.
    service: Option<String>,
    /// The curves that may be with their weights, the heaviest first.
    forms: Vec<FormView>,
    /// From how many points it was learnt.
    points: usize,
    /// Between which values of the driver.
    seen: Option<[f64; 2]>,
    /// What part of its ups and downs the driver explains, from 0 to 1.
    explained: Option<f64>,
    /// How many times as much of the driver as was ever seen the scenario comes to, where the curve is a guess there.
    beyond: Option<f64>,
}

/// A curve that may be.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
struct FormView {
    form: String,
    /// From 0 to 1.
    weight: f64,
}

/// A resource at the end of a month.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
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
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
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
    let months = outcome.ends.len();
    let resources = outcome.resources.iter().map(|own| ResourceOutcomeView {
        name: own.name.clone(),
        title: own.title.clone(),
        unit: own.unit.word().to_owned(),
        line: own.line,
        already: own.already,
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
        benefit: own.benefit.as_ref().map(|own| benefit_view(own, months)),
        basis: basis_view(own),
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
        warnings: outcome.warnings.clone(),
    }
}

fn basis_view(own: &ResourceOutcome) -> BasisView {
    let (source, text) = (own.basis.word().to_owned(), own.basis_text.clone());
    let Basis::Learnt(learnt) = &own.basis else {
        return BasisView { source, text, ..BasisView::default() };
    };
    let forms = learnt.forms.iter();
    BasisView {
        source,
        text,
        service: learnt.service.clone(),
        forms: forms
            .map(|(form, weight)| FormView { form: form.word().to_owned(), weight: *weight })
            .collect(),
        points: learnt.points,
        seen: Some([learnt.seen.0, learnt.seen.1]),
        explained: Some(learnt.explained),
        beyond: learnt.beyond,
    }
}

/// Over which past it is learnt how resources follow.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Over {
    past: Option<String>,
}

/// Runs a scenario that is sent as YAML, as `plimsoll plan scenario run --past` does with a file. How resources follow their
/// drivers is learnt from what is recorded here: of `measured` of both, of figures that were sent, or of the load line of
/// the scenario's `service`; `basis` of each resource says what was used. Nothing of it is kept.
#[utoipa::path(post, path = "/api/plimsoll/v1/scenarios/run", tag = "plan",
    params(("past" = Option<String>, Query, description = "over how long it is learnt how resources follow; `90d` if not given, `0` for general knowledge alone")),
    request_body(content = String, content_type = "application/yaml", description = "the scenario, 256 KiB at most"),
    responses((status = 200, body = OutcomeView), (status = 400, description = "it contradicts itself; the message marks where")))]
pub(in crate::http::ours) async fn run(
    State(app): State<Arc<App>>,
    Query(over): Query<Over>,
    text: String,
) -> Result<Json<OutcomeView>, ApiError> {
    let scenario = parse(&text)?;
    let past = table::past_of(over.past.as_deref())?;
    Ok(Json(outcome_view(&run_here(&app, &scenario, past).await?)))
}

/// Reads a scenario that was sent.
pub(super) fn parse(text: &str) -> Result<Scenario, ApiError> {
    if text.len() > BYTES_MAX {
        return Err(ApiError::invalid(format!("a scenario has {BYTES_MAX} bytes at most")));
    }
    Scenario::parse("scenario", text)
        .map_err(|wrong| ApiError::new(Kind::Invalid, wrong.render(false)))
}

/// Scenarios to be compared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct ScenarioTexts {
    /// Each as YAML; eight at most.
    scenarios: Vec<String>,
}

/// Scenarios beside each other.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct Comparison {
    /// Each by itself, in the order in which they came.
    outcomes: Vec<OutcomeView>,
    /// Resources by name, with each scenario's part in the same order; nothing where a scenario has no such resource.
    resources: Vec<ComparedResource>,
    /// What each costs in its last month, and all in all.
    costs: Vec<ComparedCost>,
}

/// A resource in several scenarios.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedResource {
    name: String,
    title: String,
    unit: String,
    of: Vec<Option<ComparedPart>>,
}

/// A resource in one of them.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedPart {
    /// The end of the first month at which its target is exceeded in half of the draws.
    reached_p50: Option<i64>,
    /// The same in a tenth of them.
    reached_p90: Option<i64>,
    order_by: Option<i64>,
    /// What is missing at the end, in the middle and where use is high.
    gap_p50: f64,
    gap_p90: f64,
}

/// What a scenario costs.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedCost {
    name: String,
    money: String,
    last_month: Option<SpreadView>,
    /// The middle of all months together.
    total_p50: f64,
}

/// Runs several scenarios by what is recorded of the last 90 days, and puts them beside each other. Nothing of them is kept.
#[utoipa::path(post, path = "/api/plimsoll/v1/scenarios/compare", tag = "plan", request_body = ScenarioTexts,
    responses((status = 200, body = Comparison), (status = 400, description = "one contradicts itself; the message marks where")))]
pub(in crate::http::ours) async fn compare(
    State(app): State<Arc<App>>,
    texts: Result<Json<ScenarioTexts>, JsonRejection>,
) -> Result<Json<Comparison>, ApiError> {
    const SCENARIOS_MAX: usize = 8;
    let Json(ScenarioTexts { scenarios: texts }) =
        texts.map_err(|error| ApiError::invalid(error.body_text()))?;
    if texts.is_empty() || texts.len() > SCENARIOS_MAX {
        return Err(ApiError::invalid(format!(
            "between one and {SCENARIOS_MAX} scenarios are compared"
        )));
    }
    let mut outcomes = Vec::new();
    for text in &texts {
        let scenario = parse(text)?;
        // One after the other: each may take what one may.
        outcomes.push(outcome_view(&run_here(&app, &scenario, table::PAST).await?));
    }
    Ok(Json(compared(outcomes)))
}

fn compared(outcomes: Vec<OutcomeView>) -> Comparison {
    let mut resources: Vec<ComparedResource> = Vec::new();
    for own in outcomes.iter().flat_map(|own| &own.resources) {
        if resources.iter().any(|known| known.name == own.name) {
            continue;
        }
        let of = outcomes.iter().map(|outcome| outcome.compared(&own.name)).collect();
        let (name, title, unit) = (own.name.clone(), own.title.clone(), own.unit.clone());
        resources.push(ComparedResource { name, title, unit, of });
    }
    let costs = outcomes.iter().map(|own| ComparedCost {
        name: own.name.clone(),
        money: own.money.clone(),
        last_month: own.cost.last().copied(),
        total_p50: own.cost.iter().map(|month| month.p50).sum(),
    });
    Comparison { costs: costs.collect(), resources, outcomes }
}

impl OutcomeView {
    fn compared(&self, name: &str) -> Option<ComparedPart> {
        let own = self.resources.iter().find(|own| own.name == name)?;
        let end = |month: Option<usize>| month.and_then(|at| self.ends.get(at)).copied();
        let last = own.months.last();
        Some(ComparedPart {
            reached_p50: end(own.reached_p50),
            reached_p90: end(own.reached_p90),
            order_by: own.order_by,
            gap_p50: last.map_or(0.0, |last| last.gap_p50),
            gap_p90: last.map_or(0.0, |last| last.gap_p90),
        })
    }

    /// The scenario's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// When each month ends.
    pub(super) fn ends(&self) -> &[i64] {
        &self.ends
    }

    /// Business figures by month.
    pub(super) fn driver_months(
        &self,
    ) -> impl Iterator<Item = (&str, Vec<SpreadView>, Option<f64>, Option<i64>)> {
        self.drivers.iter().map(|own| (own.name.as_str(), own.months.clone(), None, None))
    }

    /// Resources by month, with line and day to order.
    pub(super) fn resource_months(
        &self,
    ) -> impl Iterator<Item = (&str, Vec<SpreadView>, Option<f64>, Option<i64>)> {
        self.resources.iter().map(|own| {
            let months = own.months.iter().map(|month| month.demand).collect();
            (own.name.as_str(), months, Some(own.line), own.order_by)
        })
    }
}
