//! `rules`: which there are, how each goes and what it costs.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
};
use detect::Rule;
use model::{AlertState, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    http::error::ApiError,
    state::{App, Cost, Going, OwnGroup, cost_of},
};

pub(super) mod replay;

/// Rules shown if nothing is said, and at most.
const RULES: usize = 1_000;
const RULES_MAX: usize = 100_000;

/// Which rules are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RulesQuery {
    /// Only the groups of this name.
    group: Option<String>,
    /// Only the groups of this file.
    file: Option<String>,
    /// Only rules in this state: `firing`, `pending`, `failing`.
    state: Option<String>,
    /// How many rules are shown at most; a thousand if not given.
    limit: Option<usize>,
}

/// Every rule group, how its rules go and what they cost.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleGroupList {
    /// When this was put together.
    at: i64,
    /// When the rule files were read.
    read_at: Option<i64>,
    /// When reading them anew was refused after that.
    refused_at: Option<i64>,
    /// Why it was refused; the rules are those of before.
    refused_because: Option<String>,
    /// How many rules there are.
    rules: usize,
    /// How many of them are not shown for the limit.
    left_out: usize,
    /// What all rules cost.
    cost: RuleCostView,
    /// The groups, in the order of their files; those without a rule that was asked for are left out.
    groups: Vec<RuleGroupView>,
}

/// What was done within the last hour.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleCostView {
    /// How long was counted: an hour, or less after a start.
    over_ms: i64,
    /// Evaluations made.
    evaluations: u64,
    /// Those of them that failed.
    failures: u64,
    /// Evaluations that came too late to be made at their time; of whole groups only.
    missed: u64,
    /// Time an evaluation took, in seconds; nothing if there was none.
    seconds_mean: Option<f64>,
    /// The part of the time spent on evaluations: of a core, as long as the answers come from our own store.
    core_share: f64,
}

/// A group of rules.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleGroupView {
    /// Its name.
    name: String,
    /// The file it is in.
    file: String,
    /// From one evaluation to the next.
    interval_ms: i64,
    /// When it was last evaluated, with all its rules.
    evaluated_at: Option<i64>,
    /// What the group cost.
    cost: RuleCostView,
    /// Its rules, in the order in which they are evaluated.
    rules: Vec<RuleView>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleView {
    /// Under what it can be asked for, the same as long as its group, its name and its labels are.
    id: String,
    /// The name of the alert, or of the recorded series.
    name: String,
    /// `alert` or `record`.
    kind: String,
    /// The expression.
    expr: String,
    /// The source of its alerts, as alerts name it; nothing for recorded series.
    source: Option<String>,
    /// How long the condition must hold.
    for_ms: i64,
    /// How long an alert stays when the condition holds no more.
    keep_firing_for_ms: i64,
    /// The labels it sets, as they are written.
    labels: BTreeMap<String, String>,
    /// Its annotations, as they are written.
    annotations: BTreeMap<String, String>,
    /// `ok`, `failing`, or `unknown` before its first evaluation.
    health: String,
    /// Why the last evaluation failed.
    error: Option<String>,
    /// How many have failed since the last that did not.
    failures: u32,
    /// When it was last evaluated.
    evaluated_at: Option<i64>,
    /// How long that took.
    seconds: f64,
    /// What it cost.
    cost: RuleCostView,
    /// Its alerts that wait for their time to be up.
    pending: usize,
    /// Its alerts that fire.
    firing: usize,
}

/// Every rule, how it goes and what it costs.
#[utoipa::path(get, path = "/api/plimsoll/v1/rules", tag = "rules", params(RulesQuery),
    responses((status = 200, body = RuleGroupList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<RulesQuery>,
) -> Result<Json<RuleGroupList>, ApiError> {
    if let Some(state) = &query.state
        && !["firing", "pending", "failing"].contains(&state.as_str())
    {
        let message = format!("{state:?} is not a state of rules");
        return Err(ApiError::invalid(message).help("write `firing`, `pending` or `failing`"));
    }
    let loaded = app.rules.loaded();
    let elapsed = app.clock.elapsed();
    let mut left = query.limit.unwrap_or(RULES).min(RULES_MAX);
    let (mut groups, mut left_out) = (Vec::new(), 0);
    for own in loaded.groups.iter() {
        let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|one| one == own);
        if !is(&query.group, &own.group.name) || !is(&query.file, &own.group.file) {
            continue;
        }
        let mut rules = Vec::new();
        for (rule, going) in own.group.rules.iter().zip(own.goings(elapsed)) {
            let view = rule_view(&app, own, rule, going);
            let wanted = match query.state.as_deref() {
                Some("firing") => view.firing > 0,
                Some("pending") => view.pending > 0,
                Some(_) => view.failures > 0,
                None => true,
            };
            if wanted && left > 0 {
                left -= 1;
                rules.push(view);
            } else if wanted {
                left_out += 1;
            }
        }
        if !rules.is_empty() || (own.group.rules.is_empty() && query.state.is_none()) {
            groups.push(group_view(&app, own, rules));
        }
    }
    Ok(Json(RuleGroupList {
        at: app.clock.now().millis(),
        read_at: loaded.read_at.map(Time::millis),
        refused_at: loaded.refused.as_ref().map(|(at, _)| at.millis()),
        refused_because: loaded.refused.map(|(_, why)| why),
        rules: loaded.groups.iter().map(|own| own.group.rules.len()).sum(),
        left_out,
        cost: cost_view(cost_of(&loaded.groups, elapsed)),
        groups,
    }))
}

fn group_view(app: &App, own: &OwnGroup, rules: Vec<RuleView>) -> RuleGroupView {
    let interval = own.group.interval.unwrap_or(app.settings.evaluation_interval);
    RuleGroupView {
        name: own.group.name.clone(),
        file: own.group.file.clone(),
        interval_ms: interval.as_millis(),
        evaluated_at: own.evaluated_at().map(Time::millis),
        cost: cost_view(own.cost(app.clock.elapsed())),
        rules,
    }
}

fn rule_view(app: &App, own: &OwnGroup, rule: &Rule, going: Going) -> RuleView {
    let Going { last, hour, failures } = going;
    let health = match (&last.error, last.at) {
        (Some(_), _) => "failing",
        (None, Some(_)) => "ok",
        (None, None) => "unknown",
    };
    let mut view = RuleView {
        id: own.rule_id(rule),
        name: rule.name().to_owned(),
        kind: "record".to_owned(),
        expr: rule.expr().to_owned(),
        source: None,
        for_ms: 0,
        keep_firing_for_ms: 0,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        health: health.to_owned(),
        error: last.error,
        failures,
        evaluated_at: last.at.map(Time::millis),
        seconds: last.seconds,
        cost: cost_view(hour),
        pending: 0,
        firing: 0,
    };
    match rule {
        Rule::Record(rule) => view.labels = rule.labels.iter().cloned().collect(),
        Rule::Alert(rule) => {
            "alert".clone_into(&mut view.kind);
            view.labels = rule.labels.iter().cloned().collect();
            view.annotations = rule.annotations.iter().cloned().collect();
            view.for_ms = rule.hold.as_millis();
            view.keep_firing_for_ms = rule.keep_firing_for.as_millis();
            (view.pending, view.firing) = app.alerts.see(|active| {
                let alerts = active.of(&rule.source);
                let fires = |alert: &&model::Alert| alert.state == AlertState::Firing;
                let firing = alerts.iter().filter(fires).count();
                (alerts.len() - firing, firing)
            });
            view.source = Some(rule.source.clone());
        }
    }
    view
}

fn cost_view(cost: Cost) -> RuleCostView {
    let count = cost.evaluations as f64;
    RuleCostView {
        over_ms: i64::try_from(cost.over.as_millis()).unwrap_or(i64::MAX),
        evaluations: cost.evaluations,
        failures: cost.failures,
        missed: cost.missed,
        seconds_mean: (cost.evaluations > 0).then(|| cost.seconds / count),
        core_share: cost.share(),
    }
}
