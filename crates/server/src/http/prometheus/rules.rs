//! `rules`, `alerts` and `targets` as Prometheus shows them.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use collect::scrape::Health;
use detect::{AlertRule, Rule, RuleGroup};
use jiff::Timestamp;
use model::{Alert, AlertId, AlertState, Labels, Matcher, Time};
use serde_json::{Value, json};

use super::{
    answer::{self, PromError, labels_json, number},
    params::Params,
};
use crate::state::{App, Evaluation};

/// A moment in RFC 3339, or Go's nought, which Prometheus shows for «never».
fn moment(time: Option<Time>) -> String {
    const NEVER: &str = "0001-01-01T00:00:00Z";
    time.and_then(|time| Timestamp::from_millisecond(time.millis()).ok())
        .map_or_else(|| NEVER.to_owned(), |stamp| stamp.to_string())
}

fn alert_json(alert: &Alert) -> Value {
    json!({
        "labels": labels_json(&alert.labels),
        "annotations": labels_json(&detect::without_notes(&alert.annotations)),
        "state": alert.state.word(),
        "activeAt": moment(Some(alert.active_at)),
        "value": number(alert.value),
    })
}

/// Every alert that is pending or firing.
pub(super) async fn alerts(State(app): State<Arc<App>>) -> Response {
    let alerts: Vec<Value> = app.alerts.alerts().iter().map(alert_json).collect();
    answer::success(&json!({ "alerts": alerts }))
}

/// What a caller wants to see of the rules.
struct Filter<'a> {
    kind: Option<&'a str>,
    names: Vec<&'a str>,
    groups: Vec<&'a str>,
    files: Vec<&'a str>,
    labels: Vec<Vec<Matcher>>,
    without_alerts: bool,
}

impl Filter<'_> {
    fn group(&self, group: &RuleGroup) -> bool {
        let any = |wanted: &[&str], own: &str| wanted.is_empty() || wanted.contains(&own);
        any(&self.groups, &group.name) && any(&self.files, &group.file)
    }

    fn rule(&self, rule: &Rule) -> bool {
        let kind = match rule {
            Rule::Alert(_) => "alert",
            Rule::Record(_) => "record",
        };
        self.kind.is_none_or(|wanted| wanted == kind)
            && (self.names.is_empty() || self.names.contains(&rule.name()))
            && (self.labels.is_empty() || self.labels.iter().any(|own| has_labels(rule, own)))
    }
}

/// Whether the labels that a rule sets are as a selector asks.
fn has_labels(rule: &Rule, matchers: &[Matcher]) -> bool {
    let labels = match rule {
        Rule::Alert(rule) => &rule.labels,
        Rule::Record(rule) => &rule.labels,
    };
    matchers.iter().all(|matcher| {
        let own = labels.iter().find(|(name, _)| name == matcher.name());
        matcher.matches(own.map_or("", |(_, value)| value))
    })
}

/// How many groups are wanted at once, and with which they begin.
fn page(params: &Params) -> Result<(Option<usize>, Option<&str>), PromError> {
    let token = params.get("group_next_token");
    let limit = match params.get("group_limit") {
        None if token.is_some() => {
            let text = "invalid parameter \"group_limit\": group_next_token wants one";
            return Err(PromError::bad_data(text));
        }
        None => None,
        Some(text) => match text.parse::<usize>() {
            Ok(limit) if limit > 0 => Some(limit),
            _ => {
                let text =
                    format!("invalid parameter \"group_limit\": {text:?} is not above nought");
                return Err(PromError::bad_data(text));
            }
        },
    };
    Ok((limit, token))
}

/// What names a group where a caller goes on.
fn token_of(group: &RuleGroup) -> String {
    let labels =
        Labels::from_pairs([("file", group.file.as_str()), ("group", group.name.as_str())]);
    AlertId::of("rule group", &labels).hex()
}

/// Every rule group with its rules and their alerts.
pub(super) async fn rules(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, PromError> {
    let kind = params.get("type");
    if kind.is_some_and(|kind| !["alert", "record"].contains(&kind)) {
        return Err(PromError::bad_data("invalid parameter \"type\": not supported value"));
    }
    let filter = Filter {
        kind,
        names: params.all("rule_name[]").collect(),
        groups: params.all("rule_group[]").collect(),
        files: params.all("file[]").collect(),
        labels: params
            .all("match[]")
            .map(query::parse_selector)
            .collect::<Result<_, _>>()
            .map_err(|error| PromError::bad_data(error.to_string()))?,
        without_alerts: params.get("exclude_alerts").is_some_and(|value| value == "true"),
    };
    let (limit, mut token) = page(&params)?;
    let mut next = None;
    let elapsed = app.clock.elapsed();
    let mut groups = Vec::new();
    for own in app.rules.groups().iter().filter(|own| filter.group(&own.group)) {
        let group = &own.group;
        let goings = own.goings(elapsed);
        let rules: Vec<Value> = group
            .rules
            .iter()
            .zip(&goings)
            .filter(|(rule, _)| filter.rule(rule))
            .map(|(rule, going)| rule_json(&app, rule, &going.last, &filter))
            .collect();
        if rules.is_empty() && !group.rules.is_empty() {
            continue;
        }
        if token.is_some_and(|token| token != token_of(group)) {
            continue;
        }
        token = None;
        if limit.is_some_and(|limit| groups.len() >= limit) {
            next = Some(token_of(group));
            break;
        }
        let seconds: f64 = goings.iter().map(|going| going.last.seconds).sum();
        let last = goings.iter().filter_map(|going| going.last.at).max();
        let interval = group.interval.unwrap_or(app.settings.evaluation_interval);
        groups.push(json!({
            "name": group.name,
            "file": group.file,
            "interval": interval.as_secs(),
            "limit": group.limit,
            "rules": rules,
            "lastEvaluation": moment(last),
            "evaluationTime": seconds,
        }));
    }
    if let Some(token) = token {
        let text = format!("invalid group_next_token {token:?}: were rule groups changed?");
        return Err(PromError::bad_data(text));
    }
    let mut answer = json!({ "groups": groups });
    if let Some(next) = next {
        answer["groupNextToken"] = json!(next);
    }
    Ok(answer::success(&answer))
}

fn rule_json(app: &App, rule: &Rule, evaluation: &Evaluation, filter: &Filter<'_>) -> Value {
    let health = match (&evaluation.error, evaluation.at) {
        (Some(_), _) => "err",
        (None, Some(_)) => "ok",
        (None, None) => "unknown",
    };
    let mut view = json!({
        "name": rule.name(),
        "query": rule.expr(),
        "health": health,
        "lastEvaluation": moment(evaluation.at),
        "evaluationTime": evaluation.seconds,
    });
    if let Some(error) = &evaluation.error {
        view["lastError"] = json!(error);
    }
    match rule {
        Rule::Record(rule) => {
            view["type"] = json!("recording");
            view["labels"] = labels_json(&Labels::from_pairs(rule.labels.iter().cloned()));
        }
        Rule::Alert(rule) => alert_rule_json(app, rule, &mut view, filter),
    }
    view
}

fn alert_rule_json(app: &App, rule: &AlertRule, view: &mut Value, filter: &Filter<'_>) {
    let alerts = app.alerts.see(|active| active.of(&rule.source).to_vec());
    let state = alerts.iter().map(|alert| alert.state).max();
    view["type"] = json!("alerting");
    view["state"] = json!(match state {
        Some(AlertState::Firing) => "firing",
        Some(AlertState::Pending) => "pending",
        _ => "inactive",
    });
    view["duration"] = json!(rule.hold.as_secs());
    view["keepFiringFor"] = json!(rule.keep_firing_for.as_secs());
    view["labels"] = labels_json(&Labels::from_pairs(rule.labels.iter().cloned()));
    view["annotations"] = labels_json(&Labels::from_pairs(rule.annotations.iter().cloned()));
    let shown = if filter.without_alerts { &[][..] } else { &alerts[..] };
    view["alerts"] = shown.iter().map(alert_json).collect();
}

/// What is scraped.
pub(super) async fn targets(State(app): State<Arc<App>>) -> Response {
    let targets = app.board.targets.read();
    let active: Vec<Value> = targets
        .values()
        .map(|target| {
            let health = match target.report.health {
                Health::Up => "up",
                Health::Down => "down",
                Health::Unknown => "unknown",
            };
            json!({
                "discoveredLabels": labels_json(&target.labels),
                "labels": labels_json(&target.labels),
                "scrapePool": target.job,
                "scrapeUrl": target.url,
                "globalUrl": target.url,
                "lastError": target.report.error.clone().unwrap_or_default(),
                "lastScrape": moment((target.report.health != Health::Unknown).then_some(target.report.at)),
                "lastScrapeDuration": target.report.duration.as_secs(),
                "health": health,
                "scrapeInterval": target.interval.to_string(),
                "scrapeTimeout": target.interval.to_string(),
            })
        })
        .collect();
    answer::success(
        &json!({ "activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {} }),
    )
}
